//! The canonical form of a set of statements by RDF Dataset Canonicalization (RDFC-1.0, W3C Recommendation of 21 May 2024):
//! N-Quads, lines sorted by code point. The order of the statements and the names of blank nodes have no part in it; its SHA-256
//! is the digest of the standard. Without blank nodes, as our projections are, anybody gets that by `sort | sha256sum`.

use oxrdf::dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm};
use oxrdf::{Dataset, Quad};

/// Canonical N-Quads of statements. To be called on our own statements only: of many blank nodes that look alike the work
/// grows exponentially.
pub fn nquads<'q>(quads: impl IntoIterator<Item = &'q Quad>) -> String {
    let mut dataset: Dataset = quads.into_iter().collect();
    let hash_algorithm = CanonicalizationHashAlgorithm::Sha256;
    dataset.canonicalize(CanonicalizationAlgorithm::Rdfc10 { hash_algorithm });
    let mut lines: Vec<String> = dataset.iter().map(|quad| format!("{quad} .\n")).collect();
    lines.sort_unstable();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Term};

    use super::*;

    fn node(name: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("urn:x:{name}"))
    }

    fn quad(subject: impl Into<NamedOrBlankNode>, object: impl Into<Term>, graph: impl Into<GraphName>) -> Quad {
        Quad::new(subject, node("p"), object, graph)
    }

    #[test]
    fn without_blank_nodes_it_is_the_sorted_lines() {
        let quads = [
            quad(node("b"), Literal::new_simple_literal("a \"b\"\n\t\u{7f}é"), node("g")),
            quad(node("a"), node("o"), GraphName::DefaultGraph),
        ];
        let lines = "<urn:x:a> <urn:x:p> <urn:x:o> .\n<urn:x:b> <urn:x:p> \"a \\\"b\\\"\\n\\t\\u007Fé\" <urn:x:g> .\n";
        assert_eq!(nquads(&quads), lines);
        assert_eq!(nquads(quads.iter().rev().chain(&quads)), nquads(&quads), "neither order nor repetition matters");
        assert_ne!(nquads(&quads[..1]), nquads(&quads));
        assert_eq!(nquads([]), "");
    }

    #[test]
    fn blank_nodes_get_the_names_of_the_standard() {
        let named = |name: &str| BlankNode::new_unchecked(name);
        let chain = |first: &str, second: &str| {
            vec![
                quad(named(first), named(second), GraphName::DefaultGraph),
                quad(named(second), node("end"), GraphName::DefaultGraph),
            ]
        };
        assert_eq!(nquads(&chain("x", "y")), nquads(&chain("other", "another")));
        assert_ne!(nquads(&chain("x", "y")), nquads(&chain("x", "x")));
        // One blank node alone is the first: c14n0.
        let one = [quad(named("whatever"), node("o"), GraphName::DefaultGraph)];
        assert_eq!(nquads(&one), "_:c14n0 <urn:x:p> <urn:x:o> .\n");
    }
}
