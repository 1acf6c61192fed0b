//! The place of a text that best shows why a record was found, and where the words of the question stand in it: ranges,
//! never markup, so that each face marks them safely in its own way.

use std::ops::Range;

use tantivy::tokenizer::TokenStream;

use crate::model::{Snippet, TextQuery};

use super::error::SearchError;
use super::expand::Stems;
use super::grammar::{self, Node};
use super::tokens::analyzer;
use super::words::Word;

/// Longest text that is looked through, bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Most words marked in one snippet.
const MAX_MARKS: usize = 64;

/// The words of a question, ready to be found in texts.
pub struct Highlighter {
    wanted: Vec<Wanted>,
    stems: Stems,
}

struct Wanted {
    word: String,
    stem: Option<String>,
    is_start: bool,
}

impl Highlighter {
    /// Of the words that a question wants, those that it excludes left out.
    ///
    /// # Errors
    /// `BadText`, as the search itself.
    pub fn new(query: &TextQuery) -> Result<Self, SearchError> {
        let mut highlighter = Self { wanted: Vec::new(), stems: Stems::new() };
        highlighter.collect(&grammar::parse(query)?);
        Ok(highlighter)
    }

    fn collect(&mut self, node: &Node) {
        match node {
            Node::Leaf { word, .. } => {
                let parts = word.parts();
                let last = parts.len().saturating_sub(1);
                for (at, part) in parts.into_iter().enumerate() {
                    let is_start = at == last && matches!(word, Word::Prefix { .. });
                    let is_exact = matches!(word, Word::Phrase(_));
                    let stem = if is_exact { None } else { self.stems.stem(part) };
                    self.wanted.push(Wanted { word: part.to_owned(), stem, is_start });
                }
            }
            Node::Best { typed, .. } => self.collect(typed),
            Node::Any(nodes) => nodes.iter().for_each(|node| self.collect(node)),
            Node::Group(group) => group.required.iter().chain(&group.preferred).for_each(|node| self.collect(node)),
        }
    }

    /// The best part of a text of about so many bytes; `None` when no wanted word stands in it.
    pub fn snippet(&mut self, text: &str, length: usize) -> Option<Snippet> {
        let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
        let marks = self.marks(text);
        let best = (0..marks.len()).max_by_key(|first| {
            let within = within(&marks, *first, length);
            let mut distinct: Vec<usize> = within.iter().map(|(_, which)| *which).collect();
            distinct.sort_unstable();
            distinct.dedup();
            // Of equally good places the first.
            (distinct.len(), within.len(), usize::MAX - first)
        })?;
        let within = within(&marks, best, length);
        let (first, last) = (within.first()?, within.last()?);
        let spare = length.saturating_sub(last.0.end - first.0.start) / 2;
        let start = start_of_word(text, first.0.start.saturating_sub(spare));
        let end = end_of_word(text, (start + length).max(last.0.end));
        let shift = |range: &Range<usize>| range.start - start..range.end - start;
        let within = marks.iter().filter(|(range, _)| range.start >= start && range.end <= end);
        let marks = within.take(MAX_MARKS).map(|(range, _)| shift(range)).collect();
        Some(Snippet {
            member: String::new(),
            text: text.get(start..end)?.to_owned(),
            marks,
            is_cut: start > 0 || end < text.len(),
        })
    }

    /// Where wanted words stand, and which ones.
    fn marks(&mut self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut marks = Vec::new();
        let Self { wanted, stems } = self;
        let mut analyzer = analyzer();
        let mut tokens = analyzer.token_stream(text);
        while tokens.advance() {
            let token = tokens.token();
            let stem = stems.stem(&token.text);
            let fits = |wanted: &Wanted| {
                wanted.word == token.text
                    || (wanted.is_start && token.text.starts_with(&wanted.word))
                    || (wanted.stem.is_some() && wanted.stem == stem)
            };
            if let Some(which) = wanted.iter().position(fits) {
                marks.push((token.offset_from..token.offset_to, which));
            }
        }
        marks
    }
}

/// The marks from this one on that fit into so many bytes.
fn within(marks: &[(Range<usize>, usize)], first: usize, length: usize) -> &[(Range<usize>, usize)] {
    let rest = marks.get(first..).unwrap_or_default();
    let start = rest.first().map_or(0, |(range, _)| range.start);
    let count = rest.iter().take_while(|(range, _)| range.end <= start + length).count().max(1);
    rest.get(..count).unwrap_or(rest)
}

fn start_of_word(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let before = text.get(..at).unwrap_or_default();
    before.rfind(char::is_whitespace).map_or(0, |space| text.ceil_char_boundary(space + 1))
}

fn end_of_word(text: &str, at: usize) -> usize {
    let at = text.ceil_char_boundary(at.min(text.len()));
    let behind = text.get(at..).unwrap_or_default();
    at + behind.find(char::is_whitespace).unwrap_or(behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, text: &str, length: usize, expected: Option<&str>) {
        let mut highlighter = Highlighter::new(&TextQuery::from(query)).expect("has words");
        let shown = highlighter.snippet(text, length).map(|snippet| {
            let mut shown = snippet.text.clone();
            for mark in snippet.marks.iter().rev() {
                shown.insert(mark.end, ']');
                shown.insert(mark.start, '[');
            }
            shown
        });
        assert_eq!(shown.as_deref(), expected, "{query}");
    }

    #[test]
    fn the_place_with_most_of_the_words_is_shown_and_marked() {
        let text = "Ice is mentioned first. Much later the snow covers the <b>sea ice</b> of the Arctic Ocean";
        check("snow ice", text, 40, Some("later the [snow] covers the <b>sea [ice]</b>"));
        check("cover", text, 12, Some("snow [covers] the"));
        check("arct*", text, 8, Some("the [Arctic]"));
        check("fog", text, 40, None);
        check("snow -ice", "snow ice", 40, Some("[snow] ice"));
        check("region", "Région côtière", 40, Some("[Région] côtière"));
        check("\"covers\"", "cover", 40, None);
        check("a", &"é".repeat(70_000), 40, None);
    }
}
