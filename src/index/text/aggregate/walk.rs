//! Decides over which documents each aggregation of a question is counted: those of the page's own walk, those of another
//! walk without the conditions on its field, or none, where counts are known already.

use crate::model::{Aggregation, AggregationKind, PropertyName, Query, Summary};

use super::super::deadline::Deadline;
use super::super::dense::Dense;
use super::super::error::SearchError;
use super::super::matcher::{Matcher, Use};
use super::super::plain;
use super::super::plan::{Plan, SequenceTest};
use super::super::snapshot::Snapshot;
use super::super::synonyms::Synonyms;
use super::{Aggregator, check, lacks_width, with_width, without_own};

/// What decides on candidates last, and when to end.
#[derive(Clone, Copy)]
pub(in super::super) struct Over<'t> {
    pub synonyms: &'t Synonyms,
    pub exact: Option<SequenceTest<'t>>,
    pub deadline: &'t Deadline,
}

/// The aggregations of a question with the answers that there are so far.
pub(in super::super) struct Summing {
    aggregations: Vec<Aggregation>,
    answers: Vec<Option<Summary>>,
}

impl Summing {
    /// Answers all aggregations that need no walk over the matches of the question itself.
    ///
    /// # Errors
    /// `Unsupported` for aggregations that are not made; `Engine` when the index fails.
    pub(in super::super) fn new(
        snapshot: &Snapshot,
        query: &Query,
        plan: &Plan<'_>,
        over: Over<'_>,
    ) -> Result<Self, SearchError> {
        check(snapshot, query)?;
        let aggregations = with_widths(snapshot, query, over)?;
        let mut answers: Vec<Option<Summary>> = Vec::with_capacity(aggregations.len());
        for aggregation in &aggregations {
            answers.push(match without_own(query, aggregation) {
                Some(other) => summarise(snapshot, &other, &[aggregation], over)?.pop(),
                None => known(snapshot, plan, aggregation)?,
            });
        }
        Ok(Self { aggregations, answers })
    }

    /// What is left to count over the matches of the question.
    pub(in super::super) fn along(&self) -> Aggregator<'_> {
        let open = self.aggregations.iter().zip(&self.answers).filter(|(_, answer)| answer.is_none());
        Aggregator::new(open.map(|(aggregation, _)| aggregation).collect())
    }

    /// All answers, those that were counted along put in their places.
    pub(in super::super) fn finish(self, along: Vec<Summary>) -> Vec<Summary> {
        let mut along = along.into_iter();
        self.answers.into_iter().filter_map(|answer| answer.or_else(|| along.next())).collect()
    }
}

/// The aggregations of a question, widths chosen where that was left to us.
fn with_widths(snapshot: &Snapshot, query: &Query, over: Over<'_>) -> Result<Vec<Aggregation>, SearchError> {
    let mut aggregations = Vec::with_capacity(query.aggregations.len());
    for aggregation in &query.aggregations {
        if !lacks_width(aggregation) {
            aggregations.push(aggregation.clone());
            continue;
        }
        let other = without_own(query, aggregation);
        let extremes = summarise(snapshot, other.as_ref().unwrap_or(query), &[aggregation], over)?.pop();
        aggregations.push(with_width(aggregation, extremes.and_then(|extremes| extremes.statistics)));
    }
    Ok(aggregations)
}

/// Answers aggregations over all matches of a question.
fn summarise(
    snapshot: &Snapshot,
    query: &Query,
    wanted: &[&Aggregation],
    over: Over<'_>,
) -> Result<Vec<Summary>, SearchError> {
    let plan = Plan::new(query, snapshot, over.synonyms, over.exact)?.until(over.deadline);
    if let [aggregation] = wanted
        && let Some(summary) = known(snapshot, &plan, aggregation)?
    {
        return Ok(vec![summary]);
    }
    let mut aggregator = Aggregator::new(wanted.to_vec());
    for (view, reader) in snapshot.views.iter().zip(snapshot.searcher.segment_readers()) {
        let Some(matcher) = Matcher::new(&plan, view)? else { continue };
        let mut counting = aggregator.open(&view.segment)?;
        for reach in &matcher.reach {
            let mut rest = reach.clone();
            if let Some(certain) = plain::certain(&plan, &view.segment, reach) {
                rest.documents.start = certain.end;
                plain::runs(view, certain).into_iter().try_for_each(|run| counting.add_run(run))?;
            }
            if let Some(dense) = Dense::new((&matcher, &plan), (view, reader), (&rest, Use::All))? {
                dense.matches(|start, mask| counting.add_marked(start, mask))?;
                continue;
            }
            for document in matcher.walk(&plan, reader, rest.documents, rest.long_spans_only)? {
                counting.add(document)?;
            }
        }
        aggregator.close(counting)?;
    }
    aggregator.finish()
}

/// The answer, if it is known without a walk: values of a facet over all records of some kinds.
fn known(snapshot: &Snapshot, plan: &Plan<'_>, aggregation: &Aggregation) -> Result<Option<Summary>, SearchError> {
    let (AggregationKind::Terms { limit }, PropertyName::Facet(facet)) = (&aggregation.kind, &aggregation.field) else {
        return Ok(None);
    };
    if !plan.is_unfiltered() {
        return Ok(None);
    }
    let counted = snapshot.facet(*facet, plan.kinds)?;
    let other = counted.buckets.iter().skip(*limit).map(|bucket| bucket.count).sum();
    let buckets = counted.buckets.iter().take(*limit).cloned().collect();
    Ok(Some(Summary { buckets, other, missing: counted.missing, ..Summary::empty(&aggregation.name) }))
}
