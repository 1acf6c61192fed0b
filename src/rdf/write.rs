//! Statements as documents: Turtle, N-Triples, RDF/XML and JSON-LD. Takes statements without blank nodes; which graph they are
//! in is left out. What is written depends on the statements and their order alone.

use std::collections::BTreeMap;
use std::io;
use std::sync::OnceLock;

use oxrdf::{Quad, TermRef, TripleRef};
use oxrdfxml::RdfXmlSerializer;
use oxttl::{NTriplesSerializer, TurtleSerializer};

use super::projection::Base;
use crate::model::Draft;
use crate::model::json::{Fields, push_string};

/// The context of JSON-LD documents. It never changes under its address: another one gets another number.
pub const CONTEXT: &str = include_str!("../../ontologies/context.jsonld");
/// Where the context is, under the base.
pub const CONTEXT_PATH: &str = "ontologies/context/v1.jsonld";

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    Turtle,
    NTriples,
    RdfXml,
    JsonLd,
}

impl Writing {
    /// Every form, the preferred first.
    pub const ALL: [Self; 4] = [Self::Turtle, Self::JsonLd, Self::RdfXml, Self::NTriples];

    /// The media type, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Turtle => "text/turtle",
            Self::NTriples => "application/n-triples",
            Self::RdfXml => "application/rdf+xml",
            Self::JsonLd => "application/ld+json",
        }
    }

    /// The media type with its parameters.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Turtle => "text/turtle; charset=utf-8",
            other => other.media_type(),
        }
    }

    /// How a file of this form ends, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Turtle => "ttl",
            Self::NTriples => "nt",
            Self::RdfXml => "rdf",
            Self::JsonLd => "jsonld",
        }
    }
}

/// Prefixes of all forms and their namespaces, as the context has them.
pub fn prefixes() -> &'static [(String, String)] {
    static PREFIXES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PREFIXES.get_or_init(|| {
        let context = Fields::of_valid(CONTEXT).and_then(|fields| Fields::of_valid(fields.get("@context")?));
        let context = context.unwrap_or_default();
        let prefixes = context.iter().filter(|(name, value)| !name.starts_with('@') && value.starts_with('"'));
        let text = |value| crate::model::json::read_string(value).unwrap_or_default().into_owned();
        prefixes.map(|(name, value)| (name.to_owned(), text(value))).collect()
    })
}

/// Properties that the context gives a type, by their short names: `@id` or a datatype.
fn coerced() -> &'static BTreeMap<String, String> {
    static COERCED: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    COERCED.get_or_init(|| {
        let context = Fields::of_valid(CONTEXT).and_then(|fields| Fields::of_valid(fields.get("@context")?));
        let context = context.unwrap_or_default();
        let typed = |(name, value): (&str, &str)| {
            let datatype = Fields::of_valid(value)?.string("@type")?;
            Some((name.to_owned(), datatype.into_owned()))
        };
        context.iter().filter_map(typed).collect()
    })
}

/// Writes statements in one form.
///
/// # Errors
/// That of the writer; into memory there is none but for a term that the form cannot hold.
pub fn write(writing: Writing, quads: &[Quad], base: &Base) -> io::Result<Vec<u8>> {
    let triples = quads.iter().map(|quad| TripleRef::new(&quad.subject, &quad.predicate, &quad.object));
    match writing {
        Writing::NTriples => {
            let mut serializer = NTriplesSerializer::new().for_writer(Vec::new());
            triples.into_iter().try_for_each(|triple| serializer.serialize_triple(triple))?;
            Ok(serializer.finish())
        }
        Writing::Turtle => {
            let mut serializer = TurtleSerializer::new();
            for (name, namespace) in prefixes() {
                serializer = serializer.with_prefix(name, namespace).map_err(io::Error::other)?;
            }
            let mut serializer = serializer.for_writer(Vec::new());
            grouped(quads).into_iter().try_for_each(|triple| serializer.serialize_triple(triple))?;
            serializer.finish()
        }
        Writing::RdfXml => {
            let mut serializer = RdfXmlSerializer::new();
            for (name, namespace) in prefixes() {
                serializer = serializer.with_prefix(name, namespace).map_err(io::Error::other)?;
            }
            let mut serializer = serializer.for_writer(Vec::new());
            grouped(quads).into_iter().try_for_each(|triple| serializer.serialize_triple(triple))?;
            serializer.finish()
        }
        Writing::JsonLd => Ok(json_ld(quads, base).into_bytes()),
    }
}

