//! A look at a filter before it is parsed: whether it is short and flat enough, and where its words stand. Knows words
//! and brackets, no grammar.

use serde_json::Value;

use super::{FilterError, MAX_DEPTH, MAX_JSON_BYTES, MAX_OPERANDS, MAX_TEXT_BYTES};

/// Most signs or NOTs in a row.
const MAX_PREFIXES: usize = 8;

/// Words that stand between operands, or before one.
const OPERATORS: &[&str] = &["and", "or", "not", "like", "in", "between", "is", "div"];

/// Words that begin a geometry.
const GEOMETRIES: &[&str] =
    &["point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"];

/// A piece of cql2-text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    /// In double quotes, which are left out.
    Name(&'t str),
    Text,
    Number,
    Open,
    Close,
    Comma,
    Sign(u8),
}

/// Cuts text into tokens with their places.
struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    fn quoted(&mut self, quote: u8, start: usize) -> Result<&'t str, FilterError> {
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        while let Some(byte) = bytes.get(at) {
            if *byte == quote && bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else if *byte == quote {
                self.at = at + 1;
                return Ok(self.text.get(start + 1..at).unwrap_or_default());
            } else {
                at += 1;
            }
        }
        Err(FilterError::new(start, "this quotation mark is not closed"))
    }

    fn run(&mut self, start: usize, belongs: impl Fn(char) -> bool) -> &'t str {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.at = start + length;
        rest.get(..length).unwrap_or_default()
    }

    fn next(&mut self) -> Result<Option<(usize, Token<'t>)>, FilterError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let start = self.at + (rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len());
        let Some(first) = self.text.get(start..).and_then(|rest| rest.chars().next()) else { return Ok(None) };
        self.at = start + first.len_utf8();
        let token = match first {
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '\'' => self.quoted(b'\'', start).map(|_| Token::Text)?,
            '"' => Token::Name(self.quoted(b'"', start)?),
            '0'..='9' => {
                self.run(start, |character| character.is_ascii_digit() || character == '.');
                self.exponent();
                self.finite(start)?;
                Token::Number
            }
            '+' | '-' | '*' | '/' | '%' | '^' | '=' | '<' | '>' | '!' => {
                let second = self.text.as_bytes().get(self.at).copied();
                let is_pair = matches!((first, second), ('<', Some(b'=' | b'>')) | ('>' | '!', Some(b'=')));
                self.at += usize::from(is_pair);
                Token::Sign(first as u8)
            }
            letter if letter.is_alphabetic() => {
                Token::Word(self.run(start, |character| character.is_alphanumeric() || "_.:".contains(character)))
            }
            other => return Err(FilterError::new(start, format!("{other:?} has no place in CQL2"))),
        };
        Ok(Some((start, token)))
    }

    /// Refuses a number beyond those of 64 bits, which would be compared as infinite.
    fn finite(&self, start: usize) -> Result<(), FilterError> {
        let written = self.text.get(start..self.at).unwrap_or_default();
        if written.parse::<f64>().is_ok_and(f64::is_infinite) {
            return Err(FilterError::new(start, format!("{written:.40} is too large a number")));
        }
        Ok(())
    }

    /// `e5`, `E-5` behind a number.
    fn exponent(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let sign = usize::from(matches!(rest.get(1), Some(b'+' | b'-')));
        if matches!(rest.first(), Some(b'e' | b'E')) && rest.get(1 + sign).is_some_and(u8::is_ascii_digit) {
            self.run(self.at + 1 + sign, |character| character.is_ascii_digit());
        }
    }
}

/// Whether the text is short, flat and balanced enough to be parsed; gives the number of operands.
pub(super) fn text(text: &str) -> Result<usize, FilterError> {
    if text.len() > MAX_TEXT_BYTES {
        let reason = format!("a filter as text has at most {MAX_TEXT_BYTES} bytes, this one has {}", text.len());
        return Err(FilterError::new(MAX_TEXT_BYTES, reason));
    }
    let mut tokens = Tokens { text, at: 0 };
    let mut reader = Reader::default();
    while let Some((at, token)) = tokens.next()? {
        reader.take(at, token)?;
    }
    match reader.open.pop() {
        Some(level) => Err(FilterError::new(level.at, "this parenthesis is not closed")),
        None if reader.operands == 0 => Err(FilterError::new(0, "the filter is empty")),
        None => Ok(reader.operands),
    }
}

