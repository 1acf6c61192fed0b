//! The columns and posting lists of one index segment, opened once and shared by all snapshots that contain it. A
//! segment never changes; which of its documents are deleted belongs to the snapshot.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::columnar::{Column, StrColumn};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::SegmentPostings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, InvertedIndexReader, SegmentReader, TERMINATED};

use crate::model::{Facet, Kind};

use super::boxes::Boxes;
use super::columns::{NumberColumn, PropertyColumns};
use super::fields::{Fields, ORDER, PROPERTIES};
use super::inventory::{SegmentProperties, letter_and_path};
use super::peaks::Peaks;
use super::properties::{BOOLS, INSTANTS, NUMBERS, TEXTS, column_path};
use super::shelf::Shelf;
use super::sorted::Orders;

/// How often each label of a facet occurs in a segment, for each kind; deleted documents count too.
pub(super) struct LabelCounts {
    pub labels: Vec<(String, [u32; Kind::ALL.len()])>,
    /// Documents without a label.
    pub without: [u32; Kind::ALL.len()],
}

/// An opened segment.
pub(super) struct Segment {
    pub fields: Fields,
    pub documents: DocId,
    pub order: Column<u64>,
    pub tie: Column<u64>,
    pub sequence: Column<u64>,
    pub kind: Column<u64>,
    pub stop: Column<i64>,
    pub updated: Column<i64>,
    pub footprint_body: StrColumn,
    pub west: Column<f64>,
    pub south: Column<f64>,
    pub east: Column<f64>,
    pub north: Column<f64>,
    pub footprint_is_box: Column<u64>,
    pub terms: Arc<InvertedIndexReader>,
    /// One each for the shelves.
    pub text: [Arc<InvertedIndexReader>; 2],
    pub text_lengths: [FieldNormReader; 2],
    pub standing: Column<u64>,
    pub title: StrColumn,
    reader: SegmentReader,
    facets: [OnceLock<StrColumn>; Facet::ALL.len()],
    label_counts: [OnceLock<Arc<LabelCounts>>; Facet::ALL.len()],
    property_columns: OnceLock<Vec<(char, String)>>,
    /// Properties by collection, see [`super::inventory`].
    pub inventory: OnceLock<Arc<SegmentProperties>>,
    word_counts: [OnceLock<u64>; 2],
    kind_counts: OnceLock<[u32; Kind::ALL.len()]>,
    no_products: OnceLock<Vec<DocId>>,
    boxes: OnceLock<Boxes>,
    properties: Mutex<HashMap<String, PropertyColumns>>,
    /// Documents in other orders than that of the index.
    pub orders: Orders,
    pub peaks: Peaks,
}

