//! Where a snapshot of the log ends, and which sequences a period of time has. Event times are unique and ascend with the
//! sequence, so both are found by halving.

use crate::catalogue::{Catalogue, Error, now};
use crate::index::Projection;
use crate::model::Instant;

const SECOND: i64 = 1_000_000;

/// A state of the catalogue that whoever harvests can walk through, however long it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// Last sequence of the snapshot; 0 for none.
    pub sequence: u64,
    /// Everything before this whole second is in the snapshot. Whoever asks later for what changed since then misses
    /// nothing.
    pub time: Instant,
}

impl Catalogue {
    /// The newest snapshot: events that are older than the running second. In the running second more may come, and
    /// times are told in seconds.
    ///
    /// # Errors
    /// When the archive or the records index cannot be read.
    pub fn horizon(&self) -> Result<Horizon, Error> {
        self.check_ready()?;
        let now = now();
        let settled = self.pulse.settled(now);
        let last = self.readable();
        let mut time = whole_second(settled);
        if self.pulse.copies() {
            // A mirror cannot know what its source has registered since: what comes is later than what is here, and may be of
            // the same second. All that is here is told, and the second of the last event once more to who asks since then.
            let time = time.min(whole_second(self.time_of(last)?));
            return Ok(Horizon { sequence: last, time });
        }
        if self.archive.last_sequence() > last {
            // What is committed and not readable yet came after what is.
            time = time.min(whole_second(self.time_of(last)?));
        }
        Ok(Horizon { sequence: self.last_before(time, last)?, time })
    }

    /// Last sequence that can be read.
    pub fn readable(&self) -> u64 {
        self.records.position()
    }

    /// Told whenever more can be read.
    pub fn follow(&self) -> tokio::sync::watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    /// First and last sequence of the events from a time on (inclusive) and before another, up to `last`. There are none
    /// where the first is greater than the last.
    ///
    /// # Errors
    /// When the archive or the records index cannot be read.
    pub fn sequences(&self, from: Option<Instant>, before: Option<Instant>, last: u64) -> Result<(u64, u64), Error> {
        let first = from.map_or(Ok(1), |from| self.last_before(from, last).map(|sequence| sequence + 1))?;
        let last = before.map_or(Ok(last), |before| self.last_before(before, last))?;
        Ok((first, last))
    }

    /// Time of the first event, a whole second; none in an empty catalogue.
    ///
    /// # Errors
    /// When the archive or the records index cannot be read.
    pub fn earliest(&self) -> Result<Option<Instant>, Error> {
        if self.readable() == 0 {
            return Ok(None);
        }
        self.time_of(1).map(|time| Some(whole_second(time)))
    }

    /// Time of an event; the beginning of time for sequence 0.
    ///
    /// # Errors
    /// When the archive or the records index cannot be read.
    pub fn time_of(&self, sequence: u64) -> Result<Instant, Error> {
        if sequence == 0 {
            return Ok(Instant::from_micros(0));
        }
        let (event, _) = self.event_at(sequence)?;
        Instant::parse(&event.time).map_err(Error::internal("reading the time of an event"))
    }

    /// Last sequence, of those up to `last`, whose event is older than a time; 0 where none is.
    fn last_before(&self, time: Instant, last: u64) -> Result<u64, Error> {
        if last == 0 || self.time_of(last)? < time {
            return Ok(last);
        }
        // The event at `low` is older, the one at `high` is not.
        let (mut low, mut high) = (0, last);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.time_of(middle)? < time {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

/// The whole second that a time is in.
pub fn whole_second(time: Instant) -> Instant {
    Instant::from_micros(time.micros().div_euclid(SECOND) * SECOND)
}

/// A time as protocols write it whose finest unit is the second: `2026-11-22T08:00:00Z`.
pub fn to_second(time: &str) -> String {
    time.get(..19).map_or_else(|| time.to_owned(), |seconds| format!("{seconds}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_of_a_second_are_cut_off() {
        let time = Instant::parse("2026-11-22T08:00:00.999999Z").expect("a time");
        assert_eq!(to_second(&whole_second(time).to_string()), "2026-11-22T08:00:00Z");
        assert_eq!(whole_second(Instant::from_micros(-1)), Instant::from_micros(-1_000_000));
    }
}