/// An open parenthesis.
struct Level {
    at: usize,
    is_geometry: bool,
    comparisons: usize,
}

#[derive(Default)]
struct Reader<'t> {
    open: Vec<Level>,
    comparisons: usize,
    operands: usize,
    prefixes: usize,
    /// What came before, when it ends an operand.
    operand_before: bool,
    word_before: Option<&'t str>,
}

impl<'t> Reader<'t> {
    fn take(&mut self, at: usize, token: Token<'t>) -> Result<(), FilterError> {
        let word_before = self.word_before.take();
        match token {
            Token::Open => self.open(at, word_before)?,
            Token::Close => self.close(at)?,
            Token::Comma => {
                self.comparisons = 0;
                self.operand_before = false;
            }
            Token::Sign(sign) => self.sign(at, sign)?,
            Token::Word(word) => self.word(at, word)?,
            Token::Name(_) | Token::Text | Token::Number => self.operand(at)?,
        }
        if !matches!(token, Token::Sign(_)) && !matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("not")) {
            self.prefixes = 0;
        }
        Ok(())
    }

    fn in_geometry(&self) -> bool {
        self.open.last().is_some_and(|level| level.is_geometry)
    }

    fn open(&mut self, at: usize, word_before: Option<&str>) -> Result<(), FilterError> {
        if self.open.len() == MAX_DEPTH {
            return Err(FilterError::new(at, format!("parentheses are nested at most {MAX_DEPTH} deep")));
        }
        let begins = word_before.is_some_and(|word| {
            let word = word.to_ascii_lowercase();
            GEOMETRIES.contains(&word.trim_end_matches(['z', 'm']))
                || (matches!(word.as_str(), "z" | "m" | "zm") && self.operand_before)
        });
        let is_geometry = begins || self.in_geometry();
        self.open.push(Level { at, is_geometry, comparisons: self.comparisons });
        self.comparisons = 0;
        self.operand_before = false;
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), FilterError> {
        let Some(level) = self.open.pop() else {
            return Err(FilterError::new(at, "this parenthesis was never opened"));
        };
        self.comparisons = level.comparisons;
        self.operand_before = true;
        Ok(())
    }

    fn sign(&mut self, at: usize, sign: u8) -> Result<(), FilterError> {
        if !self.operand_before {
            self.prefix(at)?;
        }
        self.operand_before = false;
        if matches!(sign, b'=' | b'<' | b'>' | b'!') { self.comparison(at) } else { Ok(()) }
    }

    fn prefix(&mut self, at: usize) -> Result<(), FilterError> {
        self.prefixes += 1;
        if self.prefixes <= MAX_PREFIXES {
            return Ok(());
        }
        Err(FilterError::new(at, format!("more than {MAX_PREFIXES} signs or NOTs in a row")))
    }

    /// The parser recurses on `a = b = c`, which means nothing.
    fn comparison(&mut self, at: usize) -> Result<(), FilterError> {
        self.comparisons += 1;
        if self.comparisons == 1 {
            return Ok(());
        }
        Err(FilterError::new(at, "a second comparison: AND or OR is missing before it"))
    }

    fn word(&mut self, at: usize, word: &'t str) -> Result<(), FilterError> {
        let lower = word.to_ascii_lowercase();
        self.word_before = Some(word);
        if self.in_geometry() {
            return Ok(());
        }
        if !OPERATORS.contains(&lower.as_str()) {
            let marks_geometry = matches!(lower.as_str(), "z" | "m" | "zm" | "empty");
            return if marks_geometry && self.operand_before { Ok(()) } else { self.operand(at) };
        }
        match lower.as_str() {
            "and" | "or" => self.comparisons = 0,
            "like" | "in" | "between" if self.operand_before => self.comparison(at)?,
            "not" => self.prefix(at)?,
            _ => {}
        }
        self.operand_before = false;
        Ok(())
    }

    fn operand(&mut self, at: usize) -> Result<(), FilterError> {
        if self.in_geometry() {
            return Ok(());
        }
        if self.operand_before {
            return Err(FilterError::new(at, "an operator is missing before this"));
        }
        self.operand_before = true;
        self.operands += 1;
        if self.operands <= MAX_OPERANDS {
            return Ok(());
        }
        Err(FilterError::new(at, format!("a filter has at most {MAX_OPERANDS} properties and values")))
    }
}

