//! Searches inside a query: finds the blocks `SERVICE <urn:perennial:search> { … }` in its text and reads what they ask;
//! later puts their results in their place as `VALUES`, so that the optimiser joins them like any table. Knows which
//! terms ask and which are answered, but not what they mean: the catalogue searches.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::iter::Peekable;
use std::ops::Range;

use oxigraph::model::{Literal, NamedNode};
use serde::{Deserialize, Serialize};

use super::error::Refusal;
use super::guard::{SEARCH, is_word};
use super::lexer::{Lexer, Piece, Token};
use super::remote::remotes;

/// Namespace of the terms.
const NAMESPACE: &str = "urn:perennial:search:";

/// Most searches in one query.
const MAX_BLOCKS: usize = 10;

/// What a variable of a block is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// The record found: the subject.
    Record,
    Score,
    /// Records that match, or of one value.
    Count,
    /// A value that was counted.
    Value,
    /// First value of a range or of a histogram's bucket, and the first behind it.
    From,
    To,
}

impl Output {
    const NAMED: [(&'static str, Self); 5] = [
        ("score", Self::Score),
        ("count", Self::Count),
        ("value", Self::Value),
        ("from", Self::From),
        ("to", Self::To),
    ];
}

/// One search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where it stands in the query, with its keyword.
    pub span: Range<usize>,
    /// What is asked: parameters of the search by their names, in order.
    pub parameters: Vec<(String, String)>,
    /// Variables with their signs, and what they are bound to.
    pub outputs: Vec<(Output, String)>,
}

/// A value in a row of results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// The record whose current revision has this sequence.
    Record(u64),
    Integer(u64),
    Number(f64),
    Text(String),
    /// What another endpoint says; the address is known to be one.
    Iri(String),
    Literal {
        value: String,
        language: Option<String>,
        datatype: Option<String>,
    },
    Missing,
}

/// The results of a block.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Results {
    pub start: usize,
    pub end: usize,
    pub variables: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
}

/// The searches of a query, in order.
///
/// # Errors
/// `Malformed` for a block that is none: it says what one looks like.
pub fn blocks(query: &str) -> Result<Vec<Block>, Refusal> {
    let mut reader = Reader { query, pieces: Lexer::new(query).peekable(), prefixes: HashMap::new() };
    reader.prefixes.insert("search:".to_owned(), NAMESPACE.to_owned());
    let mut blocks = Vec::new();
    // Blocks of endpoints elsewhere are theirs to read.
    let elsewhere = remotes(query)?;
    while let Some(piece) = reader.pieces.next() {
        if piece.token != Token::Word || elsewhere.iter().any(|remote| remote.span.contains(&piece.span.start)) {
            continue;
        }
        if is_word(query, &piece.span, "PREFIX") {
            reader.prefix();
        } else if is_word(query, &piece.span, "SERVICE") {
            blocks.push(reader.block(piece.span.start)?);
        }
        if blocks.len() > MAX_BLOCKS {
            return malformed(format!("a query has at most {MAX_BLOCKS} searches"));
        }
    }
    Ok(blocks)
}

/// The query with results in place of its blocks. `name` gives the IRI of a record by its sequence; a row whose record it
/// does not know is left out. `outside` is done to the text around.
pub(super) fn fill<E>(
    query: &str,
    results: &[Results],
    outside: impl Fn(&str) -> String,
    mut name: impl FnMut(u64) -> Result<Option<String>, E>,
) -> Result<String, E> {
    let mut text = String::with_capacity(query.len());
    let mut at = 0;
    for block in results {
        text.push_str(&outside(query.get(at..block.start).unwrap_or_default()));
        text.push_str(" VALUES (");
        for variable in &block.variables {
            text.push_str(variable);
            text.push(' ');
        }
        text.push_str(") {");
        for row in &block.rows {
            let start = text.len();
            text.push('(');
            let mut is_known = true;
            for cell in row {
                is_known &= write_cell(&mut text, cell, &outside, &mut name)?;
            }
            text.push(')');
            if !is_known {
                text.truncate(start);
            }
        }
        text.push_str("} ");
        at = block.end;
    }
    text.push_str(&outside(query.get(at..).unwrap_or_default()));
    Ok(text)
}

