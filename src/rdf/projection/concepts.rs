//! The concept that a label stands for, from the SKOS tables that the binary brings. Spellings that only a store knows have no
//! part in it: the projection of a record is the same everywhere.

use std::collections::HashMap;
use std::sync::OnceLock;

use oxrdf::NamedNode;

use super::base::{Base, address};
use crate::rdf::{Syntax, Term, ontologies, parse};

/// Where our concepts have their addresses.
pub const CONCEPTS: &str = "https://w3id.org/perennial/";
const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";

/// What a label is the label of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Mission,
    Platform,
    Instrument,
    Target,
    Level,
    ProductType,
    Access,
}

impl Role {
    /// As it stands in the addresses of concepts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mission => "mission",
            Self::Platform => "platform",
            Self::Instrument => "instrument",
            Self::Target => "target",
            Self::Level => "level",
            Self::ProductType => "product-type",
            Self::Access => "access",
        }
    }
}

/// The concept of a label: that of our tables, else the address that the record gives, else one made of the label.
pub fn concept(base: &Base, role: Role, label: &str, given: Option<&str>) -> NamedNode {
    known(role, label).or_else(|| address(given?)).unwrap_or_else(|| base.term(role.name(), label))
}

/// The concept of our tables that has this label or spelling.
pub fn known(role: Role, label: &str) -> Option<NamedNode> {
    static TABLE: OnceLock<HashMap<(&'static str, String), String>> = OnceLock::new();
    let table = TABLE.get_or_init(table);
    table.get(&(role.name(), fold(label))).map(|iri| NamedNode::new_unchecked(iri.as_str()))
}

/// Addresses by role and folded spelling. A preferred label wins over other spellings, and those over a notation; of
/// several concepts with one notation the one of the shortest address has it.
fn table() -> HashMap<(&'static str, String), String> {
    let roles =
        [Role::Mission, Role::Platform, Role::Instrument, Role::Target, Role::Level, Role::ProductType, Role::Access];
    let mut spellings: Vec<(u8, usize, (&'static str, String), String)> = Vec::new();
    for ontology in ontologies::ALL {
        // A table that cannot be read is found by a test.
        for triple in parse(Syntax::Turtle, ontology.turtle.as_bytes(), CONCEPTS, &[]).unwrap_or_default() {
            let (Term::Iri(iri), Term::Literal { value, .. }) = (triple.subject, triple.object) else { continue };
            let rank = match triple.predicate.strip_prefix(SKOS) {
                Some("prefLabel") => 0,
                Some("altLabel" | "hiddenLabel") => 1,
                Some("notation") => 2,
                _ => continue,
            };
            let word = iri.strip_prefix(CONCEPTS).and_then(|rest| rest.split_once('/')).map(|(word, _)| word);
            let role = roles.into_iter().find(|role| Some(role.name()) == word);
            spellings.extend(role.map(|role| (rank, iri.len(), (role.name(), fold(&value)), iri.clone())));
        }
    }
    spellings.sort();
    spellings.reverse();
    spellings.into_iter().map(|(_, _, spelling, iri)| (spelling, iri)).collect()
}

/// Spellings are compared without regard to case, spaces and signs.
fn fold(written: &str) -> String {
    written.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_leads_to_our_concept_then_to_what_is_given() {
        let given = Some("urn:nasa:pds:context:x");
        let cases = [
            (Role::Mission, "Envisat", given, "https://w3id.org/perennial/mission/envisat"),
            (Role::Level, "L1", None, "https://w3id.org/perennial/level/level-1"),
            (Role::Level, "Level 1B", None, "https://w3id.org/perennial/level/level-1b"),
            (Role::Target, "67p", None, "https://w3id.org/perennial/target/67p-churyumov-gerasimenko"),
            (Role::Mission, "Nobody's", given, "urn:nasa:pds:context:x"),
            (Role::Mission, "Nobody's", Some("no address"), "https://perennial.invalid/terms/mission/Nobody%27s"),
        ];
        for (role, label, given, expected) in cases {
            assert_eq!(concept(&Base::stored(), role, label, given).as_str(), expected);
        }
    }
}
