//! One walk through a segment: the page's candidates in the order of the question, with as few looks at documents as that
//! order allows. What the segments' candidates make together is decided in `search`.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use tantivy::{DocId, SegmentReader};

use crate::model::{Cursor, Hit, Query, SortKey, SortValue};

use super::error::SearchError;
use super::matcher::Matcher;
use super::order::{order_of, orders_between};
use super::plan::Plan;
use super::search::Totals;
use super::segment::Segment;
use super::snapshot::View;
use super::sort::{Part, Parts, SegmentSort, SortPlan};
use super::sorted::Sorted;
use super::walk::Walk;

/// First window of a walk from the oldest record backwards; each following one is twice as wide.
const FIRST_WINDOW: DocId = 1024;
/// Matches between two looks whether what follows can be on the page.
const MATCHES_PER_LOOK: u32 = if cfg!(test) { 2 } else { 16 };

/// An order in which a segment is walked.
enum Order {
    Any,
    NewestFirst,
    OldestFirst,
    /// No document scores more than this.
    BestFirst {
        most: f32,
    },
    Sorted(Arc<Sorted>),
}

/// A candidate for the page within one segment; smaller ones come first.
#[derive(Debug)]
pub(super) struct Row {
    parts: Parts,
    tie: u64,
    document: DocId,
    score: f32,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Row {}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Row {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.parts, self.tie, self.document).cmp(&(&other.parts, other.tie, other.document))
    }
}

/// A candidate for the page among all segments.
pub(super) struct Found {
    pub values: Vec<SortValue>,
    pub tie: u64,
    pub hit: Hit,
}

/// One walk through a segment.
pub(super) struct Pass<'p> {
    query: &'p Query,
    pub plan: &'p Plan<'p>,
    pub sort: &'p SortPlan,
    pub matcher: &'p Matcher<'p>,
    pub view: &'p View,
    pub reader: &'p SegmentReader,
    pub columns: SegmentSort<'p>,
    pub after: Option<(Parts, u64)>,
    /// The best candidates so far, the worst of them on top.
    pub best: BinaryHeap<Row>,
    /// One more than the page holds, to know whether it is the last.
    pub wanted: usize,
    /// Lower scores cannot be on the page any more.
    least_score: f32,
}

impl<'p> Pass<'p> {
    pub(super) fn new(
        query: &'p Query,
        plan: &'p Plan<'p>,
        sort: &'p SortPlan,
        matcher: &'p Matcher<'p>,
        view: &'p View,
        reader: &'p SegmentReader,
    ) -> Result<Self, SearchError> {
        let columns = SegmentSort::new(sort, &view.segment)?;
        let after = match &query.after {
            Some(cursor) => Some((columns.cursor_parts(cursor)?, cursor.tie)),
            None => None,
        };
        let wanted = if query.limit == 0 { 0 } else { query.limit + 1 };
        Ok(Self {
            query,
            plan,
            sort,
            matcher,
            view,
            reader,
            columns,
            after,
            best: BinaryHeap::new(),
            wanted,
            least_score: 0.0,
        })
    }

    pub(super) fn run(&mut self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let order = self.order()?;
        if totals.wanted && (self.wanted == 0 || !matches!(order, Order::Any)) {
            // The page ends early; only counting goes through to the end.
            self.count_alone(totals)?;
        }
        match order {
            _ if self.wanted == 0 => Ok(()),
            Order::Any if totals.wanted => self.count_all(totals),
            Order::Any => self.all(),
            Order::NewestFirst => self.newest_first(),
            Order::OldestFirst => self.oldest_first(),
            Order::BestFirst { most } => self.best_first(most),
            Order::Sorted(sorted) => self.in_order(&sorted),
        }
    }

    /// An order in which the page's documents can be found before all others.
    fn order(&self) -> Result<Order, SearchError> {
        match self.sort.by_time_first() {
            Some(true) => return Ok(Order::NewestFirst),
            Some(false) => return Ok(Order::OldestFirst),
            None => {}
        }
        if self.wanted == 0 {
            return Ok(Order::Any);
        }
        let is_by_score = matches!(self.sort.keys.first(), Some(SortKey::Relevance));
        if let Some(text) = self.plan.text.as_ref().filter(|_| is_by_score && self.plan.wants_products_alone()) {
            let bound = text.bound(&self.view.segment)?;
            return Ok(bound.map_or(Order::Any, |most| Order::BestFirst { most }));
        }
        Ok(self.sorted()?.map_or(Order::Any, Order::Sorted))
    }

    pub(super) fn all(&mut self) -> Result<(), SearchError> {
        for (documents, long_spans_only) in self.ranges() {
            let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
            while let Some(document) = walk.next() {
                self.offer(document, || walk.score(document));
            }
        }
        Ok(())
    }

    /// By relevance, newest first, until no document that follows can score enough: recency falls along the index.
    fn best_first(&mut self, most: f32) -> Result<(), SearchError> {
        for (documents, long_spans_only) in self.ranges() {
            let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
            let mut seen = 0_u32;
            while let Some(document) = walk.next() {
                seen += 1;
                let full = self.best.len() >= self.wanted && seen.is_multiple_of(MATCHES_PER_LOOK);
                if full && self.worst().is_some_and(|worst| self.columns.first_part(document, most) > worst) {
                    return Ok(());
                }
                self.offer(document, || walk.score(document));
            }
        }
        Ok(())
    }

