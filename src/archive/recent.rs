//! A small cache that forgets what was not used for longest.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;

/// Keeps at most `capacity` values.
#[derive(Debug)]
pub struct Recent<K, V> {
    capacity: usize,
    entries: Mutex<Entries<K, V>>,
}

#[derive(Debug)]
struct Entries<K, V> {
    clock: u64,
    values: HashMap<K, (u64, V)>,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), entries: Mutex::new(Entries { clock: 0, values: HashMap::new() }) }
    }

    /// The value of this key, if it is kept.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Entries { clock, values } = &mut *entries;
        *clock += 1;
        let (used, value) = values.get_mut(key)?;
        *used = *clock;
        Some(value.clone())
    }

    /// Keeps a value; the one that was not used for longest goes when there are too many.
    pub fn put(&self, key: K, value: V) {
        let mut entries = self.entries.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Entries { clock, values } = &mut *entries;
        *clock += 1;
        if values.len() >= self.capacity && !values.contains_key(&key) {
            let oldest = values.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.map(|key| values.remove(&key));
        }
        values.insert(key, (*clock, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_not_used_for_longest_goes_first() {
        let recent = Recent::new(2);
        recent.put(1, "one");
        recent.put(2, "two");
        assert_eq!(recent.get(&1), Some("one"));
        recent.put(3, "three");
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (Some("one"), None, Some("three")));
    }
}
