//! From when on a source is asked for changes, and the time up to which it has been asked. Times are the source's own: our
//! clock is never compared with its.

use std::time::Duration;

use crate::model::Instant;

/// What is asked for twice, beside one unit of the source's granularity: records that were committed late under an
/// earlier time.
pub const OVERLAP: Duration = Duration::from_secs(60);

/// The smallest step between two times of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Granularity {
    Day,
    #[default]
    Second,
}

impl Granularity {
    /// One step, seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Day => 86_400,
            Self::Second => 1,
        }
    }

    /// A time as this source writes it: `2026-11-22` or `2026-11-22T08:00:00Z`, cut down to the step.
    pub fn write(self, time: Instant) -> String {
        let text = time.to_string();
        match self {
            Self::Day => text.get(..10).unwrap_or_default().to_owned(),
            Self::Second => format!("{}Z", text.get(..19).unwrap_or_default()),
        }
    }
}

/// The time from which a run asks, given the checkpoint of the one before.
fn begin(checkpoint: Instant, granularity: Granularity, overlap: Duration) -> Instant {
    let overlap = i64::try_from(overlap.as_secs()).unwrap_or(i64::MAX / 2_000_000);
    let back = (granularity.seconds() + overlap).saturating_mul(1_000_000);
    Instant::from_micros(checkpoint.micros().saturating_sub(back).max(0))
}

/// What a run asks from, given the checkpoint of the one before: a time is put back by one step and the overlap, anything
/// else (a sequence) says exactly what was seen.
pub fn since(checkpoint: &str, overlap: Option<Duration>) -> String {
    let granularity = if checkpoint.len() == 10 { Granularity::Day } else { Granularity::Second };
    match read(checkpoint).filter(|_| checkpoint.len() >= 10 && checkpoint.contains('-')) {
        Some(time) => granularity.write(begin(time, granularity, overlap.unwrap_or(OVERLAP))),
        None => checkpoint.to_owned(),
    }
}

/// A time as sources write it: RFC 3339, or a day alone.
pub fn read(text: &str) -> Option<Instant> {
    let text = text.trim();
    match text.len() {
        10 => Instant::parse(&format!("{text}T00:00:00Z")).ok(),
        _ => Instant::parse(text).or_else(|_| Instant::parse(&format!("{text}Z"))).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(checkpoint: &str, overlap: Option<u64>, expected: &str) {
        assert_eq!(since(checkpoint, overlap.map(Duration::from_secs)), expected, "{checkpoint}");
    }

    #[test]
    fn a_run_asks_from_a_little_before_the_last_one() {
        check("2026-11-22T08:00:00Z", None, "2026-11-22T07:58:59Z");
        check("2026-11-22T08:00:00.5+01:00", Some(0), "2026-11-22T06:59:59Z");
        check("2026-11-22", None, "2026-11-20");
        check("2026-11-22", Some(86_400), "2026-11-20");
        check("1970-01-01T00:00:05Z", None, "1970-01-01T00:00:00Z");
        check("2026-11-22T08:00:00Z", Some(u64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_sequence_says_exactly_what_was_seen() {
        for checkpoint in ["", "48151", "2026112208", "a-b-c-d-e-f", "20261122T080000Z"] {
            check(checkpoint, None, checkpoint);
        }
    }
}
