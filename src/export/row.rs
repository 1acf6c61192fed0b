//! A record as a row of a table: the same first columns for every record, then a column for each property.

use serde_json::{Map, Value};

use super::ExportError;
use super::place::{self, Place};
use crate::model::{Entity, Instant, Name};

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Missing,
    Text(String),
    Number(f64),
}

/// A file of the product.
#[derive(Debug, Clone, PartialEq)]
pub struct FileCell {
    pub name: String,
    pub media_type: Option<String>,
    pub role: Option<String>,
    /// Where it is, unless the archive holds it.
    pub href: Option<String>,
}

/// A record in columns.
#[derive(Debug)]
pub struct Row {
    pub kind: &'static str,
    pub id: String,
    pub collection: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// As written.
    pub start: Option<String>,
    pub stop: Option<String>,
    pub place: Option<Place>,
    pub level: Option<String>,
    pub data_type: Option<String>,
    pub missions: Vec<String>,
    pub platforms: Vec<String>,
    pub instruments: Vec<String>,
    pub targets: Vec<String>,
    pub licence: Option<String>,
    pub files: Vec<FileCell>,
    pub properties: Map<String, Value>,
}

impl Row {
    /// Reads a stored record.
    ///
    /// # Errors
    /// The JSON error, for what is no record.
    pub fn read(record: &[u8]) -> Result<Self, ExportError> {
        let entity = Entity::view(record)?;
        let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let labels = |names: &[Name<'_>]| names.iter().map(|name| name.label.clone().into_owned()).collect();
        let properties = match entity.properties {
            Some(text) => serde_json::from_str(text.get())?,
            None => Map::new(),
        };
        let files = entity.files.into_iter().map(|file| FileCell {
            name: file.name.into_owned(),
            media_type: owned(file.media_type),
            role: owned(file.role),
            href: owned(file.href),
        });
        let (start, stop) = entity.time.map_or((None, None), |time| (owned(time.start), owned(time.stop)));
        Ok(Self {
            kind: entity.kind.as_str(),
            place: place::of(&entity.space),
            missions: labels(&entity.missions),
            platforms: labels(&entity.platforms),
            instruments: labels(&entity.instruments),
            targets: labels(&entity.targets),
            level: entity.level.and_then(|level| owned(level.normalised.or(level.as_written))),
            id: entity.id.into_owned(),
            collection: owned(entity.collection),
            title: owned(entity.title),
            description: owned(entity.description),
            data_type: owned(entity.data_type),
            licence: owned(entity.licence),
            start,
            stop,
            files: files.collect(),
            properties,
        })
    }

    /// Start and end of observation, microseconds since 1970.
    pub fn instants(&self) -> [Option<i64>; 2] {
        let read =
            |text: &Option<String>| text.as_deref().and_then(|text| Instant::parse(text).ok()).map(Instant::micros);
        [read(&self.start), read(&self.stop)]
    }
}

/// Values of a list in one cell.
pub fn joined(values: &[String]) -> Cell {
    if values.is_empty() { Cell::Missing } else { Cell::Text(values.join("; ")) }
}

/// An optional text.
pub fn text(value: Option<&String>) -> Cell {
    value.map_or(Cell::Missing, |text| Cell::Text(text.clone()))
}

/// A property in one cell: what is neither text nor number is its JSON.
pub fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Missing,
        Value::String(text) => Cell::Text(text.clone()),
        Value::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        other => Cell::Text(other.to_string()),
    }
}
