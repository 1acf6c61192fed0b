//! Exact terms: one field for everything that is matched as a whole. A term is a letter for its meaning and the bytes.
//! Those that nearly every record has of its own are digests: building the dictionary costs by the byte.

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

/// The tie breaker of a record of this kind, collection (empty for none) and identifier, whether there is one or not.
pub(super) fn tie_of_parts(kind: Kind, collection: &str, id: &str) -> u64 {
    first_eight(&[kind.as_str().as_bytes(), &[0], collection.as_bytes(), &[0], id.as_bytes(), &[0]].concat())
}

/// One record.
pub(super) fn record(tie: u64) -> TermBytes {
    [b"r", tie.to_be_bytes().as_slice()].concat()
}

/// All records of a kind.
pub(super) fn kind(kind: Kind) -> TermBytes {
    [b"k", kind.as_str().as_bytes()].concat()
}

/// A run such as `MOD10_L2` somewhere in the text of a record, without regard to case. Two runs may share a term.
pub(super) fn identifier(run: &str) -> TermBytes {
    let hash = hash(run.bytes().map(|byte| byte.to_ascii_lowercase()));
    [b"w", hash.to_be_bytes().as_slice()].concat()
}

/// Members whose words are told apart; of products those only that can be asked for by name and are no facets.
pub(super) const IN_ID: u8 = b'i';
pub(super) const IN_TITLE: u8 = b't';
pub(super) const IN_NAME: u8 = b'n';
pub(super) const IN_KEYWORD: u8 = b'k';
pub(super) const IN_DESCRIPTION: u8 = b'd';

/// A word in a member.
pub(super) fn within(member: u8, word: &str) -> TermBytes {
    [&[b'h', member], word.as_bytes()].concat()
}

/// An identifier as a whole, by its letters and digits alone: `MOD10_L2` and `mod10l2` are one.
pub(super) fn whole(joined: &str) -> TermBytes {
    [b"j", joined.as_bytes()].concat()
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

/// A text value of a property. Two values may share a term: the column decides.
pub(super) fn property(path: &str, value: &str) -> TermBytes {
    let hash = hash(path.bytes().chain([0]).chain(value.bytes()));
    [b"p", hash.to_be_bytes().as_slice()].concat()
}

/// Records whose time span is longer than [`super::SHORT_SPAN`].
pub(super) fn long_span() -> TermBytes {
    b"l".to_vec()
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

/// FNV-1a with 64 bits: fixed for ever, and fast on short texts.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn facet_code(facet: Facet) -> u8 {
    Facet::ALL.iter().position(|other| *other == facet).map_or(u8::MAX, |at| at as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tie_breaker_of_a_key_is_that_of_its_parts() {
        let id = |text| crate::model::RecordId::parse(text).expect("an identifier");
        assert_eq!(tie_of(&Key::product(id("c"), id("a/b"))), tie_of_parts(Kind::Product, "c", "a/b"));
        assert_eq!(tie_of(&Key::collection(id("c"))), tie_of_parts(Kind::Collection, "", "c"));
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_stays_different_from_others_with_its_start() {
        let long = "ü".repeat(300);
        let other = format!("{}x", "ü".repeat(300));
        assert!(bounded(&long).len() <= MAX_TEXT);
        assert_ne!(bounded(&long), bounded(&other));
        assert_eq!(bounded(&"a".repeat(MAX_TEXT)), "a".repeat(MAX_TEXT));
    }
}
