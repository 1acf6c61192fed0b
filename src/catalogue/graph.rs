//! The graph follows the archive on a thread of its own, some second behind at most, and never holds up whoever writes:
//! what it misses it reads again. Queries are answered by worker processes on checkpoints, which this thread makes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::open;
use super::{Catalogue, Health, rebuild};
use crate::archive::Archive;
use crate::index::graph::{GraphIndex, Limits, Piece, Pool, Question, Refusal};
use crate::index::{Batch, Projection};

/// Whatever stops the thread for a while: it is logged and shown by `/health`.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Batches that wait for the graph. When there are more it reads them from the archive later.
const WAITING_BATCHES: usize = 64;

/// Events applied at once while it catches up; it can be told to stop between.
const EVENTS_AT_ONCE: u64 = 10_000;

/// Least time between two checkpoints: each brings to disk what RocksDB has in memory.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(900);

/// Time between checkpoints while it catches up.
const CATCH_UP_INTERVAL: Duration = Duration::from_secs(10);

/// How long after a question checkpoints are still made before the next one asks.
const INTEREST: Duration = Duration::from_secs(10);

/// How long a question waits for a checkpoint when the last one is older than [`CHECKPOINT_INTERVAL`].
const FRESHNESS_PATIENCE: Duration = Duration::from_millis(1_500);

/// How long a question waits for everything that was committed before it, if it asks for that.
const WAIT_PATIENCE: Duration = Duration::from_secs(10);

/// After a failure, until it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Niceness of the thread and of those that it starts: requests come first.
const NICENESS: i32 = 5;

/// How the graph is kept; without this there is none.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// The program that is started as a worker.
    pub program: PathBuf,
    pub limits: Limits,
}

impl GraphSettings {
    /// This very program, with limits for this machine.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn of_this_program() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { program: std::env::current_exe()?, limits: Limits::for_cores(cores) })
    }
}

/// What wakes the thread.
pub(super) enum News {
    Batch(Arc<Batch>),
    /// Somebody asks.
    Asked,
}

/// Shared by the thread and by those who ask.
struct Shared {
    pool: Pool,
    stop: AtomicBool,
    started: Instant,
    /// Milliseconds after `started` of the last question and of the last checkpoint.
    asked: AtomicU64,
    checked: AtomicU64,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self, moment: &AtomicU64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(moment.load(Ordering::Acquire)))
    }
}

/// The catalogue's hand on the graph.
pub(super) struct Graph {
    shared: Arc<Shared>,
    news: SyncSender<News>,
}

impl Graph {
    /// Makes the graph; `Follower::run` is then to be called on a thread of its own.
    pub(super) fn new(
        settings: &GraphSettings,
        archive: &Archive,
        folder: &Path,
        health: &Arc<Health>,
    ) -> (Self, Follower) {
        let (news, inbox) = sync_channel(WAITING_BATCHES);
        let shared = Arc::new(Shared {
            pool: Pool::new(&settings.program, settings.limits.clone()),
            stop: AtomicBool::new(false),
            started: Instant::now(),
            asked: AtomicU64::new(0),
            checked: AtomicU64::new(0),
        });
        health.note_position("graph", 0);
        let follower = Follower {
            shared: Arc::clone(&shared),
            inbox,
            archive: archive.clone(),
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            health: Arc::clone(health),
            number: 0,
        };
        (Self { shared, news }, follower)
    }

    /// Where committed batches go.
    pub(super) fn sender(&self) -> SyncSender<News> {
        self.news.clone()
    }

    /// Ends the thread soon.
    pub(super) fn stop(self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    fn freshen(&self, last: u64) {
        self.shared.asked.store(self.shared.now(), Ordering::Release);
        let seen = self.shared.pool.sequence();
        if seen.is_some_and(|seen| seen >= last) || self.shared.since(&self.shared.checked) < CHECKPOINT_INTERVAL {
            return;
        }
        // A full queue wakes the thread as well.
        let _ = self.news.try_send(News::Asked);
        let Some(seen) = seen else { return };
        self.shared.pool.wait_for(seen + 1, FRESHNESS_PATIENCE);
    }
}

impl Catalogue {
    /// Answers a SPARQL query. `send` takes each piece, the head first, and says whether more is wanted. With `wait` the
    /// answer sees everything that was committed before the question. To be called on a thread that may wait.
    ///
    /// # Errors
    /// `Refusal`; what was sent until then is no whole answer.
    pub fn sparql(&self, question: Question, wait: bool, send: &mut dyn FnMut(Piece) -> bool) -> Result<(), Refusal> {
        let none = || Refusal::NotReady { reason: "this process keeps no graph".to_owned() };
        let graph = self.graph.as_ref().ok_or_else(none)?;
        let last = self.last_sequence();
        graph.freshen(last);
        if wait && !graph.shared.pool.wait_for(last, WAIT_PATIENCE) {
            let reason = format!("the graph does not hold event {last} yet; ask again, or without wait=graph");
            return Err(Refusal::NotReady { reason });
        }
        graph.shared.pool.ask(question, send)
    }

