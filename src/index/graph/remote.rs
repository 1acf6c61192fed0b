//! Blocks `SERVICE <endpoint> { … }` of a query that name an endpoint elsewhere: where they stand in its text, what is to be
//! asked there, and how the answer stands in the query. A block is asked as a query of its own, and joined here. Asks nobody.

use std::ops::Range;

use oxigraph::model::NamedNode;
use serde::Deserialize;

use super::error::Refusal;
use super::evaluate::PREFIXES;
use super::guard::{SEARCH, is_word};
use super::lexer::{Lexer, Token};
use super::search::{Cell, Results};

/// Most blocks of one query.
const MAX_REMOTES: usize = 5;

/// Most solutions of a block: as many as of a search.
const MAX_SOLUTIONS: usize = 50_000;

/// A block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where it stands in the query, with its keyword.
    pub span: Range<usize>,
    pub endpoint: String,
    /// A failure is a solution without variables (SPARQL 1.1 Federated Query § 2.1).
    pub is_silent: bool,
    /// The query for the endpoint.
    pub query: String,
}

/// The blocks of a query, in order.
///
/// # Errors
/// `Malformed` for a block that is not closed, or holds another one.
pub fn remotes(query: &str) -> Result<Vec<Remote>, Refusal> {
    let text = |span: &Range<usize>| query.get(span.clone()).unwrap_or_default();
    let mut pieces = Lexer::new(query).peekable();
    let (mut prologue, mut found) = (String::new(), Vec::new());
    while let Some(piece) = pieces.next() {
        if piece.token != Token::Word {
            continue;
        }
        let (is_prefix, is_base) = (is_word(query, &piece.span, "PREFIX"), is_word(query, &piece.span, "BASE"));
        if is_prefix || is_base {
            let name = if is_prefix { pieces.next_if(|next| next.token == Token::Name) } else { None };
            if let Some(iri) = pieces.next_if(|next| next.token == Token::Iri) {
                let name = name.map_or("", |name| text(&name.span));
                prologue.push_str(&format!("{} {name} {}\n", text(&piece.span), text(&iri.span)));
            }
            continue;
        }
        if !is_word(query, &piece.span, "SERVICE") {
            continue;
        }
        let is_silent = pieces.next_if(|next| is_word(query, &next.span, "SILENT")).is_some();
        let Some(name) = pieces.next_if(|next| next.token == Token::Iri) else { continue };
        let endpoint = text(&name.span).trim_start_matches('<').trim_end_matches('>');
        if endpoint == SEARCH {
            continue;
        }
        let Some(open) = pieces.next_if(|next| next.token == Token::Open(b'{')) else {
            return malformed(format!("SERVICE <{endpoint:.200}> has no block"));
        };
        let mut depth = 1_usize;
        let end = loop {
            let Some(inside) = pieces.next() else { return malformed("a SERVICE is not closed by }".to_owned()) };
            match inside.token {
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth -= 1,
                Token::Word if is_word(query, &inside.span, "SERVICE") => {
                    return malformed("a SERVICE stands inside that of another endpoint".to_owned());
                }
                _ => {}
            }
            if depth == 0 {
                break inside.span;
            }
        };
        let inner = query.get(open.span.end..end.start).unwrap_or_default();
        let asked = format!("{}SELECT * WHERE {{{inner}}}", declarations(&prologue, inner));
        found.push(Remote { span: piece.span.start..end.end, endpoint: endpoint.to_owned(), is_silent, query: asked });
        if found.len() > MAX_REMOTES {
            return malformed(format!("a query asks at most {MAX_REMOTES} times elsewhere"));
        }
    }
    Ok(found)
}

/// What the query declares, and those of our prefixes that it uses without that.
fn declarations(prologue: &str, inner: &str) -> String {
    let is_needed = |prefix: &str| inner.contains(&format!("{prefix}:")) && !prologue.contains(&format!(" {prefix}: "));
    let ours = PREFIXES.iter().filter(|(prefix, _)| is_needed(prefix));
    ours.map(|(prefix, namespace)| format!("PREFIX {prefix}: <{namespace}>\n")).collect::<String>() + prologue
}

