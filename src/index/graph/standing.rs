//! What is remembered of callers and of queries for some minutes, to decide who is answered first. Knows no places and
//! no processes; forgotten with the process, and nobody is refused for what stands here.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// How long a caller or a query is remembered after it was last heard of.
const MEMORY: Duration = Duration::from_secs(600);

/// Most callers and most queries remembered: some 100 bytes each.
const MAX_REMEMBERED: usize = 4_096;

/// Time after which what somebody has used counts half.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// Who asks what, as far as places are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    /// Address of the client.
    pub caller: String,
    /// Of the text of the query.
    pub query: u64,
}

/// Who comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// The query was quick the last time, or the caller has asked quick ones and no others.
    Trusted,
    Unknown,
    /// The caller has asked queries that took long.
    Heavy,
}

#[derive(Debug, Clone, Copy)]
struct Caller {
    /// Seconds of workers, halved again and again.
    used: f64,
    heard: Instant,
    was_quick: bool,
    was_heavy: bool,
}

#[derive(Debug, Clone, Copy)]
struct Query {
    heard: Instant,
    is_quick: bool,
}

/// The memory.
#[derive(Debug, Default)]
pub(super) struct Standing {
    callers: HashMap<String, Caller>,
    queries: HashMap<u64, Query>,
    hasher: RandomState,
}

impl Standing {
    pub(super) fn request(&self, caller: &str, query: &str) -> Request {
        Request { caller: caller.to_owned(), query: self.hasher.hash_one(query) }
    }

    /// Whether this very query took long the last time.
    pub(super) fn is_heavy(&self, request: &Request, now: Instant) -> bool {
        self.query(request, now).is_some_and(|query| !query.is_quick)
    }

    pub(super) fn rank(&self, request: &Request, now: Instant) -> Rank {
        if self.query(request, now).is_some_and(|query| query.is_quick) {
            return Rank::Trusted;
        }
        match self.caller(request, now) {
            Some(caller) if caller.was_heavy => Rank::Heavy,
            Some(caller) if caller.was_quick => Rank::Trusted,
            _ => Rank::Unknown,
        }
    }

    /// Seconds of workers that the caller has used lately.
    pub(super) fn used(&self, request: &Request, now: Instant) -> f64 {
        self.caller(request, now).map_or(0.0, |caller| decayed(caller, now))
    }

    /// Notes that a query has outlasted its slice.
    pub(super) fn note_heavy(&mut self, request: &Request, now: Instant) {
        self.note_query(request, false, now);
        self.note_caller(request, 0.0, now).was_heavy = true;
    }

    /// Notes what a query has used, and whether it ended within its slice.
    pub(super) fn note_end(&mut self, request: &Request, used: Duration, is_quick: bool, now: Instant) {
        if is_quick {
            self.note_query(request, true, now);
        }
        self.note_caller(request, used.as_secs_f64(), now).was_quick |= is_quick;
    }

    fn query(&self, request: &Request, now: Instant) -> Option<&Query> {
        self.queries.get(&request.query).filter(|query| now.saturating_duration_since(query.heard) < MEMORY)
    }

    fn caller(&self, request: &Request, now: Instant) -> Option<&Caller> {
        self.callers.get(&request.caller).filter(|caller| now.saturating_duration_since(caller.heard) < MEMORY)
    }

    fn note_query(&mut self, request: &Request, is_quick: bool, now: Instant) {
        make_room(&mut self.queries, &request.query, |query| query.heard);
        self.queries.insert(request.query, Query { heard: now, is_quick });
    }

    fn note_caller(&mut self, request: &Request, used: f64, now: Instant) -> &mut Caller {
        let known = self.caller(request, now).copied();
        let mut caller = known.unwrap_or(Caller { used: 0.0, heard: now, was_quick: false, was_heavy: false });
        caller.used = decayed(&caller, now) + used;
        caller.heard = now;
        make_room(&mut self.callers, &request.caller, |caller| caller.heard);
        let kept = self.callers.entry(request.caller.clone()).or_insert(caller);
        *kept = caller;
        kept
    }
}

fn decayed(caller: &Caller, now: Instant) -> f64 {
    let idle = now.saturating_duration_since(caller.heard);
    caller.used * 0.5_f64.powf(idle.as_secs_f64() / HALF_LIFE.as_secs_f64())
}

/// Forgets the one that was not heard of for the longest time when another would be too many.
fn make_room<K: std::hash::Hash + Eq + Clone, V>(map: &mut HashMap<K, V>, key: &K, heard: impl Fn(&V) -> Instant) {
    if map.len() < MAX_REMEMBERED || map.contains_key(key) {
        return;
    }
    let oldest = map.iter().min_by_key(|(_, value)| heard(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        map.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: Duration = Duration::from_millis(10);

    #[test]
    fn quick_ones_are_trusted_and_heavy_ones_come_last() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        let good = standing.request("192.0.2.1", "ASK {}");
        let bad = standing.request("192.0.2.2", "SELECT * { ?a ?b ?c . ?d ?e ?f }");
        assert_eq!((standing.rank(&good, now), standing.rank(&bad, now)), (Rank::Unknown, Rank::Unknown));
        standing.note_end(&good, SLICE, true, now);
        standing.note_heavy(&bad, now);
        standing.note_end(&bad, SLICE, false, now);
        assert_eq!((standing.rank(&good, now), standing.rank(&bad, now)), (Rank::Trusted, Rank::Heavy));
        assert!(standing.is_heavy(&bad, now) && !standing.is_heavy(&good, now));
        // What the good one asked is quick for everybody, and what it asks next is believed to be.
        let shared = standing.request("192.0.2.2", "ASK {}");
        let next = standing.request("192.0.2.1", "SELECT * { ?s ?p 1 }");
        assert_eq!((standing.rank(&shared, now), standing.rank(&next, now)), (Rank::Trusted, Rank::Trusted));
        let another = standing.request("192.0.2.2", "SELECT * { ?s ?p 2 }");
        assert_eq!(standing.rank(&another, now), Rank::Heavy);
        let later = now + MEMORY;
        assert_eq!((standing.rank(&bad, later), standing.rank(&good, later)), (Rank::Unknown, Rank::Unknown));
        // A query that ends within its slice the next time is no longer heavy.
        standing.note_end(&bad, SLICE, true, now);
        assert!(!standing.is_heavy(&bad, now));
    }

    #[test]
    fn use_is_halved_with_time() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        let request = standing.request("192.0.2.1", "ASK {}");
        standing.note_end(&request, Duration::from_secs(8), false, now);
        assert!((standing.used(&request, now + 3 * HALF_LIFE) - 1.0).abs() < 1e-9);
        standing.note_end(&request, Duration::from_secs(1), false, now + 3 * HALF_LIFE);
        assert!((standing.used(&request, now + 3 * HALF_LIFE) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut standing, now) = (Standing::default(), Instant::now());
        for number in 0..MAX_REMEMBERED + 10 {
            let request = standing.request(&number.to_string(), &number.to_string());
            standing.note_heavy(&request, now + Duration::from_micros(number as u64));
        }
        assert_eq!((standing.callers.len(), standing.queries.len()), (MAX_REMEMBERED, MAX_REMEMBERED));
        let (first, last) = (standing.request("0", "0"), standing.request("4105", "4105"));
        assert!(!standing.is_heavy(&first, now) && standing.is_heavy(&last, now));
    }
}
