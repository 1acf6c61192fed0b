//! Fields extension: which members of an answer are wanted. Works on text, so that what is left stays as it was written.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::catalogue::Error;
use crate::model::Draft;
use crate::model::json::Fields;

/// Longest list of names, and deepest path: real ones have tens of names of two parts.
const MAX_NAMES: usize = 1_000;
const MAX_DEPTH: usize = 16;

/// What is given whatever is asked for: which document it is.
const IDENTITY: &[&str] = &["type", "stac_version", "id", "collection"];

/// What the extension calls the default set, beside the identity: with these an Item is valid.
const ITEM_DEFAULT: &[&str] = &[
    "geometry",
    "bbox",
    "links",
    "assets",
    "properties.datetime",
    "properties.start_datetime",
    "properties.end_datetime",
];

/// The same of a Collection.
const COLLECTION_DEFAULT: &[&str] = &["title", "description", "license", "extent", "links"];

/// The body member `fields`. A list that is null or empty is another thing than none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldsBody {
    #[serde(default, deserialize_with = "present")]
    include: Option<Vec<String>>,
    #[serde(default)]
    exclude: Option<Vec<String>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Option::<Vec<String>>::deserialize(deserializer).map(|list| Some(list.unwrap_or_default()))
}

/// Whose members are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Items,
    Collections,
}

/// What was said about a member and about those below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    /// `None`: what holds above.
    wanted: Option<bool>,
    below: BTreeMap<String, Node>,
}

impl Node {
    fn say(&mut self, path: &str, wanted: bool) {
        let mut node = self;
        for part in path.splitn(MAX_DEPTH, '.') {
            node = node.below.entry(part.to_owned()).or_default();
        }
        node.wanted = Some(wanted);
    }
}

/// Which members are wanted: the longest name that was given decides, and inclusion wins over exclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Whether members are wanted of which nothing was said.
    others: bool,
    said: Node,
}

impl Selection {
    /// Reads `id,-geometry,+properties.datetime`. An unencoded `+` arrives as a blank.
    ///
    /// # Errors
    /// 400 for an overlong list.
    pub fn from_text(text: &str, of: Of) -> Result<Self, Error> {
        let (mut include, mut exclude) = (Vec::new(), Vec::new());
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name.strip_prefix('-') {
                Some(name) => exclude.push(name.to_owned()),
                None => include.push(name.trim_start_matches('+').to_owned()),
            }
        }
        let all_others = include.is_empty() && !exclude.is_empty();
        Self::new(if all_others { None } else { Some(&include) }, &exclude, of)
    }

    /// Reads the member of a POST body.
    ///
    /// # Errors
    /// 400 for anything but lists of names.
    pub fn from_body(text: &str, of: Of) -> Result<Self, Error> {
        // A list would be read as the members in their order.
        if !text.starts_with('{') {
            return Err(Error::parameter("fields", "is an object with include and exclude"));
        }
        let body: FieldsBody =
            serde_json::from_str(text).map_err(|error| Error::parameter("fields", error.to_string()))?;
        let exclude = body.exclude.unwrap_or_default();
        let include = if exclude.is_empty() { Some(body.include.unwrap_or_default()) } else { body.include };
        Self::new(include.as_deref(), &exclude, of)
    }

    /// Without `include` everything is given that `exclude` does not name; an empty one means the default set.
    fn new(include: Option<&[String]>, exclude: &[String], of: Of) -> Result<Self, Error> {
        if include.map_or(0, <[String]>::len) + exclude.len() > MAX_NAMES {
            return Err(Error::parameter("fields", format!("names more than {MAX_NAMES} fields")));
        }
        let mut selection = Self { others: include.is_none(), said: Node::default() };
        let default = match (include, of) {
            (Some([]), Of::Items) => ITEM_DEFAULT,
            (Some([]), Of::Collections) => COLLECTION_DEFAULT,
            _ => &[],
        };
        IDENTITY.iter().chain(default).for_each(|name| selection.said.say(name, true));
        exclude.iter().for_each(|name| selection.said.say(name, false));
        include.unwrap_or_default().iter().for_each(|name| selection.said.say(name, true));
        Ok(selection)
    }

    /// The document with the wanted members alone.
    pub fn apply(&self, document: &str) -> String {
        choose(document, &self.said, self.others).unwrap_or_else(|| document.to_owned())
    }
}

