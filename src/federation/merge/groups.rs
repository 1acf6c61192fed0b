//! Which hits of different sources are the same thing. Stronger reasons are looked at first; a reason that fits two hits of
//! one source says nothing, and no group holds two hits of one source: they are two things for it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Buffer, Place};
use crate::codec;

/// Why two hits are the same, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// DOI or another persistent identifier.
    Persistent,
    /// The name that an authority gave.
    Authority,
    /// The bytes that it describes.
    Payload,
    /// Platform, instrument, type, time and footprint.
    Circumstances,
}

/// A reason to be the same as another hit that has it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub level: Level,
    /// First 8 bytes of the sha256 of what both must have.
    pub hash: u64,
}

impl Identity {
    /// The identity of a text.
    pub fn new(level: Level, text: &str) -> Self {
        Self { level, hash: hash(&[text]) }
    }
}

/// First 8 bytes of the sha256 of parts, each ended by a zero byte.
pub(super) fn hash(parts: &[&str]) -> u64 {
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.bytes().chain([0])).collect();
    let digest = codec::sha256(&bytes);
    digest.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The hits in groups.
pub(super) struct Groups {
    members: Vec<Vec<Place>>,
    /// By buffer and place: the group, or none for what is left out.
    at: Vec<Vec<Option<usize>>>,
    /// Reasons that fit two hits of one source.
    void: HashSet<Identity>,
}

impl Groups {
    /// The group of a candidate: outer `None` beyond the end of its list, inner for one that is left out.
    pub(super) fn at(&self, (buffer, place): Place) -> Option<Option<usize>> {
        self.at.get(buffer)?.get(place).copied()
    }

    pub(super) fn members(&self, group: usize) -> &[Place] {
        self.members.get(group).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Vec<Place>> {
        self.members.iter().filter(|members| !members.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_void(&self, identity: &Identity) -> bool {
        self.void.contains(identity)
    }

    /// Joins two groups unless a source would have two hits in one.
    fn join(&mut self, one: usize, other: usize) {
        let sources: HashSet<usize> = self.members(one).iter().map(|(buffer, _)| *buffer).collect();
        if one == other || self.members(other).iter().any(|(buffer, _)| sources.contains(buffer)) {
            return;
        }
        let moved = self.members.get_mut(other).map(std::mem::take).unwrap_or_default();
        for (buffer, place) in &moved {
            if let Some(slot) = self.at.get_mut(*buffer).and_then(|places| places.get_mut(*place)) {
                *slot = Some(one);
            }
        }
        if let Some(members) = self.members.get_mut(one) {
            members.extend(moved);
            members.sort_unstable();
        }
    }
}

/// Groups those candidates that are to be shown.
pub(super) fn of(buffers: &[Buffer], is_fresh: &[Vec<bool>]) -> Groups {
    let mut groups = Groups { members: Vec::new(), at: Vec::new(), void: HashSet::new() };
    let mut holders: BTreeMap<Identity, Vec<Place>> = BTreeMap::new();
    for (at, (buffer, is_fresh)) in buffers.iter().zip(is_fresh).enumerate() {
        let mut slots = Vec::with_capacity(buffer.candidates.len());
        for (place, (candidate, is_fresh)) in buffer.candidates.iter().zip(is_fresh).enumerate() {
            slots.push(is_fresh.then(|| {
                groups.members.push(vec![(at, place)]);
                groups.members.len() - 1
            }));
            if *is_fresh {
                let own: HashSet<Identity> = candidate.identities.iter().copied().collect();
                own.into_iter().for_each(|identity| holders.entry(identity).or_default().push((at, place)));
            }
        }
        groups.at.push(slots);
    }
    // In the order of their strength.
    for (identity, places) in &holders {
        let mut times: HashMap<usize, usize> = HashMap::new();
        places.iter().for_each(|(buffer, _)| *times.entry(*buffer).or_default() += 1);
        if times.values().any(|times| *times > 1) {
            groups.void.insert(*identity);
        }
        let mut clear = places.iter().filter(|(buffer, _)| times.get(buffer) == Some(&1));
        let Some(first) = clear.next() else { continue };
        for other in clear {
            if let (Some(Some(one)), Some(Some(other))) = (groups.at(*first), groups.at(*other)) {
                groups.join(one, other);
            }
        }
    }
    groups
}