fn write_cell<E>(
    text: &mut String,
    cell: &Cell,
    outside: &impl Fn(&str) -> String,
    name: &mut impl FnMut(u64) -> Result<Option<String>, E>,
) -> Result<bool, E> {
    // Writing to a string cannot fail.
    let _ = match cell {
        Cell::Record(sequence) => match name(*sequence)? {
            Some(iri) => write!(text, "<{iri}> "),
            None => return Ok(false),
        },
        Cell::Integer(number) => write!(text, "{number} "),
        Cell::Number(number) => write!(text, "\"{number}\"^^<http://www.w3.org/2001/XMLSchema#double> "),
        Cell::Text(value) => {
            text.push('"');
            for character in value.chars() {
                match character {
                    '"' => text.push_str("\\\""),
                    '\\' => text.push_str("\\\\"),
                    '\n' => text.push_str("\\n"),
                    '\r' => text.push_str("\\r"),
                    other => text.push(other),
                }
            }
            text.push_str("\" ");
            Ok(())
        }
        Cell::Iri(iri) => write!(text, "{} ", NamedNode::new_unchecked(outside(iri))),
        Cell::Literal { value, language: Some(language), .. } => {
            // A tag that is none makes a plain text.
            let literal = Literal::new_language_tagged_literal(value, language);
            write!(text, "{} ", literal.unwrap_or_else(|_| Literal::new_simple_literal(value)))
        }
        Cell::Literal { value, datatype: Some(datatype), .. } => {
            write!(text, "{} ", Literal::new_typed_literal(value, NamedNode::new_unchecked(datatype)))
        }
        Cell::Literal { value, .. } => write!(text, "{} ", Literal::new_simple_literal(value)),
        Cell::Missing => write!(text, "UNDEF "),
    };
    Ok(true)
}

struct Reader<'t> {
    query: &'t str,
    pieces: Peekable<Lexer<'t>>,
    prefixes: HashMap<String, String>,
}

