//! Terms of the parsers to terms of this room, so that no other room names the crates.

use super::{Term, Triple};

const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
const LANGUAGE_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// `None` for a statement about a statement.
pub(super) fn triple(triple: oxrdf::Triple) -> Option<Triple> {
    Some(Triple {
        subject: subject(triple.subject)?,
        predicate: triple.predicate.into_string(),
        object: object(triple.object)?,
    })
}

// The crates gain a variant for quoted triples with a feature that another crate may turn on.
#[allow(unreachable_patterns)]
fn subject(subject: oxrdf::NamedOrBlankNode) -> Option<Term> {
    match subject {
        oxrdf::NamedOrBlankNode::NamedNode(node) => Some(Term::Iri(node.into_string())),
        oxrdf::NamedOrBlankNode::BlankNode(node) => Some(Term::Blank(node.into_string())),
        _ => None,
    }
}

#[allow(unreachable_patterns)]
fn object(object: oxrdf::Term) -> Option<Term> {
    match object {
        oxrdf::Term::NamedNode(node) => Some(Term::Iri(node.into_string())),
        oxrdf::Term::BlankNode(node) => Some(Term::Blank(node.into_string())),
        oxrdf::Term::Literal(literal) => Some(Term::Literal {
            value: literal.value().to_owned(),
            language: literal.language().map(str::to_ascii_lowercase),
            datatype: Some(literal.datatype().as_str())
                .filter(|datatype| *datatype != STRING && *datatype != LANGUAGE_STRING)
                .map(str::to_owned),
        }),
        _ => None,
    }
}

/// A statement of this room as one of a graph; `None` where it has a blank node or what is no address.
pub(super) fn quad(triple: Triple, graph: &oxrdf::NamedNode) -> Option<oxrdf::Quad> {
    let node = |iri: String| oxrdf::NamedNode::new(iri).ok();
    let Term::Iri(subject) = triple.subject else { return None };
    let object: oxrdf::Term = match triple.object {
        Term::Iri(iri) => node(iri)?.into(),
        Term::Blank(_) => return None,
        Term::Literal { value, language: Some(language), .. } => {
            oxrdf::Literal::new_language_tagged_literal(value, language).ok()?.into()
        }
        Term::Literal { value, datatype: Some(datatype), .. } => {
            oxrdf::Literal::new_typed_literal(value, node(datatype)?).into()
        }
        Term::Literal { value, .. } => oxrdf::Literal::new_simple_literal(value).into(),
    };
    Some(oxrdf::Quad::new(node(subject)?, node(triple.predicate)?, object, graph.clone()))
}
