//! Files as assets. Files that the archive holds are fetched from the archive.

use crate::model::json::{self, Fields};
use crate::model::uri::encode;
use crate::model::{Checksum, Draft, File};

/// Extension that names sizes and checksums of files.
pub(super) const FILE_EXTENSION: &str = "https://stac-extensions.github.io/file/v2.1.0/schema.json";

/// The assets with the address of every file that the archive holds; `None` when it holds none of them. The address
/// that the document gave stays beside as `perennial:original_href`.
pub(super) fn with_files(assets: &str, files: &str, product_address: &str) -> Option<String> {
    // Most products of a harvested catalogue hold no file: one look instead of reading them all.
    memchr::memmem::find(files.as_bytes(), b"\"payload:sha256:")?;
    let files: Vec<File<'_>> = serde_json::from_str(files).ok()?;
    let held: Vec<&File<'_>> = files.iter().filter(|file| file.storage.is_some()).collect();
    let given = Fields::of_valid(assets).unwrap_or_default();
    let mut draft = Draft::with_capacity(assets.len() + 256 * held.len());
    for (name, asset) in given.iter() {
        match held.iter().find(|file| file.name == name) {
            Some(file) => draft.raw(name, &moved(asset, file, product_address)),
            None => draft.raw(name, asset),
        }
    }
    for file in held.iter().filter(|file| given.get(&file.name).is_none()) {
        draft.raw(&file.name, &of_file(file, product_address));
    }
    Some(draft.finish())
}

/// The assets of a product that did not come as an Item.
pub(super) fn of_files(files: &[File<'_>], product_address: &str) -> String {
    let mut assets = Draft::object();
    for file in files {
        assets.raw(&file.name, &of_file(file, product_address));
    }
    assets.finish()
}

fn address(file: &File<'_>, product_address: &str) -> String {
    format!("{product_address}/files/{}", encode(&file.name))
}

fn moved(asset: &str, file: &File<'_>, product_address: &str) -> String {
    let ours = address(file, product_address);
    let mut moved = Draft::with_capacity(asset.len() + 160);
    for (name, value) in Fields::of_valid(asset).unwrap_or_default().iter() {
        let same = name == "href" && json::read_string(value).is_some_and(|href| href == ours);
        match name {
            "href" if same => {}
            "href" => moved.raw("perennial:original_href", value),
            _ => moved.raw(name, value),
        }
    }
    moved.string("href", &ours);
    moved.finish()
}

fn of_file(file: &File<'_>, product_address: &str) -> String {
    let mut asset = Draft::object();
    let elsewhere = file.href.as_deref().filter(|href| file.storage.is_none() && !href.is_empty());
    match elsewhere {
        Some(href) => asset.string("href", href),
        None => asset.string("href", &address(file, product_address)),
    }
    asset.optional("type", file.media_type.as_deref());
    if let Some(role) = &file.role {
        let mut roles = Draft::array();
        roles.string_element(role);
        asset.raw("roles", &roles.finish());
    }
    if let Some(bytes) = file.bytes {
        asset.raw("file:size", &bytes.to_string());
    }
    // Of several digests sha256: it is the archive's own name of the bytes.
    let digests =
        file.checksums.iter().filter_map(|checksum| Some((checksum.algorithm == "sha256", multihash(checksum)?)));
    asset.optional("file:checksum", digests.max_by_key(|(own, _)| *own).map(|(_, digest)| digest));
    asset.finish()
}

/// Digest as multihash: code, length and digits (multiformats.io).
fn multihash(checksum: &Checksum<'_>) -> Option<String> {
    let code = match checksum.algorithm.as_ref() {
        "md5" => "d50110",
        "sha1" => "1114",
        "sha256" => "1220",
        "sha512" => "1340",
        "multihash" => "",
        _ => return None,
    };
    Some(format!("{code}{}", checksum.value.to_ascii_lowercase()))
}
