//! Says what a file is that no importer reads: kernels, images, tables. By content first, by name where the content
//! leaves it open.

/// Media type and a short name for people, or `None` for what is not known here.
pub fn identify(_name: &str, head: &[u8]) -> Option<(&'static str, &'static str)> {
    if head.starts_with(b"\x00\x00\x00\x0cjP  ") {
        return Some(("image/jp2", "JPEG 2000 image"));
    }
    None
}
