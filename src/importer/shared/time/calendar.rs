//! Dates and times of day as texts, of whatever scale. Knows the patterns; what they mean in UTC is said elsewhere.

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

/// Y year, M month, B name of a month, D day, J day of the year, y year of the 1900s (FITS before 2000); anything else
/// stands for itself. A longer pattern stands before a shorter one that begins alike.
const DATES: &[&str] = &[
    "YYYY-MM-DD",
    "YYYY/MM/DD",
    "YYYY:MM:DD",
    "YYYY.MM.DD",
    "YYYY_MM_DD",
    "YYYY-BBB-DD",
    "YYYY BBB DD",
    "DD-BBB-YYYY",
    "DD BBB YYYY",
    "YYYY-JJJ",
    "YYYY/JJJ",
    "YYYY:JJJ",
    "DD/MM/yy",
    "YYYYMMDD",
    "YYYYJJJ",
    "YYYY-MM",
    "YYYY",
];

/// A point or a stretch of time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Microseconds since 1970-01-01T00:00:00 of the clock that was written, leap seconds not counted.
    pub micros: i64,
    /// How far that clock is before UTC, microseconds; `None` when no zone is written.
    pub zone: Option<i64>,
    pub has_clock: bool,
    /// Microseconds of a day, month or year where no more is written; 0 for a point.
    pub length: i64,
    pub precision: Option<&'static str>,
}

/// Days since 1970-01-01 (Gregorian calendar), after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn days_in(year: i64, month: i64) -> i64 {
    let next = if month == 12 { days_of(year + 1, 1, 1) } else { days_of(year, month + 1, 1) };
    next - days_of(year, month, 1)
}

/// Fields of a date; month and day where the pattern has them.
#[derive(Default)]
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: i64,
    /// Letters of a month's name.
    name: String,
}

impl Fields {
    /// The fields that a pattern finds at the start of a text.
    fn find(pattern: &str, text: &str) -> Option<Self> {
        let mut fields = Self::default();
        let mut letters = text.bytes();
        for sign in pattern.bytes() {
            let letter = letters.next()?;
            let digit = || letter.is_ascii_digit().then(|| i64::from(letter - b'0'));
            match sign {
                b'Y' | b'y' => fields.year = fields.year * 10 + digit()?,
                b'M' => fields.month = fields.month * 10 + digit()?,
                b'D' => fields.day = fields.day * 10 + digit()?,
                b'J' => fields.day_of_year = fields.day_of_year * 10 + digit()?,
                b'B' => fields.name.push(char::from(letter.to_ascii_uppercase())),
                same if same == letter => {}
                _ => return None,
            }
        }
        if pattern.ends_with("yy") {
            fields.year += 1900;
        }
        if !fields.name.is_empty() {
            let at = MONTHS.iter().position(|month| *month == fields.name)?;
            fields.month = i64::try_from(at).ok()? + 1;
        }
        Some(fields)
    }

    /// First day, number of days, and how exact that is.
    fn days(&self, pattern: &str) -> Option<(i64, i64, &'static str)> {
        let year = self.year;
        if pattern.contains('J') {
            let length = days_of(year + 1, 1, 1) - days_of(year, 1, 1);
            let day = (1..=length).contains(&self.day_of_year).then_some(self.day_of_year)?;
            return Some((days_of(year, 1, 1) + day - 1, 1, "P1D"));
        }
        if pattern == "YYYY" {
            return Some((days_of(year, 1, 1), days_of(year + 1, 1, 1) - days_of(year, 1, 1), "P1Y"));
        }
        let month = (1..=12).contains(&self.month).then_some(self.month)?;
        if pattern == "YYYY-MM" {
            return Some((days_of(year, month, 1), days_in(year, month), "P1M"));
        }
        let day = (1..=days_in(year, month)).contains(&self.day).then_some(self.day)?;
        Some((days_of(year, month, day), 1, "P1D"))
    }
}

