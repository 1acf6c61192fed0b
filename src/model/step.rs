//! Steps of the calendar, in UTC: into which year, month, week or hour an instant falls, and when the next one begins.

use std::fmt;

use super::time::Instant;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// 1969-12-29, a Monday: where weeks are counted from (ISO 8601).
const FIRST_MONDAY: i64 = -3 * DAY;

/// Longest step: 10,000 years, in months and in microseconds.
const MAX_MONTHS: u32 = 120_000;
const MAX_MICROS: i64 = 3_652_425 * DAY;

/// A step of whole months, counted from the year 0, or of a fixed length, counted from 1970-01-01 (weeks from a Monday).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStep {
    /// From 1 to 120,000.
    Months(u32),
    /// Microseconds, above 0.
    Micros(i64),
}

/// Why a text is no step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{given:?} is no step: second, minute, hour, day, week, month, quarter, year, decade or a duration such as P30D, PT6H, P3M"
)]
pub struct InvalidStep {
    pub given: String,
}

/// Names and the customary steps among which one is chosen by itself, shortest first.
const NAMED: &[(&str, TimeStep)] = &[
    ("second", TimeStep::Micros(SECOND)),
    ("minute", TimeStep::Micros(MINUTE)),
    ("hour", TimeStep::Micros(HOUR)),
    ("day", TimeStep::Micros(DAY)),
    ("week", TimeStep::Micros(WEEK)),
    ("month", TimeStep::Months(1)),
    ("quarter", TimeStep::Months(3)),
    ("year", TimeStep::Months(12)),
    ("decade", TimeStep::Months(120)),
    ("century", TimeStep::Months(1_200)),
];

impl TimeStep {
    /// Reads a name (`month`) or an ISO 8601 duration either of years and months or of weeks, days, hours, minutes and
    /// seconds, in whole numbers.
    ///
    /// # Errors
    /// `InvalidStep` for anything else, for zero and for more than 10,000 years.
    pub fn parse(text: &str) -> Result<Self, InvalidStep> {
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, step)| *step);
        let step = named.or_else(|| duration(&text.to_ascii_uppercase()));
        step.ok_or_else(|| InvalidStep { given: text.chars().take(100).collect() })
    }

    /// The shortest customary step with which a span has at most so many buckets; the longest if none has.
    pub fn fitting(first: Instant, last: Instant, buckets: usize) -> Self {
        let customary = NAMED.iter().map(|(_, step)| *step);
        let fits = |step: &Self| step.count(first, last) <= buckets as u64;
        customary.into_iter().find(fits).unwrap_or(Self::Months(1_200))
    }

    /// Buckets from that of one instant to that of another, both included.
    fn count(self, first: Instant, last: Instant) -> u64 {
        self.index(last).abs_diff(self.index(first)) + 1
    }

    /// The number of the bucket that an instant falls into; consecutive.
    pub fn index(self, instant: Instant) -> i64 {
        match self {
            Self::Months(months) => months_of(instant).div_euclid(i64::from(months.max(1))),
            Self::Micros(micros) => (instant.micros() - origin(micros)).div_euclid(micros.max(1)),
        }
    }

    /// When the bucket of this number begins.
    pub fn start(self, index: i64) -> Instant {
        Instant::from_micros(match self {
            Self::Months(months) => first_of_month(index.saturating_mul(i64::from(months))),
            Self::Micros(micros) => index.saturating_mul(micros).saturating_add(origin(micros)),
        })
    }
}

impl fmt::Display for TimeStep {
    /// As an ISO 8601 duration.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Months(months) if months % 12 == 0 => write!(formatter, "P{}Y", months / 12),
            Self::Months(months) => write!(formatter, "P{months}M"),
            Self::Micros(micros) if micros % DAY == 0 => write!(formatter, "P{}D", micros / DAY),
            Self::Micros(micros) if micros % HOUR == 0 => write!(formatter, "PT{}H", micros / HOUR),
            Self::Micros(micros) if micros % MINUTE == 0 => write!(formatter, "PT{}M", micros / MINUTE),
            Self::Micros(micros) => write!(formatter, "PT{}S", micros / SECOND),
        }
    }
}

fn origin(micros: i64) -> i64 {
    if micros % WEEK == 0 { FIRST_MONDAY } else { 0 }
}

