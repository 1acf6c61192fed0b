//! Cuts the text of a SPARQL query into tokens, without recursion and in one pass. It understands strings, IRIs, names
//! and comments well enough that nothing within them is taken for a bracket or a keyword; it judges no grammar.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `<…>` with its brackets.
    Iri,
    /// `prefix:local`, either part may be empty.
    Name,
    /// A keyword, a function, `a`, `true`.
    Word,
    /// `?name` or `$name`.
    Variable,
    /// A string with its quotes.
    Text,
    /// Digits with sign, point and exponent.
    Number,
    /// `@en`.
    Language,
    /// One of `{ ( [`.
    Open(u8),
    /// One of `} ) ]`.
    Close(u8),
    /// Any other character.
    Mark(u8),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub token: Token,
    pub span: Range<usize>,
}

/// The tokens of a text, in order.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Goes on while bytes fit.
    fn take_while(&mut self, fits: impl Fn(u8) -> bool) {
        while self.bytes().get(self.at).is_some_and(|byte| fits(*byte)) {
            self.at += 1;
        }
    }

    fn skip_blank(&mut self) {
        loop {
            self.take_while(|byte| byte.is_ascii_whitespace());
            if self.peek(0) != b'#' {
                return;
            }
            self.take_while(|byte| byte != b'\n' && byte != b'\r');
        }
    }

    /// The end of an IRI that begins here; none where `<` is an operator.
    fn iri_end(&self) -> Option<usize> {
        let rest = self.bytes().get(self.at + 1..)?;
        let length = rest.iter().position(|byte| *byte <= 0x20 || b"<>\"{}|^`".contains(byte))?;
        (rest.get(length) == Some(&b'>')).then_some(self.at + length + 2)
    }

    /// Goes behind a string; one that is not closed takes the rest of the text.
    fn skip_string(&mut self, quote: u8) {
        let long = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if long { 3 } else { 1 };
        while self.at < self.text.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                byte if byte == quote && !long => {
                    self.at += 1;
                    return;
                }
                byte if byte == quote && self.peek(1) == quote && self.peek(2) == quote => {
                    self.at += 3;
                    return;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.text.len();
    }

    /// A word or a name: letters, digits, `_`, `-`, `.` within, and after a colon also `:`, `%` and escapes.
    fn word_or_name(&mut self) -> Token {
        self.take_while(is_name_byte);
        if self.peek(0) != b':' {
            self.give_back_points();
            return Token::Word;
        }
        self.at += 1;
        loop {
            self.take_while(|byte| is_name_byte(byte) || byte == b':' || byte == b'%');
            if self.peek(0) != b'\\' || self.at + 1 >= self.text.len() {
                break;
            }
            self.at += 2;
        }
        self.give_back_points();
        Token::Name
    }

    /// A name does not end with a point: that ends the triple.
    fn give_back_points(&mut self) {
        while self.at > 0 && self.bytes().get(self.at - 1) == Some(&b'.') {
            self.at -= 1;
        }
    }

    fn token(&mut self) -> Token {
        let byte = self.peek(0);
        match byte {
            b'<' => match self.iri_end() {
                Some(end) => {
                    self.at = end;
                    return Token::Iri;
                }
                None => self.at += 1,
            },
            b'"' | b'\'' => {
                self.skip_string(byte);
                return Token::Text;
            }
            b'?' | b'$' if is_word_start(self.peek(1)) || self.peek(1).is_ascii_digit() => {
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80);
                return Token::Variable;
            }
            b'@' if self.peek(1).is_ascii_alphabetic() => {
                self.at += 1;
                self.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                return Token::Language;
            }
            b'0'..=b'9' => {
                self.number();
                return Token::Number;
            }
            b'{' | b'(' | b'[' => {
                self.at += 1;
                return Token::Open(byte);
            }
            b'}' | b')' | b']' => {
                self.at += 1;
                return Token::Close(byte);
            }
            b':' => return self.word_or_name(),
            _ if is_word_start(byte) => return self.word_or_name(),
            _ => self.at += 1,
        }
        Token::Mark(byte)
    }

    fn number(&mut self) {
        self.take_while(|byte| byte.is_ascii_digit());
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.take_while(|byte| byte.is_ascii_digit());
        }
        let exponent = matches!(self.peek(0), b'e' | b'E');
        let signed = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if exponent && self.peek(1 + signed).is_ascii_digit() {
            self.at += 1 + signed;
            self.take_while(|byte| byte.is_ascii_digit());
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        self.skip_blank();
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let token = self.token();
        // An escape may have stepped into the middle of a character.
        while !self.text.is_char_boundary(self.at.min(self.text.len())) {
            self.at += 1;
        }
        self.at = self.at.min(self.text.len());
        Some(Piece { token, span: start..self.at })
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_-.".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(Token, &str)> {
        Lexer::new(text).map(|piece| (piece.token, &text[piece.span])).collect()
    }

    #[test]
    fn brackets_and_keywords_within_strings_addresses_and_comments_are_not_seen() {
        let text =
            "ASK { ?s ex:SERVICE 'SERVICE {' ; <http://a/{> \"\"\"}\"{\\\"\"\"\" . # SERVICE {\n FILTER(?a<?b) }";
        let found = words(text);
        let services = found.iter().filter(|(token, word)| *token == Token::Word && *word == "SERVICE").count();
        assert_eq!(services, 0, "{found:?}");
        let found = words("?a < ?b && ?c > 3 <urn:x#y> a:b.c. _:d a:\\{ 1.5e-3. \"x\"@en-GB");
        let expected = [
            (Token::Variable, "?a"),
            (Token::Mark(b'<'), "<"),
            (Token::Variable, "?b"),
            (Token::Mark(b'&'), "&"),
            (Token::Mark(b'&'), "&"),
            (Token::Variable, "?c"),
            (Token::Mark(b'>'), ">"),
            (Token::Number, "3"),
            (Token::Iri, "<urn:x#y>"),
            (Token::Name, "a:b.c"),
            (Token::Mark(b'.'), "."),
            (Token::Name, "_:d"),
            (Token::Name, "a:\\{"),
            (Token::Number, "1.5e-3"),
            (Token::Mark(b'.'), "."),
            (Token::Text, "\"x\""),
            (Token::Language, "@en-GB"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn broken_texts_end() {
        for text in ["'", "\"\\", "<", "?", "a:\\é", "\"\"\"x", "\\", "é\\u", "@", "'\\é"] {
            let found = words(text);
            assert!(found.len() <= text.len(), "{text}");
        }
    }
}
