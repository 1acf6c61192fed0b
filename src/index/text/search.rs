//! Answers a question over one snapshot: the page, the exact count and aggregations in one pass, or only as much as the
//! page needs.

use std::collections::BinaryHeap;
use std::ops::Range;

use tantivy::{DocId, SegmentReader};

use crate::model::{Cursor, Hit, Page, Query, SortValue};

use super::aggregate::{Aggregator, Over, Summing};
use super::deadline::Deadline;
use super::error::SearchError;
use super::matcher::{Matcher, Walk};
use super::order::{order_of, orders_between};
use super::plain;
use super::plan::{Plan, SequenceTest};
use super::scoring;
use super::segment::Segment;
use super::shelf::Shelf;
use super::snapshot::{Snapshot, View};
use super::sort::{Parts, SegmentSort, SortPlan};
use super::synonyms::Synonyms;

/// Longest page. Whoever wants more takes the next one.
pub(super) const MAX_PAGE: usize = 10_000;

/// First window of a walk from the oldest record backwards; each following one is twice as wide.
const FIRST_WINDOW: DocId = 1024;

/// Answers a question.
pub(super) fn search(
    snapshot: &Snapshot,
    synonyms: &Synonyms,
    query: &Query,
    exact: Option<SequenceTest<'_>>,
    deadline: &Deadline,
) -> Result<Page, SearchError> {
    if query.limit > MAX_PAGE {
        return Err(SearchError::Unsupported { what: format!("pages of more than {MAX_PAGE} hits") });
    }
    let sort = SortPlan::new(query)?;
    let plan = Plan::new(query, snapshot, synonyms, exact)?.until(deadline);
    let summing = Summing::new(snapshot, query, &plan, Over { synonyms, exact, deadline })?;
    let aggregator = summing.along();
    let known = plan.is_unfiltered();
    let counts = !aggregator.is_empty() || (query.count && !known);
    let mut totals = Totals { wanted: counts, matched: 0, aggregator };
    let mut found = Vec::new();
    for (view, reader) in snapshot.views.iter().zip(snapshot.searcher.segment_readers()) {
        let Some(matcher) = Matcher::new(&plan, view)? else { continue };
        let mut pass = Pass::new(query, &plan, &sort, &matcher, view, reader)?;
        pass.run(&mut totals)?;
        found.extend(pass.into_found()?);
    }
    // What was found by then is a part, and a part is no answer.
    if deadline.has_passed() {
        return Err(SearchError::TooLong);
    }
    let mut page = page(query, &sort, found);
    if let Some(text) = query.wanted_text().filter(|_| page.next.is_none() && query.after.is_none()) {
        page.did_you_mean = scoring::did_you_mean(snapshot, &Shelf::holding(plan.kinds), &text.text)?;
    }
    if query.count {
        page.matched = Some(if known { snapshot.count(plan.kinds) } else { totals.matched });
    }
    let along = totals.aggregator.finish()?;
    page.aggregations = summing.finish(along);
    Ok(page)
}

/// Counts over all matches.
struct Totals<'q> {
    wanted: bool,
    matched: u64,
    aggregator: Aggregator<'q>,
}

/// A candidate for the page within one segment; smaller ones come first.
#[derive(Debug)]
struct Row {
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
struct Found {
    values: Vec<SortValue>,
    tie: u64,
    hit: Hit,
}

/// One walk through a segment.
struct Pass<'p> {
    query: &'p Query,
    plan: &'p Plan<'p>,
    sort: &'p SortPlan,
    matcher: &'p Matcher<'p>,
    view: &'p View,
    reader: &'p SegmentReader,
    columns: SegmentSort<'p>,
    after: Option<(Parts, u64)>,
    /// The best candidates so far, the worst of them on top.
    best: BinaryHeap<Row>,
    /// One more than the page holds, to know whether it is the last.
    wanted: usize,
}

impl<'p> Pass<'p> {
    fn new(
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
        Ok(Self { query, plan, sort, matcher, view, reader, columns, after, best: BinaryHeap::new(), wanted })
    }

    fn run(&mut self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let by_time = self.sort.by_time_first();
        if totals.wanted && (by_time.is_some() || self.wanted == 0) {
            // The page ends early; only counting goes through to the end.
            self.count_alone(totals)?;
        }
        match by_time {
            _ if self.wanted == 0 => Ok(()),
            None if totals.wanted => self.count_all(totals),
            Some(true) => self.newest_first(),
            Some(false) => self.oldest_first(),
            None => self.all(),
        }
    }

