//! Walks the documents of one segment that match a plan, in order, driven by the rarest condition.

use std::ops::Range;

use tantivy::{DocId, SegmentReader};

use crate::model::BoundingBox;

use super::deadline::Deadline;
use super::error::SearchError;
use super::filter::{self, Making, Node};
use super::order::{self, orders_between};
use super::plan::{Plan, TimeWindow};
use super::region::{near, region_test};
use super::segment::Segment;
use super::sets::{Set, Union};
use super::snapshot::{KindSet, View, holds};
use super::walk::Walk;
use super::windows::TextWalk;
use super::{SHORT_SPAN, terms};

/// A test of one document.
pub(super) type Test<'s> = Box<dyn Fn(DocId) -> bool + 's>;

/// What is left of a plan for one segment.
pub(super) struct Matcher<'s> {
    pub view: &'s View,
    /// Where matches can be, in order, without overlap.
    pub reach: Vec<Reach>,
    /// Of the kind; none where the segment has no other.
    kind: Option<Test<'s>>,
    tests: Vec<Test<'s>>,
    pub deadline: Option<&'s Deadline>,
}

/// A range of documents; beyond the time window only records with long spans can still match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub documents: Range<DocId>,
    pub long_spans_only: bool,
}

impl<'s> Matcher<'s> {
    /// Nothing when no document of the segment can match.
    pub(super) fn new(plan: &'s Plan<'_>, view: &'s View) -> Result<Option<Self>, SearchError> {
        let segment = &*view.segment;
        let Some(kind) = kind_test(plan.kinds, segment) else { return Ok(None) };
        let mut tests: Vec<Test<'s>> = Vec::new();
        let reach = reach(plan.time, segment);
        if let Some(region) = plan.region.filter(|_| !plan.filters.is_empty()) {
            // First, because it is cheaper than most filters and leaves little.
            let Some(test) = near(region, segment)? else { return Ok(None) };
            tests.push(test);
        }
        if let Some(start) = plan.time.and_then(|window| window.start) {
            let stop = &segment.stop;
            // What starts within the window does not end before it.
            let sure = segment.first_at_or_below(orders_between(Some(start), None).start - 1);
            tests.push(Box::new(move |document| {
                document < sure || stop.first(document).is_some_and(|stop| stop >= start)
            }));
        }
        match (Making { segment, records: plan.exact }).and(plan.filters)? {
            Node::Constant(Some(true)) => {}
            Node::Constant(_) => return Ok(None),
            node => tests.push(Box::new(move |document| node.truth(document) == Some(true))),
        }
        // Last, because it may have to look at the record itself.
        if let Some(region) = plan.region {
            let Some(test) = region_test(region, plan.exact, segment)? else { return Ok(None) };
            tests.push(test);
        }
        if let Some(exact) = plan.exact.filter(|_| plan.filters.is_empty() && plan.region.is_none()) {
            let sequence = &segment.sequence;
            tests.push(Box::new(move |document| exact.in_region(sequence.values.get_val(document))));
        }
        Ok(Some(Self { view, reach, kind, tests, deadline: plan.deadline }))
    }

