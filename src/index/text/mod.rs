//! Full text, facets, counts, ranges, sort, time and space in tantivy: answers `model::Query`, for every face. Holds
//! nothing that the archive does not, and stores no records: a hit is a sequence. The one door of tantivy.
//!
//! What is matched, and how, is described where it is done: words in `tokens` and `words`, exact values in `terms`,
//! properties in `properties`, footprints in `cells` and `footprint`, the order of the index in `order`.

mod aggregate;
mod bounds;
mod boxes;
mod builder;
mod cells;
mod columns;
mod convert;
mod counting;
mod deadline;
mod dense;
mod document;
mod error;
mod expand;
mod fields;
mod filter;
mod folder;
mod footprint;
mod grammar;
mod inventory;
mod labels;
mod lists;
mod mask;
mod matcher;
mod nearest;
mod occurrences;
mod order;
mod ordered;
mod parts;
mod pass;
mod peaks;
mod plain;
mod plan;
mod positions;
mod properties;
mod rebuild;
mod region;
mod scoring;
mod search;
mod segment;
mod sets;
mod shelf;
mod snapshot;
mod snippets;
mod sort;
mod sort_values;
mod sorted;
mod stale;
mod standing;
mod store;
mod suggest;
mod synonyms;
mod terms;
mod tokens;
mod walk;
mod windows;
mod words;
mod writer;

pub use deadline::Deadline;
pub use error::{SearchError, TextError};
pub use inventory::{Properties, PropertySummary};
pub use plan::{RecordTest, SequenceTest};
pub use rebuild::TextRebuild;
pub use snippets::Highlighter;
pub use store::{TextIndex, TextOptions, TextSearcher};
pub use synonyms::Synonyms;
pub use terms::tie_of;

#[cfg(test)]
mod tests;

/// Longest time span, microseconds, that a search expects near its start in the index: 32 days, a little more than
/// monthly products. Longer ones are marked by a term and found through it.
const SHORT_SPAN: i64 = 32 * 24 * 3600 * 1_000_000;
