//! What else people call a thing: the labels of SKOS concepts of any scheme, and which concept is broader than which.
//! For search alone; canonical labels of records come from `names`. Nothing is fetched.

use std::collections::BTreeMap;

use super::names::{BASE, SKOS, TABLES};
use crate::rdf::{self, Syntax, Term};

/// Topics that no record is labelled with, only searched for.
const TOPICS: &str = include_str!("../../../ontologies/topics.ttl");

/// A thing with all its labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    pub labels: Vec<String>,
    /// Addresses of broader concepts.
    broader: Vec<String>,
}

/// Concepts by their addresses.
#[derive(Debug, Clone, Default)]
pub struct Thesaurus {
    topics: BTreeMap<String, Topic>,
}

impl Thesaurus {
    /// The tables that this binary brings.
    pub fn bundled() -> Self {
        // A table that cannot be read is found by a test.
        TABLES
            .iter()
            .chain([&TOPICS])
            .fold(Self::default(), |thesaurus, table| thesaurus.with(table.as_bytes()).unwrap_or_default())
    }

    /// These concepts and those of a table in Turtle: one that is known gains labels and broader concepts.
    ///
    /// # Errors
    /// `Broken` with the line, for what is no Turtle.
    pub fn with(mut self, turtle: &[u8]) -> Result<Self, rdf::Broken> {
        for triple in rdf::parse(Syntax::Turtle, turtle, BASE, &[])? {
            let (Term::Iri(subject), Some(property)) = (triple.subject, triple.predicate.strip_prefix(SKOS)) else {
                continue;
            };
            match (property, triple.object) {
                ("prefLabel" | "altLabel" | "hiddenLabel", Term::Literal { value, .. }) => {
                    push(&mut self.topics.entry(subject).or_default().labels, value);
                }
                ("broader", Term::Iri(broader)) => push(&mut self.topics.entry(subject).or_default().broader, broader),
                ("narrower", Term::Iri(narrower)) => {
                    push(&mut self.topics.entry(narrower).or_default().broader, subject);
                }
                _ => {}
            }
        }
        Ok(self)
    }

    /// For each concept its labels, and those of the concepts right below it.
    pub fn groups(&self) -> Vec<(Vec<String>, Vec<String>)> {
        let mut narrower: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for topic in self.topics.values() {
            for broader in &topic.broader {
                narrower.entry(broader).or_default().extend(topic.labels.iter().cloned());
            }
        }
        let below = |address: &str| narrower.get(address).cloned().unwrap_or_default();
        self.topics.iter().map(|(address, topic)| (topic.labels.clone(), below(address))).collect()
    }
}

fn push(texts: &mut Vec<String>, text: String) {
    if !texts.contains(&text) {
        texts.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_tables_give_labels_and_an_archivist_adds_to_them() {
        let bundled = Thesaurus::bundled();
        let labels_with = |thesaurus: &Thesaurus, label: &str| {
            thesaurus.groups().into_iter().find(|(labels, _)| labels.iter().any(|known| known == label))
        };
        for (one, other) in [("LST", "land surface temperature"), ("EOS PM-1", "Aqua")] {
            let (labels, _) = labels_with(&bundled, one).unwrap_or_else(|| panic!("{one} is unknown"));
            assert!(labels.iter().any(|label| label == other), "{labels:?}");
        }
        let (_, narrower) = labels_with(&bundled, "vegetation index").expect("is known");
        assert!(narrower.iter().any(|label| label == "NDVI"), "{narrower:?}");
        let table = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
            <https://w3id.org/perennial/topic/sea-ice> skos:altLabel \"banquise\" ; skos:narrower <http://a/floe> .
            <http://a/floe> skos:prefLabel \"ice floe\" .";
        let added = bundled.with(table.as_bytes()).expect("Turtle");
        let (labels, narrower) = labels_with(&added, "banquise").expect("is known");
        assert!(labels.contains(&"sea ice".to_owned()) && narrower == ["ice floe"], "{labels:?} {narrower:?}");
        assert!(added.with(b"no turtle <").is_err());
    }
}
