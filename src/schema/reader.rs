//! Reads JSON text once into a [`Document`].
//!
//! Refused while reading, because no parser further on would survive or agree on it: deep nesting, bytes after the
//! value, NUL, lone surrogates, a member twice in one object, a number that no IEEE 754 double can hold.

use std::borrow::Cow;

use super::Violation;
use super::text::{Document, Shape, Slot};

/// Deepest nesting of arrays and objects. Real records stay under 20; recursive readers elsewhere overflow their
/// stack at some hundreds.
pub const MAX_NESTING: usize = 64;

/// Objects of up to this many members are checked for duplicates pair by pair, larger ones by sorting.
const PAIRWISE_MEMBERS: usize = 12;

/// Reads the text, or says everything that is wrong with it as JSON.
pub(super) fn read(text: &str) -> Result<Document<'_>, Vec<Violation>> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        document: Document { text, slots: Vec::with_capacity(text.len() / 12 + 4) },
        faults: Vec::new(),
    };
    let outcome = reader.whole();
    let mut violations: Vec<Violation> = reader.faults.iter().map(|fault| reader.violation(fault)).collect();
    if let Err(fault) = outcome {
        violations.push(reader.violation(&fault));
    }
    if violations.is_empty() { Ok(reader.document) } else { Err(violations) }
}

struct Fault {
    /// The value that is meant, if the text around it can be read.
    slot: Option<u32>,
    offset: usize,
    rule: &'static str,
    message: Cow<'static, str>,
}

impl Fault {
    fn syntax(offset: usize, message: &'static str) -> Self {
        Self { slot: None, offset, rule: "json", message: Cow::Borrowed(message) }
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    document: Document<'a>,
    /// What is wrong but does not stop reading.
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn violation(&self, fault: &Fault) -> Violation {
        let before = self.bytes.get(..fault.offset).unwrap_or(self.bytes);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
        let pointer = fault.slot.map_or_else(String::new, |slot| self.document.pointer(slot));
        Violation {
            pointer,
            rule: fault.rule.to_owned(),
            message: format!("{} (line {line}, column {column})", fault.message),
        }
    }

    fn whole(&mut self) -> Result<(), Fault> {
        self.space();
        self.value(0)?;
        self.space();
        match self.bytes.get(self.at) {
            None => Ok(()),
            Some(0) => Err(self.nul()),
            Some(_) => Err(Fault::syntax(self.at, "there is more after the end of the record")),
        }
    }

    fn nul(&self) -> Fault {
        Fault { rule: "nul", ..Fault::syntax(self.at, "a record must not contain NUL") }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn push(&mut self, shape: Shape) -> usize {
        let index = self.document.slots.len();
        let start = self.at as u32;
        self.document.slots.push(Slot { shape, start, end: start, next: index as u32 + 1, count: 0 });
        index
    }

    /// Ends a value before the byte that comes next.
    fn close(&mut self, index: usize, count: u32) {
        let next = self.document.slots.len() as u32;
        let end = self.at as u32;
        if let Some(slot) = self.document.slots.get_mut(index) {
            *slot = Slot { end, next, count, ..*slot };
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Shape::True),
            Some(b'f') => self.word("false", Shape::False),
            Some(b'n') => self.word("null", Shape::Null),
            Some(0) => Err(self.nul()),
            Some(_) => Err(Fault::syntax(self.at, "a JSON value is expected here")),
            None => Err(Fault::syntax(self.at, "the text ends before the record does")),
        }
    }

    fn word(&mut self, word: &'static str, shape: Shape) -> Result<(), Fault> {
        if !self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(Fault::syntax(self.at, "a JSON value is expected here"));
        }
        let index = self.push(shape);
        self.at += word.len();
        self.close(index, 0);
        Ok(())
    }

