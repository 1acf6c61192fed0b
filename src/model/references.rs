//! What a record is called besides its id, and what it refers to.

use std::borrow::Cow;

use serde::Deserialize;

use super::entity::{Identifier, Link};

/// Relations that say where a document or page is, and name no other record.
const STRUCTURAL: &[&str] = &[
    "self",
    "root",
    "parent",
    "child",
    "item",
    "items",
    "next",
    "prev",
    "alternate",
    "license",
    "preview",
    "thumbnail",
];

/// Longest name or target that is kept for look-up, bytes; the longest real one has 400.
const MAX_BYTES: usize = 1_024;

/// Borrowed from a record that passed its schema.
#[derive(Debug, Default, Deserialize)]
pub struct References<'a> {
    #[serde(borrow, default)]
    pub identifiers: Vec<Identifier<'a>>,
    #[serde(borrow, default)]
    pub aliases: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub links: Vec<Link<'a>>,
}

impl<'a> References<'a> {
    /// Reads the record's text; a record that cannot be read has none.
    pub fn view(record: &'a str) -> Self {
        serde_json::from_str(record).unwrap_or_default()
    }

    /// Identifiers and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let identifiers = self.identifiers.iter().map(|identifier| identifier.value.as_ref());
        identifiers.chain(self.aliases.iter().map(AsRef::as_ref)).filter(|name| is_kept(name))
    }

    /// Links to other records: relation and target.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &str)> {
        let links = self.links.iter().map(|link| (link.rel.as_ref(), link.href.as_ref()));
        links.filter(|(rel, href)| !STRUCTURAL.contains(rel) && is_kept(rel) && is_kept(href))
    }
}

/// A zero byte ends the parts of an index key.
fn is_kept(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_BYTES && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_targets_are_read_and_structure_is_left_out() {
        let record = r#"{"kind":"product","id":"a","identifiers":[{"scheme":"doi","value":"10.1/x"}],"aliases":["old"],
            "links":[{"rel":"self","href":"https://x"},{"rel":"derived_from","href":"urn:b"},{"rel":"x","href":""}]}"#;
        let references = References::view(record);
        assert_eq!(references.names().collect::<Vec<_>>(), ["10.1/x", "old"]);
        assert_eq!(references.targets().collect::<Vec<_>>(), [("derived_from", "urn:b")]);
        assert_eq!(References::view("{").names().count(), 0);
    }
}
