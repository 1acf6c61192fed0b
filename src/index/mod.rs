//! Derived indexes: everything here can be deleted and made again from the archive. Each projection keeps the last
//! applied sequence in the same atomic commit as its own content.

pub mod graph;
pub mod records;
pub mod text;

use std::sync::Arc;

use crate::model::{Event, PayloadLocation, RecordLocation, Sha256};

/// One event with what a projection cannot compute from its line alone.
#[derive(Debug, Clone)]
pub struct Change {
    pub event: Event,
    /// Where the record's bytes stand in the archive.
    pub location: RecordLocation,
    /// sha256 of the record's stored bytes; `None` for a tombstone.
    pub digest: Option<Sha256>,
}

/// The content of one archive segment, in order. `revision > 1` tells that an earlier revision of the key exists.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// First and last sequence, without gaps between.
    pub first: u64,
    pub last: u64,
    pub changes: Vec<Change>,
    /// Payloads that became readable with this batch.
    pub payloads: Vec<(Sha256, PayloadLocation)>,
}

/// Whose records an index holds. Copies have indexes of their own, so that they change nothing of what is found in ours: no
/// score, no count, no suggestion and no answer of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holds {
    /// This archive's own.
    #[default]
    Local,
    /// What was harvested from elsewhere.
    Harvested,
}

impl Holds {
    /// Whether it is for this index.
    pub fn holds(self, event: &Event) -> bool {
        event.is_local() == (self == Self::Local)
    }
}

/// Events that were not for an index, after which its position is committed all the same.
pub const UNWRITTEN: u64 = 20_000;

/// A derived view of the event log.
pub trait Projection: Send {
    /// What can go wrong while reading or writing the index.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Name in logs, metrics and `/health`.
    fn name(&self) -> &'static str;

    /// Last sequence that the index holds; 0 when empty.
    fn position(&self) -> u64;

    /// Applies batches that follow the position without a gap, all or nothing; a batch at or below it changes nothing.
    ///
    /// # Errors
    /// The index's own; the position has then not moved.
    fn apply(&mut self, batches: &[Arc<Batch>]) -> Result<(), Self::Error>;

    /// Empties the index.
    ///
    /// # Errors
    /// The index's own.
    fn reset(&mut self) -> Result<(), Self::Error>;
}