/// Reads a date, or a date and a time of day.
pub(super) fn read(text: &str) -> Option<Moment> {
    let text = text.trim();
    DATES.iter().find_map(|pattern| {
        let (first, days, precision) = Fields::find(pattern, text)?.days(pattern)?;
        let rest = text.get(pattern.len()..)?;
        let micros = first.checked_mul(DAY)?;
        if rest.is_empty() || rest == "Z" {
            let zone = (rest == "Z").then_some(0);
            return Some(Moment {
                micros,
                zone,
                has_clock: false,
                length: days.checked_mul(DAY)?,
                precision: Some(precision),
            });
        }
        if precision != "P1D" {
            return None;
        }
        let (clock, zone) = clock(clock_part(pattern, rest)?)?;
        Some(Moment { micros: micros.checked_add(clock)?, zone, has_clock: true, length: 0, precision: None })
    })
}

/// What follows the sign between date and time of day. Digits alone may follow each other without one.
fn clock_part<'a>(pattern: &str, rest: &'a str) -> Option<&'a str> {
    let compact = pattern.bytes().all(|sign| sign.is_ascii_alphabetic());
    match rest.strip_prefix(['T', 't', ' ', '_', ':', '/', '-']) {
        Some(clock) => Some(clock.trim_start()),
        None if compact && rest.len() >= 6 => Some(rest),
        None => None,
    }
}

/// Microseconds of the day and the zone. `24:00:00` is the end of the day; `:60` counts as the last moment before.
fn clock(text: &str) -> Option<(i64, Option<i64>)> {
    let (text, zone) = zone(text.trim())?;
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits: Vec<&str> = if whole.contains(':') { whole.split(':').collect() } else { pairs(whole)? };
    let number = |at: usize, most: i64| match digits.get(at) {
        None => Some(0),
        Some(digits) if (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse::<i64>().ok().filter(|number| *number <= most)
        }
        Some(_) => None,
    };
    if digits.is_empty() || digits.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (hour, minute, second) = (number(0, 24)?, number(1, 59)?, number(2, 60)?);
    let micros = micros_of(fraction, digits.len());
    if second == 60 {
        return Some(((hour * 3600 + minute * 60 + 60) * SECOND - 1, zone));
    }
    let total = (hour * 3600 + minute * 60 + second) * SECOND + micros;
    (total <= DAY).then_some((total, zone))
}

/// Microseconds of the digits after the point: of a second, or of the minute or hour that stands last.
fn micros_of(fraction: &str, fields: usize) -> i64 {
    let unit = match fields {
        1 => 3600 * SECOND,
        2 => 60 * SECOND,
        _ => SECOND,
    };
    let (sum, _) = fraction.bytes().take(12).fold((0_i64, unit), |(sum, unit), digit| {
        let unit_of_digit = unit / 10;
        (sum + i64::from(digit - b'0') * unit_of_digit, unit_of_digit)
    });
    sum
}

/// `hhmmss` in twos.
fn pairs(digits: &str) -> Option<Vec<&str>> {
    let even = matches!(digits.len(), 2 | 4 | 6);
    even.then(|| (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..at + 2)).collect())
}

/// The text without its zone, and how far that is before UTC.
fn zone(text: &str) -> Option<(&str, Option<i64>)> {
    for name in ["Z", "z", "UTC", "UT", "GMT"] {
        if let Some(rest) = text.strip_suffix(name) {
            return Some((rest.trim_end(), Some(0)));
        }
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let (clock, written) = text.split_at_checked(at)?;
    let (sign, digits) = written.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i64>().ok();
    let (hours, minutes) = match digits.len() {
        2 => (number(0..2)?, 0),
        4 => (number(0..2)?, number(2..4)?),
        _ => return None,
    };
    let micros = (hours * 60 + minutes) * 60 * SECOND;
    Some((clock.trim_end(), Some(if sign == "-" { -micros } else { micros })))
}
