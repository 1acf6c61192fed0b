//! Makes one list of the lists of several sources: in the order that was asked for, each thing once. Knows nothing of
//! records: the caller says what of a hit is compared, and what makes two hits one.
//!
//! With an explicit order the lists, each in that order, are merged by their heads: missing values last, ties in the order
//! of the sources. By relevance, scores of different sources cannot be compared; their ranks can: reciprocal rank fusion
//! (Cormack, Clarke and Büttcher, SIGIR 2009), the sum of 1 / (60 + rank) over the sources that have the hit.

mod groups;
mod order;
mod shown;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

pub use groups::{Identity, Level};
pub use order::{Field, compare};
pub use shown::Shown;

/// The constant of reciprocal rank fusion, as its authors chose it.
const FUSION: f64 = 60.0;

/// What is compared of a hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its rank in its source's answer, from 1, counted from the first page on.
    pub rank: u64,
    /// Its name in its source.
    pub id: String,
    /// What makes another source's hit the same, by strength.
    pub identities: Vec<Identity>,
    /// Values of the keys that are sorted by, in their order.
    pub sort: Vec<Option<Field>>,
    /// How much the record says: of several with the same trust, the one that says most is kept.
    pub completeness: usize,
}

/// What one source gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// Its name: part of what is remembered of a hit.
    pub source: String,
    /// Of two that are the same, that of the source with more trust is kept.
    pub trust: u8,
    /// In the order asked for (or the source's, by relevance).
    pub candidates: Vec<Candidate>,
    /// Whether nothing may be given beyond its last candidate, because the source has more, which may come before that of
    /// others.
    pub is_barrier: bool,
}

/// The order asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    Relevance,
    /// Whether each key descends.
    By(Vec<bool>),
}

/// A candidate by the place of its buffer and its place in it.
pub type Place = (usize, usize);

/// A hit of the merged list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The best.
    pub kept: Place,
    /// The same elsewhere, in the order of the sources.
    pub others: Vec<Place>,
}

impl Group {
    /// All of it.
    pub fn members(&self) -> impl Iterator<Item = Place> {
        std::iter::once(self.kept).chain(self.others.iter().copied())
    }
}

/// A page of the merged list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    pub groups: Vec<Group>,
    /// How many different things stand in all lists together, those shown before left out.
    pub different: usize,
}

/// Merges, up to so many hits. What was shown on earlier pages is left out, and what is given is noted in `shown`.
pub fn merge(buffers: &[Buffer], order: &Order, limit: usize, shown: &mut Shown) -> Merged {
    let is_fresh: Vec<Vec<bool>> = buffers.iter().map(|buffer| fresh(buffer, shown)).collect();
    let groups = groups::of(buffers, &is_fresh);
    let sequence = match order {
        Order::Relevance => by_rank(buffers, &groups),
        Order::By(descends) => by_heads(buffers, &groups, descends),
    };
    let given: Vec<Group> = sequence.into_iter().take(limit).map(|members| best_first(buffers, members)).collect();
    for group in &given {
        let members = group.members().filter_map(|place| {
            let buffer = buffers.get(place.0)?;
            Some((buffer.source.as_str(), buffer.candidates.get(place.1)?))
        });
        shown.note(members, |identity| groups.is_void(identity));
    }
    Merged { groups: given, different: groups.all().count() }
}

/// How many candidates at the beginning of a list need not be looked at again: they were shown.
pub fn read_through(buffer: &Buffer, shown: &Shown) -> usize {
    fresh(buffer, shown).iter().take_while(|is_fresh| !**is_fresh).count()
}

/// Which candidates of a source were not shown before; of one that stands twice in its list, the first.
fn fresh(buffer: &Buffer, shown: &Shown) -> Vec<bool> {
    let mut seen = std::collections::HashSet::new();
    let of = |candidate: &Candidate| seen.insert(candidate.id.clone()) && !shown.has(&buffer.source, candidate);
    buffer.candidates.iter().map(of).collect()
}

/// Groups by the sum of what their ranks are worth; the first of equal ones is that of the first source.
fn by_rank(buffers: &[Buffer], groups: &groups::Groups) -> Vec<Vec<Place>> {
    let worth = |members: &Vec<Place>| -> f64 {
        let ranks = members.iter().filter_map(|(at, place)| buffers.get(*at)?.candidates.get(*place));
        // Ranks are small: no figure is lost.
        ranks.map(|candidate| 1.0 / (FUSION + candidate.rank as f64)).sum()
    };
    let mut sequence: Vec<(f64, Vec<Place>)> = groups.all().map(|members| (worth(members), members.clone())).collect();
    sequence.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.first().cmp(&right.1.first())));
    sequence.into_iter().map(|(_, members)| members).collect()
}

/// Groups in the order in which the heads of the lists give them.
fn by_heads(buffers: &[Buffer], groups: &groups::Groups, descends: &[bool]) -> Vec<Vec<Place>> {
    let mut heads = vec![0; buffers.len()];
    let mut taken = vec![false; groups.len()];
    let mut sequence = Vec::new();
    loop {
        for (at, head) in heads.iter_mut().enumerate() {
            while groups.at((at, *head)).is_some_and(|group| group.is_none_or(|group| is_taken(&taken, group))) {
                *head += 1;
            }
        }
        let ends = |at: usize| buffers.get(at).and_then(|buffer| buffer.candidates.get(*heads.get(at)?));
        if (0..buffers.len()).any(|at| ends(at).is_none() && buffers.get(at).is_some_and(|buffer| buffer.is_barrier)) {
            return sequence;
        }
        let first = (0..buffers.len())
            .filter_map(|at| Some((at, ends(at)?)))
            .min_by(|left, right| order::compare(&left.1.sort, &right.1.sort, descends).then(left.0.cmp(&right.0)));
        let Some((at, _)) = first else { return sequence };
        let head = heads.get(at).copied().unwrap_or_default();
        let Some(Some(group)) = groups.at((at, head)) else { return sequence };
        if let Some(taken) = taken.get_mut(group) {
            *taken = true;
        }
        sequence.push(groups.members(group).to_vec());
    }
}

fn is_taken(taken: &[bool], group: usize) -> bool {
    taken.get(group).copied().unwrap_or(true)
}

/// The member that is kept, and the others in the order of the sources.
fn best_first(buffers: &[Buffer], members: Vec<Place>) -> Group {
    let weight = |place: &Place| {
        let buffer = buffers.get(place.0);
        let says =
            buffer.and_then(|buffer| buffer.candidates.get(place.1)).map_or(0, |candidate| candidate.completeness);
        (buffer.map_or(0, |buffer| buffer.trust), says)
    };
    let better = |left: &&Place, right: &&Place| match weight(left).cmp(&weight(right)) {
        // The first of equals.
        Ordering::Equal => right.cmp(left),
        other => other,
    };
    let kept = members.iter().max_by(better).copied().unwrap_or_default();
    let others = members.into_iter().filter(|place| *place != kept).collect();
    Group { kept, others }
}
