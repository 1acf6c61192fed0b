//! The statements of a context graph as its record keeps them: N-Triples in order, under the stored base, with addresses in
//! place of blank nodes. Does not decide which documents are taken or who may post them.

use std::collections::{BTreeSet, HashMap};
use std::io;

use oxjsonld::JsonLdSerializer;
use oxrdf::{BlankNode, NamedNode, NamedOrBlankNode, Quad, QuadRef, Term as RdfTerm};

use super::projection::{Base, context_graph};
use super::{Broken, Syntax, Term, Triple, Writing, convert, parse, write};

/// Where addresses stand that were blank nodes (RDF 1.1 Concepts § 3.5), under the base.
const GENERATED: &str = ".well-known/genid/";

/// Statements as lines of N-Triples, without their line ends.
pub type Lines = BTreeSet<String>;

/// Reads a document into lines. Relative addresses are resolved against that of the graph as the public knows it. Blank
/// nodes get addresses from the digest of the document and their order in it: the same document gives the same ones, and
/// two documents have none in common.
///
/// # Errors
/// `Broken` as `parse`.
pub fn lines(syntax: Syntax, bytes: &[u8], id: &str, digest: &str, public: &Base) -> Result<Lines, Broken> {
    let address = context_graph(public, id);
    let stored = Base::stored();
    let digest: String = digest.chars().take(32).collect();
    let mut names = HashMap::new();
    let mut named = |term: Term| match term {
        Term::Iri(iri) => Term::Iri(public.store(&iri).into_owned()),
        Term::Blank(blank) => {
            let next = names.len() + 1;
            let number = *names.entry(blank).or_insert(next);
            Term::Iri(format!("{}{GENERATED}{digest}-{number}", stored.as_str()))
        }
        literal @ Term::Literal { .. } => literal,
    };
    let graph = context_graph(&stored, id);
    let mut lines = Lines::new();
    for triple in parse(syntax, bytes, address.as_str(), &[])? {
        let subject = named(triple.subject);
        let object = named(triple.object);
        let triple = Triple { subject, predicate: public.store(&triple.predicate).into_owned(), object };
        let shown = triple.predicate.clone();
        let quad = convert::quad(triple, &graph);
        let quad = quad.ok_or_else(|| Broken::new(0, format!("a statement with <{shown:.200}> is no RDF")))?;
        lines.insert(format!("{} {} {} .", quad.subject, quad.predicate, quad.object));
    }
    Ok(lines)
}

