//! The thread that follows the archive: it keeps the graph up, makes it anew when it must, and makes the checkpoints on which
//! questions are answered. Answers none itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::beside::Folders;
use super::{CHECKPOINT_INTERVAL, News, Shared, WAITING_BATCHES};
use crate::archive::Archive;
use crate::catalogue::{Health, open, rebuild};
use crate::index::graph::{GraphError, GraphIndex};
use crate::index::{Batch, Holds, Projection};

/// Whatever stops the thread for a while: it is logged and shown by `/health`.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Events applied at once while it catches up; it can be told to stop between.
const EVENTS_AT_ONCE: u64 = 10_000;

/// Time between checkpoints while it catches up.
const CATCH_UP_INTERVAL: Duration = Duration::from_secs(10);

/// How long after a question checkpoints are still made before the next one asks.
const INTEREST: Duration = Duration::from_secs(10);

/// After a failure, until it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Niceness of the thread and of those that it starts: requests come first.
const NICENESS: i32 = 5;

/// The thread's half.
pub(in crate::catalogue) struct Follower {
    shared: Arc<Shared>,
    inbox: Receiver<News>,
    archive: Archive,
    folders: Folders,
    health: Arc<Health>,
    holds: Holds,
    name: &'static str,
    /// Counts checkpoints, for their names.
    number: u64,
    /// What the graph holds cannot be read: it is made anew, whatever its version.
    is_ruined: bool,
}

impl Follower {
    pub(super) fn new(
        shared: Arc<Shared>,
        inbox: Receiver<News>,
        archive: &Archive,
        folders: Folders,
        health: &Arc<Health>,
        holds: Holds,
    ) -> Self {
        let (archive, health) = (archive.clone(), Arc::clone(health));
        Self { shared, inbox, archive, folders, health, holds, name: super::name(holds), number: 0, is_ruined: false }
    }

    /// Follows until it is told to stop.
    pub(in crate::catalogue) fn run(mut self) {
        // Where this is not allowed, the graph competes with requests.
        let _ = rustix::process::nice(NICENESS);
        self.remove_checkpoints();
        if !self.wait_until_needed() {
            return;
        }
        while !self.is_stopped() {
            match self.follow() {
                Ok(()) => return,
                Err(error) => {
                    self.is_ruined |= is_ruin(error.as_ref());
                    self.health.note_index_failure(self.name, error.as_ref());
                    self.pause(RETRY);
                }
            }
        }
    }

    /// Where nothing was ever harvested, there is no graph of copies. Says whether there is to be one, or false at the end.
    fn wait_until_needed(&self) -> bool {
        while !self.shared.is_needed.load(Ordering::Acquire) {
            let Some(batches) = self.receive() else { return false };
            let is_for_it = |batch: &Arc<Batch>| batch.changes.iter().any(|change| self.holds.holds(&change.event));
            if batches.iter().any(is_for_it) {
                self.shared.is_needed.store(true, Ordering::Release);
            }
            if self.is_stopped() {
                return false;
            }
        }
        self.health.note_position(self.name, 0);
        true
    }

