//! Ends a listing that will not end by itself: one that repeats a page or a continuation, or is longer than any archive.
//! Knows digests alone, so its memory is bounded by the number of pages.

use std::collections::HashSet;

use crate::model::Sha256;

/// Most pages of one listing: 100 million records at 500 a page.
pub const MAX_PAGES: usize = 200_000;

/// Pages in a row that bring nothing and yet go on.
pub const MAX_EMPTY_PAGES: usize = 20;

/// Why a listing was ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Endless {
    #[error("page {page} has the same records as an earlier one")]
    RepeatedPage { page: usize },
    #[error("page {page} is continued as an earlier one was")]
    RepeatedContinuation { page: usize },
    #[error("the listing goes on after {page} pages")]
    TooManyPages { page: usize },
    #[error("{MAX_EMPTY_PAGES} pages in a row, up to page {page}, have no records")]
    EmptyPages { page: usize },
}

/// The pages of one listing so far.
#[derive(Debug, Default)]
pub struct Pages {
    seen: HashSet<Sha256>,
    count: usize,
    empty: usize,
}

/// What a page looks like, by digests.
#[derive(Debug, Clone, Copy)]
pub struct PageMark {
    /// Of the ids, times and documents of its records; `None` for a page without records.
    pub records: Option<Sha256>,
    /// Of the continuation that follows it; `None` at the end.
    pub continuation: Option<Sha256>,
}

impl Pages {
    /// How many there were.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Takes the next page into account.
    ///
    /// # Errors
    /// `Endless`, and the records of this page do not count.
    pub fn take(&mut self, mark: PageMark) -> Result<(), Endless> {
        self.count += 1;
        let page = self.count;
        if page > MAX_PAGES {
            return Err(Endless::TooManyPages { page });
        }
        self.empty = if mark.records.is_some() { 0 } else { self.empty + 1 };
        if self.empty > MAX_EMPTY_PAGES && mark.continuation.is_some() {
            return Err(Endless::EmptyPages { page });
        }
        if mark.records.is_some_and(|records| !self.seen.insert(records)) {
            return Err(Endless::RepeatedPage { page });
        }
        if mark.continuation.is_some_and(|continuation| !self.seen.insert(continuation)) {
            return Err(Endless::RepeatedContinuation { page });
        }
        Ok(())
    }

    /// What was seen, for a run that is continued after a kill.
    pub fn seen(&self) -> impl Iterator<Item = &Sha256> {
        self.seen.iter()
    }

    /// Pages of a run that a kill interrupted.
    pub fn resumed(seen: impl IntoIterator<Item = Sha256>, count: usize) -> Self {
        Self { seen: seen.into_iter().collect(), count, empty: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::sha256;

    fn mark(records: &str, continuation: &str) -> PageMark {
        let digest = |text: &str| (!text.is_empty()).then(|| sha256(text.as_bytes()));
        PageMark { records: digest(records), continuation: digest(continuation) }
    }

    #[test]
    fn a_repeated_page_or_continuation_ends_the_listing() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(mark("a", "t1")), Ok(()));
        assert_eq!(pages.take(mark("b", "t2")), Ok(()));
        let mut resumed = Pages::resumed(pages.seen().copied(), pages.count());
        assert_eq!(pages.take(mark("a", "t3")), Err(Endless::RepeatedPage { page: 3 }));
        assert_eq!(resumed.take(mark("c", "t1")), Err(Endless::RepeatedContinuation { page: 3 }));
        let mut last = Pages::default();
        assert_eq!(last.take(mark("a", "")), Ok(()));
    }

    #[test]
    fn pages_without_records_do_not_go_on_for_ever() {
        let mut pages = Pages::default();
        for page in 0..MAX_EMPTY_PAGES {
            assert_eq!(pages.take(mark("", &format!("t{page}"))), Ok(()));
        }
        let end = pages.take(mark("", "more"));
        assert_eq!(end, Err(Endless::EmptyPages { page: MAX_EMPTY_PAGES + 1 }));
        assert_eq!(pages.take(mark("", "")), Ok(()), "the end may be empty");
    }
}