    /// Last event that questions to the graph see; none while it is built.
    pub fn graph_sequence(&self) -> Option<u64> {
        self.graph.as_ref()?.shared.pool.sequence()
    }
}

/// The thread's half.
pub(super) struct Follower {
    shared: Arc<Shared>,
    inbox: Receiver<News>,
    archive: Archive,
    /// Of all indexes.
    folder: PathBuf,
    health: Arc<Health>,
    /// Counts checkpoints, for their names.
    number: u64,
}

impl Follower {
    /// Follows until it is told to stop.
    pub(super) fn run(mut self) {
        // Where this is not allowed, the graph competes with requests.
        let _ = rustix::process::nice(NICENESS);
        self.remove_checkpoints();
        while !self.is_stopped() {
            match self.follow() {
                Ok(()) => return,
                Err(error) => {
                    self.health.note_index_failure("graph", error.as_ref());
                    self.pause(RETRY);
                }
            }
        }
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

    fn checkpoints(&self) -> PathBuf {
        self.folder.join("graph-checkpoints")
    }

    /// What an earlier process has left.
    fn remove_checkpoints(&self) {
        match std::fs::remove_dir_all(self.checkpoints()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(%error, "old checkpoints of the graph were not removed");
            }
            _ => {}
        }
    }

    /// Opens the graph and keeps it up; returns when told to stop.
    fn follow(&mut self) -> Result<(), Failure> {
        let last = self.archive.last_sequence();
        let mut index = open::open_index("graph", &self.folder.join("graph"), last, GraphIndex::open)?;
        std::fs::create_dir_all(self.checkpoints())?;
        if index.position() > 0 && index.is_settled() {
            self.checkpoint(&mut index)?;
        }
        self.catch_up(&mut index)?;
        if self.health.has_failure("graph") {
            self.health.note_index_recovery("graph");
        }
        self.checkpoint(&mut index)?;
        while !self.is_stopped() {
            let Some(batches) = self.receive() else { return Ok(()) };
            let position = index.position();
            let fresh: Vec<Arc<Batch>> = batches.into_iter().filter(|batch| batch.last > position).collect();
            let follows = fresh.first().is_none_or(|batch| batch.first <= position + 1);
            if !follows || index.apply(&fresh).is_err() {
                // A gap: more came than the queue held. Or a failed write: reading again shows whether it fails again.
                self.catch_up(&mut index)?;
            }
            self.health.note_position("graph", index.position());
            if self.inbox_is_behind(&index) {
                self.catch_up(&mut index)?;
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

    fn catch_up(&mut self, index: &mut GraphIndex) -> Result<(), Failure> {
        let from = index.position();
        let began = Instant::now();
        while index.position() < self.archive.last_sequence() && !self.is_stopped() {
            let last = self.archive.last_sequence().min(index.position() + EVENTS_AT_ONCE);
            rebuild::catch_up(&self.archive, index, last)?;
            self.health.note_position("graph", index.position());
            let is_due = self.shared.since(&self.shared.checked) >= CATCH_UP_INTERVAL;
            if self.shared.pool.sequence().is_some() && is_due {
                self.checkpoint(index)?;
            }
        }
        let events = index.position() - from;
        if events > EVENTS_AT_ONCE {
            let seconds = began.elapsed().as_secs();
            tracing::info!(index = "graph", events, seconds, "index caught up with the archive");
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
        let checkpoint = index.checkpoint(&self.checkpoints().join(self.number.to_string()))?;
        self.shared.checked.store(self.shared.now(), Ordering::Release);
        self.shared.pool.publish(checkpoint);
        Ok(())
    }
}
