//! Shows a [`Document`] to the schema validator, so that text is read once and numbers keep all their digits.

use std::borrow::Cow;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, JsonNumber, Node, NodeIdentity, Object};
use serde_json::{Number, Value};

use super::text::{Document, Shape, Slot};

/// Values longer than this are cut in messages.
const SHOWN_CHARACTERS: usize = 80;

/// The representation: values are places in a [`Document`].
pub(super) struct Record;

/// A value of a record, or a member name that a schema looks at as a string.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    At(&'a Document<'a>, u32),
    Name(&'a str),
}

pub(super) struct WrittenNumber<'a>(&'a str);

impl Json for Record {
    type Node<'a> = Place<'a>;
    type PreparedKey = String;
    // Looking up a member is a walk over all of them.
    const KEYS_PER_LOOKUP: usize = 1 << 20;
    type StringBuffer = ();

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Place<'_>) -> T) -> T {
        f(Place::Name(string))
    }
}

impl JsonNumber for WrittenNumber<'_> {
    fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.0)
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(self.0.parse().unwrap_or_else(|_| Number::from(0)))
    }

    fn is_integer(&self) -> bool {
        !self.0.contains(['.', 'e', 'E']) || self.as_f64().is_some_and(|number| number.fract() == 0.0)
    }
}

impl<'a> Place<'a> {
    fn slot(&self) -> Option<Slot> {
        match self {
            Self::At(document, index) => Some(document.slot(*index)),
            Self::Name(_) => None,
        }
    }

    fn shape(&self) -> Shape {
        self.slot().map_or(Shape::String { escaped: false }, |slot| slot.shape)
    }

    fn of_shape(&self, shape: Shape) -> Option<Self> {
        (self.shape() == shape).then_some(*self)
    }

    fn count(&self) -> usize {
        self.slot().map_or(0, |slot| slot.count as usize)
    }
}

impl<'a> Node<'a, Record> for Place<'a> {
    type Object = Self;
    type Array = Self;
    type Number = WrittenNumber<'a>;

    fn as_object(&self) -> Option<Self> {
        self.of_shape(Shape::Object)
    }

    fn as_array(&self) -> Option<Self> {
        self.of_shape(Shape::Array)
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Name(name) => Some(Cow::Borrowed(name)),
            Self::At(document, index) => {
                let slot = document.slot(*index);
                matches!(slot.shape, Shape::String { .. }).then(|| document.string(slot))
            }
        }
    }

    fn as_number(&self) -> Option<WrittenNumber<'a>> {
        match self {
            Self::At(document, index) if self.shape() == Shape::Number => {
                Some(WrittenNumber(document.written(document.slot(*index))))
            }
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.shape() {
            Shape::True => Some(true),
            Shape::False => Some(false),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.shape() == Shape::Null
    }

    fn is_number(&self) -> bool {
        self.shape() == Shape::Number
    }

    fn json_type(&self) -> JsonType {
        match self.shape() {
            Shape::Null => JsonType::Null,
            Shape::False | Shape::True => JsonType::Boolean,
            Shape::Number => JsonType::Number,
            Shape::String { .. } => JsonType::String,
            Shape::Array => JsonType::Array,
            Shape::Object => JsonType::Object,
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match expected {
            Value::String(expected) => self.as_string().is_some_and(|string| string == expected.as_str()),
            // Our schemas compare with nothing else; numbers and containers would need their full value here.
            _ => self.to_value().as_ref() == expected,
        }
    }

    /// For messages only: scalars, cut when long; containers as null.
    fn to_value(&self) -> Cow<'a, Value> {
        let value = match self.shape() {
            Shape::False => Value::Bool(false),
            Shape::True => Value::Bool(true),
            Shape::Number => {
                self.as_number().map_or(Value::Null, |number| Value::Number(number.to_number().into_owned()))
            }
            Shape::String { .. } => {
                let string = self.as_string().unwrap_or_default();
                let shown = string.char_indices().nth(SHOWN_CHARACTERS).map(|(end, _)| string.get(..end));
                Value::String(match shown.flatten() {
                    Some(start) => format!("{start}…"),
                    None => string.into_owned(),
                })
            }
            Shape::Null | Shape::Array | Shape::Object => Value::Null,
        };
        Cow::Owned(value)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        match self {
            Self::At(document, index) => {
                Some(NodeIdentity::tagged(std::ptr::from_ref::<Document<'a>>(document) as usize, *index))
            }
            Self::Name(_) => None,
        }
    }
}

impl<'a> Object<'a, Record> for Place<'a> {
    type Node = Self;
    type MemberName = Cow<'a, str>;
    type MembersIter = Children<'a>;

    fn len(&self) -> usize {
        self.count()
    }

    fn get(&self, key: &String) -> Option<Self> {
        match self {
            Self::At(document, index) => document.member(*index, key).map(|value| Self::At(document, value)),
            Self::Name(_) => None,
        }
    }

    fn members(&self) -> Children<'a> {
        Children::of(*self)
    }
}

impl<'a> Array<'a, Record> for Place<'a> {
    type Node = Self;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.count()
    }

    fn elements(&self) -> Elements<'a> {
        Elements(Children::of(*self))
    }
}

/// Members of an object.
pub(super) struct Children<'a> {
    document: Option<&'a Document<'a>>,
    at: u32,
    end: u32,
}

impl<'a> Children<'a> {
    fn of(place: Place<'a>) -> Self {
        match place {
            Place::At(document, index) => {
                Self { document: Some(document), at: index + 1, end: document.slot(index).next }
            }
            Place::Name(_) => Self { document: None, at: 0, end: 0 },
        }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = (Cow<'a, str>, Place<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let document = self.document.filter(|_| self.at < self.end)?;
        let (name, value) = (document.slot(self.at), self.at + 1);
        self.at = document.slot(value).next;
        Some((document.string(name), Place::At(document, value)))
    }
}

/// Elements of an array.
pub(super) struct Elements<'a>(Children<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let document = self.0.document.filter(|_| self.0.at < self.0.end)?;
        let here = self.0.at;
        self.0.at = document.slot(here).next;
        Some(Place::At(document, here))
    }
}
