//! The meaning of every term that an answer may hold: our own terms and concepts from the vocabularies that the binary brings,
//! terms of others from the table beside them. Terms of others have a label and a reason of ours, never words of theirs.

use std::collections::HashMap;
use std::sync::OnceLock;

use oxrdf::{Literal, NamedNode, NamedNodeRef, NamedOrBlankNode, Quad};

use super::projection::{Base, CONCEPTS, vocabulary, vocabulary_graph, words};
use super::{ontologies, prefixes};

/// One term or concept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub iri: String,
    /// With its prefix; empty for a concept.
    pub name: String,
    /// Where it is under `/terms/`.
    pub path: String,
    /// `class`, `property`, `datatype`, `individual`, `concept` or `scheme`.
    pub kind: String,
    pub label: String,
    pub definition: String,
    pub example: String,
    /// Short form: of a level the name by which records are counted.
    pub notation: String,
    pub why: String,
    /// Other spellings.
    pub others: Vec<String>,
    /// Name of the vocabulary of ours that has it; empty for a term of others.
    pub vocabulary: String,
}

struct Glossary {
    entries: Vec<Entry>,
    by_path: HashMap<String, usize>,
    by_iri: HashMap<String, usize>,
}

fn glossary() -> &'static Glossary {
    static GLOSSARY: OnceLock<Glossary> = OnceLock::new();
    GLOSSARY.get_or_init(|| {
        let mut entries: Vec<Entry> = ontologies::TERMS.lines().skip(1).filter_map(of_others).collect();
        for (name, quads) in vocabulary() {
            entries.extend(of_ours(name, quads));
        }
        let places = |key: fn(&Entry) -> &String| {
            entries.iter().enumerate().map(|(place, entry)| (key(entry).clone(), place)).collect()
        };
        let by_path = places(|entry| &entry.path);
        let by_iri = places(|entry| &entry.iri);
        Glossary { entries, by_path, by_iri }
    })
}

/// A row of the table.
fn of_others(row: &str) -> Option<Entry> {
    let mut cells = row.split('\t').map(str::to_owned);
    let (name, iri, kind, label, why) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?, cells.next()?);
    Some(Entry { path: name.replacen(':', "/", 1), name, iri, kind, label, why, ..Entry::default() })
}

/// The subjects of a vocabulary of ours.
fn of_ours(vocabulary: &str, quads: &[Quad]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for quad in quads {
        let oxrdf::NamedOrBlankNode::NamedNode(subject) = &quad.subject else { continue };
        if entries.last().is_none_or(|last| last.iri != subject.as_str()) {
            let rest = subject.as_str().strip_prefix(CONCEPTS).unwrap_or_default();
            let path = rest.replacen('#', "/", 1);
            let name = rest.strip_prefix("ltdp#").map_or(String::new(), |name| format!("ltdp:{name}"));
            let vocabulary = vocabulary.to_owned();
            entries.push(Entry { iri: subject.as_str().to_owned(), name, path, vocabulary, ..Entry::default() });
        }
        if let Some(entry) = entries.last_mut() {
            add(entry, quad);
        }
    }
    entries
}

fn add(entry: &mut Entry, quad: &Quad) {
    let property = quad.predicate.as_str().rsplit(['#', '/']).next().unwrap_or_default();
    match &quad.object {
        oxrdf::Term::Literal(literal) => {
            let value = literal.value();
            match property {
                "prefLabel" | "label" | "title" => value.clone_into(&mut entry.label),
                "definition" | "description" => value.clone_into(&mut entry.definition),
                "example" => value.clone_into(&mut entry.example),
                "notation" => value.clone_into(&mut entry.notation),
                "altLabel" => entry.others.push(value.to_owned()),
                _ => {}
            }
        }
        oxrdf::Term::NamedNode(class) if property == "type" && entry.kind.is_empty() => {
            let kind = match class.as_str().rsplit(['#', '/']).next().unwrap_or_default() {
                "ConceptScheme" => "scheme".to_owned(),
                other => other.to_ascii_lowercase(),
            };
            entry.kind = kind;
        }
        _ => {}
    }
}

