//! A question in the terms of the index, the same for all segments: which exact terms, which words, which tests.

use crate::model::{Facet, Filter, Kind, Query, Region, SpatialRelation, TimeRange};
use crate::query::Shape;
use crate::query::evaluate::Truth;

use super::deadline::Deadline;
use super::error::SearchError;
use super::filter::{self, Walkable};
use super::scoring::{self, TextPlan};
use super::shelf::Shelf;
use super::snapshot::{KindSet, Snapshot, kind_set};
use super::synonyms::Synonyms;
use super::terms::TermBytes;
use super::{cells, order, terms};

/// Decides on a record by its sequence; for exact tests that need the record itself.
pub type SequenceTest<'t> = &'t dyn RecordTest;

/// What only a look at the record can tell.
pub trait RecordTest {
    /// Whether the record lies in the region asked for. Asked only where boxes leave that open.
    fn in_region(&self, sequence: u64) -> bool;

    /// What a part of the query's filter says of the record.
    fn truth(&self, sequence: u64, filter: &Filter) -> Truth;

    /// Whether a footprint of the record on a body stands in a relation to a shape, or the shape to it when `swapped`.
    fn relates(&self, sequence: u64, body: &str, relation: SpatialRelation, shape: &Shape, swapped: bool) -> Truth;
}

/// A test of the region alone.
impl<F: Fn(u64) -> bool> RecordTest for F {
    fn in_region(&self, sequence: u64) -> bool {
        self(sequence)
    }

    fn truth(&self, _: u64, _: &Filter) -> Truth {
        None
    }

    fn relates(&self, _: u64, _: &str, _: SpatialRelation, _: &Shape, _: bool) -> Truth {
        None
    }
}

/// What a matching document must have.
pub(super) struct Plan<'q> {
    pub kinds: KindSet,
    /// Of each group at least one term.
    pub any_of: Vec<Vec<TermBytes>>,
    /// The group of the region's cells; what has one of them is still tested.
    pub cells: Option<Vec<TermBytes>>,
    /// The same with fewer and larger cells.
    pub few_cells: Option<Vec<TermBytes>>,
    pub text: Option<TextPlan>,
    pub time: Option<TimeWindow>,
    pub region: Option<&'q Region>,
    /// All required.
    pub filters: &'q [Filter],
    /// Ranges of columns that every match is in.
    pub walkable: Vec<Walkable>,
    /// Asked about the region last of all, and about parts of the filter.
    pub exact: Option<SequenceTest<'q>>,
    /// When walks end, finished or not.
    pub deadline: Option<&'q Deadline>,
}

/// A time range asked for, microseconds since 1970; open where `None`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeWindow {
    pub start: Option<i64>,
    pub stop: Option<i64>,
}

impl<'q> Plan<'q> {
    pub(super) fn new(
        query: &'q Query,
        snapshot: &Snapshot,
        synonyms: &Synonyms,
        exact: Option<SequenceTest<'q>>,
    ) -> Result<Self, SearchError> {
        let mut plan = Self {
            kinds: kind_set(query.wanted_kinds()),
            any_of: Vec::new(),
            cells: None,
            few_cells: None,
            text: None,
            time: query.time.and_then(time_window),
            region: query.region.as_ref(),
            filters: &query.filters,
            walkable: Vec::new(),
            exact,
            deadline: None,
        };
        plan.exact_terms(query, snapshot)?;
        plan.region_terms(query)?;
        for filter in &query.filters {
            plan.filter(filter, query, snapshot)?;
        }
        if let Some(text) = query.wanted_text() {
            plan.text = Some(scoring::plan(snapshot, synonyms, &Shelf::holding(plan.kinds), text)?);
        }
        Ok(plan)
    }

    /// The same, to be answered by a time.
    pub(super) fn until(self, deadline: &'q Deadline) -> Self {
        Self { deadline: Some(deadline), ..self }
    }

    /// Whether only kinds are asked for, so that counts are known without a search.
    pub(super) fn is_unfiltered(&self) -> bool {
        self.time.is_none() && self.asks_time_at_most()
    }

