//! The Merkle tree of RFC 6962 over all event lines: each segment keeps the frontier after it, so that a lost or
//! changed line is found, and each line has an inclusion proof that anybody can check.

use serde::{Deserialize, Serialize};

use crate::codec::{Sha256Hasher, sha256};
use crate::model::Sha256;

/// RFC 6962 2.1: the hash of a leaf, which is one event line without its newline.
pub fn leaf_hash(line: &[u8]) -> Sha256 {
    let mut hasher = Sha256Hasher::default();
    hasher.update(&[0]);
    hasher.update(line);
    hasher.finish()
}

/// RFC 6962 2.1: the hash of an inner node.
fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut hasher = Sha256Hasher::default();
    hasher.update(&[1]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    hasher.finish()
}

/// The right edge of a tree: the roots of its complete subtrees, largest first. Enough to append and to know the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Sha256>,
}

impl Frontier {
    /// A frontier as it was stored; `None` when a tree of this size has another number of complete subtrees.
    pub fn from_parts(size: u64, nodes: Vec<Sha256>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, largest first.
    pub fn nodes(&self) -> &[Sha256] {
        &self.nodes
    }

    /// Appends one leaf.
    pub fn push(&mut self, leaf: Sha256) {
        let complete_pairs = self.size.trailing_ones();
        let mut node = leaf;
        for _ in 0..complete_pairs {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root hash of the tree; that of no leaves is the hash of nothing.
    pub fn root(&self) -> Sha256 {
        let Some((last, rest)) = self.nodes.split_last() else { return sha256(b"") };
        rest.iter().rev().fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root of the tree over these leaves (RFC 6962 2.1, MTH).
pub fn root(leaves: &[Sha256]) -> Sha256 {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The audit path of leaf number `index` (from 0) in the tree over these leaves, nearest sibling first (RFC 6962
/// 2.1.1); `None` when there is no such leaf.
pub fn inclusion_proof(leaves: &[Sha256], index: usize) -> Option<Vec<Sha256>> {
    if index >= leaves.len() {
        return None;
    }
    let mut proof = Vec::new();
    let (mut leaves, mut index) = (leaves, index);
    while leaves.len() > 1 {
        let (left, right) = leaves.split_at(split_point(leaves.len()));
        if index < left.len() {
            proof.push(root(right));
            leaves = left;
        } else {
            proof.push(root(left));
            index -= left.len();
            leaves = right;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The largest power of two smaller than `count`, which is at least 2.
const fn split_point(count: usize) -> usize {
    count.next_power_of_two() / 2
}

/// Whether `proof` shows that the leaf number `index` is in the tree of `size` leaves with this root (RFC 9162 2.1.3.2).
pub fn inclusion_is_proven(leaf: Sha256, index: u64, size: u64, proof: &[Sha256], root: Sha256) -> bool {
    if index >= size {
        return false;
    }
    let (mut node_index, mut last_index, mut node) = (index, size - 1, leaf);
    for sibling in proof {
        if last_index == 0 {
            return false;
        }
        if node_index % 2 == 1 || node_index == last_index {
            node = node_hash(sibling, &node);
            while node_index % 2 == 0 && node_index != 0 {
                node_index /= 2;
                last_index /= 2;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        node_index /= 2;
        last_index /= 2;
    }
    last_index == 0 && node == root
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962 2.1, word for word.
    fn defined_root(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => sha256(b""),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(split_point(leaves.len()));
                node_hash(&defined_root(left), &defined_root(right))
            }
        }
    }

    fn leaves(count: usize) -> Vec<Sha256> {
        (0..count).map(|n| leaf_hash(&n.to_le_bytes())).collect()
    }

    #[test]
    fn roots_are_those_of_the_certificate_transparency_test_vectors() {
        let inputs =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let bytes = |hex: &str| -> Vec<u8> {
            (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hex")).collect()
        };
        let leaves: Vec<_> = inputs.iter().map(|hex| leaf_hash(&bytes(hex))).collect();
        let roots = [
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (count, expected) in roots {
            assert_eq!(root(&leaves[..count]).to_string(), expected, "{count} leaves");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_leaf_has_a_proof_and_no_other_leaf_passes_it(count in 1usize..130, pick in 0usize..1000) {
            let leaves = leaves(count);
            let index = pick % count;
            let root = root(&leaves);
            proptest::prop_assert_eq!(root, defined_root(&leaves));
            let proof = inclusion_proof(&leaves, index).expect("the leaf is there");
            let proven = |leaf, index: usize, root| inclusion_is_proven(leaf, index as u64, count as u64, &proof, root);
            proptest::prop_assert!(proven(leaves[index], index, root));
            proptest::prop_assert!(!proven(leaf_hash(b"another"), index, root));
            proptest::prop_assert!(!proven(leaves[index], index, leaf_hash(b"another")));
            proptest::prop_assert!(count == 1 || !proven(leaves[index], (index + 1) % count, root));
        }
    }
}
