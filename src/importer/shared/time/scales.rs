//! Between time scales: TAI, TT, TDB, Julian days and the counts of CDF to UTC, microseconds since 1970-01-01.

use super::calendar::{DAY, SECOND};

/// TT − TAI, microseconds (IAU 1991).
const TT_AHEAD_OF_TAI: i64 = 32_184_000;

/// A Julian Date is this much larger than a Modified Julian Date.
pub(super) const MJD_IN_JD: f64 = 2_400_000.5;

/// 1970-01-01 as Modified Julian Date.
const MJD_OF_1970: f64 = 40_587.0;

/// J2000, 2000-01-01T12:00:00, on any clock, microseconds since 1970.
const J2000: i64 = 946_728_000 * SECOND;

/// 1970-01-01 in milliseconds since the year 0.
const CDF_EPOCH_OF_1970: f64 = 62_167_219_200_000.0;

/// Days since 1970-01-01 from which TAI − UTC is so many seconds. IERS Bulletin C, as in `leap-seconds.list`, which
/// expires 2026-06-28: a leap second after that day is missing here until the table has it.
const LEAP_SECONDS: &[(i64, i64)] = &[
    (730, 10),
    (912, 11),
    (1096, 12),
    (1461, 13),
    (1826, 14),
    (2191, 15),
    (2557, 16),
    (2922, 17),
    (3287, 18),
    (3652, 19),
    (4199, 20),
    (4564, 21),
    (4929, 22),
    (5660, 23),
    (6574, 24),
    (7305, 25),
    (7670, 26),
    (8217, 27),
    (8582, 28),
    (8947, 29),
    (9496, 30),
    (10043, 31),
    (10592, 32),
    (13149, 33),
    (14245, 34),
    (15522, 35),
    (16617, 36),
    (17167, 37),
];

/// Before 1972 UTC was steered by rate: days since 1970, seconds, Modified Julian Date of reference, seconds a day
/// (USNO `tai-utc.dat`).
const STEERED: &[(i64, f64, f64, f64)] = &[
    (-3653, 1.417_818_0, 37_300.0, 0.001_296),
    (-3287, 1.422_818_0, 37_300.0, 0.001_296),
    (-3075, 1.372_818_0, 37_300.0, 0.001_296),
    (-2922, 1.845_858_0, 37_665.0, 0.001_123_2),
    (-2253, 1.945_858_0, 37_665.0, 0.001_123_2),
    (-2192, 3.240_130_0, 38_761.0, 0.001_296),
    (-2101, 3.340_130_0, 38_761.0, 0.001_296),
    (-1948, 3.440_130_0, 38_761.0, 0.001_296),
    (-1826, 3.540_130_0, 38_761.0, 0.001_296),
    (-1767, 3.640_130_0, 38_761.0, 0.001_296),
    (-1645, 3.740_130_0, 38_761.0, 0.001_296),
    (-1583, 3.840_130_0, 38_761.0, 0.001_296),
    (-1461, 4.313_170_0, 39_126.0, 0.002_592),
    (-700, 4.213_170_0, 39_126.0, 0.002_592),
];

/// TAI − UTC at an instant of UTC, microseconds; 0 before 1960, when there was no such thing.
fn ahead(utc: i64) -> i64 {
    let day = utc.div_euclid(DAY);
    if let Some((_, seconds)) = LEAP_SECONDS.iter().rev().find(|(from, _)| *from <= day) {
        return seconds * SECOND;
    }
    let steered = STEERED.iter().rev().find(|(from, ..)| *from <= day);
    steered.map_or(0, |(_, seconds, reference, rate)| {
        let mjd = utc as f64 / DAY as f64 + MJD_OF_1970;
        ((seconds + (mjd - reference) * rate) * SECOND as f64).round() as i64
    })
}

/// A moment within a leap second is the last microsecond before the next day.
pub(super) fn utc_of_tai(tai: i64) -> Option<i64> {
    let guess = tai.checked_sub(ahead(tai))?;
    let utc = tai.checked_sub(ahead(guess))?;
    let (day, day_of_guess) = (utc.div_euclid(DAY), guess.div_euclid(DAY));
    // Within a leap second the guess lies on the day that it ends, and the answer already on the next.
    if day == day_of_guess || ahead(utc) == ahead(guess) {
        return Some(utc);
    }
    day.checked_mul(DAY)?.checked_sub(1)
}

pub(super) fn tai_of_tt(tt: i64) -> Option<i64> {
    tt.checked_sub(TT_AHEAD_OF_TAI)
}

/// TDB − TT after the Astronomical Almanac, section B: at most 1.7 ms, right to 50 µs.
pub(super) fn tt_of_tdb(tdb: i64) -> Option<i64> {
    let days = tdb.checked_sub(J2000)? as f64 / DAY as f64;
    let anomaly = (357.53 + 0.985_600_28 * days).to_radians();
    let ahead = 0.001_657 * anomaly.sin() + 0.000_014 * (2.0 * anomaly).sin();
    tdb.checked_sub((ahead * SECOND as f64).round() as i64)
}

pub(super) fn of_mjd(days: f64) -> Option<i64> {
    // Days and their fraction apart: together they would lose the microseconds.
    let whole = days.floor();
    let micros = ((days - whole) * DAY as f64).round() as i64;
    within((whole - MJD_OF_1970) * 86_400.0)?.checked_add(micros)
}

/// Nanoseconds of TT since J2000.
pub(super) fn tai_of_tt2000(nanoseconds: i64) -> Option<i64> {
    tai_of_tt(nanoseconds.div_euclid(1000).checked_add(J2000)?)
}

pub(super) fn of_cdf_epoch(milliseconds: f64) -> Option<i64> {
    let since = milliseconds - CDF_EPOCH_OF_1970;
    let whole = (since / 1000.0).floor();
    within(whole)?.checked_add(((since - whole * 1000.0) * 1000.0).round() as i64)
}

/// Microseconds of whole seconds, of the years that can be written.
fn within(seconds: f64) -> Option<i64> {
    (seconds.abs() < 3e11).then_some((seconds as i64).checked_mul(SECOND)?)
}
