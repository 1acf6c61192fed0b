//! Sums up all matches: each aggregation counts block by block within a segment, and adds up over segments by value, so
//! that the answer does not depend on how documents lie in them. Which documents match is decided elsewhere.

mod buckets;
mod grid;
mod ranges;
mod terms;
mod total;
mod tree;
mod values;
mod walk;

use std::ops::Range;

use tantivy::DocId;

use crate::model::{
    Aggregation, AggregationKind, Instant, MAX_AGGREGATIONS, MAX_BUCKETS, MAX_DEPTH, MAX_LISTED, MAX_RANGES,
    PropertyName, Query, Statistics, Summary, TimeStep, TimeWidth, Value, Width,
};

use super::error::SearchError;
use super::mask::Mask;
use super::segment::Segment;
use super::snapshot::Snapshot;
use buckets::{NumberBuckets, TimeBuckets};
use grid::Grid;
use ranges::{ExtremeTally, RangeTally};
use terms::TermTally;
use total::Total;
use tree::{Part, TreeTally};
use values::{BLOCK, Values};

pub(super) use total::{bucket, list};
pub(super) use walk::{Over, Summing};

/// Most distinct values that one aggregation counts: what it holds in memory is bounded by it.
const MAX_DISTINCT: usize = 100_000;

/// Counts one aggregation within a segment.
trait Tally {
    /// Counts a block of at most `BLOCK` documents.
    fn add(&mut self, documents: &[DocId]) -> Result<(), SearchError>;

    /// Counts documents that stand side by side.
    fn add_run(&mut self, run: Range<DocId>) -> Result<(), SearchError> {
        blocks(run, |block| self.add(block))
    }

    /// Adds what was counted to that of other segments.
    fn add_to(self: Box<Self>, total: &mut Total) -> Result<(), SearchError>;
}

/// Cuts a run of documents into blocks.
fn blocks(run: Range<DocId>, mut add: impl FnMut(&[DocId]) -> Result<(), SearchError>) -> Result<(), SearchError> {
    let mut block = Vec::with_capacity(BLOCK);
    let mut start = run.start;
    while start < run.end {
        let end = run.end.min(start.saturating_add(BLOCK as DocId));
        block.clear();
        block.extend(start..end);
        add(&block)?;
        start = end;
    }
    Ok(())
}

fn too_many() -> SearchError {
    SearchError::Unsupported {
        what: format!("counting more than {MAX_DISTINCT} distinct values; ask for ranges or a histogram, or for less,"),
    }
}

/// Counts aggregations over all segments.
pub(super) struct Aggregator<'q> {
    wanted: Vec<&'q Aggregation>,
    totals: Vec<Total>,
}

impl<'q> Aggregator<'q> {
    pub(super) fn new(wanted: Vec<&'q Aggregation>) -> Self {
        let totals = wanted.iter().map(|_| Total::default()).collect();
        Self { wanted, totals }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Begins to count in a segment.
    pub(super) fn open(&self, segment: &Segment) -> Result<SegmentAggregator<'q>, SearchError> {
        let tallies = self.wanted.iter().map(|aggregation| tally(aggregation, segment)).collect::<Result<_, _>>()?;
        Ok(SegmentAggregator { tallies, block: Vec::with_capacity(BLOCK) })
    }

    /// Takes over what was counted in a segment.
    pub(super) fn close(&mut self, mut counted: SegmentAggregator<'_>) -> Result<(), SearchError> {
        counted.flush()?;
        counted.tallies.into_iter().zip(&mut self.totals).try_for_each(|(tally, total)| tally.add_to(total))
    }

    /// The answers, in the order of the aggregations.
    pub(super) fn finish(self) -> Result<Vec<Summary>, SearchError> {
        let answers = self.wanted.into_iter().zip(self.totals);
        answers.map(|(aggregation, total)| total.into_summary(aggregation)).collect()
    }
}

/// Counts all aggregations within one segment.
pub(super) struct SegmentAggregator<'q> {
    tallies: Vec<Box<dyn Tally + 'q>>,
    block: Vec<DocId>,
}

impl SegmentAggregator<'_> {
    /// Counts a document; all in ascending order.
    pub(super) fn add(&mut self, document: DocId) -> Result<(), SearchError> {
        self.block.push(document);
        if self.block.len() < BLOCK { Ok(()) } else { self.flush() }
    }

    /// Counts the documents of a window that are marked.
    pub(super) fn add_marked(&mut self, start: DocId, mask: &Mask) -> Result<(), SearchError> {
        let mut outcome = Ok(());
        mask.each(|at| {
            if outcome.is_ok() {
                outcome = self.add(start + at as DocId);
            }
        });
        outcome
    }

    /// Counts documents that stand side by side, behind all that were counted before.
    pub(super) fn add_run(&mut self, run: Range<DocId>) -> Result<(), SearchError> {
        self.flush()?;
        self.tallies.iter_mut().try_for_each(|tally| tally.add_run(run.clone()))
    }

    fn flush(&mut self) -> Result<(), SearchError> {
        let block = &self.block;
        if !block.is_empty() {
            self.tallies.iter_mut().try_for_each(|tally| tally.add(block))?;
        }
        self.block.clear();
        Ok(())
    }
}

