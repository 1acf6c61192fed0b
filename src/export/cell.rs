//! Values of text tables: CSV and VOTable.

use serde_json::Value;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Missing,
    Text(String),
    /// As it is written.
    Number(String),
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Missing, Self::Text)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<Option<&Value>> for Cell {
    /// What is neither text nor number is its JSON.
    fn from(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Missing,
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(Value::Number(number)) => Self::Number(number.to_string()),
            Some(other) => Self::Text(other.to_string()),
        }
    }
}

/// Values of a list in one cell.
pub fn joined(values: &[String]) -> Cell {
    if values.is_empty() { Cell::Missing } else { Cell::Text(values.join("; ")) }
}

/// One side of a box.
pub fn side(sides: Option<[f64; 4]>, at: usize) -> Cell {
    sides.and_then(|sides| sides.get(at).copied()).map_or(Cell::Missing, Cell::from)
}
