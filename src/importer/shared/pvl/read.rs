//! Reads the bytes of a label. Follows ODL (PDS3 Standards Reference, chapter 12) and what ISIS and real deliveries
//! write beside it: `#` comments, missing values, bare words with spaces, lines joined by `-`.

mod values;

use std::cell::Cell;

use super::{Block, Entry, Form, Keyword, Label, Value};
use crate::importer::Reason;

/// Deepest nesting of blocks. The deepest real label has 7.
const MAX_DEPTH: usize = 64;
/// Deepest nesting of lists. ODL has two.
const MAX_LISTS: usize = 16;
/// Most keywords and list elements together: the largest real label has some 20,000. Bounds memory.
const MAX_VALUES: usize = 500_000;
/// Longest name of a keyword. ODL has 30, ISIS has paths of them.
const MAX_NAME: usize = 256;

/// Reads a label up to its `END`, or to the end of the bytes where there is none. UTF-8, else latin-1, word by word:
/// data after the label is never looked at.
///
/// # Errors
/// `Reason::Broken` with the line, for what is no label.
pub fn parse(bytes: &[u8]) -> Result<Label, Reason> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map_or((bytes, 0), |rest| (rest, 3));
    let mut reader = Reader { bytes: bytes.0, at: 0, counted: 0, line: 1, values: 0, remarks: Vec::new() };
    let root = reader.label()?;
    Ok(Label { root, end: reader.at + bytes.1, remarks: reader.remarks })
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// As far as lines were counted.
    counted: usize,
    line: usize,
    values: usize,
    remarks: Vec<Reason>,
}

/// What a statement begins with.
enum Word {
    End,
    Close,
    Open(Form),
    Name,
}

fn word_of(name: &str) -> Word {
    let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    if is(&["END"]) {
        Word::End
    } else if is(&["END_GROUP", "END_OBJECT", "ENDGROUP", "ENDOBJECT"]) {
        Word::Close
    } else if is(&["GROUP", "BEGIN_GROUP"]) {
        Word::Open(Form::Group)
    } else if is(&["OBJECT", "BEGIN_OBJECT"]) {
        Word::Open(Form::Object)
    } else {
        Word::Name
    }
}

