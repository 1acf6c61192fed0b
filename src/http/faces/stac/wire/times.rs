//! `datetime` and its relatives: left as written when they are what STAC 1.1 asks for, else taken from the record.

use super::item::Stored;
use crate::model::json::{Fields, read_string};
use crate::model::{Draft, Instant, TimeSpan, scan};

/// Ends of a product that says nothing of its time: STAC has no other way to say so.
const UNKNOWN: (&str, &str) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z");

const NAMES: [&str; 5] = ["datetime", "start_datetime", "end_datetime", "created", "updated"];

/// The values of [`NAMES`], as written.
#[derive(Default)]
struct Times<'a>([Option<&'a str>; NAMES.len()]);

/// The properties with usable times, or `None` when they have them already.
pub(super) fn corrected(properties: &str, stored: &Stored<'_>) -> Option<String> {
    if Times::of(properties).are_usable() {
        return None;
    }
    let fields = Fields::of_valid(properties).unwrap_or_default();
    let mut draft = Draft::with_capacity(properties.len() + 128);
    let span = stored.time.and_then(|time| serde_json::from_str::<TimeSpan<'_>>(time).ok()).unwrap_or_default();
    write(&span, &mut draft);
    for (name, member) in [("created", "created"), ("updated", "modified")] {
        let known = stored.lifecycle.and_then(|lifecycle| scan::member(lifecycle, member));
        draft.optional(name, known.and_then(read_string));
    }
    for (name, value) in fields.iter().filter(|(name, _)| !NAMES.contains(name)) {
        draft.raw(name, value);
    }
    Some(draft.finish())
}

/// One instant is `datetime`; a span is `start_datetime` and `end_datetime` with a null `datetime`. An end that is
/// open, relative or a placeholder is none.
fn write(span: &TimeSpan<'_>, draft: &mut Draft) {
    let unending = span.open_end || span.placeholder || span.relative_end.is_some();
    match (span.start.as_deref(), span.stop.as_deref().filter(|_| !unending)) {
        (Some(start), Some(stop)) if start != stop => {
            draft.raw("datetime", "null");
            draft.string("start_datetime", start);
            draft.string("end_datetime", stop);
        }
        (Some(instant), _) | (None, Some(instant)) => draft.string("datetime", instant),
        (None, None) => {
            draft.raw("datetime", "null");
            draft.string("start_datetime", UNKNOWN.0);
            draft.string("end_datetime", UNKNOWN.1);
        }
    }
}

impl<'a> Times<'a> {
    fn of(properties: &'a str) -> Self {
        let mut times = Self::default();
        for (name, value) in scan::members(properties) {
            if let Some(place) = NAMES.iter().position(|known| *known == name)
                && let Some(time) = times.0.get_mut(place)
            {
                *time = Some(value);
            }
        }
        times
    }

    fn are_usable(&self) -> bool {
        let [datetime, start, end, created, updated] = self.0;
        let has_ends = start.is_some();
        let instant = match datetime {
            Some("null") => has_ends,
            Some(written) => is_usable(written),
            None => false,
        };
        let others = [start, end, created, updated];
        instant && has_ends == end.is_some() && others.into_iter().flatten().all(is_usable)
    }
}

/// RFC 3339 in UTC, as the schema of STAC 1.1 has it.
fn is_usable(written: &str) -> bool {
    read_string(written).is_some_and(|text| {
        let zone = text.ends_with('Z') || text.ends_with("+00:00");
        zone && text.as_bytes().get(10) == Some(&b'T') && Instant::parse(&text).is_ok()
    })
}
