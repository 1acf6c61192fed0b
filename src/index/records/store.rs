//! The records projection: applies batches atomically with the position, answers by key, sequence and digest.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::frames::Frames;
use super::{keys, values};
use crate::index::{Batch, Projection};
use crate::model::{
    Event, HARVESTED, Key, Kind, Operation, PayloadLocation, RecordId, RecordLocation, References, Sha256,
};

/// Why the index cannot be opened as it is; deleting and rebuilding it mends every case but `Storage` of a full disk.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("records index is unreadable")]
    Storage(#[source] sled::Error),
    #[error("records index has format {found}, this version writes {}", values::FORMAT)]
    Format { found: u32 },
}

/// Why an operation on the open index failed.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    #[error("records index cannot be read or written")]
    Storage(#[from] sled::Error),
    #[error("records index holds a damaged {what}")]
    Damaged { what: &'static str },
    #[error("records index stands at {position}, the batch begins at {first}")]
    Gap { position: u64, first: u64 },
}

/// The current state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// Sequence of the last event of this key.
    pub sequence: u64,
    pub revision: u64,
    /// The last event was a deletion.
    pub deleted: bool,
}

/// What a request with an Idempotency-Key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Digest of the request that the key came with.
    pub body: Sha256,
    /// Sequence of the event that answered it.
    pub sequence: u64,
}

/// The records index. Cheap to clone; readers never wait for a writer.
#[derive(Clone)]
pub struct Records {
    tree: sled::Db,
    position: Arc<AtomicU64>,
    frames: Arc<Frames>,
}

/// Page cache of sled in bytes: the hot inner nodes of a million keys; leaves come from the page cache of the system.
const CACHE_BYTES: u64 = 96 << 20;

