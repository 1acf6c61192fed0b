//! What a record is called besides its id, and what it refers to.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::entity::{Identifier, Link};
use super::{Kind, json};

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

/// Relation of a product to its recipe.
pub const RECIPE: &str = "recipe";
/// Relation of a recipe to the products that it reads, and to the digests of the bytes that it reads.
pub const INPUT: &str = "input";
/// Relation of a recipe to the digests of the bytes that it makes.
pub const MAKES: &str = "makes";

/// Borrowed from a record that passed its schema.
#[derive(Debug, Default, Deserialize)]
pub struct References<'a> {
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(borrow, default)]
    pub identifiers: Vec<Identifier<'a>>,
    #[serde(borrow, default)]
    pub aliases: Vec<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub links: Vec<Link<'a>>,
    #[serde(borrow, default)]
    recipe: Option<&'a RawValue>,
    #[serde(borrow, default)]
    inputs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    outputs: Option<&'a RawValue>,
    /// Relations and targets that are no links by themselves.
    #[serde(skip)]
    implied: Vec<(&'static str, Cow<'a, str>)>,
}

/// An input or an output of a recipe.
#[derive(Deserialize)]
struct Pinned<'a> {
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    #[serde(borrow, default)]
    product: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl<'a> References<'a> {
    /// Reads the record's text; a record that cannot be read has none.
    pub fn view(record: &'a str) -> Self {
        let mut references: Self = serde_json::from_str(record).unwrap_or_default();
        references.imply();
        references
    }

    /// Products name their recipe, recipes what they read and make.
    fn imply(&mut self) {
        if self.kind == Some(Kind::Product) {
            let recipe = self.recipe.and_then(|recipe| json::read_string(recipe.get()));
            self.implied.extend(recipe.map(|id| (RECIPE, id)));
        }
        if self.kind != Some(Kind::Recipe) {
            return;
        }
        let pinned = |raw: Option<&'a RawValue>| -> Vec<Pinned<'a>> {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
        };
        for input in pinned(self.inputs) {
            self.implied.push((INPUT, input.sha256));
            self.implied.extend(input.product.map(|product| (INPUT, product.id)));
        }
        self.implied.extend(pinned(self.outputs).into_iter().map(|output| (MAKES, output.sha256)));
    }

    /// Identifiers and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let identifiers = self.identifiers.iter().map(|identifier| identifier.value.as_ref());
        identifiers.chain(self.aliases.iter().map(AsRef::as_ref)).filter(|name| is_kept(name))
    }

    /// Links to other records: relation and target.
    pub fn targets(&self) -> impl Iterator<Item = (&str, &str)> {
        let links = self.links.iter().map(|link| (link.rel.as_ref(), link.href.as_ref()));
        let implied = self.implied.iter().map(|(rel, target)| (*rel, target.as_ref()));
        links.chain(implied).filter(|(rel, href)| !STRUCTURAL.contains(rel) && is_kept(rel) && is_kept(href))
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

    #[test]
    fn a_product_names_its_recipe_and_a_recipe_what_it_reads_and_makes() {
        let product = r#"{"kind":"product","id":"p","recipe":"r","inputs":7}"#;
        assert_eq!(References::view(product).targets().collect::<Vec<_>>(), [(RECIPE, "r")]);
        let recipe = r#"{"kind":"recipe","id":"r","recipe":"no","inputs":[{"name":"a","sha256":"aa","product":{"collection":"c","id":"x"}}],
            "outputs":[{"name":"o","sha256":"bb"}]}"#;
        let expected = [(INPUT, "aa"), (INPUT, "x"), (MAKES, "bb")];
        assert_eq!(References::view(recipe).targets().collect::<Vec<_>>(), expected);
        assert_eq!(References::view(r#"{"kind":"product","recipe":{"steps":[]}}"#).targets().count(), 0);
    }
}
