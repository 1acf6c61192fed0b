//! How text is cut into words, the same way for records and for questions: runs of letters and digits, in lower case,
//! without accents. `MOD10_L2` gives `mod10` and `l2` side by side, and [`identifiers`] finds the whole of it.

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Longest word kept, bytes: no identifier is longer, and longer runs are not words.
const MAX_WORD: usize = 512;

/// The analyzer of the `text` field.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer::default()).filter(AsciiFoldingFilter).build()
}

/// Runs of letters, digits and connectors between them: `MOD10_L2`, `urn:nasa:pds`, `ice`.
pub(super) fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || connects(c)))
        .map(|run| run.trim_matches(connects))
        .filter(|run| !run.is_empty())
}

/// Runs that have more than one part.
pub(super) fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    runs(text).filter(|run| run.contains(connects))
}

/// Characters that may stand inside an identifier.
const fn connects(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | '/' | ':' | '+' | '@' | '%' | '#' | '=' | '~')
}

#[derive(Clone, Default)]
struct WordTokenizer {
    token: Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { text, at: 0, token: &mut self.token }
    }
}

struct WordStream<'a> {
    text: &'a str,
    /// Where the next word is searched.
    at: usize,
    token: &'a mut Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(skipped) = rest.find(char::is_alphanumeric) else { return false };
        let word = rest.get(skipped..).unwrap_or_default();
        let word = word.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        self.token.offset_from = self.at + skipped;
        self.token.offset_to = self.token.offset_from + word.len();
        self.at = self.token.offset_to;
        self.token.position = self.token.position.wrapping_add(1);
        let kept = word.get(..word.floor_char_boundary(MAX_WORD)).unwrap_or_default();
        self.token.text.clear();
        if kept.is_ascii() {
            self.token.text.push_str(kept);
            self.token.text.make_ascii_lowercase();
        } else {
            self.token.text.extend(kept.chars().flat_map(char::to_lowercase));
        }
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_everything_that_is_no_letter_or_digit() {
        let cases: [(&str, &[&str]); 6] = [
            ("Sea Ice, daily.", &["sea", "ice", "daily"]),
            ("MOD10_L2 x", &["mod10", "l2", "x"]),
            ("Météosat-9", &["meteosat", "9"]),
            ("*** !!!", &[]),
            ("İstanbul ÆØ", &["istanbul", "aeo"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let mut found = Vec::new();
            analyzer().token_stream(text).process(&mut |token| found.push((token.text.clone(), token.position)));
            let expected: Vec<_> = expected.iter().enumerate().map(|(at, word)| ((*word).to_owned(), at)).collect();
            let found: Vec<_> = found.into_iter().map(|(word, at)| (word.replace('\u{307}', ""), at)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn identifiers_are_runs_with_connectors_inside() {
        let found: Vec<&str> = identifiers("see (MOD10_L2), -x- and urn:nasa:pds. or a/b").collect();
        assert_eq!(found, ["MOD10_L2", "urn:nasa:pds", "a/b"]);
    }
}