/// Terms of vocabularies, without the concepts of tables: those of others, then ours.
pub fn terms() -> impl Iterator<Item = &'static Entry> {
    glossary().entries.iter().filter(|entry| !entry.name.is_empty())
}

/// The entry at a path under `/terms/`.
pub fn of_path(path: &str) -> Option<Entry> {
    let glossary = glossary();
    glossary.entries.get(*glossary.by_path.get(path)?).cloned()
}

/// The entry of an address.
pub fn of_iri(iri: &str) -> Option<Entry> {
    let glossary = glossary();
    glossary.entries.get(*glossary.by_iri.get(iri)?).cloned()
}

/// The parameter of a search for a role that concepts have.
pub fn facet(role: &str) -> Option<&'static str> {
    let facets = [
        ("mission", "mission"),
        ("platform", "platform"),
        ("instrument", "instrument"),
        ("target", "target"),
        ("level", "level"),
        ("product-type", "data_type"),
    ];
    facets.into_iter().find(|(known, _)| *known == role).map(|(_, facet)| facet)
}

/// A concept that records name and no table has: its name is all that is known of it.
pub fn unknown_concept(base: &Base, role: &str, name: &str) -> Vec<Quad> {
    const CONCEPT: NamedNodeRef<'static> = NamedNodeRef::new_unchecked("http://www.w3.org/2004/02/skos/core#Concept");
    const LABEL: NamedNodeRef<'static> = NamedNodeRef::new_unchecked("http://www.w3.org/2004/02/skos/core#prefLabel");
    let (concept, graph) = (base.term(role, name), vocabulary_graph(base, "terms"));
    vec![
        Quad::new(concept.clone(), words::TYPE, CONCEPT, graph.clone()),
        Quad::new(concept, LABEL, Literal::new_simple_literal(name), graph),
    ]
}

/// What an entry says, as RDF: of ours everything, of others the label and why it is used here.
pub fn statements(entry: &Entry) -> Vec<Quad> {
    let subject = NamedNode::new_unchecked(entry.iri.as_str());
    if !entry.vocabulary.is_empty() {
        let about = NamedOrBlankNode::from(subject);
        let quads = vocabulary().iter().find(|(name, _)| *name == entry.vocabulary).map(|(_, quads)| quads.iter());
        return quads.into_iter().flatten().filter(|quad| quad.subject == about).cloned().collect();
    }
    let graph = vocabulary_graph(&Base::stored(), "terms");
    let text = |value: &str| Literal::new_simple_literal(value);
    let mut quads = vec![Quad::new(subject.clone(), words::LABEL, text(&entry.label), graph.clone())];
    quads.push(Quad::new(subject.clone(), words::DESCRIPTION, text(&entry.why), graph.clone()));
    let namespace = prefixes().iter().find(|(prefix, _)| entry.name.split(':').next() == Some(prefix.as_str()));
    if let Some((_, namespace)) = namespace {
        let vocabulary = NamedNode::new_unchecked(namespace.as_str());
        quads.push(Quad::new(subject, words::SEE_ALSO, vocabulary, graph));
    }
    quads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_has_one_entry_with_a_label_and_a_meaning() {
        let glossary = glossary();
        assert_eq!(glossary.by_path.len(), glossary.entries.len());
        assert_eq!(glossary.by_iri.len(), glossary.entries.len());
        for entry in &glossary.entries {
            assert!(!entry.label.is_empty() && !entry.path.is_empty() && !entry.kind.is_empty(), "{entry:?}");
            let is_concept = entry.kind == "concept";
            assert!(is_concept || !entry.why.is_empty() || !entry.definition.is_empty(), "{entry:?}");
            assert_eq!(of_path(&entry.path).as_ref(), Some(entry));
            assert_eq!(of_iri(&entry.iri).as_ref(), Some(entry));
            assert!(!statements(entry).is_empty());
        }
        assert_eq!(of_path("dcat/Dataset").map(|entry| entry.why).as_deref(), Some("products"));
        assert_eq!(of_path("level/level-1b").map(|entry| entry.notation).as_deref(), Some("L1B"));
        assert_eq!(of_path("mission/envisat").map(|entry| entry.label).as_deref(), Some("Envisat"));
    }
}
