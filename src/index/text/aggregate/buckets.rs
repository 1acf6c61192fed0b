//! Counts numbers and instants in the buckets of histograms.

use std::collections::HashMap;
use std::ops::Range;

use tantivy::DocId;

use crate::model::{Instant, TimeStep};

use super::super::columns::NumberColumn;
use super::super::error::SearchError;
use super::grid::Grid;
use super::total::Total;
use super::values::{Instants, Present, Values};
use super::{MAX_DISTINCT, Tally, blocks, too_many};

/// Widest range of bucket numbers that is counted in a list.
const MAX_DENSE: u64 = 1 << 16;

/// Key of values that lie in no bucket.
const NOWHERE: i64 = i64::MIN;

/// Counts numbers in buckets of one width.
pub(super) struct NumberBuckets {
    column: Option<NumberColumn>,
    grid: Grid,
    counts: Counts,
    missing: u64,
}

impl NumberBuckets {
    pub(super) fn new(values: Values, grid: Grid) -> Self {
        let ends = values.numbers.as_ref().map(NumberColumn::ends);
        let ends = ends.and_then(|(least, greatest)| Some((grid.index(least)?, grid.index(greatest)?)));
        Self { column: values.numbers, grid, counts: Counts::new(ends), missing: 0 }
    }
}

impl Tally for NumberBuckets {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let mut present = Present::none();
        if let Some(column) = &self.column {
            let (grid, counts) = (self.grid, &mut self.counts);
            let map = |number, keys: &mut Vec<i64>| keys.push(grid.index(number).unwrap_or(NOWHERE));
            column.count_keys(documents, &mut present, map, |_, index| counts.add(index));
        }
        self.missing += present.missing(documents.len());
        self.counts.check()
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        self.counts.add_to(total)
    }
}

/// Counts instants in buckets of the calendar.
pub(super) struct TimeBuckets {
    column: Option<Instants>,
    step: TimeStep,
    counts: Counts,
    missing: u64,
}

impl TimeBuckets {
    pub(super) fn new(values: Values, step: TimeStep) -> Self {
        Self { column: values.instants, step, counts: Counts::new(None), missing: 0 }
    }
}

impl Tally for TimeBuckets {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let mut present = Present::none();
        if let Some(column) = &self.column {
            let (step, counts) = (self.step, &mut self.counts);
            // Neighbours in the index are neighbours in time.
            let (mut from, mut to, mut index) = (i64::MAX, i64::MIN, 0);
            let map = |micros: i64, keys: &mut Vec<i64>| {
                if micros < from || micros >= to {
                    index = step.index(Instant::from_micros(micros));
                    (from, to) = (step.start(index).micros(), step.start(index + 1).micros());
                }
                keys.push(index);
            };
            column.count_keys(documents, &mut present, map, |_, index| counts.add(index));
        }
        self.missing += present.missing(documents.len());
        self.counts.check()
    }

    fn add_run(&mut self, run: Range<DocId>) -> Result<(), SearchError> {
        let step = self.step;
        let bucket_start = |micros| step.start(step.index(Instant::from_micros(micros))).micros();
        let groups = self.column.as_ref().and_then(|column| column.neighbours(run.clone(), bucket_start));
        let Some(groups) = groups else {
            return blocks(run, |block| self.add(block));
        };
        for (start, documents) in groups {
            match start {
                Some(micros) => self.counts.add_many(step.index(Instant::from_micros(micros)), documents),
                None => self.missing += documents,
            }
        }
        self.counts.check()
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        self.counts.add_to(total)
    }
}

/// How many documents each bucket has.
struct Counts {
    low: i64,
    dense: Vec<u64>,
    sparse: HashMap<i64, u64>,
    /// The bucket counted last, and how often in a row.
    last: (i64, u64),
    nowhere: u64,
}

impl Counts {
    /// Buckets between the ends are counted in a list, if they are not too many.
    fn new(ends: Option<(i64, i64)>) -> Self {
        let (low, length) = match ends {
            Some((low, high)) if high >= low && high.abs_diff(low) < MAX_DENSE => (low, high.abs_diff(low) + 1),
            _ => (0, 0),
        };
        Self { low, dense: vec![0; length as usize], sparse: HashMap::new(), last: (NOWHERE, 0), nowhere: 0 }
    }

    fn add(&mut self, index: i64) {
        self.add_many(index, 1);
    }

    fn add_many(&mut self, index: i64, count: u64) {
        if index == self.last.0 {
            self.last.1 += count;
            return;
        }
        self.settle();
        self.last = (index, count);
    }

    fn settle(&mut self) {
        let (index, count) = std::mem::replace(&mut self.last, (NOWHERE, 0));
        if index == NOWHERE {
            self.nowhere += count;
            return;
        }
        let place = usize::try_from(index.wrapping_sub(self.low)).ok().and_then(|at| self.dense.get_mut(at));
        match place {
            Some(place) => *place += count,
            None => *self.sparse.entry(index).or_default() += count,
        }
    }

    fn check(&self) -> Result<(), SearchError> {
        if self.sparse.len() > MAX_DISTINCT { Err(too_many()) } else { Ok(()) }
    }

    fn add_to(mut self, total: &mut Total) -> Result<(), SearchError> {
        self.settle();
        let dense = (self.low..).zip(self.dense).filter(|(_, count)| *count > 0);
        for (index, count) in dense.chain(self.sparse) {
            *total.buckets.entry(index).or_default() += count;
        }
        total.other += self.nowhere;
        if total.buckets.len() > MAX_DISTINCT { Err(too_many()) } else { Ok(()) }
    }
}
