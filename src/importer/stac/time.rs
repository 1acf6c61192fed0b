//! Where items and collections write their times.

use super::{Draft, Fields, Making, json};
use crate::importer::shared::time::{self, System};

pub(super) use crate::importer::shared::time::read;

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
        let span = time::span(&time::Written {
            start: written.start.as_ref().map(|(name, text)| (*name, text.as_str())),
            stop: written.stop.as_ref().map(|(name, text)| (*name, text.as_str())),
            system: System::Utc,
            open_end: written.open_end,
            zone_unsaid: true,
            ..time::Written::default()
        });
        self.findings.extend(span.findings);
        if let Some(text) = span.text {
            draft.raw("time", &text);
        }
    }
}
