//! Event lines: what the archive keeps for ever. The catalogue is the fold of all lines by sequence.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Key, Kind, RecordId, Sha256};

/// What a line does to its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Creates the record or replaces it by a new revision.
    Put,
    /// Leaves a tombstone; the identifier stays resolvable.
    Delete,
}

/// The digests of an Idempotency-Key and of the body that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// sha256 of the header's value (with the principal that sent it).
    pub key: Sha256,
    /// sha256 of the request: method, target and body.
    pub body: Sha256,
}

/// One line of `records.ndjson`. `record` stands last, so that its bytes are a suffix of the line without `}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Position in the log, from 1 without gaps.
    pub sequence: u64,
    pub operation: Operation,
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collection: Option<RecordId>,
    pub id: RecordId,
    /// Counts the revisions of this key from 1; a tombstone and a re-creation count too.
    pub revision: u64,
    /// RFC 3339, UTC, microseconds; unique and ascending over the whole log.
    pub time: String,
    /// Who asked: a user name, or `local`.
    pub agent: String,
    /// `local`, or `harvested:<source>`.
    pub scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    /// Record digest of the revision before, if it had a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Sha256>,
    /// The record as stored, byte for byte; absent for a tombstone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<RawValue>>,
}

/// Why bytes are no event line.
#[derive(Debug, thiserror::Error)]
#[error("line is no event of a format this version reads")]
pub struct LineError(#[source] serde_json::Error);

impl Event {
    /// Reads one line, without its newline.
    ///
    /// # Errors
    /// `LineError` when it is no JSON object of this shape.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        serde_json::from_slice(line).map_err(LineError)
    }

    /// The line as it is stored, without a newline.
    pub fn to_line(&self) -> Vec<u8> {
        let envelope = 256;
        let mut line = Vec::with_capacity(envelope + self.record.as_ref().map_or(0, |record| record.get().len()));
        // Strings, integers and raw JSON into memory: serde_json has no failure for these.
        if serde_json::to_writer(&mut line, self).is_err() {
            line.clear();
        }
        line
    }

    /// The key of the record that this line is about.
    pub fn record_key(&self) -> Key {
        Key { kind: self.kind, collection: self.collection.clone(), id: self.id.clone() }
    }

    /// Where `record` starts within the line made by `to_line`; its length is that of the record's text.
    pub fn record_offset(&self, line: &[u8]) -> Option<usize> {
        self.record.as_ref().and_then(|record| line.len().checked_sub(record.get().len() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_the_record_byte_for_byte_at_its_end() {
        let record = r#"{"id":"a b","n":1.10,"big":123456789012345678901234567890}"#;
        let event = Event {
            sequence: 7,
            operation: Operation::Put,
            kind: Kind::Product,
            collection: RecordId::parse("c").ok(),
            id: RecordId::parse("a b").expect("valid"),
            revision: 2,
            time: "2026-11-22T08:00:00.000001Z".into(),
            agent: "local".into(),
            scope: "local".into(),
            key: None,
            previous: None,
            record: RawValue::from_string(record.to_owned()).ok(),
        };
        let line = event.to_line();
        let offset = event.record_offset(&line).expect("has a record");
        assert_eq!(&line[offset..line.len() - 1], record.as_bytes());
        let again = Event::parse(&line).expect("own line");
        assert_eq!(again.to_line(), line);
    }
}
