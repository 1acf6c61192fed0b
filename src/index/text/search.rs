//! Answers a question over one snapshot: the page, the exact count and aggregations in one pass, or only as much as the
//! page needs.

use crate::model::{Cursor, Page, Query};

use super::aggregate::{Aggregator, Over, Summing};
use super::deadline::Deadline;
use super::error::SearchError;
use super::matcher::Matcher;
use super::pass::{Found, Pass};
use super::plan::{Plan, SequenceTest};
use super::scoring;
use super::shelf::Shelf;
use super::snapshot::Snapshot;
use super::sort::SortPlan;
use super::synonyms::Synonyms;

/// Longest page. Whoever wants more takes the next one.
pub(super) const MAX_PAGE: usize = 10_000;

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
pub(super) struct Totals<'q> {
    pub wanted: bool,
    pub matched: u64,
    pub aggregator: Aggregator<'q>,
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
