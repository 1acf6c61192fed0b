//! The same search for programs.

use maud::{Markup, html};

use super::asked::{Asked, Group};
use crate::model::uri::encode;
use crate::model::{Facet, TimeRange};

/// The search in the native interface; none where a value holds a comma, which would be two values there.
pub fn native(asked: &Asked) -> Option<String> {
    if asked.facets.values().flatten().any(|value| value.contains(',')) {
        return None;
    }
    let mut parts = vec![("q", asked.text.clone())];
    let kinds: Vec<&str> = match asked.query() {
        Ok(query) if asked.group != Group::Products => query.kinds.iter().map(|kind| kind.as_str()).collect(),
        _ => Vec::new(),
    };
    parts.push(("kind", kinds.join(",")));
    for (facet, values) in &asked.facets {
        parts.extend(values.iter().map(|value| (facet.as_str(), value.clone())));
    }
    parts.push(("datetime", asked.time().ok().flatten().map(interval_text).unwrap_or_default()));
    parts.push(("bbox", asked.area.clone()));
    parts.extend(asked.properties.iter().map(|condition| ("property", condition.clone())));
    parts.push(("sort", asked.sort.clone()));
    parts.push(("limit", asked.limit().to_string()));
    Some(join("/api/v1/search", &parts))
}

/// The search as STAC, when it can be asked there: products by collection, time and place on Earth.
pub fn stac(asked: &Asked) -> Option<String> {
    let others = asked.facets.keys().filter(|facet| !matches!(facet, Facet::Collection | Facet::Body)).count();
    let is_earth = asked.area_body().is_ok_and(|body| body == "earth")
        && (!asked.area.is_empty() || !asked.facets.contains_key(&Facet::Body));
    let is_plain = asked.text.is_empty() && others == 0 && asked.properties.is_empty() && is_earth;
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
    Some(join("/stac/search", &parts))
}

fn interval_text(time: TimeRange) -> String {
    let end = |end: Option<crate::model::Instant>| end.map_or_else(|| "..".to_owned(), |end| end.to_string());
    format!("{}/{}", end(time.start), end(time.stop))
}

fn join(path: &str, parts: &[(&str, String)]) -> String {
    let given = parts.iter().filter(|(_, value)| !value.is_empty());
    let parts: Vec<String> = given.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("{path}?{}", parts.join("&"))
}

/// The links under the results.
pub fn links(asked: &Asked) -> Markup {
    html! {
        section.as-programs aria-labelledby="programs" {
            h3 #programs { "This search for programs" }
            ul.tags {
                @if let Some(native) = native(asked) { li { a href=(native) { "JSON" } } }
                @if let Some(stac) = stac(asked) { li { a href=(stac) { "STAC" } } }
                li { a href="/docs/" { "Interface description" } }
            }
        }
    }
}
