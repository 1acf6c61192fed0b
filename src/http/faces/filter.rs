//! `filter`, `filter-lang` and `filter-crs` as every face reads them, and comparisons with values that came as text.

use serde_json::Value;

use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::model::{Comparison, Filter, Operand, Query};
use crate::query::cql2::{MAX_JSON_BYTES, Names, from_json, from_text as read_text};

/// The one coordinate reference system of geometries in filters.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A filter and how it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    pub filter: Filter,
    pub text: String,
}

impl Written {
    /// Asks it beside what the query asks already.
    pub fn add_to(self, query: &mut Query) {
        query.filters.push(self.filter);
        query.filter_text = Some(self.text);
    }
}

/// Takes the three parameters; text unless the language says JSON.
///
/// # Errors
/// 400 with the place of the fault, or for a language or reference system that is not offered.
pub fn from_query(parameters: &mut Parameters, names: Names) -> Result<Option<Written>, Error> {
    let filter = parameters.one("filter")?;
    let language = parameters.one("filter-lang")?;
    check_crs(parameters.one("filter-crs")?.as_deref())?;
    let is_json = is_json(language.as_deref(), false)?;
    filter.map(|text| read(&text, is_json, names)).transpose()
}

/// The three members of a body: JSON unless the language says text, which is then a string.
///
/// # Errors
/// As `from_query`.
pub fn from_body(
    filter: Option<&str>,
    language: Option<&str>,
    crs: Option<&str>,
    names: Names,
) -> Result<Option<Written>, Error> {
    check_crs(crs)?;
    let is_json = is_json(language, true)?;
    let Some(filter) = filter else { return Ok(None) };
    if is_json {
        return read(filter, true, names).map(Some);
    }
    let text =
        serde_json::from_str::<String>(filter).map_err(|_| Error::parameter("filter", "of cql2-text is a string"))?;
    read(&text, false, names).map(Some)
}

/// A filter as people write it: CQL2 text.
///
/// # Errors
/// 400 with the place of the fault.
pub fn from_text(text: &str, names: Names) -> Result<Written, Error> {
    read(text, false, names)
}

fn check_crs(crs: Option<&str>) -> Result<(), Error> {
    match crs {
        None | Some(CRS84) => Ok(()),
        Some(_) => Err(Error::parameter("filter-crs", format!("can be {CRS84} only"))),
    }
}

fn is_json(language: Option<&str>, usual: bool) -> Result<bool, Error> {
    match language {
        None => Ok(usual),
        Some("cql2-text") => Ok(false),
        Some("cql2-json") => Ok(true),
        Some(_) => Err(Error::parameter("filter-lang", "must be cql2-text or cql2-json")),
    }
}

fn read(text: &str, is_json: bool, names: Names) -> Result<Written, Error> {
    let filter = match as_standardised(text).filter(|_| is_json) {
        Some(text) => from_json(&text, names),
        None if is_json => from_json(text, names),
        None => read_text(text, names),
    };
    let filter = filter.map_err(|error| Error::parameter("filter", error.to_string()))?;
    Ok(Written { filter, text: text.to_owned() })
}

/// Drafts of CQL2, which clients still speak, gave `between` its two ends as a list. `None` when there is no such thing.
fn as_standardised(text: &str) -> Option<String> {
    if !text.contains("\"between\"") || text.len() > MAX_JSON_BYTES {
        return None;
    }
    let mut filter: Value = serde_json::from_str(text).ok()?;
    unpack_ends(&mut filter).then(|| filter.to_string())
}

/// Whether anything changed. The parser allows no deep nesting, so this may recurse.
fn unpack_ends(filter: &mut Value) -> bool {
    let is_between = filter.get("op").and_then(Value::as_str) == Some("between");
    let Some(arguments) = filter.get_mut("args").and_then(Value::as_array_mut) else { return false };
    let mut changed = false;
    if let (true, [_, Value::Array(ends)]) = (is_between, arguments.as_mut_slice())
        && ends.len() == 2
    {
        let ends = std::mem::take(ends);
        arguments.truncate(1);
        arguments.extend(ends);
        changed = true;
    }
    for argument in arguments {
        changed |= unpack_ends(argument);
    }
    changed
}