impl<'t> Reader<'t> {
    fn text(&self, piece: &Piece) -> &'t str {
        self.query.get(piece.span.clone()).unwrap_or_default()
    }

    fn next(&mut self) -> Result<Piece, Refusal> {
        self.pieces.next().map_or_else(|| malformed("a search is not closed by }".to_owned()), Ok)
    }

    /// A declaration `PREFIX name: <iri>`.
    fn prefix(&mut self) {
        let Some(name) = self.pieces.next_if(|piece| piece.token == Token::Name) else { return };
        let Some(iri) = self.pieces.next_if(|piece| piece.token == Token::Iri) else { return };
        self.prefixes.insert(self.text(&name).to_owned(), inner(self.text(&iri)).to_owned());
    }

    /// A block whose keyword was read.
    fn block(&mut self, start: usize) -> Result<Block, Refusal> {
        let query = self.query;
        if self.pieces.next_if(|piece| is_word(query, &piece.span, "SILENT")).is_some() {
            return malformed("a search is not SILENT: one that fails is no search that found nothing".to_owned());
        }
        let name = self.next()?;
        if inner(self.text(&name)) != SEARCH || self.next()?.token != Token::Open(b'{') {
            return malformed(format!("a search is SERVICE <{SEARCH}> {{ … }}"));
        }
        let mut block = Block { span: start..start, parameters: Vec::new(), outputs: Vec::new() };
        let mut subject: Option<&str> = None;
        loop {
            let piece = self.next()?;
            match piece.token {
                Token::Close(b'}') => {
                    block.span.end = piece.span.end;
                    break;
                }
                Token::Mark(b'.') => continue,
                Token::Variable => {
                    let variable = self.text(&piece);
                    if subject.is_some_and(|known| known != variable) {
                        return malformed("a search has one subject; another search is another SERVICE".to_owned());
                    }
                    subject = Some(variable);
                }
                Token::Open(b'[') if self.pieces.next_if(|next| next.token == Token::Close(b']')).is_some() => {}
                _ => {
                    return malformed(
                        "the subject of a search is a variable, or [] where only counts are wanted".to_owned(),
                    );
                }
            }
            self.predicates(&mut block)?;
        }
        let counts = |(output, _): &(Output, String)| {
            matches!(output, Output::Value | Output::From | Output::To | Output::Count)
        };
        match subject {
            Some(_) if block.outputs.iter().any(counts) => {
                return malformed(
                    "search:count, value, from and to are of all matches: their subject is []".to_owned(),
                );
            }
            Some(subject) => block.outputs.insert(0, (Output::Record, subject.to_owned())),
            None if block.outputs.iter().any(|(output, _)| *output == Output::Score) => {
                return malformed("search:score is of a record: the subject is a variable".to_owned());
            }
            None => {}
        }
        let mut names: Vec<&str> = block.outputs.iter().map(|(_, variable)| inner_name(variable)).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return malformed("each variable of a search stands for one thing".to_owned());
        }
        Ok(block)
    }

    /// Predicates and objects up to a point or, unread, the end of the block.
    fn predicates(&mut self, block: &mut Block) -> Result<(), Refusal> {
        loop {
            let predicate = self.next()?;
            let term = self.term(&predicate)?;
            loop {
                self.object(block, &term)?;
                if self.pieces.next_if(|piece| piece.token == Token::Mark(b',')).is_none() {
                    break;
                }
            }
            let mut goes_on = false;
            while self.pieces.next_if(|piece| piece.token == Token::Mark(b';')).is_some() {
                goes_on = true;
            }
            let ends = |piece: &Piece| matches!(piece.token, Token::Mark(b'.') | Token::Close(b'}'));
            if !goes_on || self.pieces.peek().is_none_or(ends) {
                return Ok(());
            }
        }
    }

    /// The local name of a term of the namespace.
    fn term(&self, piece: &Piece) -> Result<String, Refusal> {
        let text = self.text(piece);
        let iri = match piece.token {
            Token::Iri => inner(text).to_owned(),
            Token::Name => {
                let (prefix, local) = text.split_at(text.find(':').map_or(text.len(), |at| at + 1));
                let namespace = self.prefixes.get(prefix).map_or("", String::as_str);
                format!("{namespace}{}", local.replace('\\', ""))
            }
            _ => String::new(),
        };
        match iri.strip_prefix(NAMESPACE) {
            Some(term) if !term.is_empty() => Ok(term.to_owned()),
            _ => malformed(format!("{text:.100} is no term of a search; they begin with <{NAMESPACE}>")),
        }
    }

    fn object(&mut self, block: &mut Block, term: &str) -> Result<(), Refusal> {
        let piece = self.next()?;
        let text = self.text(&piece);
        let value = match piece.token {
            Token::Variable => {
                let output = Output::NAMED.into_iter().find(|(name, _)| *name == term);
                let Some((_, output)) = output else {
                    return malformed(format!(
                        "search:{term} asks, so its value is written out; a variable is not looked up"
                    ));
                };
                block.outputs.push((output, text.to_owned()));
                return Ok(());
            }
            Token::Text => self.literal(text)?,
            Token::Number => text.to_owned(),
            Token::Mark(b'-' | b'+') => {
                let number = self.next()?;
                format!("{text}{}", self.text(&number))
            }
            Token::Word if ["true", "false"].contains(&text) => text.to_owned(),
            _ => {
                return malformed(format!(
                    "search:{term} has a text, a number or a variable as its value, not {text:.100}"
                ));
            }
        };
        if Output::NAMED.iter().any(|(name, _)| *name == term) {
            return malformed(format!("search:{term} is an answer: its value is a variable"));
        }
        block.parameters.push((term.to_owned(), value));
        Ok(())
    }

    /// The text of a literal; its language or type goes with it.
    fn literal(&mut self, quoted: &str) -> Result<String, Refusal> {
        if self.pieces.next_if(|piece| piece.token == Token::Mark(b'^')).is_some() {
            self.next()?;
            self.next()?;
        } else {
            self.pieces.next_if(|piece| piece.token == Token::Language);
        }
        let marks =
            if quoted.len() >= 6 && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''")) { 3 } else { 1 };
        let bare = quoted.get(marks..quoted.len().saturating_sub(marks)).unwrap_or_default();
        unescaped(bare).map_or_else(|| malformed(format!("{quoted:.100} has an escape that SPARQL does not know")), Ok)
    }
}

fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        plain.push(match rest.next()? {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            quoted @ ('"' | '\'' | '\\') => quoted,
            'u' => code_point(&mut rest, 4)?,
            'U' => code_point(&mut rest, 8)?,
            _ => return None,
        });
    }
    Some(plain)
}

