//! Numbers, times and states as people read them. Knows no markup.

use crate::model::{Kind, TimeSpan};

/// A number with thin groups of three: `1 234 567`.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 product`, `5 products`.
pub fn counted(value: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { several })
}

/// A size in the units of ISO 80000 (1 kB is 1,000 bytes).
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1_000 {
        return counted(bytes, "byte", "bytes");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or("kB");
    for next in units {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = next;
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// At most so many characters, with an ellipsis where something is left out.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("").trim_end()),
    }
}

/// `2019-07-03T17:20:44.785Z` as `2019-07-03 17:20:44`; midnight is left out.
pub fn moment(text: &str) -> String {
    let Some((date, time)) = text.split_once('T') else { return text.to_owned() };
    let time = time.trim_end_matches('Z').split('.').next().unwrap_or("");
    if time == "00:00:00" { date.to_owned() } else { format!("{date} {time}") }
}

/// The day of an instant.
pub fn day(text: &str) -> &str {
    text.split('T').next().unwrap_or(text)
}

/// A span of time in words.
pub fn span(time: &TimeSpan<'_>) -> Option<String> {
    let start = time.start.as_deref().map(moment);
    let stop = if time.placeholder { None } else { time.stop.as_deref().map(moment) };
    let end = match (&stop, time.relative_end.as_deref()) {
        (_, Some(duration)) => Some(format!("{} before today", duration_words(duration))),
        (None, None) if time.open_end || time.placeholder => Some("today (ongoing)".to_owned()),
        (stop, None) => stop.clone(),
    };
    match (start, end) {
        (Some(start), Some(end)) if start == end => Some(start),
        (Some(start), Some(end)) => Some(format!("{start} to {end}")),
        (Some(start), None) => Some(start),
        (None, Some(end)) => Some(format!("until {end}")),
        (None, None) => None,
    }
}

/// `-P10D` as `10 days`; what is not that simple stays as it is.
fn duration_words(duration: &str) -> String {
    let inner = duration.trim_start_matches(['-', '+']).strip_prefix('P').unwrap_or("");
    let split = inner.find(|c: char| !c.is_ascii_digit()).and_then(|at| inner.split_at_checked(at));
    let unit = |unit: &str| match unit {
        "D" => Some("day"),
        "W" => Some("week"),
        "M" => Some("month"),
        "Y" => Some("year"),
        _ => None,
    };
    match split.and_then(|(count, rest)| Some((count.parse::<u64>().ok()?, unit(rest)?))) {
        Some((count, unit)) => counted(count, unit, &format!("{unit}s")),
        None => duration.to_owned(),
    }
}

/// What the archive knows about the bytes of a file, as a class and a sentence. The class names a colour.
pub fn fixity(status: Option<&str>, is_held: bool) -> (&'static str, &'static str) {
    match (status, is_held) {
        (Some("ok" | "verified"), _) => ("good", "checked: the bytes are those that the producer promised"),
        (Some("line_endings"), _) => ("fair", "held; differs from the promised checksum by line endings alone"),
        (Some("differs" | "failed"), _) => ("poor", "held as delivered, but not what the producer's checksum promised"),
        (Some("truncated"), _) => ("poor", "held as delivered, but not of the size that the producer declared"),
        (Some("absent"), _) => ("none", "named by the producer, never delivered to this archive"),
        (_, true) => ("good", "held and checked against this archive's own digest"),
        (_, false) => ("none", "not held here"),
    }
}

/// A kind in words.
pub const fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Product => ("product", "products"),
        Kind::Collection => ("collection", "collections"),
        Kind::Recipe => ("recipe", "recipes"),
        Kind::Agent => ("person or organisation", "people and organisations"),
        Kind::Mission => ("mission", "missions"),
        Kind::Platform => ("platform", "platforms"),
        Kind::Instrument => ("instrument", "instruments"),
        Kind::Target => ("target", "targets"),
        Kind::Document => ("document", "documents"),
        Kind::Source => ("source", "sources"),
        Kind::ContextGraph => ("context graph", "context graphs"),
        Kind::Hold => ("hold", "holds"),
        Kind::Evidence => ("evidence report", "evidence reports"),
    }
}

/// A name made of words: `data_type` as `Data type`, `derived_from` as `Derived from`.
pub fn label(name: &str) -> String {
    label_start(&name.replace(['_', '-'], " "))
}

/// With a capital at its start, as a sentence has it.
pub fn label_start(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_are_short_and_exact_enough() {
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        let sizes = [(0, "0 bytes"), (1, "1 byte"), (3_660, "3.7 kB"), (999_999, "1.0 MB"), (52_000_000_000, "52 GB")];
        for (bytes, expected) in sizes {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(size(u64::MAX), "18 EB");
        assert_eq!(shortened("añb", 2), "añ…");
    }

    #[test]
    fn spans_say_what_is_open_and_never_show_a_placeholder() {
        let of = |start: &'static str, stop: &'static str| TimeSpan {
            start: Some(start.into()),
            stop: Some(stop.into()),
            ..TimeSpan::default()
        };
        let plain = of("2019-07-03T17:20:44.785Z", "2019-08-21T00:00:00Z");
        assert_eq!(span(&plain).as_deref(), Some("2019-07-03 17:20:44 to 2019-08-21"));
        let placeholder = TimeSpan { placeholder: true, ..of("2019-01-01T00:00:00Z", "2050-01-01T00:00:00Z") };
        assert_eq!(span(&placeholder).as_deref(), Some("2019-01-01 to today (ongoing)"));
        let rolling = TimeSpan {
            start: Some("2025-06-20T00:00:00Z".into()),
            relative_end: Some("-P10D".into()),
            ..TimeSpan::default()
        };
        assert_eq!(span(&rolling).as_deref(), Some("2025-06-20 to 10 days before today"));
        assert_eq!(span(&TimeSpan::default()), None);
    }
}
