//! Random numbers of the deterministic profile, and its clock. Part of what a recipe means: neither may ever change
//! under the name of this profile.

use crate::codec::Sha256Hasher;

/// Begins what is digested, so that the stream is that of no other purpose.
const DOMAIN: &[u8] = b"perennial/random/1";

/// `sha256-counter/1`: block i is SHA-256 of the domain, the seed and i, both as 8 bytes, lowest first; blocks are
/// used up byte by byte in order.
pub(super) struct Chance {
    seed: u64,
    next_block: u64,
    block: [u8; 32],
    used: usize,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, next_block: 0, block: [0; 32], used: 32 }
    }

    pub(super) fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            if self.used >= self.block.len() {
                self.refill();
            }
            *byte = self.block.get(self.used).copied().unwrap_or_default();
            self.used += 1;
        }
    }

    fn refill(&mut self) {
        let mut hasher = Sha256Hasher::default();
        hasher.update(DOMAIN);
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&self.next_block.to_le_bytes());
        self.block = *hasher.finish().as_bytes();
        self.next_block += 1;
        self.used = 0;
    }
}

/// What a look at the monotonic clock moves it on by, nanoseconds: loops that wait for it end.
const STEP_NS: u64 = 1_000;

/// Both clocks. Time of day stands still but for what the program slept; the monotonic one moves on with every look.
pub(super) struct Clock {
    start_ns: u64,
    slept_ns: u64,
    looks: u64,
}

impl Clock {
    pub(super) fn new(start_ns: u64) -> Self {
        Self { start_ns, slept_ns: 0, looks: 0 }
    }

    pub(super) fn time_of_day(&self) -> u64 {
        self.start_ns.saturating_add(self.slept_ns)
    }

    /// Starts at 0.
    pub(super) fn monotonic(&mut self) -> u64 {
        self.looks += 1;
        self.monotonic_now()
    }

    /// The monotonic clock without moving it on.
    pub(super) fn monotonic_now(&self) -> u64 {
        self.slept_ns.saturating_add(self.looks.saturating_mul(STEP_NS))
    }

    /// A sleep ends at once; the clocks say that it was one.
    pub(super) fn sleep(&mut self, ns: u64) {
        self.slept_ns = self.slept_ns.saturating_add(ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_of_a_seed_is_for_ever() {
        let mut all = [0u8; 48];
        Chance::new(7).fill(&mut all);
        let (mut first, mut second) = ([0u8; 5], [0u8; 43]);
        let mut chance = Chance::new(7);
        chance.fill(&mut first);
        chance.fill(&mut second);
        assert_eq!([first.as_slice(), second.as_slice()].concat(), all, "in whatever pieces it is taken");
        // python3: list(sha256(b"perennial/random/1" + (7).to_bytes(8, "little") + bytes(8)).digest()[:8])
        assert_eq!(all[..8], [129, 199, 152, 250, 69, 79, 19, 30]);
        let mut other = [0u8; 48];
        Chance::new(8).fill(&mut other);
        assert_ne!(all, other);
    }

    #[test]
    fn sleeping_moves_both_clocks_and_looking_only_one() {
        let mut clock = Clock::new(50);
        assert_eq!((clock.time_of_day(), clock.monotonic(), clock.monotonic()), (50, 1_000, 2_000));
        clock.sleep(10);
        assert_eq!((clock.time_of_day(), clock.monotonic()), (60, 3_010));
        clock.sleep(u64::MAX);
        assert_eq!(clock.time_of_day(), u64::MAX);
    }
}
