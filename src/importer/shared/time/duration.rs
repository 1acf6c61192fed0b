//! ISO 8601 durations, made comparable.

/// Seconds of a duration such as `PT0.092S`, `P1DT2H`, `-P3M`, `P2W`. A year counts 365.25 days and a month a twelfth of
/// it, so that durations can be compared; `None` for any other text.
pub fn seconds_of_duration(written: &str) -> Option<f64> {
    let text = written.trim();
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix(['P', 'p'])?;
    let (date, time) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (rest, ""),
    };
    let day = 86_400.0;
    let year = 365.25 * day;
    let date = sum(date, &[('Y', year), ('M', year / 12.0), ('W', 7.0 * day), ('D', day)])?;
    let time = sum(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    (date.1 + time.1 > 0).then_some(sign * (date.0 + time.0))
}

/// Sum and number of values, each followed by its unit, units in order.
fn sum(text: &str, units: &[(char, f64)]) -> Option<(f64, usize)> {
    let (mut rest, mut total, mut count, mut from) = (text, 0.0, 0, 0);
    while !rest.is_empty() {
        let end = rest.find(|sign: char| sign.is_ascii_alphabetic())?;
        let (number, unit) = rest.split_at_checked(end)?;
        let sign = unit.chars().next()?.to_ascii_uppercase();
        let at = units.iter().skip(from).position(|(known, _)| *known == sign)?;
        let is_number = number.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.' || letter == b',');
        let number: f64 = number.replace(',', ".").parse().ok().filter(|_| is_number)?;
        total += number * units.get(from + at)?.1;
        from += at + 1;
        count += 1;
        rest = unit.get(1..)?;
    }
    Some((total, count))
}
