//! The values of a field in one segment, read for a block of documents at a time.

use std::fmt::Debug;
use std::ops::Range;

use tantivy::DocId;
use tantivy::columnar::{Column, ColumnIndex, StrColumn};

use crate::model::{Facet, PropertyName};

use super::super::columns::{NumberColumn, PropertyColumns};
use super::super::error::SearchError;
use super::super::filter::check_path;
use super::super::order::{self, start_of};
use super::super::segment::{Segment, partition_point};

/// Documents that are read at once.
pub(super) const BLOCK: usize = 512;

/// The columns of a field: one for each type of value that the segment has.
#[derive(Default)]
pub(super) struct Values {
    pub texts: Option<StrColumn>,
    pub numbers: Option<NumberColumn>,
    pub bools: Option<Column<bool>>,
    pub instants: Option<Instants>,
}

/// A column of instants, microseconds since 1970.
pub(super) enum Instants {
    /// Order numbers, whose instants are starts of observation.
    Starts(Column<u64>),
    /// Ends of observation; an open end is none.
    Stops(Column<i64>),
    Plain(Column<i64>),
}

impl Values {
    /// The columns of a field.
    ///
    /// # Errors
    /// `Unsupported` for fields that are not summed up: identifiers, free text and footprints.
    pub(super) fn open(segment: &Segment, field: &PropertyName) -> Result<Self, SearchError> {
        let instants = |instants| Ok(Self { instants: Some(instants), ..Self::default() });
        match field {
            PropertyName::Facet(facet) => Ok(Self { texts: Some(segment.facet(*facet)?.clone()), ..Self::default() }),
            PropertyName::Member(path) => {
                check_path(field)?;
                let PropertyColumns { numbers, instants, texts, bools } = segment.property(path)?;
                Ok(Self { texts, numbers, bools, instants: instants.map(Instants::Plain) })
            }
            PropertyName::Start | PropertyName::Time => instants(Instants::Starts(segment.order.clone())),
            PropertyName::Stop => instants(Instants::Stops(segment.stop.clone())),
            PropertyName::Updated => instants(Instants::Plain(segment.updated.clone())),
            PropertyName::Kind
            | PropertyName::Id
            | PropertyName::Title
            | PropertyName::Description
            | PropertyName::Geometry { .. }
            | PropertyName::Either(..) => Err(SearchError::Unsupported {
                what: "a summary of kinds, identifiers, texts or footprints".to_owned(),
            }),
        }
    }

    /// Whether the segment has any value of the field.
    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_none() && self.numbers.is_none() && self.bools.is_none() && self.instants.is_none()
    }

    /// Whether the texts of this field are keywords, whose levels only ` > ` divides.
    pub(super) fn is_keyword(field: &PropertyName) -> bool {
        *field == PropertyName::Facet(Facet::Keyword)
    }
}

/// Which documents of a block have a value.
pub(super) struct Present([bool; BLOCK]);

impl Present {
    pub(super) const fn none() -> Self {
        Self([false; BLOCK])
    }

    pub(super) fn mark(&mut self, at: usize) {
        if let Some(present) = self.0.get_mut(at) {
            *present = true;
        }
    }

    /// Adds those that have a value of another type.
    pub(super) fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(present, other)| *present |= other);
    }

    /// Documents without a value among the first so many.
    pub(super) fn missing(&self, documents: usize) -> u64 {
        self.0.iter().take(documents).filter(|present| !**present).count() as u64
    }
}