/// Where a name, function or text first stands.
pub(super) fn place_in_text(text: &str, word: &str) -> Option<usize> {
    let mut tokens = Tokens { text, at: 0 };
    while let Ok(Some((at, token))) = tokens.next() {
        let found = match token {
            Token::Word(found) => found.eq_ignore_ascii_case(word),
            Token::Name(found) => found == word || found.replace("\"\"", "\"") == word,
            Token::Sign(found) => word.as_bytes() == [found],
            Token::Text => text.get(at + 1..tokens.at - 1).is_some_and(|found| found.replace("''", "'") == word),
            _ => false,
        };
        if found {
            return Some(at);
        }
    }
    None
}

/// Where a name, function or text first stands as a JSON string.
pub(super) fn place_in_json(text: &str, word: &str) -> Option<usize> {
    let quoted = serde_json::to_string(word).ok()?;
    text.find(&quoted)
}

/// Whether the JSON is short and flat enough and has only members that CQL2 knows; gives the number of operands.
pub(super) fn json(text: &str) -> Result<usize, FilterError> {
    if text.len() > MAX_JSON_BYTES {
        let reason = format!("a filter as JSON has at most {MAX_JSON_BYTES} bytes, this one has {}", text.len());
        return Err(FilterError::new(MAX_JSON_BYTES, reason));
    }
    flat(text)?;
    let value: Value = serde_json::from_str(text).map_err(|error| json_error(text, &error))?;
    let mut operands = 0;
    members(&value, &mut operands).map_err(|(word, reason)| FilterError::new(place_in_json(text, word), reason))?;
    Ok(operands)
}

/// Nesting, counted outside of strings.
fn flat(text: &str) -> Result<(), FilterError> {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let reason = format!("objects and arrays are nested at most {MAX_DEPTH} deep");
                    return Err(FilterError::new(at, reason));
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn json_error(text: &str, error: &serde_json::Error) -> FilterError {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let position = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    FilterError::new(position.min(text.len()), format!("the filter is not JSON: {error}"))
}

/// What an object of cql2-json may hold, by the member that tells its kind.
const FORMS: &[(&str, &[&str])] = &[
    ("op", &["op", "args"]),
    ("property", &["property"]),
    ("date", &["date"]),
    ("timestamp", &["timestamp"]),
    ("interval", &["interval"]),
    ("bbox", &["bbox", "type", "coordinates", "geometries"]),
    ("type", &["type", "coordinates", "geometries", "bbox"]),
];

/// A member that nobody would read is refused, never ignored.
fn members<'v>(value: &'v Value, operands: &mut usize) -> Result<(), (&'v str, String)> {
    match value {
        Value::Array(elements) => elements.iter().try_for_each(|element| members(element, operands)),
        Value::Object(object) => {
            let form = FORMS.iter().find(|(name, _)| object.contains_key(*name));
            let first = object.keys().next().map_or("", String::as_str);
            let Some((kind, known)) = form else {
                return Err((
                    first,
                    "an object of CQL2 has op, property, date, timestamp, interval, bbox or type".to_owned(),
                ));
            };
            if let Some(unknown) = object.keys().find(|name| !known.contains(&name.as_str())) {
                return Err((unknown, format!("{unknown:?} has no meaning beside {kind:?}")));
            }
            match *kind {
                "op" => object.get("args").into_iter().try_for_each(|arguments| members(arguments, operands)),
                "interval" => object.values().try_for_each(|ends| members(ends, operands)),
                _ => count(operands),
            }
        }
        _ => count(operands),
    }
}

fn count<'v>(operands: &mut usize) -> Result<(), (&'v str, String)> {
    *operands += 1;
    if *operands <= MAX_OPERANDS {
        return Ok(());
    }
    Err(("", format!("a filter has at most {MAX_OPERANDS} properties and values")))
}
