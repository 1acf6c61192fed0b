//! Statements of RDF taken apart: what a page says of each data set becomes a document of its own, as N-Triples in one order.
//! Whatever the order and the names of blank nodes in the page, the same statements make the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::{Document, Fault};
use crate::rdf::{Term, Triple};

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const DCAT: [&str; 2] = ["http://www.w3.org/ns/dcat#", "https://www.w3.org/ns/dcat#"];
const MODIFIED: &str = "http://purl.org/dc/terms/modified";
const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

/// Steps that telling blank nodes of one data set apart may take; beyond that they are told apart by less.
const MOST_STEPS: usize = 50_000;
/// How far the description of a blank node is followed for that.
const MOST_DEEP: usize = 8;

/// The statements of a page, by subject.
pub struct Page<'t> {
    by_subject: BTreeMap<String, Vec<&'t Triple>>,
}

/// What a page says of its place among others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Paging {
    pub next: Option<String>,
    pub total: Option<u64>,
}

fn name_of(term: &Term) -> Option<String> {
    match term {
        Term::Iri(iri) => Some(iri.clone()),
        Term::Blank(name) => Some(format!("_:{name}")),
        Term::Literal { .. } => None,
    }
}

impl<'t> Page<'t> {
    /// Puts statements in order.
    pub fn of(triples: &'t [Triple]) -> Self {
        let mut by_subject: BTreeMap<String, Vec<&Triple>> = BTreeMap::new();
        for triple in triples {
            by_subject.entry(name_of(&triple.subject).unwrap_or_default()).or_default().push(triple);
        }
        Self { by_subject }
    }

    /// `hydra:next` and `hydra:totalItems`.
    pub fn paging(&self) -> Paging {
        let mut paging = Paging::default();
        for triple in self.by_subject.values().flatten() {
            match (triple.predicate.strip_prefix(HYDRA), &triple.object) {
                (Some("next" | "nextPage"), Term::Iri(iri)) => paging.next = Some(iri.clone()),
                (Some("next" | "nextPage"), Term::Literal { value, .. }) => paging.next = Some(value.clone()),
                (Some("totalItems"), Term::Literal { value, .. }) => paging.total = value.parse().ok(),
                _ => {}
            }
        }
        paging
    }

    fn is_main(&self, subject: &str) -> bool {
        let is_data_set = |triple: &&Triple| {
            let Term::Iri(class) = &triple.object else { return false };
            let class = DCAT.iter().find_map(|dcat| class.strip_prefix(dcat));
            triple.predicate == TYPE && matches!(class, Some("Dataset" | "DatasetSeries" | "DataService"))
        };
        self.by_subject.get(subject).is_some_and(|triples| triples.iter().any(is_data_set))
    }

    /// One document for each data set, series and service that has a name.
    pub fn documents(&self) -> Vec<Document> {
        let mains: Vec<&String> =
            self.by_subject.keys().filter(|subject| !subject.starts_with("_:") && self.is_main(subject)).collect();
        mains.into_iter().map(|subject| self.document(subject)).collect()
    }

    fn document(&self, subject: &str) -> Document {
        let around = self.around(subject);
        let mut naming = Naming { page: self, names: BTreeMap::new(), steps: 0 };
        let blanks: Vec<&String> = around.iter().filter(|name| name.starts_with("_:")).collect();
        let mut described: Vec<(String, &String)> =
            blanks.into_iter().map(|blank| (naming.describe(blank, 0), blank)).collect();
        described.sort();
        for (number, (_, blank)) in described.iter().enumerate() {
            naming.names.insert((*blank).clone(), format!("_:b{number}"));
        }
        let triples = around.iter().filter_map(|name| self.by_subject.get(name)).flatten();
        let lines: BTreeSet<String> = triples.map(|triple| naming.line(triple)).collect();
        let modified = self.by_subject.get(subject).into_iter().flatten().find_map(|triple| match &triple.object {
            Term::Literal { value, .. } if triple.predicate == MODIFIED => Some(value.clone()),
            _ => None,
        });
        Document {
            bytes: lines.into_iter().collect::<String>().into_bytes(),
            id: Some(subject.to_owned()),
            datestamp: modified,
            deleted: false,
            href: Some(subject.to_owned()).filter(|subject| subject.starts_with("http")),
        }
    }

    /// The subject and what its statements lead to, up to other data sets.
    fn around(&self, subject: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([subject.to_owned()]);
        let mut open = vec![subject.to_owned()];
        while let Some(name) = open.pop() {
            for triple in self.by_subject.get(&name).into_iter().flatten() {
                let Some(object) = name_of(&triple.object) else { continue };
                let leads_on = self.by_subject.contains_key(&object) && !self.is_main(&object);
                if leads_on && !self.is_page(&object) && found.insert(object.clone()) {
                    open.push(object);
                }
            }
        }
        found
    }

    /// Catalogues and pages list everything: a data set that names its own does not contain it.
    fn is_page(&self, subject: &str) -> bool {
        let says = |triple: &&Triple| {
            let is_catalogue = matches!(&triple.object, Term::Iri(class) if DCAT.iter().any(|dcat| class.strip_prefix(dcat) == Some("Catalog")));
            triple.predicate.starts_with(HYDRA) || (triple.predicate == TYPE && is_catalogue)
        };
        self.by_subject.get(subject).is_some_and(|triples| triples.iter().any(says))
    }
}

/// Names of blank nodes that depend on what is said of them alone.
struct Naming<'p, 't> {
    page: &'p Page<'t>,
    names: BTreeMap<String, String>,
    steps: usize,
}