    fn open(&mut self, shape: Shape, depth: usize) -> Result<usize, Fault> {
        if depth > MAX_NESTING {
            let message = format!("arrays and objects nest deeper than {MAX_NESTING}");
            return Err(Fault { slot: None, offset: self.at, rule: "nesting", message: Cow::Owned(message) });
        }
        let index = self.push(shape);
        self.at += 1;
        self.space();
        Ok(index)
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        let index = self.open(Shape::Array, depth)?;
        let mut count = 0;
        while self.bytes.get(self.at) != Some(&b']') || count > 0 {
            self.value(depth)?;
            count += 1;
            if self.ends(b']')? {
                break;
            }
        }
        self.at += 1;
        self.close(index, count);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        let index = self.open(Shape::Object, depth)?;
        let mut count = 0;
        while self.bytes.get(self.at) != Some(&b'}') || count > 0 {
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(Fault::syntax(self.at, "a member name in quotes is expected here"));
            }
            self.string()?;
            self.space();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(Fault::syntax(self.at, "a colon is expected here"));
            }
            self.at += 1;
            self.space();
            self.value(depth)?;
            count += 1;
            if self.ends(b'}')? {
                break;
            }
        }
        self.at += 1;
        self.close(index, count);
        self.refuse_duplicates(index as u32);
        Ok(())
    }

    /// After an element: whether the container ends here; else the next element does.
    fn ends(&mut self, bracket: u8) -> Result<bool, Fault> {
        self.space();
        match self.bytes.get(self.at) {
            Some(byte) if *byte == bracket => Ok(true),
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(false)
            }
            Some(_) => Err(Fault::syntax(self.at, "a comma or the end of the array or object is expected here")),
            None => Err(Fault::syntax(self.at, "the text ends before the record does")),
        }
    }

    /// The parser of a string: to the closing quote, checking escapes.
    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let index = self.push(Shape::String { escaped: false });
        let mut escaped = false;
        loop {
            self.at += self.rest().iter().position(|byte| ends_plain_text(*byte)).unwrap_or(self.rest().len());
            match self.bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape(index)?;
                }
                Some(0) => return Err(self.nul()),
                Some(_) => return Err(Fault::syntax(self.at, "a control character in a string must be escaped")),
                None => return Err(Fault::syntax(self.at, "the text ends within a string")),
            }
        }
        self.close(index, 0);
        if let Some(slot) = self.document.slots.get_mut(index) {
            slot.shape = Shape::String { escaped };
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self, index: usize) -> Result<(), Fault> {
        let start = self.at;
        let kind = self.bytes.get(start + 1);
        self.at += 2;
        if matches!(kind, Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) {
            return Ok(());
        }
        if kind != Some(&b'u') {
            return Err(Fault::syntax(start, "no such escape"));
        }
        let unit = self.code_unit().ok_or(Fault::syntax(start, "\\u needs four hexadecimal digits"))?;
        if unit == 0 {
            let slot = Some(index as u32);
            let message = Cow::Borrowed("a record must not contain NUL");
            self.faults.push(Fault { slot, offset: start, rule: "nul", message });
        }
        let lone = match unit {
            0xD800..=0xDBFF if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") => {
                self.at += 2;
                !matches!(self.code_unit(), Some(0xDC00..=0xDFFF))
            }
            0xD800..=0xDFFF => true,
            _ => false,
        };
        if lone { Err(Fault::syntax(start, "half of a surrogate pair is no character")) } else { Ok(()) }
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if hexadecimal { u32::from_str_radix(digits, 16).ok() } else { None }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let refuse = |at: usize| Fault::syntax(at, "this is no JSON number");
        let index = self.push(Shape::Number);
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || (leading_zero && whole > 1) {
            return Err(refuse(start));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(refuse(start));
            }
        }
        let exponent = matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(refuse(start));
            }
        }
        self.close(index, 0);
        // f64::MAX has 309 digits before the point.
        let written = self.text.get(start..self.at).unwrap_or_default();
        if (exponent || whole > 308) && !written.parse::<f64>().is_ok_and(f64::is_finite) {
            let message = Cow::Borrowed("no IEEE 754 double can hold this number");
            self.faults.push(Fault { slot: Some(index as u32), offset: start, rule: "number-range", message });
        }
        Ok(())
    }

    fn refuse_duplicates(&mut self, object: u32) {
        let document = &self.document;
        let count = document.slot(object).count as usize;
        if count < 2 {
            return;
        }
        let names = document.members(object);
        let twice = if count <= PAIRWISE_MEMBERS {
            let mut seen = [Slot { shape: Shape::Null, start: 0, end: 0, next: 0, count: 0 }; PAIRWISE_MEMBERS];
            names.enumerate().find_map(|(place, (name, value))| {
                let (earlier, rest) = seen.split_at_mut(place);
                if let Some(free) = rest.first_mut() {
                    *free = name;
                }
                earlier.iter().any(|other| same_name(document, *other, name)).then_some(value)
            })
        } else {
            let mut sorted: Vec<(Cow<'_, str>, u32)> =
                names.map(|(name, value)| (document.string(name), value)).collect();
            sorted.sort_unstable();
            sorted.windows(2).find_map(|pair| match pair {
                [(first, _), (second, value)] if first == second => Some(*value),
                _ => None,
            })
        };
        if let Some(value) = twice {
            let name = document.slot(value - 1);
            let message = format!("member {:?} occurs twice in one object", document.string(name));
            let offset = name.start as usize;
            let rule = "duplicate-member";
            self.faults.push(Fault { slot: Some(value), offset, rule, message: Cow::Owned(message) });
        }
    }
}