    /// Whether nothing is asked for but kinds and a time.
    pub(super) fn asks_time_at_most(&self) -> bool {
        self.any_of.iter().all(|group| self.is_kind_group(group))
            && self.text.is_none()
            && self.region.is_none()
            && self.filters.is_empty()
            && self.exact.is_none()
    }

    /// Whether products are asked for and no other kind.
    pub(super) fn wants_products_alone(&self) -> bool {
        self.kinds == kind_set(&[Kind::Product])
    }

    fn is_kind_group(&self, group: &[TermBytes]) -> bool {
        group.iter().all(|term| term.first() == Some(&b'k'))
    }

    fn exact_terms(&mut self, query: &Query, snapshot: &Snapshot) -> Result<(), SearchError> {
        let kinds = query.wanted_kinds();
        // Nearly everything is a product: those are told by the column, the rare kinds by their terms.
        if !kinds.contains(&Kind::Product) {
            self.any_of.push(kinds.iter().map(|kind| terms::kind(*kind)).collect());
        }
        if !query.ids.is_empty() {
            self.any_of.push(records_of(&query.ids, query, snapshot)?);
        }
        for (facet, values) in &query.facets {
            if !values.is_empty() {
                self.any_of.push(values.iter().map(|value| terms::facet(*facet, value)).collect());
            }
        }
        Ok(())
    }

    fn region_terms(&mut self, query: &'q Query) -> Result<(), SearchError> {
        let Some(region) = &query.region else { return Ok(()) };
        if !region.is_plain_box() && self.exact.is_none() {
            return Err(SearchError::Unsupported { what: "a geometry without a test for it".to_owned() });
        }
        let terms = |most| cells::region_terms(&region.body, &region.bbox, most).into_iter().collect();
        self.cells = Some(terms(cells::MANY));
        self.few_cells = Some(terms(cells::FEW));
        Ok(())
    }

    /// What a filter says that can be looked up.
    fn filter(&mut self, filter: &Filter, query: &Query, snapshot: &Snapshot) -> Result<(), SearchError> {
        let mut names = Vec::new();
        filter.properties(&mut |name| names.push(name));
        names.into_iter().try_for_each(filter::check_path)?;
        let found = filter::necessary(filter);
        self.any_of.extend(found.any_of);
        for ids in &found.ids {
            self.any_of.push(records_of(ids, query, snapshot)?);
        }
        self.walkable.extend(found.walkable);
        if found.ends_from.is_some() || found.starts_to.is_some() {
            let known = self.time.unwrap_or(TimeWindow { start: None, stop: None });
            let start = known.start.into_iter().chain(found.ends_from).max();
            let stop = known.stop.into_iter().chain(found.starts_to).min();
            self.time = Some(TimeWindow { start, stop });
        }
        Ok(())
    }
}

/// Terms of the records that the wanted identifiers can mean: one for each collection, since identifiers are unique
/// within theirs only.
fn records_of(ids: &[String], query: &Query, snapshot: &Snapshot) -> Result<Vec<TermBytes>, SearchError> {
    let named = query.facets.get(&Facet::Collection).filter(|named| !named.is_empty());
    let collections = match named {
        Some(named) => named,
        None => snapshot.collections()?,
    };
    let mut records = Vec::new();
    for kind in query.wanted_kinds() {
        let scopes: Vec<&str> = match kind {
            Kind::Product => collections.iter().map(String::as_str).collect(),
            _ => vec![""],
        };
        let ties = ids.iter().flat_map(|id| scopes.iter().map(|scope| terms::tie_of_parts(*kind, scope, id)));
        records.extend(ties.map(terms::record));
    }
    Ok(records)
}

fn time_window(range: TimeRange) -> Option<TimeWindow> {
    let limit = |instant: crate::model::Instant| order::clamp(instant.micros());
    let window = TimeWindow { start: range.start.map(limit), stop: range.stop.map(limit) };
    (window.start.is_some() || window.stop.is_some()).then_some(window)
}
