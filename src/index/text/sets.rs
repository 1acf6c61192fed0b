//! Sets of documents that can be walked in order: posting lists, unions of them, lists. All move forward only.

use tantivy::postings::SegmentPostings;
use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, TERMINATED};

use super::filter::ColumnRange;
use super::windows::TextWalk;

/// Documents of one condition of a question.
pub(super) enum Set {
    Postings(Box<SegmentPostings>),
    Union(Box<Union>),
    Range(Box<ColumnRange>),
    Text(Box<TextWalk>),
}

impl Set {
    pub(super) fn document(&self) -> DocId {
        match self {
            Self::Postings(postings) => postings.doc(),
            Self::Union(union) => union.document,
            Self::Range(range) => range.document(),
            Self::Text(walk) => walk.document(),
        }
    }

    /// The first document at or behind `target`; `TERMINATED` when there is none.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        if let Self::Range(range) = self {
            return range.seek(target);
        }
        let at = self.document();
        if at >= target {
            return at;
        }
        match self {
            Self::Postings(postings) => postings.seek(target),
            Self::Union(union) => union.seek(target),
            Self::Range(range) => range.seek(target),
            Self::Text(walk) => walk.seek(target),
        }
    }

    /// About how many documents there are to walk.
    pub(super) fn cost(&self) -> u64 {
        match self {
            Self::Postings(postings) => u64::from(postings.doc_freq()),
            Self::Union(union) => union.cost,
            Self::Range(range) => range.cost(),
            Self::Text(walk) => walk.cost(),
        }
    }

    /// Score of the present document; conditions without words have none.
    pub(super) fn score(&self) -> f32 {
        match self {
            Self::Text(walk) => walk.score(),
            _ => 0.0,
        }
    }
}

/// Sorted documents in memory.
pub(super) struct List {
    documents: Vec<DocId>,
    at: usize,
}

impl List {
    pub(super) fn new(mut documents: Vec<DocId>) -> Self {
        documents.sort_unstable();
        documents.dedup();
        Self { documents, at: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.documents.len()
    }

    pub(super) fn document(&self) -> DocId {
        self.documents.get(self.at).copied().unwrap_or(TERMINATED)
    }

    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.documents.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|document| *document < target);
        self.document()
    }
}

/// Listed documents as a scorer; all score the same.
pub(super) struct Listed(pub List);

impl DocSet for Listed {
    fn advance(&mut self) -> DocId {
        self.0.at = self.0.documents.len().min(self.0.at + 1);
        self.0.document()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.document()
    }

    fn size_hint(&self) -> u32 {
        u32::try_from(self.0.documents.len()).unwrap_or(u32::MAX)
    }
}

impl Scorer for Listed {
    fn score(&mut self) -> f32 {
        1.0
    }
}

/// Documents in any of several posting lists. Looks ahead one window at a time, so that a search that stops early, or
/// jumps far, does not walk what it never asked for.
pub(super) struct Union {
    lists: Vec<SegmentPostings>,
    window: Box<[u64; WINDOW_WORDS]>,
    window_start: DocId,
    document: DocId,
    cost: u64,
}

const WINDOW_WORDS: usize = 64;
const WINDOW: DocId = WINDOW_WORDS as DocId * 64;

impl Union {
    pub(super) fn new(lists: Vec<SegmentPostings>) -> Self {
        let cost = lists.iter().map(|list| u64::from(list.doc_freq())).sum();
        let mut union = Self { lists, window: Box::new([0; WINDOW_WORDS]), window_start: 0, document: 0, cost };
        union.refill(0);
        union.document = union.first_from(0);
        union
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if target >= TERMINATED {
            self.document = TERMINATED;
            return TERMINATED;
        }
        if target - self.window_start >= WINDOW {
            self.refill(target);
        }
        self.document = self.first_from(target);
        self.document
    }

    /// Fills the window from the first document at or behind `target`.
    fn refill(&mut self, target: DocId) {
        self.window.fill(0);
        let mut first = TERMINATED;
        for list in &mut self.lists {
            if list.doc() < target {
                list.seek(target);
            }
            first = first.min(list.doc());
        }
        self.lists.retain(|list| list.doc() != TERMINATED);
        self.window_start = first;
        if first == TERMINATED {
            return;
        }
        let end = first.saturating_add(WINDOW);
        for list in &mut self.lists {
            let mut document = list.doc();
            while document < end {
                let offset = (document - first) as usize;
                if let Some(word) = self.window.get_mut(offset / 64) {
                    *word |= 1 << (offset % 64);
                }
                document = list.advance();
            }
        }
    }

    fn first_from(&mut self, target: DocId) -> DocId {
        loop {
            if self.window_start == TERMINATED {
                return TERMINATED;
            }
            if let Some(document) = self.first_in_window(target) {
                return document;
            }
            let next = self.window_start.saturating_add(WINDOW);
            self.refill(next.max(target));
        }
    }

    fn first_in_window(&self, target: DocId) -> Option<DocId> {
        let offset = target.saturating_sub(self.window_start) as usize;
        let rest = self.window.get(offset / 64..)?;
        let mut mask = u64::MAX << (offset % 64);
        for (index, word) in rest.iter().enumerate() {
            let found = word & mask;
            if found != 0 {
                let at = (offset / 64 + index) * 64 + found.trailing_zeros() as usize;
                return Some(self.window_start + at as DocId);
            }
            mask = u64::MAX;
        }
        None
    }
}
