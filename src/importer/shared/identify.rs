//! Says what a file is that no importer reads: kernels, images, tables. By content first, by name where the content
//! leaves it open.

/// What a file begins with, its media type and its name for people.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"\x00\x00\x00\x0cjP  ", "image/jp2", "JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "image/j2c", "JPEG 2000 code stream"),
    (b"#ASDF ", "application/x-asdf", "ASDF file"),
    (b"II*\x00", "image/tiff", "TIFF image"),
    (b"MM\x00*", "image/tiff", "TIFF image"),
    (b"II+\x00", "image/tiff", "BigTIFF image"),
    (b"MM\x00+", "image/tiff", "BigTIFF image"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "PNG image"),
    (b"\xff\xd8\xff", "image/jpeg", "JPEG image"),
    (b"GIF8", "image/gif", "GIF image"),
    (b"%PDF-", "application/pdf", "PDF document"),
    (b"DAF/SPK", "application/x-spice-spk", "SPICE ephemeris kernel (SPK)"),
    (b"DAF/CK", "application/x-spice-ck", "SPICE attitude kernel (CK)"),
    (b"DAF/PCK", "application/x-spice-pck", "SPICE planetary constants kernel (binary PCK)"),
    (b"NAIF/DAF", "application/x-spice-daf", "SPICE kernel (DAF)"),
    (b"DAS/DSK", "application/x-spice-dsk", "SPICE shape kernel (DSK)"),
    (b"DAS/EK", "application/x-spice-ek", "SPICE events kernel (EK)"),
    (b"DAFETF", "application/x-spice-transfer", "SPICE kernel in transfer format"),
    (b"KPL/LSK", "text/x-spice-lsk", "SPICE leap seconds kernel (LSK)"),
    (b"KPL/SCLK", "text/x-spice-sclk", "SPICE spacecraft clock kernel (SCLK)"),
    (b"KPL/PCK", "text/x-spice-pck", "SPICE planetary constants kernel (PCK)"),
    (b"KPL/FK", "text/x-spice-fk", "SPICE frames kernel (FK)"),
    (b"KPL/IK", "text/x-spice-ik", "SPICE instrument kernel (IK)"),
    (b"KPL/EK", "text/x-spice-ek", "SPICE events kernel (EK)"),
    (b"KPL/MK", "text/x-spice-mk", "SPICE metakernel"),
    (b"KPL/", "text/x-spice-kernel", "SPICE text kernel"),
    (b"\x1f\x8b", "application/gzip", "gzip file"),
    (b"PK\x03\x04", "application/zip", "zip archive"),
    (b"BZh", "application/x-bzip2", "bzip2 file"),
    (b"\xfd7zXZ\x00", "application/x-xz", "xz file"),
    (b"\x28\xb5\x2f\xfd", "application/zstd", "zstd file"),
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5", "HDF5 file"),
    (b"\x0e\x03\x13\x01", "application/x-hdf", "HDF4 file"),
    (b"CDF\x01", "application/netcdf", "NetCDF classic file"),
    (b"CDF\x02", "application/netcdf", "NetCDF 64-bit file"),
    (b"\xcd\xf3\x00\x01", "application/x-cdf", "CDF file"),
    (b"SIMPLE  =", "image/fits", "FITS file"),
    (b"GRIB", "application/x-grib", "GRIB message"),
    (b"BUFR", "application/x-bufr", "BUFR message"),
    (b"PAR1", "application/vnd.apache.parquet", "Parquet file"),
    (b"\x00asm", "application/wasm", "WebAssembly module"),
    (b"\x7fELF", "application/x-elf", "executable"),
    (b"#!", "text/x-script", "script"),
];

/// Endings of texts whose content alone does not say it.
const ENDINGS: &[(&str, &str, &str)] = &[
    (".csv", "text/csv", "comma-separated table"),
    (".tab", "text/plain", "table of fixed columns"),
    (".tsv", "text/tab-separated-values", "tab-separated table"),
    (".md", "text/markdown", "Markdown document"),
    (".tex", "text/x-tex", "TeX document"),
    (".py", "text/x-python", "Python script"),
    (".cat", "text/plain", "PDS catalogue text"),
    (".fmt", "text/plain", "PDS format description"),
    (".hdr", "text/plain", "header text"),
    (".header", "text/plain", "header text"),
    (".md5", "text/plain", "list of checksums"),
    (".sha1", "text/plain", "list of checksums"),
    (".sha256", "text/plain", "list of checksums"),
    (".log", "text/plain", "log"),
    (".yaml", "application/yaml", "YAML document"),
    (".yml", "application/yaml", "YAML document"),
    (".ttl", "text/turtle", "RDF document"),
    (".wkt", "text/plain", "geometry text"),
    (".sql", "application/sql", "SQL text"),
];

