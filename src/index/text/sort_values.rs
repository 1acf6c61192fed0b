//! The values of a property that records are sorted by, in one segment. Texts are places in the order of all texts of
//! the segment; what makes an order of them is for `sort` to say.

use std::io;

use tantivy::DocId;
use tantivy::columnar::{Cardinality, TermOrdHit};

use crate::model::{Kind, PropertyName};

use super::error::SearchError;
use super::filter::{Columns, Texts};
use super::segment::Segment;
use super::terms::bounded;

/// One value of a document.
pub(super) enum Least {
    /// Also a truth: 0 or 1.
    Number(f64),
    /// Microseconds since 1970.
    Instant(i64),
    /// Place of a text among all texts of the property in this segment.
    Text(u64),
}

/// The columns of a property. Where it is the first of two that a record has, the columns of both.
pub(super) struct SortValues<'s> {
    /// Tells the property from others.
    pub name: String,
    alternatives: Vec<Alternative<'s>>,
    /// Different texts of the segment.
    texts: u64,
}

struct Alternative<'s> {
    columns: Columns<'s>,
    /// Of each text its place among those of all alternatives; none where this one alone has texts.
    places: Option<Vec<u64>>,
}

impl<'s> SortValues<'s> {
    /// # Errors
    /// `Unsupported` for a property that has no order.
    pub(super) fn open(segment: &'s Segment, property: &PropertyName) -> Result<Self, SearchError> {
        let Some(columns) = Columns::open(segment, property)? else {
            return Err(SearchError::Unsupported { what: "sorting by descriptions or geometries".to_owned() });
        };
        let present = columns.into_iter().filter(|columns| !columns.cardinalities().is_empty());
        let mut alternatives: Vec<Alternative<'s>> =
            present.map(|columns| Alternative { columns, places: None }).collect();
        let with_texts = alternatives.iter().filter(|one| one.text_count() > 0).count();
        let texts = match with_texts {
            0 | 1 => alternatives.iter().map(Alternative::text_count).sum(),
            _ => merge(&mut alternatives)?,
        };
        Ok(Self { name: format!("{property:?}"), alternatives, texts })
    }

    /// Whether no document has more than one value, and all values are of one type.
    pub(super) fn are_single(&self) -> bool {
        let [only] = self.alternatives.as_slice() else { return false };
        matches!(only.columns.cardinalities().as_slice(), [Cardinality::Full | Cardinality::Optional])
    }

    /// The same, and all values are numbers.
    pub(super) fn are_single_numbers(&self) -> bool {
        self.are_single() && self.alternatives.iter().all(|one| one.columns.numbers.is_some())
    }

    /// Calls `visit` with each value of a document.
    pub(super) fn each(&self, document: DocId, mut visit: impl FnMut(Least)) {
        for alternative in &self.alternatives {
            let mut is_present = false;
            alternative.each(document, &mut |value| {
                is_present = true;
                visit(value);
            });
            if is_present {
                return;
            }
        }
    }

    /// The text of a document that has this place.
    pub(super) fn text_at(&self, document: DocId, place: u64) -> Result<String, SearchError> {
        let mut found = String::new();
        for alternative in self.alternatives.iter().filter(|one| one.columns.has_value(document)) {
            if alternative.columns.kinds.is_some() {
                return Ok(kinds().get(place as usize).copied().unwrap_or_default().to_owned());
            }
            let Some(texts) = &alternative.columns.texts else { continue };
            let mut ordinals = texts.column.term_ords(document);
            if let Some(ordinal) = ordinals.find(|ordinal| alternative.place(*ordinal) == place) {
                texts.column.ord_to_str(ordinal, &mut found)?;
            }
            break;
        }
        Ok(found)
    }

    /// Twice the place of a text plus one; an even number between two places when the segment does not have it.
    pub(super) fn place_of(&self, text: &str) -> Result<u64, SearchError> {
        let mut place = 2 * self.texts;
        for alternative in &self.alternatives {
            if alternative.columns.kinds.is_some() {
                return Ok(kinds().binary_search(&text).map_or_else(|next| 2 * next, |at| 2 * at + 1) as u64);
            }
            let Some(texts) = &alternative.columns.texts else { continue };
            let stored = if texts.bounded { bounded(text) } else { text.into() };
            match texts.column.dictionary().term_ord_or_next(stored.as_bytes())? {
                TermOrdHit::Exact(ordinal) => return Ok(2 * alternative.place(ordinal) + 1),
                TermOrdHit::Next(next) if next < alternative.text_count() => {
                    place = place.min(2 * alternative.place(next));
                }
                TermOrdHit::Next(_) => {}
            }
        }
        Ok(place)
    }
}

impl Alternative<'_> {
    fn text_count(&self) -> u64 {
        self.columns.texts.as_ref().map_or(0, |texts| texts.column.num_terms() as u64)
    }

    /// Where a text of the dictionary stands among all.
    fn place(&self, ordinal: u64) -> u64 {
        let Some(places) = &self.places else { return ordinal };
        places.get(ordinal as usize).copied().unwrap_or_default()
    }

    fn each(&self, document: DocId, visit: &mut dyn FnMut(Least)) {
        let columns = &self.columns;
        if let Some(numbers) = &columns.numbers {
            numbers.each(document, |number| visit(Least::Number(number)));
        }
        if let Some(instants) = &columns.instants {
            instants.any(document, |instant| {
                visit(Least::Instant(instant));
                false
            });
        }
        if let Some(bools) = &columns.bools {
            bools.values_for_doc(document).for_each(|truth| visit(Least::Number(f64::from(u8::from(truth)))));
        }
        if let Some(texts) = &columns.texts {
            texts.column.term_ords(document).for_each(|ordinal| visit(Least::Text(self.place(ordinal))));
        }
        if let Some(column) = columns.kinds {
            let kind = Kind::ALL.get(column.values.get_val(document) as usize).map(|kind| kind.as_str());
            let place = kind.and_then(|kind| kinds().binary_search(&kind).ok());
            place.into_iter().for_each(|place| visit(Least::Text(place as u64)));
        }
    }
}

/// Names of the kinds in their order.
fn kinds() -> [&'static str; Kind::ALL.len()] {
    let mut names = Kind::ALL.map(Kind::as_str);
    names.sort_unstable();
    names
}

/// Gives the texts of several dictionaries one order; how many different ones there are.
fn merge(alternatives: &mut [Alternative<'_>]) -> io::Result<u64> {
    let dictionaries: Vec<Option<Texts>> =
        alternatives.iter().map(|alternative| alternative.columns.texts.clone()).collect();
    let mut streams = Vec::new();
    for (texts, alternative) in dictionaries.iter().zip(alternatives) {
        let Some(texts) = texts else { continue };
        let mut stream = texts.column.dictionary().stream()?;
        if stream.advance() {
            streams.push((stream, alternative.places.insert(Vec::with_capacity(texts.column.num_terms()))));
        }
    }
    let mut place = 0;
    while let Some(least) = streams.iter().map(|(stream, _)| stream.key()).min().map(<[u8]>::to_vec) {
        streams.retain_mut(|(stream, places)| {
            if stream.key() != least {
                return true;
            }
            places.push(place);
            stream.advance()
        });
        place += 1;
    }
    Ok(place)
}