/// Statements with those of one subject together, and of those the ones of one property, in the order of their first.
fn grouped(quads: &[Quad]) -> Vec<TripleRef<'_>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut place = |name: String| {
        let next = places.len();
        *places.entry(name).or_insert(next)
    };
    let mut ordered: Vec<(usize, usize, &Quad)> = Vec::with_capacity(quads.len());
    for quad in quads {
        let subject = place(quad.subject.to_string());
        ordered.push((subject, place(format!("{} {}", quad.subject, quad.predicate)), quad));
    }
    ordered.sort_by_key(|(subject, property, _)| (*subject, *property));
    ordered.into_iter().map(|(_, _, quad)| TripleRef::new(&quad.subject, &quad.predicate, &quad.object)).collect()
}

/// A JSON-LD document: one node for each subject, with the context by its address.
fn json_ld(quads: &[Quad], base: &Base) -> String {
    let mut document = Draft::object();
    document.string("@context", &format!("{}{CONTEXT_PATH}", base.as_str()));
    let mut graph = Draft::array();
    let triples = grouped(quads);
    for statements in triples.chunk_by(|left, right| left.subject == right.subject) {
        graph.element(&node(statements));
    }
    document.raw("@graph", &graph.finish());
    document.finish()
}

/// The statements about one subject.
fn node(statements: &[TripleRef<'_>]) -> String {
    let mut node = Draft::object();
    if let Some(oxrdf::NamedOrBlankNodeRef::NamedNode(subject)) = statements.first().map(|first| first.subject) {
        node.string("@id", subject.as_str());
    }
    for values in statements.chunk_by(|left, right| left.predicate == right.predicate) {
        let Some(first) = values.first() else { continue };
        let is_type = first.predicate == super::projection::words::TYPE;
        let property = if is_type { "@type".to_owned() } else { compact(first.predicate.as_str()) };
        let written: Vec<String> = values.iter().map(|value| object(&property, value.object, is_type)).collect();
        match written.as_slice() {
            [one] => node.raw(&property, one),
            several => node.raw(&property, &format!("[{}]", several.join(","))),
        }
    }
    node.finish()
}

/// A value: as a text alone where the context says what it is, else with its type.
fn object(property: &str, object: TermRef<'_>, is_type: bool) -> String {
    let coerced = coerced().get(property).map(String::as_str);
    let mut text = String::new();
    match object {
        TermRef::NamedNode(node) if is_type => push_string(&mut text, &compact(node.as_str())),
        TermRef::NamedNode(node) if coerced == Some("@id") => push_string(&mut text, node.as_str()),
        TermRef::NamedNode(node) => {
            let mut value = Draft::object();
            value.string("@id", node.as_str());
            return value.finish();
        }
        TermRef::Literal(literal) => {
            let datatype = compact(literal.datatype().as_str());
            let is_plain = datatype == "xsd:string";
            if (is_plain && coerced.is_none()) || (!is_plain && coerced == Some(datatype.as_str())) {
                push_string(&mut text, literal.value());
                return text;
            }
            let mut value = Draft::object();
            value.string("@value", literal.value());
            match literal.language() {
                Some(language) => value.string("@language", language),
                None if !is_plain => value.string("@type", &datatype),
                None => {}
            }
            return value.finish();
        }
        // Statements without blank nodes have no other terms.
        _ => text.push_str("null"),
    }
    text
}

/// An address with a prefix of the context, where the rest is a plain name.
pub fn compact(iri: &str) -> String {
    let is_name =
        |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let found = prefixes().iter().find_map(|(name, namespace)| Some((name, iri.strip_prefix(namespace.as_str())?)));
    match found {
        Some((name, rest)) if is_name(rest) => format!("{name}:{rest}"),
        _ => iri.to_owned(),
    }
}

/// The address of a name with a prefix.
pub fn expand(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_once(':')?;
    let (_, namespace) = prefixes().iter().find(|(known, _)| known == prefix)?;
    Some(format!("{namespace}{rest}"))
}
