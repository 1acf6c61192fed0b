//! What was shown on the pages before, by short digests: it travels in the page token, so that no state is kept here.

use std::collections::BTreeSet;

use super::Candidate;
use super::groups::hash;

/// Bytes of a digest: among 8,000 noted and as many looked up, a wrong match has a chance of 2 in 10 million.
const DIGEST_BYTES: usize = 6;

/// Most digests in a token: 48 KB. A search that shows more ends there and says so.
pub const MAX_NOTED: usize = 8_000;

/// The digests of what was shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown(BTreeSet<[u8; DIGEST_BYTES]>);

impl Shown {
    /// Reads what `to_bytes` wrote.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks().0.iter().copied().collect())
    }

    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flatten().copied().collect()
    }

    /// Whether no more can be noted.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MAX_NOTED
    }

    /// Whether a hit of a source was shown: as itself, or as the same thing from other sources. A reason that the source's
    /// own hits gave before says nothing about another hit of it.
    pub(super) fn has(&self, source: &str, candidate: &Candidate) -> bool {
        let is_noted = |digest: u64| self.0.contains(&short(digest));
        if is_noted(own(source, &candidate.id)) {
            return true;
        }
        candidate.identities.iter().any(|identity| {
            let reason = format!("{:x}", identity.hash);
            is_noted(hash(&["any", &reason])) && !is_noted(hash(&["by", &reason, source]))
        })
    }

    /// Notes a group, but for reasons that say nothing.
    pub(super) fn note<'c>(
        &mut self,
        members: impl Iterator<Item = (&'c str, &'c Candidate)>,
        is_void: impl Fn(&super::Identity) -> bool,
    ) {
        let members: Vec<_> = members.collect();
        for (source, candidate) in &members {
            self.0.insert(short(own(source, &candidate.id)));
            for identity in candidate.identities.iter().filter(|identity| !is_void(identity)) {
                let reason = format!("{:x}", identity.hash);
                self.0.insert(short(hash(&["any", &reason])));
                // Of every source that has it here: to each of them another hit with this reason is another thing.
                for (source, _) in &members {
                    self.0.insert(short(hash(&["by", &reason, source])));
                }
            }
        }
    }
}

fn own(source: &str, id: &str) -> u64 {
    hash(&["own", source, id])
}

/// The first bytes of a digest.
fn short(digest: u64) -> [u8; DIGEST_BYTES] {
    let [a, b, c, d, e, f, ..] = digest.to_be_bytes();
    [a, b, c, d, e, f]
}
