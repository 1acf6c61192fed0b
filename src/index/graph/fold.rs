//! Folds batches to the last state of each key, so that each record's graph is written once. A graph holds
//! either what is this archive's own or what was harvested: the default graph is the union of all, and copies must not change it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::index::{Batch, Change, Holds};
use crate::model::Key;

use super::error::GraphError;

/// What batches leave of one key.
pub(super) struct Last<'b> {
    pub key: Key,
    pub change: &'b Change,
    /// Nothing of this key is in the graph yet.
    pub is_new: bool,
}

/// What batches leave.
pub(super) struct Folded<'b> {
    /// In the order of the last events.
    pub records: Vec<Last<'b>>,
    /// Sequence of the last event.
    pub position: u64,
}

/// Takes what follows the position.
///
/// # Errors
/// `Gap` when a batch does not follow.
pub(super) fn fold(batches: &[Arc<Batch>], position: u64, holds: Holds) -> Result<Folded<'_>, GraphError> {
    let mut reached = position;
    let mut last: HashMap<Key, (bool, &Change)> = HashMap::new();
    for batch in batches {
        if batch.first > reached + 1 {
            return Err(GraphError::Gap { position: reached, first: batch.first });
        }
        for change in batch.changes.iter().filter(|change| change.event.sequence > reached) {
            if !holds.holds(&change.event) {
                continue;
            }
            let entry = last.entry(change.event.record_key());
            entry.and_modify(|(_, known)| *known = change).or_insert((change.event.revision == 1, change));
        }
        reached = reached.max(batch.last);
    }
    let mut records: Vec<Last<'_>> =
        last.into_iter().map(|(key, (is_new, change))| Last { key, change, is_new }).collect();
    records.sort_unstable_by_key(|record| record.change.event.sequence);
    Ok(Folded { records, position: reached })
}
