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
        text.parse::<jiff::Timestamp>().map(|timestamp| Self(timestamp.as_microsecond())).map_err(|_| refuse())
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC, six fraction digits: `2026-11-22T08:00:00.000001Z`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => write!(formatter, "{timestamp:.6}"),
            Err(_) => write!(formatter, "{} µs", self.0),
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
