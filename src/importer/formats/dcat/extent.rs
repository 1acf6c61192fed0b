//! Periods and places.

use super::graph::Graph;
use super::iri;
use crate::importer::Reason;
use crate::importer::shared::record::Record;
use crate::importer::shared::space::{Shape, wkt};
use crate::importer::shared::time::Written;
use crate::rdf::Term;

/// The first period that has a date counts; others are told.
pub(super) fn period(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    let periods = graph.all(subject, &["dct:temporal", "schema:temporalCoverage"]);
    let several = periods.len() > 1;
    for period in periods {
        let (start, stop) = match period {
            Term::Literal { value, .. } => interval(value),
            _ => {
                graph.read_type(period);
                (end(graph, period, "Date", "start", "Beginning"), end(graph, period, "Date", "end", "End"))
            }
        };
        if start.is_none() && stop.is_none() {
            if let Some(href) = iri(period) {
                record.link("temporal", href, None);
            }
            continue;
        }
        let open_end = stop.is_none();
        let named = |name: &'static str, end: &'_ Option<String>| end.as_ref().map(|_| name);
        record.time(Written {
            start: named("start date", &start).zip(start.as_deref()),
            stop: named("end date", &stop).zip(stop.as_deref()),
            open_end,
            ..Written::default()
        });
    }
    if several {
        let message = "several periods: only the first is searched".to_owned();
        record.note(Reason::FieldNoted { field: "dct:temporal".to_owned(), message });
    }
}

/// `2010/2012`, `2010/..`, `start=2010; end=2012`.
fn interval(text: &str) -> (Option<String>, Option<String>) {
    let part = |name: &str| {
        let found = text.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        found.map(|text| text.trim().to_owned())
    };
    if text.contains("start=") || text.contains("end=") {
        return (part("start"), part("end"));
    }
    match text.split_once('/') {
        Some((start, stop)) => {
            let some = |end: &str| Some(end.trim().to_owned()).filter(|end| !end.is_empty() && end != "..");
            (some(start), some(stop))
        }
        None => (Some(text.trim().to_owned()), Some(text.trim().to_owned())),
    }
}

/// An end written directly, or as an instant of OWL-Time.
fn end(graph: &Graph<'_>, period: &Term, date: &str, direct: &str, instant: &str) -> Option<String> {
    let names = ["dcat:", "schema:"].map(|prefix| format!("{prefix}{direct}{date}"));
    if let Some(text) = graph.text(period, &names.each_ref().map(String::as_str)) {
        return Some(text.to_owned());
    }
    let instant = graph.one(period, &[format!("time:has{instant}").as_str()])?;
    graph.read_type(instant);
    let exact =
        ["time:inXSDDateTimeStamp", "time:inXSDDateTime", "time:inXSDDate", "time:inXSDgYearMonth", "time:inXSDgYear"];
    graph.text(instant, &exact).map(str::to_owned)
}

/// Boxes and geometries in any of the encodings; a place that only has a name is a keyword or a link.
pub(super) fn places(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    for place in graph.each(subject, &["dct:spatial", "schema:spatialCoverage"]) {
        graph.read_type(place);
        let literals = match place {
            Term::Literal { .. } => vec![vec![place]],
            _ => [
                graph.each(place, &["dcat:bbox", "schema:box"]),
                graph.each(place, &["locn:geometry", "geo:hasGeometry"]),
                graph.each(place, &["geo:asWKT", "geo:asGeoJSON", "dcat:centroid"]),
            ]
            .into(),
        };
        // A box, a geometry and a centre of one place say the same: the first that can be read is taken.
        let found = literals.iter().any(|encodings| encodings.iter().any(|term| shape(graph, term, record)));
        if !found {
            named(graph, place, record);
        }
    }
}

fn named(graph: &Graph<'_>, place: &Term, record: &mut Record<'_>) {
    match place {
        Term::Literal { value, .. } if value.contains(['(', '{', '<']) => {
            record.note(Reason::GeometryUnusable { message: value.chars().take(120).collect() });
        }
        Term::Literal { value, .. } => record.keyword(Some("place"), value),
        _ => {
            let label =
                graph.text(place, &["skos:prefLabel", "rdfs:label", "dct:title", "schema:name", "locn:geographicName"]);
            label.into_iter().for_each(|label| record.keyword(Some("place"), label));
            iri(place).into_iter().for_each(|href| record.link("place", href, label));
        }
    }
}

/// Adds the shape that a term says, if it can be read.
fn shape(graph: &Graph<'_>, term: &Term, record: &mut Record<'_>) -> bool {
    let Term::Literal { value, datatype, .. } = term else {
        graph.read_type(term);
        let inner = graph.each(term, &["geo:asWKT", "geo:asGeoJSON", "dcat:bbox"]);
        return inner
            .into_iter()
            .any(|literal| matches!(literal, Term::Literal { .. }) && shape(graph, literal, record));
    };
    let is_json = datatype.as_deref().is_some_and(|datatype| datatype.contains("json") || datatype.contains("JSON"));
    let text = value.trim();
    if is_json || text.starts_with('{') {
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return false;
        }
        record.footprint("earth", None, &Shape::Geometry(text));
        return true;
    }
    let found = wkt(text).or_else(|| envelope(text)).or_else(|| four(text));
    found.iter().for_each(|shape| record.footprint("earth", None, shape));
    found.is_some()
}

/// `<gml:Envelope srsName="…"><gml:lowerCorner>w s</…><gml:upperCorner>e n</…>`.
fn envelope(text: &str) -> Option<Shape<'static>> {
    let corner = |name: &str| {
        let (_, rest) = text.split_once(name)?;
        let (numbers, _) = rest.split_once('>')?.1.split_once('<')?;
        let mut numbers = numbers.split_whitespace().map(|word| word.parse::<f64>().ok());
        Some([numbers.next()??, numbers.next()??])
    };
    let (lower, upper) = (corner("lowerCorner")?, corner("upperCorner")?);
    let swapped = text.contains("EPSG") && !text.contains("CRS84");
    let [west, south] = if swapped { [lower[1], lower[0]] } else { lower };
    let [east, north] = if swapped { [upper[1], upper[0]] } else { upper };
    Some(Shape::Box { west, south, east, north })
}

/// `w,s,e,n` of Project Open Data; schema.org writes `s w n e` with spaces.
fn four(text: &str) -> Option<Shape<'static>> {
    let numbers: Option<Vec<f64>> =
        text.split([',', ' ']).filter(|word| !word.is_empty()).map(|word| word.parse().ok()).collect();
    match *numbers?.as_slice() {
        [west, south, east, north] if text.contains(',') => Some(Shape::Box { west, south, east, north }),
        [south, west, north, east] => Some(Shape::Box { west, south, east, north }),
        _ => None,
    }
}
