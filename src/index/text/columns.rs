//! The columns of a property in one segment, whatever types its values have.

use tantivy::DocId;
use tantivy::columnar::{Cardinality, Column, DynamicColumn, StrColumn};

/// The columns of one property, one for each type of value that the segment has.
#[derive(Clone)]
pub(super) struct PropertyColumns {
    pub numbers: Option<NumberColumn>,
    pub instants: Option<Column<i64>>,
    pub texts: Option<StrColumn>,
    pub bools: Option<Column<bool>>,
}

/// A column of numbers: tantivy keeps integers as such where all of a segment are.
#[derive(Clone)]
pub(super) enum NumberColumn {
    I64(Column<i64>),
    U64(Column<u64>),
    F64(Column<f64>),
}

impl NumberColumn {
    pub(super) fn cardinality(&self) -> Cardinality {
        match self {
            Self::I64(column) => column.get_cardinality(),
            Self::U64(column) => column.get_cardinality(),
            Self::F64(column) => column.get_cardinality(),
        }
    }

    pub(super) fn from_dynamic(column: DynamicColumn) -> Option<Self> {
        match column {
            DynamicColumn::I64(column) => Some(Self::I64(column)),
            DynamicColumn::U64(column) => Some(Self::U64(column)),
            DynamicColumn::F64(column) => Some(Self::F64(column)),
            _ => None,
        }
    }

    /// Calls `visit` with each value of the document.
    pub(super) fn each(&self, document: DocId, mut visit: impl FnMut(f64)) {
        self.any(document, |value| {
            visit(value);
            false
        });
    }

    /// Whether a value of the document passes the test.
    pub(super) fn any(&self, document: DocId, mut test: impl FnMut(f64) -> bool) -> bool {
        match self {
            Self::I64(column) => column.values_for_doc(document).any(|value| test(value as f64)),
            Self::U64(column) => column.values_for_doc(document).any(|value| test(value as f64)),
            Self::F64(column) => column.values_for_doc(document).any(&mut test),
        }
    }
}
