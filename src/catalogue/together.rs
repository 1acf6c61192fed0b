//! Both indexes of a whole log at once: one thread reads and verifies the log, others index it. Reading a segment costs
//! about as much as writing it into the records index, so it is done once for both.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use super::rebuild::{self, CatchUpError, batch_of};
use crate::archive::Archive;
use crate::index::Batch;
use crate::index::records::Records;
use crate::index::text::TextRebuild;

/// Batches that wait for the records index: enough that the reader seldom waits, few enough that the memory stays small.
const QUEUE: usize = 32;
/// Records in one commit of the records index; more cost memory and gain nothing.
const RECORDS_AT_ONCE: usize = 20_000;

/// Brings two new indexes to `last`. Gives the first sequence of the last segment, if one was read.
///
/// # Errors
/// `CatchUpError`; neither index is of use then.
pub fn build(
    archive: &Archive,
    records: &mut Records,
    text: &mut TextRebuild,
    last: u64,
) -> Result<Option<u64>, CatchUpError> {
    let (to_records, for_records) = sync_channel::<Arc<Batch>>(QUEUE);
    std::thread::scope(|scope| {
        let recording = scope.spawn(move || record(records, &for_records));
        let read = read(archive, last, |batch| {
            text.add(Arc::clone(&batch))
                .map_err(|error| CatchUpError::Index { index: "text", source: Box::new(error) })?;
            // A records index that failed takes no more, and says why below.
            Ok(to_records.send(batch).is_ok())
        });
        drop(to_records);
        recording.join().map_err(|_| CatchUpError::Panicked { what: "records" })??;
        read
    })
}

/// Reads segments up to `last` and hands each on, until one is not taken.
fn read(
    archive: &Archive,
    last: u64,
    mut hand_on: impl FnMut(Arc<Batch>) -> Result<bool, CatchUpError>,
) -> Result<Option<u64>, CatchUpError> {
    let mut hint = None;
    if last == 0 {
        return Ok(hint);
    }
    for segment in archive.segments(1)? {
        let batch = batch_of(segment?);
        hint = Some(batch.first);
        let is_last = batch.last >= last;
        if !hand_on(Arc::new(batch))? || is_last {
            break;
        }
    }
    Ok(hint)
}

/// Applies what comes, many batches at a time. After a failure the receiver is gone, so that nobody waits to send.
fn record(records: &mut Records, batches: &Receiver<Arc<Batch>>) -> Result<(), CatchUpError> {
    let mut waiting = Vec::new();
    let mut changes = 0;
    while let Ok(batch) = batches.recv() {
        changes += batch.changes.len();
        waiting.push(batch);
        if changes >= RECORDS_AT_ONCE {
            rebuild::apply(records, &waiting)?;
            waiting.clear();
            changes = 0;
        }
    }
    rebuild::apply(records, &waiting)
}
