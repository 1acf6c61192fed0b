//! Stretches of the log in which a search for records of a set found none, so that whoever asks again need not wait for the
//! same in vain. Kept in memory alone: without it the search is slower and finds the same.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::{Selection, Set};

/// Stretches that are kept.
const MOST: usize = 64;

/// A stretch from a sequence to another, exclusive, without a record of the set in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    set: Option<Set>,
    kinds: usize,
    deletions: bool,
    snapshot: u64,
    from: u64,
    to: u64,
}

/// The stretches that were found last.
#[derive(Debug, Default)]
pub struct Barren(Mutex<VecDeque<Stretch>>);

impl Barren {
    /// Notes that a selection has nothing before this sequence.
    pub fn note(&self, selection: &Selection<'_>, to: u64) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|stretch| !is_of(stretch, selection));
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Stretch {
            set: selection.set.clone(),
            kinds: selection.kinds.len(),
            deletions: selection.deletions,
            snapshot: selection.snapshot,
            from: selection.first,
            to,
        });
    }

    /// Where the selection need begin.
    pub fn beyond(&self, selection: &Selection<'_>) -> u64 {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|stretch| is_of(stretch, selection));
        found.map_or(selection.first, |stretch| stretch.to)
    }
}

fn is_of(stretch: &Stretch, selection: &Selection<'_>) -> bool {
    stretch.set == selection.set
        && stretch.kinds == selection.kinds.len()
        && stretch.deletions == selection.deletions
        && stretch.snapshot == selection.snapshot
        && stretch.from == selection.first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_goes_on_where_it_was_and_no_other_does() {
        let barren = Barren::default();
        let selection = |first, snapshot| Selection {
            kinds: &[],
            set: Some(Set::Mission("m".into())),
            first,
            last: 99,
            snapshot,
            deletions: true,
            sets: true,
        };
        barren.note(&selection(5, 100), 50);
        assert_eq!(barren.beyond(&selection(5, 100)), 50);
        assert_eq!((barren.beyond(&selection(6, 100)), barren.beyond(&selection(5, 101))), (6, 5));
        barren.note(&selection(5, 100), 70);
        assert_eq!(barren.beyond(&selection(5, 100)), 70);
        (0..64).for_each(|first| barren.note(&selection(first + 1_000, 100), 2_000));
        assert_eq!(barren.beyond(&selection(5, 100)), 5);
    }
}