    /// Whether a document that is in all sets matches.
    #[inline]
    pub(super) fn holds(&self, document: DocId) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind(document))
            && self.view.alive.as_ref().is_none_or(|alive| alive.is_alive(document))
            && self.passes(document)
    }

    /// Whether a living document of a wanted kind that is in all sets matches.
    #[inline]
    pub(super) fn passes(&self, document: DocId) -> bool {
        self.tests.iter().all(|test| test(document))
    }

    /// Whether nothing but kinds and sets decides.
    pub(super) const fn has_no_tests(&self) -> bool {
        self.tests.is_empty()
    }

    /// Sets that all contain a matching document; `None` when one of them is empty here. Text comes first.
    pub(super) fn sets(
        &self,
        plan: &Plan<'_>,
        reader: &SegmentReader,
        (long_spans_only, uses): (bool, Use),
    ) -> Result<Option<Vec<Set>>, SearchError> {
        let segment = &*self.view.segment;
        let mut sets = Vec::new();
        // The rarest first: mostly no record has a long span.
        let long_spans = match long_spans_only.then(|| segment.postings(&terms::long_span())).transpose()? {
            Some(None) => return Ok(None),
            Some(Some(list)) => Some(Set::Postings(Box::new(list))),
            None => None,
        };
        if let Some(text) = &plan.text {
            let walk = TextWalk::new(text.part(segment, reader)?, segment.documents);
            sets.push(Set::Text(Box::new(walk)));
        }
        sets.extend(long_spans);
        let cells = match uses {
            Use::WithoutCells => None,
            Use::FewCells => plan.few_cells.as_ref(),
            Use::All | Use::WithoutRanges => plan.cells.as_ref(),
        };
        for group in plan.any_of.iter().chain(cells) {
            let mut lists = Vec::with_capacity(group.len());
            for term in group {
                lists.extend(segment.postings(term)?);
            }
            let set = match lists.len() {
                0 => return Ok(None),
                1 => lists.pop().map(|list| Set::Postings(Box::new(list))),
                _ => Some(Set::Union(Box::new(Union::new(lists)))),
            };
            sets.extend(set);
        }
        // Where nothing rarer is known, the ranges of columns lead.
        if sets.is_empty() && uses != Use::WithoutRanges {
            let ranges = filter::ranges(&plan.walkable, segment)?;
            sets.extend(ranges.into_iter().map(|range| Set::Range(Box::new(range))));
        }
        Ok(Some(sets))
    }

    /// Starts a walk over one range.
    pub(super) fn walk(
        &self,
        plan: &Plan<'_>,
        reader: &SegmentReader,
        documents: Range<DocId>,
        long_spans_only: bool,
    ) -> Result<Walk<'_>, SearchError> {
        let sets = self.sets(plan, reader, (long_spans_only, Use::FewCells))?;
        Ok(Walk::new(self, sets, documents))
    }

    /// Starts a walk that looks at boxes instead of cells: opening the lists of cells takes as long as some thousand looks.
    /// It ends after so many candidates; where it stands then is in `Walk::next`. Nothing where cells lead.
    pub(super) fn glance(
        &self,
        plan: &Plan<'_>,
        reader: &SegmentReader,
        documents: Range<DocId>,
        long_spans_only: bool,
    ) -> Result<Option<Walk<'_>>, SearchError> {
        let is_large = plan.region.is_some_and(|region| share_of_all(&region.bbox) > GLANCED_SHARE);
        if !is_large || plan.text.is_some() || !plan.filters.is_empty() || long_spans_only {
            return Ok(None);
        }
        let sets = self.sets(plan, reader, (long_spans_only, Use::WithoutCells))?;
        Ok(Some(Walk::new(self, sets, documents).at_most(GLANCE)))
    }
}

/// Which sets are walked. What is in none of those that are left out fails a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    All,
    /// Of a region few and large cells: for walks that end early, opening a list takes as long as looking at some hundred
    /// documents.
    FewCells,
    /// The cells of a region are not.
    WithoutCells,
    /// Ranges of columns are not.
    WithoutRanges,
}

/// Candidates that a glance looks at; in tests there are few.
const GLANCE: u32 = if cfg!(test) { 16 } else { 1_024 };
/// A glance is worth it where a region is at least this share of a body's surface.
const GLANCED_SHARE: f64 = if cfg!(test) { 0.0 } else { 0.02 };

/// How much of a body a box covers, as if degrees were of one size everywhere.
fn share_of_all(area: &BoundingBox) -> f64 {
    let parts = area.parts();
    parts.iter().map(|part| (part.east - part.west) * (part.north - part.south)).sum::<f64>() / (360.0 * 180.0)
}

/// Documents that can overlap the time window. The index is sorted by start, newest first: those that start within the
/// window, or at most a short span before it, stand together; behind them only long spans can reach into it.
fn reach(window: Option<TimeWindow>, segment: &Segment) -> Vec<Reach> {
    let Some(window) = window else {
        return vec![Reach { documents: 0..segment.documents, long_spans_only: false }];
    };
    let earliest = window.start.map(|start| order::clamp(start - SHORT_SPAN));
    let orders = orders_between(earliest, window.stop);
    let first = segment.first_at_or_below(orders.end - 1);
    let end = segment.first_at_or_below(orders.start - 1).max(first);
    let timed_end = segment.first_at_or_below(orders_between(None, None).start - 1).max(end);
    let all = [
        Reach { documents: first..end, long_spans_only: false },
        Reach { documents: end..timed_end, long_spans_only: true },
    ];
    all.into_iter().filter(|reach| !reach.documents.is_empty()).collect()
}

/// Nothing when no document of the segment is of a wanted kind; no test when all are.
fn kind_test<'s>(kinds: KindSet, segment: &'s Segment) -> Option<Option<Test<'s>>> {
    let (least, greatest) = (segment.kind.min_value(), segment.kind.max_value());
    if least == greatest {
        return holds(kinds, Some(least)).then_some(None);
    }
    let kind = &segment.kind;
    Some(Some(Box::new(move |document| holds(kinds, Some(kind.values.get_val(document))))))
}
