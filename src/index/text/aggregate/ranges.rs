//! Counts numbers and instants in ranges, and finds extremes.

use std::ops::Range;

use tantivy::DocId;

use crate::model::ValueRange;

use super::super::error::SearchError;
use super::total::{Extremes, Total};
use super::values::{Present, Values};
use super::{Tally, blocks};

/// Counts the documents with a value in each range.
pub(super) struct RangeTally<'q> {
    values: Values,
    ranges: &'q [ValueRange],
    counts: Vec<u64>,
    other: u64,
    missing: u64,
}

impl<'q> RangeTally<'q> {
    pub(super) fn new(values: Values, ranges: &'q [ValueRange]) -> Self {
        Self { values, ranges, counts: vec![0; ranges.len()], other: 0, missing: 0 }
    }
}

impl Tally for RangeTally<'_> {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let (mut present, mut in_any) = (Present::none(), Present::none());
        let (ranges, counts) = (self.ranges, &mut self.counts);
        let mut count = |at: usize, range: usize| {
            in_any.mark(at);
            if let Some(count) = counts.get_mut(range) {
                *count += 1;
            }
        };
        if let Some(column) = &self.values.numbers {
            let map = |number: f64, keys: &mut Vec<usize>| keys_of(ranges, |range| holds_number(range, number), keys);
            column.count_keys(documents, &mut present, map, &mut count);
        }
        if let Some(column) = &self.values.instants {
            let map = |micros: i64, keys: &mut Vec<usize>| keys_of(ranges, |range| holds_instant(range, micros), keys);
            column.count_keys(documents, &mut present, map, &mut count);
        }
        let missing = present.missing(documents.len());
        self.other += in_any.missing(documents.len()) - missing;
        self.missing += missing;
        Ok(())
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        total.other += self.other;
        total.ranges.resize(self.counts.len(), 0);
        total.ranges.iter_mut().zip(self.counts).for_each(|(total, count)| *total += count);
        Ok(())
    }
}

fn keys_of(ranges: &[ValueRange], fits: impl Fn(&ValueRange) -> bool, keys: &mut Vec<usize>) {
    keys.extend(ranges.iter().enumerate().filter(|(_, range)| fits(range)).map(|(at, _)| at));
}

fn holds_number(range: &ValueRange, number: f64) -> bool {
    let ValueRange::Numbers { from, to } = range else { return false };
    from.is_none_or(|from| number >= from) && to.is_none_or(|to| number < to)
}

fn holds_instant(range: &ValueRange, micros: i64) -> bool {
    let ValueRange::Instants { from, to } = range else { return false };
    from.is_none_or(|from| micros >= from.micros()) && to.is_none_or(|to| micros < to.micros())
}

/// Finds least and greatest values.
pub(super) struct ExtremeTally {
    values: Values,
    numbers: Extremes<f64>,
    instants: Extremes<i64>,
    missing: u64,
}

impl ExtremeTally {
    pub(super) const fn new(values: Values) -> Self {
        Self { values, numbers: Extremes::none(), instants: Extremes::none(), missing: 0 }
    }
}

impl Tally for ExtremeTally {
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError> {
        let mut present = Present::none();
        if let Some(column) = &self.values.numbers {
            let mut here = Present::none();
            let extremes = &mut self.numbers;
            column.count_keys(documents, &mut here, |number, _: &mut Vec<u8>| extremes.add(number), |_, _| {});
            self.numbers.records += documents.len() as u64 - here.missing(documents.len());
            present.join(&here);
        }
        if let Some(column) = &self.values.instants {
            let mut here = Present::none();
            let extremes = &mut self.instants;
            column.count_keys(documents, &mut here, |micros, _: &mut Vec<u8>| extremes.add(micros), |_, _| {});
            self.instants.records += documents.len() as u64 - here.missing(documents.len());
            present.join(&here);
        }
        self.missing += present.missing(documents.len());
        Ok(())
    }

    fn add_run(&mut self, run: Range<DocId>) -> Result<(), SearchError> {
        // Of starts only the first and the last are looked at.
        let starts = self.values.instants.as_ref().filter(|_| self.values.numbers.is_none());
        let Some(groups) = starts.and_then(|starts| starts.neighbours(run.clone(), |_| i64::MIN)) else {
            return blocks(run, |block| self.add(block));
        };
        let mut first = run.start;
        for (start, documents) in groups {
            let end = first + documents as DocId;
            match start {
                Some(_) => {
                    self.add(&[first])?;
                    if documents > 1 {
                        self.add(&[end - 1])?;
                    }
                    self.instants.records += documents - documents.min(2);
                }
                None => self.missing += documents,
            }
            first = end;
        }
        Ok(())
    }

    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError> {
        total.missing += self.missing;
        total.numbers.join(&self.numbers);
        total.instants.join(&self.instants);
        Ok(())
    }
}
