//! One record as the index takes it in: a compact form of tantivy's `Document`, made once and read three times.

use std::fmt;
use std::ops::Range;

use tantivy::schema::document::{ReferenceValue, ReferenceValueLeaf};
use tantivy::schema::{Document, Field, Value};

/// Values of a record, with all its texts and terms in one buffer each.
#[derive(Debug)]
pub(super) struct IndexDocument {
    /// Sort key, see [`super::order`].
    pub order: u64,
    texts: String,
    bytes: Vec<u8>,
    values: Vec<(Field, Slot)>,
    properties: Vec<(Range<u32>, Slot)>,
}

#[derive(Debug, Clone)]
enum Slot {
    U64(u64),
    I64(i64),
    F64(f64),
    Bool(bool),
    Text(Range<u32>),
    Bytes(Range<u32>),
    Properties,
}

impl IndexDocument {
    /// An empty document with room for a usual record.
    pub(super) fn new() -> Self {
        Self {
            order: 0,
            texts: String::with_capacity(1024),
            bytes: Vec::with_capacity(1024),
            values: Vec::with_capacity(128),
            properties: Vec::with_capacity(24),
        }
    }

    pub(super) fn u64(&mut self, field: Field, value: u64) {
        self.values.push((field, Slot::U64(value)));
    }

    pub(super) fn i64(&mut self, field: Field, value: i64) {
        self.values.push((field, Slot::I64(value)));
    }

    pub(super) fn f64(&mut self, field: Field, value: f64) {
        self.values.push((field, Slot::F64(value)));
    }

    pub(super) fn text(&mut self, field: Field, value: &str) {
        let slot = self.text_slot(value);
        self.values.push((field, slot));
    }

    pub(super) fn term(&mut self, field: Field, value: &[u8]) {
        let from = self.bytes.len() as u32;
        self.bytes.extend_from_slice(value);
        self.values.push((field, Slot::Bytes(from..self.bytes.len() as u32)));
    }

    /// A property column of this name gets a number; whole ones are kept as integers, which pack better.
    pub(super) fn number_property(&mut self, name: &str, value: f64) {
        let largest_exact = 9_007_199_254_740_992.0;
        let whole = value.fract() == 0.0 && value.abs() <= largest_exact;
        let slot = if whole { Slot::I64(value as i64) } else { Slot::F64(value) };
        self.property(name, slot);
    }

    pub(super) fn integer_property(&mut self, name: &str, value: i64) {
        self.property(name, Slot::I64(value));
    }

    pub(super) fn bool_property(&mut self, name: &str, value: bool) {
        self.property(name, Slot::Bool(value));
    }

    pub(super) fn text_property(&mut self, name: &str, value: &str) {
        let slot = self.text_slot(value);
        self.property(name, slot);
    }

    /// Adds the properties, once all are known, under their JSON field.
    pub(super) fn close_properties(&mut self, field: Field) {
        if !self.properties.is_empty() {
            self.values.push((field, Slot::Properties));
        }
    }

    fn property(&mut self, name: &str, slot: Slot) {
        let Slot::Text(name) = self.text_slot(name) else { return };
        self.properties.push((name, slot));
    }

    fn text_slot(&mut self, value: &str) -> Slot {
        let from = self.texts.len() as u32;
        self.texts.push_str(value);
        Slot::Text(from..self.texts.len() as u32)
    }

    fn text_at(&self, range: &Range<u32>) -> &str {
        self.texts.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    fn bytes_at(&self, range: &Range<u32>) -> &[u8] {
        self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default()
    }
}

/// A value seen through its document.
#[derive(Clone, Copy)]
pub(super) struct DocumentValue<'a> {
    document: &'a IndexDocument,
    slot: &'a Slot,
}

impl fmt::Debug for DocumentValue<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}", self.slot)
    }
}

impl<'a> Value<'a> for DocumentValue<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = Properties<'a>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        let document = self.document;
        ReferenceValue::Leaf(match self.slot {
            Slot::U64(value) => ReferenceValueLeaf::U64(*value),
            Slot::I64(value) => ReferenceValueLeaf::I64(*value),
            Slot::F64(value) => ReferenceValueLeaf::F64(*value),
            Slot::Bool(value) => ReferenceValueLeaf::Bool(*value),
            Slot::Text(range) => ReferenceValueLeaf::Str(document.text_at(range)),
            Slot::Bytes(range) => ReferenceValueLeaf::Bytes(document.bytes_at(range)),
            Slot::Properties => {
                return ReferenceValue::Object(Properties { document, rest: document.properties.iter() });
            }
        })
    }
}

/// Names and values of all properties.
pub(super) struct Properties<'a> {
    document: &'a IndexDocument,
    rest: std::slice::Iter<'a, (Range<u32>, Slot)>,
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'a str, DocumentValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, slot) = self.rest.next()?;
        let document = self.document;
        Some((document.text_at(name), DocumentValue { document, slot }))
    }
}

/// Fields and values in the order they were added.
pub(super) struct Values<'a> {
    document: &'a IndexDocument,
    rest: std::slice::Iter<'a, (Field, Slot)>,
}

impl<'a> Iterator for Values<'a> {
    type Item = (Field, DocumentValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (field, slot) = self.rest.next()?;
        Some((*field, DocumentValue { document: self.document, slot }))
    }
}

impl Document for IndexDocument {
    type Value<'a> = DocumentValue<'a>;
    type FieldsValuesIter<'a> = Values<'a>;

    fn iter_fields_and_values(&self) -> Values<'_> {
        Values { document: self, rest: self.values.iter() }
    }
}
