//! The documents of a segment in the order of one sort key. A page in that order then looks at the documents on it and few
//! others, however many there are. Made when first asked for; some orders are kept with the segment, 4 bytes a document.

use std::sync::{Arc, Mutex, PoisonError};

use tantivy::DocId;

use super::sort::Part;

/// Orders that a segment keeps; the one that was not used for longest goes first.
const MOST: usize = 8;

/// Documents that have a value, least first; each once.
pub(super) struct Sorted(Vec<DocId>);

impl Sorted {
    /// Sorts the documents of a segment by their places, which are ascending. Documents without one are left out.
    pub(super) fn new(documents: DocId, place: impl Fn(DocId) -> Option<Part>) -> Self {
        let placed = (0..documents).filter_map(|document| Some((place(document)?, document)));
        let mut placed: Vec<(Part, DocId)> = placed.collect();
        placed.sort_unstable();
        Self(placed.into_iter().map(|(_, document)| document).collect())
    }

    /// Documents that have a value.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The documents behind those that come before a place, in ascending or descending order.
    pub(super) fn from<'s>(
        &'s self,
        descending: bool,
        comes_before: impl Fn(DocId) -> bool,
    ) -> Box<dyn Iterator<Item = DocId> + 's> {
        if descending {
            let end = self.0.partition_point(|document| !comes_before(*document));
            Box::new(self.0.get(..end).unwrap_or_default().iter().rev().copied())
        } else {
            let first = self.0.partition_point(|document| comes_before(*document));
            Box::new(self.0.get(first..).unwrap_or_default().iter().copied())
        }
    }
}

/// The orders that a segment keeps, by the name of their key.
#[derive(Default)]
pub(super) struct Orders(Mutex<Vec<(String, Arc<Sorted>)>>);

impl Orders {
    /// The order by a key; made if it is not kept.
    pub(super) fn get(&self, key: &str, make: impl FnOnce() -> Sorted) -> Arc<Sorted> {
        // Held while it is made: who waits would make the same one.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == key);
        let entry = match at {
            Some(at) => kept.remove(at),
            None => (key.to_owned(), Arc::new(make())),
        };
        let sorted = Arc::clone(&entry.1);
        kept.insert(0, entry);
        kept.truncate(MOST);
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_begin_where_they_are_asked_to_and_leave_out_what_has_no_place() {
        let values = [Some(5), None, Some(1), Some(5), Some(9)];
        let place = |document: DocId| values[document as usize].map(|value| (0, value));
        let sorted = Sorted::new(5, place);
        assert!(sorted.from(false, |_| false).eq([2, 0, 3, 4]));
        assert!(sorted.from(false, |document| values[document as usize] < Some(5)).eq([0, 3, 4]));
        assert!(sorted.from(true, |_| false).eq([4, 3, 0, 2]));
        assert!(sorted.from(true, |document| values[document as usize] > Some(5)).eq([3, 0, 2]));
    }

    #[test]
    fn the_orders_used_last_are_kept() {
        let orders = Orders::default();
        let made = std::cell::Cell::new(0);
        let get = |key: usize| {
            orders.get(&key.to_string(), || {
                made.set(made.get() + 1);
                Sorted::new(0, |_| None)
            });
        };
        (0..=MOST).for_each(|key| {
            get(0);
            get(key);
        });
        get(0);
        assert_eq!(made.get(), MOST + 1);
        get(1);
        assert_eq!(made.get(), MOST + 2);
    }
}
