//! Where things stand: the folders of a store, the ids of objects, and OCFL layout 0003 (hash and id n-tuple).

use std::path::{Path, PathBuf};

use crate::codec;
use crate::model::Sha256;

/// Name of the layout extension.
pub const LAYOUT: &str = "0003-hash-and-id-n-tuple-storage-layout";
/// Characters in one directory name of the layout.
const TUPLE_SIZE: usize = 3;
/// Directories above an object.
const TUPLES: usize = 3;
/// Layout 0003: an encoded id longer than this is cut and its digest appended.
const MAX_ENCODED: usize = 100;

/// Highest generation of a consolidated segment: each consolidation of consolidated segments counts one up.
pub const MAX_GENERATION: u8 = 9;

/// The folders of a store.
#[derive(Debug, Clone)]
pub struct StorePaths {
    pub store: PathBuf,
    pub archive: PathBuf,
    pub work: PathBuf,
    pub lock: PathBuf,
}

impl StorePaths {
    pub fn new(store: &Path) -> Self {
        Self {
            store: store.to_owned(),
            archive: store.join("archive"),
            work: store.join("work"),
            lock: store.join("lock"),
        }
    }
}

/// What an object of the archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// One committed batch, by its first sequence; generation 0 is as committed, higher ones are consolidated.
    Segment { first: u64, generation: u8 },
    /// One large payload, by the digest of its original bytes.
    Payload(Sha256),
    /// The note of a payload whose bytes were dropped because they can be made again.
    Dropped(Sha256),
}

impl ObjectId {
    /// A segment as committed.
    pub const fn segment(first: u64) -> Self {
        Self::Segment { first, generation: 0 }
    }

    /// Reads an OCFL object id; `None` for kinds that this version does not know.
    pub fn parse(id: &str) -> Option<Self> {
        if let Some(hex) = id.strip_prefix("payload:sha256:") {
            return Sha256::parse(hex).ok().map(Self::Payload).filter(|parsed| parsed.to_string() == id);
        }
        if let Some(hex) = id.strip_prefix("dropped:sha256:") {
            return Sha256::parse(hex).ok().map(Self::Dropped).filter(|parsed| parsed.to_string() == id);
        }
        let name = id.strip_prefix("segment:")?;
        let (first, generation) = match name.split_once('.') {
            Some((first, generation)) => (first, generation.parse().ok().filter(|g| (1..=MAX_GENERATION).contains(g))?),
            None => (name, 0),
        };
        let parsed = Self::Segment { first: first.parse().ok().filter(|first| *first > 0)?, generation };
        (parsed.to_string() == id).then_some(parsed)
    }

    /// Where the object stands within the storage root.
    pub fn path(&self) -> PathBuf {
        object_path(&self.to_string())
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Segment { first, generation: 0 } => write!(formatter, "segment:{first}"),
            Self::Segment { first, generation } => write!(formatter, "segment:{first}.{generation}"),
            Self::Payload(digest) => write!(formatter, "payload:sha256:{digest}"),
            Self::Dropped(digest) => write!(formatter, "dropped:sha256:{digest}"),
        }
    }
}

/// Path of an object within the storage root, for any id (layout 0003 with its default parameters).
pub fn object_path(id: &str) -> PathBuf {
    let digest = codec::sha256(id.as_bytes()).to_string();
    let mut path: PathBuf =
        (0..TUPLES).filter_map(|tuple| digest.get(tuple * TUPLE_SIZE..(tuple + 1) * TUPLE_SIZE)).collect();
    let mut encoded = encode(id);
    if encoded.len() > MAX_ENCODED {
        encoded.truncate(MAX_ENCODED);
        encoded = format!("{encoded}-{digest}");
    }
    path.push(encoded);
    path
}

/// Layout 0003: everything but ASCII letters, digits, `-` and `_` is percent-encoded in lower case.
pub fn encode(id: &str) -> String {
    let mut encoded = String::with_capacity(id.len() + 8);
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

/// The id that a directory name was made from, if it was not cut.
pub fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = after.get(2..)?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().filter(|id| encode(id) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_layout_document() {
        // Examples of extension 0003.
        let cases =
            [("object-01", "3c0/ff4/240/object-01"), ("..hor/rib:le-$id", "487/326/d8c/%2e%2ehor%2frib%3ale-%24id")];
        for (id, path) in cases {
            assert_eq!(object_path(id), Path::new(path));
            assert_eq!(decode(path.rsplit('/').next().expect("a name")).as_deref(), Some(id));
        }
    }

    #[test]
    fn only_canonical_ids_are_ours() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let payload = format!("payload:sha256:{digest}");
        for id in ["segment:1", "segment:18446744073709551615", "segment:12.3", payload.as_str()] {
            assert_eq!(ObjectId::parse(id).map(|parsed| parsed.to_string()).as_deref(), Some(id));
        }
        let upper_case = payload.to_uppercase();
        for id in ["segment:", "segment:0", "segment:01", "segment:1.0", "segment:1.10", "segment:+1", &upper_case] {
            assert_eq!(ObjectId::parse(id), None, "{id}");
        }
    }
}
