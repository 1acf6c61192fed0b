//! Search: the text index finds, the records index locates, the archive gives the bytes.

use super::{Catalogue, Error, token};
use crate::index::text::{SearchError, SequenceTest};
use crate::model::{Entity, Query, Summary};
use crate::query::Shape;

/// Most hits on a page.
pub const MAX_LIMIT: usize = 10_000;
/// Longest free text, bytes.
pub const MAX_TEXT_BYTES: usize = 10_000;

/// A record found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The stored bytes of the record.
    pub record: Vec<u8>,
    pub sequence: u64,
    /// BM25 score when text was asked for.
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
        let mut sequence = self.archive.last_sequence();
        if let Some(page_token) = page_token {
            let position = token::read(self.secrets.token_key(), &query, page_token)?;
            query.after = Some(position.cursor);
            sequence = position.sequence;
        }
        let shape = query.region.as_ref().and_then(|region| region.geometry.as_deref()).map(Shape::parse);
        let shape = shape.transpose().map_err(|error| Error::parameter("intersects", error.to_string()))?;
        let body = query.region.as_ref().map(|region| region.body.clone()).unwrap_or_default();
        let intersects = shape.map(|shape| move |sequence: u64| self.intersects(&shape, &body, sequence));
        let exact = intersects.as_ref().map(|test| test as SequenceTest<'_>);
        let page = self.searcher.search(&query, exact).map_err(search_error)?;
        let found = page
            .hits
            .iter()
            .map(|hit| {
                let record = self.record_at(hit.sequence)?;
                Ok(Found { record, sequence: hit.sequence, score: hit.score })
            })
            .collect::<Result<_, Error>>()?;
        let next = page.next.map(|cursor| token::issue(self.secrets.token_key(), &query, &cursor, sequence));
        let next = next.transpose().map_err(Error::internal("signing a page token"))?;
        Ok(Results { found, matched: page.matched, aggregations: page.aggregations, next, sequence })
    }

    /// Whether a record's footprint on a body touches a shape. A record that cannot be read is a match: a failure is
    /// never an empty result, and fetching it will say what is wrong.
    fn intersects(&self, shape: &Shape, body: &str, sequence: u64) -> bool {
        let Ok(record) = self.record_at(sequence) else { return true };
        let Ok(entity) = Entity::view(&record) else { return true };
        entity.space.iter().filter(|space| space.body == body).any(|space| shape.intersects_footprint(space))
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

fn search_error(error: SearchError) -> Error {
    match error {
        SearchError::Unsupported { what } => Error::parameter("search", format!("{what} is not supported")),
        SearchError::UnknownProperty { path } => Error::parameter(path, "is a property that no record has"),
        SearchError::BadText { reason } => Error::parameter("q", reason),
        SearchError::BadCursor { .. } => Error::BadToken,
        other => Error::Internal { doing: "searching", source: Box::new(other) },
    }
}
