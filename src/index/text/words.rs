//! Reads what a person typed. All words are required; `"quoted words"` stand side by side; `land*` is the start of a
//! word. There is no other syntax, so nothing that is typed can be wrong, except that it must hold a letter or digit.

use tantivy::tokenizer::TokenStream;

use super::error::SearchError;
use super::tokens::{MAX_WORD, analyzer, connects};

/// Longest text, characters.
pub(super) const MAX_CHARACTERS: usize = 10_000;

/// Something that a matching record contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    One(String),
    /// Found whole, or as its parts side by side.
    Identifier {
        whole: String,
        parts: Vec<String>,
    },
    Phrase(Vec<String>),
    Prefix(String),
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
            words.extend(phrase(piece));
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
    let before = words.len();
    words.extend(identifiers(chunk));
    let is_prefix = chunk.ends_with('*') && words.len() > before;
    if !is_prefix {
        return;
    }
    if let Some(Word::One(whole) | Word::Identifier { whole, .. }) = words.pop() {
        // `mod10_*` asks for what follows the underscore.
        let start = chunk.trim_end_matches('*');
        let connectors = start.trim_end_matches(connects).len();
        words.push(Word::Prefix(whole + start.get(connectors..).unwrap_or_default()));
    }
}

/// Words of a chunk without quotes.
fn identifiers(chunk: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (token, run) in tokens(chunk) {
        match (words.last_mut(), run) {
            (Some(Word::Identifier { parts, .. }), Run::Part) => parts.push(token),
            (_, Run::Whole) => words.push(Word::Identifier { whole: token, parts: Vec::new() }),
            _ => words.push(Word::One(token)),
        }
    }
    words
}

fn phrase(piece: &str) -> Option<Word> {
    let mut parts: Vec<String> =
        tokens(piece).into_iter().filter(|(_, run)| *run != Run::Whole).map(|(token, _)| token).collect();
    match parts.len() {
        0 => None,
        1 => parts.pop().map(Word::One),
        _ => Some(Word::Phrase(parts)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Alone,
    Whole,
    Part,
}

/// Tokens with what they are: a whole identifier is followed by its parts.
fn tokens(text: &str) -> Vec<(String, Run)> {
    let mut found = Vec::new();
    let mut end_of_whole = 0;
    let mut analyzer = analyzer();
    let mut stream = analyzer.token_stream(text);
    while stream.advance() {
        let token = stream.token();
        let inside = token.offset_to <= end_of_whole;
        let source = text.get(token.offset_from..token.offset_to).unwrap_or_default();
        let run = match (inside, source.chars().all(char::is_alphanumeric)) {
            (true, _) => Run::Part,
            (false, true) => Run::Alone,
            (false, false) => Run::Whole,
        };
        if run == Run::Whole {
            end_of_whole = token.offset_to;
        }
        debug_assert!(token.text.len() <= 4 * MAX_WORD);
        found.push((token.text.clone(), run));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(word: &str) -> Word {
        Word::One(word.to_owned())
    }

    fn identifier(whole: &str, parts: &[&str]) -> Word {
        Word::Identifier { whole: whole.to_owned(), parts: parts.iter().map(|part| (*part).to_owned()).collect() }
    }

    fn quoted(parts: &[&str]) -> Word {
        Word::Phrase(parts.iter().map(|part| (*part).to_owned()).collect())
    }

    #[test]
    fn words_phrases_identifiers_and_prefixes_are_told_apart() {
        let cases = [
            ("Sea ice", vec![one("sea"), one("ice")]),
            ("ice ICE", vec![one("ice")]),
            ("MOD10_L2, b", vec![identifier("mod10_l2", &["mod10", "l2"]), one("b")]),
            ("\"sea ice_x\" a", vec![quoted(&["sea", "ice", "x"]), one("a")]),
            ("\"never closed", vec![quoted(&["never", "closed"])]),
            ("\"one\"", vec![one("one")]),
            (
                "land* S2A_MSI* mod10_*",
                vec![Word::Prefix("land".into()), Word::Prefix("s2a_msi".into()), Word::Prefix("mod10_".into())],
            ),
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
