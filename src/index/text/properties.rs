//! Members of `properties` and `quality` as flat columns.
//!
//! A nested member is named by its path with dots: `{"a":{"b":1}}` is `a.b`, and so is `{"a.b":1}`: both are the same
//! property to a search. Elements of an array are several values of one property. A text that is an RFC 3339 date-time
//! with a zone is kept as an instant, so that `…Z` and `…+00:00` are equal and order is chronological; every other text
//! is compared byte by byte. Numbers are compared as 64-bit floats.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::query::evaluate::instant_of;

/// Deepest member that is indexed; records nest two or three levels.
pub(super) const MAX_DEPTH: usize = 16;

/// Longest path that is indexed, bytes.
pub(super) const MAX_PATH: usize = 256;

/// Most values indexed of one record.
pub(super) const MAX_VALUES: usize = 2_000;

/// First letter of a property's column, one for each type of value.
pub(super) const NUMBERS: char = 'n';
pub(super) const INSTANTS: char = 'i';
pub(super) const TEXTS: char = 't';
pub(super) const BOOLS: char = 'b';

/// One value of a property.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum PropertyValue<'a> {
    Number(f64),
    Instant(i64),
    Text(Cow<'a, str>),
    Bool(bool),
}

/// Calls `visit` with path and value of every scalar in an object, up to the limits above.
pub(super) fn flatten<'a>(object: &'a str, prefix: &str, visit: &mut dyn FnMut(&str, PropertyValue<'a>)) {
    let mut flattener = Flattener { path: prefix.to_owned(), left: MAX_VALUES, visit };
    flattener.value(object, 0);
}

/// The path as the columns spell it: the two characters that tantivy's own encoding reserves are replaced.
pub(super) fn column_path(path: &str) -> Cow<'_, str> {
    if path.contains(['\0', '\u{1}']) { path.replace(['\0', '\u{1}'], "\u{fffd}").into() } else { path.into() }
}

struct Flattener<'v, 'a> {
    path: String,
    left: usize,
    visit: &'v mut dyn FnMut(&str, PropertyValue<'a>),
}

impl<'a> Flattener<'_, 'a> {
    fn value(&mut self, text: &'a str, depth: usize) {
        if depth > MAX_DEPTH || self.left == 0 {
            return;
        }
        let text = text.trim();
        match text.as_bytes().first() {
            Some(b'{') => {
                let Ok(Members(members)) = serde_json::from_str(text) else { return };
                for (name, value) in members {
                    self.member(&name, value.get(), depth);
                }
            }
            Some(b'[') => {
                let Ok(Elements(elements)) = serde_json::from_str(text) else { return };
                for element in elements {
                    self.value(element.get(), depth + 1);
                }
            }
            Some(b'"') => {
                let Ok(Text(value)) = serde_json::from_str(text) else { return };
                let value = instant_of(&value).map_or(PropertyValue::Text(value), PropertyValue::Instant);
                self.emit(value);
            }
            Some(b't') => self.emit(PropertyValue::Bool(true)),
            Some(b'f') => self.emit(PropertyValue::Bool(false)),
            Some(b'n') | None => {}
            Some(_) => {
                let Ok(number) = text.parse::<f64>() else { return };
                // Beyond the range of 64 bits a number still compares greater than all that fit.
                self.emit(PropertyValue::Number(number.clamp(f64::MIN, f64::MAX)));
            }
        }
    }

    fn member(&mut self, name: &str, value: &'a str, depth: usize) {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        if self.path.len() <= MAX_PATH {
            self.value(value, depth + 1);
        }
        self.path.truncate(before);
    }

    fn emit(&mut self, value: PropertyValue<'a>) {
        if !self.path.is_empty() && self.left > 0 {
            self.left -= 1;
            (self.visit)(&column_path(&self.path), value);
        }
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Members in their order, names and values borrowed where they can be.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((Text(name), value)) = map.next_entry()? {
                    if members.len() < MAX_VALUES {
                        members.push((name, value));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementsVisitor;
        impl<'de> Visitor<'de> for ElementsVisitor {
            type Value = Elements<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Elements<'de>, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = sequence.next_element()? {
                    if elements.len() < MAX_VALUES {
                        elements.push(element);
                    }
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Vec<(String, PropertyValue<'_>)> {
        let mut found = Vec::new();
        flatten(text, "", &mut |path, value| found.push((path.to_owned(), value)));
        found
    }

    #[test]
    fn members_become_paths_and_values_keep_their_type() {
        let text = r#"{"eo:cloud_cover": 12.50, "a": {"b": [1, "x", {"c": true}]}, "a.b": "y", "n": null,
            "t": "2019-01-02T03:04:05Z", "old": "1601-01-01T00:00:00+00:00", "big": 1e400, "e": "\u00e9", "z\u0000": 1}"#;
        let expected = vec![
            ("eo:cloud_cover".into(), PropertyValue::Number(12.5)),
            ("a.b".into(), PropertyValue::Number(1.0)),
            ("a.b".into(), PropertyValue::Text("x".into())),
            ("a.b.c".into(), PropertyValue::Bool(true)),
            ("a.b".into(), PropertyValue::Text("y".into())),
            ("t".into(), PropertyValue::Instant(1_546_398_245_000_000)),
            ("old".into(), PropertyValue::Instant(-11_644_473_600_000_000)),
            ("big".into(), PropertyValue::Number(f64::MAX)),
            ("e".into(), PropertyValue::Text("é".into())),
            ("z\u{fffd}".into(), PropertyValue::Number(1.0)),
        ];
        assert_eq!(flat(text), expected);
    }

    #[test]
    fn deep_and_wide_objects_are_cut_off_without_harm() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert!(flat(&deep).is_empty());
        let wide = format!("{{\"a\":[{}1]}}", "1,".repeat(100_000));
        assert_eq!(flat(&wide).len(), MAX_VALUES);
    }
}