    /// Counts every match without a look at its place in the order.
    fn count_alone(&self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let segment = &*self.view.segment;
        let mut counting = totals.aggregator.open(segment)?;
        for reach in &self.matcher.reach {
            let mut documents = reach.documents.clone();
            if let Some(certain) = plain::certain(self.plan, segment, reach) {
                documents.start = certain.end;
                for run in plain::runs(self.view, certain)? {
                    totals.matched += run.len() as u64;
                    counting.add_run(run)?;
                }
            }
            for document in self.matcher.walk(self.plan, self.reader, documents, reach.long_spans_only)? {
                totals.matched += 1;
                counting.add(document)?;
            }
        }
        totals.aggregator.close(counting)
    }

    /// Visits every match, for the page, counts and aggregations.
    fn count_all(&mut self, totals: &mut Totals<'_>) -> Result<(), SearchError> {
        let mut counting = totals.aggregator.open(&self.view.segment)?;
        for (documents, long_spans_only) in self.ranges() {
            let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
            while let Some(document) = walk.next() {
                totals.matched += 1;
                counting.add(document)?;
                self.offer(document, &mut walk);
            }
        }
        totals.aggregator.close(counting)
    }

    fn all(&mut self) -> Result<(), SearchError> {
        for (documents, long_spans_only) in self.ranges() {
            let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
            while let Some(document) = walk.next() {
                self.offer(document, &mut walk);
            }
        }
        Ok(())
    }

    /// In the order of the index, until nothing that follows can be on the page.
    fn newest_first(&mut self) -> Result<(), SearchError> {
        let first = self.query.after.as_ref().map_or(0, |after| self.first_after(after));
        for (documents, long_spans_only) in self.ranges() {
            let documents = documents.start.max(first)..documents.end;
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
                self.offer(document, &mut walk);
            }
            (end, width) = (start, width.saturating_mul(2));
        }
        Ok(false)
    }

    /// True when the page is full and nothing that follows in the index can be on it.
    fn walk_until_full(&mut self, documents: Range<DocId>, long_spans_only: bool) -> Result<bool, SearchError> {
        let mut walk = self.matcher.walk(self.plan, self.reader, documents, long_spans_only)?;
        while let Some(document) = walk.next() {
            if self.is_beyond(document) {
                return Ok(true);
            }
            self.offer(document, &mut walk);
        }
        Ok(false)
    }

    /// Whether the page is full of documents that come before this one by time alone.
    fn is_beyond(&self, document: DocId) -> bool {
        let full = self.best.len() >= self.wanted;
        full && self.best.peek().is_some_and(|worst| self.columns.time_part(document) > worst.parts[0])
    }

    fn offer(&mut self, document: DocId, walk: &mut Walk<'_>) {
        if self.wanted == 0 {
            return;
        }
        let mut score = if self.sort.needs_score() { walk.score(document) } else { 0.0 };
        let parts = self.columns.parts(document, score);
        let full = self.best.len() >= self.wanted;
        if full && self.best.peek().is_some_and(|worst| parts > worst.parts) {
            return;
        }
        let tie = self.view.segment.tie.values.get_val(document);
        if self.after.is_some_and(|after| (parts, tie) <= after) {
            return;
        }
        if self.plan.text.is_some() && !self.sort.needs_score() {
            score = walk.score(document);
        }
        self.best.push(Row { parts, tie, document, score });
        if self.best.len() > self.wanted {
            self.best.pop();
        }
    }

    fn ranges(&self) -> Vec<(Range<DocId>, bool)> {
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

    fn into_found(self) -> Result<Vec<Found>, SearchError> {
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

/// The best of all segments' candidates.
fn page(query: &Query, sort: &SortPlan, mut found: Vec<Found>) -> Page {
    found.sort_unstable_by(|one, other| sort.compare((&one.values, one.tie), (&other.values, other.tie)));
    let has_more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = match found.last() {
        Some(last) if has_more => Some(Cursor { values: last.values.clone(), tie: last.tie }),
        _ => None,
    };
    let hits = found.into_iter().map(|found| found.hit).collect();
    Page { hits, next, ..Page::default() }
}
