//! The workers that answer: which are idle, which checkpoint they read, who gets one. What they may use is watched in
//! `watch`; a query that ends its worker ends nothing else.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoint::Checkpoint;
use super::error::Refusal;
use super::frame::{Head, Question, Reply};
use super::guard;
use super::place::{Place, Places, Sizes};
use super::process::{Process, failed, memory_of};
use super::watch::{Killed, Watch, Watched};

/// What a query may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Queries that run at once for a slice.
    pub fast_places: usize,
    /// How long a query runs before it needs a slow place, and how many of those there are.
    pub slice: Duration,
    pub slow_places: usize,
    /// How long a query runs for sure in a slow place while others wait.
    pub sure: Duration,
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
            fast_places: (2 * cores).clamp(4, 32),
            slice: Duration::from_millis(200),
            slow_places: cores.clamp(2, 16),
            sure: Duration::from_secs(4),
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

/// Bytes of an answer that are held back until the query has ended or is in the slow lane: until then it may begin again.
/// They fit into what waits for a client, so that no slow reader holds a place for them.
const HELD_BYTES: usize = 256 << 10;

/// How a conversation ended.
enum Ending {
    /// With what was held back of it.
    Whole(Vec<Piece>),
    Refused(Refusal),
    /// Nobody wants the rest of the answer.
    Unwanted,
    /// The answer is too long for the fast lane, and there is no slow place.
    Postponed,
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
            places: Places::new(Sizes { fast: limits.fast_places, slow: limits.slow_places, queue: limits.queue }),
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
        let count = self.lock_idle().len().max(1);
        for _ in 0..count {
            let oldest = {
                let mut idle = self.lock_idle();
                if idle.is_empty() { None } else { Some(idle.remove(0)) }
            };
            match self.ready(oldest, &checkpoint) {
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
        guard::check(&question.query, &question.services)?;
        question.max_rows = self.limits.rows;
        question.max_bytes = self.limits.bytes;
        let request = self.places.request(&question.caller, &question.query);
        let deadline = Instant::now() + self.limits.patience;
        for is_slow in [false, true] {
            let place = self.places.enter(&request, is_slow, self.limits.slice, deadline).ok_or_else(busy)?;
            if let Some(held) = self.answer(&question, place, send)? {
                // The place is free by now, however slowly the client reads.
                let _ = held.into_iter().all(send);
                return Ok(());
            }
        }
        Err(busy())
    }

    /// Answers in a place. What is left to send, or nothing when the query must begin again in a slow place.
    fn answer(
        &self,
        question: &Question,
        place: Place,
        send: &mut dyn FnMut(Piece) -> bool,
    ) -> Result<Option<Vec<Piece>>, Refusal> {
        let building = || Refusal::NotReady { reason: "the graph is being built from the archive".to_owned() };
        let checkpoint = self.lock_current().clone().ok_or_else(building)?;
        let mut worker = self.ready(self.idle_for(&place), &checkpoint)?;
        let pid = worker.pid().ok_or_else(|| failed("the worker has no process id"))?;
        let watched = self.watch.begin(pid, place)?;
        let ending = converse(&mut worker, question, &watched, send);
        let outcome = match (self.watch.end(&watched), ending) {
            (Some(Killed::Postponed), _) | (None, Ok(Ending::Postponed)) => Ok(None),
            (Some(Killed::Refused(refusal)), _) | (None, Err(refusal)) => Err(refusal),
            (None, Ok(Ending::Unwanted)) => Ok(Some(Vec::new())),
            // It aborts when the system gives it no more memory or its stack is full.
            (None, Ok(Ending::Gone)) => {
                watched.note_heavy();
                Err(Refusal::TooMuchMemory { mebibytes: self.limits.memory >> 20 })
            }
            (None, Ok(Ending::Refused(refusal))) => {
                self.keep(worker, &watched);
                return Err(refusal);
            }
            (None, Ok(Ending::Whole(held))) => {
                self.keep(worker, &watched);
                return Ok(Some(held));
            }
        };
        drop((worker, watched));
        self.refill(&checkpoint);
        outcome
    }

    /// An idle worker. Some are left to the fast lane: the slow one can wait for a start.
    fn idle_for(&self, place: &Place) -> Option<Process> {
        let mut idle = self.lock_idle();
        if place.is_slow() && idle.len() <= self.limits.fast_places / 2 { None } else { idle.pop() }
    }

    /// Keeps a worker that is still good.
    fn keep(&self, worker: Process, watched: &Watched) {
        let memory = worker.pid().map_or(u64::MAX, memory_of);
        let mut idle = self.lock_idle();
        if memory < self.limits.memory / WORN_SHARE && idle.len() < self.limits.fast_places && watched.is_in_front() {
            idle.push(worker);
        }
    }

    /// Starts a worker in place of one that was lost, so that the next query need not wait for that.
    fn refill(&self, checkpoint: &Arc<Checkpoint>) {
        if self.lock_idle().len() >= self.limits.fast_places {
            return;
        }
        match self.ready(None, checkpoint) {
            Ok(worker) => self.lock_idle().push(worker),
            Err(error) => tracing::warn!(%error, "no worker in place of one that was lost"),
        }
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

fn busy() -> Refusal {
    Refusal::Busy { reason: "too many queries are running; ask again in a few seconds".to_owned() }
}

/// Asks the worker and hands on what it answers; what it answers in the fast lane is held back.
fn converse(
    worker: &mut Process,
    question: &Question,
    watched: &Watched,
    send: &mut dyn FnMut(Piece) -> bool,
) -> Result<Ending, Refusal> {
    worker.ask(question.clone())?;
    let (mut held, mut bytes) = (Vec::new(), 0);
    loop {
        let piece = match worker.reply()? {
            Some(Reply::Head(head)) => Piece::Head(head),
            Some(Reply::Body(bytes)) => Piece::Bytes(bytes),
            Some(Reply::End) => return Ok(Ending::Whole(held)),
            Some(Reply::Refused(refusal)) => return Ok(Ending::Refused(refusal)),
            Some(Reply::Opened { .. }) => return Err(failed("the worker answered something else than it was asked")),
            None => return Ok(Ending::Gone),
        };
        bytes += if let Piece::Bytes(bytes) = &piece { bytes.len() } else { 0 };
        held.push(piece);
        if watched.is_long() || (bytes > HELD_BYTES && watched.lengthen()) {
            if !held.drain(..).all(&mut *send) {
                return Ok(Ending::Unwanted);
            }
        } else if bytes > HELD_BYTES {
            return Ok(Ending::Postponed);
        }
    }
}