impl Segment {
    pub(super) fn open(reader: &SegmentReader, fields: &Fields) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        let text = |name: &str| columns.str(name).map(|column| column.unwrap_or_else(|| empty_texts(reader)));
        Ok(Self {
            documents: reader.max_doc(),
            order: columns.u64(ORDER)?,
            tie: columns.u64("tie")?,
            sequence: columns.u64("sequence")?,
            kind: columns.u64("kind")?,
            stop: columns.column_opt("stop")?.unwrap_or_else(|| Column::build_empty_column(reader.max_doc())),
            updated: columns.i64("updated")?,
            footprint_body: text("footprint_body")?,
            west: numbers(reader, "west")?,
            south: numbers(reader, "south")?,
            east: numbers(reader, "east")?,
            north: numbers(reader, "north")?,
            footprint_is_box: columns
                .column_opt("footprint_is_box")?
                .unwrap_or_else(|| Column::build_empty_column(reader.max_doc())),
            terms: reader.inverted_index(fields.terms)?,
            text: [reader.inverted_index(fields.text[0])?, reader.inverted_index(fields.text[1])?],
            text_lengths: [
                reader.get_fieldnorms_reader(fields.text[0])?,
                reader.get_fieldnorms_reader(fields.text[1])?,
            ],
            title: text("title")?,
            standing: columns.column_opt("standing")?.unwrap_or_else(|| Column::build_empty_column(reader.max_doc())),
            reader: reader.clone(),
            fields: fields.clone(),
            facets: Default::default(),
            label_counts: Default::default(),
            property_columns: OnceLock::new(),
            inventory: OnceLock::new(),
            word_counts: Default::default(),
            kind_counts: OnceLock::new(),
            no_products: OnceLock::new(),
            boxes: OnceLock::new(),
            properties: Mutex::default(),
            orders: Orders::default(),
            peaks: Peaks::default(),
        })
    }

    /// Documents from this one on are not newer than `order`.
    pub(super) fn first_at_or_below(&self, order: u64) -> DocId {
        partition_point(self.documents, |document| self.order.values.get_val(document) > order)
    }

    /// Documents that have an exact term.
    pub(super) fn postings(&self, term: &[u8]) -> io::Result<Option<SegmentPostings>> {
        let Some(found) = self.terms.terms().get(term)? else { return Ok(None) };
        self.terms.read_postings_from_terminfo(&found, IndexRecordOption::Basic).map(Some)
    }

    /// Identifiers, for sorting by them.
    pub(super) fn ids(&self) -> tantivy::Result<StrColumn> {
        Ok(self.reader.fast_fields().str("id")?.unwrap_or_else(|| empty_texts(&self.reader)))
    }

    /// The labels of a facet.
    pub(super) fn facet(&self, facet: Facet) -> tantivy::Result<&StrColumn> {
        let at = facet as usize;
        let cell = &self.facets[at];
        if let Some(column) = cell.get() {
            return Ok(column);
        }
        let column = self.reader.fast_fields().str(Fields::facet_name(facet))?;
        Ok(cell.get_or_init(|| column.unwrap_or_else(|| empty_texts(&self.reader))))
    }

    /// How often each label of a facet occurs; deleted documents count too.
    pub(super) fn label_counts(&self, facet: Facet) -> tantivy::Result<Arc<LabelCounts>> {
        let cell = &self.label_counts[facet as usize];
        if let Some(counts) = cell.get() {
            return Ok(counts.clone());
        }
        let column = self.facet(facet)?;
        let mut counts = vec![[0u32; Kind::ALL.len()]; column.num_terms()];
        let mut without = [0u32; Kind::ALL.len()];
        for document in 0..self.documents {
            let kind = self.kind.values.get_val(document) as usize;
            if let (false, Some(count)) = (column.ords().index.has_value(document), without.get_mut(kind)) {
                *count += 1;
            }
            for label in column.term_ords(document) {
                if let Some(count) = counts.get_mut(label as usize).and_then(|kinds| kinds.get_mut(kind)) {
                    *count += 1;
                }
            }
        }
        let mut labelled = Vec::with_capacity(counts.len());
        let mut label = String::new();
        for (ordinal, count) in counts.into_iter().enumerate() {
            column.ord_to_str(ordinal as u64, &mut label)?;
            labelled.push((label.clone(), count));
        }
        Ok(cell.get_or_init(|| Arc::new(LabelCounts { labels: labelled, without })).clone())
    }

    /// Documents of each kind; deleted ones count too.
    pub(super) fn kind_counts(&self) -> [u32; Kind::ALL.len()] {
        *self.kind_counts.get_or_init(|| {
            let mut counts = [0u32; Kind::ALL.len()];
            for document in 0..self.documents {
                if let Some(count) = counts.get_mut(self.kind.values.get_val(document) as usize) {
                    *count += 1;
                }
            }
            counts
        })
    }

    /// Documents that are no products, in order: there are few.
    pub(super) fn no_products(&self) -> &[DocId] {
        let is_product = |kind: u64| Kind::ALL.get(kind as usize) == Some(&Kind::Product);
        self.no_products.get_or_init(|| {
            let kinds = &self.kind;
            if is_product(kinds.min_value()) && is_product(kinds.max_value()) {
                return Vec::new();
            }
            (0..self.documents).filter(|document| !is_product(kinds.values.get_val(*document))).collect()
        })
    }

    /// Boxes of all footprints.
    pub(super) fn boxes(&self) -> &Boxes {
        self.boxes.get_or_init(|| Boxes::of(self))
    }

    /// Words of all documents on a shelf, as their lengths are kept (rounded); deleted ones count too.
    pub(super) fn word_count(&self, shelf: Shelf) -> u64 {
        let count = || (0..self.documents).map(|document| self.words_of(shelf, document)).sum();
        *self.word_counts[shelf as usize].get_or_init(count)
    }

    /// Words of one document, as its length is kept; 0 for one of the other shelf.
    pub(super) fn words_of(&self, shelf: Shelf, document: DocId) -> u64 {
        u64::from(self.text_lengths[shelf as usize].fieldnorm(document))
    }

    /// The words of a shelf.
    pub(super) fn text(&self, shelf: Shelf) -> &InvertedIndexReader {
        &self.text[shelf as usize]
    }

    /// Letters and paths of all property columns.
    pub(super) fn property_columns(&self) -> tantivy::Result<&[(char, String)]> {
        if let Some(known) = self.property_columns.get() {
            return Ok(known);
        }
        let columns = self.reader.fields_metadata()?;
        let named = columns.iter().filter_map(|column| letter_and_path(&column.field_name));
        let named = named.map(|(letter, path)| (letter, path.to_owned())).collect();
        Ok(self.property_columns.get_or_init(|| named))
    }

    /// The columns of a property. Remembered, because finding them takes longer than most questions.
    pub(super) fn property(&self, path: &str) -> tantivy::Result<PropertyColumns> {
        let known = self.properties.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let opened = self.open_property(path)?;
        let mut properties = self.properties.lock().unwrap_or_else(PoisonError::into_inner);
        if properties.len() >= MAX_REMEMBERED_PROPERTIES {
            properties.clear();
        }
        properties.insert(path.to_owned(), opened.clone());
        Ok(opened)
    }

    fn open_property(&self, path: &str) -> tantivy::Result<PropertyColumns> {
        let name = |letter: char| {
            let escaped = column_path(path).replace('\\', "\\\\").replace('.', "\\.");
            format!("{PROPERTIES}.{letter}{escaped}")
        };
        let columns = self.reader.fast_fields();
        let numbers = columns.dynamic_column_handles(&name(NUMBERS))?.into_iter().next();
        Ok(PropertyColumns {
            numbers: numbers.map(|handle| handle.open()).transpose()?.and_then(NumberColumn::from_dynamic),
            instants: columns.column_opt(&name(INSTANTS))?,
            texts: columns.str(&name(TEXTS))?,
            bools: columns.column_opt(&name(BOOLS))?,
        })
    }
}

/// Most properties whose columns a segment keeps open.
const MAX_REMEMBERED_PROPERTIES: usize = 256;

/// How many documents of a posting list are among these, which are in order.
pub(super) fn count_among(mut postings: SegmentPostings, documents: &[DocId]) -> u64 {
    let mut count = 0;
    for document in documents {
        if postings.doc() < *document {
            postings.seek(*document);
        }
        match postings.doc() {
            TERMINATED => break,
            found => count += u64::from(found == *document),
        }
    }
    count
}

/// How many of the documents from 0 to `end` come before the first that is not `before`.
pub(super) fn partition_point(end: DocId, before: impl Fn(DocId) -> bool) -> DocId {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

fn numbers(reader: &SegmentReader, name: &str) -> tantivy::Result<Column<f64>> {
    let column = reader.fast_fields().column_opt(name)?;
    Ok(column.unwrap_or_else(|| Column::build_empty_column(reader.max_doc())))
}

fn empty_texts(reader: &SegmentReader) -> StrColumn {
    StrColumn::wrap(tantivy::columnar::BytesColumn::empty(reader.max_doc()))
}
