//! Sort extension: `sortby` by GET and POST to the catalogue's sort keys.

use serde::Deserialize;

use crate::catalogue::Error;
use crate::model::SortKey;
use crate::query::cql2::stac;

/// Members of an Item or Collection that have no order, beside geometry and description.
const WITHOUT_ORDER: &[&str] =
    &["bbox", "links", "assets", "properties", "stac_extensions", "stac_version", "type", "extent", "summaries"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SortBody {
    field: String,
    #[serde(default)]
    direction: Option<Direction>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Asc,
    Desc,
}

/// Reads `+properties.datetime,-id`. An unencoded `+` arrives as a blank and is gone already.
///
/// # Errors
/// 400 that names the field that has no order.
pub fn from_list(names: &[String]) -> Result<Vec<SortKey>, Error> {
    names.iter().map(|name| named(name)).collect()
}

fn named(text: &str) -> Result<SortKey, Error> {
    match text.strip_prefix('-') {
        Some(name) => key(name, true),
        None => key(text.strip_prefix('+').unwrap_or(text), false),
    }
}

/// Reads a list of `{"field": …, "direction": "asc" | "desc"}`.
///
/// # Errors
/// As `from_list`, and for any other value.
pub fn from_body(text: &str) -> Result<Vec<SortKey>, Error> {
    let bodies: Vec<SortBody> =
        serde_json::from_str(text).map_err(|error| Error::parameter("sortby", error.to_string()))?;
    bodies.iter().map(|body| key(&body.field, body.direction == Some(Direction::Desc))).collect()
}

/// `properties.` may stand before the name of a property or be left out. `datetime` is the start of observation, which
/// an Item without a datetime of its own has too.
fn key(field: &str, descending: bool) -> Result<SortKey, Error> {
    let field = field.trim();
    let has_order = !WITHOUT_ORDER.contains(&field) && !field.starts_with("assets.");
    match Some(stac(field)).filter(|_| has_order).and_then(|property| SortKey::by(property, descending)) {
        Some(key) => Ok(key),
        None if field.is_empty() => Err(Error::parameter("sortby", "names no field")),
        None => Err(Error::parameter("sortby", format!("{field:?} has no order; the sortables of a collection have"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_mean_the_same() {
        let text = ["-properties.eo:cloud_cover", "+id", "datetime"].map(str::to_owned);
        let body = r#"[{"field":"eo:cloud_cover","direction":"desc"},{"field":"id","direction":"asc"},{"field":"properties.datetime"}]"#;
        let expected = vec![
            SortKey::By { property: stac("eo:cloud_cover"), descending: true },
            SortKey::by_id(),
            SortKey::Time { descending: false },
        ];
        assert_eq!(from_list(&text).expect("fields"), expected);
        assert_eq!(from_body(body).expect("fields"), expected);
    }

    #[test]
    fn what_has_no_order_is_refused() {
        for name in ["geometry", "description", "links", "-", "+", "-properties.", "assets.x.href"] {
            assert!(from_list(&[name.to_owned()]).is_err(), "{name}");
        }
        for text in
            ["{}", "\"id\"", "[\"id\"]", r#"[{"field":"id","direction":"up"}]"#, r#"[{"field":"id","order":1}]"#]
        {
            assert!(from_body(text).is_err(), "{text}");
        }
    }
}
