//! Looks at a query before any parser does: its size, how deep it nests, which services it names. A parser that
//! recurses has overflowed its stack on some 540 nested braces, and nothing can catch that.

use super::error::Refusal;
use super::lexer::{Lexer, Token};

/// Longest query, bytes: queries that people and programs write have a few thousand.
pub const MAX_QUERY_BYTES: usize = 256 << 10;

/// Deepest nesting of braces, parentheses and brackets, and longest run of signs before an operand.
const MAX_DEPTH: usize = 64;

/// Most tokens: each becomes some hundred bytes in the parser.
const MAX_TOKENS: usize = 100_000;

/// The service that the catalogue itself answers.
pub(super) const SEARCH: &str = "urn:perennial:search";

/// Checks a query as text.
///
/// # Errors
/// `Malformed` when it is too long or too deep, `Denied` when it names a service elsewhere that is none of the endpoints.
pub fn check(query: &str, endpoints: &[String]) -> Result<(), Refusal> {
    if query.len() > MAX_QUERY_BYTES {
        return malformed(format!("the query is longer than {MAX_QUERY_BYTES} bytes"));
    }
    let (mut depth, mut tokens, mut signs) = (0_usize, 0_usize, 0_usize);
    let mut pieces = Lexer::new(query).peekable();
    while let Some(piece) = pieces.next() {
        tokens += 1;
        match piece.token {
            Token::Open(_) => depth += 1,
            Token::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        // `!!!!x`, `----x` and `^^^^p` recurse as brackets do.
        signs = if matches!(piece.token, Token::Mark(b'!' | b'-' | b'+' | b'^')) { signs + 1 } else { 0 };
        if depth > MAX_DEPTH || signs > MAX_DEPTH {
            return malformed(format!("the query nests deeper than {MAX_DEPTH}"));
        }
        if tokens > MAX_TOKENS {
            return malformed(format!("the query has more than {MAX_TOKENS} words"));
        }
        if piece.token == Token::Word && is_word(query, &piece.span, "SERVICE") {
            let mut next = pieces.peek();
            let silent = next.filter(|next| is_word(query, &next.span, "SILENT")).is_some();
            if silent {
                pieces.next();
                next = pieces.peek();
            }
            let name = next.and_then(|next| query.get(next.span.clone())).unwrap_or_default();
            check_service(name, endpoints)?;
        }
    }
    Ok(())
}

fn check_service(name: &str, endpoints: &[String]) -> Result<(), Refusal> {
    let iri = name.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    if iri == SEARCH || endpoints.iter().any(|known| known == iri) {
        return Ok(());
    }
    let name: String = name.chars().take(200).collect();
    let reason = match endpoints {
        [] => format!("SERVICE {name} is not asked from here; the one service is <{SEARCH}>, written as this IRI"),
        known => format!(
            "SERVICE {name} is not asked from here; services are <{SEARCH}> and <{}>, written as these IRIs",
            known.join(">, <")
        ),
    };
    Err(Refusal::Denied { reason })
}

pub(super) fn is_word(text: &str, span: &std::ops::Range<usize>, word: &str) -> bool {
    text.get(span.clone()).is_some_and(|found| found.eq_ignore_ascii_case(word))
}

fn malformed<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Malformed { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(open: &str, close: &str, depth: usize) -> String {
        format!("ASK {}{}", open.repeat(depth), close.repeat(depth))
    }

    #[test]
    fn depth_and_size_are_bounded_at_their_limits() {
        assert_eq!(check(&nested("{", "}", MAX_DEPTH), &[]), Ok(()));
        for (open, close) in [("{", "}"), ("(", ")"), ("[", "]"), ("{(", ")}")] {
            assert!(
                matches!(check(&nested(open, close, MAX_DEPTH + 1), &[]), Err(Refusal::Malformed { .. })),
                "{open}"
            );
        }
        assert!(matches!(check(&nested("{", "}", 100_000), &[]), Err(Refusal::Malformed { .. })));
        for sign in ["!", "-", "+", "^"] {
            assert!(matches!(
                check(&format!("ASK {{ FILTER({}?x) }}", sign.repeat(1_000)), &[]),
                Err(Refusal::Malformed { .. })
            ));
        }
        let strings = format!("ASK {{ ?s ?p '{}' }}", "{(".repeat(1_000));
        assert_eq!(check(&strings, &[]), Ok(()));
        assert!(
            check(&"a ".repeat(MAX_TOKENS + 1), &[]).is_err() && check(&" ".repeat(MAX_QUERY_BYTES + 1), &[]).is_err()
        );
    }

    #[test]
    fn only_our_own_service_and_named_endpoints_are_asked() {
        let allowed = ["http://a.example/sparql".to_owned()];
        assert_eq!(check("ASK { service silent <http://a.example/sparql> {} }", &allowed), Ok(()));
        assert_eq!(check("ASK { SERVICE <urn:perennial:search> { ?p <urn:x> 1 } }", &[]), Ok(()));
        assert_eq!(check("ASK { ?service ex:service 'SERVICE <http://x>' } # SERVICE <http://x>", &[]), Ok(()));
        for name in [
            "<http://127.0.0.1:8080/sparql>",
            "SILENT <http://169.254.169.254/>",
            "?where",
            "<http://a.example/sparql/>",
            "<HTTP://a.example/sparql>",
            "<http://a.example/sparql?x>",
            "<http://[::ffff:127.0.0.1]/>",
            "ex:elsewhere",
            "<urn:perennial:se\\u0061rch>",
            "",
            "silent silent <urn:perennial:search>",
        ] {
            let query = format!("SELECT * {{ ?s ?p ?o . sErViCe {name} {{ ?a ?b ?c }} }}");
            assert!(matches!(check(&query, &allowed), Err(Refusal::Denied { .. })), "{name}");
        }
    }
}
