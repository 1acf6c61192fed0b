//! Where words stand in one segment: lists of documents, and what each occurrence counts there. Knows nothing of how words
//! are joined, and nothing of dictionaries.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, TERMINATED};

use super::mask::{Mask, SPAN};
use super::sets::List;
use super::windows::Window;

/// How a word's weights level off: the second field that has it adds less than the first.
const SATURATION: f32 = 4.0;

/// Documents in order that are found one by one.
pub(super) enum Found {
    Postings(Box<SegmentPostings>),
    List(List),
    Scorer(Box<dyn Scorer>),
}

impl Found {
    fn document(&self) -> DocId {
        match self {
            Self::Postings(postings) => postings.doc(),
            Self::List(list) => list.document(),
            Self::Scorer(scorer) => scorer.doc(),
        }
    }

    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        let at = self.document();
        if at >= target {
            return at;
        }
        match self {
            Self::Postings(postings) => postings.seek(target),
            Self::List(list) => list.seek(target),
            Self::Scorer(scorer) => scorer.seek(target),
        }
    }

    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Postings(postings) => u64::from(postings.doc_freq()),
            Self::List(list) => list.len() as u64,
            Self::Scorer(scorer) => scorer.cost(),
        }
    }

    /// Calls for each document of a window.
    pub(super) fn each(&mut self, start: DocId, mut visit: impl FnMut(usize)) {
        let end = start.saturating_add(SPAN as DocId);
        let mut document = self.seek(start);
        while document < end {
            visit((document - start) as usize);
            document = self.seek(document + 1);
        }
    }
}

/// A list of a word with what one occurrence counts.
pub(super) struct Occurrences {
    pub postings: SegmentPostings,
    pub weight: f32,
}

/// A word with the lists of all its forms in one segment.
pub(super) struct WordLists {
    pub forms: Vec<Occurrences>,
    /// For each member that speaks for itself, such as the title: documents that have a form there.
    pub heads: Vec<(f32, Vec<Occurrences>)>,
    pub rarity: f32,
    /// Length of a document, as the index keeps it → what an occurrence counts in one of that length.
    pub lengths: tantivy::fieldnorm::FieldNormReader,
    pub by_length: std::sync::Arc<[f32; 256]>,
}

impl WordLists {
    pub(super) fn lists(&self) -> impl Iterator<Item = &Occurrences> {
        self.forms.iter().chain(self.heads.iter().flat_map(|(_, lists)| lists))
    }

    pub(super) fn first_from(&mut self, target: DocId) -> DocId {
        let first = |list: &mut Occurrences| {
            let at = list.postings.doc();
            if at < target { list.postings.seek(target) } else { at }
        };
        self.forms.iter_mut().map(first).min().unwrap_or(TERMINATED)
    }

    /// Adds the word's part of the score to every document that has it.
    pub(super) fn add(&mut self, start: DocId, window: &mut Window, scratch: &mut Scratch) {
        if self.heads.is_empty() && self.forms.len() == 1 {
            self.add_single(start, window);
            return;
        }
        scratch.clear();
        for list in &mut self.forms {
            let weight = list.weight;
            each_occurrence(&mut list.postings, start, |at, document, count| {
                let by_length = self.by_length[usize::from(self.lengths.fieldnorm_id(document))];
                scratch.add(at, weight * count as f32 * by_length);
            });
        }
        for (worth, lists) in &mut self.heads {
            scratch.clear_best();
            for list in lists {
                let weight = list.weight;
                each_occurrence(&mut list.postings, start, |at, _, _| scratch.raise(at, weight));
            }
            scratch.add_best(*worth);
        }
        scratch.mask.each(|at| {
            let weights = scratch.weights.get(at).copied().unwrap_or(0.0);
            window.add(at, levelled(self.rarity, weights));
        });
    }

    /// Marks every document that has the word.
    pub(super) fn mark(&mut self, start: DocId, mask: &mut Mask) {
        self.forms.iter_mut().for_each(|list| mask.mark(&mut list.postings, start));
    }

    fn add_single(&mut self, start: DocId, window: &mut Window) {
        let rarity = self.rarity;
        let Some(list) = self.forms.first_mut() else { return };
        let weight = list.weight;
        each_occurrence(&mut list.postings, start, |at, document, count| {
            let by_length = self.by_length[usize::from(self.lengths.fieldnorm_id(document))];
            let weights = weight * count as f32 * by_length;
            window.add(at, levelled(rarity, weights));
        });
    }
}

/// Score of a word: occurrences count less and less. One formula for all forms of a segment, however many there are: the
/// same document has the same score, to the last bit, before and after a merge.
pub(super) fn levelled(rarity: f32, weights: f32) -> f32 {
    rarity * weights * (SATURATION + 1.0) / (weights + SATURATION)
}

fn each_occurrence(postings: &mut SegmentPostings, start: DocId, mut visit: impl FnMut(usize, DocId, u32)) {
    let end = start.saturating_add(SPAN as DocId);
    let mut document = postings.doc();
    if document < start {
        document = postings.seek(start);
    }
    while document < end {
        visit((document - start) as usize, document, postings.term_freq());
        document = postings.advance();
    }
}

/// Sums of one word before they level off. Has no room before it is needed: most words have one form and no heads.
#[derive(Default)]
pub(super) struct Scratch {
    mask: Mask,
    weights: Vec<f32>,
    best: Vec<f32>,
}

impl Scratch {
    fn clear(&mut self) {
        self.mask.clear();
        self.weights.clear();
        self.weights.resize(SPAN, 0.0);
    }

    fn clear_best(&mut self) {
        self.best.clear();
        self.best.resize(SPAN, 0.0);
    }

    fn add(&mut self, at: usize, weight: f32) {
        self.mask.set(at);
        if let Some(sum) = self.weights.get_mut(at) {
            *sum += weight;
        }
    }

    fn raise(&mut self, at: usize, weight: f32) {
        if let Some(best) = self.best.get_mut(at) {
            *best = best.max(weight);
        }
    }

    fn add_best(&mut self, worth: f32) {
        for (sum, best) in self.weights.iter_mut().zip(self.best.iter()) {
            *sum += worth * best;
        }
    }
}
