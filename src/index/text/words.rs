//! Reads what a person typed. All words are required; `"quoted words"` stand side by side; `land*` is the start of a
//! word. There is no other syntax, so nothing that is typed can be wrong, except that it must hold a letter or digit.

use tantivy::tokenizer::TokenStream;

use super::error::SearchError;
use super::terms::{self, TermBytes};
use super::tokens::{analyzer, runs};

/// Longest text, characters.
pub(super) const MAX_CHARACTERS: usize = 10_000;

/// Something that a matching record contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    One(String),
    /// The parts of an identifier side by side; a record that has exactly this whole run is the better match.
    Identifier {
        whole: TermBytes,
        parts: Vec<String>,
    },
    Phrase(Vec<String>),
    /// A word with this start, side by side behind these others.
    Prefix {
        before: Vec<String>,
        start: String,
    },
}

/// The distinct words of a text, in their order.
///
/// # Errors
/// `BadText` when it is too long or holds nothing to search for.
pub(super) fn parse(text: &str) -> Result<Vec<Word>, SearchError> {
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(SearchError::BadText { reason: format!("is longer than {MAX_CHARACTERS} characters") });
    }
    let mut words = Vec::new();
    // Every second piece stood between quotes; a quote that is never closed reaches to the end.
    for (at, piece) in text.split('"').enumerate() {
        if at % 2 == 1 {
            words.extend(phrase(parts(piece)));
        } else {
            piece.split_whitespace().for_each(|chunk| read_chunk(chunk, &mut words));
        }
    }
    let mut distinct: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        if !distinct.contains(&word) {
            distinct.push(word);
        }
    }
    if distinct.is_empty() {
        return Err(SearchError::BadText { reason: "has no letter or digit".to_owned() });
    }
    Ok(distinct)
}

fn read_chunk(chunk: &str, words: &mut Vec<Word>) {
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
            (false, 1) => words.extend(phrase(parts)),
            (false, _) => words.push(Word::Identifier { whole: terms::identifier(run), parts }),
        }
    }
}

fn phrase(mut parts: Vec<String>) -> Option<Word> {
    match parts.len() {
        0 => None,
        1 => parts.pop().map(Word::One),
        _ => Some(Word::Phrase(parts)),
    }
}

fn parts(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    analyzer().token_stream(text).process(&mut |token| parts.push(token.text.clone()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(parts: &[&str]) -> Vec<String> {
        parts.iter().map(|part| (*part).to_owned()).collect()
    }

    fn one(word: &str) -> Word {
        Word::One(word.to_owned())
    }

    fn identifier(whole: &str, parts: &[&str]) -> Word {
        Word::Identifier { whole: terms::identifier(whole), parts: strings(parts) }
    }

    fn prefix(before: &[&str], start: &str) -> Word {
        Word::Prefix { before: strings(before), start: start.to_owned() }
    }

    #[test]
    fn words_phrases_identifiers_and_prefixes_are_told_apart() {
        let cases = [
            ("Sea ice", vec![one("sea"), one("ice")]),
            ("ice ICE", vec![one("ice")]),
            ("MOD10_L2, b", vec![identifier("mod10_l2", &["mod10", "l2"]), one("b")]),
            ("\"sea ice_x\" a", vec![Word::Phrase(strings(&["sea", "ice", "x"])), one("a")]),
            ("\"never closed", vec![Word::Phrase(strings(&["never", "closed"]))]),
            ("\"one\"", vec![one("one")]),
            ("a,land* S2A_MSI* *", vec![one("a"), prefix(&[], "land"), prefix(&["s2a"], "msi")]),
            ("AND (a) OR -b +c ~d", vec![one("and"), one("a"), one("or"), one("b"), one("c"), one("d")]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).expect("has words"), expected, "{text}");
        }
    }

    #[test]
    fn text_without_a_word_or_beyond_the_limit_is_refused() {
        for text in ["***", "\"\"", "- + /", &"a".repeat(MAX_CHARACTERS + 1)] {
            assert!(matches!(parse(text), Err(SearchError::BadText { .. })), "{}", text.len());
        }
        assert!(parse(&"a ".repeat(MAX_CHARACTERS / 2)).is_ok());
    }
}
