//! What the writer tells those who follow the log: that it is writing since some time, and how far it got.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use tokio::sync::watch;

use crate::model::Instant;

/// Nobody writes.
const IDLE: i64 = i64::MAX;

/// Shared by the writer and those who follow the log.
#[derive(Debug)]
pub struct Pulse {
    /// Microseconds since 1970: events with times from then on may be committed and not yet readable.
    writing_since: AtomicI64,
    /// Lines come from another archive, with the times that they have there.
    copies: AtomicBool,
    readable: watch::Sender<u64>,
}

impl Pulse {
    /// Nobody writes, and the log is readable to this sequence.
    pub fn new(readable: u64) -> Self {
        Self {
            writing_since: AtomicI64::new(IDLE),
            copies: AtomicBool::new(false),
            readable: watch::Sender::new(readable),
        }
    }

    /// From now on events get times.
    pub fn begin(&self, now: Instant) {
        self.writing_since.store(now.micros(), Ordering::SeqCst);
    }

    /// All events that have times can be read, or were never committed.
    pub fn end(&self, readable: u64) {
        self.writing_since.store(IDLE, Ordering::SeqCst);
        self.readable.send_replace(readable);
    }

    /// The time before which no event can come any more, if it is `now`. To be asked with a time that was read before.
    pub fn settled(&self, now: Instant) -> Instant {
        Instant::from_micros(now.micros().min(self.writing_since.load(Ordering::SeqCst)))
    }

    /// From now on lines come that are older than when they come.
    pub fn note_copies(&self) {
        self.copies.store(true, Ordering::SeqCst);
    }

    /// Whether lines come with times of another archive, which says nothing of when they come here.
    pub fn copies(&self) -> bool {
        self.copies.load(Ordering::SeqCst)
    }

    /// Says when more can be read.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.readable.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_somebody_writes_nothing_later_is_settled() {
        let pulse = Pulse::new(7);
        let at = Instant::from_micros;
        assert_eq!(pulse.settled(at(50)), at(50));
        pulse.begin(at(60));
        assert_eq!((pulse.settled(at(55)), pulse.settled(at(99))), (at(55), at(60)));
        pulse.end(9);
        assert_eq!((pulse.settled(at(99)), *pulse.subscribe().borrow()), (at(99), 9));
    }
}
