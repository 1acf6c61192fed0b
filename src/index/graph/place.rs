//! Who is evaluated, and who waits. Every query has a short slice in the fast lane first; one that outlasts it, or did so
//! before, needs one of a few places in the slow lane. Knows no processes: it hands out places.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::standing::{Rank, Request, Standing};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Fast,
    Slow,
}

/// How many there are of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub fast: usize,
    pub slow: usize,
    /// Most queries that wait.
    pub queue: usize,
}

/// Fast places that only trusted requests take.
const RESERVED: usize = 1;

/// The places, shared by all threads.
#[derive(Debug)]
pub(super) struct Places {
    state: Mutex<State>,
    sizes: Sizes,
}

#[derive(Debug, Default)]
struct State {
    fast: usize,
    slow: usize,
    waiting: Vec<Waiting>,
    standing: Standing,
    /// Slow places that are being given up for somebody else.
    given_up: usize,
    /// Of the next one that waits.
    ticket: u64,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    request: Request,
    /// It has had its slice.
    is_slow: bool,
    grant: SyncSender<Lane>,
}

/// A place taken; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    request: Request,
    since: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    lane: Lane,
    was_heavy: bool,
    is_given_up: bool,
    /// Of the time in this place, what counts as quick.
    slice: Duration,
}

impl State {
    fn lane(&self, waiting: &Waiting, now: Instant) -> Lane {
        if waiting.is_slow || self.standing.is_heavy(&waiting.request, now) { Lane::Slow } else { Lane::Fast }
    }

    /// Smaller comes first: the better rank, then who has used less, then who came first.
    fn turn(&self, waiting: &Waiting, now: Instant) -> (Rank, u64, u64) {
        let tenths = (self.standing.used(&waiting.request, now) * 10.0) as u64;
        (self.standing.rank(&waiting.request, now), tenths, waiting.ticket)
    }

    /// Gives free places to those whose turn it is.
    fn dispatch(&mut self, sizes: &Sizes, now: Instant) {
        while let Some((ticket, lane)) = self.next(sizes, now) {
            let Some(index) = self.waiting.iter().position(|waiting| waiting.ticket == ticket) else { return };
            let waiting = self.waiting.swap_remove(index);
            // The channel has room for the one message that it ever gets.
            if waiting.grant.try_send(lane).is_ok() {
                *self.taken(lane) += 1;
            }
        }
    }

    fn next(&self, sizes: &Sizes, now: Instant) -> Option<(u64, Lane)> {
        let free_slow = sizes.slow.saturating_sub(self.slow);
        let free_fast = sizes.fast.saturating_sub(self.fast);
        if self.waiting.is_empty() || free_slow + free_fast == 0 {
            return None;
        }
        let can_start = |waiting: &&Waiting| match self.lane(waiting, now) {
            Lane::Slow => free_slow > 0,
            Lane::Fast if free_fast > RESERVED => true,
            Lane::Fast => free_fast > 0 && self.standing.rank(&waiting.request, now) == Rank::Trusted,
        };
        let first = self.waiting.iter().filter(can_start).min_by_key(|waiting| self.turn(waiting, now))?;
        Some((first.ticket, self.lane(first, now)))
    }

    fn taken(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Fast => &mut self.fast,
            Lane::Slow => &mut self.slow,
        }
    }

    /// Sends away the last in turn when too many wait.
    fn bound(&mut self, queue: usize, now: Instant) {
        while self.waiting.len() > queue {
            let last = (0..self.waiting.len()).max_by_key(|index| {
                let waiting = self.waiting.get(*index);
                waiting.map(|waiting| (self.lane(waiting, now) == Lane::Slow, self.turn(waiting, now)))
            });
            let Some(last) = last else { return };
            // Its channel closes.
            self.waiting.swap_remove(last);
        }
    }
}

impl Places {
    pub(super) fn new(sizes: Sizes) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), sizes })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn request(&self, caller: &str, query: &str) -> Request {
        self.lock().standing.request(caller, query)
    }

    /// Waits for a place; none when the patience ends or others come first in a full queue. What has had its slice
    /// without an end waits for a slow one.
    pub(super) fn enter(
        self: &Arc<Self>,
        request: &Request,
        is_slow: bool,
        slice: Duration,
        deadline: Instant,
    ) -> Option<Place> {
        let (grant, granted) = sync_channel(1);
        let now = Instant::now();
        let mut state = self.lock();
        let ticket = state.ticket;
        state.ticket += 1;
        state.waiting.push(Waiting { ticket, request: request.clone(), is_slow, grant });
        state.dispatch(&self.sizes, now);
        state.bound(self.sizes.queue, now);
        drop(state);
        let lane = match granted.recv_timeout(deadline.saturating_duration_since(now)) {
            Ok(lane) => lane,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                self.lock().waiting.retain(|waiting| waiting.ticket != ticket);
                // It may have been granted in the last moment.
                granted.try_recv().ok()?
            }
        };
        let inner = Mutex::new(Inner { lane, was_heavy: false, is_given_up: false, slice });
        Some(Place { places: Arc::clone(self), request: request.clone(), since: Instant::now(), inner })
    }

    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

impl Place {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_slow(&self) -> bool {
        self.inner().lane == Lane::Slow
    }

    /// Notes that the query takes long, and moves it to a slow place if one is free; tells whether it has one now.
    pub(super) fn lengthen(&self) -> bool {
        self.note_heavy();
        let mut inner = self.inner();
        let mut state = self.places.lock();
        if inner.lane == Lane::Slow || state.slow >= self.places.sizes.slow {
            return inner.lane == Lane::Slow;
        }
        state.slow += 1;
        state.fast -= 1;
        inner.lane = Lane::Slow;
        state.dispatch(&self.places.sizes, Instant::now());
        true
    }

