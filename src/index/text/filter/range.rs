//! Ranges of a column as sets that can be walked: a block of values at a time, which is several times as fast as a
//! look at each document's own.

use std::ops::RangeInclusive;

use tantivy::columnar::{Cardinality, Column};
use tantivy::{DocId, TERMINATED};

use crate::model::Comparison;
use crate::query::evaluate::Scalar;

use super::super::columns::NumberColumn;
use super::super::error::SearchError;
use super::super::mask::{Mask, SPAN};
use super::super::segment::Segment;
use super::columns::{Columns, Instants};
use super::leaf::Asked;
use super::necessary::Walkable;
use super::ordinals::with_prefix;

/// First block of documents looked at; each further one is twice as long while the walk goes on without a jump.
const FIRST_BLOCK: DocId = 256;
const LONGEST_BLOCK: DocId = 1 << 16;

/// Both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct NumberRange {
    pub low: f64,
    pub high: f64,
}

impl NumberRange {
    /// The numbers that fit, where they are a range.
    pub(super) fn of(asked: &Asked<'_>) -> Option<Self> {
        let (low, high) = match asked {
            Asked::Compared(comparison, constants) => {
                let [Scalar::Number(number)] = constants.as_slice() else { return None };
                match comparison {
                    Comparison::Equal => (*number, *number),
                    Comparison::NotEqual => return None,
                    Comparison::Less => (f64::NEG_INFINITY, number.next_down()),
                    Comparison::LessOrEqual => (f64::NEG_INFINITY, *number),
                    Comparison::Greater => (number.next_up(), f64::INFINITY),
                    Comparison::GreaterOrEqual => (*number, f64::INFINITY),
                }
            }
            Asked::Between(low, high) => match (low.as_slice(), high.as_slice()) {
                ([Scalar::Number(low)], [Scalar::Number(high)]) => (*low, *high),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { low, high })
    }

    /// What lies in both, where the other is a range too.
    fn meet(self, other: &Walkable) -> Self {
        match other {
            Walkable::Numbers(_, other) => Self { low: self.low.max(other.low), high: self.high.min(other.high) },
            _ => self,
        }
    }

    pub(super) fn holds(self, number: f64) -> bool {
        self.low <= number && number <= self.high
    }

    /// The whole numbers in it; `None` when there are none.
    fn integers(self) -> Option<RangeInclusive<i64>> {
        // The cast saturates, which is what the ends of an open range mean.
        let (low, high) = (self.low.ceil() as i64, self.high.floor() as i64);
        (low <= high && self.low <= self.high).then_some(low..=high)
    }
}

/// Documents with a value of a column in a range.
pub(in super::super) struct ColumnRange {
    values: Values,
    documents: DocId,
    found: Vec<DocId>,
    at: usize,
    /// Where the next block begins.
    next: DocId,
    block: DocId,
}

enum Values {
    I64(Column<i64>, RangeInclusive<i64>),
    U64(Column<u64>, RangeInclusive<u64>),
    F64(Column<f64>, RangeInclusive<f64>),
    Empty,
}

impl ColumnRange {
    fn new(values: Values, documents: DocId) -> Self {
        Self { values, documents, found: Vec::new(), at: 0, next: 0, block: FIRST_BLOCK }
    }

    /// The first document at or behind `target`.
    pub(in super::super) fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.found.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|document| *document < target);
        if let Some(document) = self.found.get(self.at) {
            return *document;
        }
        if target > self.next {
            (self.next, self.block) = (target, FIRST_BLOCK);
        }
        while self.next < self.documents {
            let end = self.next.saturating_add(self.block).min(self.documents);
            self.found.clear();
            self.at = 0;
            self.values.fill(self.next..end, &mut self.found);
            (self.next, self.block) = (end, (self.block * 2).min(LONGEST_BLOCK));
            if let Some(document) = self.found.first() {
                return *document;
            }
        }
        self.found.clear();
        TERMINATED
    }

    /// Marks the documents of a window.
    pub(in super::super) fn mark(&mut self, start: DocId, mask: &mut Mask) {
        let end = start.saturating_add(SPAN as DocId).min(self.documents);
        self.found.clear();
        self.values.fill(start..end, &mut self.found);
        self.found.iter().for_each(|document| mask.set((document - start) as usize));
    }

    pub(in super::super) fn cost(&self) -> u64 {
        u64::from(self.documents)
    }
}

