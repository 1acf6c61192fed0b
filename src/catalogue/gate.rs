//! How many searches run at once: each may hold a core and some memory for seconds, so the others wait, and not for ever.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Error;

/// Searches at once for each core.
const PER_CORE: usize = 4;
/// Searches that may wait; more are sent away at once.
const MAX_WAITING: usize = 256;
/// Longest wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lets so many in at a time.
#[derive(Debug)]
pub struct Gate {
    places: usize,
    state: Mutex<State>,
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    inside: usize,
    waiting: usize,
}

/// A place behind the gate; leaving gives it to the next.
#[derive(Debug)]
pub struct Pass<'g>(&'g Gate);

impl Gate {
    /// A gate for searches on this many cores.
    pub fn for_cores(cores: usize) -> Self {
        Self::new(cores.max(1) * PER_CORE)
    }

    pub(super) fn new(places: usize) -> Self {
        Self { places, state: Mutex::default(), left: Condvar::new() }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// `Unavailable` when too many wait, or when it takes too long.
    pub fn enter(&self) -> Result<Pass<'_>, Error> {
        self.enter_within(PATIENCE)
    }

    /// As `enter`, waiting for so long.
    pub(super) fn enter_within(&self, patience: Duration) -> Result<Pass<'_>, Error> {
        let refused = |reason: String| Err(Error::Unavailable { reason });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.inside >= self.places && state.waiting >= MAX_WAITING {
            return refused(format!("{} run and {MAX_WAITING} wait", self.places));
        }
        let until = Instant::now() + patience;
        state.waiting += 1;
        while state.inside >= self.places {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return refused(format!("{} searches run; none ended in {} s", self.places, patience.as_secs()));
            }
            state = self.left.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting -= 1;
        state.inside += 1;
        Ok(Pass(self))
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).inside -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_there_are_places_waits_until_one_leaves() {
        let gate = Gate::new(2);
        let first = gate.enter().expect("a place");
        let _second = gate.enter().expect("a place");
        assert!(matches!(gate.enter_within(Duration::ZERO), Err(Error::Unavailable { .. })));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.enter().map(drop));
            drop(first);
            waiting.join().expect("no panic").expect("a place");
        });
        assert!(gate.enter_within(Duration::ZERO).is_ok());
    }

    #[test]
    fn who_finds_too_many_waiting_is_sent_away_at_once() {
        let gate = Gate::new(1);
        let _inside = gate.enter().expect("a place");
        gate.state.lock().expect("not poisoned").waiting = MAX_WAITING;
        let started = Instant::now();
        assert!(matches!(gate.enter(), Err(Error::Unavailable { .. })));
        assert!(started.elapsed() < PATIENCE);
    }
}