fn code_point(rest: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let digits: String = rest.take(digits).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}

/// Without the angle brackets.
fn inner(iri: &str) -> &str {
    iri.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(iri)
}

/// A variable without its sign.
fn inner_name(variable: &str) -> &str {
    variable.get(1..).unwrap_or_default()
}

fn malformed<T>(reason: String) -> Result<T, Refusal> {
    Err(Refusal::Malformed { reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_with_their_parameters_and_variables() {
        let query = "PREFIX s: <urn:perennial:search:> SELECT * { ?d prov:wasDerivedFrom ?p . SERVICE <urn:perennial:search> { \
            ?p s:q \"sea \\\"ice\\\"\"@en , 'x' ; s:limit 5 ; <urn:perennial:search:mission> '''Envisat'''^^xsd:string ; s:score ?s . ?p s:bbox '1,2' } \
            service <urn:perennial:search> { [] search:facets \"mission\" ; search:value $v ; search:count ?n ; } }";
        let found = blocks(query).expect("two searches");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            found[0].parameters,
            [
                pair("q", "sea \"ice\""),
                pair("q", "x"),
                pair("limit", "5"),
                pair("mission", "Envisat"),
                pair("bbox", "1,2")
            ]
        );
        assert_eq!(found[0].outputs, [(Output::Record, "?p".to_owned()), (Output::Score, "?s".to_owned())]);
        assert_eq!(found[1].outputs, [(Output::Value, "$v".to_owned()), (Output::Count, "?n".to_owned())]);
        assert!(query[found[1].span.clone()].starts_with("service <") && query[found[1].span.clone()].ends_with("; }"));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        for block in [
            "<urn:perennial:search> { ?p search:q ?text }",
            "<urn:perennial:search> { ?p dcterms:title 'x' }",
            "<urn:perennial:search> { ?p search:q 'x' . ?o search:q 'y' }",
            "<urn:perennial:search> { <urn:x> search:q 'x' }",
            "<urn:perennial:search> { ?p search:score 1 }",
            "<urn:perennial:search> { ?p search:q 'x' ; search:count ?n }",
            "<urn:perennial:search> { [] search:q 'x' ; search:score ?n }",
            "<urn:perennial:search> { ?p search:score ?p }",
            "<urn:perennial:search> { ?p search:q 'x' FILTER(true) }",
            "<urn:perennial:search> { ?p search:q '\\q' }",
            "SILENT <urn:perennial:search> { ?p search:q 'x' }",
            "<urn:perennial:search> ?p",
        ] {
            assert!(blocks(&format!("ASK {{ SERVICE {block} }}")).is_err(), "{block}");
        }
        for cut in [
            "ASK { SERVICE <urn:perennial:search> { ?p search:q 'x' ",
            "ASK { SERVICE <urn:perennial:search> { ?p ",
            "SERVICE",
        ] {
            assert!(blocks(cut).is_err(), "{cut}");
        }
        let many = "SERVICE <urn:perennial:search> { ?p search:q 'x' } ".repeat(MAX_BLOCKS + 1);
        assert!(blocks(&format!("ASK {{ {many} }}")).is_err());
    }

    #[test]
    fn results_take_the_place_of_blocks_and_cannot_break_out() {
        let query = "ASK { here SERVICE <urn:perennial:search> { ?p search:q 'x' } here }";
        let span = blocks(query).expect("one")[0].span.clone();
        let rows = vec![
            vec![Cell::Record(1), Cell::Text("a\"} \\ \n".to_owned()), Cell::Number(0.5)],
            vec![Cell::Record(2), Cell::Integer(7), Cell::Missing],
        ];
        let variables = vec!["?p".to_owned(), "?v".to_owned(), "?s".to_owned()];
        let results = Results { start: span.start, end: span.end, variables, rows };
        let name = |sequence: u64| Ok::<_, ()>((sequence == 1).then(|| "urn:one".to_owned()));
        let filled = fill(query, &[results], |text| text.replace("here", "there"), name).expect("filled");
        let double = "\"0.5\"^^<http://www.w3.org/2001/XMLSchema#double>";
        let expected =
            format!("ASK {{ there  VALUES (?p ?v ?s ) {{(<urn:one> \"a\\\"}} \\\\ \\n\" {double} )}}  there }}");
        assert_eq!(filled, expected);
    }
}