impl Values {
    fn fill(&self, documents: std::ops::Range<DocId>, found: &mut Vec<DocId>) {
        match self {
            Self::I64(column, range) => column.get_docids_for_value_range(range.clone(), documents, found),
            Self::U64(column, range) => column.get_docids_for_value_range(range.clone(), documents, found),
            Self::F64(column, range) => column.get_docids_for_value_range(range.clone(), documents, found),
            Self::Empty => {}
        }
    }
}

/// The necessary ranges of a plan in one segment.
pub(in super::super) fn ranges(walkable: &[Walkable], segment: &Segment) -> Result<Vec<ColumnRange>, SearchError> {
    let mut ranges = Vec::new();
    for (at, wanted) in walkable.iter().enumerate() {
        let Some(columns) = Columns::open(segment, wanted.name())? else { continue };
        // Of two alternatives the first counts alone where every document has it.
        let columns = match columns.as_slice() {
            [columns] => columns,
            [first, ..] if is_full(first, wanted) => first,
            _ => continue,
        };
        let values = match wanted {
            Walkable::Numbers(name, range) => {
                // Of one value both ends are asked at once; of several each end may be met by another.
                let same = |other: &&Walkable| matches!(other, Walkable::Numbers(other, _) if other == name);
                let is_known = walkable.iter().take(at).any(|other| same(&other));
                match is_single(columns) {
                    true if is_known => continue,
                    true => numbers(columns, walkable.iter().filter(same).fold(*range, NumberRange::meet)),
                    false => numbers(columns, *range),
                }
            }
            Walkable::Instants(_, range) => match &columns.instants {
                // Texts that are dates have an order with instants too.
                _ if columns.texts.is_some() => continue,
                Some(Instants::Values(column)) => Values::I64(column.clone(), range.clone()),
                _ => Values::Empty,
            },
            Walkable::Prefix(_, prefix) => match &columns.texts {
                Some(texts) => {
                    let ordinals = with_prefix(&texts.column, prefix)?;
                    match ordinals.end.checked_sub(1).filter(|last| ordinals.start <= *last) {
                        Some(last) => Values::U64(texts.column.ords().clone(), ordinals.start..=last),
                        None => Values::Empty,
                    }
                }
                None => Values::Empty,
            },
        };
        ranges.push(ColumnRange::new(values, segment.documents));
    }
    Ok(ranges)
}

/// Whether no document has more than one number.
fn is_single(columns: &Columns<'_>) -> bool {
    columns.numbers.as_ref().is_some_and(|numbers| numbers.cardinality() != Cardinality::Multivalued)
}

/// Whether every document of the segment has a value in the column that a range is of.
fn is_full(columns: &Columns<'_>, wanted: &Walkable) -> bool {
    use Cardinality::Full;
    match wanted {
        Walkable::Numbers(..) => columns.numbers.as_ref().is_some_and(|numbers| numbers.cardinality() == Full),
        Walkable::Instants(..) => {
            matches!(&columns.instants, Some(Instants::Values(column)) if column.get_cardinality() == Full)
        }
        Walkable::Prefix(..) => false,
    }
}

fn numbers(columns: &Columns<'_>, range: NumberRange) -> Values {
    match &columns.numbers {
        Some(NumberColumn::I64(column)) => {
            range.integers().map_or(Values::Empty, |range| Values::I64(column.clone(), range))
        }
        Some(NumberColumn::U64(column)) => {
            let range = range.integers().filter(|range| *range.end() >= 0);
            range.map_or(Values::Empty, |range| {
                let end = if *range.end() == i64::MAX { u64::MAX } else { range.end().unsigned_abs() };
                Values::U64(column.clone(), (*range.start()).max(0).unsigned_abs()..=end)
            })
        }
        Some(NumberColumn::F64(column)) => {
            // Zero has two signs, which are equal and stand apart in the column.
            let low = if range.low == 0.0 { -0.0 } else { range.low };
            let high = if range.high == 0.0 { 0.0 } else { range.high };
            Values::F64(column.clone(), low..=high)
        }
        None => Values::Empty,
    }
}
