//! Watches running workers, and kills those that take too long or too much memory, or whose place is needed more by
//! others. One thread for all of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, setpriority_process};

use super::error::Refusal;
use super::place::Place;
use super::pool::Limits;
use super::process::{memory_of, worked};

/// How often running workers are looked at. One that takes memory as fast as it can gets some 50 MB in this time.
const INTERVAL: Duration = Duration::from_millis(20);

/// When a worker stands back, and how far: queries that take a few milliseconds come first.
const STAND_BACK_AFTER: Duration = Duration::from_millis(50);
const NICENESS: i32 = 15;

/// A query that hardly works is long after so many slices: it waits for something.
const IDLE_SHARE: u32 = 10;

/// A query that runs.
#[derive(Debug)]
pub(super) struct Watched {
    pid: Pid,
    started: Instant,
    /// What the worker had worked before.
    worked: Duration,
    place: Place,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_long: bool,
    is_nice: bool,
    /// The worker may be waited for, and its number given to another process.
    ended: bool,
    killed: Option<Killed>,
}

/// Why a worker was killed.
#[derive(Debug)]
pub(super) enum Killed {
    Refused(Refusal),
    /// The slice is over and there is no slow place: the query is to wait for one, and begins again.
    Postponed,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether what it answers may be sent: it will not be evaluated again.
    pub(super) fn is_long(&self) -> bool {
        self.lock().is_long
    }

    /// Moves it to the slow lane before its slice is over; tells whether there was a place.
    pub(super) fn lengthen(&self) -> bool {
        let mut state = self.lock();
        state.is_long = state.is_long || (state.killed.is_none() && self.place.lengthen());
        state.is_long
    }

    /// Notes that the query is one of those that take much.
    pub(super) fn note_heavy(&self) {
        self.place.note_heavy();
    }

    /// Brings the worker back to the front; tells whether it is there. Only the superuser may do that to a worker that
    /// stood back.
    pub(super) fn is_in_front(&self) -> bool {
        !self.lock().is_nice || setpriority_process(Some(self.pid), 0).is_ok()
    }

    fn look(&self, limits: &Limits) {
        let mut state = self.lock();
        if state.ended || state.killed.is_some() {
            return;
        }
        let elapsed = self.started.elapsed();
        if elapsed > limits.time {
            return self.kill(&mut state, Refusal::TooLong { seconds: limits.time.as_secs() }.into());
        }
        if memory_of(self.pid) > limits.memory {
            return self.kill(&mut state, Refusal::TooMuchMemory { mebibytes: limits.memory >> 20 }.into());
        }
        if !state.is_nice && (elapsed > STAND_BACK_AFTER || state.is_long) {
            // Where this is not allowed, it competes with the others.
            state.is_nice = setpriority_process(Some(self.pid), NICENESS).is_ok();
        }
        if !state.is_long && self.is_over(elapsed, limits.slice) {
            state.is_long = self.place.lengthen();
            if !state.is_long {
                self.kill(&mut state, Killed::Postponed);
            }
        } else if state.is_long && elapsed > limits.sure && self.place.give_up() {
            let reason = "the query has run for some seconds, and others wait who have asked for less; ask again later";
            self.kill(&mut state, Refusal::Busy { reason: reason.to_owned() }.into());
        }
    }

    /// Whether the slice is over: of the work of the worker, so that a query is not long because others are.
    fn is_over(&self, elapsed: Duration, slice: Duration) -> bool {
        elapsed > slice && (elapsed > slice * IDLE_SHARE || worked(self.pid).saturating_sub(self.worked) > slice)
    }

    fn kill(&self, state: &mut State, why: Killed) {
        if matches!(why, Killed::Refused(_)) {
            self.place.note_heavy();
        }
        state.killed = Some(why);
        // It may have ended by itself meanwhile; nobody waits for it before `ended` is set, so the number is still its own.
        let _ = kill_process(self.pid, Signal::KILL);
    }
}

impl From<Refusal> for Killed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[derive(Debug, Default)]
struct Shared {
    running: Mutex<(Vec<Arc<Watched>>, bool)>,
    news: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, (Vec<Arc<Watched>>, bool)> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, limits: &Limits) {
        loop {
            let mut running = self.lock();
            while running.0.is_empty() && !running.1 {
                running = self.news.wait(running).unwrap_or_else(PoisonError::into_inner);
            }
            if running.1 {
                return;
            }
            let all = running.0.clone();
            drop(running);
            all.iter().for_each(|watched| watched.look(limits));
            // They hold places.
            drop(all);
            std::thread::sleep(INTERVAL);
        }
    }
}

/// The watch over all running workers. Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts the thread. Where the system gives none, nothing can be asked: see `begin`.
    pub(super) fn start(limits: &Limits) -> Self {
        let shared = Arc::new(Shared::default());
        let (watching, limits) = (Arc::clone(&shared), limits.clone());
        let started = std::thread::Builder::new().name("graph-watch".to_owned());
        Self { thread: started.spawn(move || watching.run(&limits)).ok(), shared }
    }

    /// Watches a worker from now on.
    ///
    /// # Errors
    /// When nobody would watch.
    pub(super) fn begin(&self, pid: Pid, place: Place) -> Result<Arc<Watched>, Refusal> {
        if self.thread.is_none() {
            return Err(Refusal::Failed { reason: "the watch over queries did not start".to_owned() });
        }
        let is_long = place.is_slow();
        let is_nice = is_long && setpriority_process(Some(pid), NICENESS).is_ok();
        let state = Mutex::new(State { is_long, is_nice, ..State::default() });
        let watched = Arc::new(Watched { pid, started: Instant::now(), worked: worked(pid), place, state });
        self.shared.lock().0.push(Arc::clone(&watched));
        self.shared.news.notify_one();
        Ok(watched)
    }

    /// Watches it no longer, and tells why it was killed, if it was.
    pub(super) fn end(&self, watched: &Arc<Watched>) -> Option<Killed> {
        self.shared.lock().0.retain(|other| !Arc::ptr_eq(other, watched));
        let mut state = watched.lock();
        state.ended = true;
        state.killed.take()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().1 = true;
        self.shared.news.notify_one();
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the watch over queries panicked");
        }
    }
}
