//! Dates as people write them in the fields of the search: a year, a month, a day or an RFC 3339 instant. As a start each
//! is its first instant, as an end its last microsecond.

use jiff::civil::Date;
use jiff::{Span, tz};

use crate::catalogue::Error;
use crate::model::Instant;

/// The first instant of what was written; nothing for an empty field.
///
/// # Errors
/// 400 that says how a date is written.
pub fn start(field: &str, text: &str) -> Result<Option<Instant>, Error> {
    read(field, text, Side::First)
}

/// The last instant of what was written; nothing for an empty field.
///
/// # Errors
/// As `start`.
pub fn stop(field: &str, text: &str) -> Result<Option<Instant>, Error> {
    read(field, text, Side::Last)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Last,
}

fn read(field: &str, text: &str, side: Side) -> Result<Option<Instant>, Error> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let found = instant(text, side);
    let refuse = || {
        let given: String = text.chars().take(60).collect();
        Error::parameter(
            field,
            format!("{given:?} is no date: write 2019, 2019-07, 2019-07-03 or 2019-07-03T12:00:00Z"),
        )
    };
    found.map(Some).ok_or_else(refuse)
}

fn instant(text: &str, side: Side) -> Option<Instant> {
    if text.contains(['T', 't', ' ']) {
        let written = text.to_uppercase().replace(' ', "T");
        return Instant::parse(&written).or_else(|_| Instant::parse(&format!("{written}Z"))).ok();
    }
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let (date, unit) = match parts.as_slice() {
        [year] if digits(year, 4) => (format!("{text}-01-01"), Span::new().years(1)),
        [year, month] if digits(year, 4) && digits(month, 2) => (format!("{text}-01"), Span::new().months(1)),
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => {
            (text.to_owned(), Span::new().days(1))
        }
        _ => return None,
    };
    let date: Date = date.parse().ok()?;
    let micros = |date: Date| Some(date.to_zoned(tz::TimeZone::UTC).ok()?.timestamp().as_microsecond());
    match side {
        Side::First => micros(date).map(Instant::from_micros),
        Side::Last => match date.checked_add(unit).ok().and_then(micros) {
            Some(next) => Some(Instant::from_micros(next - 1)),
            // The last year that a date can have.
            None => Instant::parse("9999-12-30T22:00:00Z").ok(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_as_an_end_is_its_last_instant() {
        let cases = [
            ("2019", "2019-01-01T00:00:00.000000Z", "2019-12-31T23:59:59.999999Z"),
            ("2020-02", "2020-02-01T00:00:00.000000Z", "2020-02-29T23:59:59.999999Z"),
            ("2019-07-03", "2019-07-03T00:00:00.000000Z", "2019-07-03T23:59:59.999999Z"),
            ("2019-07-03T12:00:00Z", "2019-07-03T12:00:00.000000Z", "2019-07-03T12:00:00.000000Z"),
            ("2019-07-03 12:00:00", "2019-07-03T12:00:00.000000Z", "2019-07-03T12:00:00.000000Z"),
        ];
        for (text, first, last) in cases {
            let both =
                [start("from", text), stop("to", text)].map(|end| end.expect("a date").expect("not empty").to_string());
            assert_eq!(both, [first, last], "{text}");
        }
        assert!(stop("to", "9999").expect("a date").is_some());
        assert_eq!(start("from", " ").expect("empty"), None);
        for text in
            ["yesterday", "19", "2019-13", "2019-02-30", "2019-1-1", "-2019", "2019-07-03T99:00:00Z", "２０１９"]
        {
            assert!(start("from", text).is_err(), "{text}");
        }
    }
}
