//! Values of a label: quoted texts, lists, and words without quotes, each with its unit.

use super::{MAX_LISTS, MAX_NAME, MAX_VALUES, Reader, Word, broken, decoded, is_line_end, is_space, word_of};
use crate::importer::Reason;
use crate::importer::shared::pvl::{Quote, Scalar, Value};

impl Reader<'_> {
    pub(super) fn value(&mut self, depth: usize) -> Result<Value, Reason> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(broken(self.line_here(), "more values than a label may have"));
        }
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => self.quoted(quote),
            Some(b'(') => self.list(depth, false),
            Some(b'{') => self.list(depth, true),
            _ => Ok(self.bare(depth > 0)),
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Value, Reason> {
        let inner = self.rest().get(1..).unwrap_or_default();
        let Some(length) = memchr::memchr(quote, inner) else {
            return Err(broken(self.line_here(), "a text begins here and has no closing quote"));
        };
        let written = decoded(inner.get(..length).unwrap_or_default());
        self.at += length + 2;
        let joined = written.contains(['\n', '\r']).then(|| joined(&written));
        let quote = if quote == b'"' { Quote::Text } else { Quote::Symbol };
        let unit = self.unit();
        Ok(Value::Scalar(Scalar { written, joined, quote, unit }))
    }

    fn list(&mut self, depth: usize, is_set: bool) -> Result<Value, Reason> {
        let line = self.line_here();
        if depth >= MAX_LISTS {
            return Err(broken(line, "lists nested too deep"));
        }
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_space();
            match self.peek() {
                None => return Err(broken(line, "a list begins here and has no end")),
                Some(b')' | b'}') => break,
                Some(b',') => {}
                Some(_) => {
                    let before = self.at;
                    values.push(self.value(depth + 1)?);
                    if self.at == before {
                        return Err(broken(self.line_here(), "no value in a list"));
                    }
                    continue;
                }
            }
            self.at += 1;
        }
        self.at += 1;
        let unit = self.unit();
        Ok(Value::List { is_set, values, unit })
    }

    /// A word without quotes: number, time, symbol, or text that should have been quoted.
    fn bare(&mut self, in_list: bool) -> Value {
        let mut written = self.bare_word(in_list);
        while written.len() > 1 && written.ends_with('-') && self.peek().is_some_and(is_line_end) {
            written.pop();
            self.at += self.length_while(is_space);
            written.push_str(&self.bare_word(in_list));
        }
        if !in_list {
            self.bare_text(&mut written);
        }
        let unit = self.unit();
        Value::Scalar(Scalar { written, joined: None, quote: Quote::None, unit })
    }

    fn bare_word(&mut self, in_list: bool) -> String {
        let length = self.length_while(|byte| {
            !is_space(byte) && byte != b'<' && byte != b';' && !(in_list && b",(){}\"".contains(&byte))
        });
        let word = self.rest().get(..length).unwrap_or_default();
        let length = memchr::memmem::find(word, b"/*").unwrap_or(length);
        let text = decoded(self.rest().get(..length).unwrap_or_default());
        self.at += length;
        text
    }

    /// More words on the same line that are no statement, as in `MISSION = MARS EXPRESS`.
    fn bare_text(&mut self, written: &mut String) {
        let length = self.length_while(|byte| !is_line_end(byte));
        let line = self.rest().get(..length).unwrap_or_default();
        let comment = memchr::memmem::find(line, b"/*").or_else(|| memchr::memmem::find(line, b" #"));
        let words = line.get(..comment.unwrap_or(length)).unwrap_or_default();
        let text = decoded(words);
        let text = text.trim().trim_end_matches(';');
        let first = text.split_whitespace().next().unwrap_or_default();
        let is_statement = text.contains(['=', '<']) || !matches!(word_of(first), Word::Name);
        if !first.is_empty() && !is_statement && !first.starts_with(['#', ';']) {
            self.at += words.len();
            written.push(' ');
            written.push_str(text);
        }
    }

    /// `<unit>`, on this line or the next.
    fn unit(&mut self) -> Option<String> {
        let before = self.at;
        self.skip_space();
        let rest = self.rest();
        let line = rest.get(..rest.len().min(MAX_NAME)).unwrap_or_default();
        let close = memchr::memchr(b'>', line).filter(|_| line.first() == Some(&b'<'));
        let unit = close.and_then(|close| line.get(1..close)).map(|unit| decoded(unit).trim().to_owned());
        match close {
            Some(close) => self.at += close + 1,
            None => self.at = before,
        }
        unit.filter(|unit| !unit.is_empty())
    }
}

/// The lines of a text as one.
fn joined(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    for line in written.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()) {
        let parted = text.strip_suffix('-').is_some_and(|before| before.ends_with(char::is_alphanumeric));
        if parted {
            text.pop();
        } else if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}
