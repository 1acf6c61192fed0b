//! Walks the documents of one segment that match a plan, in order, driven by the rarest condition.

use std::ops::Range;

use tantivy::DocId;

use crate::model::{BoundingBox, Region};

use super::conditions::condition_test;
use super::deadline::{Deadline, Pace};
use super::error::SearchError;
use super::filter::{self, Making, Node};
use super::footprint::{intersects, is_within};
use super::order::{self, orders_between};
use super::plan::{Plan, SequenceTest, TimeWindow};
use super::segment::Segment;
use super::sets::{Set, Union};
use super::snapshot::{View, holds};
use super::{SHORT_SPAN, terms};

/// A test of one document.
pub(super) type Test<'s> = Box<dyn Fn(DocId) -> bool + 's>;

/// What is left of a plan for one segment.
pub(super) struct Matcher<'s> {
    view: &'s View,
    /// Where matches can be, in order, without overlap.
    pub reach: Vec<Reach>,
    tests: Vec<Test<'s>>,
    deadline: Option<&'s Deadline>,
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
        let mut tests: Vec<Test<'s>> = Vec::new();
        if !add_kind_test(plan, segment, &mut tests) {
            return Ok(None);
        }
        let reach = reach(plan.time, segment);
        if let Some(start) = plan.time.and_then(|window| window.start) {
            let stop = &segment.stop;
            tests.push(Box::new(move |document| stop.first(document).is_some_and(|stop| stop >= start)));
        }
        for condition in &plan.tests {
            let columns = segment.property(condition.path)?;
            let Some(test) = condition_test(condition, columns)? else { return Ok(None) };
            tests.push(test);
        }
        if let Some(filter) = plan.filter {
            match (Making { segment, records: plan.exact }).node(filter)? {
                Node::Constant(Some(true)) => {}
                Node::Constant(_) => return Ok(None),
                node => tests.push(Box::new(move |document| node.truth(document) == Some(true))),
            }
        }
        // Last, because it may have to look at the record itself.
        if let Some(region) = plan.region {
            let Some(test) = region_test(region, plan.exact, segment)? else { return Ok(None) };
            tests.push(test);
        }
        if let Some(exact) = plan.exact.filter(|_| plan.filter.is_none() && plan.region.is_none()) {
            let sequence = &segment.sequence;
            tests.push(Box::new(move |document| exact.in_region(sequence.values.get_val(document))));
        }
        Ok(Some(Self { view, reach, tests, deadline: plan.deadline }))
    }

    /// Sets that all contain a matching document; `None` when one of them is empty here. Words come first, in the
    /// order of the question.
    fn sets(
        &self,
        plan: &Plan<'_>,
        reader: &tantivy::SegmentReader,
        long_spans_only: bool,
    ) -> Result<Option<Vec<Set>>, SearchError> {
        let segment = &*self.view.segment;
        let mut sets = Vec::new();
        for word in &plan.words {
            let Some(set) = word.set(segment, reader)? else { return Ok(None) };
            sets.push(set);
        }
        let long_spans = long_spans_only.then(|| vec![terms::long_span()]);
        for group in plan.any_of.iter().chain(&long_spans) {
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
        if sets.is_empty() {
            let ranges = filter::ranges(&plan.walkable, segment)?;
            sets.extend(ranges.into_iter().map(|range| Set::Range(Box::new(range))));
        }
        Ok(Some(sets))
    }

    /// Starts a walk over one range.
    pub(super) fn walk(
        &self,
        plan: &Plan<'_>,
        reader: &tantivy::SegmentReader,
        documents: Range<DocId>,
        long_spans_only: bool,
    ) -> Result<Walk<'_>, SearchError> {
        let sets = self.sets(plan, reader, long_spans_only)?;
        let (sets, end) = match sets {
            Some(sets) => (sets, documents.end),
            None => (Vec::new(), documents.start),
        };
        let mut by_cost: Vec<usize> = (0..sets.len()).collect();
        by_cost.sort_by_key(|at| sets.get(*at).map(Set::cost));
        Ok(Walk {
            view: self.view,
            tests: &self.tests,
            words: plan.words.len(),
            sets,
            by_cost,
            next: documents.start,
            end,
            pace: Pace::new(self.deadline),
        })
    }
}

