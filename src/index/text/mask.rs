//! Some thousand documents side by side, a bit each. Knows nothing of what they match.

use tantivy::postings::SegmentPostings;
use tantivy::{DocId, DocSet};

/// Documents of a window.
pub(super) const SPAN: usize = 4096;
const WORDS: usize = SPAN / 64;

/// A bit for each document of a window.
#[derive(Clone)]
pub(super) struct Mask([u64; WORDS]);

impl Default for Mask {
    fn default() -> Self {
        Self::none()
    }
}

impl Mask {
    pub(super) const fn none() -> Self {
        Self([0; WORDS])
    }

    pub(super) const fn all() -> Self {
        Self([u64::MAX; WORDS])
    }

    /// The first so many documents.
    pub(super) fn first(count: usize) -> Self {
        let mut mask = Self::none();
        for (index, word) in mask.0.iter_mut().enumerate() {
            *word = match count.saturating_sub(index * 64) {
                0 => 0,
                rest @ 1..64 => (1 << rest) - 1,
                _ => u64::MAX,
            };
        }
        mask
    }

    #[inline]
    pub(super) fn set(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    #[inline]
    pub(super) fn unset(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn remove(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word &= !other);
    }

    /// Calls for each document.
    #[inline]
    pub(super) fn each(&self, mut visit: impl FnMut(usize)) {
        for (index, word) in self.0.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                visit(index * 64 + rest.trailing_zeros() as usize);
                rest &= rest - 1;
            }
        }
    }

    /// The first document at or behind a place.
    pub(super) fn first_from(&self, at: usize) -> Option<usize> {
        let mut keep = u64::MAX << (at % 64);
        for (index, word) in self.0.iter().enumerate().skip(at / 64) {
            let found = word & keep;
            if found != 0 {
                return Some(index * 64 + found.trailing_zeros() as usize);
            }
            keep = u64::MAX;
        }
        None
    }

    /// Marks the documents of a list in the window that begins at `start`.
    pub(super) fn mark(&mut self, list: &mut SegmentPostings, start: DocId) {
        let end = start.saturating_add(SPAN as DocId);
        let mut document = list.doc();
        if document < start {
            document = list.seek(start);
        }
        while document < end {
            self.set((document - start) as usize);
            document = list.advance();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_documents_are_marked_and_found_in_order() {
        for count in [0, 1, 63, 64, 65, 128, 4_000, SPAN, SPAN + 1] {
            let mask = Mask::first(count);
            assert_eq!(mask.count(), count.min(SPAN) as u64);
            let mut seen = Vec::new();
            mask.each(|at| seen.push(at));
            assert!(seen.iter().copied().eq(0..count.min(SPAN)));
            assert_eq!(mask.first_from(count.min(SPAN)), None);
        }
        let mut some = Mask::none();
        [3, 64, 4_095].into_iter().for_each(|at| some.set(at));
        assert_eq!([0, 4, 65].map(|at| some.first_from(at)), [Some(3), Some(64), Some(4_095)]);
        let mut rest = Mask::all();
        rest.remove(&some);
        assert_eq!(rest.count(), SPAN as u64 - 3);
        rest.keep(&some);
        assert!(rest.is_empty());
    }
}
