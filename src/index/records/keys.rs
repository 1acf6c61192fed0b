//! Keys of the one tree: a byte that tells the family, then the parts. A batch covers one tree only, and the position
//! must change with the content, so all families share it.

use crate::model::{Key, Kind, RecordId, Sha256};

/// Position and format.
pub const META: &[u8] = b"m";
const CURRENT: u8 = b'k';
const REVISION: u8 = b'v';
const FRAME: u8 = b'f';
const PAYLOAD: u8 = b'p';
const IDEMPOTENCY: u8 = b'i';
const MEMBERS: u8 = b'c';
const NAME: u8 = b'n';
const LINK: u8 = b'l';

/// Kinds as one byte each: the place in `Kind::ALL`, which only ever grows at its end.
fn kind_byte(kind: Kind) -> u8 {
    Kind::ALL.iter().position(|each| *each == kind).map_or(u8::MAX, |at| at as u8)
}

fn family(family: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + parts.iter().map(|part| part.len() + 1).sum::<usize>());
    bytes.push(family);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

fn record(family_byte: u8, key: &Key) -> Vec<u8> {
    let collection = key.collection.as_ref().map_or("", RecordId::as_str);
    // Identifiers hold no control characters, so a zero byte ends each part.
    family(family_byte, &[&[kind_byte(key.kind)], collection.as_bytes(), &[0], key.id.as_str().as_bytes(), &[0]])
}

/// Current state of a key.
pub fn current(key: &Key) -> Vec<u8> {
    record(CURRENT, key)
}

/// All current states of one kind, and of one collection if given.
pub fn current_prefix(kind: Kind, collection: Option<&RecordId>) -> Vec<u8> {
    match collection {
        Some(collection) => family(CURRENT, &[&[kind_byte(kind)], collection.as_str().as_bytes(), &[0]]),
        None => family(CURRENT, &[&[kind_byte(kind)]]),
    }
}

/// Current states of one kind whose collection, or id where it has none, begins so.
pub fn current_names(kind: Kind, beginning: &str) -> Vec<u8> {
    let collection: &[u8] = if kind == Kind::Product { &[] } else { &[0] };
    family(CURRENT, &[&[kind_byte(kind)], collection, beginning.as_bytes()])
}

/// Reads the key of a record back from the key of its current state.
pub fn parse_current(bytes: &[u8]) -> Option<Key> {
    parse_record(bytes.strip_prefix(&[CURRENT])?)
}

/// Kind, collection and id, as [`record`] writes them behind the family.
fn parse_record(bytes: &[u8]) -> Option<Key> {
    let (kind, rest) = bytes.split_first()?;
    let mut parts = rest.split(|byte| *byte == 0);
    let collection = std::str::from_utf8(parts.next()?).ok()?;
    let id = RecordId::parse(std::str::from_utf8(parts.next()?).ok()?).ok()?;
    let kind = *Kind::ALL.get(usize::from(*kind))?;
    let collection = if collection.is_empty() { None } else { Some(RecordId::parse(collection).ok()?) };
    Some(Key { kind, collection, id })
}

/// An earlier revision of a key.
pub fn revision(key: &Key, revision: u64) -> Vec<u8> {
    let mut bytes = record(REVISION, key);
    bytes.extend_from_slice(&revision.to_be_bytes());
    bytes
}

/// All earlier revisions of a key.
pub fn revisions(key: &Key) -> Vec<u8> {
    record(REVISION, key)
}

/// The run of lines in one frame, by its first sequence.
pub fn frame(first: u64) -> Vec<u8> {
    family(FRAME, &[&first.to_be_bytes()])
}

/// Whether a key found by a range search is a frame's.
pub fn is_frame(key: &[u8]) -> bool {
    key.first() == Some(&FRAME)
}

/// Where a payload is.
pub fn payload(digest: &Sha256) -> Vec<u8> {
    family(PAYLOAD, &[digest.as_bytes()])
}

/// What an Idempotency-Key was answered.
pub fn idempotency(key: &Sha256) -> Vec<u8> {
    family(IDEMPOTENCY, &[key.as_bytes()])
}

/// How many live products a collection has.
pub fn members(collection: &RecordId) -> Vec<u8> {
    family(MEMBERS, &[collection.as_str().as_bytes()])
}

/// A name that a record has or had.
pub fn name(name: &str, key: &Key) -> Vec<u8> {
    [name_prefix(name), record(CURRENT, key)].concat()
}

/// All records of a name.
pub fn name_prefix(name: &str) -> Vec<u8> {
    family(NAME, &[name.as_bytes(), &[0]])
}

/// A record that refers, or referred, to a target.
pub fn link(target: &str, rel: &str, key: &Key) -> Vec<u8> {
    [link_prefix(target, Some(rel)), record(CURRENT, key)].concat()
}

/// All records that refer to a target, with one relation if given.
pub fn link_prefix(target: &str, rel: Option<&str>) -> Vec<u8> {
    match rel {
        Some(rel) => family(LINK, &[target.as_bytes(), &[0], rel.as_bytes(), &[0]]),
        None => family(LINK, &[target.as_bytes(), &[0]]),
    }
}

/// The record that a name or link entry ends with.
pub fn parse_end(entry: &[u8], prefix: &[u8]) -> Option<Key> {
    parse_current(entry.strip_prefix(prefix)?)
}

/// Relation and record of an entry below `link_prefix(target, None)`.
pub fn parse_link(entry: &[u8], prefix: &[u8]) -> Option<(String, Key)> {
    let rest = entry.strip_prefix(prefix)?;
    let end = memchr::memchr(0, rest)?;
    let rel = std::str::from_utf8(rest.get(..end)?).ok()?.to_owned();
    Some((rel, parse_current(rest.get(end + 1..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_current_state_reads_back() {
        let id = |text| RecordId::parse(text).expect("valid");
        for key in [Key::product(id("a/b:c"), id("x y%")), Key::collection(id("é"))] {
            assert_eq!(parse_current(&current(&key)).as_ref(), Some(&key));
            assert_eq!(parse_end(&name("n", &key), &name_prefix("n")).as_ref(), Some(&key));
            assert_eq!(parse_link(&link("t", "r", &key), &link_prefix("t", None)), Some(("r".to_owned(), key)));
        }
    }
}
