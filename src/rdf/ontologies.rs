//! The vocabularies that this binary brings, as they stand in `ontologies/`. Says what there is; reads nothing of it.

/// A vocabulary: its name in addresses, and its Turtle.
pub struct Ontology {
    pub name: &'static str,
    pub turtle: &'static str,
}

impl Ontology {
    /// What its first line says it is.
    pub fn about(&self) -> &'static str {
        let first = self.turtle.lines().next().unwrap_or_default();
        let sentences = first.trim_start_matches(['#', ' ']);
        sentences.split_once(". ").map_or(sentences, |(first, _)| first)
    }
}

/// Terms of other vocabularies that answers use: name, address, kind, our label, and why, parted by tabs.
pub const TERMS: &str = include_str!("../../ontologies/terms.tsv");

/// What every description keeps to, in SHACL.
pub const SHAPES: &str = include_str!("../../ontologies/shapes.ttl");

/// All of them.
pub const ALL: &[Ontology] = &[
    Ontology { name: "missions", turtle: include_str!("../../ontologies/missions.ttl") },
    Ontology { name: "platforms", turtle: include_str!("../../ontologies/platforms.ttl") },
    Ontology { name: "instruments", turtle: include_str!("../../ontologies/instruments.ttl") },
    Ontology { name: "targets", turtle: include_str!("../../ontologies/targets.ttl") },
    Ontology { name: "levels", turtle: include_str!("../../ontologies/levels.ttl") },
    Ontology { name: "topics", turtle: include_str!("../../ontologies/topics.ttl") },
    Ontology { name: "product-types", turtle: include_str!("../../ontologies/product-types.ttl") },
    Ontology { name: "access", turtle: include_str!("../../ontologies/access.ttl") },
    Ontology { name: "schemes", turtle: include_str!("../../ontologies/schemes.ttl") },
    Ontology { name: "ltdp", turtle: include_str!("../../ontologies/ltdp.ttl") },
];
