//! Exact terms: one field for everything that is matched as a whole. A term is a letter for its meaning and the bytes.

use tantivy::Term;
use tantivy::schema::Field;

use crate::codec;
use crate::model::{Facet, Key, Kind};

/// Longest text that a term or a property column holds, bytes. Longer ones are cut and end in a digest of the whole,
/// so that equality stays exact.
pub(super) const MAX_TEXT: usize = 256;

/// Bytes of a term, without its field.
pub(super) type TermBytes = Vec<u8>;

/// The tie breaker of a record: the first 8 bytes, big-endian, of sha256 over its key.
pub fn tie_of(key: &Key) -> u64 {
    first_eight(&key.tie_bytes())
}

/// One record.
pub(super) fn record(tie: u64) -> TermBytes {
    [b"r", tie.to_be_bytes().as_slice()].concat()
}

/// All records of a kind.
pub(super) fn kind(kind: Kind) -> TermBytes {
    [b"k", kind.as_str().as_bytes()].concat()
}

/// The identifier as written.
pub(super) fn id(id: &str) -> TermBytes {
    [b"i", id.as_bytes()].concat()
}

/// A facet value without regard to case; collections are identifiers, so their case counts.
pub(super) fn facet(facet: Facet, value: &str) -> TermBytes {
    let mut bytes = vec![b'f', facet_code(facet)];
    match facet {
        Facet::Collection => bytes.extend_from_slice(value.as_bytes()),
        _ => bytes.extend_from_slice(bounded(&value.to_lowercase()).as_bytes()),
    }
    bytes
}

/// A text value of a property.
pub(super) fn property(path: &str, value: &str) -> TermBytes {
    [b"p", path.as_bytes(), &[0], bounded(value).as_bytes()].concat()
}

/// Records whose time span is longer than [`super::SHORT_SPAN`].
pub(super) fn long_span() -> TermBytes {
    b"l".to_vec()
}

/// Records with a footprint on a body.
pub(super) fn body(body: &str) -> TermBytes {
    [b"b", body.as_bytes()].concat()
}

/// A term of the field that holds all of these.
pub(super) fn term(field: Field, bytes: &[u8]) -> Term {
    Term::from_field_bytes(field, bytes)
}

/// The text itself, or the start of a long one with a digest of the whole.
pub(super) fn bounded(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= MAX_TEXT {
        return text.into();
    }
    let digest_digits = 16;
    let cut = text.floor_char_boundary(MAX_TEXT - digest_digits);
    let start = text.get(..cut).unwrap_or_default();
    format!("{start}{:016x}", first_eight(text.as_bytes())).into()
}

fn first_eight(bytes: &[u8]) -> u64 {
    let digest = codec::sha256(bytes);
    digest.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn facet_code(facet: Facet) -> u8 {
    Facet::ALL.iter().position(|other| *other == facet).map_or(u8::MAX, |at| at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character_and_stays_different_from_others_with_its_start() {
        let long = "ü".repeat(300);
        let other = format!("{}x", "ü".repeat(300));
        assert!(bounded(&long).len() <= MAX_TEXT);
        assert_ne!(bounded(&long), bounded(&other));
        assert_eq!(bounded(&"a".repeat(MAX_TEXT)), "a".repeat(MAX_TEXT));
    }
}