    fn is_stopped(&self) -> bool {
        self.shared.stop.load(Ordering::Acquire)
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.is_stopped() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What an earlier process has left.
    fn remove_checkpoints(&self) {
        match std::fs::remove_dir_all(&self.folders.checkpoints) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "old checkpoints of the graph were not removed");
            }
            _ => {}
        }
    }

    /// The graph in its folder, one that can be kept up; none when told to stop. One of another version of the projection,
    /// or one that cannot be read any more, is made anew: beside the old one while that still answers questions.
    fn open(&mut self) -> Result<Option<GraphIndex>, Failure> {
        let last = self.archive.last_sequence();
        std::fs::create_dir_all(&self.folders.checkpoints)?;
        self.folders.settle()?;
        let mut is_unusable = self.is_ruined;
        if !self.is_ruined
            && let Some(mut old) = self.folders.outdated(last)
        {
            is_unusable = true;
            self.checkpoint(&mut old)?;
        }
        if is_unusable && self.shared.pool.sequence().is_some() && !self.build_beside()? {
            return Ok(None);
        }
        if self.is_ruined {
            Folders::remove(&self.folders.current)?;
            self.is_ruined = false;
        }
        Ok(Some(open::open_index(self.name, &self.folders.current, last, |folder| {
            GraphIndex::open_of(folder, self.holds)
        })?))
    }

    /// Builds the graph in a folder of its own and puts it in the place of the old one; goes on where an earlier attempt
    /// was left. Not, when told to stop.
    fn build_beside(&mut self) -> Result<bool, Failure> {
        tracing::info!(index = self.name, "building it anew; questions are answered from the old one meanwhile");
        if self.is_ruined {
            // The ruin may be in this one.
            Folders::remove(&self.folders.new)?;
        }
        let last = self.archive.last_sequence();
        let open = |folder: &std::path::Path| GraphIndex::open_of(folder, self.holds);
        let mut index = open::open_index(self.name, &self.folders.new, last, open)?;
        self.catch_up(&mut index, false)?;
        let is_whole = index.position() >= self.archive.last_sequence();
        index.close()?;
        if is_whole || !self.is_stopped() {
            self.folders.swap()?;
            self.is_ruined = false;
        }
        Ok(!self.is_stopped())
    }

    /// Opens the graph and keeps it up; returns when told to stop.
    fn follow(&mut self) -> Result<(), Failure> {
        let Some(mut index) = self.open()? else { return Ok(()) };
        if index.position() > 0 && index.is_settled() {
            self.checkpoint(&mut index)?;
        }
        self.catch_up(&mut index, true)?;
        if self.health.has_failure(self.name) {
            self.health.note_index_recovery(self.name);
        }
        self.checkpoint(&mut index)?;
        while !self.is_stopped() {
            let Some(batches) = self.receive() else { return Ok(()) };
            let position = index.position();
            // After a silence nothing is on its way: what is missing found the queue full.
            let is_behind = batches.is_empty() && self.archive.last_sequence() > position;
            let fresh: Vec<Arc<Batch>> = batches.into_iter().filter(|batch| batch.last > position).collect();
            let follows = fresh.first().is_none_or(|batch| batch.first <= position + 1);
            if is_behind || !follows || index.apply(&fresh).is_err() {
                // A gap: more came than the queue held. Or a failed write: reading again shows whether it fails again.
                self.catch_up(&mut index, true)?;
            }
            self.health.note_position(self.name, index.position());
            if self.inbox_is_behind(&index) {
                self.catch_up(&mut index, true)?;
            }
            self.checkpoint_if_due(&mut index)?;
        }
        Ok(())
    }

    /// What has come, or nothing when it is time to look around; none at the end.
    fn receive(&self) -> Option<Vec<Arc<Batch>>> {
        let mut batches = Vec::new();
        match self.inbox.recv_timeout(CHECKPOINT_INTERVAL) {
            Ok(News::Batch(batch)) => batches.push(batch),
            Ok(News::Asked) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
        while batches.len() < WAITING_BATCHES {
            match self.inbox.try_recv() {
                Ok(News::Batch(batch)) => batches.push(batch),
                Ok(News::Asked) => {}
                Err(_) => break,
            }
        }
        Some(batches)
    }

    /// The queue was full when the last batch came: nobody will send it again.
    fn inbox_is_behind(&self, index: &GraphIndex) -> bool {
        self.archive.last_sequence() > index.position() + EVENTS_AT_ONCE
    }

    /// Reads from the archive what the graph misses. `publishes`: questions may be answered from it meanwhile.
    fn catch_up(&mut self, index: &mut GraphIndex, publishes: bool) -> Result<(), Failure> {
        let from = index.position();
        let began = Instant::now();
        while index.position() < self.archive.last_sequence() && !self.is_stopped() {
            let last = self.archive.last_sequence().min(index.position() + EVENTS_AT_ONCE);
            rebuild::catch_up(&self.archive, index, last)?;
            self.health.note_position(self.name, index.position());
            let is_due = self.shared.since(&self.shared.checked) >= CATCH_UP_INTERVAL;
            if publishes && self.shared.pool.sequence().is_some() && is_due {
                self.checkpoint(index)?;
            }
        }
        let events = index.position() - from;
        if events > EVENTS_AT_ONCE {
            let seconds = began.elapsed().as_secs();
            tracing::info!(index = self.name, events, seconds, "index caught up with the archive");
        }
        Ok(())
    }

    fn checkpoint_if_due(&mut self, index: &mut GraphIndex) -> Result<(), Failure> {
        let shared = &self.shared;
        let has_news = shared.pool.sequence() != Some(index.position());
        let is_wanted = shared.since(&shared.asked) < INTEREST;
        if has_news && is_wanted && index.is_settled() && shared.since(&shared.checked) >= CHECKPOINT_INTERVAL {
            self.checkpoint(index)?;
        }
        Ok(())
    }

    fn checkpoint(&mut self, index: &mut GraphIndex) -> Result<(), Failure> {
        self.number += 1;
        let checkpoint = index.checkpoint(&self.folders.checkpoints.join(self.number.to_string()))?;
        self.shared.checked.store(self.shared.now(), Ordering::Release);
        self.shared.pool.publish(checkpoint);
        Ok(())
    }
}

/// Whether the graph's own files are broken: opening them again does not help.
pub(in crate::catalogue) fn is_ruin(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<GraphError>().is_some_and(GraphError::is_ruin) {
            return true;
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::rebuild::CatchUpError;

    #[test]
    fn ruin_is_told_from_what_passes() {
        let passing = std::io::Error::other("no space left");
        let failed = |source: GraphError| CatchUpError::Index { index: "graph", source: Box::new(source) };
        let path = std::path::PathBuf::from("graph");
        assert!(!is_ruin(&failed(GraphError::Folder { path: path.clone(), source: passing })));
        assert!(!is_ruin(&failed(GraphError::Gap { position: 1, first: 3 })));
        assert!(is_ruin(&failed(GraphError::Format { path })));
    }
}
