//! A page in the order of a property, of identifiers or of the last change: walks the segment's documents in that order
//! until the page is full. Where that would take longer than a look at every match, every match is looked at.

use std::sync::Arc;

use tantivy::DocId;

use crate::model::SortKey;

use super::dense::Dense;
use super::error::SearchError;
use super::filter::Walkable;
use super::mask::{Mask, SPAN};
use super::matcher::Use;
use super::pass::Pass;
use super::sort::Part;
use super::sorted::Sorted;

/// Smaller segments are looked through; those of tests are small.
const LEAST_DOCUMENTS: DocId = if cfg!(test) { 8 } else { 4_096 };
/// Of so many documents one is looked at before every match is.
const LONGEST_WALK: DocId = 8;

/// Where in the order matches can be.
struct Stretch {
    first: Option<Part>,
    last: Option<Part>,
    /// Whether a document without a value can match.
    has_missing: bool,
}

impl Pass<'_> {
    /// The order to walk in; nothing where few documents are to be looked at, and for pages that need scores.
    pub(super) fn sorted(&self) -> Result<Option<Arc<Sorted>>, SearchError> {
        let documents = self.view.segment.documents;
        if self.plan.text.is_some() || documents < LEAST_DOCUMENTS {
            return Ok(None);
        }
        let mut reached = 0;
        for reach in &self.matcher.reach {
            let dense = Dense::new((self.matcher, self.plan), (self.view, self.reader), (reach, Use::WithoutRanges))?;
            reached += if dense.is_some() { reach.documents.end - reach.documents.start } else { 0 };
        }
        if reached < documents / LONGEST_WALK {
            return Ok(None);
        }
        Ok(self.columns.sorted())
    }

    /// Walks in an order until the page is full.
    pub(super) fn in_order(&mut self, sorted: &Sorted) -> Result<(), SearchError> {
        let members = self.members()?;
        let stretch = self.stretch();
        let is_member = |document: DocId| {
            let word = members.as_ref().map(|members| members.get(document as usize / 64).copied().unwrap_or(0));
            word.is_none_or(|word| word & (1 << (document % 64)) != 0)
        };
        let columns = &self.columns;
        let before = |document| stretch.first.is_some_and(|first| columns.first_part(document, 0.0) < first);
        let mut left = self.view.segment.documents / LONGEST_WALK;
        let mut order = sorted.from(columns.is_descending(), before);
        loop {
            let Some(document) = order.next() else {
                let is_complete = sorted.len() == self.view.segment.documents as usize || !stretch.has_missing;
                return if is_complete { Ok(()) } else { self.begin_again() };
            };
            let part = self.columns.first_part(document, 0.0);
            let is_full = self.best.len() >= self.wanted && self.worst().is_some_and(|worst| part > worst);
            if is_full || stretch.last.is_some_and(|last| part > last) {
                return Ok(());
            }
            left = left.saturating_sub(1);
            if left == 0 {
                return self.begin_again();
            }
            if is_member(document) && self.matcher.holds(document) {
                self.offer(document, || 0.0);
            }
        }
    }

    fn begin_again(&mut self) -> Result<(), SearchError> {
        self.best.clear();
        self.all()
    }

    /// A bit for each document that is in all sets; `None` when there are none and the whole segment is reached.
    fn members(&self) -> Result<Option<Vec<u64>>, SearchError> {
        let documents = self.view.segment.documents;
        let mut members = vec![0_u64; (documents as usize + SPAN).div_ceil(64)];
        for reach in &self.matcher.reach {
            let whole = !reach.long_spans_only && reach.documents == (0..documents);
            let uses = Use::WithoutRanges;
            let Some(dense) = Dense::new((self.matcher, self.plan), (self.view, self.reader), (reach, uses))? else {
                let mut walk =
                    self.matcher.walk(self.plan, self.reader, reach.documents.clone(), reach.long_spans_only)?;
                walk.by_ref().for_each(|document| mark(&mut members, document));
                continue;
            };
            if whole && dense.is_unbounded() {
                return Ok(None);
            }
            dense.candidates(|start, mask: &mut Mask| {
                mask.each(|at| mark(&mut members, start + at as DocId));
                Ok(())
            })?;
        }
        Ok(Some(members))
    }

    /// What the page's cursor and the filters on the sorted property say of where to look.
    fn stretch(&self) -> Stretch {
        let mut stretch = Stretch { first: self.after.map(|(parts, _)| parts[0]), last: None, has_missing: true };
        let Some(SortKey::By { property, .. }) = self.sort.keys.first() else { return stretch };
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for walkable in &self.plan.walkable {
            if let Walkable::Numbers(name, range) = walkable
                && name == property
            {
                stretch.has_missing = false;
                (low, high) = (low.max(range.low), high.min(range.high));
            }
        }
        if let Some((first, last)) = self.columns.number_parts(low, high) {
            stretch.first = stretch.first.max(Some(first));
            stretch.last = Some(last);
        }
        stretch
    }
}

fn mark(members: &mut [u64], document: DocId) {
    if let Some(word) = members.get_mut(document as usize / 64) {
        *word |= 1 << (document % 64);
    }
}
