//! The rules that a recipe can declare, and the answers of a comparison.

use serde::{Deserialize, Serialize};

/// How far two numbers may lie apart: they agree when any one of the given bounds holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Of `|a - b|`, in the unit of the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absolute: Option<f64>,
    /// Of `|a - b| / |preserved|`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<f64>,
    /// Of the number of doubles (singles in FITS images of BITPIX -32) between both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ulp: Option<u64>,
}

/// A rule as a recipe declares it: `{"rule": "bytes"}`, `{"rule": "canonical", "normaliser": "csv_columns/1"}`,
/// `{"rule": "numeric", "form": "csv/1", "relative": 1e-12}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Rule {
    /// Every byte.
    Bytes,
    /// Bytes after a normaliser of this name and version, such as `csv_columns/1`.
    Canonical { normaliser: String },
    /// Numbers within a tolerance, all else the same; `form` names how the file is read, such as `csv/1`.
    Numeric {
        form: String,
        #[serde(flatten)]
        tolerance: Tolerance,
    },
}

/// Where two files differ first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Place {
    /// Offset from 0; `line` and `column` from 1 when both files are text.
    Byte { offset: u64, line: Option<u64>, column: Option<u64> },
    /// Row from 1 (the header is row 1) and the column's name, or its number from 1.
    Cell { row: u64, column: String },
    /// JSON Pointer (RFC 6901).
    Pointer { pointer: String },
    /// Path of element names from the root, with positions from 1: `/a[1]/b[2]`.
    Element { path: String },
    /// Header unit from 0 and keyword of a FITS header; the card's number among those of that keyword, from 1.
    Card { unit: u64, keyword: String, occurrence: u64 },
    /// Header unit from 0 and index of the value in its data, from 0.
    Value { unit: u64, index: u64 },
    /// Column and row of an image from 0, its top left.
    Pixel { x: u64, y: u64 },
    /// The files as wholes: one is no file of that form, or has another size or shape.
    Whole,
}

/// The first difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub place: Place,
    /// What the preserved file has there, shortened; hexadecimal digits where it is no text.
    pub expected: String,
    /// What the new file has there.
    pub found: String,
}

/// The answer of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Comparison {
    /// Every byte is the same, whatever the rule.
    Identical,
    /// Not the same bytes, but within the declared rule.
    Equivalent {
        rule: Rule,
        /// Largest `|a - b|`; 0 with rule `canonical`.
        max_absolute: f64,
        /// Largest `|a - b| / |preserved|`, among values that are not 0.
        max_relative: f64,
        /// Largest number of representable values between both.
        max_ulp: u64,
        /// Numbers that differ at all.
        count: u64,
    },
    /// Not within the rule.
    Different { rule: Rule, first: Difference },
}
