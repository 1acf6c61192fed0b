//! JSON as values: the order of members, white space and escapes do not matter, nor how a number is written. A member
//! that is there twice is not JSON here, as it means two things.

use std::collections::BTreeMap;

use super::measure::Measure;
use super::number::{exact, parse as number};
use super::shorten::{both, difference};
use super::verdict::{Difference, Place};

/// Deepest nesting.
const MAX_DEPTH: usize = 200;

/// A value with its numbers as written.
#[derive(Debug)]
enum Value {
    Literal(&'static str),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Members(BTreeMap<String, Self>),
}

/// Reads one document.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

fn read(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() { Err(reader.refuse("text behind the value")) } else { Ok(value) }
}

impl<'a> Reader<'a> {
    fn refuse(&self, reason: &str) -> String {
        format!("{reason} at byte {}", self.at)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes a character, when it is the next.
    fn takes(&mut self, letter: char) -> bool {
        self.space();
        let is_next = self.rest().starts_with(letter);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(self.refuse("nested too deep"));
        }
        self.space();
        match self.rest().chars().next() {
            Some('{') => self.members(depth),
            Some('[') => self.list(depth),
            Some('"') => self.string().map(Value::Text),
            Some('-' | '0'..='9') => self.number(),
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Value, String> {
        let found = ["true", "false", "null"].into_iter().find(|word| self.rest().starts_with(word));
        let word = found.ok_or_else(|| self.refuse("no value"))?;
        self.at += word.len();
        Ok(Value::Literal(word))
    }

    fn number(&mut self) -> Result<Value, String> {
        let rest = self.rest();
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && !"+-.eE".contains(letter));
        let written = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        // serde_json knows the grammar of numbers; their text is kept.
        serde_json::from_str::<serde_json::Number>(written).map_err(|_| self.refuse("no number"))?;
        self.at += written.len();
        Ok(Value::Number(written.to_owned()))
    }

    fn string(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let mut is_escaped = false;
        let end = rest.char_indices().skip(1).find(|(_, letter)| {
            let is_end = *letter == '"' && !is_escaped;
            is_escaped = *letter == '\\' && !is_escaped;
            is_end
        });
        let (end, _) = end.ok_or_else(|| self.refuse("a string that does not end"))?;
        let quoted = rest.get(..=end).unwrap_or_default();
        let text = serde_json::from_str(quoted).map_err(|error| self.refuse(&error.to_string()))?;
        self.at += quoted.len();
        Ok(text)
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        self.takes('[');
        let mut values = Vec::new();
        if self.takes(']') {
            return Ok(Value::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            match (self.takes(','), self.takes(']')) {
                (false, true) => return Ok(Value::List(values)),
                (true, false) => {}
                _ => return Err(self.refuse("neither comma nor bracket")),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Value, String> {
        self.takes('{');
        let mut members = BTreeMap::new();
        if self.takes('}') {
            return Ok(Value::Members(members));
        }
        loop {
            self.space();
            if !self.rest().starts_with('"') {
                return Err(self.refuse("a member without a name"));
            }
            let name = self.string()?;
            if !self.takes(':') {
                return Err(self.refuse("no colon"));
            }
            let value = self.value(depth + 1)?;
            if members.insert(name, value).is_some() {
                return Err(self.refuse("a member that is there twice"));
            }
            match (self.takes(','), self.takes('}')) {
                (false, true) => return Ok(Value::Members(members)),
                (true, false) => {}
                _ => return Err(self.refuse("neither comma nor brace")),
            }
        }
    }
}

/// A value for people, a list or object only by its size.
fn shown(value: &Value) -> String {
    match value {
        Value::Literal(word) => (*word).to_owned(),
        Value::Number(written) => written.clone(),
        Value::Text(text) => format!("\"{text}\""),
        Value::List(values) => format!("a list of {}", values.len()),
        Value::Members(members) => format!("an object of {} members", members.len()),
    }
}

/// `json/1`, with numbers within the tolerance where the rule is numeric.
pub(super) fn compare(expected: &[u8], found: &[u8], measure: &mut Measure) -> Result<(), Difference> {
    let (expected, found) = both(read(expected), read(found), "JSON")?;
    walk(&expected, &found, &mut String::new(), measure)
}

fn differ(pointer: &str, expected: &str, found: &str) -> Difference {
    difference(Place::Pointer { pointer: pointer.to_owned() }, expected, found)
}

fn walk(expected: &Value, found: &Value, pointer: &mut String, measure: &mut Measure) -> Result<(), Difference> {
    let is_same = match (expected, found) {
        (Value::Literal(left), Value::Literal(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => numbers(left, right, measure),
        (Value::List(left), Value::List(right)) if left.len() == right.len() => {
            let pairs = left.iter().zip(right).enumerate();
            return step_all(pairs.map(|(index, pair)| (index.to_string(), pair)), pointer, measure);
        }
        (Value::Members(left), Value::Members(right)) => {
            missing(left, right, pointer)?;
            let pairs = left.iter().filter_map(|(name, value)| Some((name, (value, right.get(name)?))));
            return step_all(pairs.map(|(name, pair)| (escaped(name), pair)), pointer, measure);
        }
        _ => false,
    };
    if is_same { Ok(()) } else { Err(differ(pointer, &shown(expected), &shown(found))) }
}

/// RFC 6901: `~` and `/` in names.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn step_all<'a>(
    pairs: impl Iterator<Item = (String, (&'a Value, &'a Value))>,
    pointer: &mut String,
    measure: &mut Measure,
) -> Result<(), Difference> {
    let length = pointer.len();
    for (step, (left, right)) in pairs {
        pointer.push('/');
        pointer.push_str(&step);
        walk(left, right, pointer, measure)?;
        pointer.truncate(length);
    }
    Ok(())
}

/// The first member that only one of two objects has.
fn missing(left: &BTreeMap<String, Value>, right: &BTreeMap<String, Value>, pointer: &str) -> Result<(), Difference> {
    let at = |name: &str| format!("{pointer}/{}", escaped(name));
    if let Some((name, value)) = left.iter().find(|(name, _)| !right.contains_key(*name)) {
        return Err(differ(&at(name), &shown(value), "no such member"));
    }
    match right.iter().find(|(name, _)| !left.contains_key(*name)) {
        Some((name, value)) => Err(differ(&at(name), "no such member", &shown(value))),
        None => Ok(()),
    }
}

fn numbers(left: &str, right: &str, measure: &mut Measure) -> bool {
    if left == right || (exact(left).is_some() && exact(left) == exact(right)) {
        return true;
    }
    match (measure.is_numeric(), number(left), number(right)) {
        (true, Some(expected), Some(found)) => measure.doubles(expected, found),
        _ => false,
    }
}
