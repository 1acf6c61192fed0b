//! Documents that match without being looked at: those of a question that asks for a time at most. The index is sorted
//! by time, so they stand side by side, and only deleted ones and records of other kinds lie between them.

use std::ops::Range;

use tantivy::DocId;

use super::matcher::Reach;
use super::order::orders_between;
use super::plan::Plan;
use super::segment::Segment;
use super::snapshot::View;

/// The part of a reach whose documents match if they live and are products; nothing when each must be looked at.
pub(super) fn certain(plan: &Plan<'_>, segment: &Segment, reach: &Reach) -> Option<Range<DocId>> {
    if !plan.asks_time_at_most() || !plan.wants_products_alone() || reach.long_spans_only {
        return None;
    }
    // Those that start within the window; what started before it may have ended before it too.
    let end = match plan.time.and_then(|window| window.start) {
        Some(start) => segment.first_at_or_below(orders_between(Some(start), None).start - 1),
        None => reach.documents.end,
    };
    let end = end.clamp(reach.documents.start, reach.documents.end);
    Some(reach.documents.start..end)
}

/// A range without deleted documents and records of other kinds than products, in runs.
pub(super) fn runs(view: &View, documents: Range<DocId>) -> Vec<Range<DocId>> {
    let left_out = left_out(view, &documents);
    let mut runs = Vec::with_capacity(left_out.len() + 1);
    let mut next = documents.start;
    for document in left_out {
        runs.push(next..document);
        next = document + 1;
    }
    runs.push(next..documents.end);
    runs.retain(|run| !run.is_empty());
    runs
}

/// The documents of a range that are deleted or no products, in order, each once.
pub(super) fn left_out(view: &View, documents: &Range<DocId>) -> Vec<DocId> {
    let mut left_out = within(view.deleted(), documents).to_vec();
    left_out.extend_from_slice(within(view.segment.no_products(), documents));
    left_out.sort_unstable();
    left_out.dedup();
    left_out
}

fn within<'d>(sorted: &'d [DocId], documents: &Range<DocId>) -> &'d [DocId] {
    let first = sorted.partition_point(|document| *document < documents.start);
    let end = sorted.partition_point(|document| *document < documents.end);
    sorted.get(first..end).unwrap_or_default()
}