    /// In the order of the index, until nothing that follows can be on the page.
    fn newest_first(&mut self) -> Result<(), SearchError> {
        let first = self.query.after.as_ref().map_or(0, |after| self.first_after(after));
        for (documents, long_spans_only) in self.ranges() {
            let mut documents = documents.start.max(first)..documents.end;
            if let Some(mut glance) = self.matcher.glance(self.plan, self.reader, documents.clone(), long_spans_only)? {
                if self.until_full(&mut glance) {
                    break;
                }
                if glance.is_through() {
                    continue;
                }
                documents.start = glance.next;
            }
            if self.walk_until_full(documents, long_spans_only)? {
                break;
            }
        }
        Ok(())
    }

    /// Windows from the oldest record backwards, then the records without a start in the order of the index.
    fn oldest_first(&mut self) -> Result<(), SearchError> {
        let segment = &*self.view.segment;
        let timed_end = segment.first_at_or_below(orders_between(None, None).start - 1);
        let end = match self.query.after.as_ref().and_then(|after| after.values.first()) {
            Some(SortValue::Integer(start)) => segment.first_at_or_below(orders_between(Some(*start), None).start - 1),
            Some(SortValue::Missing) => 0,
            _ => timed_end,
        };
        for (documents, long_spans_only) in self.ranges().into_iter().rev() {
            let timed = documents.start..documents.end.min(end).max(documents.start);
            if self.walk_backwards(timed, long_spans_only)? {
                return Ok(());
            }
        }
        for (documents, long_spans_only) in self.ranges() {
            let untimed = documents.start.max(timed_end)..documents.end;
            if self.best.len() < self.wanted && !untimed.is_empty() && self.walk_until_full(untimed, long_spans_only)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn walk_backwards(&mut self, documents: Range<DocId>, long_spans_only: bool) -> Result<bool, SearchError> {
        let (mut end, mut width) = (documents.end, FIRST_WINDOW);
        while end > documents.start {
            if self.is_beyond(end - 1) {
                return Ok(true);
            }
            let start = end.saturating_sub(width).max(documents.start);
            let mut walk = self.matcher.walk(self.plan, self.reader, start..end, long_spans_only)?;
            while let Some(document) = walk.next() {
                self.offer(document, || walk.score(document));
            }
            (end, width) = (start, width.saturating_mul(2));
        }
        Ok(false)
    }

    /// True when the page is full and nothing that follows in the index can be on it.
    fn walk_until_full(&mut self, documents: Range<DocId>, long_spans_only: bool) -> Result<bool, SearchError> {
        let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
        Ok(self.until_full(&mut walk))
    }

    fn until_full(&mut self, walk: &mut Walk<'_>) -> bool {
        while let Some(document) = walk.next() {
            if self.is_beyond(document) {
                return true;
            }
            self.offer(document, || walk.score(document));
        }
        false
    }

    /// Whether the page is full of documents that come before this one by time alone.
    fn is_beyond(&self, document: DocId) -> bool {
        self.best.len() >= self.wanted
            && self.worst().is_some_and(|worst| self.columns.first_part(document, 0.0) > worst)
    }

    /// Place by the first key of the worst candidate.
    pub(super) fn worst(&self) -> Option<Part> {
        self.best.peek().and_then(|worst| worst.parts.first().copied())
    }

    pub(super) fn offer(&mut self, document: DocId, score: impl Fn() -> f32) {
        if self.wanted == 0 {
            return;
        }
        let needs_score = self.sort.needs_score();
        let mut scored = if needs_score { score() } else { 0.0 };
        if scored < self.least_score {
            return;
        }
        let parts = self.columns.parts(document, scored);
        let full = self.best.len() >= self.wanted;
        if full && self.best.peek().is_some_and(|worst| parts > worst.parts) {
            return;
        }
        let tie = self.view.segment.tie.values.get_val(document);
        if self.after.is_some_and(|after| (parts, tie) <= after) {
            return;
        }
        if self.plan.text.is_some() && !needs_score {
            scored = score();
        }
        self.best.push(Row { parts, tie, document, score: scored });
        if self.best.len() > self.wanted {
            self.best.pop();
        }
        if needs_score && self.best.len() >= self.wanted {
            self.least_score = self.worst().map_or(0.0, |worst| self.sort.least_score(worst));
        }
    }

    pub(super) fn ranges(&self) -> Vec<(Range<DocId>, bool)> {
        self.matcher.reach.iter().map(|reach| (reach.documents.clone(), reach.long_spans_only)).collect()
    }

    /// The first document that can follow a cursor, newest first.
    fn first_after(&self, after: &Cursor) -> DocId {
        let segment: &Segment = &self.view.segment;
        let alone = self.sort.keys.len() == 1;
        let order = match after.values.first() {
            Some(SortValue::Integer(start)) if alone => order_of(Some(*start), after.tie),
            Some(SortValue::Integer(start)) => orders_between(None, Some(*start)).end - 1,
            Some(SortValue::Missing) if alone => order_of(None, after.tie),
            Some(SortValue::Missing) => orders_between(None, None).start - 1,
            _ => return 0,
        };
        segment.first_at_or_below(order)
    }

    pub(super) fn into_found(self) -> Result<Vec<Found>, SearchError> {
        let segment = &*self.view.segment;
        let scored = self.plan.text.is_some();
        let to_found = |row: Row| {
            let sequence = segment.sequence.values.get_val(row.document);
            let hit = Hit { sequence, score: scored.then_some(row.score) };
            Ok(Found { values: self.columns.values(row.document, row.score)?, tie: row.tie, hit })
        };
        self.best.into_iter().map(to_found).collect()
    }
}
