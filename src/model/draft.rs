//! Writes JSON text member by member. Values that exist as text are copied as they stand, so that numbers stay as
//! they were written.

use super::json::push_string;

/// Room that most small objects find enough: growing from nothing takes longer than writing them.
const USUAL: usize = 256;

/// An object or array under construction.
#[derive(Debug, Clone)]
pub struct Draft {
    text: String,
    close: char,
}

impl Draft {
    /// A record with its kind and id.
    pub fn new(kind: &str, id: &str) -> Self {
        let mut draft = Self::object();
        draft.string("kind", kind);
        draft.string("id", id);
        draft
    }

    /// An empty object.
    pub fn object() -> Self {
        Self::with_capacity(USUAL)
    }

    /// An empty object with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self { text, close: '}' }
    }

    /// An empty array.
    pub fn array() -> Self {
        let mut text = String::with_capacity(USUAL);
        text.push('[');
        Self { text, close: ']' }
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.text.len() == 1
    }

    fn separate(&mut self) {
        if !self.is_empty() {
            self.text.push(',');
        }
    }

    /// A member whose value is JSON text.
    pub fn raw(&mut self, name: &str, value: &str) {
        self.separate();
        push_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(value);
    }

    /// A member whose value is a string.
    pub fn string(&mut self, name: &str, value: &str) {
        self.separate();
        push_string(&mut self.text, name);
        self.text.push(':');
        push_string(&mut self.text, value);
    }

    /// A member, if there is a value.
    pub fn optional(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.string(name, value.as_ref());
        }
    }

    /// A member that is an array or object, unless it is empty.
    pub fn part(&mut self, name: &str, part: Self) {
        if !part.is_empty() {
            self.raw(name, &part.finish());
        }
    }

    /// An element whose value is JSON text.
    pub fn element(&mut self, value: &str) {
        self.separate();
        self.text.push_str(value);
    }

    /// An element that is an object of strings.
    pub fn object_element(&mut self, members: &[(&str, &str)]) {
        self.separate();
        for (at, (name, value)) in members.iter().enumerate() {
            self.text.push(if at == 0 { '{' } else { ',' });
            push_string(&mut self.text, name);
            self.text.push(':');
            push_string(&mut self.text, value);
        }
        self.text.push_str(if members.is_empty() { "{}" } else { "}" });
    }

    /// An element that is a string.
    pub fn string_element(&mut self, value: &str) {
        self.separate();
        push_string(&mut self.text, value);
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.text.push(self.close);
        self.text
    }
}