/// A walk over matching documents.
pub(super) struct Walk<'m> {
    view: &'m View,
    tests: &'m [Test<'m>],
    words: usize,
    sets: Vec<Set>,
    /// Places in `sets`, rarest first.
    by_cost: Vec<usize>,
    next: DocId,
    end: DocId,
    pace: Pace<'m>,
}

impl Walk<'_> {
    /// Score of the document that was found last: the sum over the words in the order of the question.
    pub(super) fn score(&mut self) -> f32 {
        self.sets.iter_mut().take(self.words).map(Set::score).fold(0.0, |sum, score| sum + score)
    }

    fn next_in_all_sets(&mut self) -> Option<DocId> {
        let mut candidate = self.next;
        let mut agreed = 0;
        let mut turn = 0;
        while candidate < self.end && !self.pace.is_over() {
            if agreed == self.by_cost.len() {
                return Some(candidate);
            }
            let set = self.by_cost.get(turn).and_then(|at| self.sets.get_mut(*at))?;
            let found = set.seek(candidate);
            if found == candidate {
                agreed += 1;
                turn = (turn + 1) % self.by_cost.len();
            } else {
                // Begin again with the rarest: it jumps farthest.
                candidate = found;
                let rarest_is_there = turn == 0;
                agreed = usize::from(rarest_is_there);
                turn = usize::from(rarest_is_there && self.by_cost.len() > 1);
            }
        }
        None
    }
}

impl Iterator for Walk<'_> {
    type Item = DocId;

    fn next(&mut self) -> Option<DocId> {
        loop {
            let candidate = self.next_in_all_sets()?;
            self.next = candidate + 1;
            let lives = self.view.alive.as_ref().is_none_or(|alive| alive.is_alive(candidate));
            if lives && self.tests.iter().all(|test| test(candidate)) {
                return Some(candidate);
            }
        }
    }
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

/// False when no document of the segment is of a wanted kind.
fn add_kind_test<'s>(plan: &Plan<'_>, segment: &'s Segment, tests: &mut Vec<Test<'s>>) -> bool {
    let (least, greatest) = (segment.kind.min_value(), segment.kind.max_value());
    let kinds = plan.kinds;
    if least == greatest {
        return holds(kinds, Some(least));
    }
    let kind = &segment.kind;
    tests.push(Box::new(move |document| holds(kinds, Some(kind.values.get_val(document)))));
    true
}

/// Boxes first; the record itself is looked at only where they leave it open. Nothing when the segment has no footprint
/// on the body.
fn region_test<'s>(
    region: &'s Region,
    exact: Option<SequenceTest<'s>>,
    segment: &'s Segment,
) -> Result<Option<Test<'s>>, SearchError> {
    let body = terms::bounded(&region.body);
    let Some(body) = segment.footprint_body.dictionary().term_ord(body.as_bytes())? else { return Ok(None) };
    let bodies = segment.footprint_body.ords();
    let is_plain = region.is_plain_box();
    let test = move |document| {
        let mut is_open = false;
        for row in bodies.index.value_row_ids(document) {
            if bodies.values.get_val(row) != body {
                continue;
            }
            let footprint = BoundingBox {
                west: segment.west.values.get_val(row),
                south: segment.south.values.get_val(row),
                east: segment.east.values.get_val(row),
                north: segment.north.values.get_val(row),
            };
            if !intersects(&footprint, &region.bbox) {
                continue;
            }
            let is_box = || segment.footprint_is_box.values.get_val(row) == 1;
            if is_plain && (is_box() || is_within(&footprint, &region.bbox)) {
                return true;
            }
            is_open = true;
        }
        is_open && exact.is_none_or(|exact| exact.in_region(segment.sequence.values.get_val(document)))
    };
    Ok(Some(Box::new(test)))
}
