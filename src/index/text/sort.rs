//! Sort keys. Within a segment a document's place is a few numbers; between segments, and in page cursors, it is the
//! sort values themselves, which no merge and no rebuild can change.

use std::cmp::Ordering;
use std::io;
use std::sync::Arc;

use tantivy::DocId;
use tantivy::columnar::{StrColumn, TermOrdHit};

use crate::model::{Cursor, Query, SortKey, SortValue};

use super::error::SearchError;
use super::order::{order_of, start_of};
use super::segment::Segment;
use super::sort_values::{Least, SortValues};
use super::sorted::Sorted;
use super::standing;

/// Most sort keys of one question; real ones have one or two.
pub(super) const MAX_KEYS: usize = 4;

/// Place of a document by one key: smaller comes first. The first number tells types apart and puts missing values
/// last; the second is the value, turned round where the order is descending.
pub(super) type Part = (u8, u64);

/// Place of a document by all keys; unused ones are equal.
pub(super) type Parts = [Part; MAX_KEYS];

const MISSING: Part = (u8::MAX, 0);

/// Ranks of the types that a property can have.
const NUMBER_RANK: u8 = 0;
const INSTANT_RANK: u8 = 1;
const TEXT_RANK: u8 = 2;

/// What a question is sorted by.
pub(super) struct SortPlan {
    pub keys: Vec<SortKey>,
}

impl SortPlan {
    pub(super) fn new(query: &Query) -> Result<Self, SearchError> {
        let has_text = query.wanted_text().is_some();
        let keys = match (query.sort.is_empty(), has_text) {
            (true, true) => vec![SortKey::Relevance],
            (true, false) => vec![SortKey::Time { descending: true }],
            (false, _) => query.sort.clone(),
        };
        if keys.len() > MAX_KEYS {
            return Err(SearchError::Unsupported { what: format!("more than {MAX_KEYS} sort keys") });
        }
        if keys.contains(&SortKey::Relevance) && !has_text {
            return Err(SearchError::Unsupported { what: "sorting by relevance without text".to_owned() });
        }
        if query.after.as_ref().is_some_and(|after| after.values.len() != keys.len()) {
            return Err(SearchError::BadCursor { reason: "it has another number of sort values" });
        }
        Ok(Self { keys })
    }

    /// Whether scores decide the order.
    pub(super) fn needs_score(&self) -> bool {
        self.keys.contains(&SortKey::Relevance)
    }

    /// The least score with which a document can have a place by relevance that is as good as this one.
    pub(super) fn least_score(&self, worst: Part) -> f32 {
        match self.keys.first() {
            Some(SortKey::Relevance) => standing::least_score(u64::MAX - worst.1),
            _ => 0.0,
        }
    }

    /// Set when time decides first: then the order of the index helps. True for newest first.
    pub(super) fn by_time_first(&self) -> Option<bool> {
        match self.keys.first() {
            Some(SortKey::Time { descending }) => Some(*descending),
            _ => None,
        }
    }

    /// Order of two hits by their sort values, then by their tie breakers.
    pub(super) fn compare(&self, one: (&[SortValue], u64), other: (&[SortValue], u64)) -> Ordering {
        let values = one.0.iter().zip(other.0).zip(&self.keys);
        values
            .map(|((one, other), key)| compare_values(one, other, is_descending(key)))
            .find(|ordering| ordering.is_ne())
            .unwrap_or_else(|| one.1.cmp(&other.1))
    }
}

fn is_descending(key: &SortKey) -> bool {
    match key {
        SortKey::Relevance => true,
        SortKey::Time { descending } | SortKey::By { descending, .. } => *descending,
    }
}

fn compare_values(one: &SortValue, other: &SortValue, descending: bool) -> Ordering {
    let rank = |value: &SortValue| match value {
        SortValue::Number(_) => NUMBER_RANK,
        SortValue::Integer(_) => INSTANT_RANK,
        SortValue::Text(_) => TEXT_RANK,
        SortValue::Missing => u8::MAX,
    };
    let within = match (one, other) {
        (SortValue::Number(one), SortValue::Number(other)) => one.total_cmp(other),
        (SortValue::Integer(one), SortValue::Integer(other)) => one.cmp(other),
        (SortValue::Text(one), SortValue::Text(other)) => one.cmp(other),
        _ => return rank(one).cmp(&rank(other)),
    };
    if descending { within.reverse() } else { within }
}

