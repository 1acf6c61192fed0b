//! The workers that answer: which are idle, which checkpoint they read, who gets one. What they may use is watched in
//! `watch`; a query that ends its worker ends nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::error::Refusal;
use super::frame::{Head, Question, Reply};
use super::guard;
use super::place::Places;
use super::process::{Process, failed, memory_of};
use super::watch::Watch;

/// What a query may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Queries that run at once until they are long.
    pub short_places: usize,
    /// When a query is long, and how many long ones run at once.
    pub long_after: Duration,
    pub long_places: usize,
    /// Queries that wait for a place, and for how long.
    pub queue: usize,
    pub patience: Duration,
    /// Longest query, from its start to the last byte that the client took.
    pub time: Duration,
    /// Memory of a worker, bytes.
    pub memory: u64,
    pub rows: u64,
    pub bytes: u64,
}

impl Limits {
    /// For a machine with so many cores.
    pub fn for_cores(cores: usize) -> Self {
        Self {
            short_places: (2 * cores).clamp(4, 32),
            long_after: Duration::from_millis(500),
            long_places: cores.clamp(2, 16),
            queue: 256,
            patience: Duration::from_secs(5),
            time: Duration::from_secs(20),
            memory: 768 << 20,
            rows: 1_000_000,
            bytes: 256 << 20,
        }
    }
}

/// A worker that has this share of its limit after a query is ended rather than asked again.
const WORN_SHARE: u64 = 2;

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
}

/// How a conversation ended.
enum Ending {
    Whole,
    Refused(Refusal),
    /// Nobody wants the rest of the answer.
    Unwanted,
    /// The worker is gone.
    Gone,
}

/// The pool, shared by all threads.
pub struct Pool {
    program: PathBuf,
    limits: Limits,
    places: Arc<Places>,
    watch: Watch,
    idle: Mutex<Vec<Process>>,
    current: Mutex<Option<Arc<Checkpoint>>>,
    news: Condvar,
}

impl Pool {
    /// A pool whose workers are `program graph-worker`.
    pub fn new(program: &Path, limits: Limits) -> Self {
        Self {
            program: program.to_owned(),
            places: Places::new(limits.short_places, limits.long_places, limits.queue),
            watch: Watch::start(&limits),
            limits,
            idle: Mutex::default(),
            current: Mutex::default(),
            news: Condvar::new(),
        }
    }

    /// The limits that queries have here.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Has all further questions answered on this checkpoint, and idle workers open it.
    pub fn publish(&self, checkpoint: Checkpoint) {
        let checkpoint = Arc::new(checkpoint);
        *self.lock_current() = Some(Arc::clone(&checkpoint));
        self.news.notify_all();
        let waiting = std::mem::take(&mut *self.lock_idle());
        let wanted = waiting.len().max(1);
        for worker in waiting.into_iter().map(Some).chain(std::iter::repeat_with(|| None)).take(wanted) {
            match self.ready(worker, &checkpoint) {
                Ok(worker) => self.lock_idle().push(worker),
                Err(error) => tracing::warn!(%error, "a worker cannot open the graph"),
            }
        }
    }

    /// Last event that questions see; none before the first checkpoint.
    pub fn sequence(&self) -> Option<u64> {
        self.lock_current().as_ref().map(|checkpoint| checkpoint.sequence())
    }

    /// Waits until questions see an event; tells whether they do.
    pub fn wait_for(&self, sequence: u64, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut current = self.lock_current();
        while current.as_ref().is_none_or(|checkpoint| checkpoint.sequence() < sequence) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            current = self.news.wait_timeout(current, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Answers a question. `send` takes each piece, the head first, and says whether more is wanted. To be called on a
    /// thread that may wait.
    ///
    /// # Errors
    /// `Refusal`; what was sent until then is no whole answer.
    pub fn ask(&self, mut question: Question, send: &mut dyn FnMut(Piece) -> bool) -> Result<(), Refusal> {
        guard::check(&question.query)?;
        question.max_rows = self.limits.rows;
        question.max_bytes = self.limits.bytes;
        let busy = || Refusal::Busy { reason: "too many queries are running; ask again in a few seconds".to_owned() };
        let place = self.places.enter(self.limits.patience).ok_or_else(busy)?;
        let building = || Refusal::NotReady { reason: "the graph is being built from the archive".to_owned() };
        let checkpoint = self.lock_current().clone().ok_or_else(building)?;
        let idle = self.lock_idle().pop();
        let mut worker = self.ready(idle, &checkpoint)?;
        let pid = worker.pid().ok_or_else(|| failed("the worker has no process id"))?;
        let watched = self.watch.begin(pid, place)?;
        let ending = converse(&mut worker, question, send);
        let killed = self.watch.end(&watched);
        let outcome = match (killed, ending) {
            (Some(refusal), _) => return Err(refusal),
            (None, Err(refusal)) => return Err(refusal),
            (None, Ok(Ending::Unwanted)) => return Ok(()),
            // It aborts when the system gives it no more memory or its stack is full.
            (None, Ok(Ending::Gone)) => {
                return Err(Refusal::TooMuchMemory { mebibytes: self.limits.memory >> 20 });
            }
            (None, Ok(Ending::Refused(refusal))) => Err(refusal),
            (None, Ok(Ending::Whole)) => Ok(()),
        };
        if memory_of(pid) < self.limits.memory / WORN_SHARE && watched.is_in_front() {
            self.lock_idle().push(worker);
        }
        outcome
    }

    /// A worker that reads in the checkpoint: this one, or another if it cannot.
    fn ready(&self, worker: Option<Process>, checkpoint: &Arc<Checkpoint>) -> Result<Process, Refusal> {
        if let Some(mut worker) = worker
            && (worker.has(checkpoint) || worker.open(checkpoint).is_ok())
        {
            return Ok(worker);
        }
        let mut worker = Process::start(&self.program, self.limits.memory).map_err(|error| failed(&error))?;
        worker.open(checkpoint)?;
        Ok(worker)
    }

    fn lock_idle(&self) -> MutexGuard<'_, Vec<Process>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_current(&self) -> MutexGuard<'_, Option<Arc<Checkpoint>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn converse(worker: &mut Process, question: Question, send: &mut dyn FnMut(Piece) -> bool) -> Result<Ending, Refusal> {
    worker.ask(question)?;
    loop {
        let piece = match worker.reply()? {
            Some(Reply::Head(head)) => Piece::Head(head),
            Some(Reply::Body(bytes)) => Piece::Bytes(bytes),
            Some(Reply::End) => return Ok(Ending::Whole),
            Some(Reply::Refused(refusal)) => return Ok(Ending::Refused(refusal)),
            Some(Reply::Opened { .. }) => return Err(failed("the worker answered something else than it was asked")),
            None => return Ok(Ending::Gone),
        };
        if !send(piece) {
            return Ok(Ending::Unwanted);
        }
    }
}
