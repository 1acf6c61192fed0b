//! Two shelves of words. Products are many and have little text; everything else is few and told at length. Each shelf
//! has its own words, lengths and frequencies, so that a million products do not change how collections are ranked, and
//! a question about one is not answered through the other.

use crate::model::Kind;

use super::snapshot::{KindSet, kind_set};

/// Where the words of a record stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shelf {
    Products,
    Others,
}

impl Shelf {
    pub(super) const ALL: [Self; 2] = [Self::Products, Self::Others];

    /// Where a kind stands.
    pub(super) fn of(kind: Kind) -> Self {
        if kind == Kind::Product { Self::Products } else { Self::Others }
    }

    /// The kinds that stand here.
    pub(super) fn kinds(self) -> KindSet {
        let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| Self::of(*kind) == self).collect();
        kind_set(&kinds)
    }

    /// Those that hold some of these kinds.
    pub(super) fn holding(kinds: KindSet) -> Vec<Self> {
        Self::ALL.into_iter().filter(|shelf| shelf.kinds() & kinds != 0).collect()
    }
}
