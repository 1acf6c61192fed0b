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
    for (place, sum) in (1_usize..).zip(&file.checksums) {
        checksum(sink, &node, number, place, sum);
    }
}

/// A digest with its algorithm; one that SPDX has no name for is left to the record.
fn checksum(sink: &mut Sink<'_>, file: &NamedNode, number: usize, place: usize, sum: &Checksum<'_>) {
    let is_hexadecimal = !sum.value.is_empty() && sum.value.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(algorithm) = algorithm(&sum.algorithm).filter(|_| is_hexadecimal && sum.value.len().is_multiple_of(2))
    else {
        return;
    };
    let node = sink.part(&format!("file-{number}-checksum-{place}"));
    sink.iri_of(file, words::CHECKSUM, node.clone());
    sink.iri_of(&node, words::TYPE, words::CHECKSUM_CLASS);
    sink.iri_of(&node, words::ALGORITHM, algorithm);
    sink.typed_of(&node, words::CHECKSUM_VALUE, sum.value.to_ascii_lowercase(), words::HEX_BINARY);
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
