//! Which columns a table has: found on the first records of a result. What comes later and has no column goes, as JSON,
//! into the last column, `other_properties`, so that nothing is lost.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Row;

/// Most columns of properties; the most frequent ones get them.
const MAX_PROPERTIES: usize = 1000;
/// Most names of files that each get a column of their own.
const MAX_FILES: usize = 50;

/// Name of the column for what has no other.
pub const OTHER: &str = "other_properties";

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Integer,
    Number,
    /// Texts, and JSON for what is of several types, a list or an object.
    Text,
}

/// A column for a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name of the property.
    pub property: String,
    /// Name of the column: the property's, unless that is taken.
    pub name: String,
    pub kind: Kind,
}

/// The columns of a result.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    pub properties: Vec<Column>,
    /// Names of files; empty when there are too many different ones.
    pub files: Vec<String>,
}

impl Columns {
    /// Finds the columns of records; `taken` are names that are columns already.
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Self {
        let mut found: BTreeMap<&str, (usize, Option<Kind>)> = BTreeMap::new();
        let mut files: BTreeMap<&str, ()> = BTreeMap::new();
        for row in rows {
            for (name, value) in &row.properties {
                let entry = found.entry(name).or_insert((0, None));
                entry.0 += 1;
                entry.1 = joined(entry.1, kind_of(value));
            }
            files.extend(row.files.iter().map(|file| (file.name.as_str(), ())));
        }
        let mut properties: Vec<_> = found.into_iter().collect();
        properties
            .sort_by(|(name, (count, _)), (other, (other_count, _))| other_count.cmp(count).then(name.cmp(other)));
        properties.truncate(MAX_PROPERTIES);
        properties.sort_by_key(|(name, _)| *name);
        let column = |(property, (_, kind)): (&str, (usize, Option<Kind>))| Column {
            name: if TAKEN.contains(&property) { format!("properties.{property}") } else { property.to_owned() },
            property: property.to_owned(),
            kind: kind.unwrap_or(Kind::Text),
        };
        let files = if files.len() <= MAX_FILES { files.into_keys().map(str::to_owned).collect() } else { Vec::new() };
        Self { properties: properties.into_iter().map(column).collect(), files }
    }

    /// What of a record's properties has no column, or not the type of its column, as JSON.
    pub fn others(&self, properties: &Map<String, Value>) -> Option<String> {
        let has_place = |name: &str, value: &Value| {
            let column = self.properties.binary_search_by(|column| column.property.as_str().cmp(name));
            let column = column.ok().and_then(|at| self.properties.get(at));
            column.is_some_and(|column| column.kind.takes(value))
        };
        let rest: Map<String, Value> = properties
            .iter()
            .filter(|(name, value)| !value.is_null() && !has_place(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        (!rest.is_empty()).then(|| Value::Object(rest).to_string())
    }
}

/// Names of the columns that every table has, in any format.
const TAKEN: &[&str] = &[
    "kind",
    "id",
    "collection",
    "title",
    "description",
    "start",
    "stop",
    "body",
    "west",
    "south",
    "east",
    "north",
    "geometry",
    "bbox",
    "level",
    "data_type",
    "missions",
    "platforms",
    "instruments",
    "targets",
    "licence",
    "type",
    "stac_version",
    "stac_extensions",
    "links",
    "assets",
    "datetime",
    "start_datetime",
    "end_datetime",
    OTHER,
    "obs_publisher_did",
    "obs_id",
    "obs_collection",
    "obs_title",
    "facility_name",
    "instrument_name",
    "target_name",
    "t_min",
    "t_max",
    "s_ra",
    "s_dec",
    "s_fov",
];

impl Kind {
    /// Whether a value fits into the column.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::Bool => value.is_boolean(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Text => true,
        }
    }
}

fn kind_of(value: &Value) -> Option<Kind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(Kind::Bool),
        Value::Number(number) if number.is_i64() => Some(Kind::Integer),
        Value::Number(_) => Some(Kind::Number),
        _ => Some(Kind::Text),
    }
}

fn joined(one: Option<Kind>, other: Option<Kind>) -> Option<Kind> {
    match (one, other) {
        (Some(one), Some(other)) if one == other => Some(one),
        (Some(Kind::Integer | Kind::Number), Some(Kind::Integer | Kind::Number)) => Some(Kind::Number),
        (Some(_), Some(_)) => Some(Kind::Text),
        (one, other) => one.or(other),
    }
}
