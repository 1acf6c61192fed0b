//! What speaks for a record beside its words: how late its observations end, how often it was made anew, its level.
//! The version is a moderate part of relevance; the rest only decides between records that match about equally well.

use crate::model::{Entity, Instant};

use super::order;

/// How much the version adds: nearly this share for a product line at version 9 or more, half of it at version 3.
/// Chosen with the other weights, see `scoring`.
const VERSION_SHARE: f32 = 0.8;
/// Version at which half of the share is reached.
const VERSION_HALF: f32 = 3.0;
/// Greatest version number; larger ones are dates or build numbers and say nothing.
const MAX_VERSION: u64 = 999;
/// Year of what has no end yet.
const ONGOING: u64 = 9_999;

/// Scores within a quarter of an octave (19 %) are about equal.
const STEPS_PER_OCTAVE: f32 = 4.0;
/// Keeps steps of small scores positive: 2^-128 is step 0.
const STEP_OFFSET: f32 = 512.0;

const YEAR_BITS: u32 = 13;
const VERSION_BITS: u32 = 3;
const RECENCY_BITS: u32 = 32;

/// The column of a record that is no product: year of the end, version and level, from the high bits down.
pub(super) fn standing(entity: &Entity<'_>) -> u64 {
    let time = entity.time.as_ref();
    let is_open = time.is_some_and(|time| time.open_end || time.stop.is_none());
    let stop = time.and_then(|time| time.bounds()).map(|(_, stop)| year_of(stop));
    let year = if is_open { ONGOING } else { stop.unwrap_or(0) };
    let level = entity.level.as_ref().and_then(|level| level.normalised.as_deref());
    let level = level.and_then(|level| level.chars().find_map(|c| c.to_digit(8))).map_or(0, u64::from);
    (year << YEAR_BITS) | (version(entity.version.as_deref()) << VERSION_BITS) | level
}

/// The first number of a version: 6 of `V006`, 2 of `2.1`; 1 where there is none to go by.
fn version(text: Option<&str>) -> u64 {
    let digits = text.map(|text| text.trim_start_matches(|c: char| !c.is_ascii_digit())).unwrap_or_default();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let number = digits.get(..end).and_then(|digits| digits.parse().ok());
    number.filter(|number| *number <= MAX_VERSION).unwrap_or(1)
}

fn year_of(instant: Instant) -> u64 {
    instant.to_string().get(..4).and_then(|year| year.parse().ok()).unwrap_or(0)
}

/// Factor of a score for the version.
pub(super) fn factor(standing: u64) -> f32 {
    let version = ((standing >> VERSION_BITS) & 0x3ff) as f32;
    1.0 + VERSION_SHARE * version / (version + VERSION_HALF)
}

/// Place by relevance, greater is better: the step of the score, then what decides between about equal ones.
pub(super) fn place(score: f32, recency: u64) -> u64 {
    let step = if score > 0.0 { (score.log2() * STEPS_PER_OCTAVE + STEP_OFFSET).floor().max(0.0) as u64 } else { 0 };
    (step << RECENCY_BITS) | recency.min((1 << RECENCY_BITS) - 1)
}

/// The least score that can have a place as good as this one, or a little less: rounding is never in the way.
pub(super) fn least_score(place: u64) -> f32 {
    let step = (place >> RECENCY_BITS) as f32;
    if step > 0.0 { ((step - STEP_OFFSET) / STEPS_PER_OCTAVE).exp2() * 0.999 } else { 0.0 }
}

/// Recency of a product: the day it was observed, later is greater.
pub(super) fn recency_of_product(start: Option<i64>) -> u64 {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    start.map_or(0, |start| (order::clamp(start) / DAY + (1 << 24)).clamp(1, (1 << 26) - 1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_its_first_number_unless_it_is_a_date() {
        let cases = [("V006", 6), ("2.1", 2), ("Version 10", 10), ("20190101", 1), ("", 1), ("final", 1), ("0", 0)];
        for (text, expected) in cases {
            assert_eq!(version(Some(text)), expected, "{text}");
        }
        assert_eq!(version(None), 1);
    }

    #[test]
    fn no_score_below_the_least_has_as_good_a_place() {
        for score in (1..4_000).map(|n| n as f32 * 0.017) {
            let least = least_score(place(score, 0));
            assert!(least <= score && place(least * 0.999, u64::MAX) < place(score, 0), "{score} {least}");
        }
        assert_eq!(least_score(place(0.0, 7)), 0.0);
    }

    #[test]
    fn standing_decides_only_between_about_equal_scores() {
        let standing_of = |text: &str| standing(&Entity::view(text.as_bytes()).expect("an entity"));
        let old = standing_of(
            r#"{"kind":"collection","id":"a","version":"5","time":{"start":"2000-01-01T00:00:00Z","stop":"2010-01-01T00:00:00Z"}}"#,
        );
        let new = standing_of(
            r#"{"kind":"collection","id":"b","version":"6","level":{"normalised":"L2"},"time":{"start":"2000-01-01T00:00:00Z"}}"#,
        );
        assert!(place(10.0, new) > place(10.1, old) && place(13.0, old) > place(10.0, new));
        assert!(factor(new) > factor(old) && factor(new) < 1.0 + VERSION_SHARE);
        assert_eq!((new >> YEAR_BITS, old >> YEAR_BITS, new & 7), (ONGOING, 2010, 2));
        let day = |day: i64| recency_of_product(Some(day * 24 * 3600 * 1_000_000));
        assert!(day(2) > day(1) && day(1) > day(-40_000) && day(-40_000) > recency_of_product(None));
    }
}
