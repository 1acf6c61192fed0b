//! Bringing an index to the archive's last sequence: at start, after a failure, and from nothing.

use std::path::Path;
use std::sync::Arc;

use crate::archive::{Archive, ReadError};
use crate::index::{Batch, Change, Projection};

/// Records applied in one commit of an index while it catches up.
const RECORDS_AT_ONCE: usize = 20_000;

/// Why an index could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("the archive cannot be read")]
    Archive(#[from] ReadError),
    #[error("index {index} cannot be written")]
    Index {
        index: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Applies all segments after the index's position, up to and including `last`.
///
/// # Errors
/// `CatchUpError`; the index then stands at the last batch that it took.
pub fn catch_up<P: Projection>(archive: &Archive, index: &mut P, last: u64) -> Result<(), CatchUpError> {
    let mut waiting: Vec<Arc<Batch>> = Vec::new();
    let mut records = 0;
    if index.position() >= last {
        return Ok(());
    }
    for segment in archive.segments(index.position() + 1)? {
        let batch = batch_of(segment?);
        let done = batch.last >= last;
        records += batch.changes.len();
        waiting.push(Arc::new(batch));
        if records >= RECORDS_AT_ONCE || done {
            apply(index, &waiting)?;
            waiting.clear();
            records = 0;
        }
        if done {
            break;
        }
    }
    apply(index, &waiting)
}

fn apply<P: Projection>(index: &mut P, batches: &[Arc<Batch>]) -> Result<(), CatchUpError> {
    let name = index.name();
    index.apply(batches).map_err(|error| CatchUpError::Index { index: name, source: Box::new(error) })
}

/// What the archive read, as an index takes it.
pub fn batch_of(segment: crate::archive::SegmentContents) -> Batch {
    let lines = segment.lines.into_iter();
    let changes = lines.map(|line| Change { event: line.event, location: line.location, digest: line.digest });
    Batch { first: segment.first, last: segment.last, changes: changes.collect(), payloads: segment.payloads }
}

/// As `catch_up`, and says so in the log when there is something to do.
///
/// # Errors
/// As `catch_up`.
pub fn catch_up_logged<P: Projection>(archive: &Archive, index: &mut P, last: u64) -> Result<(), CatchUpError> {
    let position = index.position();
    if position >= last {
        return Ok(());
    }
    tracing::info!(index = index.name(), from = position + 1, to = last, "index catches up with the archive");
    catch_up(archive, index, last)
}

/// First sequence of a segment near the end of the log, as the writer noted it: spares a start the whole chain.
pub fn read_hint(folder: &Path) -> Option<u64> {
    std::fs::read_to_string(folder.join("hint")).ok()?.trim().parse().ok()
}

/// Notes the hint. Losing it costs time at the next start and nothing else.
pub fn write_hint(folder: &Path, first: u64) {
    if let Err(error) = std::fs::write(folder.join("hint"), format!("{first}\n")) {
        tracing::debug!(%error, "the hint for the next start was not written");
    }
}
