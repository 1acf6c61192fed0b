//! Sets of documents that can be walked in order: posting lists, unions of them, lists. All move forward only.

use tantivy::postings::SegmentPostings;
use tantivy::query::Scorer;
use tantivy::{DocId, DocSet, TERMINATED};

use super::filter::ColumnRange;
use super::mask::{Mask, SPAN};
use super::windows::TextWalk;

/// Documents of one condition of a question.
pub(super) enum Set {
    Postings(Box<SegmentPostings>),
    Union(Box<Union>),
    Range(Box<ColumnRange>),
    Text(Box<TextWalk>),
}

impl Set {
    /// The first document at or behind `target`; `TERMINATED` when there is none.
    pub(super) fn seek(&mut self, target: DocId) -> DocId {
        match self {
            Self::Postings(postings) => match postings.doc() {
                at if at >= target => at,
                _ => postings.seek(target),
            },
            Self::Union(union) => union.seek(target),
            Self::Range(range) => range.seek(target),
            Self::Text(walk) => walk.seek(target),
        }
    }

    /// Marks the documents of a window; for sets that were never asked to seek, one window after the other.
    pub(super) fn mark(&mut self, start: DocId, mask: &mut Mask) {
        match self {
            Self::Postings(postings) => mask.mark(postings, start),
            Self::Union(union) => union.lists.iter_mut().for_each(|list| mask.mark(list, start)),
            Self::Range(range) => range.mark(start, mask),
            Self::Text(walk) => walk.mark(start, mask),
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
    window: Mask,
    /// `None` before the first look.
    window_start: Option<DocId>,
    document: DocId,
    cost: u64,
}

const WINDOW: DocId = SPAN as DocId;

impl Union {
    pub(super) fn new(lists: Vec<SegmentPostings>) -> Self {
        let cost = lists.iter().map(|list| u64::from(list.doc_freq())).sum();
        Self { lists, window: Mask::none(), window_start: None, document: 0, cost }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let start = match self.window_start {
            Some(_) if self.document >= target => return self.document,
            Some(start) if target < TERMINATED && target - start < WINDOW => start,
            _ => self.refill(target),
        };
        self.document = self.first_from(start, target);
        self.document
    }

    /// Fills the window from the first document at or behind `target`, and gives where it begins.
    fn refill(&mut self, target: DocId) -> DocId {
        self.window.clear();
        let mut first = TERMINATED;
        for list in &mut self.lists {
            if list.doc() < target {
                list.seek(target);
            }
            first = first.min(list.doc());
        }
        self.lists.retain(|list| list.doc() != TERMINATED);
        self.window_start = Some(first);
        if first != TERMINATED {
            self.lists.iter_mut().for_each(|list| self.window.mark(list, first));
        }
        first
    }

    fn first_from(&mut self, start: DocId, target: DocId) -> DocId {
        let mut start = start;
        while start != TERMINATED {
            let within = target.saturating_sub(start) as usize;
            if let Some(at) = self.window.first_from(within) {
                return start + at as DocId;
            }
            start = self.refill(start.saturating_add(WINDOW).max(target));
        }
        TERMINATED
    }
}
