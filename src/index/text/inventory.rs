//! Which properties records really have, of which types, between which ends, with a few of their values. Counted once
//! per segment, since segments never change; records that were deleted count until their segment is merged.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tantivy::columnar::StrColumn;

use crate::model::{Facet, Kind};

use super::error::SearchError;
use super::fields::PROPERTIES;
use super::properties::{BOOLS, INSTANTS, NUMBERS, TEXTS, column_path};
use super::segment::Segment;
use super::snapshot::Snapshot;

/// Most values that are listed of a property.
const MAX_VALUES: usize = 30;

/// Longest value that is listed, bytes.
const MAX_VALUE_BYTES: usize = 120;

/// What is known of one property among some records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PropertySummary {
    /// Least and greatest number.
    pub numbers: Option<(f64, f64)>,
    /// Whether all numbers are whole.
    pub whole: bool,
    /// Earliest and latest instant, microseconds since 1970.
    pub instants: Option<(i64, i64)>,
    pub bools: bool,
    pub has_texts: bool,
    /// How often each text occurs, as far as they are listed.
    pub texts: BTreeMap<String, u64>,
    /// Whether there are more texts than those listed.
    pub more_texts: bool,
    /// Values of all types.
    pub values: u64,
}

/// Properties by their paths.
pub type Properties = BTreeMap<String, PropertySummary>;

/// Properties of the products of each collection in one segment.
pub(super) type SegmentProperties = HashMap<String, Properties>;

impl PropertySummary {
    fn number(&mut self, number: f64) {
        let (low, high) = self.numbers.unwrap_or((number, number));
        self.whole = (self.whole || self.numbers.is_none()) && number.fract() == 0.0;
        self.numbers = Some((low.min(number), high.max(number)));
        self.values += 1;
    }

    fn instant(&mut self, instant: i64) {
        let (first, last) = self.instants.unwrap_or((instant, instant));
        self.instants = Some((first.min(instant), last.max(instant)));
        self.values += 1;
    }

    fn text(&mut self, text: &str, count: u64) {
        if let Some(known) = self.texts.get_mut(text) {
            *known += count;
        } else if self.texts.len() < MAX_VALUES && text.len() <= MAX_VALUE_BYTES {
            self.texts.insert(text.to_owned(), count);
        } else {
            self.more_texts = true;
        }
    }

    fn add(&mut self, other: &Self) {
        if let Some((low, high)) = other.numbers {
            let whole = other.whole && (self.whole || self.numbers.is_none());
            let known = self.numbers.unwrap_or((low, high));
            self.numbers = Some((known.0.min(low), known.1.max(high)));
            self.whole = whole;
        }
        if let Some((first, last)) = other.instants {
            let known = self.instants.unwrap_or((first, last));
            self.instants = Some((known.0.min(first), known.1.max(last)));
        }
        self.bools |= other.bools;
        self.has_texts |= other.has_texts;
        self.more_texts |= other.more_texts;
        self.values += other.values;
        other.texts.iter().for_each(|(text, count)| self.text(text, *count));
    }
}

/// Paths of all properties, of records of any kind.
pub(super) fn names(snapshot: &Snapshot) -> Result<BTreeSet<String>, SearchError> {
    let mut names = BTreeSet::new();
    for view in &snapshot.views {
        names.extend(view.segment.property_columns()?.iter().map(|(_, path)| path.clone()));
    }
    Ok(names)
}

