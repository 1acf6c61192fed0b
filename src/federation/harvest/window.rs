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
pub fn begin(checkpoint: Instant, granularity: Granularity) -> Instant {
    let back = (granularity.seconds() + OVERLAP.as_secs().cast_signed()) * 1_000_000;
    Instant::from_micros(checkpoint.micros().saturating_sub(back).max(0))
}

/// Up to when the source has been asked: the time that it stated when the run began; failing that the latest time among
/// its records. Never earlier than the checkpoint before.
pub fn reached(stated: Option<Instant>, latest: Option<Instant>, before: Option<Instant>) -> Option<Instant> {
    stated.or(latest).max(before)
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

    fn at(text: &str) -> Instant {
        read(text).expect("a time")
    }

    #[test]
    fn a_run_asks_from_a_little_before_the_last_one() {
        let checkpoint = at("2026-11-22T08:00:00Z");
        assert_eq!(Granularity::Second.write(begin(checkpoint, Granularity::Second)), "2026-11-22T07:58:59Z");
        assert_eq!(Granularity::Day.write(begin(checkpoint, Granularity::Day)), "2026-11-21");
        assert_eq!(begin(Instant::from_micros(5), Granularity::Day), Instant::from_micros(0));
    }

    #[test]
    fn a_checkpoint_is_the_source_s_time_and_never_goes_back() {
        let (early, late) = (Some(at("2026-11-22")), Some(at("2026-11-23T01:02:03.5+01:00")));
        assert_eq!(reached(early, late, None), early);
        assert_eq!(reached(None, late, early), late);
        assert_eq!(reached(early, None, late), late);
        assert_eq!(reached(None, None, early), early);
        assert_eq!(reached(None, None, None), None);
    }
}