/// The sort keys' columns of one segment.
pub(super) struct SegmentSort<'s> {
    segment: &'s Segment,
    keys: Vec<KeyColumns<'s>>,
}

struct KeyColumns<'s> {
    descending: bool,
    source: Source<'s>,
}

enum Source<'s> {
    Relevance,
    /// `alone` when only the tie breaker follows: then the place in the index says it all.
    Time {
        alone: bool,
    },
    Values(SortValues<'s>),
}

impl<'s> SegmentSort<'s> {
    pub(super) fn new(plan: &SortPlan, segment: &'s Segment) -> Result<Self, SearchError> {
        let mut keys = Vec::with_capacity(plan.keys.len());
        for key in &plan.keys {
            let source = match key {
                SortKey::Relevance => Source::Relevance,
                SortKey::Time { .. } => Source::Time { alone: plan.keys.len() == 1 },
                SortKey::By { property, .. } => Source::Values(SortValues::open(segment, property)?),
            };
            keys.push(KeyColumns { descending: is_descending(key), source });
        }
        Ok(Self { segment, keys })
    }

    /// Place of a document.
    pub(super) fn parts(&self, document: DocId, score: f32) -> Parts {
        let mut parts = [MISSING; MAX_KEYS];
        for (part, key) in parts.iter_mut().zip(&self.keys) {
            *part = key.part(self.segment, document, score);
        }
        parts
    }

    /// Place of a document by the first key.
    pub(super) fn first_part(&self, document: DocId, score: f32) -> Part {
        self.keys.first().map_or(MISSING, |key| key.part(self.segment, document, score))
    }

    /// The segment's documents in the order of the first key, which is ascending; nothing for keys by which a document
    /// can have several places, and for those that the index has an order for.
    pub(super) fn sorted(&self) -> Option<Arc<Sorted>> {
        let key = self.keys.first()?;
        let Source::Values(values) = &key.source else { return None };
        if !values.are_single() {
            return None;
        }
        let place = |document| match key.part(self.segment, document, 0.0) {
            MISSING => None,
            (rank, directed) => Some((rank, if key.descending { u64::MAX - directed } else { directed })),
        };
        Some(self.segment.orders.get(&values.name, || Sorted::new(self.segment.documents, place)))
    }

    /// Places of the first and the last number from `low` to `high` in the order of the first key; nothing where the key
    /// is no property with numbers alone.
    pub(super) fn number_parts(&self, low: f64, high: f64) -> Option<(Part, Part)> {
        let key = self.keys.first()?;
        let Source::Values(values) = &key.source else { return None };
        if !values.are_single_numbers() {
            return None;
        }
        // Zero has two signs, which are equal.
        let low = key.directed(NUMBER_RANK, number_code(if low == 0.0 { -0.0 } else { low }));
        let high = key.directed(NUMBER_RANK, number_code(if high == 0.0 { 0.0 } else { high }));
        Some(if key.descending { (high, low) } else { (low, high) })
    }

    pub(super) fn is_descending(&self) -> bool {
        self.keys.first().is_some_and(|key| key.descending)
    }

    /// Sort values of a document.
    pub(super) fn values(&self, document: DocId, score: f32) -> Result<Vec<SortValue>, SearchError> {
        self.keys.iter().map(|key| key.value(self.segment, document, score)).collect()
    }

    /// Where a cursor lies among this segment's documents.
    pub(super) fn cursor_parts(&self, cursor: &Cursor) -> Result<Parts, SearchError> {
        let mut parts = [MISSING; MAX_KEYS];
        for ((part, key), value) in parts.iter_mut().zip(&self.keys).zip(&cursor.values) {
            *part = key.cursor_part(value, cursor.tie)?;
        }
        Ok(parts)
    }
}