/// Whether plain text of a string ends here: a quote, an escape, or what must not stand in one.
const fn ends_plain_text(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

fn same_name(document: &Document<'_>, left: Slot, right: Slot) -> bool {
    let plain = Shape::String { escaped: false };
    if left.shape == plain && right.shape == plain {
        return document.written(left) == document.written(right);
    }
    document.string(left) == document.string(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Vec<(String, String)> {
        let violations = read(text).expect_err("refused");
        violations.into_iter().map(|violation| (violation.rule, violation.pointer)).collect()
    }

    #[test]
    fn what_serde_json_reads_is_read_and_the_rest_is_refused() {
        let texts = [
            "{}",
            "[]",
            " [ 1 , -0.5e-3 , \"a\\u00e9\\ud83d\\ude00\\n\" , null , true , false , { } , [ ] ] ",
            "{\"a\":{\"b\":[1,{\"c\":\"\"}]}}",
            "",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "[01]",
            "[1.]",
            "[.5]",
            "[+1]",
            "[1e]",
            "[NaN]",
            "[tru]",
            "\"a\u{1}b\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u+123\"",
            "\"\\ud83d\"",
            "\"\\ude00\"",
            "\"\\ud83d\\u0041\"",
            "\"abc",
            "[1 2]",
            "[",
            "{\"a\":",
            "{,}",
            "[,1]",
            "1 1",
        ];
        for text in texts {
            // serde_json skips strings that it ignores; reading them into values checks surrogates as well.
            let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(read(text).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn nesting_stops_at_the_limit_and_ten_thousand_levels_harm_nothing() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_NESTING)).is_ok());
        for depth in [MAX_NESTING + 1, 10_000] {
            assert_eq!(refused(&nested(depth)), [("nesting".to_owned(), String::new())]);
        }
        assert_eq!(refused(&"{\"a\":".repeat(10_000)), [("nesting".to_owned(), String::new())]);
    }

    #[test]
    fn a_member_twice_is_named_at_any_level_in_small_and_large_objects_and_through_escapes() {
        assert_eq!(refused(r#"{"a":[{"b":1,"b":2}]}"#), [("duplicate-member".into(), "/a/0/b".into())]);
        assert_eq!(refused(r#"{"a~/b":{"x":1,"\u0078":2}}"#), [("duplicate-member".into(), "/a~0~1b/x".into())]);
        let many: Vec<String> = (0..40).map(|at| format!("\"m{}\":0", at % 39)).collect();
        assert_eq!(refused(&format!("{{{}}}", many.join(","))), [("duplicate-member".into(), "/m0".into())]);
    }

    #[test]
    fn nul_and_numbers_beyond_a_double_are_refused_and_wide_integers_are_kept() {
        assert_eq!(refused(r#"{"a":["x\u0000"]}"#), [("nul".into(), "/a/0".into())]);
        assert_eq!(refused("{\"a\":1}\0"), [("nul".into(), String::new())]);
        assert_eq!(refused(r#"{"a":1e400}"#), [("number-range".into(), "/a".into())]);
        assert_eq!(refused(&format!("[{}]", "9".repeat(400))), [("number-range".into(), "/0".into())]);
        for number in ["123456789012345678901234567890", "-18446744073709551616", "1.10", "1e-400", "1E+2"] {
            let document = read(number).expect("a number");
            assert_eq!(document.written(document.slot(0)), number);
        }
    }

    #[test]
    fn a_syntax_error_says_line_and_column() {
        let violations = read("{\n  \"a\": 1,\n  \"b\": x}").expect_err("refused");
        assert_eq!(violations[0].message, "a JSON value is expected here (line 3, column 8)");
    }
}
