//! The statements of a document by their subject, remembering which were read.

use std::cell::Cell;
use std::collections::HashMap;

use crate::importer::shared::record::FieldCounts;
use crate::rdf::{Term, Triple};

/// Namespaces and the short names that properties get.
const PREFIXES: &[(&str, &str)] = &[
    ("dcat:", "http://www.w3.org/ns/dcat#"),
    ("dct:", "http://purl.org/dc/terms/"),
    ("dc:", "http://purl.org/dc/elements/1.1/"),
    ("foaf:", "http://xmlns.com/foaf/0.1/"),
    ("rdfs:", "http://www.w3.org/2000/01/rdf-schema#"),
    ("skos:", "http://www.w3.org/2004/02/skos/core#"),
    ("owl:", "http://www.w3.org/2002/07/owl#"),
    ("adms:", "http://www.w3.org/ns/adms#"),
    ("vcard:", "http://www.w3.org/2006/vcard/ns#"),
    ("locn:", "http://www.w3.org/ns/locn#"),
    ("geo:", "http://www.opengis.net/ont/geosparql#"),
    ("prov:", "http://www.w3.org/ns/prov#"),
    ("time:", "http://www.w3.org/2006/time#"),
    ("schema:", "http://schema.org/"),
    ("schema:", "https://schema.org/"),
    ("spdx:", "http://spdx.org/rdf/terms#"),
    ("odrl:", "http://www.w3.org/ns/odrl/2/"),
    ("dqv:", "http://www.w3.org/ns/dqv#"),
    ("void:", "http://rdfs.org/ns/void#"),
    ("dctype:", "http://purl.org/dc/dcmitype/"),
    ("rdf:", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("pod:", "https://project-open-data.cio.gov/v1.1/schema#"),
];

/// `dct:title` of the whole address; addresses of other namespaces stay.
pub(super) fn short(address: &str) -> String {
    let found = PREFIXES.iter().find_map(|(prefix, base)| Some(format!("{prefix}{}", address.strip_prefix(base)?)));
    found.unwrap_or_else(|| address.to_owned())
}

/// What one statement says of its subject.
pub(super) struct Statement<'t> {
    pub predicate: String,
    pub object: &'t Term,
    is_read: Cell<bool>,
}

pub(super) struct Graph<'t> {
    subjects: HashMap<&'t Term, Vec<Statement<'t>>>,
    /// In the order of the document.
    order: Vec<&'t Term>,
}

impl<'t> Graph<'t> {
    pub(super) fn of(triples: &'t [Triple]) -> Self {
        let mut graph = Self { subjects: HashMap::new(), order: Vec::new() };
        for triple in triples {
            let statements = graph.subjects.entry(&triple.subject).or_default();
            if statements.is_empty() {
                graph.order.push(&triple.subject);
            }
            statements.push(Statement {
                predicate: short(&triple.predicate),
                object: &triple.object,
                is_read: Cell::new(false),
            });
        }
        graph
    }

    pub(super) fn subjects(&self) -> impl Iterator<Item = &'t Term> {
        self.order.iter().copied()
    }

    pub(super) fn statements(&self, subject: &Term) -> &[Statement<'t>] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Values of the first of some predicates that has any, marked as read.
    pub(super) fn all(&self, subject: &Term, predicates: &[&str]) -> Vec<&'t Term> {
        let statements = self.statements(subject);
        let of = |predicate: &&str| {
            let found = statements.iter().filter(move |statement| statement.predicate == *predicate);
            found.inspect(|statement| statement.is_read.set(true)).map(|statement| statement.object).collect::<Vec<_>>()
        };
        predicates.iter().map(of).find(|values| !values.is_empty()).unwrap_or_default()
    }

    /// Values of all of some predicates, marked as read.
    pub(super) fn each(&self, subject: &Term, predicates: &[&str]) -> Vec<&'t Term> {
        predicates.iter().flat_map(|predicate| self.all(subject, &[*predicate])).collect()
    }

    pub(super) fn one(&self, subject: &Term, predicates: &[&str]) -> Option<&'t Term> {
        self.all(subject, predicates).first().copied()
    }

    /// The text of a value: of a literal in English, or without language, before others.
    pub(super) fn text(&self, subject: &Term, predicates: &[&str]) -> Option<&'t str> {
        let rank = |term: &&Term| match term {
            Term::Literal { language: None, .. } => 1,
            Term::Literal { language: Some(language), .. } => {
                if language.starts_with("en") {
                    0
                } else {
                    2
                }
            }
            Term::Iri(_) | Term::Blank(_) => 3,
        };
        match self.all(subject, predicates).into_iter().min_by_key(rank)? {
            Term::Literal { value, .. } => Some(value.trim()).filter(|text| !text.is_empty()),
            Term::Iri(iri) => Some(iri),
            Term::Blank(_) => None,
        }
    }

    pub(super) fn is_a(&self, subject: &Term, types: &[&str]) -> bool {
        let of = |statement: &Statement<'_>| match statement.object {
            Term::Iri(iri) => types.contains(&short(iri).as_str()),
            _ => false,
        };
        self.statements(subject).iter().filter(|statement| statement.predicate == "rdf:type").any(of)
    }

    /// A text for people: a label where the document gives one, else the text or address itself.
    pub(super) fn label(&self, term: &'t Term) -> Option<String> {
        if let Term::Literal { value, .. } = term {
            return Some(value.trim().to_owned());
        }
        let names = [
            "skos:prefLabel",
            "rdfs:label",
            "dct:title",
            "foaf:name",
            "vcard:fn",
            "vcard:organization-name",
            "schema:name",
        ];
        let label = names.iter().find_map(|name| self.text(term, &[*name]));
        match (label, term) {
            (Some(label), _) => Some(label.to_owned()),
            (None, Term::Iri(iri)) => Some(iri.clone()),
            (None, _) => None,
        }
    }

    /// Marks all that is said of a subject as read.
    pub(super) fn read_type(&self, subject: &Term) {
        self.all(subject, &["rdf:type"]);
    }

    /// Statements about a subject that nothing has read yet, marked as read now.
    pub(super) fn rest(&self, subject: &Term) -> Vec<(&str, &'t Term)> {
        let unread = self.statements(subject).iter().filter(|statement| !statement.is_read.replace(true));
        unread.map(|statement| (statement.predicate.as_str(), statement.object)).collect()
    }

    pub(super) fn counts(&self) -> FieldCounts {
        let all = self.subjects.values().flatten();
        all.fold(FieldCounts::default(), |counts, statement| {
            let read = u64::from(statement.is_read.get());
            counts + FieldCounts { mapped: read, kept: 1 - read }
        })
    }
}
