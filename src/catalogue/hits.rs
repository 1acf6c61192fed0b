//! Searches for the graph: which records match and how many, by their sequences, without reading them.

use std::time::{Duration, Instant};

use super::filters::Records;
use super::search::search_error;
use super::{Catalogue, Error};
use crate::index::text::{Deadline, SequenceTest};
use crate::model::{Hit, Query, Summary};

/// Longest search.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hits asked of the index at once.
const PAGE: usize = 10_000;

/// All hits of a search.
#[derive(Debug, Clone, Default)]
pub struct Hits {
    pub hits: Vec<Hit>,
    pub matched: u64,
    pub aggregations: Vec<Summary>,
}

impl Catalogue {
    /// Every match, or the first `limit` of the query if that is not 0.
    ///
    /// # Errors
    /// As `search`; `BadParameter` when there are more than `most`.
    pub fn hits(&self, query: &Query, most: usize) -> Result<Hits, Error> {
        self.check_ready()?;
        let wanted = query.limit;
        let mut asked =
            Query { limit: PAGE.min(if wanted == 0 { PAGE } else { wanted }), count: true, ..query.clone() };
        self.check_properties(&asked)?;
        asked = self.resolved(&asked)?;
        let _place = self.gate.enter()?;
        let deadline = Deadline::at(Instant::now() + PATIENCE);
        let records = Records::of(self, &asked, &deadline)?;
        let exact = records.as_ref().map(|records| records as SequenceTest<'_>);
        let mut all = Hits::default();
        loop {
            let page = self.searcher_of(&asked.scope).search_within(&asked, exact, &deadline).map_err(search_error)?;
            if let Some(matched) = page.matched {
                all.matched = matched;
                all.aggregations = page.aggregations;
            }
            let expected = if wanted == 0 { usize::try_from(all.matched).unwrap_or(usize::MAX) } else { wanted };
            if expected > most {
                let reason =
                    format!("is needed: {} records match, and at most {most} are joined with the graph", all.matched);
                return Err(Error::parameter("limit", reason));
            }
            all.hits.extend(page.hits);
            asked.count = false;
            asked.aggregations.clear();
            asked.after = page.next;
            if asked.after.is_none() || all.hits.len() >= expected {
                all.hits.truncate(expected);
                break;
            }
            asked.limit = PAGE.min(expected - all.hits.len());
        }
        Ok(all)
    }

    /// How many match and what was counted of them, without any record.
    ///
    /// # Errors
    /// As `search`.
    pub fn counted(&self, query: &Query) -> Result<Hits, Error> {
        let results = self.search(Query { limit: 0, count: true, ..query.clone() }, None)?;
        let matched = results.matched.unwrap_or(0);
        Ok(Hits { hits: Vec::new(), matched, aggregations: results.aggregations })
    }
}