    /// Notes that the query is one of those that take long, or much memory.
    pub(super) fn note_heavy(&self) {
        let mut inner = self.inner();
        if !inner.was_heavy {
            inner.was_heavy = true;
            self.places.lock().standing.note_heavy(&self.request, Instant::now());
        }
    }

    /// Gives the slow place up if somebody else waits for one who has used less than a third of what this caller has.
    /// The query is to be ended then.
    pub(super) fn give_up(&self) -> bool {
        let now = Instant::now();
        let mut inner = self.inner();
        let mut state = self.places.lock();
        let used = state.standing.used(&self.request, now) + self.since.elapsed().as_secs_f64();
        let is_lighter = |waiting: &&Waiting| {
            waiting.request.caller != self.request.caller
                && state.lane(waiting, now) == Lane::Slow
                && state.standing.used(&waiting.request, now) * 3.0 < used
        };
        let wanted = state.waiting.iter().filter(is_lighter).count();
        if wanted > state.given_up && !inner.is_given_up {
            inner.is_given_up = true;
            state.given_up += 1;
        }
        inner.is_given_up
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (now, used) = (Instant::now(), self.since.elapsed());
        let inner = self.inner();
        let is_quick = !inner.was_heavy && used < inner.slice;
        let mut state = self.places.lock();
        *state.taken(inner.lane) -= 1;
        state.given_up -= usize::from(inner.is_given_up);
        state.standing.note_end(&self.request, used, is_quick, now);
        state.dispatch(&self.places.sizes, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_secs(60);

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(1)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    fn places(fast: usize, slow: usize, queue: usize) -> Arc<Places> {
        Places::new(Sizes { fast: fast + RESERVED, slow, queue })
    }

    #[test]
    fn long_queries_leave_the_fast_places_free_up_to_a_number() {
        let places = places(2, 1, 8);
        let request = |number: usize| places.request("192.0.2.1", &number.to_string());
        let enter = |number, until| places.enter(&request(number), false, SLICE, until);
        let (first, second) = (enter(1, soon()).expect("free"), enter(2, soon()).expect("free"));
        assert!(enter(3, soon()).is_none(), "the last one is reserved");
        assert!(first.lengthen() && first.lengthen() && first.is_slow());
        let third = enter(3, soon()).expect("the first is slow now");
        assert!(!second.lengthen(), "one slow place");
        assert!(enter(1, soon()).is_none(), "it has been slow, and waits for a slow place");
        drop(first);
        assert!(third.lengthen());
        drop((second, third));
        assert!(enter(1, soon()).is_some_and(|place| place.is_slow()));
    }

    #[test]
    fn the_reserved_place_is_for_those_who_were_quick() {
        let places = places(1, 1, 8);
        let (good, bad) = (places.request("192.0.2.1", "quick"), places.request("192.0.2.2", "unknown"));
        drop(places.enter(&good, false, SLICE, soon()).expect("free"));
        let held = places.enter(&bad, false, SLICE, soon()).expect("free");
        assert!(places.enter(&bad, false, SLICE, soon()).is_none());
        let next = places.request("192.0.2.1", "another of the same caller");
        assert!(places.enter(&next, false, SLICE, soon()).is_some());
        let same = places.request("192.0.2.2", "quick");
        assert!(places.enter(&same, false, SLICE, soon()).is_some());
        drop(held);
    }

    #[test]
    fn who_has_used_least_comes_first_and_a_full_queue_sends_away_the_last() {
        let places = places(1, 1, 2);
        let held = places.enter(&places.request("192.0.2.9", "held"), true, SLICE, soon()).expect("free");
        assert!(held.is_slow());
        let heavy = places.request("192.0.2.1", "heavy");
        places.lock().standing.note_end(&heavy, Duration::from_secs(5), false, Instant::now());
        let light = places.request("192.0.2.2", "light");
        let order = Mutex::new(Vec::new());
        let note = |request: &Request, name: &'static str| {
            let place = places.enter(request, true, SLICE, late());
            order.lock().expect("not poisoned").push(if place.is_some() { name } else { "sent away" });
        };
        std::thread::scope(|scope| {
            for (number, request) in [&heavy, &heavy, &light].into_iter().enumerate() {
                let name = if number < 2 { "heavy" } else { "light" };
                let note = &note;
                scope.spawn(move || note(request, name));
                while places.lock().ticket < number as u64 + 2 {
                    std::thread::yield_now();
                }
            }
            while places.waiting() > 2 {
                std::thread::yield_now();
            }
            // The light one waits, and the heavy one is heavier than whoever holds it.
            assert!(held.give_up() && held.give_up());
            while order.lock().expect("not poisoned").is_empty() {
                std::thread::yield_now();
            }
            drop(held);
        });
        assert_eq!(*order.lock().expect("not poisoned"), ["sent away", "light", "heavy"]);
    }

    #[test]
    fn who_finds_a_full_queue_is_sent_away_at_once() {
        let places = places(1, 1, 0);
        let request = places.request("192.0.2.1", "x");
        let held = places.enter(&request, false, SLICE, late()).expect("free");
        let before = Instant::now();
        assert!(places.enter(&request, false, SLICE, late()).is_none());
        assert!(before.elapsed() < Duration::from_secs(30));
        drop(held);
        assert!(places.enter(&request, false, SLICE, soon()).is_some());
    }
}
