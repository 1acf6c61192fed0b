//! `Range` of RFC 9110 § 14: one byte range; several are answered with everything, as the RFC allows.

use actix_web::http::header::{self, HeaderMap};

/// What the client wants of a representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Everything,
    /// First and last byte, inclusive.
    Part {
        first: u64,
        last: u64,
    },
    /// The range begins after the end.
    Unsatisfiable,
}

/// Reads the `Range` header for a representation of `total` bytes.
pub fn wanted(headers: &HeaderMap, total: u64) -> Wanted {
    let value = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    value.map_or(Wanted::Everything, |value| parse(value, total))
}

fn parse(value: &str, total: u64) -> Wanted {
    let Some(range) = value.trim().strip_prefix("bytes=").filter(|range| !range.contains(',')) else {
        return Wanted::Everything;
    };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Everything };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (first.trim().is_empty(), number(first), last.trim().is_empty(), number(last)) {
        // The last n bytes.
        (true, _, false, Some(0)) => Wanted::Unsatisfiable,
        (true, _, false, Some(_)) if total == 0 => Wanted::Unsatisfiable,
        (true, _, false, Some(suffix)) => Wanted::Part { first: total.saturating_sub(suffix), last: total - 1 },
        (false, Some(first), _, _) if first >= total => Wanted::Unsatisfiable,
        (false, Some(first), true, _) => Wanted::Part { first, last: total - 1 },
        (false, Some(first), false, Some(last)) if last >= first => Wanted::Part { first, last: last.min(total - 1) },
        _ => Wanted::Everything,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_everything_else_is_the_whole() {
        let part = |first, last| Wanted::Part { first, last };
        let cases = [
            ("bytes=0-0", 10, part(0, 0)),
            ("bytes=5-", 10, part(5, 9)),
            ("bytes=-3", 10, part(7, 9)),
            ("bytes=-30", 10, part(0, 9)),
            ("bytes=2-99", 10, part(2, 9)),
            ("bytes=10-", 10, Wanted::Unsatisfiable),
            ("bytes=-0", 10, Wanted::Unsatisfiable),
            ("bytes=0-", 0, Wanted::Unsatisfiable),
            ("bytes=5-2", 10, Wanted::Everything),
            ("bytes=0-1,3-4", 10, Wanted::Everything),
            ("items=0-1", 10, Wanted::Everything),
            ("bytes=x", 10, Wanted::Everything),
        ];
        for (value, total, expected) in cases {
            assert_eq!(parse(value, total), expected, "{value} of {total}");
        }
    }
}
