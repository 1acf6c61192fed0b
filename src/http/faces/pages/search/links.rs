//! The same search for programs.

use maud::{Markup, html};

use super::asked::{Asked, Group};
use crate::export::Format;
use crate::model::uri::encode;
use crate::model::{Facet, TimeRange};

/// The search in the native interface, a page of it.
pub fn native(asked: &Asked) -> String {
    let limit = ("limit", asked.limit().to_string());
    join("/api/v1/search", parts(asked).into_iter().chain([limit]))
}

/// The same question to this archive and its sources, as a page.
pub fn federated(asked: &Asked) -> String {
    join("/federation/search", parts(asked).into_iter().chain([("f", "html".to_owned())]))
}

/// The whole result as a file.
fn file(asked: &Asked, format: Format) -> String {
    join("/api/v1/search", parts(asked).into_iter().chain([("f", format.as_str().to_owned())]))
}

/// Parameters of the native interface that ask the same. Facets whose values hold a comma, which would be two values there,
/// become part of the filter.
fn parts(asked: &Asked) -> Vec<(&'static str, String)> {
    let mut parts = vec![("q", asked.text.clone())];
    let kinds: Vec<&str> = match asked.query() {
        Ok(query) if asked.group != Group::Products => query.kinds.iter().map(|kind| kind.as_str()).collect(),
        _ => Vec::new(),
    };
    parts.push(("kind", kinds.join(",")));
    let (torn, plain): (Vec<_>, Vec<_>) =
        asked.facets.iter().partition(|(_, values)| values.iter().any(|value| value.contains(',')));
    for (facet, values) in plain {
        parts.extend(values.iter().map(|value| (facet.as_str(), value.clone())));
    }
    parts.push(("datetime", asked.time().ok().flatten().map(interval_text).unwrap_or_default()));
    parts.push(("bbox", asked.area.clone()));
    parts.extend(asked.properties.iter().map(|condition| ("property", condition.clone())));
    let own = Some(asked.filter.as_str()).filter(|filter| !filter.is_empty()).map(|filter| format!("({filter})"));
    let filters: Vec<String> =
        own.into_iter().chain(torn.into_iter().map(|(facet, values)| one_of(*facet, values))).collect();
    parts.push(("filter", filters.join(" AND ")));
    parts.push(("sort", asked.sort.clone()));
    parts
}

/// A facet as a condition of CQL2.
fn one_of(facet: Facet, values: &[String]) -> String {
    let texts: Vec<String> = values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
    format!("{} IN ({})", facet.as_str(), texts.join(", "))
}

/// The search as STAC, when it can be asked there: products by collection, time and place on Earth.
pub fn stac(asked: &Asked) -> Option<String> {
    let others = asked.facets.keys().filter(|facet| !matches!(facet, Facet::Collection | Facet::Body)).count();
    let is_earth = asked.area_body().is_ok_and(|body| body == "earth")
        && (!asked.area.is_empty() || !asked.facets.contains_key(&Facet::Body));
    let is_plain =
        asked.text.is_empty() && others == 0 && asked.properties.is_empty() && asked.filter.is_empty() && is_earth;
    let has_comma = asked.facets.values().flatten().any(|value| value.contains(','));
    if asked.group != Group::Products || !is_plain || !asked.sort.is_empty() || has_comma {
        return None;
    }
    let collections = asked.facets.get(&Facet::Collection).map(|values| values.join(",")).unwrap_or_default();
    let parts = [
        ("collections", collections),
        ("datetime", asked.time().ok().flatten().map(interval_text).unwrap_or_default()),
        ("bbox", asked.area.replace(' ', "")),
        ("limit", asked.limit().to_string()),
    ];
    Some(join("/stac/search", parts.into_iter()))
}

/// A format as people know it.
const fn title(format: Format) -> &'static str {
    match format {
        Format::Ndjson => "JSON lines",
        Format::Csv => "CSV",
        Format::GeoJson => "GeoJSON",
        Format::GeoParquet => "GeoParquet",
        Format::VoTable => "VOTable",
    }
}

fn interval_text(time: TimeRange) -> String {
    let end = |end: Option<crate::model::Instant>| end.map_or_else(|| "..".to_owned(), |end| end.to_string());
    format!("{}/{}", end(time.start), end(time.stop))
}

fn join(path: &str, parts: impl Iterator<Item = (&'static str, String)>) -> String {
    let given = parts.filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(&value))).collect();
    format!("{path}?{}", parts.join("&"))
}

/// The links under the results.
pub fn links(asked: &Asked) -> Markup {
    html! {
        section.as-programs aria-labelledby="files" {
            h3 #files { "The whole result as a file" }
            ul.tags {
                @for format in Format::ALL { li { a href=(file(asked, format)) download { (title(format)) } } }
            }
        }
        section.as-programs aria-labelledby="programs" {
            h3 #programs { "This search for programs" }
            ul.tags {
                li { a href=(native(asked)) { "JSON" } }
                @if let Some(stac) = stac(asked) { li { a href=(stac) { "STAC" } } }
                li { a href="/docs/" { "Interface description" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::faces::native::search::query;
    use crate::http::parameters::Parameters;

    /// Every search of the page is a search of the native interface, and finds the same.
    #[test]
    fn a_value_with_a_comma_and_a_filter_are_asked_for_in_one_filter() {
        let text = "mission=A%2C%20it%27s&mission=B&level=L1&filter=a%20%3D%201%20OR%20a%20%3D%202&kind=collection";
        let asked = Asked::read(Parameters::parse(text).expect("form-encoded")).expect("understood");
        let address = native(&asked);
        let mut parameters = Parameters::parse(address.split_once('?').expect("parameters").1).expect("form-encoded");
        let filter = parameters.clone().one("filter").expect("once").expect("a filter");
        assert_eq!(filter, "(a = 1 OR a = 2) AND mission IN ('A, it''s', 'B')");
        assert_eq!(parameters.list("level"), ["L1"]);
        let asked = Parameters::parse(address.split_once('?').expect("parameters").1).expect("form-encoded");
        assert_eq!(query(asked).expect("a query").filters.len(), 1);
        assert!(file(&Asked::default(), Format::Csv).ends_with("?f=csv"));
    }
}
