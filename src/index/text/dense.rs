//! Matches a window at a time: where many documents match, lists are laid over each other as bits, and only what is left is
//! looked at one by one. Does not know scores.

use std::ops::Range;

use tantivy::{DocId, SegmentReader};

use super::deadline::Pace;
use super::error::SearchError;
use super::mask::{Mask, SPAN};
use super::matcher::{Matcher, Reach, Use};
use super::plain;
use super::plan::Plan;
use super::sets::Set;
use super::snapshot::View;

/// Walking one by one is faster where less than one document of so many is in the rarest set, for there it jumps;
/// in a set alone there is nothing to jump over.
pub(super) const SPARSE: u64 = 32;
const SPARSE_ALONE: u64 = 1_024;

/// The documents of one reach that are in all sets, a window at a time.
pub(super) struct Dense<'m> {
    matcher: &'m Matcher<'m>,
    view: &'m View,
    sets: Vec<Set>,
    documents: Range<DocId>,
    /// Deleted documents and other kinds than products, in order; `None` where each document is asked for its kind.
    left_out: Option<Vec<DocId>>,
}

impl<'m> Dense<'m> {
    /// Nothing where walking one by one is faster.
    ///
    /// # Errors
    /// When lists cannot be read.
    pub(super) fn new(
        (matcher, plan): (&'m Matcher<'_>, &Plan<'_>),
        (view, reader): (&'m View, &SegmentReader),
        (reach, uses): (&Reach, Use),
    ) -> Result<Option<Self>, SearchError> {
        let sets = matcher.sets(plan, reader, (reach.long_spans_only, uses))?;
        let documents = reach.documents.clone();
        let Some(mut sets) = sets else {
            return Ok(Some(Self { matcher, view, sets: Vec::new(), documents: 0..0, left_out: None }));
        };
        sets.sort_by_key(Set::cost);
        let sparse = if sets.len() == 1 { SPARSE_ALONE } else { SPARSE };
        if sets.first().is_some_and(|rarest| rarest.cost() < u64::from(view.segment.documents) / sparse) {
            return Ok(None);
        }
        let left_out = plan.wants_products_alone().then(|| plain::left_out(view, &documents));
        Ok(Some(Self { matcher, view, sets, documents, left_out }))
    }

    /// Whether there is no set that leaves something out.
    pub(super) const fn is_unbounded(&self) -> bool {
        self.sets.is_empty() && self.documents.start < self.documents.end
    }

    /// Calls with the documents of each window that are in all sets, whether they match or not.
    ///
    /// # Errors
    /// What `visit` gives. Ends early at the deadline.
    pub(super) fn candidates(
        mut self,
        mut visit: impl FnMut(DocId, &mut Mask) -> Result<(), SearchError>,
    ) -> Result<(), SearchError> {
        let mut pace = Pace::new(self.matcher.deadline);
        let mut start = self.documents.start;
        while start < self.documents.end && !pace.is_over() {
            let mut mask = Mask::first((self.documents.end - start) as usize);
            for set in &mut self.sets {
                let mut own = Mask::none();
                set.mark(start, &mut own);
                mask.keep(&own);
                if mask.is_empty() {
                    break;
                }
            }
            if !mask.is_empty() {
                visit(start, &mut mask)?;
            }
            start = start.saturating_add(SPAN as DocId);
        }
        Ok(())
    }

    /// Calls with the matches of each window.
    ///
    /// # Errors
    /// As `candidates`.
    pub(super) fn matches(
        mut self,
        mut visit: impl FnMut(DocId, &Mask) -> Result<(), SearchError>,
    ) -> Result<(), SearchError> {
        let (matcher, alive) = (self.matcher, &self.view.alive);
        let left_out = self.left_out.take();
        let mut pace = Pace::new(matcher.deadline);
        let mut rest = left_out.as_deref().unwrap_or_default();
        let all_known = left_out.is_some();
        self.candidates(|start, mask| {
            let behind = rest.partition_point(|document| *document < start);
            let end = rest.partition_point(|document| *document < start.saturating_add(SPAN as DocId));
            let here = rest.get(behind..end).unwrap_or_default();
            here.iter().for_each(|document| mask.unset((document - start) as usize));
            rest = rest.get(end..).unwrap_or_default();
            if !(all_known && matcher.has_no_tests()) {
                mask.clone().each(|at| {
                    let document = start + at as DocId;
                    let is_match =
                        !pace.is_over() && if all_known { matcher.passes(document) } else { matcher.holds(document) };
                    if !is_match {
                        mask.unset(at);
                    }
                });
            }
            debug_assert!(!all_known || mask_is_alive(alive.as_ref(), start, mask));
            visit(start, mask)
        })
    }
}

fn mask_is_alive(alive: Option<&tantivy::fastfield::AliveBitSet>, start: DocId, mask: &Mask) -> bool {
    let mut lives = true;
    mask.each(|at| lives &= alive.is_none_or(|alive| alive.is_alive(start + at as DocId)));
    lives
}
