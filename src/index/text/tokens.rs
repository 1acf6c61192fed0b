//! How text is cut into words, the same way for records and for questions. `MOD10_L2` gives `mod10` and `l2`, and the
//! whole `mod10_l2` at the place of its first part, so that an identifier is found by itself and by its parts.

use tantivy::tokenizer::{AsciiFoldingFilter, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Longest word kept, bytes: no identifier is longer, and longer runs are not words.
pub(super) const MAX_WORD: usize = 512;

/// The analyzer of the `text` field: words in lower case, accents removed.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(WordTokenizer::default()).filter(AsciiFoldingFilter).build()
}

/// Characters that may stand inside an identifier.
pub(super) const fn connects(character: char) -> bool {
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
        WordStream { text, at: 0, run: 0..0, position: 0, token: &mut self.token }
    }
}

struct WordStream<'a> {
    text: &'a str,
    /// Where the next run is searched, when the present one is used up.
    at: usize,
    /// What is left of the present run of letters, digits and connectors.
    run: std::ops::Range<usize>,
    /// Position of the next part.
    position: usize,
    token: &'a mut Token,
}

impl WordStream<'_> {
    fn emit(&mut self, range: std::ops::Range<usize>, position: usize) {
        self.token.text.clear();
        let word = self.text.get(range.clone()).unwrap_or_default();
        let word = word.get(..word.floor_char_boundary(MAX_WORD)).unwrap_or_default();
        if word.is_ascii() {
            self.token.text.push_str(word);
            self.token.text.make_ascii_lowercase();
        } else {
            self.token.text.extend(word.chars().flat_map(char::to_lowercase));
        }
        self.token.offset_from = range.start;
        self.token.offset_to = range.end;
        self.token.position = position;
    }

    /// The next run of letters, digits and connectors between them, without connectors at its ends.
    fn next_run(&mut self) -> Option<std::ops::Range<usize>> {
        let rest = self.text.get(self.at..)?;
        let from = self.at + rest.find(char::is_alphanumeric)?;
        let inside = self.text.get(from..)?;
        let length = inside.find(|c: char| !(c.is_alphanumeric() || connects(c))).unwrap_or(inside.len());
        self.at = from + length;
        let run = inside.get(..length)?.trim_end_matches(connects);
        Some(from..from + run.len())
    }

    /// The next part of the run; the run then begins behind it.
    fn next_part(&mut self) -> Option<std::ops::Range<usize>> {
        let rest = self.text.get(self.run.clone())?;
        let from = self.run.start + rest.find(char::is_alphanumeric)?;
        let part = self.text.get(from..self.run.end)?;
        let length = part.find(|c: char| !c.is_alphanumeric()).unwrap_or(part.len());
        self.run.start = from + length;
        Some(from..from + length)
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        if let Some(part) = self.next_part() {
            let position = self.position;
            self.position += 1;
            self.emit(part, position);
            return true;
        }
        let Some(run) = self.next_run() else { return false };
        self.run = run.clone();
        let has_parts = self.text.get(run.clone()).is_some_and(|run| run.contains(connects));
        if has_parts {
            let position = self.position;
            self.emit(run, position);
            return true;
        }
        self.advance()
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

    fn tokens(text: &str) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        analyzer().token_stream(text).process(&mut |token| found.push((token.text.clone(), token.position)));
        found
    }

    #[test]
    fn words_are_cut_and_identifiers_kept_whole_too() {
        let cases: [(&str, &[(&str, usize)]); 7] = [
            ("Sea Ice, daily.", &[("sea", 0), ("ice", 1), ("daily", 2)]),
            ("MOD10_L2 x", &[("mod10_l2", 0), ("mod10", 0), ("l2", 1), ("x", 2)]),
            ("Météosat-9", &[("meteosat-9", 0), ("meteosat", 0), ("9", 1)]),
            ("_a_", &[("a", 0)]),
            ("*** !!!", &[]),
            ("urn:nasa:pds", &[("urn:nasa:pds", 0), ("urn", 0), ("nasa", 1), ("pds", 2)]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(word, at)| ((*word).to_owned(), *at)).collect();
            assert_eq!(tokens(text), expected, "{text}");
        }
    }
}
