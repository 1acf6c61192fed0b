//! The `datetime` parameter of OGC API Features § 7.15.4: an instant, or an interval that may be open.

use crate::catalogue::Error;
use crate::model::{Instant, TimeRange};

/// Reads `instant`, `start/end`, `start/..`, `../end` (an empty end is open too).
///
/// # Errors
/// 400 that says which part is no RFC 3339 date-time.
pub fn parse(text: &str) -> Result<TimeRange, Error> {
    let end = |part: &str| match part.trim() {
        "" | ".." => Ok(None),
        part if !is_date_time(part) => {
            Err(Error::parameter("datetime", format!("{part:?} is no RFC 3339 date-time with a zone")))
        }
        part => Instant::parse(&part.to_uppercase())
            .map(Some)
            .map_err(|error| Error::parameter("datetime", error.to_string())),
    };
    let range = match text.split_once('/') {
        None => {
            let instant = end(text)?;
            if instant.is_none() {
                return Err(Error::parameter("datetime", "is empty"));
            }
            TimeRange { start: instant, stop: instant }
        }
        Some((start, stop)) => TimeRange { start: end(start)?, stop: end(stop)? },
    };
    match range {
        TimeRange { start: None, stop: None } => {
            Err(Error::parameter("datetime", "an interval needs one end at least"))
        }
        TimeRange { start: Some(start), stop: Some(stop) } if start > stop => {
            Err(Error::parameter("datetime", "ends before it starts"))
        }
        range => Ok(range),
    }
}

/// RFC 3339 § 5.6 to the letter: readers of times are more lenient (a comma, a zone without its colon).
fn is_date_time(text: &str) -> bool {
    let Some((date, zone)) = text.split_at_checked(19) else { return false };
    let shaped = |text: &str, shape: &str| {
        let fits = |(byte, wanted): (u8, u8)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'T' => byte.eq_ignore_ascii_case(&b'T'),
            b'+' => matches!(byte, b'+' | b'-'),
            other => byte == other,
        };
        text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
    };
    let digits = zone.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let zone = match zone.strip_prefix('.') {
        Some(_) if digits == 0 => return false,
        Some(rest) => rest.get(digits..).unwrap_or_default(),
        None => zone,
    };
    shaped(date, "0000-00-00T00:00:00") && (zone.eq_ignore_ascii_case("z") || shaped(zone, "+00:00"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_may_be_open_at_one_end() {
        let at = |text| Instant::parse(text).ok();
        let cases = [
            ("2020-01-01T00:00:00Z", at("2020-01-01T00:00:00Z"), at("2020-01-01T00:00:00Z")),
            ("2020-01-01T00:00:00Z/..", at("2020-01-01T00:00:00Z"), None),
            ("/2020-01-01t00:00:00z", None, at("2020-01-01T00:00:00Z")),
        ];
        for (text, start, stop) in cases {
            assert_eq!(parse(text).expect("valid"), TimeRange { start, stop }, "{text}");
        }
        for text in [
            "",
            "..",
            "../..",
            "/",
            "2020",
            "2020-01-01T00:00:00,5Z",
            "2020-01-01T00:00:00+0100",
            "2020-01-01T00:00:00.Z",
            "2020-01-01 00:00:00Z",
            "2020-01-01T00:00:00é",
            "2021-01-01T00:00:00Z/2020-01-01T00:00:00Z",
            "2020-13-01T00:00:00Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
