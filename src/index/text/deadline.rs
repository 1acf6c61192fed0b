//! When a search must be over. A walk looks at the clock from time to time and ends early; whoever walked refuses to
//! answer then, because what was counted so far is no answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Candidates between two looks at the clock.
const CANDIDATES: u32 = 512;

/// The end of a search, shared by all its walks.
#[derive(Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    passed: AtomicBool,
}

impl Deadline {
    /// A search may take as long as it takes.
    pub const fn never() -> Self {
        Self { at: None, passed: AtomicBool::new(false) }
    }

    /// A search must be over by then.
    pub const fn at(at: Instant) -> Self {
        Self { at: Some(at), passed: AtomicBool::new(false) }
    }

    /// Whether a walk ended because of it.
    pub(super) fn has_passed(&self) -> bool {
        self.passed.load(Ordering::Relaxed)
    }

    /// Whether it is over: looks at the clock, and lets all walks end if so.
    pub fn look(&self) -> bool {
        if self.at.is_some_and(|at| Instant::now() >= at) {
            self.passed.store(true, Ordering::Relaxed);
        }
        self.has_passed()
    }
}

/// Counts the candidates of one walk, so that the clock is looked at once in a while.
pub(super) struct Pace<'d> {
    deadline: Option<&'d Deadline>,
    left: u32,
}

impl<'d> Pace<'d> {
    pub(super) const fn new(deadline: Option<&'d Deadline>) -> Self {
        Self { deadline, left: 0 }
    }

    /// Whether the walk must end. The first candidate looks at the clock.
    pub(super) fn is_over(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.left = CANDIDATES;
        self.deadline.is_some_and(Deadline::look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_ends_at_the_first_look_at_the_clock_behind_the_deadline() {
        let (past, never) = (Deadline::at(Instant::now()), Deadline::never());
        assert!(Pace::new(Some(&past)).is_over() && past.has_passed());
        let mut pace = Pace::new(Some(&never));
        assert!((0..10_000).all(|_| !pace.is_over()) && !never.has_passed());
    }
}
