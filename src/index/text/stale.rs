//! A query for documents that are no longer current. It says by itself what is older, so that it may reach segments in
//! any order: tantivy's queue of deletions also shows some of its past to a segment that is added behind them.

use std::sync::Arc;

use tantivy::query::{EmptyScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, TantivyError};

use super::sets::{List, Listed};
use super::terms;

/// Tie breakers of records, each with the sequence of its last event: documents of earlier ones are stale.
#[derive(Debug, Clone)]
pub(super) struct Stale {
    pub terms: Field,
    pub records: Arc<Vec<(u64, u64)>>,
}

impl Query for Stale {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for Stale {
    fn scorer(&self, reader: &SegmentReader, _: f32) -> tantivy::Result<Box<dyn Scorer>> {
        let terms = reader.inverted_index(self.terms)?;
        let sequences = reader.fast_fields().u64("sequence")?;
        let mut documents: Vec<DocId> = Vec::new();
        for (tie, last) in self.records.iter() {
            let Some(found) = terms.terms().get(terms::record(*tie))? else { continue };
            let mut postings = terms.read_postings_from_terminfo(&found, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                if sequences.first(postings.doc()).is_some_and(|sequence| sequence < *last) {
                    documents.push(postings.doc());
                }
                postings.advance();
            }
        }
        if documents.is_empty() { Ok(Box::new(EmptyScorer)) } else { Ok(Box::new(Listed(List::new(documents)))) }
    }

    fn explain(&self, _: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        Err(TantivyError::InvalidArgument(format!("document {document} is deleted without a score")))
    }
}
