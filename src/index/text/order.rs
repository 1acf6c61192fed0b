//! The number that the index is sorted by, greatest first: start of observation, newest first, then the tie breaker.
//! Records without a start come last, in the order of their tie breakers. A search for the newest records can then
//! stop after the first page, and many records of one instant, or of none, do not slow it down.

use std::ops::Range;

/// Earliest and latest instant that `Instant::parse` gives out, widened to round numbers: years -10000 to 10000.
const EARLIEST: i64 = -380_000_000_000_000_000;
const LATEST: i64 = 260_000_000_000_000_000;

/// Numbers below this one belong to records without a start.
const TIMED: u64 = 8_000_000_000_000_000_000;

/// Leading bits of the tie breaker that fit beside the microseconds.
const TIE_BITS: u32 = 4;

/// The place of a record in the index: greater comes first.
pub(super) fn order_of(start: Option<i64>, tie: u64) -> u64 {
    match start {
        Some(start) => (time_code(start) << TIE_BITS) + TIMED + ((u64::MAX - tie) >> (64 - TIE_BITS)),
        None => (u64::MAX - tie) >> 2,
    }
}

/// The start that an order number was made from, microseconds since 1970.
pub(super) fn start_of(order: u64) -> Option<i64> {
    let code = order.checked_sub(TIMED)? >> TIE_BITS;
    Some(code as i64 + EARLIEST)
}

/// Brings an instant into the range that the index can tell apart.
pub(super) fn clamp(instant: i64) -> i64 {
    instant.clamp(EARLIEST, LATEST)
}

/// Order numbers of starts from `first` to `last`, both included.
pub(super) fn orders_between(first: Option<i64>, last: Option<i64>) -> Range<u64> {
    let lowest = first.map_or(TIMED, |first| (time_code(first) << TIE_BITS) + TIMED);
    let end = last.map_or(u64::MAX, |last| ((time_code(last) + 1) << TIE_BITS) + TIMED);
    lowest..end
}

fn time_code(start: i64) -> u64 {
    clamp(start).abs_diff(EARLIEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_comes_first_then_the_tie_and_missing_starts_come_last() {
        let ties = [0, 1, 1 << 60, u64::MAX / 2, u64::MAX];
        let starts = [EARLIEST, -1, 0, 1, 1_546_300_800_000_000, LATEST];
        for start in starts {
            for tie in ties {
                assert_eq!(start_of(order_of(Some(start), tie)), Some(start));
                assert_eq!(start_of(order_of(None, tie)), None);
                assert!(orders_between(Some(start), Some(start)).contains(&order_of(Some(start), tie)));
                assert!(
                    !orders_between(None, Some(start - 1)).contains(&order_of(Some(start), tie)) || start == EARLIEST
                );
                assert!(order_of(Some(start), tie) > order_of(None, 0));
            }
        }
        for pair in starts.windows(2) {
            assert!(order_of(Some(pair[1]), u64::MAX) > order_of(Some(pair[0]), 0));
        }
        for pair in ties.windows(2) {
            assert!(order_of(Some(7), pair[0]) >= order_of(Some(7), pair[1]));
            assert!(order_of(None, pair[0]) >= order_of(None, pair[1]));
        }
    }
}