impl Records {
    /// Opens or creates the index in a folder of its own.
    ///
    /// # Errors
    /// `OpenError` when what is there cannot be used; the caller deletes the folder and rebuilds.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let tree = sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(Some(2_000))
            .mode(sled::Mode::HighThroughput)
            .open()
            .map_err(OpenError::Storage)?;
        let position = match tree.get(keys::META).map_err(OpenError::Storage)? {
            None => 0,
            Some(bytes) => {
                let mut reader = values::Reader(&bytes);
                let (found, position) = (reader.u32().unwrap_or(0), reader.u64());
                match position {
                    Some(position) if found == values::FORMAT => position,
                    _ => return Err(OpenError::Format { found }),
                }
            }
        };
        Ok(Self { tree, position: Arc::new(AtomicU64::new(position)), frames: Arc::default() })
    }

    /// The current state of a key, deleted ones included.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn current(&self, key: &Key) -> Result<Option<Current>, RecordsError> {
        let Some(bytes) = self.tree.get(keys::current(key))? else { return Ok(None) };
        read_current(&bytes).map(Some)
    }

    /// Where the record of an event stands in the archive.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn location(&self, sequence: u64) -> Result<Option<RecordLocation>, RecordsError> {
        if let Some(location) = self.frames.location(sequence) {
            return Ok(Some(location));
        }
        let age = self.frames.age();
        let Some((key, value)) = self.tree.get_lt(keys::frame(sequence.saturating_add(1)))? else { return Ok(None) };
        if !keys::is_frame(&key) {
            return Ok(None);
        }
        let first = values::Reader(key.get(1..).unwrap_or_default()).u64();
        let first = first.ok_or(RecordsError::Damaged { what: "frame key" })?;
        let location = values::Frame::location(&value, sequence - first);
        if location.is_some() {
            self.frames.keep(age, first, value);
        }
        Ok(location)
    }

    /// Sequences of all revisions of a key, oldest first, the current one included.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn revisions(&self, key: &Key) -> Result<Vec<(u64, u64)>, RecordsError> {
        let Some(current) = self.current(key)? else { return Ok(Vec::new()) };
        let mut revisions = Vec::new();
        for entry in self.tree.scan_prefix(keys::revisions(key)) {
            let (name, value) = entry?;
            let revision = name.last_chunk::<8>().map(|bytes| u64::from_be_bytes(*bytes));
            let sequence = values::Reader(&value).u64();
            let (Some(revision), Some(sequence)) = (revision, sequence) else {
                return Err(RecordsError::Damaged { what: "revision" });
            };
            revisions.push((revision, sequence));
        }
        revisions.push((current.revision, current.sequence));
        Ok(revisions)
    }

    /// Sequence of one revision of a key.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn revision(&self, key: &Key, revision: u64) -> Result<Option<u64>, RecordsError> {
        match self.current(key)? {
            Some(current) if current.revision == revision => Ok(Some(current.sequence)),
            Some(current) if current.revision > revision => {
                let Some(bytes) = self.tree.get(keys::revision(key, revision))? else { return Ok(None) };
                values::Reader(&bytes).u64().map(Some).ok_or(RecordsError::Damaged { what: "revision" })
            }
            _ => Ok(None),
        }
    }

    /// Where a payload's bytes stand.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn payload(&self, digest: &Sha256) -> Result<Option<PayloadLocation>, RecordsError> {
        let Some(bytes) = self.tree.get(keys::payload(digest))? else { return Ok(None) };
        values::payload_from_bytes(&bytes).map(Some).ok_or(RecordsError::Damaged { what: "payload location" })
    }

    /// What an Idempotency-Key was answered, if it was seen.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn receipt(&self, key: &Sha256) -> Result<Option<Receipt>, RecordsError> {
        let Some(bytes) = self.tree.get(keys::idempotency(key))? else { return Ok(None) };
        let read = values::receipt_from_bytes(&bytes).map(|(body, sequence)| Receipt { body, sequence });
        read.map(Some).ok_or(RecordsError::Damaged { what: "receipt" })
    }

    /// How many live products a collection has.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn members(&self, collection: &RecordId) -> Result<u64, RecordsError> {
        let bytes = self.tree.get(keys::members(collection))?;
        Ok(bytes.and_then(|bytes| values::Reader(&bytes).u64()).unwrap_or(0))
    }

    /// The live keys of a kind (and collection), in order, beginning after a key.
    pub fn keys(
        &self,
        kind: Kind,
        collection: Option<&RecordId>,
        after: Option<&Key>,
    ) -> impl Iterator<Item = Result<(Key, Current), RecordsError>> + use<> {
        let prefix = keys::current_prefix(kind, collection);
        let start = match after {
            Some(key) => std::ops::Bound::Excluded(keys::current(key)),
            None => std::ops::Bound::Included(prefix.clone()),
        };
        let range = self.tree.range((start, std::ops::Bound::Unbounded));
        range
            .take_while(move |entry| entry.as_ref().map_or(true, |(name, _)| name.starts_with(&prefix)))
            .map(|entry| {
                let (name, value) = entry?;
                let key = keys::parse_current(&name).ok_or(RecordsError::Damaged { what: "key" })?;
                Ok((key, read_current(&value)?))
            })
            .filter(|entry| entry.as_ref().map_or(true, |(_, current)| !current.deleted))
    }

    /// Whether there is, or was, a record that was copied from elsewhere.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn has_copies(&self) -> Result<bool, RecordsError> {
        for kind in Kind::ALL {
            if self.tree.scan_prefix(keys::current_names(kind, HARVESTED)).next().transpose()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Records that have, or had in an earlier revision, this name among their identifiers and aliases.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn named(&self, name: &str) -> Result<Vec<Key>, RecordsError> {
        let prefix = keys::name_prefix(name);
        let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            keys::parse_end(&entry?.0, &prefix).ok_or(RecordsError::Damaged { what: "name" })
        };
        self.tree.scan_prefix(&prefix).map(read).collect()
    }

    /// Relation and record of everything that refers, or referred in an earlier revision, to a target; in order of
    /// relation and key, no more than `most`.
    ///
    /// # Errors
    /// `RecordsError` when the index cannot be read.
    pub fn referring(&self, target: &str, rel: Option<&str>, most: usize) -> Result<Vec<(String, Key)>, RecordsError> {
        let all = keys::link_prefix(target, None);
        let read = |entry: sled::Result<(sled::IVec, sled::IVec)>| {
            keys::parse_link(&entry?.0, &all).ok_or(RecordsError::Damaged { what: "link" })
        };
        self.tree.scan_prefix(keys::link_prefix(target, rel)).take(most).map(read).collect()
    }

    /// sled frees the nodes that writes replaced a few at a time, whenever somebody enters the tree: up to 512 at every
    /// 128th entry. A batch enters once, however many nodes it replaces: without these entries, at under a microsecond
    /// each, a million records built in large batches leave gigabytes of replaced nodes in memory.
    fn free_replaced_nodes(&self, batches: &[Arc<Batch>]) {
        let changes: usize = batches.iter().map(|batch| batch.changes.len()).sum();
        for _ in 0..changes / 2 {
            // What a read finds does not matter here; a failure shows itself to the next who needs an answer.
            let _ = self.tree.get(keys::META);
        }
    }

    fn plan(&self, batches: &[Arc<Batch>]) -> Result<sled::Batch, RecordsError> {
        let mut planned = sled::Batch::default();
        let mut states: HashMap<Key, Current> = HashMap::new();
        let mut members: HashMap<RecordId, i64> = HashMap::new();
        let mut position = self.position.load(Ordering::Acquire);
        for batch in batches {
            if batch.last <= position {
                continue;
            }
            if batch.first != position + 1 {
                return Err(RecordsError::Gap { position, first: batch.first });
            }
            self.plan_changes(batch, &mut planned, &mut states, &mut members)?;
            position = batch.last;
        }
        for (key, state) in &states {
            planned.insert(keys::current(key), write_current(state));
        }
        for (collection, difference) in members {
            let count = self.members(&collection)?.saturating_add_signed(difference);
            planned.insert(keys::members(&collection), count.to_be_bytes().as_slice());
        }
        planned.insert(keys::META, [&values::FORMAT.to_be_bytes()[..], &position.to_be_bytes()].concat());
        Ok(planned)
    }

    fn plan_changes(
        &self,
        batch: &Batch,
        planned: &mut sled::Batch,
        states: &mut HashMap<Key, Current>,
        members: &mut HashMap<RecordId, i64>,
    ) -> Result<(), RecordsError> {
        for change in &batch.changes {
            let event = &change.event;
            let key = event.record_key();
            let before = match states.get(&key) {
                Some(state) => Some(*state),
                None if event.revision > 1 => self.current(&key)?,
                None => None,
            };
            if let Some(before) = before {
                planned.insert(keys::revision(&key, before.revision), before.sequence.to_be_bytes().as_slice());
            }
            let deleted = event.operation == Operation::Delete;
            let was_live = before.is_some_and(|before| !before.deleted);
            if let Some(collection) = &event.collection {
                *members.entry(collection.clone()).or_default() += i64::from(!deleted) - i64::from(was_live);
            }
            if let Some(idempotency) = &event.key {
                let receipt = values::receipt_to_bytes(&idempotency.body, event.sequence);
                planned.insert(keys::idempotency(&idempotency.key), receipt);
            }
            plan_references(event, &key, planned);
            states.insert(key, Current { sequence: event.sequence, revision: event.revision, deleted });
        }
        plan_frames(batch, planned);
        for (digest, location) in &batch.payloads {
            planned.insert(keys::payload(digest), values::payload_to_bytes(location));
        }
        Ok(())
    }
}

