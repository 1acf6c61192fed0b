//! Points and spans of time as the catalogue compares them, and as records write them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

/// Why a text is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no RFC 3339 date-time with a zone (such as 2019-01-02T03:04:05Z)")]
pub struct InvalidTime {
    pub given: String,
}

/// A point on the UTC time scale: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

const EPOCH: jiff::civil::DateTime = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Instant {
    /// Wraps microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 date-time (any zone, any number of fraction digits; finer than a microsecond is cut off).
    /// A leap second (`:60`) counts as the last microsecond before it ends. Years are 0000 to 9999.
    ///
    /// # Errors
    /// `InvalidTime` with what was given, cut to 200 characters.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        let refuse = || InvalidTime { given: text.chars().take(200).collect() };
        match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => Ok(Self(timestamp.as_microsecond())),
            Err(_) => Self::at_the_end(text).ok_or_else(refuse),
        }
    }

    /// The last two days of the year 9999, which clients write for "no end" and which `jiff::Timestamp` leaves out so that
    /// every zone can show what it holds.
    fn at_the_end(text: &str) -> Option<Self> {
        let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
        let (time, offset) = (pieces.time()?, pieces.to_numeric_offset()?);
        let since = pieces.date().to_datetime(time).duration_since(EPOCH);
        let micros = i64::try_from(since.as_micros()).ok()? - i64::from(offset.seconds()) * 1_000_000;
        (pieces.date().year() == 9999).then_some(Self(micros))
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, six fraction digits: `2026-11-22T08:00:00.000001Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(formatter, "{timestamp:.6}"),
            Err(_) => match EPOCH.checked_add(jiff::SignedDuration::from_micros(self.0)) {
                Ok(time) => write!(formatter, "{time:.6}Z"),
                Err(_) => write!(formatter, "{} µs", self.0),
            },
        }
    }
}

/// A range asked for: closed at both ends, open where `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeRange {
    pub start: Option<Instant>,
    pub stop: Option<Instant>,
}

/// The time of a record, as `time` holds it. `start` and `stop` are RFC 3339 in UTC; what the producer wrote, in which
/// system and how precisely, stands beside them. An end that is relative, open or a placeholder is never a date.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TimeSpan<'a> {
    #[serde(borrow)]
    pub start: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub stop: Option<Cow<'a, str>>,
    /// An ISO 8601 duration before now (`-P3M`): the end moves with the reader's clock.
    #[serde(borrow)]
    pub relative_end: Option<Cow<'a, str>>,
    pub open_end: bool,
    /// The written end stands for "none yet" (such as 2050-01-01).
    pub placeholder: bool,
}

impl TimeSpan<'_> {
    /// First and last instant for comparisons, if a start or a stop is known. A span without a usable end but with
    /// `open_end`, `relative_end` or `placeholder` reaches to the end of time; one instant is both its ends.
    pub fn bounds(&self) -> Option<(Instant, Instant)> {
        let read = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(|text| Instant::parse(text).ok());
        let unending = self.open_end || self.placeholder || self.relative_end.is_some();
        let start = read(&self.start);
        let stop = if unending { Some(Instant(i64::MAX)) } else { read(&self.stop) };
        match (start, stop) {
            (Some(start), Some(stop)) => Some((start, stop)),
            (Some(start), None) => Some((start, start)),
            (None, Some(stop)) if !unending => Some((stop, stop)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_9999_is_read_and_written_to_its_last_second() {
        for text in ["9999-12-30T21:59:59.000000Z", "9999-12-30T22:00:01.000000Z", "9999-12-31T23:59:59.000000Z"] {
            assert_eq!(Instant::parse(text).expect("a time").to_string(), text);
        }
        let early = Instant::parse("9999-12-31T23:59:59+02:00").expect("a time");
        assert_eq!(early.to_string(), "9999-12-31T21:59:59.000000Z");
        for text in ["9999-12-31", "9999-12-31T23:59:59", "10000-01-01T00:00:00Z", "9999-12-32T00:00:00Z", ""] {
            assert!(Instant::parse(text).is_err(), "{text}");
        }
    }
}
