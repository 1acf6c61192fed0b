//! BM25 over living documents. The numbers that a score is made of do not depend on deleted documents or on how
//! documents lie in segments, and sums are taken in the order of the question: the same record has the same score
//! before and after a merge, a restart and a rebuild.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight, EnableScoring, PhraseQuery, Query as _, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::positions;
use super::segment::Segment;
use super::sets::{List, Listed, Set};
use super::snapshot::Snapshot;
use super::terms::TermBytes;
use super::words::Word;

/// A word of the question with what scoring needs to know about it.
pub(super) enum WordPlan {
    One { word: String, weight: Bm25Weight },
    Identifier { whole: TermBytes, parts: Box<dyn Weight> },
    Phrase(Box<dyn Weight>),
    Prefix { before: Vec<String>, start: String },
}

/// Prepares words for scoring over the snapshot.
pub(super) fn plan(snapshot: &Snapshot, field: Field, words: Vec<Word>) -> tantivy::Result<Vec<WordPlan>> {
    let statistics = Statistics { snapshot };
    let phrase = |parts: &[String]| -> tantivy::Result<Box<dyn Weight>> {
        let terms = parts.iter().map(|part| Term::from_field_text(field, part)).collect();
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &snapshot.searcher);
        PhraseQuery::new(terms).weight(scoring)
    };
    let plan_one = |word: Word| {
        Ok(match word {
            Word::One(word) => {
                let documents = snapshot.documents().max(1);
                let average = snapshot.words() as f32 / documents as f32;
                let with_word = snapshot.documents_with(word.as_bytes())?.min(documents);
                let weight = Bm25Weight::for_one_term_without_explain(with_word, documents, average);
                WordPlan::One { word, weight }
            }
            Word::Identifier { whole, parts } => WordPlan::Identifier { whole, parts: phrase(&parts)? },
            Word::Phrase(parts) => WordPlan::Phrase(phrase(&parts)?),
            Word::Prefix { before, start } => WordPlan::Prefix { before, start },
        })
    };
    words.into_iter().map(plan_one).collect()
}

impl WordPlan {
    /// Documents of a segment that have the word; `None` when none has.
    pub(super) fn set(&self, segment: &Segment, reader: &tantivy::SegmentReader) -> tantivy::Result<Option<Set>> {
        let scorer: Box<dyn Scorer> = match self {
            Self::One { word, weight } => {
                let Some(postings) = positions::postings(segment, word, IndexRecordOption::WithFreqs)? else {
                    return Ok(None);
                };
                Box::new(WordScorer { postings, lengths: segment.text_lengths.clone(), weight: weight.clone() })
            }
            Self::Identifier { whole, parts } => {
                let parts = parts.scorer(reader, 1.0)?;
                Box::new(IdentifierScorer { parts, whole: segment.postings(whole)? })
            }
            Self::Phrase(weight) => weight.scorer(reader, 1.0)?,
            Self::Prefix { before, start } => {
                Box::new(Listed(List::new(positions::with_prefix(segment, before, start)?)))
            }
        };
        Ok((scorer.doc() != TERMINATED).then_some(Set::Scored(scorer)))
    }
}

/// Statistics for phrases, which tantivy scores itself.
struct Statistics<'s> {
    snapshot: &'s Snapshot,
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, _: Field) -> tantivy::Result<u64> {
        Ok(self.snapshot.words())
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.snapshot.documents().max(1))
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        self.snapshot.documents_with(term.serialized_value_bytes())
    }
}

/// One word with its BM25 score.
struct WordScorer {
    postings: SegmentPostings,
    lengths: FieldNormReader,
    weight: Bm25Weight,
}

impl DocSet for WordScorer {
    fn advance(&mut self) -> DocId {
        self.postings.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.postings.seek(target)
    }

    fn doc(&self) -> DocId {
        self.postings.doc()
    }

    fn size_hint(&self) -> u32 {
        self.postings.doc_freq()
    }
}

impl Scorer for WordScorer {
    fn score(&mut self) -> f32 {
        let length = self.lengths.fieldnorm_id(self.postings.doc());
        self.weight.score(length, self.postings.term_freq())
    }
}

/// The parts of an identifier side by side, worth twice as much where they are the whole of one.
struct IdentifierScorer {
    parts: Box<dyn Scorer>,
    whole: Option<SegmentPostings>,
}

impl DocSet for IdentifierScorer {
    fn advance(&mut self) -> DocId {
        self.parts.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.parts.seek(target)
    }

    fn doc(&self) -> DocId {
        self.parts.doc()
    }

    fn size_hint(&self) -> u32 {
        self.parts.size_hint()
    }

    fn cost(&self) -> u64 {
        self.parts.cost()
    }
}

impl Scorer for IdentifierScorer {
    fn score(&mut self) -> f32 {
        let document = self.parts.doc();
        let score = self.parts.score();
        let is_whole = self.whole.as_mut().is_some_and(|whole| {
            let at = whole.doc();
            at == document || (at < document && whole.seek(document) == document)
        });
        if is_whole { 2.0 * score } else { score }
    }
}
