//! A small cache that forgets what was not used for long.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Keeps at most `capacity` values, and at least half as many of those that were used last. Two generations instead of
/// an order of use: neither reading nor keeping ever looks through all entries.
#[derive(Debug)]
pub struct Recent<K, V> {
    per_generation: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash, V: Clone> Recent<K, V> {
    pub fn new(capacity: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { per_generation: (capacity / 2).max(1), generations: Mutex::new(generations) }
    }

    /// The value of this key, if it is kept.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = generations.old.remove_entry(key)?;
        generations.keep(key, value.clone(), self.per_generation);
        Some(value)
    }

    /// Forgets one value.
    pub fn forget(&self, key: &K) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.remove(key);
        generations.old.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.clear();
        generations.old.clear();
    }

    /// Keeps a value; the older half goes when there are too many.
    pub fn put(&self, key: K, value: V) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.old.remove(&key);
        generations.keep(key, value, self.per_generation);
    }
}

impl<K: Eq + Hash, V> Generations<K, V> {
    fn keep(&mut self, key: K, value: V, most: usize) {
        if self.young.len() >= most && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_stays_and_the_capacity_holds() {
        let recent = Recent::new(4);
        for key in 1..=3 {
            recent.put(key, key * 10);
        }
        assert_eq!(recent.get(&1), Some(10));
        for key in 4..=5 {
            recent.put(key, key * 10);
        }
        assert_eq!((recent.get(&2), recent.get(&3)), (None, Some(30)));
        recent.put(3, 31);
        assert_eq!(recent.get(&3), Some(31));
        let kept = (1..=5).filter(|key| recent.get(key).is_some()).count();
        assert!((2..=4).contains(&kept), "{kept}");
    }
}
