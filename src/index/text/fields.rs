//! The columns of the index: a fixed set of typed ones plus one JSON field for everything else, so that a new mission
//! never needs a new schema. Nothing is stored: a hit is a sequence, and the record comes from the archive.

use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, JsonObjectOptions, NumericOptions, Schema, TextFieldIndexing,
    TextOptions,
};

use crate::model::Facet;

/// Version of columns, terms, tokens and cells together. Raise it with every change to any of them: an index of
/// another format is rebuilt by itself.
pub(super) const FORMAT: u32 = 6;

/// Name of the column that the index is sorted by.
pub(super) const ORDER: &str = "order";

/// Name under which our tokenizer is registered.
pub(super) const TOKENIZER: &str = "perennial";

/// Name of the JSON field; each of its columns is one property, named by its path behind a letter for the type.
pub(super) const PROPERTIES: &str = "properties";

/// Handles of all fields.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub schema: Schema,
    /// See [`super::order`].
    pub order: Field,
    pub tie: Field,
    pub sequence: Field,
    /// Index in `Kind::ALL`.
    pub kind: Field,
    /// End of observation, microseconds since 1970; missing when the start is.
    pub stop: Field,
    /// Time of the last revision, microseconds since 1970.
    pub updated: Field,
    pub id: Field,
    /// Canonical labels, one column per facet in the order of `Facet::ALL`.
    pub facets: [Field; Facet::ALL.len()],
    /// Six columns that run in parallel: one value of each per box of a footprint.
    pub footprint_body: Field,
    pub west: Field,
    pub south: Field,
    pub east: Field,
    pub north: Field,
    /// 1 where the footprint is its box, 0 where the record itself must be looked at.
    pub footprint_is_box: Field,
    /// Everything that is matched exactly; see [`super::terms`].
    pub terms: Field,
    /// Words with their positions, one field for each of `Shelf::ALL`.
    pub text: [Field; 2],
    /// What speaks for a record beside its words, of all kinds but products; see [`super::standing`].
    pub standing: Field,
    /// Titles, to filter and sort by and for suggestions.
    pub title: Field,
    pub properties: Field,
}

impl Fields {
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let number = || NumericOptions::default().set_fast();
        let label = || TextOptions::default().set_fast(tantivy::tokenizer::RAW_TOKENIZER_NAME);
        let words = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        Self {
            order: builder.add_u64_field(ORDER, number()),
            tie: builder.add_u64_field("tie", number()),
            sequence: builder.add_u64_field("sequence", number()),
            kind: builder.add_u64_field("kind", number()),
            stop: builder.add_i64_field("stop", number()),
            updated: builder.add_i64_field("updated", number()),
            id: builder.add_text_field("id", label()),
            facets: Facet::ALL.map(|facet| builder.add_text_field(facet.as_str(), label())),
            footprint_body: builder.add_text_field("footprint_body", label()),
            west: builder.add_f64_field("west", number()),
            south: builder.add_f64_field("south", number()),
            east: builder.add_f64_field("east", number()),
            north: builder.add_f64_field("north", number()),
            footprint_is_box: builder.add_u64_field("footprint_is_box", number()),
            terms: builder.add_bytes_field("terms", BytesOptions::default().set_indexed()),
            text: ["text", "text_of_others"]
                .map(|name| builder.add_text_field(name, TextOptions::default().set_indexing_options(words.clone()))),
            standing: builder.add_u64_field("standing", number()),
            title: builder.add_text_field("title", label()),
            properties: builder.add_json_field(PROPERTIES, JsonObjectOptions::from(FAST)),
            schema: builder.build(),
        }
    }

    /// The label column of a facet.
    pub(super) fn facet_name(facet: Facet) -> &'static str {
        facet.as_str()
    }
}
