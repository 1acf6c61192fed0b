//! Which records of a source a run may delete: those with a tombstone, and those that two complete and counted listings in a
//! row lack. A large number waits for a person. Knows ids alone; nothing is deleted here.

use std::collections::BTreeSet;

/// Most deletions of one run that need no approval.
pub const MAX_DELETIONS: usize = 100;

/// Most deletions of one run that need no approval, as a part of what is held: one in so many.
pub const MAX_DELETIONS_PART: usize = 10;

/// How a listing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// It was asked for what changed since the last time: what it lacks says nothing.
    Changes,
    /// It was to be the whole and a fault ended it, or it was not counted, or the count does not agree.
    Doubtful,
    /// The source listed all that it has and as many as it says.
    Whole,
}

/// What is known before the decision.
#[derive(Debug)]
pub struct Known<'a> {
    /// Ids of the live records of the source.
    pub held: &'a BTreeSet<String>,
    /// Ids that this run listed as present.
    pub present: &'a BTreeSet<String>,
    /// Ids with a tombstone in this run, or in an earlier one whose deletion was not made.
    pub tombstones: &'a BTreeSet<String>,
    /// Ids that the whole listing before this one lacked.
    pub missing_before: &'a BTreeSet<String>,
    pub listing: Listing,
    /// The deletions that a person has seen and approved.
    pub approved: &'a BTreeSet<String>,
}

/// What comes of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub delete: BTreeSet<String>,
    /// To be approved first.
    pub awaiting: BTreeSet<String>,
    /// Lacking in this whole listing; deleted when the next one lacks them too.
    pub missing: BTreeSet<String>,
}

/// Decides.
pub fn decide(known: &Known<'_>) -> Decision {
    let absent = |id: &&String| !known.present.contains(*id);
    let mut wanted: BTreeSet<String> = known.held.iter().filter(|id| known.tombstones.contains(*id)).cloned().collect();
    let missing: BTreeSet<String> = match known.listing {
        // An empty listing is a crash far more often than an empty archive.
        Listing::Whole if !known.present.is_empty() => known.held.iter().filter(absent).cloned().collect(),
        // A listing of changes says nothing, but a record that came back is not missing.
        _ => known.missing_before.iter().filter(|id| known.held.contains(*id)).filter(absent).cloned().collect(),
    };
    if known.listing == Listing::Whole && !known.present.is_empty() {
        wanted.extend(missing.intersection(known.missing_before).cloned());
    }
    let (approved, fresh): (BTreeSet<String>, BTreeSet<String>) =
        wanted.into_iter().partition(|id| known.approved.contains(id));
    let is_many = fresh.len() > MAX_DELETIONS || fresh.len() * MAX_DELETIONS_PART > known.held.len();
    let (mut delete, awaiting) = if is_many { (BTreeSet::new(), fresh) } else { (fresh, BTreeSet::new()) };
    delete.extend(approved);
    let missing = missing.into_iter().filter(|id| !delete.contains(id)).collect();
    Decision { delete, awaiting, missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<usize>) -> BTreeSet<String> {
        range.map(|number| format!("r{number:04}")).collect()
    }

    /// Held are 0..1000; these are present, gone by tombstone, and were missing before.
    fn decided(
        listing: Listing,
        present: std::ops::Range<usize>,
        tombstones: std::ops::Range<usize>,
        before: std::ops::Range<usize>,
        approved: std::ops::Range<usize>,
    ) -> (usize, usize, usize) {
        let (held, none) = (ids(0..1_000), BTreeSet::new());
        let (present, tombstones) = (ids(present), ids(tombstones));
        let (before, approved) = (ids(before), ids(approved));
        let approved = if approved.is_empty() { &none } else { &approved };
        let known = Known {
            held: &held,
            present: &present,
            tombstones: &tombstones,
            missing_before: &before,
            listing,
            approved,
        };
        let decision = decide(&known);
        (decision.delete.len(), decision.awaiting.len(), decision.missing.len())
    }

    #[test]
    fn only_the_second_whole_listing_that_lacks_a_record_deletes_it() {
        assert_eq!(decided(Listing::Whole, 0..990, 0..0, 0..0, 0..0), (0, 0, 10));
        assert_eq!(decided(Listing::Whole, 0..990, 0..0, 990..1_000, 0..0), (10, 0, 0));
        assert_eq!(decided(Listing::Whole, 0..990, 0..0, 995..1_000, 0..0), (5, 0, 5));
        // It came back in between.
        assert_eq!(decided(Listing::Changes, 990..1_000, 0..0, 990..1_000, 0..0), (0, 0, 0));
        assert_eq!(decided(Listing::Changes, 0..1, 0..0, 990..1_000, 0..0), (0, 0, 10));
    }

    #[test]
    fn an_empty_a_truncated_and_an_uncounted_listing_delete_nothing() {
        assert_eq!(decided(Listing::Whole, 0..0, 0..0, 0..1_000, 0..0), (0, 0, 1_000));
        assert_eq!(decided(Listing::Whole, 0..0, 0..0, 0..0, 0..0), (0, 0, 0));
        assert_eq!(decided(Listing::Doubtful, 0..500, 0..0, 500..1_000, 0..0), (0, 0, 500));
        assert_eq!(decided(Listing::Doubtful, 0..500, 0..0, 0..0, 0..0), (0, 0, 0));
    }

    #[test]
    fn a_tombstone_deletes_at_once_and_many_wait() {
        assert_eq!(decided(Listing::Changes, 0..0, 0..100, 0..0, 0..0), (100, 0, 0));
        assert_eq!(decided(Listing::Changes, 0..0, 0..101, 0..0, 0..0), (0, 101, 0));
        assert_eq!(decided(Listing::Changes, 0..0, 0..101, 0..0, 0..101), (101, 0, 0));
        // What was approved does not cover what came since; nothing of an unknown record is deleted.
        assert_eq!(decided(Listing::Changes, 0..0, 0..302, 0..0, 0..101), (101, 201, 0));
        assert_eq!(decided(Listing::Doubtful, 0..0, 2_000..2_500, 0..0, 0..0), (0, 0, 0));
        assert_eq!(decided(Listing::Whole, 0..500, 0..0, 500..1_000, 0..0), (0, 500, 500));
        assert_eq!(decided(Listing::Whole, 0..500, 0..0, 500..1_000, 500..1_000), (500, 0, 0));
    }

    #[test]
    fn one_in_ten_is_the_most_of_a_small_source() {
        let (held, none) = (ids(0..20), BTreeSet::new());
        for (gone, deleted) in [(2, 2), (3, 0)] {
            let tombstones = ids(0..gone);
            let listing = Listing::Changes;
            let known = Known {
                held: &held,
                present: &none,
                tombstones: &tombstones,
                missing_before: &none,
                listing,
                approved: &none,
            };
            let decision = decide(&known);
            assert_eq!((decision.delete.len(), decision.awaiting.len()), (deleted, gone - deleted));
        }
    }
}
