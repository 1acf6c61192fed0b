//! DCAT catalogues and data sets in Turtle, JSON-LD and RDF/XML; schema.org data sets in JSON-LD. Mapping:
//! `docs/importers/dcat.md`.

mod contexts;
mod distribution;
mod extent;
mod graph;
mod resource;

use graph::Graph;

use crate::importer::shared::xml;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::rdf::{self, Syntax, Term};

/// How much of the file is looked at.
const HEAD: usize = 1 << 16;

/// What relative references are relative to; taken away again from ids.
const BASE: &str = "relative:/";

/// Words that stand in every document that describes data sets, or parts of such descriptions.
const MARKS: &[&str] = &[
    "http://www.w3.org/ns/dcat#",
    "https://www.w3.org/ns/dcat#",
    "project-open-data.cio.gov/v1.1/schema",
    "http://purl.org/dc/terms/",
    "http://xmlns.com/foaf/0.1/",
    "http://www.w3.org/ns/prov#",
    "http://www.w3.org/2006/vcard/ns#",
    "http://www.w3.org/ns/locn#",
];

/// Whether the first bytes are of this format.
pub fn recognises(name: &str, head: &[u8]) -> bool {
    syntax_of(name, head.get(..head.len().min(HEAD)).unwrap_or_default()).is_some()
}

fn syntax_of(name: &str, head: &[u8]) -> Option<Syntax> {
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let bare = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let marked = || MARKS.iter().any(|mark| has(mark)) || (has("schema.org") && has("Dataset"));
    match bare.first()? {
        b'<' if has("http://www.w3.org/1999/02/22-rdf-syntax-ns#") && has(":RDF") => marked().then_some(Syntax::RdfXml),
        b'{' | b'[' => {
            let linked = has("\"@context\"") || has("\"@graph\"") || has("\"@id\"") || has("\"@type\"");
            (linked && marked() && !has("\"stac_version\"")).then_some(Syntax::JsonLd)
        }
        b'<' if bare.starts_with(b"<?xml") || bare.starts_with(b"<!") => None,
        b'@' | b'#' | b'<' | b'P' | b'p' | b'B' => {
            let prefixed =
                has("@prefix") || has("PREFIX ") || has("prefix ") || name.ends_with(".ttl") || name.ends_with(".nt");
            (prefixed && marked()).then_some(Syntax::Turtle)
        }
        _ => None,
    }
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refuse = |reason| Finding { place: context.first, id: None, reason };
    let (syntax, media_type) = match syntax_of("x.ttl", bytes.get(..bytes.len().min(HEAD)).unwrap_or_default()) {
        Some(Syntax::JsonLd) => (Syntax::JsonLd, "application/ld+json"),
        Some(Syntax::RdfXml) => (Syntax::RdfXml, "application/rdf+xml"),
        _ => (Syntax::Turtle, "text/turtle"),
    };
    let text = match xml::decode(bytes) {
        Ok(text) => text,
        Err(reason) => return imported.findings.push(refuse(reason)),
    };
    let text = text.trim_start_matches('\u{feff}');
    let triples = match rdf::parse(syntax, text.as_bytes(), BASE, contexts::KNOWN) {
        Ok(triples) => triples,
        Err(broken) => {
            return imported.findings.push(refuse(Reason::Broken { line: broken.line, message: broken.message }));
        }
    };
    let graph = Graph::of(&triples);
    let before = imported.entities.len() + imported.findings.len();
    for (number, subject) in resource::main_subjects(&graph).into_iter().enumerate() {
        resource::import(&graph, subject, number, &resource::Document { bytes, media_type, context }, imported);
    }
    if imported.entities.len() + imported.findings.len() == before {
        let message = "describes no catalogue, data set, series, service, distribution or agent".to_owned();
        imported.findings.push(refuse(Reason::Broken { line: 1, message }));
    }
    imported.fields = imported.fields + graph.counts();
}

/// An address as written: relative ones without what they were resolved against.
fn plain(iri: &str) -> &str {
    iri.strip_prefix(BASE).unwrap_or(iri)
}

/// The address of a term that has one.
fn iri(term: &Term) -> Option<&str> {
    if let Term::Iri(iri) = term { Some(plain(iri)) } else { None }
}

#[cfg(test)]
mod tests;
