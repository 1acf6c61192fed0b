//! Checks records against `schemas/v1/` and the rules that JSON Schema cannot say, and names every violation at once.
//! Keeps what it does not know: a record that passes is stored as it came. The only room that names `jsonschema`.

mod embedded;
mod node;
mod reader;
mod rules;
mod text;

use std::borrow::Cow;

use jsonschema::Validator;

use crate::model::{Key, Kind, RecordId, json};

pub use embedded::SCHEMAS;
pub use reader::MAX_NESTING;

use node::{Place, Record};
use text::Shape;

/// Longest record in bytes. The largest real one seen has 1 MB; slots count in 32 bits.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// Most violations that one answer lists.
pub const MAX_VIOLATIONS: usize = 100;

/// One thing that is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the member that is meant; empty for the whole.
    pub pointer: String,
    /// For people.
    pub message: String,
    /// For programs: a JSON Schema keyword, or the name of a rule (`duplicate-member`, `time-order`, …).
    pub rule: String,
}

impl Violation {
    fn of_whole(rule: &str, message: impl Into<String>) -> Self {
        Self { pointer: String::new(), message: message.into(), rule: rule.to_owned() }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pointer.as_str() {
            "" => write!(formatter, "{}", self.message),
            pointer => write!(formatter, "{pointer}: {}", self.message),
        }
    }
}

/// A record that passed: its key, and its text as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<'a> {
    pub key: Key,
    /// As submitted, without white space around; on one line (white space between tokens is removed if there was a
    /// line break).
    pub text: Cow<'a, str>,
}

/// Why the schemas of this binary cannot be used: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("schema {name} of this binary cannot be compiled: {reason}")]
pub struct BrokenSchema {
    pub name: &'static str,
    pub reason: String,
}

/// The compiled schemas, one for each kind. Make it once; checking takes `&self`.
pub struct Registry {
    validators: Vec<(Kind, Validator<Record>)>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registry").field("schemas", &SCHEMAS.len()).finish()
    }
}

impl Registry {
    /// Compiles the schemas.
    ///
    /// # Errors
    /// `BrokenSchema` when an embedded schema is wrong; a test shows that none is.
    pub fn new() -> Result<Self, BrokenSchema> {
        let mut builder = jsonschema::Registry::new();
        let mut schemas = Vec::with_capacity(SCHEMAS.len());
        for (name, text) in SCHEMAS {
            let refuse = |reason: String| BrokenSchema { name, reason };
            let schema: serde_json::Value = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
            let address = format!("urn:perennial:schema:v1:{name}");
            builder = builder.add(address, schema.clone()).map_err(|error| refuse(error.to_string()))?;
            schemas.push((*name, schema));
        }
        let refuse = |name, reason: String| BrokenSchema { name, reason };
        let registry = builder.prepare().map_err(|error| refuse("registry", error.to_string()))?;
        let mut validators = Vec::with_capacity(Kind::ALL.len());
        for (name, schema) in &schemas {
            let Some(kind) = Kind::from_name(name) else { continue };
            let options = jsonschema::options_for::<Record>().with_registry(&registry).offline();
            let validator = options.build(schema).map_err(|error| refuse(name, error.to_string()))?;
            validators.push((kind, validator));
        }
        Ok(Self { validators })
    }

    /// Checks a record of any kind.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the rules, at most [`MAX_VIOLATIONS`].
    pub fn check<'a>(&self, record: &'a str) -> Result<Checked<'a>, Vec<Violation>> {
        if record.len() > MAX_RECORD_BYTES {
            let message = format!("a record has at most {MAX_RECORD_BYTES} bytes, this one has {}", record.len());
            return Err(vec![Violation::of_whole("record-size", message)]);
        }
        let document = reader::read(record)?;
        let whole = document.slot(0);
        if whole.shape != Shape::Object {
            return Err(vec![Violation::of_whole("type", "a record is a JSON object")]);
        }
        let kind = kind_of(&document)?;
        let mut violations = self.against_schema(kind, &document);
        rules::Rules { document: &document, violations: &mut violations }.check(kind);
        if !violations.is_empty() {
            violations.truncate(MAX_VIOLATIONS);
            return Err(violations);
        }
        let key = key_of(&document, kind).ok_or_else(|| vec![Violation::of_whole("identifier", "no usable id")])?;
        let written = document.written(whole);
        let text = if memchr::memchr2(b'\n', b'\r', written.as_bytes()).is_some() {
            json::compact(written).into()
        } else {
            Cow::Borrowed(written)
        };
        Ok(Checked { key, text })
    }

    /// Checks bytes that may not be text.
    ///
    /// # Errors
    /// As `check`; and the offset of the first byte that is no UTF-8.
    pub fn check_bytes<'a>(&self, record: &'a [u8]) -> Result<Checked<'a>, Vec<Violation>> {
        let text = std::str::from_utf8(record).map_err(|error| {
            let message = format!("byte {} is no UTF-8", error.valid_up_to());
            vec![Violation::of_whole("utf-8", message)]
        })?;
        self.check(text)
    }

    fn against_schema(&self, kind: Kind, document: &text::Document<'_>) -> Vec<Violation> {
        let Some((_, validator)) = self.validators.iter().find(|(of, _)| *of == kind) else { return Vec::new() };
        let root = Place::At(document, 0);
        if validator.is_valid(root) {
            return Vec::new();
        }
        let errors = validator.iter_errors(root).take(MAX_VIOLATIONS);
        errors.map(|error| violation_of(&error)).collect()
    }
}

/// Checks one element of `space[]` alone, for importers that want to know what of it can be searched.
///
/// # Errors
/// What the whole record would be refused for, with pointers into the element.
pub fn check_footprint(footprint: &str) -> Result<(), Vec<Violation>> {
    let document = reader::read(footprint)?;
    let mut violations = Vec::new();
    rules::Rules { document: &document, violations: &mut violations }.footprint(0);
    if violations.is_empty() { Ok(()) } else { Err(violations) }
}

fn violation_of(error: &jsonschema::ValidationError<'_>) -> Violation {
    // Containers are shown to the validator as null; their content would not help in a message either.
    let message = if error.instance().is_null() { error.masked().to_string() } else { error.to_string() };
    Violation { pointer: error.instance_path().as_str().to_owned(), message, rule: error.kind().keyword().to_owned() }
}

fn kind_of(document: &text::Document<'_>) -> Result<Kind, Vec<Violation>> {
    let known = || Kind::ALL.map(Kind::as_str).join(", ");
    let Some(name) = document.text_member(0, "kind") else {
        let message = format!("a record needs kind, one of {}", known());
        return Err(vec![Violation::of_whole("required", message)]);
    };
    Kind::from_name(&name).ok_or_else(|| {
        let message = format!("kind must be one of {}", known());
        vec![Violation { pointer: "/kind".to_owned(), message, rule: "enum".to_owned() }]
    })
}

fn key_of(document: &text::Document<'_>, kind: Kind) -> Option<Key> {
    let identifier = |name| document.text_member(0, name).and_then(|text| RecordId::parse(&text).ok());
    let id = identifier("id")?;
    let collection = if kind == Kind::Product { Some(identifier("collection")?) } else { None };
    Some(Key { kind, collection, id })
}

#[cfg(test)]
mod tests;
