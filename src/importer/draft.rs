//! Writes the text of a record, member by member. Values that come from a source document are copied as they stand.

use crate::model::json::push_string;

/// A record, object or array under construction.
pub(super) struct Draft {
    text: String,
    close: char,
}

impl Draft {
    /// A record with its kind and id.
    pub(super) fn new(kind: &str, id: &str) -> Self {
        let mut draft = Self::object();
        draft.string("kind", kind);
        draft.string("id", id);
        draft
    }

    pub(super) fn object() -> Self {
        Self { text: String::from("{"), close: '}' }
    }

    pub(super) fn array() -> Self {
        Self { text: String::from("["), close: ']' }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.len() == 1
    }

    fn separate(&mut self) {
        if !self.is_empty() {
            self.text.push(',');
        }
    }

    /// A member whose value is JSON text.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.separate();
        push_string(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(value);
    }

    pub(super) fn string(&mut self, name: &str, value: &str) {
        self.separate();
        push_string(&mut self.text, name);
        self.text.push(':');
        push_string(&mut self.text, value);
    }

    /// A member, if there is a value.
    pub(super) fn optional(&mut self, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.string(name, value.as_ref());
        }
    }

    /// A member that is an array or object, unless it is empty.
    pub(super) fn part(&mut self, name: &str, part: Self) {
        if !part.is_empty() {
            self.raw(name, &part.finish());
        }
    }

    /// An element whose value is JSON text.
    pub(super) fn element(&mut self, value: &str) {
        self.separate();
        self.text.push_str(value);
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push(self.close);
        self.text
    }
}
