//! Search: the text index finds, the records index locates, the archive gives the bytes.

use std::time::{Duration, Instant};

use super::filters::Records;
use super::{Catalogue, Error, token};
use crate::index::text::{Deadline, SearchError, SequenceTest, TextSearcher};
use crate::model::{Hit, Query, Searched, Suggestion, Summary};

/// Longest search: everything that is asked of a million records takes milliseconds, and shapes that every record must be
/// read for some seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most hits on a page.
pub const MAX_LIMIT: usize = 10_000;
/// Most bytes of the records of a page, unless its first record alone has more. A page that would be larger is shorter
/// than asked for, and has a successor.
pub const MAX_PAGE_BYTES: usize = 64 << 20;
/// Longest free text, bytes.
pub const MAX_TEXT_BYTES: usize = 10_000;

/// A record found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The stored bytes of the record.
    pub record: Vec<u8>,
    pub sequence: u64,
    /// Relevance when text was asked for.
    pub score: Option<f32>,
}

/// A page of records.
#[derive(Debug, Clone)]
pub struct Results {
    pub found: Vec<Found>,
    /// Exact number of matches, when asked for.
    pub matched: Option<u64>,
    /// One for each aggregation asked for, in that order.
    pub aggregations: Vec<Summary>,
    /// The text with words of the index in place of those that it does not have.
    pub did_you_mean: Option<String>,
    /// Token of the next page, when there is one.
    pub next: Option<String>,
    /// Sequence that page one saw.
    pub sequence: u64,
}

impl Catalogue {
    /// Answers a query; `page_token` is the `next` of the page before.
    ///
    /// # Errors
    /// `BadParameter` for what cannot be answered, `BadToken`, `Unavailable` while starting.
    pub fn search(&self, mut query: Query, page_token: Option<&str>) -> Result<Results, Error> {
        self.check_ready()?;
        check(&query)?;
        self.check_properties(&query)?;
        let mut sequence = self.archive.last_sequence();
        if let Some(page_token) = page_token {
            let position = token::read(self.secrets.token_key(), &query, page_token)?;
            query.after = Some(position.cursor);
            sequence = position.sequence;
        }
        let resolved = self.resolved(&query)?;
        let _place = self.gate.enter()?;
        let deadline = Deadline::at(Instant::now() + PATIENCE);
        let records = Records::of(self, &resolved, &deadline)?;
        let exact = records.as_ref().map(|records| records as SequenceTest<'_>);
        let searcher = self.searcher_of(&query.scope);
        let mut page = searcher.search_within(&resolved, exact, &deadline).map_err(search_error)?;
        let mut found = self.found(&page.hits)?;
        // What came too much is left to the next page, whose place the index knows when it is asked for a shorter one.
        while found.len() < page.hits.len() {
            let shorter = Query { limit: found.len(), count: false, aggregations: Vec::new(), ..resolved.clone() };
            let cut = searcher.search_within(&shorter, exact, &deadline).map_err(search_error)?;
            found = self.found(&cut.hits)?;
            (page.hits, page.next) = (cut.hits, cut.next);
        }
        let next = page.next.map(|cursor| token::issue(self.secrets.token_key(), &query, &cursor, sequence));
        let next = next.transpose().map_err(Error::internal("signing a page token"))?;
        let (aggregations, did_you_mean) = (page.aggregations, page.did_you_mean);
        Ok(Results { found, matched: page.matched, aggregations, did_you_mean, next, sequence })
    }

    /// The index of what a question searches.
    pub(super) const fn searcher_of(&self, scope: &Searched) -> &TextSearcher {
        match scope {
            Searched::Local => &self.searcher,
            Searched::Harvested(_) => &self.copies,
        }
    }

    /// The records of hits, as many as fit a page: one at least.
    fn found(&self, hits: &[Hit]) -> Result<Vec<Found>, Error> {
        let mut found = Vec::with_capacity(hits.len());
        let mut bytes = 0;
        for hit in hits {
            let record = self.record_at(hit.sequence)?;
            bytes += record.len();
            if bytes > self.settings.page_bytes && !found.is_empty() {
                break;
            }
            found.push(Found { record, sequence: hit.sequence, score: hit.score });
        }
        Ok(found)
    }

    /// The likeliest ways to go on from what was typed, at most so many.
    ///
    /// # Errors
    /// `Unavailable` while starting; `Internal` when the index fails.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, Error> {
        self.check_ready()?;
        if typed.len() > MAX_TEXT_BYTES {
            return Err(Error::parameter("q", format!("is longer than {MAX_TEXT_BYTES} bytes")));
        }
        self.searcher.suggest(typed, limit).map_err(search_error)
    }
}

fn check(query: &Query) -> Result<(), Error> {
    // A page of none is what those want who ask for counts alone.
    let least = usize::from(!query.count && query.aggregations.is_empty());
    if !(least..=MAX_LIMIT).contains(&query.limit) {
        return Err(Error::parameter("limit", format!("must be {least} to {MAX_LIMIT}")));
    }
    if query.text.as_ref().is_some_and(|text| text.text.len() > MAX_TEXT_BYTES) {
        return Err(Error::parameter("q", format!("is longer than {MAX_TEXT_BYTES} bytes")));
    }
    let reversed = query.time.is_some_and(|time| matches!((time.start, time.stop), (Some(a), Some(b)) if a > b));
    if reversed {
        return Err(Error::parameter("datetime", "ends before it starts"));
    }
    Ok(())
}

pub(super) fn search_error(error: SearchError) -> Error {
    match error {
        SearchError::Unsupported { what } => Error::parameter("search", format!("{what} is not supported")),
        SearchError::UnknownProperty { path } => Error::parameter(path, "is a property that no record has"),
        SearchError::TooLong => Error::TooExpensive { seconds: PATIENCE.as_secs() },
        SearchError::BadText { reason } => Error::parameter("q", reason),
        SearchError::BadCursor { .. } => Error::BadToken,
        other => Error::Internal { doing: "searching", source: Box::new(other) },
    }
}
