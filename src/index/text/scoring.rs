//! BM25 over living documents. The numbers that a score is made of do not depend on deleted documents or on how
//! documents lie in segments, and sums are taken in the order of the question: the same record has the same score
//! before and after a merge, a restart and a rebuild.

use std::io;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::SegmentPostings;
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight, EnableScoring, PhraseQuery, Query as _, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::segment::{Segment, frequency};
use super::sets::{List, Set};
use super::snapshot::Snapshot;
use super::words::Word;

/// Score of a word that is known by its start only: less than any rare word, the same for all records.
const PREFIX_SCORE: f32 = 1.0;

/// A word of the question with what scoring needs to know about it.
pub(super) enum WordPlan {
    One { word: String, weight: Bm25Weight },
    Identifier { whole: String, weight: Bm25Weight, parts: Box<dyn Weight> },
    Phrase(Box<dyn Weight>),
    Prefix(String),
}

/// Prepares words for scoring over the snapshot.
pub(super) fn plan(snapshot: &Snapshot, field: Field, words: Vec<Word>) -> tantivy::Result<Vec<WordPlan>> {
    let statistics = Statistics { snapshot };
    let single = |word: &str| -> tantivy::Result<Bm25Weight> {
        let documents = snapshot.documents().max(1);
        let average = snapshot.words() as f32 / documents as f32;
        let with_word = snapshot.documents_with(word.as_bytes())?.min(documents);
        Ok(Bm25Weight::for_one_term_without_explain(with_word, documents, average))
    };
    let phrase = |parts: &[String]| -> tantivy::Result<Box<dyn Weight>> {
        let terms = parts.iter().map(|part| Term::from_field_text(field, part)).collect();
        let scoring = EnableScoring::enabled_from_statistics_provider(&statistics, &snapshot.searcher);
        PhraseQuery::new(terms).weight(scoring)
    };
    let plan_one = |word: Word| {
        Ok(match word {
            Word::One(word) => WordPlan::One { weight: single(&word)?, word },
            Word::Identifier { whole, parts } if parts.len() < 2 => {
                WordPlan::One { weight: single(&whole)?, word: whole }
            }
            Word::Identifier { whole, parts } => {
                WordPlan::Identifier { weight: single(&whole)?, parts: phrase(&parts)?, whole }
            }
            Word::Phrase(parts) => WordPlan::Phrase(phrase(&parts)?),
            Word::Prefix(start) => WordPlan::Prefix(start),
        })
    };
    words.into_iter().map(plan_one).collect()
}

impl WordPlan {
    /// Documents of a segment that have the word; `None` when none has.
    pub(super) fn set(&self, segment: &Segment, reader: &tantivy::SegmentReader) -> tantivy::Result<Option<Set>> {
        Ok(match self {
            Self::One { word, weight } => {
                word_scorer(segment, word, weight)?.map(|scorer| Set::Scored(Box::new(scorer)))
            }
            Self::Identifier { whole, weight, parts } => {
                let whole = word_scorer(segment, whole, weight)?;
                let parts = parts.scorer(reader, 1.0)?;
                let either = Either { whole, parts };
                (either.doc() != TERMINATED).then(|| Set::Scored(Box::new(either)))
            }
            Self::Phrase(weight) => {
                let scorer = weight.scorer(reader, 1.0)?;
                (scorer.doc() != TERMINATED).then_some(Set::Scored(scorer))
            }
            Self::Prefix(start) => {
                let documents = documents_with_prefix(segment, start)?;
                let scorer = Constant(Set::List(List::new(documents)));
                (scorer.doc() != TERMINATED).then(|| Set::Scored(Box::new(scorer)))
            }
        })
    }
}

fn word_scorer(segment: &Segment, word: &str, weight: &Bm25Weight) -> io::Result<Option<WordScorer>> {
    let Some(found) = segment.text.terms().get(word.as_bytes())? else { return Ok(None) };
    let postings = segment.text.read_postings_from_terminfo(&found, IndexRecordOption::WithFreqs)?;
    Ok(Some(WordScorer { postings, lengths: segment.text_lengths.clone(), weight: weight.clone() }))
}

fn documents_with_prefix(segment: &Segment, start: &str) -> io::Result<Vec<DocId>> {
    let mut documents = Vec::new();
    let mut words = segment.text.terms().range().ge(start.as_bytes()).into_stream()?;
    while let Some((word, found)) = words.next() {
        if !word.starts_with(start.as_bytes()) {
            break;
        }
        let mut postings = segment.text.read_postings_from_terminfo(found, IndexRecordOption::Basic)?;
        let mut document = postings.doc();
        while document != TERMINATED {
            documents.push(document);
            document = postings.advance();
        }
    }
    Ok(documents)
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
        self.weight.score(length, frequency(&self.postings))
    }
}

/// An identifier as a whole, or its parts side by side; a record that has both scores for both.
struct Either {
    whole: Option<WordScorer>,
    parts: Box<dyn Scorer>,
}

impl Either {
    fn whole_document(&self) -> DocId {
        self.whole.as_ref().map_or(TERMINATED, DocSet::doc)
    }
}

impl DocSet for Either {
    fn advance(&mut self) -> DocId {
        let next = self.doc() + 1;
        if next > TERMINATED { TERMINATED } else { self.seek(next) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if let Some(whole) = self.whole.as_mut().filter(|whole| whole.doc() < target) {
            whole.seek(target);
        }
        if self.parts.doc() < target {
            self.parts.seek(target);
        }
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.whole_document().min(self.parts.doc())
    }

    fn size_hint(&self) -> u32 {
        self.whole.as_ref().map_or(0, DocSet::size_hint).saturating_add(self.parts.size_hint())
    }

    fn cost(&self) -> u64 {
        self.whole.as_ref().map_or(0, DocSet::cost) + self.parts.cost()
    }
}

impl Scorer for Either {
    fn score(&mut self) -> f32 {
        let document = self.doc();
        let whole = self.whole.as_mut().filter(|whole| whole.doc() == document).map_or(0.0, Scorer::score);
        let parts = if self.parts.doc() == document { self.parts.score() } else { 0.0 };
        whole + parts
    }
}

/// Documents that all score the same.
struct Constant(Set);

impl DocSet for Constant {
    fn advance(&mut self) -> DocId {
        let next = self.0.document() + 1;
        if next > TERMINATED { TERMINATED } else { self.0.seek(next) }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.document()
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.0.cost()).unwrap_or(u32::MAX)
    }
}

impl Scorer for Constant {
    fn score(&mut self) -> f32 {
        PREFIX_SCORE
    }
}
