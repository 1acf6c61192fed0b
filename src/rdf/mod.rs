//! Reads and writes RDF, and says what records are in it. Turtle, JSON-LD and RDF/XML become triples; nothing is fetched: a remote context is an error unless it is one
//! of those that this binary brings. Size, nesting and entities are bounded before a parser sees the bytes.

mod bounds;
pub mod canonical;
pub mod context;
mod convert;
pub mod glossary;
pub mod ontologies;
pub mod projection;
mod write;

pub use write::{CONTEXT, CONTEXT_PATH, Writing, compact, expand, prefixes, write};

use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdfxml::RdfXmlParser;
use oxttl::TurtleParser;

/// Longest document, bytes: the largest catalogue known has a tenth of it.
pub const MAX_BYTES: usize = 64 << 20;

/// Most triples of a document: each takes some hundred bytes of memory.
pub const MAX_TRIPLES: usize = 1 << 20;

/// Deepest nesting. A JSON-LD document nested 816 deep overflows the stack of the parser.
pub const MAX_DEPTH: usize = 64;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// N-Triples are Turtle too.
    Turtle,
    JsonLd,
    RdfXml,
}

/// Subject or object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Term {
    Iri(String),
    /// Its name holds within one document.
    Blank(String),
    Literal {
        value: String,
        /// BCP 47 tag, lower case.
        language: Option<String>,
        /// IRI; `xsd:string` and `rdf:langString` are left out.
        datatype: Option<String>,
    },
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triple {
    pub subject: Term,
    pub predicate: String,
    pub object: Term,
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Broken {
    /// From 1; 0 where the fault has no place.
    pub line: usize,
    pub message: String,
}

impl Broken {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Contexts that documents name and that this binary brings: address and text.
pub type Contexts = &'static [(&'static str, &'static str)];

/// Reads a document. Relative references are resolved against `base`; named graphs of JSON-LD are read as one graph.
///
/// # Errors
/// `Broken` with the line, for what is not well-formed, too large, nested too deep, or names a context elsewhere.
pub fn parse(syntax: Syntax, bytes: &[u8], base: &str, contexts: Contexts) -> Result<Vec<Triple>, Broken> {
    bounds::check(syntax, bytes)?;
    match syntax {
        Syntax::Turtle => turtle(bytes, base),
        Syntax::JsonLd => json_ld(bytes, base, contexts),
        Syntax::RdfXml => rdf_xml(bytes, base),
    }
}

fn turtle(bytes: &[u8], base: &str) -> Result<Vec<Triple>, Broken> {
    let parser = TurtleParser::new().with_base_iri(base).map_err(|error| Broken::new(0, error.to_string()))?;
    let mut triples = Vec::new();
    for triple in parser.for_slice(bytes) {
        let triple = triple.map_err(|error| {
            let line = usize::try_from(error.location().start.line).unwrap_or(usize::MAX);
            Broken::new(line.saturating_add(1), error.message())
        })?;
        push(&mut triples, convert::triple(triple))?;
    }
    Ok(triples)
}

fn json_ld(bytes: &[u8], base: &str, contexts: Contexts) -> Result<Vec<Triple>, Broken> {
    let parser = JsonLdParser::new().with_base_iri(base).map_err(|error| Broken::new(0, error.to_string()))?;
    let parser = parser.for_slice(bytes).with_load_document_callback(move |address, _| {
        let known = contexts.iter().find(|(known, _)| same_address(known, address));
        let (_, text) = known.ok_or_else(|| format!("the context <{address}> is elsewhere, and nothing is fetched"))?;
        Ok(JsonLdRemoteDocument { document: text.as_bytes().to_vec(), document_url: address.to_owned() })
    });
    let mut triples = Vec::new();
    for quad in parser {
        let quad = quad.map_err(|error| {
            let line = error.location().map_or(0, |at| usize::try_from(at.start.line).unwrap_or(usize::MAX));
            Broken::new(line.saturating_add(1), error.to_string())
        })?;
        push(&mut triples, convert::triple(quad.into()))?;
    }
    Ok(triples)
}

/// `http` and `https` name the same context.
fn same_address(known: &str, asked: &str) -> bool {
    let bare = |address: &str| {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        rest.unwrap_or(address).trim_end_matches('/').to_owned()
    };
    bare(known) == bare(asked)
}

fn rdf_xml(bytes: &[u8], base: &str) -> Result<Vec<Triple>, Broken> {
    let parser = RdfXmlParser::new().with_base_iri(base).map_err(|error| Broken::new(0, error.to_string()))?;
    let mut parser = parser.for_slice(bytes);
    let mut triples = Vec::new();
    while let Some(triple) = parser.next() {
        let triple = triple.map_err(|error| {
            let position = usize::try_from(parser.buffer_position()).unwrap_or(usize::MAX).min(bytes.len());
            let before = bytes.get(..position).unwrap_or_default();
            Broken::new(memchr::memchr_iter(b'\n', before).count().saturating_add(1), error.to_string())
        })?;
        push(&mut triples, convert::triple(triple))?;
    }
    Ok(triples)
}

fn push(triples: &mut Vec<Triple>, triple: Option<Triple>) -> Result<(), Broken> {
    if triples.len() >= MAX_TRIPLES {
        return Err(Broken::new(0, format!("more than {MAX_TRIPLES} statements")));
    }
    triples.extend(triple);
    Ok(())
}

#[cfg(test)]
mod tests;