fn duration(text: &str) -> Option<TimeStep> {
    let (date, time) = text.strip_prefix('P')?.split_once('T').unwrap_or((text.strip_prefix('P')?, ""));
    if text.ends_with('T') {
        return None;
    }
    let months = units(date, &[('Y', 12), ('M', 1)]).filter(|_| time.is_empty());
    if let Some(months) = months {
        return u32::try_from(months).ok().filter(|months| (1..=MAX_MONTHS).contains(months)).map(TimeStep::Months);
    }
    let days = units(date, &[('W', WEEK), ('D', DAY)])?;
    let micros = days.checked_add(units(time, &[('H', HOUR), ('M', MINUTE), ('S', SECOND)])?)?;
    (1..=MAX_MICROS).contains(&micros).then_some(TimeStep::Micros(micros))
}

/// Sum of whole numbers, each before its unit, units in this order; an empty text is zero.
fn units(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let (mut rest, mut total, mut next) = (text, 0i64, units);
    while !rest.is_empty() {
        let end = rest.find(|sign: char| !sign.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(end)?;
        let sign = behind.chars().next()?;
        let at = next.iter().position(|(unit, _)| *unit == sign)?;
        let (_, size) = next.get(at)?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(*size)?)?;
        next = next.get(at + 1..)?;
        rest = behind.get(1..)?;
    }
    Some(total)
}

/// Months since January of the year 0 (Gregorian calendar), after Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms".
fn months_of(instant: Instant) -> i64 {
    let days = instant.micros().div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // March is month 0 of such a year.
    let shifted = (5 * day_of_year + 2) / 153;
    (year_of_era + era * 400) * 12 + shifted + 2
}

fn first_of_month(months: i64) -> i64 {
    let march = months.saturating_sub(2);
    let (year, shifted) = (march.div_euclid(12), march.rem_euclid(12));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * shifted + 2) / 5;
    (era.saturating_mul(146_097) + day_of_era - 719_468).saturating_mul(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).expect("an instant")
    }

    #[test]
    fn an_instant_falls_into_the_bucket_that_begins_at_or_before_it() {
        let cases = [
            ("month", "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            ("quarter", "2023-12-31T00:00:00Z", "2023-10-01T00:00:00Z", "2024-01-01T00:00:00Z"),
            ("year", "1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "1901-01-01T00:00:00Z"),
            ("decade", "1969-12-31T23:59:59.999999Z", "1960-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("week", "2026-11-22T10:00:00Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"),
            ("P30D", "1970-01-31T00:00:00Z", "1970-01-31T00:00:00Z", "1970-03-02T00:00:00Z"),
            ("pt6h", "1969-12-31T23:00:00Z", "1969-12-31T18:00:00Z", "1970-01-01T00:00:00Z"),
            ("P1Y6M", "0000-06-30T00:00:00Z", "0000-01-01T00:00:00Z", "0001-07-01T00:00:00Z"),
            ("day", "9999-12-28T22:00:00Z", "9999-12-28T00:00:00Z", "9999-12-29T00:00:00Z"),
        ];
        for (step, instant, from, to) in cases {
            let step = TimeStep::parse(step).expect("a step");
            let index = step.index(at(instant));
            assert_eq!((step.start(index), step.start(index + 1)), (at(from), at(to)), "{step} {instant}");
        }
    }

    #[test]
    fn every_month_of_twelve_thousand_years_begins_in_itself() {
        for index in -24_000..120_000 {
            let step = TimeStep::Months(1);
            let start = step.start(index);
            assert_eq!(step.index(start), index);
            assert_eq!(step.index(Instant::from_micros(start.micros() - 1)), index - 1);
        }
    }

    #[test]
    fn what_is_no_step_is_refused() {
        let far = "P99999999999999999999D";
        for text in
            ["", "P", "PT", "P1", "P0D", "P1M1D", "1D", "P1DT", "fortnight", "-P1D", "P1.5D", "P1D1W", far, "P20000Y"]
        {
            assert!(TimeStep::parse(text).is_err(), "{text}");
        }
        for text in ["P30D", "PT1H30M", "P2W", "P1Y", "P3M", "P1DT12H"] {
            let step = TimeStep::parse(text).expect("a step");
            assert_eq!(TimeStep::parse(&step.to_string()), Ok(step), "{text}");
        }
    }

    #[test]
    fn a_span_gets_the_shortest_step_that_fits() {
        let cases = [(1, "PT1H"), (30, "P1D"), (500, "P1M"), (7_300, "P1Y"), (36_500, "P10Y")];
        for (days, expected) in cases {
            let last = Instant::from_micros(days * DAY - 1);
            assert_eq!(TimeStep::fitting(Instant::from_micros(0), last, 40).to_string(), expected, "{days}");
        }
    }
}