/// Endings of files whose bytes say nothing.
const BARE_ENDINGS: &[(&str, &str, &str)] = &[
    (".img", "application/octet-stream", "image without header"),
    (".qub", "application/octet-stream", "spectral cube without header"),
    (".cub", "application/octet-stream", "ISIS cube"),
    (".dat", "application/octet-stream", "binary table"),
    (".bc", "application/x-spice-ck", "SPICE attitude kernel (CK)"),
    (".bsp", "application/x-spice-spk", "SPICE ephemeris kernel (SPK)"),
];

/// How much of a file is looked at.
const HEAD: usize = 8192;

/// Media type and a short name for people, or `None` for what is not known here.
pub fn identify(name: &str, head: &[u8]) -> Option<(&'static str, &'static str)> {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    if head.is_empty() {
        return Some(("application/x-empty", "empty file"));
    }
    if let Some((_, media_type, what)) = BEGINNINGS.iter().find(|(start, ..)| head.starts_with(start)) {
        return Some((media_type, what));
    }
    // A tape archive says so in its 258th byte.
    if head.get(257..262) == Some(b"ustar") {
        return Some(("application/x-tar", "tar archive"));
    }
    let by_ending = |endings: &[(&str, &'static str, &'static str)]| {
        let found = endings.iter().find(|(ending, ..)| lower.ends_with(ending));
        found.map(|(_, media_type, what)| (*media_type, *what))
    };
    if is_text(head) {
        text(head).or_else(|| by_ending(ENDINGS)).or(Some(plain(head)))
    } else {
        by_ending(BARE_ENDINGS)
    }
}

/// Control characters other than white space do not occur in texts, in whichever ASCII-based encoding.
fn is_text(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe")
        || head.starts_with(b"\xfe\xff")
        || !head.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
}

fn text(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let bare = super::super::without_byte_order_mark(head).trim_ascii_start();
    let start: Vec<u8> = bare.iter().take(64).map(u8::to_ascii_lowercase).collect();
    match bare.first()? {
        b'<' if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") => Some(("text/html", "web page")),
        b'<' if start.starts_with(b"<svg") => Some(("image/svg+xml", "SVG image")),
        b'<' if start.starts_with(b"<?xml") || start.get(1).is_some_and(u8::is_ascii_alphabetic) => {
            Some(("application/xml", "XML document of no known kind"))
        }
        b'{' | b'[' if looks_like_json(bare) => Some(("application/json", "JSON document of no known kind")),
        b'@' if start.starts_with(b"@prefix") || start.starts_with(b"@base") => Some(("text/turtle", "RDF document")),
        _ => None,
    }
}

/// Bytes that follow an opening bracket in JSON, and not in configuration files with sections.
fn looks_like_json(text: &[u8]) -> bool {
    let after = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    after.is_none_or(|byte| matches!(byte, b'"' | b'{' | b'[' | b']' | b'}' | b'-' | b'0'..=b'9'))
}

/// Text by the shape of its lines.
fn plain(head: &[u8]) -> (&'static str, &'static str) {
    let lines: Vec<&[u8]> = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    // The last line may be cut.
    let whole = lines.get(..lines.len().saturating_sub(1)).unwrap_or_default();
    let same = |sign: u8| {
        let mut counts = whole.iter().map(|line| memchr::memchr_iter(sign, line).count());
        let first = counts.next().unwrap_or(0);
        whole.len() > 1 && first > 0 && counts.all(|count| count == first)
    };
    if same(b',') {
        ("text/csv", "comma-separated table")
    } else if same(b'\t') {
        ("text/tab-separated-values", "tab-separated table")
    } else {
        ("text/plain", "text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_what_they_are() {
        let cases: &[(&str, &[u8], Option<&str>)] = &[
            ("a.tif", b"II*\0rest", Some("image/tiff")),
            ("a.dat", b"\x89PNG\r\n\x1a\n", Some("image/png")),
            ("a.tls", b"KPL/LSK\n", Some("text/x-spice-lsk")),
            ("a.bsp", b"DAF/SPK ", Some("application/x-spice-spk")),
            ("a.asdf", b"#ASDF 1.0.0\n", Some("application/x-asdf")),
            ("a.gz", b"\x1f\x8b\x08", Some("application/gzip")),
            ("a", b"<!DOCTYPE html><p>", Some("text/html")),
            ("a", b"\xef\xbb\xbf{\"a\":1}", Some("application/json")),
            ("a", b"[section]\nx=1\n", Some("text/plain")),
            ("a.md", b"# Title\n", Some("text/markdown")),
            ("a", b"a,b\n1,2\n3,4\n", Some("text/csv")),
            ("a.txt", b"Just some words\nand more\n", Some("text/plain")),
            ("a.IMG", b"\x00\x01\x02", Some("application/octet-stream")),
            ("a.xyz", b"\x00\x01\x02", None),
            ("a", b"", Some("application/x-empty")),
        ];
        for (name, head, expected) in cases {
            assert_eq!(identify(name, head).map(|(media_type, _)| media_type), *expected, "{name} {head:?}");
        }
    }
}
