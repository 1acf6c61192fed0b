//! What a single piece of a question asks for: a word, words side by side, an identifier, the start of a word. Cuts as
//! the index does; knows nothing of operators.

use tantivy::tokenizer::TokenStream;

use super::tokens::{analyzer, runs};

/// Something that a matching record contains.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Word {
    One(String),
    /// The parts of an identifier side by side; a record that has exactly this whole run is the better match.
    Identifier {
        run: String,
        parts: Vec<String>,
    },
    /// Words side by side, as they are written.
    Phrase(Vec<String>),
    /// A word with this start, side by side behind these others.
    Prefix {
        before: Vec<String>,
        start: String,
    },
}

impl Word {
    /// Its words in their order.
    pub(super) fn parts(&self) -> Vec<&str> {
        match self {
            Self::One(word) => vec![word],
            Self::Identifier { parts, .. } | Self::Phrase(parts) => parts.iter().map(String::as_str).collect(),
            Self::Prefix { before, start } => before.iter().chain([start]).map(String::as_str).collect(),
        }
    }
}

/// The words of what was typed without a space. A star at the end asks for starts; other stars mean nothing.
pub(super) fn words_of_chunk(chunk: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut runs = runs(chunk).peekable();
    while let Some(run) = runs.next() {
        let mut parts = parts(run);
        let is_prefix = chunk.ends_with('*') && runs.peek().is_none();
        match (is_prefix, parts.len()) {
            (_, 0) => {}
            (true, _) => {
                let start = parts.pop().unwrap_or_default();
                words.push(Word::Prefix { before: parts, start });
            }
            (false, 1) => words.extend(parts.pop().map(Word::One)),
            (false, _) => words.push(Word::Identifier { run: run.to_owned(), parts }),
        }
    }
    words
}

/// The words of what stood between quotes.
pub(super) fn phrase(text: &str) -> Option<Word> {
    let parts = parts(text);
    if parts.is_empty() { None } else { Some(Word::Phrase(parts)) }
}

/// A text cut into words.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    analyzer().token_stream(text).process(&mut |token| parts.push(token.text.clone()));
    parts
}