impl Remote {
    /// The answer in place of the block; `bytes` are SPARQL 1.1 Query Results JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn results(&self, bytes: &[u8]) -> Result<Results, String> {
        let answer: Answer =
            serde_json::from_slice(bytes).map_err(|error| format!("its answer is no result: {error}"))?;
        if answer.results.bindings.len() > MAX_SOLUTIONS {
            return Err(format!("its answer has more than {MAX_SOLUTIONS} solutions"));
        }
        let is_name =
            |name: &String| !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if !answer.head.vars.iter().all(is_name) {
            return Err("its answer names a variable that is none".to_owned());
        }
        let row = |mut binding: std::collections::HashMap<String, Bound>| {
            let cells = answer
                .head
                .vars
                .iter()
                .map(|name| binding.remove(name).map_or(Ok(Cell::Missing), |bound| self.cell(bound)));
            cells.collect::<Result<Vec<Cell>, String>>()
        };
        let rows = answer.results.bindings.into_iter().map(row).collect::<Result<_, _>>()?;
        let variables = answer.head.vars.iter().map(|name| format!("?{name}")).collect();
        Ok(Results { start: self.span.start, end: self.span.end, variables, rows })
    }

    /// What stands in place of a block that failed and may.
    pub fn nothing(&self) -> Results {
        Results { start: self.span.start, end: self.span.end, variables: Vec::new(), rows: vec![Vec::new()] }
    }

    fn cell(&self, bound: Bound) -> Result<Cell, String> {
        let checked = |iri: String| match NamedNode::new(&iri) {
            Ok(_) => Ok(iri),
            Err(error) => Err(format!("its answer has <{iri:.200}>: {error}")),
        };
        match bound.kind.as_str() {
            "uri" => Ok(Cell::Iri(checked(bound.value)?)),
            // A blank node of another store has no name here; this one says where it is from.
            "bnode" => {
                let place = self.span.start;
                let name = crate::model::uri::encode(&bound.value);
                Ok(Cell::Iri(checked(format!("urn:perennial:elsewhere:{place}:{name}"))?))
            }
            "literal" | "typed-literal" => Ok(Cell::Literal {
                value: bound.value,
                language: bound.language,
                datatype: bound.datatype.map(checked).transpose()?,
            }),
            other => Err(format!("its answer has a term of kind {other:?}")),
        }
    }
}

fn malformed<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Malformed { reason })
}

#[derive(Deserialize)]
struct Answer {
    head: Head,
    results: Solutions,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    vars: Vec<String>,
}

#[derive(Deserialize)]
struct Solutions {
    bindings: Vec<std::collections::HashMap<String, Bound>>,
}

#[derive(Deserialize)]
struct Bound {
    #[serde(rename = "type")]
    kind: String,
    value: String,
    #[serde(rename = "xml:lang")]
    language: Option<String>,
    datatype: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_queries_of_their_own() {
        let query = "PREFIX ex: <urn:ex:> SELECT * { ?s ?p ?o SERVICE SILENT <http://a.example/sparql> { ?s ex:p [ foaf:name '}' ] FILTER(?s != <urn:x>) } \
            SERVICE <urn:perennial:search> { ?s search:q 'x' } service <http://b.example/> {} }";
        let found = remotes(query).expect("two blocks");
        let asked = "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\nPREFIX ex: <urn:ex:>\nSELECT * WHERE { ?s ex:p [ foaf:name '}' ] FILTER(?s != <urn:x>) }";
        assert_eq!((found.len(), found[0].query.as_str(), found[0].is_silent), (2, asked, true));
        assert_eq!((found[1].endpoint.as_str(), found[1].is_silent), ("http://b.example/", false));
        assert!(query[found[1].span.clone()].starts_with("service") && query[found[1].span.clone()].ends_with("{}"));
        for broken in
            ["ASK { SERVICE <urn:x> { ?s", "ASK { SERVICE <urn:x> }", "ASK { SERVICE <urn:x> { SERVICE <urn:y> {} } }"]
        {
            assert!(remotes(broken).is_err(), "{broken}");
        }
        assert!(remotes(&"SERVICE <urn:x> {} ".repeat(MAX_REMOTES + 1)).is_err());
    }

    #[test]
    fn what_an_endpoint_says_is_checked_before_it_stands_in_a_query() {
        let remote = Remote { span: 3..9, endpoint: String::new(), is_silent: false, query: String::new() };
        let answer = |vars: &str, bindings: &str| {
            remote.results(format!(r#"{{"head":{{"vars":{vars}}},"results":{{"bindings":{bindings}}}}}"#).as_bytes())
        };
        let good = answer(
            r#"["a","b"]"#,
            r#"[{"a":{"type":"uri","value":"urn:x"}},{"b":{"type":"literal","value":"\"} ","xml:lang":"en"},"a":{"type":"bnode","value":"b 0"}}]"#,
        );
        let good = good.expect("a result");
        assert_eq!(good.rows[0], [Cell::Iri("urn:x".into()), Cell::Missing]);
        assert_eq!(good.rows[1][0], Cell::Iri("urn:perennial:elsewhere:3:b%200".into()));
        for (vars, bindings) in [
            (r#"["a } DROP"]"#, "[]"),
            (r#"["a"]"#, r#"[{"a":{"type":"uri","value":"urn:x> } #"}}]"#),
            (r#"["a"]"#, r#"[{"a":{"type":"triple","value":"x"}}]"#),
            (r#"["a"]"#, r#"[{"a":{"type":"literal","value":"x","datatype":"no iri"}}]"#),
            ("1", "[]"),
        ] {
            assert!(answer(vars, bindings).is_err(), "{vars} {bindings}");
        }
        assert!(remote.results("[".repeat(100_000).as_bytes()).is_err() && remote.results(b"").is_err());
    }
}
