//! How lists are cut: a part has a stretch of the log, so that it is found without the parts before it and is never too long.

use crate::catalogue::changes::{KINDS, Selection};
use crate::catalogue::{Catalogue, Error};

/// Events of a part. Sitemaps may have 50,000 addresses; shorter parts are read and written in a fraction of a second.
pub const EVENTS: u64 = 10_000;

/// How many parts the log has up to a sequence; one at least, so that a list is never without.
pub const fn count(last: u64) -> u64 {
    if last == 0 { 1 } else { last.div_ceil(EVENTS) }
}

/// First and last sequence of a part.
///
/// # Errors
/// `NoSuch` beyond the last part.
pub fn range(part: u64, last: u64) -> Result<(u64, u64), Error> {
    if part > count(last) {
        return Err(Error::NoSuch { what: format!("part {part} of this list; it has {}", count(last)) });
    }
    let first = (part - 1) * EVENTS + 1;
    Ok((first, last.min(part * EVENTS)))
}

/// The records of a part that are current in a snapshot.
///
/// # Errors
/// As `range`.
pub fn selection(part: u64, snapshot: u64) -> Result<Selection<'static>, Error> {
    let (first, last) = range(part, snapshot)?;
    Ok(Selection { kinds: &KINDS, set: None, first, last, snapshot, deletions: false, sets: false })
}

/// Time of an event in RFC 3339; none for sequence 0.
///
/// # Errors
/// When the archive cannot be read.
pub fn time(catalogue: &Catalogue, sequence: u64) -> Result<Option<String>, Error> {
    if sequence == 0 {
        return Ok(None);
    }
    catalogue.time_of(sequence).map(|time| Some(time.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_log_without_gap_or_overlap() {
        for last in [0, 1, EVENTS - 1, EVENTS, EVENTS + 1, 3 * EVENTS + 7] {
            let mut next = 1;
            for part in 1..=count(last) {
                let (first, end) = range(part, last).expect("a part");
                assert_eq!(first, next);
                next = end + 1;
            }
            assert_eq!(next, last + 1);
            assert!(range(count(last) + 1, last).is_err() && range(u64::MAX, last).is_err());
        }
    }
}