/// Whether a product of these collections, or any record when none is named, has the property.
pub(super) fn has_property(snapshot: &Snapshot, path: &str, collections: &[String]) -> Result<bool, SearchError> {
    let path = &column_path(path);
    for view in &snapshot.views {
        let is_there = view.segment.property_columns()?.iter().any(|(_, known)| known == path);
        if !is_there {
            continue;
        }
        if collections.is_empty() {
            return Ok(true);
        }
        let of_segment = of_segment(&view.segment)?;
        let mut wanted = collections.iter().filter_map(|collection| of_segment.get(collection));
        if wanted.any(|properties| properties.contains_key(path.as_ref())) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The properties of the products of these collections; of all when none is named.
pub(super) fn properties(snapshot: &Snapshot, collections: &[String]) -> Result<Properties, SearchError> {
    let mut total = Properties::new();
    for view in &snapshot.views {
        let of_segment = of_segment(&view.segment)?;
        let wanted = of_segment.iter().filter(|(name, _)| collections.is_empty() || collections.contains(name));
        for (path, summary) in wanted.flat_map(|(_, properties)| properties) {
            total.entry(path.clone()).or_default().add(summary);
        }
    }
    Ok(total)
}

fn of_segment(segment: &Segment) -> Result<Arc<SegmentProperties>, SearchError> {
    if let Some(known) = segment.inventory.get() {
        return Ok(Arc::clone(known));
    }
    let collections = segment.facet(Facet::Collection)?;
    let product = Kind::ALL.iter().position(|kind| *kind == Kind::Product).unwrap_or_default() as u64;
    let places: Vec<Option<u64>> = (0..segment.documents)
        .map(|document| {
            let is_product = segment.kind.values.get_val(document) == product;
            collections.term_ords(document).next().filter(|_| is_product)
        })
        .collect();
    let mut names = vec![String::new(); collections.num_terms()];
    for (place, name) in names.iter_mut().enumerate() {
        collections.ord_to_str(place as u64, name)?;
    }
    let mut found = SegmentProperties::new();
    for (letter, path) in segment.property_columns()? {
        for (place, summary) in column(segment, *letter, path, &places)? {
            let Some(name) = names.get(place as usize) else { continue };
            let properties = found.entry(name.clone()).or_default();
            properties.entry(path.clone()).or_default().add(&summary);
        }
    }
    Ok(Arc::clone(segment.inventory.get_or_init(|| Arc::new(found))))
}

/// One column by collection.
fn column(
    segment: &Segment,
    letter: char,
    path: &str,
    places: &[Option<u64>],
) -> Result<HashMap<u64, PropertySummary>, SearchError> {
    let columns = segment.property(path)?;
    let mut summaries: HashMap<u64, PropertySummary> = HashMap::new();
    let documents = (0..segment.documents).zip(places).filter_map(|(document, place)| Some((document, (*place)?)));
    match (letter, &columns.numbers, &columns.instants, &columns.texts, &columns.bools) {
        (NUMBERS, Some(numbers), ..) => {
            for (document, place) in documents {
                numbers.each(document, |number| summaries.entry(place).or_default().number(number));
            }
        }
        (INSTANTS, _, Some(instants), ..) => {
            for (document, place) in documents {
                let values = instants.values_for_doc(document);
                values.for_each(|instant| summaries.entry(place).or_default().instant(instant));
            }
        }
        (BOOLS, .., Some(bools)) => {
            for (document, place) in documents {
                let count = bools.values_for_doc(document).count() as u64;
                if count > 0 {
                    let summary = summaries.entry(place).or_default();
                    summary.bools = true;
                    summary.values += count;
                }
            }
        }
        (TEXTS, _, _, Some(texts), _) => summaries = of_texts(texts, documents)?,
        _ => {}
    }
    Ok(summaries)
}

fn of_texts(
    texts: &StrColumn,
    documents: impl Iterator<Item = (u32, u64)>,
) -> Result<HashMap<u64, PropertySummary>, SearchError> {
    let mut counts: HashMap<u64, (u64, HashMap<u64, u64>)> = HashMap::new();
    for (document, place) in documents {
        for ordinal in texts.term_ords(document) {
            let (values, of_place) = counts.entry(place).or_default();
            *values += 1;
            if of_place.len() <= MAX_VALUES || of_place.contains_key(&ordinal) {
                *of_place.entry(ordinal).or_default() += 1;
            }
        }
    }
    let mut summaries = HashMap::new();
    let mut text = String::new();
    for (place, (values, of_place)) in counts {
        let mut summary = PropertySummary { has_texts: true, values, ..PropertySummary::default() };
        let mut ordinals: Vec<(u64, u64)> = of_place.into_iter().collect();
        ordinals.sort_unstable();
        for (ordinal, count) in ordinals {
            text.clear();
            texts.ord_to_str(ordinal, &mut text)?;
            summary.text(&text, count);
        }
        summaries.insert(place, summary);
    }
    Ok(summaries)
}

/// Letter and path of a property's column by its name in the index.
pub(super) fn letter_and_path(name: &str) -> Option<(char, &str)> {
    let name = name.strip_prefix(PROPERTIES)?.strip_prefix('.')?;
    let letter = name.chars().next()?;
    Some((letter, name.get(letter.len_utf8()..)?))
}
