//! How often the values of facets occur among the matches of a search, and how they lie in time: what is asked of the
//! catalogue for it, and what it answered by facet.

use std::collections::BTreeMap;

use crate::catalogue::{Catalogue, Error, Results};
use crate::model::{Aggregation, AggregationKind, Facet, PropertyName, Query, Summary, TimeWidth, Value};

/// A value and the number of records that have it.
pub struct Count {
    pub value: String,
    pub count: u64,
}

/// Counts by facet, most frequent first.
pub type Tally = BTreeMap<Facet, Vec<Count>>;

/// Name of the histogram among the summaries.
const TIMELINE: &str = "timeline";
/// Bars of the histogram, at most.
const BARS: usize = 60;

/// Answers a query with the counts of facets, each with the most values to list. Values of one facet are alternatives:
/// its own condition does not hold for its counts.
///
/// # Errors
/// Those of the search.
pub fn search(
    catalogue: &Catalogue,
    query: &Query,
    token: Option<&str>,
    wanted: &[(Facet, usize)],
) -> Result<(Results, Tally), Error> {
    let mut query = query.clone();
    query.aggregations.extend(
        wanted.iter().map(|(facet, limit)| {
            Aggregation::terms(facet.as_str(), PropertyName::Facet(*facet), *limit).ignoring_own()
        }),
    );
    let results = catalogue.search(query, token)?;
    let tally = wanted.iter().filter_map(|(facet, _)| {
        let summary = results.aggregations.iter().find(|summary| summary.name == facet.as_str())?;
        Some((*facet, summary.buckets.iter().filter_map(count).collect()))
    });
    let tally = tally.collect();
    Ok((results, tally))
}

fn count(bucket: &crate::model::Bucket) -> Option<Count> {
    match &bucket.value {
        Value::Text(value) => Some(Count { value: value.clone(), count: bucket.count }),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The histogram of the starts of observation, to be asked with a query.
pub fn timeline_wanted() -> Aggregation {
    let kind = AggregationKind::TimeHistogram(TimeWidth::Buckets(BARS));
    Aggregation { name: TIMELINE.to_owned(), field: PropertyName::Start, kind, ignores_own: false }
}

/// The histogram of an answer.
pub fn timeline(results: &Results) -> Option<&Summary> {
    results.aggregations.iter().find(|summary| summary.name == TIMELINE)
}
