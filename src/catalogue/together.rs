//! Both indexes at once: one thread reads and verifies the log, and each index is written by its own. Reading a segment
//! costs about as much as writing it into the records index, so it is done once for both.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::rebuild::{self, CatchUpError, batch_of};
use crate::archive::Archive;
use crate::index::records::Records;
use crate::index::text::TextIndex;
use crate::index::{Batch, Projection};

/// Batches that wait for an index: enough that neither waits for the other, few enough that the memory stays small.
const QUEUE: usize = 32;
/// Records in one commit of the records index; more cost memory and gain nothing.
const RECORDS_AT_ONCE: usize = 20_000;
/// Records in one commit of the text index: about what its memory holds in one segment, so that merges are few.
const TEXTS_AT_ONCE: usize = 80_000;

/// Brings both indexes to `last`, together if they stand at the same position. Gives the first sequence of the last
/// segment, if one was read.
///
/// # Errors
/// `CatchUpError`; each index then stands at the last batch that it took.
pub fn catch_up(
    archive: &Archive,
    records: &mut Records,
    text: &mut TextIndex,
    last: u64,
) -> Result<Option<u64>, CatchUpError> {
    if records.position() != text.position() {
        rebuild::catch_up(archive, records, last)?;
        rebuild::catch_up(archive, text, last)?;
        return Ok(None);
    }
    let from = records.position() + 1;
    if from > last {
        return Ok(None);
    }
    let (to_records, for_records) = sync_channel(QUEUE);
    let (to_text, for_text) = sync_channel(QUEUE);
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || read(archive, from, last, [&to_records, &to_text]));
        let recording = scope.spawn(move || apply_all(records, for_records, RECORDS_AT_ONCE));
        let texts = apply_all(text, for_text, TEXTS_AT_ONCE);
        let stopped = |what: &'static str| CatchUpError::Panicked { what };
        let recorded = recording.join().map_err(|_| stopped("records"))?;
        let read = reading.join().map_err(|_| stopped("reading"))?;
        texts.and(recorded).and(read)
    })
}

/// Reads segments and hands each to both indexes. An index that failed takes no more; reading then ends.
fn read(
    archive: &Archive,
    from: u64,
    last: u64,
    indexes: [&SyncSender<Arc<Batch>>; 2],
) -> Result<Option<u64>, CatchUpError> {
    let mut hint = None;
    for segment in archive.segments(from)? {
        let batch = Arc::new(batch_of(segment?));
        hint = Some(batch.first);
        let is_last = batch.last >= last;
        let is_taken = indexes.iter().all(|index| index.send(Arc::clone(&batch)).is_ok());
        if is_last || !is_taken {
            break;
        }
    }
    Ok(hint)
}

/// Applies what comes, many batches at a time. After a failure the receiver is gone, so that nobody waits to send.
fn apply_all<P: Projection>(
    index: &mut P,
    batches: Receiver<Arc<Batch>>,
    records_at_once: usize,
) -> Result<Option<u64>, CatchUpError> {
    let mut waiting = Vec::new();
    let mut records = 0;
    while let Ok(batch) = batches.recv() {
        records += batch.changes.len();
        waiting.push(batch);
        if records >= records_at_once {
            rebuild::apply(index, &waiting)?;
            waiting.clear();
            records = 0;
        }
    }
    rebuild::apply(index, &waiting)?;
    Ok(None)
}
