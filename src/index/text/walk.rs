//! A walk over the documents of a segment that match, in order: from candidates that are in all sets to those that pass
//! all tests.

use std::ops::Range;

use tantivy::DocId;

use super::deadline::Pace;
use super::dense::SPARSE;
use super::mask::{Mask, SPAN};
use super::matcher::Matcher;
use super::sets::Set;
use super::standing;

/// A walk over matching documents.
pub(super) struct Walk<'m> {
    matcher: &'m Matcher<'m>,
    sets: Vec<Set>,
    /// Places in `sets`, rarest first.
    by_cost: Vec<usize>,
    /// Where lists are dense they are laid over each other, else one jumps behind the other.
    window: Option<Window>,
    /// Where it goes on.
    pub next: DocId,
    end: DocId,
    /// Candidates that are still looked at.
    left: u32,
    pace: Pace<'m>,
}

/// Documents that are in all sets, as far as they are known.
struct Window {
    mask: Mask,
    start: DocId,
    /// What lies behind is not known yet.
    end: DocId,
}

impl<'m> Walk<'m> {
    /// Starts a walk over a range, among documents that are in all sets; nothing is found where there are none.
    pub(super) fn new(matcher: &'m Matcher<'m>, sets: Option<Vec<Set>>, documents: Range<DocId>) -> Self {
        let (sets, end) = match sets {
            Some(sets) => (sets, documents.end),
            None => (Vec::new(), documents.start),
        };
        let mut by_cost: Vec<usize> = (0..sets.len()).collect();
        by_cost.sort_by_key(|at| sets.get(*at).map(Set::cost));
        let rarest = sets.iter().map(Set::cost).min();
        let has_scores = sets.iter().any(|set| matches!(set, Set::Text(_)));
        let least = u64::from(matcher.view.segment.documents) / SPARSE;
        let is_dense = rarest.is_some_and(|rarest| !has_scores && rarest >= least);
        let window = is_dense.then(|| Window { mask: Mask::none(), start: documents.start, end: documents.start });
        let pace = Pace::new(matcher.deadline);
        Self { matcher, sets, by_cost, window, next: documents.start, end, left: u32::MAX, pace }
    }

    /// The same, over so many candidates at most.
    pub(super) fn at_most(self, candidates: u32) -> Self {
        Self { left: candidates, ..self }
    }

    /// Score of the document that was found last, by its words and its version; 0 when no text was asked for.
    pub(super) fn score(&self, document: DocId) -> f32 {
        let score = self.sets.first().map_or(0.0, Set::score);
        match self.matcher.view.segment.standing.first(document) {
            Some(standing) if score > 0.0 => score * standing::factor(standing),
            _ => score,
        }
    }

    /// Whether it looked at all candidates.
    pub(super) const fn is_through(&self) -> bool {
        self.left > 0
    }

    fn next_in_window(&mut self) -> Option<DocId> {
        let window = self.window.as_mut()?;
        loop {
            if self.pace.is_over() {
                return None;
            }
            let within = self.next.saturating_sub(window.start) as usize;
            let found = window.mask.first_from(within.min(SPAN)).filter(|_| self.next < window.end);
            if let Some(at) = found {
                let document = window.start + at as DocId;
                return (document < self.end).then_some(document);
            }
            self.next = self.next.max(window.end);
            if self.next >= self.end {
                return None;
            }
            (window.start, window.end) = (self.next, self.next.saturating_add(SPAN as DocId));
            window.mask = Mask::all();
            for at in &self.by_cost {
                let Some(set) = self.sets.get_mut(*at).filter(|_| !window.mask.is_empty()) else { break };
                let mut own = Mask::none();
                set.mark(window.start, &mut own);
                window.mask.keep(&own);
            }
        }
    }

    fn next_in_all_sets(&mut self) -> Option<DocId> {
        if self.window.is_some() {
            return self.next_in_window();
        }
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
        while self.left > 0 {
            let candidate = self.next_in_all_sets()?;
            self.next = candidate + 1;
            self.left -= 1;
            if self.matcher.holds(candidate) {
                return Some(candidate);
            }
        }
        None
    }
}
