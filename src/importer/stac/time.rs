//! Times of items and collections: what is written becomes RFC 3339 in UTC, and is kept when it was something else.

use super::{Draft, Fields, Making, Reason, json};
use crate::model::Instant;

/// Ends that producers write for "none yet": catalogues' far futures. Compared on the day.
const PLACEHOLDER_DAYS: &[&str] = &["2050-01-01", "2099-12-31", "2100-01-01", "9999-12-31", "9999-01-01"];

/// A time as it was read.
pub(super) struct Read {
    /// Its first instant, RFC 3339 in UTC.
    pub start: String,
    /// Its last: another one when only a day was written.
    pub stop: String,
    /// Whether start is the text itself.
    exact: bool,
    zone_assumed: bool,
    precision: Option<&'static str>,
}

/// Reads RFC 3339 with any zone, a date and time without zone, or a day.
pub(super) fn read(written: &str) -> Option<Read> {
    let text = written.trim();
    if let Ok(instant) = Instant::parse(text) {
        let exact = text == written && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
        let start = if exact { text.to_owned() } else { instant.to_string() };
        return Some(Read { stop: start.clone(), start, exact, zone_assumed: false, precision: None });
    }
    if text.len() == "2000-01-01".len() {
        let (start, stop) = (format!("{text}T00:00:00Z"), format!("{text}T23:59:59.999999Z"));
        Instant::parse(&start).ok()?;
        return Some(Read { start, stop, exact: false, zone_assumed: false, precision: Some("P1D") });
    }
    let instant = Instant::parse(&format!("{text}Z")).ok()?.to_string();
    Some(Read { start: instant.clone(), stop: instant, exact: false, zone_assumed: true, precision: None })
}

/// A time span as a document writes it.
#[derive(Default)]
pub(super) struct Written {
    start: Option<(&'static str, String)>,
    stop: Option<(&'static str, String)>,
    open_end: bool,
}

/// `start_datetime` and `end_datetime`, else `datetime` for the one that is missing. `dtr:` was their prefix in 0.8.
pub(super) fn of_item(properties: &Fields<'_>) -> Written {
    let first =
        |names: &[&'static str]| names.iter().find_map(|name| Some((*name, properties.string(name)?.into_owned())));
    Written {
        start: first(&["start_datetime", "dtr:start_datetime", "datetime"]),
        stop: first(&["end_datetime", "dtr:end_datetime", "datetime"]),
        open_end: false,
    }
}

/// The two ends of a temporal extent, as JSON text; null leaves an end open.
pub(super) fn of_interval(start: &str, stop: &str) -> Written {
    let end = |text| json::read_string(text).map(|text| ("interval", text.into_owned()));
    Written { start: end(start), stop: end(stop), open_end: stop == "null" }
}

impl<'a> Making<'a> {
    /// Writes `time`, as far as it can be read.
    pub(super) fn time(&mut self, written: Written, draft: &mut Draft) {
        let start = self.read_end(written.start.as_ref());
        let mut stop = self.read_end(written.stop.as_ref());
        let text = |end: &Option<(&str, String)>| end.as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
        let mut time = Draft::object();
        let placeholder = stop.as_ref().is_some_and(|stop| is_placeholder(&stop.start));
        if placeholder {
            self.note(Reason::Placeholder { written: text(&written.stop) });
            stop = None;
        }
        if let (Some(first), Some(last)) = (&start, &stop)
            && Instant::parse(&last.stop).ok() < Instant::parse(&first.start).ok()
        {
            self.note(Reason::TimeReversed { start: first.start.clone(), stop: last.stop.clone() });
            stop = None;
        }
        if start.is_none() && stop.is_none() {
            if !(written.open_end || placeholder) {
                self.note(Reason::NoTime);
            }
            return;
        }
        let exact = |end: &Option<Read>| end.as_ref().is_none_or(|end| end.exact);
        let as_given = exact(&start) && exact(&stop) && !placeholder;
        let precision = [&start, &stop].into_iter().flatten().find_map(|end| end.precision);
        time.optional("start", start.map(|start| start.start));
        time.optional("stop", stop.map(|stop| stop.stop));
        time.optional("precision", precision);
        if !as_given {
            let (start, stop) = (text(&written.start), text(&written.stop));
            time.string("as_written", &if start == stop { start } else { format!("{start}/{stop}") });
        }
        time.string("system", "UTC");
        if written.open_end {
            time.raw("open_end", "true");
        }
        if placeholder {
            time.raw("placeholder", "true");
        }
        draft.part("time", time);
    }

    fn read_end(&mut self, end: Option<&(&'static str, String)>) -> Option<Read> {
        let (name, written) = end?;
        let found = read(written);
        match &found {
            None => self.note(Reason::TimeUnreadable { name, written: written.clone() }),
            Some(read) if read.zone_assumed => self.note(Reason::ZoneAssumed { name, written: written.clone() }),
            Some(_) => {}
        }
        found
    }
}

fn is_placeholder(start: &str) -> bool {
    PLACEHOLDER_DAYS.iter().any(|day| start.starts_with(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_utc_and_say_what_was_assumed() {
        let cases = [
            ("2018-10-01T01:08:32.033Z", Some(("2018-10-01T01:08:32.033Z", "2018-10-01T01:08:32.033Z", true))),
            ("2018-10-01T03:08:32+02:00", Some(("2018-10-01T01:08:32.000000Z", "2018-10-01T01:08:32.000000Z", false))),
            (
                "2018-10-01 01:08:32.5+00:00",
                Some(("2018-10-01T01:08:32.500000Z", "2018-10-01T01:08:32.500000Z", false)),
            ),
            ("2018-10-01T01:08:32", Some(("2018-10-01T01:08:32.000000Z", "2018-10-01T01:08:32.000000Z", false))),
            ("2019-11-29", Some(("2019-11-29T00:00:00Z", "2019-11-29T23:59:59.999999Z", false))),
            ("2019-02-30", None),
            ("yesterday", None),
            ("", None),
        ];
        for (written, expected) in cases {
            let found = read(written);
            let found = found.as_ref().map(|read| (read.start.as_str(), read.stop.as_str(), read.exact));
            assert_eq!(found, expected, "{written}");
        }
    }
}
