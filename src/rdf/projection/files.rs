//! Files of a record as distributions, with their digests and where their bytes are.

use oxrdf::{NamedNode, NamedNodeRef};

use super::base::{Base, address};
use super::sink::Sink;
use super::words;

use crate::model::uri::encode;
use crate::model::{Checksum, Entity, File, Key, Kind};

/// Most files of a record that are stated.
const MOST: usize = 10_000;

pub(super) fn describe(sink: &mut Sink<'_>, key: &Key, entity: &Entity<'_>) {
    for (number, file) in (1_usize..).zip(entity.files.iter().take(MOST)) {
        distribution(sink, key, number, file);
    }
}

fn distribution(sink: &mut Sink<'_>, key: &Key, number: usize, file: &File<'_>) {
    let node = sink.part(&format!("file-{number}"));
    sink.iri(words::DISTRIBUTION, node.clone());
    sink.iri_of(&node, words::TYPE, words::DISTRIBUTION_CLASS);
    sink.iri_of(&node, words::TYPE, words::PREMIS_FILE);
    sink.text_of(&node, words::FILE_NAME, &file.name);
    sink.text_of(&node, words::FILE_ROLE, file.role.as_deref().unwrap_or_default());
    sink.text_of(&node, words::FIXITY, file.fixity.as_deref().unwrap_or_default());
    if let Some(bytes) = file.bytes {
        sink.typed_of(&node, words::BYTE_SIZE, bytes.to_string(), words::NON_NEGATIVE);
    }
    if let Some(media_type) = file.media_type.as_deref().and_then(media_type) {
        sink.iri_of(&node, words::MEDIA_TYPE, media_type);
    }
    if file.storage.is_some() {
        sink.iri_of(&node, words::DOWNLOAD_URL, held(sink.base, key, &format!("files/{}", encode(&file.name))));
    } else if let Some(elsewhere) = file.href.as_deref().and_then(address) {
        sink.iri_of(&node, words::DOWNLOAD_URL, elsewhere);
    }
    sink.iri_of(&node, words::ACCESS_URL, sink.base.node(&page(key)));
    checksums(sink, &node, number, &file.checksums);
}

/// The digest by the strongest algorithm is the checksum, as DCAT-AP wants one alone; the others stand beside it. A digest
/// that both the producer and the archive give is stated once; one whose algorithm SPDX has no name for is left to the record.
fn checksums(sink: &mut Sink<'_>, file: &NamedNode, number: usize, sums: &[Checksum<'_>]) {
    let mut known: Vec<(usize, NamedNodeRef<'_>, String)> = Vec::new();
    for sum in sums {
        let value = sum.value.to_ascii_lowercase();
        let is_hexadecimal = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        let Some(algorithm) = algorithm(&sum.algorithm).filter(|_| is_hexadecimal && value.len().is_multiple_of(2))
        else {
            continue;
        };
        if !known.iter().any(|(_, same, digits)| *same == algorithm && *digits == value) {
            known.push((value.len(), algorithm, value));
        }
    }
    known.sort_by_key(|(length, _, _)| std::cmp::Reverse(*length));
    for (place, (_, algorithm, value)) in (1_usize..).zip(known) {
        let node = sink.part(&format!("file-{number}-checksum-{place}"));
        let predicate = if place == 1 { words::CHECKSUM } else { words::OTHER_CHECKSUM };
        sink.iri_of(file, predicate, node.clone());
        sink.iri_of(&node, words::TYPE, words::CHECKSUM_CLASS);
        sink.iri_of(&node, words::ALGORITHM, algorithm);
        sink.typed_of(&node, words::CHECKSUM_VALUE, value, words::HEX_BINARY);
    }
}

fn algorithm(name: &str) -> Option<NamedNodeRef<'static>> {
    match name.replace('-', "").as_str() {
        "md5" => Some(words::MD5),
        "sha1" => Some(words::SHA1),
        "sha224" => Some(words::SHA224),
        "sha256" => Some(words::SHA256),
        "sha384" => Some(words::SHA384),
        "sha512" => Some(words::SHA512),
        _ => None,
    }
}

/// The address that IANA gives a media type; parameters are left out.
pub(super) fn media_type(text: &str) -> Option<NamedNode> {
    let (kind, subtype) = text.split(';').next()?.trim().split_once('/')?;
    let is_token = |part: &str| {
        !part.is_empty()
            && part.len() <= 127
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let address = format!("https://www.iana.org/assignments/media-types/{kind}/{}", encode(subtype));
    (is_token(kind) && is_token(subtype)).then(|| NamedNode::new(address).ok()).flatten()
}

/// The address of a part of a record in the native interface.
pub(super) fn held(base: &Base, key: &Key, part: &str) -> NamedNode {
    let id = encode(key.id.as_str());
    let record = match (&key.collection, key.kind) {
        (Some(collection), _) => format!("collections/{}/products/{id}", encode(collection.as_str())),
        (None, Kind::Collection) => format!("collections/{id}"),
        (None, kind) => format!("records/{kind}/{id}"),
    };
    base.node(&format!("api/v1/{record}/{part}"))
}

/// The path of the page of a record.
fn page(key: &Key) -> String {
    let id = encode(key.id.as_str());
    match (&key.collection, key.kind) {
        (Some(collection), _) => format!("products/{}/{id}", encode(collection.as_str())),
        (None, Kind::Collection) => format!("collections/{id}"),
        (None, kind) => format!("entities/{kind}/{id}"),
    }
}
