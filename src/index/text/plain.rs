//! Documents that match without being looked at: those of a question that asks for a time at most. The index is sorted
//! by time, so they stand side by side, and only deleted ones and records of other kinds lie between them.

use std::ops::Range;

use tantivy::{DocId, DocSet, TERMINATED};

use crate::model::Kind;

use super::matcher::Reach;
use super::order::orders_between;
use super::plan::Plan;
use super::segment::Segment;
use super::snapshot::{View, kind_set};
use super::terms;

/// The part of a reach whose documents match if they live and are products; nothing when each must be looked at.
pub(super) fn certain(plan: &Plan<'_>, segment: &Segment, reach: &Reach) -> Option<Range<DocId>> {
    if !plan.asks_time_at_most() || plan.kinds != kind_set(&[Kind::Product]) || reach.long_spans_only {
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
///
/// # Errors
/// When the terms of the kinds cannot be read.
pub(super) fn runs(view: &View, documents: Range<DocId>) -> tantivy::Result<Vec<Range<DocId>>> {
    let segment = &*view.segment;
    let deleted = view.deleted();
    let first = deleted.partition_point(|document| *document < documents.start);
    let end = deleted.partition_point(|document| *document < documents.end);
    let mut left_out = deleted.get(first..end).unwrap_or_default().to_vec();
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Product) {
        let Some(mut postings) = segment.postings(&terms::kind(*kind))? else { continue };
        let mut document =
            if postings.doc() < documents.start { postings.seek(documents.start) } else { postings.doc() };
        while document < documents.end && document != TERMINATED {
            left_out.push(document);
            document = postings.advance();
        }
    }
    left_out.sort_unstable();
    left_out.dedup();
    let mut runs = Vec::with_capacity(left_out.len() + 1);
    let mut next = documents.start;
    for document in left_out {
        runs.push(next..document);
        next = document + 1;
    }
    runs.push(next..documents.end);
    runs.retain(|run| !run.is_empty());
    Ok(runs)
}
