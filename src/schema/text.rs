//! JSON text and the places of its values: a flat table that points into the text. Strings and numbers are not
//! converted, so the text stays the truth. Made by [`super::reader`]; knows no schema.

use std::borrow::Cow;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    False,
    True,
    Number,
    /// `escaped`: the text between the quotes has a backslash.
    String {
        escaped: bool,
    },
    Array,
    Object,
}

/// One value or member name. Children follow their parent; members are a name slot and the slots of their value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub shape: Shape,
    /// First byte; for strings the one after the opening quote.
    pub start: u32,
    /// Byte after the last; for strings the closing quote.
    pub end: u32,
    /// Slot after this value and everything within it.
    pub next: u32,
    /// Elements or members.
    pub count: u32,
}

/// JSON text and the places of its values. Slot 0 is the whole.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub text: &'a str,
    pub slots: Vec<Slot>,
}

impl<'a> Document<'a> {
    pub(super) fn slot(&self, index: u32) -> Slot {
        // Indices come from this table alone; a wrong one reads as null.
        const NOTHING: Slot = Slot { shape: Shape::Null, start: 0, end: 0, next: u32::MAX, count: 0 };
        self.slots.get(index as usize).copied().unwrap_or(NOTHING)
    }

    /// The text of a value; of a string, what stands between its quotes.
    pub(super) fn written(&self, slot: Slot) -> &'a str {
        self.text.get(slot.start as usize..slot.end as usize).unwrap_or_default()
    }

    /// The content of a string.
    pub(super) fn string(&self, slot: Slot) -> Cow<'a, str> {
        let written = self.written(slot);
        match slot.shape {
            Shape::String { escaped: true } => Cow::Owned(unescape(written)),
            _ => Cow::Borrowed(written),
        }
    }

    /// Slots of the elements of an array.
    pub(super) fn elements(&self, array: u32) -> impl Iterator<Item = u32> {
        let parent = self.slot(array);
        let end = if parent.shape == Shape::Array { parent.next } else { array };
        let mut at = array + 1;
        std::iter::from_fn(move || {
            let here = at;
            (here < end).then(|| {
                at = self.slot(here).next;
                here
            })
        })
    }

    /// Slots of the names and values of an object.
    pub(super) fn members(&self, object: u32) -> impl Iterator<Item = (Slot, u32)> {
        let parent = self.slot(object);
        let end = if parent.shape == Shape::Object { parent.next } else { object };
        let mut at = object + 1;
        std::iter::from_fn(move || {
            let here = at;
            (here < end).then(|| {
                at = self.slot(here + 1).next;
                (self.slot(here), here + 1)
            })
        })
    }

    /// The value of a member.
    pub(super) fn member(&self, object: u32, name: &str) -> Option<u32> {
        self.members(object).find(|(slot, _)| self.is_named(*slot, name)).map(|(_, value)| value)
    }

    pub(super) fn is_named(&self, slot: Slot, name: &str) -> bool {
        match slot.shape {
            Shape::String { escaped: true } => self.string(slot) == name,
            _ => self.written(slot) == name,
        }
    }

    /// The content of a member that is a string.
    pub(super) fn text_member(&self, object: u32, name: &str) -> Option<Cow<'a, str>> {
        let slot = self.slot(self.member(object, name)?);
        matches!(slot.shape, Shape::String { .. }).then(|| self.string(slot))
    }

    /// JSON Pointer (RFC 6901) to a slot.
    pub(super) fn pointer(&self, target: u32) -> String {
        let mut pointer = String::new();
        let mut here = 0;
        while here != target {
            let inside = |value: &u32| (*value..self.slot(*value).next).contains(&target);
            let step = match self.slot(here).shape {
                Shape::Object => self
                    .members(here)
                    .find(|(_, value)| inside(value) || value - 1 == target)
                    .map(|(name, value)| (value, self.string(name).replace('~', "~0").replace('/', "~1"))),
                _ => self
                    .elements(here)
                    .enumerate()
                    .find(|(_, value)| inside(value))
                    .map(|(place, value)| (value, place.to_string())),
            };
            let Some((value, segment)) = step else { break };
            pointer.push('/');
            pointer.push_str(&segment);
            if value - 1 == target {
                break;
            }
            here = value;
        }
        pointer
    }
}

/// The content of a string whose escapes were checked.
fn unescape(written: &str) -> String {
    serde_json::from_str(&format!("\"{written}\"")).unwrap_or_else(|_| written.to_owned())
}