/// Names and links stay when a later revision drops them: a retired name still leads to its record, and whoever asks for
/// links looks at the record.
fn plan_references(event: &Event, key: &Key, planned: &mut sled::Batch) {
    let Some(record) = &event.record else { return };
    let references = References::view(record.get());
    for name in references.names() {
        planned.insert(keys::name(name, key), &[]);
    }
    for (rel, target) in references.targets() {
        planned.insert(keys::link(target, rel, key), &[]);
    }
}

/// One entry for each run of lines that share a frame: some 5 bytes a record instead of 40.
fn plan_frames(batch: &Batch, planned: &mut sled::Batch) {
    let frame_of = |location: &RecordLocation| (location.segment, location.frame_offset);
    for run in batch.changes.chunk_by(|left, right| frame_of(&left.location) == frame_of(&right.location)) {
        let Some(first) = run.first() else { continue };
        let frame = values::Frame {
            segment: first.location.segment,
            frame_offset: first.location.frame_offset,
            frame_length: first.location.frame_length,
            records: run.iter().map(|change| (change.location.start, change.location.length)).collect(),
        };
        planned.insert(keys::frame(first.event.sequence), frame.to_bytes());
    }
}

fn write_current(state: &Current) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(17);
    bytes.extend_from_slice(&state.sequence.to_be_bytes());
    bytes.extend_from_slice(&state.revision.to_be_bytes());
    bytes.push(u8::from(state.deleted));
    bytes
}

fn read_current(bytes: &[u8]) -> Result<Current, RecordsError> {
    let mut reader = values::Reader(bytes);
    let (sequence, revision, deleted) = (reader.u64(), reader.u64(), reader.bytes::<1>());
    match (sequence, revision, deleted) {
        (Some(sequence), Some(revision), Some([deleted])) => Ok(Current { sequence, revision, deleted: deleted != 0 }),
        _ => Err(RecordsError::Damaged { what: "current state" }),
    }
}

impl Projection for Records {
    type Error = RecordsError;

    fn name(&self) -> &'static str {
        "records"
    }

    fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    fn apply(&mut self, batches: &[Arc<Batch>]) -> Result<(), RecordsError> {
        let Some(last) = batches.iter().map(|batch| batch.last).max() else { return Ok(()) };
        let planned = self.plan(batches)?;
        self.tree.apply_batch(planned)?;
        self.frames.forget_from(batches.iter().map(|batch| batch.first).min().unwrap_or_default());
        self.position.fetch_max(last, Ordering::AcqRel);
        self.free_replaced_nodes(batches);
        Ok(())
    }

    fn reset(&mut self) -> Result<(), RecordsError> {
        self.tree.clear()?;
        self.frames.forget_from(0);
        self.position.store(0, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_an_older_format_is_refused_so_that_it_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let old = Records::open(folder.path()).expect("a new index");
        let meta = [&2u32.to_be_bytes()[..], &7u64.to_be_bytes()].concat();
        old.tree.insert(keys::META, meta).expect("written");
        old.tree.flush().expect("flushed");
        drop(old);
        assert!(matches!(Records::open(folder.path()), Err(OpenError::Format { found: 2 })));
    }
}
