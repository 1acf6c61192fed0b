//! What was counted in all segments, and the answer that it makes.

use std::collections::{BTreeMap, HashMap};

use crate::model::{
    Aggregation, AggregationKind, Bucket, Instant, MAX_BUCKETS, Statistics, Summary, TimeWidth, Value, ValueRange,
    Width,
};

use super::super::error::SearchError;
use super::grid::Grid;

/// A value as it is counted. Numbers by the bits of the float, so that they have a hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Term {
    Number(u64),
    Bool(bool),
    Instant(i64),
    Text(String),
}

/// Counts of one aggregation; each kind uses its own.
#[derive(Debug, Default)]
pub(super) struct Total {
    pub terms: HashMap<Term, u64>,
    /// Records of a node, and whether there are nodes below.
    pub nodes: HashMap<String, (u64, bool)>,
    pub buckets: BTreeMap<i64, u64>,
    pub ranges: Vec<u64>,
    pub numbers: Extremes<f64>,
    pub instants: Extremes<i64>,
    pub other: u64,
    pub missing: u64,
}

/// Least and greatest value, and how many records have one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Extremes<T> {
    pub ends: Option<(T, T)>,
    pub records: u64,
}

impl<T: PartialOrd + Copy> Extremes<T> {
    pub(super) const fn none() -> Self {
        Self { ends: None, records: 0 }
    }

    pub(super) fn add(&mut self, value: T) {
        self.ends = Some(match self.ends {
            Some((least, greatest)) => {
                (if value < least { value } else { least }, if value > greatest { value } else { greatest })
            }
            None => (value, value),
        });
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.records += other.records;
        if let Some((least, greatest)) = other.ends {
            self.add(least);
            self.add(greatest);
        }
    }
}

impl Total {
    /// The answer.
    ///
    /// # Errors
    /// `Unsupported` when a histogram has too many buckets.
    pub(super) fn into_summary(self, aggregation: &Aggregation) -> Result<Summary, SearchError> {
        let mut summary = Summary { missing: self.missing, other: self.other, ..Summary::empty(&aggregation.name) };
        if self.buckets.len() > MAX_BUCKETS {
            let what =
                format!("a histogram of {} buckets; {MAX_BUCKETS} are the limit: take wider ones", self.buckets.len());
            return Err(SearchError::Unsupported { what });
        }
        match &aggregation.kind {
            AggregationKind::Terms { limit } => {
                let terms = self.terms.into_iter().map(|(term, count)| bucket(term.value(), count, false));
                list(&mut summary, terms.collect(), *limit);
            }
            AggregationKind::Tree { limit, .. } => {
                let nodes = self.nodes.into_iter();
                let nodes = nodes.map(|(path, (count, has_children))| bucket(Value::Text(path), count, has_children));
                list(&mut summary, nodes.collect(), *limit);
            }
            AggregationKind::Ranges(ranges) => {
                let counts = self.ranges.into_iter().chain(std::iter::repeat(0));
                summary.buckets = ranges.iter().zip(counts).map(|(range, count)| range_bucket(range, count)).collect();
            }
            AggregationKind::Histogram(Width::Of(width)) => {
                let grid = Grid::new(*width);
                let start = |index: i64| Value::Number(grid.start(index));
                summary.width = Some(Value::Number(*width));
                summary.buckets = histogram(self.buckets, start);
            }
            AggregationKind::TimeHistogram(TimeWidth::Of(step)) => {
                summary.width = Some(Value::Text(step.to_string()));
                summary.buckets = histogram(self.buckets, |index| instant(step.start(index)));
            }
            // The width is chosen by the extremes; without any value there is none to choose.
            AggregationKind::Histogram(Width::Buckets(_))
            | AggregationKind::TimeHistogram(TimeWidth::Buckets(_))
            | AggregationKind::Statistics => summary.statistics = Some(statistics(self.numbers, self.instants)),
        }
        Ok(summary)
    }
}

/// Most frequent first, ties by value; what is beyond the limit is summed up.
pub(in super::super) fn list(summary: &mut Summary, mut buckets: Vec<Bucket>, limit: usize) {
    buckets.sort_unstable_by(|one, other| {
        other.count.cmp(&one.count).then_with(|| compare_values(&one.value, &other.value))
    });
    summary.other += buckets.iter().skip(limit).map(|bucket| bucket.count).sum::<u64>();
    buckets.truncate(limit);
    summary.buckets = buckets;
}

/// Numbers, then truths, then texts.
fn compare_values(one: &Value, other: &Value) -> std::cmp::Ordering {
    let rank = |value: &Value| match value {
        Value::Number(_) => 0,
        Value::Bool(_) => 1,
        Value::Text(_) => 2,
    };
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.total_cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}

pub(in super::super) fn bucket(value: Value, count: u64, has_children: bool) -> Bucket {
    Bucket { value, from: None, to: None, count, has_children }
}

fn histogram(buckets: BTreeMap<i64, u64>, start: impl Fn(i64) -> Value) -> Vec<Bucket> {
    let one = |(index, count): (i64, u64)| {
        let from = start(index);
        Bucket { value: from.clone(), from: Some(from), to: Some(start(index + 1)), count, has_children: false }
    };
    buckets.into_iter().map(one).collect()
}

fn range_bucket(range: &ValueRange, count: u64) -> Bucket {
    let (from, to) = match range {
        ValueRange::Numbers { from, to } => (from.map(Value::Number), to.map(Value::Number)),
        ValueRange::Instants { from, to } => (from.map(instant), to.map(instant)),
    };
    let shown = |end: &Option<Value>| match end {
        None => String::new(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(truth)) => truth.to_string(),
    };
    let value = Value::Text(format!("{}..{}", shown(&from), shown(&to)));
    Bucket { value, from, to, count, has_children: false }
}

fn statistics(numbers: Extremes<f64>, instants: Extremes<i64>) -> Statistics {
    let (count, ends) = match numbers.ends {
        Some((least, greatest)) => (numbers.records, Some((Value::Number(least), Value::Number(greatest)))),
        None => {
            let at = |micros| instant(Instant::from_micros(micros));
            (instants.records, instants.ends.map(|(least, greatest)| (at(least), at(greatest))))
        }
    };
    let (least, greatest) = ends.unzip();
    Statistics { count, least, greatest }
}

/// An instant as answers show it: without a fraction of zero.
fn instant(instant: Instant) -> Value {
    let text = instant.to_string();
    Value::Text(text.strip_suffix(".000000Z").map_or_else(|| text.clone(), |seconds| format!("{seconds}Z")))
}

impl Term {
    fn value(self) -> Value {
        match self {
            Self::Number(bits) => Value::Number(f64::from_bits(bits)),
            Self::Bool(truth) => Value::Bool(truth),
            Self::Instant(micros) => instant(Instant::from_micros(micros)),
            Self::Text(text) => Value::Text(text),
        }
    }
}