/// A comparison with a value. One that came as text is compared with texts and, if it is a number, with numbers: forms
/// and addresses know texts alone.
pub fn compare(left: Operand, comparison: Comparison, right: Operand) -> Filter {
    let Some(number) = number_in(&right) else { return Filter::Compare { left, comparison, right } };
    let both = vec![
        Filter::Compare { left: left.clone(), comparison, right: number },
        Filter::Compare { left, comparison, right },
    ];
    // A text is unequal to every number, and a number to every text.
    if comparison == Comparison::NotEqual { Filter::And(both) } else { Filter::Or(both) }
}

/// Equality with a value of an address, where truths are words too.
pub fn equals(left: Operand, value: String) -> Filter {
    let truth = match value.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let as_text = compare(left.clone(), Comparison::Equal, Operand::Text(value));
    let Some(truth) = truth else { return as_text };
    let as_truth = Filter::Compare { left, comparison: Comparison::Equal, right: Operand::Bool(truth) };
    Filter::Or(vec![as_truth, as_text])
}

/// The number that a text is.
pub fn number_in(operand: &Operand) -> Option<Operand> {
    let Operand::Text(text) = operand else { return None };
    let looks_like_one = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    let number = text.parse::<f64>().ok().filter(|number| looks_like_one && number.is_finite())?;
    Some(Operand::Number(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::cql2::stac;

    #[test]
    fn a_filter_is_read_in_both_languages() {
        let text = "filter=eo%3Acloud_cover%20%3C%2010&filter-crs=http%3A%2F%2Fwww.opengis.net%2Fdef%2Fcrs%2FOGC%2F1.3%2FCRS84";
        let json = r#"{"op":"<","args":[{"property":"eo:cloud_cover"},10]}"#;
        let by_text = from_query(&mut Parameters::parse(text).expect("form-encoded"), stac).expect("a filter");
        let by_json = from_body(Some(json), None, None, stac).expect("a filter");
        let as_string = from_body(Some("\"eo:cloud_cover < 10\""), Some("cql2-text"), None, stac).expect("a filter");
        let [by_text, by_json, as_string] = [by_text, by_json, as_string].map(|read| read.expect("given").filter);
        assert!(by_text == by_json && by_text == as_string);
        assert_eq!(from_body(None, None, None, stac).expect("none"), None);
        let draft = r#"{"op":"not","args":[{"op":"between","args":[{"property":"a"},[0,50]]}]}"#;
        let standard = r#"{"op":"not","args":[{"op":"between","args":[{"property":"a"},0,50]}]}"#;
        let read = |text| from_body(Some(text), None, None, stac).expect("a filter").map(|written| written.filter);
        assert_eq!(read(draft), read(standard));
    }

    #[test]
    fn what_is_not_offered_is_refused() {
        for text in [
            "filter=a%20%3C",
            "filter-lang=sql",
            "filter-crs=EPSG%3A4326",
            "filter=a%3D1&filter=b%3D1",
            "filter=%7B%7D&filter-lang=cql2-json",
        ] {
            assert!(from_query(&mut Parameters::parse(text).expect("form-encoded"), stac).is_err(), "{text}");
        }
        assert!(from_body(Some("7"), Some("cql2-text"), None, stac).is_err());
    }

    #[test]
    fn values_of_addresses_have_every_type_that_they_look_like() {
        let left = || Operand::Text("p".to_owned());
        let compare = |right| Filter::Compare { left: left(), comparison: Comparison::Equal, right };
        let text = |text: &str| compare(Operand::Text(text.to_owned()));
        assert_eq!(equals(left(), "a".to_owned()), text("a"));
        assert_eq!(equals(left(), "7".to_owned()), Filter::Or(vec![compare(Operand::Number(7.0)), text("7")]));
        assert_eq!(equals(left(), "true".to_owned()), Filter::Or(vec![compare(Operand::Bool(true)), text("true")]));
        assert_eq!(equals(left(), "inf".to_owned()), text("inf"));
    }
}
