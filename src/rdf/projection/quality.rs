//! Quality measures that have a unit, as quantities of QUDT. Others stay in the record.

use oxrdf::NamedNodeRef;

use super::sink::Sink;
use super::words;
use crate::model::Entity;
use crate::model::json::Fields;

/// Measures whose unit the schema fixes.
const MEASURES: [(&str, NamedNodeRef<'static>); 8] = [
    ("cloud_cover", words::PERCENT),
    ("snow_cover", words::PERCENT),
    ("gsd", words::METRE),
    ("exposure_s", words::SECOND),
    ("off_nadir", words::DEGREE),
    ("incidence_angle", words::DEGREE),
    ("sun_azimuth", words::DEGREE),
    ("sun_elevation", words::DEGREE),
];

pub(super) fn describe(sink: &mut Sink<'_>, entity: &Entity<'_>) {
    let Some(quality) = entity.quality.and_then(|quality| Fields::of_valid(quality.get())) else { return };
    for (measure, unit) in MEASURES {
        let Some(value) = quality.get(measure).and_then(decimal) else { continue };
        let node = sink.part(&format!("quality-{measure}"));
        sink.iri(words::QUALITY, node.clone());
        sink.iri_of(&node, words::TYPE, words::QUANTITY_VALUE);
        sink.text_of(&node, words::LABEL, measure);
        sink.typed_of(&node, words::NUMERIC_VALUE, value.0, value.1);
        sink.iri_of(&node, words::HAS_UNIT, unit);
    }
}

/// A JSON number as it is written, with the datatype that takes it so.
pub(super) fn decimal(text: &str) -> Option<(String, NamedNodeRef<'static>)> {
    let first = text.bytes().next()?;
    if !(first == b'-' || first.is_ascii_digit()) || text.len() > 64 {
        return None;
    }
    let datatype = if text.contains(['e', 'E']) {
        words::DOUBLE
    } else if text.contains('.') {
        words::DECIMAL
    } else {
        words::INTEGER
    };
    Some((text.to_owned(), datatype))
}