impl KeyColumns<'_> {
    fn directed(&self, rank: u8, value: u64) -> Part {
        (rank, if self.descending { u64::MAX - value } else { value })
    }

    fn part(&self, segment: &Segment, document: DocId, score: f32) -> Part {
        match &self.source {
            Source::Relevance => self.directed(NUMBER_RANK, relevance(segment, document, score)),
            Source::Time { alone } => self.time_part(segment.order.values.get_val(document), *alone),
            Source::Values(values) => self.least_part(values, document),
        }
    }

    fn time_part(&self, order: u64, alone: bool) -> Part {
        match start_of(order) {
            Some(_) if alone && self.descending => (INSTANT_RANK, u64::MAX - order),
            Some(start) => self.directed(INSTANT_RANK, code_of(start)),
            None if alone => (u8::MAX, u64::MAX - order),
            None => MISSING,
        }
    }

    /// Of several values the one that comes first.
    fn least_part(&self, values: &SortValues<'_>, document: DocId) -> Part {
        let mut least = MISSING;
        values.each(document, |value| {
            let part = match value {
                Least::Number(number) => self.directed(NUMBER_RANK, number_code(number)),
                Least::Instant(instant) => self.directed(INSTANT_RANK, code_of(instant)),
                Least::Text(place) => self.directed(TEXT_RANK, 2 * place + 1),
            };
            least = least.min(part);
        });
        least
    }

    fn value(&self, segment: &Segment, document: DocId, score: f32) -> Result<SortValue, SearchError> {
        let (rank, directed) = self.part(segment, document, score);
        let value = if self.descending { u64::MAX - directed } else { directed };
        Ok(match (&self.source, rank) {
            (Source::Relevance, _) => SortValue::Number(value as f64),
            (Source::Time { .. }, _) => {
                start_of(segment.order.values.get_val(document)).map_or(SortValue::Missing, SortValue::Integer)
            }
            (Source::Values(_), NUMBER_RANK) => SortValue::Number(number_of(value)),
            (Source::Values(_), INSTANT_RANK) => SortValue::Integer(instant_of(value)),
            (Source::Values(values), TEXT_RANK) => SortValue::Text(values.text_at(document, value / 2)?),
            (Source::Values(_), _) => SortValue::Missing,
        })
    }

    fn cursor_part(&self, value: &SortValue, tie: u64) -> Result<Part, SearchError> {
        let misfit = SearchError::BadCursor { reason: "a sort value has another type" };
        Ok(match (&self.source, value) {
            (Source::Relevance, SortValue::Number(score)) => self.directed(NUMBER_RANK, *score as u64),
            (Source::Time { alone }, SortValue::Integer(start)) => self.time_part(order_of(Some(*start), tie), *alone),
            (Source::Time { alone }, SortValue::Missing) => self.time_part(order_of(None, tie), *alone),
            (Source::Values(_), SortValue::Missing) => MISSING,
            (Source::Values(_), SortValue::Number(number)) => self.directed(NUMBER_RANK, number_code(*number)),
            (Source::Values(_), SortValue::Integer(instant)) => self.directed(INSTANT_RANK, code_of(*instant)),
            (Source::Values(values), SortValue::Text(text)) => self.directed(TEXT_RANK, values.place_of(text)?),
            _ => return Err(misfit),
        })
    }
}

/// Twice the place of a text in a dictionary plus one; an even number between two places when it is not there.
pub(super) fn place_of(column: &StrColumn, text: &str) -> io::Result<u64> {
    Ok(match column.dictionary().term_ord_or_next(text.as_bytes())? {
        TermOrdHit::Exact(place) => 2 * place + 1,
        TermOrdHit::Next(place) => 2 * place.min(column.num_terms() as u64),
    })
}

/// Place by relevance, exact as a floating-point number: it has less than 48 bits.
fn relevance(segment: &Segment, document: DocId, score: f32) -> u64 {
    let product = || standing::recency_of_product(start_of(segment.order.values.get_val(document)));
    standing::place(score, segment.standing.first(document).unwrap_or_else(product))
}

fn code_of(instant: i64) -> u64 {
    tantivy::i64_to_u64(instant)
}

fn instant_of(code: u64) -> i64 {
    tantivy::u64_to_i64(code)
}

fn number_code(number: f64) -> u64 {
    tantivy::f64_to_u64(number)
}

fn number_of(code: u64) -> f64 {
    tantivy::u64_to_f64(code)
}
