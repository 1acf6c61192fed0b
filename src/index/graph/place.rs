//! How many queries run at once. Short ones have places of their own that long ones cannot hold: a query that runs
//! longer needs one of a few long places, or ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The places, shared by all threads.
#[derive(Debug)]
pub(super) struct Places {
    state: Mutex<State>,
    free: Condvar,
    short: usize,
    long: usize,
    /// Most queries that wait.
    queue: usize,
}

#[derive(Debug, Default)]
struct State {
    short: usize,
    long: usize,
    waiting: usize,
}

/// A place taken; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    is_long: Mutex<bool>,
}

impl Places {
    pub(super) fn new(short: usize, long: usize, queue: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), free: Condvar::new(), short, long, queue })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a short place; none when too many wait or the patience ends.
    pub(super) fn enter(self: &Arc<Self>, patience: Duration) -> Option<Place> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        if state.short >= self.short && state.waiting >= self.queue {
            return None;
        }
        state.waiting += 1;
        while state.short >= self.short {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return None;
            }
            state = self.free.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting -= 1;
        state.short += 1;
        drop(state);
        Some(Place { places: Arc::clone(self), is_long: Mutex::new(false) })
    }
}

impl Place {
    /// Moves to a long place, if there is one.
    pub(super) fn lengthen(&self) -> bool {
        let mut is_long = self.is_long.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.places.lock();
        if *is_long || state.long >= self.places.long {
            return *is_long;
        }
        state.long += 1;
        state.short -= 1;
        *is_long = true;
        drop(state);
        self.places.free.notify_one();
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let is_long = *self.is_long.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.places.lock();
        if is_long {
            state.long -= 1;
        } else {
            state.short -= 1;
        }
        drop(state);
        self.places.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_queries_leave_the_short_places_free_up_to_a_number() {
        let places = Places::new(2, 1, 8);
        let soon = Duration::from_millis(1);
        let (first, second) = (places.enter(soon).expect("free"), places.enter(soon).expect("free"));
        assert!(places.enter(soon).is_none());
        assert!(first.lengthen() && first.lengthen());
        let third = places.enter(soon).expect("the first is long now");
        assert!(!second.lengthen(), "one long place");
        drop(first);
        assert!(third.lengthen());
        drop((second, third));
        assert!(places.enter(soon).is_some_and(|place| place.lengthen()));
    }

    #[test]
    fn who_finds_a_full_queue_is_sent_away_at_once() {
        let places = Places::new(1, 1, 0);
        let held = places.enter(Duration::from_secs(1)).expect("free");
        let before = Instant::now();
        assert!(places.enter(Duration::from_secs(60)).is_none());
        assert!(before.elapsed() < Duration::from_secs(30));
        drop(held);
        assert!(places.enter(Duration::ZERO).is_some());
    }
}