fn tally<'q>(aggregation: &'q Aggregation, segment: &Segment) -> Result<Box<dyn Tally + 'q>, SearchError> {
    let values = Values::open(segment, &aggregation.field)?;
    Ok(match &aggregation.kind {
        AggregationKind::Terms { .. } => Box::new(TermTally::new(values)),
        AggregationKind::Tree { under, depth, .. } => {
            let is_keyword = Values::is_keyword(&aggregation.field);
            Box::new(TreeTally::new(values, Part { is_keyword, under: under.as_deref(), depth: *depth })?)
        }
        AggregationKind::Ranges(ranges) => Box::new(RangeTally::new(values, ranges)),
        AggregationKind::Histogram(Width::Of(width)) => Box::new(NumberBuckets::new(values, Grid::new(*width))),
        AggregationKind::TimeHistogram(TimeWidth::Of(step)) => Box::new(TimeBuckets::new(values, *step)),
        AggregationKind::Statistics | AggregationKind::Histogram(_) | AggregationKind::TimeHistogram(_) => {
            Box::new(ExtremeTally::new(values))
        }
    })
}

/// Refuses aggregations that are too many or too large, or over a property that no record has.
///
/// # Errors
/// `Unsupported` with what is wrong, `UnknownProperty`.
pub(super) fn check(snapshot: &Snapshot, query: &Query) -> Result<(), SearchError> {
    let refuse = |what: String| Err(SearchError::Unsupported { what });
    if query.aggregations.len() > MAX_AGGREGATIONS {
        return refuse(format!("more than {MAX_AGGREGATIONS} aggregations"));
    }
    for aggregation in &query.aggregations {
        let problem = match &aggregation.kind {
            AggregationKind::Terms { limit } if !(1..=MAX_LISTED).contains(limit) => "a list of values of this length",
            AggregationKind::Tree { limit, depth, .. }
                if !(1..=MAX_LISTED).contains(limit) || !(1..=MAX_DEPTH).contains(depth) =>
            {
                "a tree of this length or depth"
            }
            AggregationKind::Ranges(ranges) if ranges.is_empty() || ranges.len() > MAX_RANGES => {
                "this number of ranges"
            }
            AggregationKind::Histogram(Width::Of(width)) if !(width.is_normal() && *width > 0.0) => {
                "a histogram of this width"
            }
            AggregationKind::Histogram(Width::Buckets(buckets))
            | AggregationKind::TimeHistogram(TimeWidth::Buckets(buckets))
                if !(1..=MAX_BUCKETS).contains(buckets) =>
            {
                "a histogram of this number of buckets"
            }
            _ => continue,
        };
        return refuse(problem.to_owned());
    }
    let members = query.aggregations.iter().filter(|each| matches!(each.field, PropertyName::Member(_)));
    for aggregation in members {
        let mut is_known = false;
        for view in &snapshot.views {
            is_known |= !Values::open(&view.segment, &aggregation.field)?.is_empty();
        }
        if let (false, PropertyName::Member(path)) = (is_known, &aggregation.field) {
            return Err(SearchError::UnknownProperty { path: path.clone() });
        }
    }
    Ok(())
}

/// The question as an aggregation sees it that ignores conditions on its own field; `None` when it is the same.
pub(super) fn without_own(query: &Query, aggregation: &Aggregation) -> Option<Query> {
    if !aggregation.ignores_own {
        return None;
    }
    let mut other = query.clone();
    match &aggregation.field {
        PropertyName::Facet(facet) => drop(other.facets.remove(facet)),
        PropertyName::Start | PropertyName::Time => other.time = None,
        _ => {}
    }
    other.filters.retain(|filter| !filter.asks_only(&aggregation.field));
    (other != *query).then_some(other)
}

/// Whether the width of the buckets is still to be chosen. Such an aggregation is first answered by its extremes.
fn lacks_width(aggregation: &Aggregation) -> bool {
    matches!(
        aggregation.kind,
        AggregationKind::Histogram(Width::Buckets(_)) | AggregationKind::TimeHistogram(TimeWidth::Buckets(_))
    )
}

/// The aggregation with the width that its extremes call for, instants by the calendar; as it is when it has no value.
fn with_width(aggregation: &Aggregation, extremes: Option<Statistics>) -> Aggregation {
    let buckets = match aggregation.kind {
        AggregationKind::Histogram(Width::Buckets(buckets))
        | AggregationKind::TimeHistogram(TimeWidth::Buckets(buckets)) => buckets,
        _ => return aggregation.clone(),
    };
    let kind = match extremes.and_then(|extremes| extremes.least.zip(extremes.greatest)) {
        Some((Value::Number(least), Value::Number(greatest))) => {
            AggregationKind::Histogram(Width::Of(Grid::fitting(least, greatest, buckets).width()))
        }
        Some((Value::Text(least), Value::Text(greatest))) => {
            match (Instant::parse(&least), Instant::parse(&greatest)) {
                (Ok(least), Ok(greatest)) => {
                    AggregationKind::TimeHistogram(TimeWidth::Of(TimeStep::fitting(least, greatest, buckets)))
                }
                _ => aggregation.kind.clone(),
            }
        }
        _ => aggregation.kind.clone(),
    };
    Aggregation { kind, ..aggregation.clone() }
}