/// Calls `map` with each value of the documents, which gives the keys that it counts for, and `count` once for each
/// distinct key of a document, with the document's place in the block.
pub(super) fn count_keys<T, K>(
    column: &Column<T>,
    documents: &[DocId],
    present: &mut Present,
    mut map: impl FnMut(T, &mut Vec<K>),
    mut count: impl FnMut(usize, K),
) where
    T: PartialOrd + Copy + Debug + Send + Sync + 'static,
    K: Ord + Copy,
{
    let mut keys = Vec::new();
    match &column.index {
        ColumnIndex::Empty { .. } => {}
        ColumnIndex::Full => {
            let mut values = [column.values.min_value(); BLOCK];
            let Some(values) = values.get_mut(..documents.len()) else { return };
            column.values.get_vals(documents, values);
            for (at, value) in values.iter().enumerate() {
                present.mark(at);
                map(*value, &mut keys);
                keys.drain(..).for_each(|key| count(at, key));
            }
        }
        ColumnIndex::Optional(_) => {
            for (at, document) in documents.iter().enumerate() {
                let Some(value) = column.first(*document) else { continue };
                present.mark(at);
                map(value, &mut keys);
                keys.drain(..).for_each(|key| count(at, key));
            }
        }
        ColumnIndex::Multivalued(_) => {
            for (at, document) in documents.iter().enumerate() {
                for value in column.values_for_doc(*document) {
                    present.mark(at);
                    map(value, &mut keys);
                }
                keys.sort_unstable();
                keys.dedup();
                keys.drain(..).for_each(|key| count(at, key));
            }
        }
    }
}

impl NumberColumn {
    /// Least and greatest value of the segment; deleted documents count too.
    pub(super) fn ends(&self) -> (f64, f64) {
        match self {
            Self::I64(column) => (column.min_value() as f64, column.max_value() as f64),
            Self::U64(column) => (column.min_value() as f64, column.max_value() as f64),
            Self::F64(column) => (column.min_value(), column.max_value()),
        }
    }

    /// As `count_keys`, for numbers of whatever width.
    pub(super) fn count_keys<K: Ord + Copy>(
        &self,
        documents: &[DocId],
        present: &mut Present,
        mut map: impl FnMut(f64, &mut Vec<K>),
        count: impl FnMut(usize, K),
    ) {
        match self {
            Self::I64(column) => count_keys(column, documents, present, |value, keys| map(value as f64, keys), count),
            Self::U64(column) => count_keys(column, documents, present, |value, keys| map(value as f64, keys), count),
            Self::F64(column) => count_keys(column, documents, present, map, count),
        }
    }
}

impl Instants {
    /// Groups of neighbours in a run of documents whose starts lie in one bucket, newest first: their start and their
    /// number; `None` for those without one. Nothing when the index is not sorted by these instants.
    pub(super) fn neighbours(
        &self,
        run: Range<DocId>,
        bucket_start: impl Fn(i64) -> i64,
    ) -> Option<Vec<(Option<i64>, u64)>> {
        let Self::Starts(column) = self else { return None };
        let start = |document| start_of(column.values.get_val(document));
        let mut groups = Vec::new();
        let mut next = run.start;
        while next < run.end {
            let first = start(next);
            let from = first.map(&bucket_start);
            let belongs = |document: DocId| match from {
                Some(from) => start(document).is_some_and(|micros| micros >= from),
                None => true,
            };
            let end = next + partition_point(run.end - next, |behind| belongs(next + behind)).max(1);
            groups.push((first, u64::from(end - next)));
            next = end;
        }
        Some(groups)
    }

    /// As `count_keys`, with microseconds since 1970.
    pub(super) fn count_keys<K: Ord + Copy>(
        &self,
        documents: &[DocId],
        present: &mut Present,
        mut map: impl FnMut(i64, &mut Vec<K>),
        count: impl FnMut(usize, K),
    ) {
        match self {
            Self::Plain(column) => count_keys(column, documents, present, map, count),
            Self::Starts(column) => count_some(column, documents, present, start_of, map, count),
            Self::Stops(column) => {
                let known = |stop: i64| (stop < order::clamp(i64::MAX)).then_some(stop);
                count_some(column, documents, present, known, &mut map, count);
            }
        }
    }
}

/// As `count_keys`, for a column some of whose values stand for none. One value a document.
fn count_some<T, K>(
    column: &Column<T>,
    documents: &[DocId],
    present: &mut Present,
    known: impl Fn(T) -> Option<i64>,
    mut map: impl FnMut(i64, &mut Vec<K>),
    mut count: impl FnMut(usize, K),
) where
    T: PartialOrd + Copy + Debug + Send + Sync + 'static,
{
    let mut keys = Vec::new();
    let mut values = [None; BLOCK];
    let Some(values) = values.get_mut(..documents.len()) else { return };
    column.first_vals(documents, values);
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value.and_then(&known) else { continue };
        present.mark(at);
        map(value, &mut keys);
        keys.drain(..).for_each(|key| count(at, key));
    }
}
