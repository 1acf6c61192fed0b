//! Watches running workers, and kills those that take too long or too much memory, or that are long when there is no
//! place for long ones. One thread for all of them.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, setpriority_process};

use super::error::Refusal;
use super::place::Place;
use super::pool::Limits;
use super::process::memory_of;

/// How often running workers are looked at. One that takes memory as fast as it can gets some 50 MB in this time.
const INTERVAL: Duration = Duration::from_millis(20);

/// When a worker stands back, and how far: queries that take a few milliseconds come first.
const STAND_BACK_AFTER: Duration = Duration::from_millis(50);
const NICENESS: i32 = 15;

/// A query that runs.
#[derive(Debug)]
pub(super) struct Watched {
    pid: Pid,
    started: Instant,
    place: Place,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_long: bool,
    is_nice: bool,
    /// The worker may be waited for, and its number given to another process.
    ended: bool,
    killed: Option<Refusal>,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
            return self.kill(&mut state, Refusal::TooLong { seconds: limits.time.as_secs() });
        }
        if memory_of(self.pid) > limits.memory {
            return self.kill(&mut state, Refusal::TooMuchMemory { mebibytes: limits.memory >> 20 });
        }
        if elapsed > STAND_BACK_AFTER && !state.is_nice {
            // Where this is not allowed, it competes with the others.
            state.is_nice = setpriority_process(Some(self.pid), NICENESS).is_ok();
        }
        if elapsed <= limits.long_after || state.is_long {
            return;
        }
        if !self.place.lengthen() {
            let reason = "the query takes long, and as many long ones as may run are running; ask again later";
            return self.kill(&mut state, Refusal::Busy { reason: reason.to_owned() });
        }
        state.is_long = true;
    }

    fn kill(&self, state: &mut State, why: Refusal) {
        state.killed = Some(why);
        // It may have ended by itself meanwhile; nobody waits for it before `ended` is set, so the number is still its own.
        let _ = kill_process(self.pid, Signal::KILL);
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
        let watched = Arc::new(Watched { pid, started: Instant::now(), place, state: Mutex::default() });
        self.shared.lock().0.push(Arc::clone(&watched));
        self.shared.news.notify_one();
        Ok(watched)
    }

    /// Watches it no longer, and tells why it was killed, if it was.
    pub(super) fn end(&self, watched: &Arc<Watched>) -> Option<Refusal> {
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
