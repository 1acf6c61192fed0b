//! Times as producers write them, to RFC 3339 in UTC. What is relative, open or a placeholder is never a date.

mod calendar;
mod duration;
mod scales;
mod span;

use crate::model::Instant;

pub use duration::seconds_of_duration;
pub use span::span;

/// The scale that a time is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum System {
    #[default]
    Utc,
    Tai,
    Tt,
    Tdb,
    /// Modified Julian Date, days of UTC.
    Mjd,
    /// Julian Date, days of UTC.
    Jd,
    /// A count of a spacecraft's clock, partition included: kept as written, never a date.
    Sclk,
    /// Nanoseconds of TT since J2000 (CDF), a whole number.
    Tt2000,
    /// Milliseconds since the year 0 (CDF), leap seconds not counted.
    CdfEpoch,
}

impl System {
    /// The name that the schema gives it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utc | Self::CdfEpoch => "UTC",
            Self::Tai => "TAI",
            Self::Tt | Self::Tt2000 => "TT",
            Self::Tdb => "TDB",
            Self::Mjd => "MJD",
            Self::Jd => "JD",
            Self::Sclk => "SCLK",
        }
    }
}

/// A time span as a document writes it. Each end has the name of its field, for findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written<'a> {
    pub start: Option<(&'static str, &'a str)>,
    pub stop: Option<(&'static str, &'a str)>,
    pub system: System,
    /// The document says that there is no end yet.
    pub open_end: bool,
    /// An ISO 8601 duration before the present, such as `-P3M`.
    pub relative_end: Option<&'a str>,
    /// An ISO 8601 duration: how exact the ends are.
    pub precision: Option<&'a str>,
    /// The standard leaves it open what a time without zone means: a finding says that it was taken as UTC.
    pub zone_unsaid: bool,
}

/// A time as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its first instant, RFC 3339 in UTC.
    pub start: String,
    /// Its last: another one when only a day, month or year was written.
    pub stop: String,
    /// Whether start is the text itself.
    pub(super) exact: bool,
    pub(super) zone_assumed: bool,
    pub(super) precision: Option<&'static str>,
}

impl Read {
    fn at(instant: Instant) -> Option<Self> {
        let start = written_out(instant)?;
        Some(Self { stop: start.clone(), start, exact: false, zone_assumed: false, precision: None })
    }
}

/// RFC 3339, for the years that it can write.
fn written_out(instant: Instant) -> Option<String> {
    let text = instant.to_string();
    Instant::parse(&text).ok().map(|_| text)
}

/// Words for "no value".
const ABSENT: &[&str] = &[
    "N/A",
    "NA",
    "UNK",
    "UNKNOWN",
    "NULL",
    "NONE",
    "NIL",
    "TBD",
    "NOT APPLICABLE",
    "NOT AVAILABLE",
    "NOT SET",
    "-",
    "--",
];

/// Whether a value stands for "no value" (PDS3 and others write one in every place).
pub fn is_absent(written: &str) -> bool {
    let text = written.trim().trim_matches(['"', '\'']);
    text.is_empty() || ABSENT.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Reads a UTC time: RFC 3339 with any zone, a date and time without zone, a day, month or year, days of the year,
/// compact forms, and names of months.
pub fn read(written: &str) -> Option<Read> {
    let text = written.trim();
    if let Ok(instant) = Instant::parse(text) {
        let exact = text == written && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
        let start = if exact { text.to_owned() } else { instant.to_string() };
        return Some(Read { stop: start.clone(), start, exact, zone_assumed: false, precision: None });
    }
    let moment = calendar::read(text)?;
    let first = Instant::from_micros(moment.micros.checked_sub(moment.zone.unwrap_or(0))?);
    let mut read = Read::at(first)?;
    read.zone_assumed = moment.has_clock && moment.zone.is_none();
    if moment.length > 0 {
        let whole_seconds = |instant: Instant| written_out(instant).map(|text| text.replace(".000000Z", "Z"));
        read.start = whole_seconds(first)?;
        read.stop = written_out(Instant::from_micros(first.micros().checked_add(moment.length)?.checked_sub(1)?))?;
        read.precision = moment.precision;
    }
    Some(read)
}

/// Reads a time of any scale.
pub fn read_in(system: System, written: &str) -> Option<Read> {
    let text = written.trim();
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    let from_tai = |tai: i64| Read::at(Instant::from_micros(scales::utc_of_tai(tai)?));
    match system {
        System::Utc => read(written),
        System::Tai => from_tai(calendar::read(text)?.micros),
        System::Tt => from_tai(scales::tai_of_tt(calendar::read(text)?.micros)?),
        System::Tdb => from_tai(scales::tai_of_tt(scales::tt_of_tdb(calendar::read(text)?.micros)?)?),
        System::Mjd => Read::at(Instant::from_micros(scales::of_mjd(number()?)?)),
        System::Jd => Read::at(Instant::from_micros(scales::of_mjd(number()? - scales::MJD_IN_JD)?)),
        System::Tt2000 => from_tai(scales::tai_of_tt2000(text.parse().ok()?)?),
        System::CdfEpoch => Read::at(Instant::from_micros(scales::of_cdf_epoch(number()?)?)),
        System::Sclk => None,
    }
}

#[cfg(test)]
mod tests;