/// `None` for what is no object.
fn choose(text: &str, said: &Node, wanted: bool) -> Option<String> {
    let mut chosen = Draft::with_capacity(text.len());
    for (name, value) in Fields::of_valid(text)?.iter() {
        let Some(node) = said.below.get(name) else {
            if wanted {
                chosen.raw(name, value);
            }
            continue;
        };
        let wanted = node.wanted.unwrap_or(wanted);
        match choose(value, node, wanted).filter(|_| !node.below.is_empty()) {
            None if wanted => chosen.raw(name, value),
            Some(inner) if wanted || inner != "{}" => chosen.raw(name, &inner),
            _ => {}
        }
    }
    Some(chosen.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = r#"{"type":"Feature","stac_version":"1.1.0","id":"i","geometry":null,"properties":{"datetime":"t","a":1.10,"b":{"c":2,"d":3}},"links":[],"assets":{"x":{"href":"h"}},"custom":1}"#;

    const IDENTITY: &str = r#""type":"Feature","stac_version":"1.1.0","id":"i""#;

    fn check(selection: Result<Selection, Error>, expected: &str) {
        let expected =
            if expected.is_empty() { format!("{{{IDENTITY}}}") } else { format!("{{{IDENTITY},{expected}}}") };
        assert_eq!(selection.expect("names").apply(ITEM), expected);
    }

    #[test]
    fn fields_are_chosen_as_the_extension_says() {
        let text = |text: &str, expected: &str| check(Selection::from_text(text, Of::Items), expected);
        text("", r#""geometry":null,"properties":{"datetime":"t"},"links":[],"assets":{"x":{"href":"h"}}"#);
        text("-geometry,-properties,-assets", r#""links":[],"custom":1"#);
        text("properties.a, properties.b.c", r#""properties":{"a":1.10,"b":{"c":2}}"#);
        text(
            "id,+properties,-properties.b.d,custom",
            r#""properties":{"datetime":"t","a":1.10,"b":{"c":2}},"custom":1"#,
        );
        text("-properties,+properties.a", r#""properties":{"a":1.10}"#);
        text("+geometry,-geometry", r#""geometry":null"#);
        text("properties.nothing,properties.a.b.c,nothing", "");
    }

    #[test]
    fn a_body_tells_no_list_from_an_empty_one() {
        let body = |text: &str, expected: &str| check(Selection::from_body(text, Of::Items), expected);
        let default = r#""geometry":null,"properties":{"datetime":"t"},"links":[],"assets":{"x":{"href":"h"}}"#;
        for text in ["{}", r#"{"include":null,"exclude":null}"#, r#"{"include":[],"exclude":[]}"#, r#"{"exclude":[]}"#]
        {
            body(text, default);
        }
        body(r#"{"exclude":["geometry","properties","assets"]}"#, r#""links":[],"custom":1"#);
        body(r#"{"include":null,"exclude":["geometry","assets"]}"#, r#""properties":{"datetime":"t"},"links":[]"#);
        body(r#"{"include":["properties.a"],"exclude":["links"]}"#, r#""properties":{"a":1.10}"#);
        for text in ["[]", "null", "{\"includes\":[]}", "{\"include\":[1]}", "\"id\""] {
            assert!(Selection::from_body(text, Of::Items).is_err(), "{text}");
        }
    }

    #[test]
    fn long_and_deep_names_do_no_harm() {
        assert!(Selection::from_text(&"a,".repeat(MAX_NAMES + 1), Of::Items).is_err());
        let deep = format!("-{}", "a.".repeat(100_000));
        assert_eq!(Selection::from_text(&deep, Of::Items).expect("names").apply("{\"b\":1}"), "{\"b\":1}");
    }
}