/// The lines of a text that a record keeps, without looking at what they say.
pub fn split(text: &str) -> Lines {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Statements of a graph from the text that a record keeps; a text that is no N-Triples says nothing.
pub(super) fn quads(text: &str, graph: &NamedNode) -> Vec<Quad> {
    let parsed = parse(Syntax::Turtle, text.as_bytes(), super::projection::CONCEPTS, &[]).unwrap_or_default();
    parsed.into_iter().filter_map(|triple| convert::quad(triple, graph)).collect()
}

/// Writes statements that a record keeps in one form, under the public base, with blank nodes where there were some.
///
/// # Errors
/// For what the form cannot hold: in RDF/XML, a predicate that is no name of XML.
pub fn give(writing: Writing, text: &str, public: &Base) -> io::Result<Vec<u8>> {
    let graph = NamedNode::new_unchecked(super::projection::CONCEPTS);
    let quads: Vec<Quad> = quads(text, &graph).into_iter().map(|quad| published(quad, public)).collect();
    if writing != Writing::JsonLd {
        return write(writing, &quads, public);
    }
    // Without a context: terms that strangers chose must not be taken for those of ours.
    let mut serializer = JsonLdSerializer::new().for_writer(Vec::new());
    for quad in &quads {
        let quad = QuadRef::new(&quad.subject, &quad.predicate, &quad.object, oxrdf::GraphNameRef::DefaultGraph);
        serializer.serialize_quad(quad)?;
    }
    serializer.finish()
}

fn published(quad: Quad, public: &Base) -> Quad {
    let blank = |iri: &str| {
        let rest = iri.strip_prefix(Base::stored().as_str())?.strip_prefix(GENERATED)?;
        BlankNode::new(format!("b{}", rest.replace('-', "n"))).ok()
    };
    let address = |iri: &str| NamedNode::new_unchecked(public.publish(iri));
    let subject = match &quad.subject {
        NamedOrBlankNode::NamedNode(node) => match blank(node.as_str()) {
            Some(blank) => blank.into(),
            None => address(node.as_str()).into(),
        },
        NamedOrBlankNode::BlankNode(_) => quad.subject,
    };
    let object = match &quad.object {
        RdfTerm::NamedNode(node) => match blank(node.as_str()) {
            Some(blank) => blank.into(),
            None => address(node.as_str()).into(),
        },
        _ => quad.object,
    };
    Quad { subject, predicate: address(quad.predicate.as_str()), object, graph_name: quad.graph_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<> <urn:p> [ <urn:q> \"é\\n\"@en , 1 ] . <#x> <urn:p> <../../id/agent/a> .";

    fn public() -> Base {
        Base::public("http://127.0.0.1:8080")
    }

    #[test]
    fn a_document_becomes_lines_and_comes_back() {
        let made = lines(Syntax::Turtle, DOCUMENT.as_bytes(), "notes", "abc", &public()).expect("well-formed");
        let genid = "<https://perennial.invalid/.well-known/genid/abc-1>";
        let graph = "https://perennial.invalid/graphs/context/notes";
        let integer = "<http://www.w3.org/2001/XMLSchema#integer>";
        let expected = [
            format!("{genid} <urn:q> \"1\"^^{integer} ."),
            format!("{genid} <urn:q> \"é\\n\"@en ."),
            format!("<{graph}#x> <urn:p> <https://perennial.invalid/id/agent/a> ."),
            format!("<{graph}> <urn:p> {genid} ."),
        ];
        assert_eq!(made.iter().cloned().collect::<BTreeSet<_>>(), expected.into_iter().collect());
        let text = made.iter().cloned().collect::<Vec<_>>().join("\n");
        assert_eq!(split(&text), made);
        for (writing, syntax) in [
            (Writing::Turtle, Syntax::Turtle),
            (Writing::NTriples, Syntax::Turtle),
            (Writing::RdfXml, Syntax::RdfXml),
            (Writing::JsonLd, Syntax::JsonLd),
        ] {
            let written = give(writing, &text, &public());
            let written = written.expect("written");
            let again = lines(syntax, &written, "notes", "abc", &public()).expect("read");
            assert_eq!(again, made, "{}", String::from_utf8_lossy(&written));
        }
    }

    #[test]
    fn a_predicate_that_xml_cannot_name_is_an_error_or_comes_back() {
        for predicate in ["urn:1", "http://a.example/", "http://a.example/?q=1", "urn:a:\u{301}"] {
            let text = format!("<urn:a> <{predicate}> \"b\" .");
            let made = lines(Syntax::Turtle, text.as_bytes(), "g", "d", &public()).expect("well-formed");
            if let Ok(written) = give(Writing::RdfXml, &text, &public()) {
                let again = lines(Syntax::RdfXml, &written, "g", "d", &public()).expect("read");
                assert_eq!(again, made, "{}", String::from_utf8_lossy(&written));
            }
        }
    }

    #[test]
    fn hostile_documents_are_refused_before_a_parser_sees_them() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let nested = format!("{}1{}", r#"{"urn:p":"#.repeat(816), "}".repeat(816));
        let remote = r#"{"@context":"http://169.254.169.254/","a":1}"#;
        for (syntax, document) in [
            (Syntax::JsonLd, deep.as_str()),
            (Syntax::JsonLd, &nested),
            (Syntax::JsonLd, remote),
            (Syntax::Turtle, &deep),
            (Syntax::Turtle, "<urn:a> <urn:b"),
            (Syntax::Turtle, "<urn:a> <urn b> <urn:c> ."),
            (Syntax::RdfXml, "<rdf:RDF"),
            (Syntax::RdfXml, "<urn:a> <urn:b> <urn:c> ."),
        ] {
            assert!(lines(syntax, document.as_bytes(), "g", "d", &public()).is_err(), "{document:.60}");
        }
        let stranger = quads("nothing that was posted", &NamedNode::new_unchecked("urn:g"));
        assert!(stranger.is_empty());
    }
}
