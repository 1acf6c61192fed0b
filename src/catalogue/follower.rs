//! The text indexes, of this archive's own records and of copies, follow the writer on a thread of their own, which answers the callers:
//! whoever registered something finds it. Batches that wait while one text commit runs share the next.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tokio::sync::oneshot;

use super::command::Outcome;
use super::{Health, rebuild};
use crate::archive::Archive;
use crate::index::text::TextIndex;
use crate::index::{Batch, Projection};

/// Most batches in one text commit.
const MAX_BATCHES: usize = 16;

/// A committed batch with the callers who wait for it.
pub struct Applied {
    pub batch: Arc<Batch>,
    pub answers: Vec<(oneshot::Sender<Vec<Outcome>>, Vec<Outcome>)>,
    /// The records index failed: say so in the receipts.
    pub pending: bool,
}

impl Applied {
    /// Answers everyone who waits.
    pub fn answer(self) {
        for (reply, mut outcomes) in self.answers {
            outcomes.iter_mut().flatten().for_each(|receipt| receipt.pending |= self.pending);
            drop(reply.send(outcomes));
        }
    }
}

/// Applies batches until the writer is gone.
pub fn run(archive: &Archive, mut text: [TextIndex; 2], batches: &Receiver<Applied>, health: &Health) {
    while let Ok(first) = batches.recv() {
        let mut waiting = vec![first];
        while waiting.len() < MAX_BATCHES {
            let Ok(next) = batches.try_recv() else { break };
            waiting.push(next);
        }
        let ready: Vec<Arc<Batch>> = waiting.iter().map(|applied| Arc::clone(&applied.batch)).collect();
        let mut failed = false;
        for index in &mut text {
            failed |= apply(archive, index, &ready, health);
        }
        for mut applied in waiting {
            applied.pending |= failed;
            applied.answer();
        }
    }
}

fn apply(archive: &Archive, text: &mut TextIndex, ready: &[Arc<Batch>], health: &Health) -> bool {
    let name = text.name();
    let last = ready.iter().map(|batch| batch.last).max().unwrap_or(0);
    let Err(error) = text.apply(ready) else {
        health.note_position(name, text.position());
        return false;
    };
    health.note_index_failure(name, &error);
    let recovered = text
        .reset()
        .map_err(|error| error.to_string())
        .and_then(|()| rebuild::catch_up(archive, text, last).map_err(|error| error.to_string()));
    match recovered {
        Ok(()) => {
            health.note_index_recovery(name);
            health.note_position(name, text.position());
            false
        }
        Err(reason) => {
            tracing::error!(index = name, reason, "index could not be rebuilt; the records are safe in the archive");
            true
        }
    }
}