impl Naming<'_, '_> {
    fn describe(&mut self, blank: &str, depth: usize) -> String {
        self.steps += 1;
        if depth >= MOST_DEEP || self.steps > MOST_STEPS {
            return "_".to_owned();
        }
        let triples = self.page.by_subject.get(blank).cloned().unwrap_or_default();
        let mut parts: Vec<String> = triples
            .into_iter()
            .map(|triple| match name_of(&triple.object).filter(|name| name.starts_with("_:")) {
                Some(inner) => format!("{} {}", triple.predicate, self.describe(&inner, depth + 1)),
                None => format!("{} {}", triple.predicate, self.term(&triple.object)),
            })
            .collect();
        parts.sort_unstable();
        format!("[{}]", parts.join(";"))
    }

    fn line(&self, triple: &Triple) -> String {
        format!("{} <{}> {} .\n", self.term(&triple.subject), escaped(&triple.predicate), self.term(&triple.object))
    }

    fn term(&self, term: &Term) -> String {
        match term {
            Term::Iri(iri) => format!("<{}>", escaped(iri)),
            Term::Blank(name) => self.names.get(&format!("_:{name}")).cloned().unwrap_or_else(|| "_:b".to_owned()),
            Term::Literal { value, language, datatype } => {
                let text = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', "\\r");
                match (language, datatype) {
                    (Some(language), _) => format!("\"{text}\"@{language}"),
                    (None, Some(datatype)) => format!("\"{text}\"^^<{}>", escaped(datatype)),
                    (None, None) => format!("\"{text}\""),
                }
            }
        }
    }
}

/// An address as N-Triples writes it.
fn escaped(iri: &str) -> String {
    let is_plain = |c: char| !(c <= ' ' || "<>\"{}|^`\\".contains(c));
    if iri.chars().all(is_plain) {
        return iri.to_owned();
    }
    let write = |c: char| if is_plain(c) { c.to_string() } else { format!("\\u{:04X}", u32::from(c)) };
    iri.chars().map(write).collect()
}

/// The statements of an answer.
///
/// # Errors
/// `Fault::ParseError`; of a media type that is none of RDF too.
pub fn read(bytes: &[u8], media_type: &str, url: &str) -> Result<Vec<Triple>, Fault> {
    use crate::rdf::Syntax;
    let syntax = match media_type {
        "application/ld+json" | "application/json" => Syntax::JsonLd,
        "application/rdf+xml" | "application/xml" | "text/xml" => Syntax::RdfXml,
        "text/turtle" | "application/n-triples" | "application/x-turtle" | "text/plain" => Syntax::Turtle,
        other => return Err(Fault::unreadable(format!("{other:.80} is no media type of RDF"))),
    };
    crate::rdf::parse(syntax, bytes, url, &[]).map_err(Fault::unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(turtle: &str) -> Vec<(String, String)> {
        let prefixes = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . @prefix hydra: <http://www.w3.org/ns/hydra/core#> .\n";
        let triples =
            read(format!("{prefixes}{turtle}").as_bytes(), "text/turtle", "http://a.example/").expect("Turtle");
        let made = Page::of(&triples).documents();
        made.into_iter()
            .map(|made| (made.id.unwrap_or_default(), String::from_utf8(made.bytes).expect("text")))
            .collect()
    }

    #[test]
    fn each_data_set_is_a_document_whatever_the_order_and_the_names() {
        let one = "<d1> a dcat:Dataset ; dct:title \"A \\\"b\\\"\"@en ; dcat:distribution [ dct:title \"x\" ], [ dct:title \"y\" ; dct:format [ dct:title \"z\" ] ] .
                   <d2> a dcat:Dataset ; dct:isPartOf <d1>, <c> . <c> a dcat:Catalog ; dcat:dataset <d1>, <d2> .";
        let other = "<c> a dcat:Catalog ; dcat:dataset <d1>, <d2> . <d2> dct:isPartOf <c>, <d1> ; a dcat:Dataset .
                     <d1> dcat:distribution _:q, _:p . _:p dct:title \"x\" . _:q dct:format _:r ; dct:title \"y\" . _:r dct:title \"z\" .
                     <d1> dct:title \"A \\\"b\\\"\"@en ; a dcat:Dataset .";
        let made = documents(one);
        assert_eq!(made, documents(other));
        assert_eq!(
            made.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            ["http://a.example/d1", "http://a.example/d2"]
        );
        assert!(!made[1].1.contains("title"), "another data set is not contained: {}", made[1].1);
        let again = read(made[0].1.as_bytes(), "application/n-triples", "http://a.example/").expect("N-Triples");
        assert_eq!(again.len(), 8);
    }

    #[test]
    fn pages_are_hydra_s() {
        let turtle =
            b"@prefix hydra: <http://www.w3.org/ns/hydra/core#> . <?p=1> hydra:next <?p=2> ; hydra:totalItems 7 .";
        let triples = read(turtle, "text/turtle", "http://a.example/dcat").expect("Turtle");
        let expected = Paging { next: Some("http://a.example/dcat?p=2".into()), total: Some(7) };
        assert_eq!(Page::of(&triples).paging(), expected);
        assert!(read(b"<html>", "text/html", "http://a.example/").is_err());
    }

    #[test]
    fn many_blank_nodes_that_look_alike_take_no_time() {
        let mut turtle = "<d> a dcat:Dataset ; dcat:x _:n0x0 .".to_owned();
        for layer in 0..12 {
            for (from, to) in (0..20).flat_map(|from| (0..20).map(move |to| (from, to))) {
                turtle.push_str(&format!("_:n{layer}x{from} dcat:x _:n{}x{to} .", layer + 1));
            }
        }
        let started = std::time::Instant::now();
        assert_eq!(documents(&turtle).len(), 1);
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