/// Control characters count as white space: cubes are padded with NUL, old files end with Ctrl-Z.
fn is_space(byte: u8) -> bool {
    byte <= b' '
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// UTF-8, else latin-1.
fn decoded(bytes: &[u8]) -> String {
    let text = std::str::from_utf8(bytes).map(str::to_owned);
    text.unwrap_or_else(|_| bytes.iter().copied().map(char::from).collect())
}

impl Reader<'_> {
    fn label(&mut self) -> Result<Block, Reason> {
        let mut open = vec![Block { line: 1, ..Block::default() }];
        loop {
            self.skip_space();
            if self.peek().is_none() {
                break;
            }
            let line = self.line_here();
            if self.skip_byte(b';') {
                continue;
            }
            let name = self.name()?;
            match word_of(&name) {
                Word::End if !self.is_assignment() => {
                    self.rest_of_line();
                    break;
                }
                Word::Close => self.close(&mut open, line)?,
                Word::Open(form) if self.is_assignment() => {
                    if open.len() > MAX_DEPTH {
                        return Err(broken(line, "nested too deep"));
                    }
                    let name = self.assigned(&name, line)?.scalars().first().map(|scalar| scalar.text().to_owned());
                    open.push(Block { name: name.unwrap_or_default(), form, line, entries: Vec::new() });
                }
                _ => {
                    let value = self.assigned(&name, line)?;
                    if let Some(block) = open.last_mut() {
                        block.entries.push(Entry::Keyword(Keyword { name, line, value, is_read: Cell::new(false) }));
                    }
                }
            }
        }
        while open.len() > 1 {
            if let Some(block) = open.last() {
                self.remark(&block.name, &format!("begins at line {} and has no end", block.line));
            }
            leave(&mut open);
        }
        Ok(open.pop().unwrap_or_default())
    }

    /// `END_OBJECT`, with or without a name.
    fn close(&mut self, open: &mut Vec<Block>, line: usize) -> Result<(), Reason> {
        let name = if self.is_assignment() {
            let value = self.assigned("END_OBJECT", line)?;
            value.scalars().first().map(|scalar| scalar.text().to_owned())
        } else {
            None
        };
        let expected = open.last().filter(|_| open.len() > 1).map(|block| block.name.clone());
        match (expected, name) {
            (None, name) => {
                let name = name.unwrap_or_default();
                self.remark("END_OBJECT", &format!("line {line}: {name:?} ends, and nothing is open"));
            }
            (Some(expected), Some(name)) if !name.eq_ignore_ascii_case(&expected) => {
                self.remark(&expected, &format!("line {line}: ends as {name:?}"));
                leave(open);
            }
            _ => leave(open),
        }
        Ok(())
    }

    fn remark(&mut self, field: &str, message: &str) {
        self.remarks.push(Reason::FieldNoted { field: field.to_owned(), message: message.to_owned() });
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn skip_byte(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn line_here(&mut self) -> usize {
        let passed = self.bytes.get(self.counted..self.at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count();
        self.counted = self.counted.max(self.at);
        self.line
    }

    fn length_while(&self, wanted: impl Fn(u8) -> bool) -> usize {
        self.rest().iter().take_while(|byte| wanted(**byte)).count()
    }

    /// To the first byte after the line end.
    fn rest_of_line(&mut self) {
        self.at += self.length_while(|byte| !is_line_end(byte));
        self.skip_byte(b'\r');
        self.skip_byte(b'\n');
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            self.at += self.length_while(is_space);
            if self.rest().starts_with(b"/*") {
                self.skip_comment();
            } else if self.peek() == Some(b'#') {
                self.rest_of_line();
            } else {
                return;
            }
        }
    }

    /// A comment that is never closed ends with its line; so does one that another comment follows before its close.
    fn skip_comment(&mut self) {
        let inner = self.rest().get(2..).unwrap_or_default();
        let close = memchr::memmem::find(inner, b"*/");
        let again = memchr::memmem::find(inner.get(..close.unwrap_or(0)).unwrap_or_default(), b"/*");
        let line_end = inner.iter().position(|byte| is_line_end(*byte)).unwrap_or(inner.len());
        match (close, again) {
            (Some(close), Some(again)) if again > line_end && close > line_end => self.at += 2 + line_end,
            (Some(close), _) => self.at += close + 4,
            (None, _) => self.at += 2 + line_end,
        }
    }

    fn name(&mut self) -> Result<String, Reason> {
        let length = self.length_while(|byte| !is_space(byte) && byte != b'=' && byte != b';');
        let word = self.rest().get(..length).unwrap_or_default();
        let length = memchr::memmem::find(word, b"/*").unwrap_or(length);
        let bytes = word.get(..length).unwrap_or_default();
        let is_name = !bytes.is_empty()
            && bytes.len() <= MAX_NAME
            && bytes.iter().all(|byte| byte.is_ascii_graphic() && !b"\"'(){}<>,".contains(byte));
        if !is_name {
            let shown: String = decoded(bytes.get(..bytes.len().min(40)).unwrap_or_default());
            return Err(broken(self.line_here(), &format!("{shown:?} where a keyword should stand")));
        }
        let name = decoded(bytes);
        self.at += length;
        Ok(name)
    }

    /// Whether an equals sign follows.
    fn is_assignment(&mut self) -> bool {
        let before = self.at;
        self.skip_space();
        let found = self.peek() == Some(b'=');
        self.at = before;
        found
    }

    /// The value after a name.
    fn assigned(&mut self, name: &str, line: usize) -> Result<Value, Reason> {
        if !self.is_assignment() {
            // Labels of the 1980s begin with a bare SFDU marker.
            let is_marker = name.starts_with("CCSD") || name.starts_with("NJPL");
            return if is_marker { Ok(Value::Empty) } else { Err(broken(line, &format!("no = after {name:?}"))) };
        }
        self.skip_space();
        self.skip_byte(b'=');
        let before = self.at;
        self.skip_space();
        let passed = self.bytes.get(before..self.at).unwrap_or_default();
        if self.peek().is_none() || (passed.iter().any(|byte| is_line_end(*byte)) && self.is_statement()) {
            self.at = before;
            return Ok(Value::Empty);
        }
        self.value(0)
    }

    /// Whether a statement begins here, and no value: the value before it was left out.
    fn is_statement(&mut self) -> bool {
        let before = self.at;
        let name = self.name();
        let is_statement = name.is_ok_and(|name| match word_of(&name) {
            Word::End | Word::Close => true,
            Word::Open(_) | Word::Name => self.is_assignment(),
        });
        self.at = before;
        is_statement
    }
}

/// Ends the innermost block.
fn leave(open: &mut Vec<Block>) {
    if open.len() < 2 {
        return;
    }
    if let (Some(block), Some(parent)) = (open.pop(), open.last_mut()) {
        parent.entries.push(Entry::Block(block));
    }
}

fn broken(line: usize, message: &str) -> Reason {
    Reason::Broken { line, message: message.to_owned() }
}
