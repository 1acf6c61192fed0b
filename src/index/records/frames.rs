//! Places of frames that were asked for lately, in memory: a page of hits asks for as many as it has records, and the tree
//! takes microseconds for each.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::values;
use crate::model::RecordLocation;

/// Frames that are kept at most, some 200 bytes each; then all are forgotten.
const MOST: usize = 100_000;

/// Values of frames by the sequence of their first line.
#[derive(Default)]
pub struct Frames(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    values: BTreeMap<u64, sled::IVec>,
    /// Raised when something is forgotten: what was read before that may be old.
    age: u64,
}

impl Frames {
    /// Where a record stands, if its frame is kept.
    pub fn location(&self, sequence: u64) -> Option<RecordLocation> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (first, value) = kept.values.range(..=sequence).next_back()?;
        values::Frame::location(value, sequence - first)
    }

    /// To be read before the tree is, for `keep`.
    pub fn age(&self) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).age
    }

    /// Keeps a frame that was read from the tree, unless something was forgotten since.
    pub fn keep(&self, age: u64, first: u64, value: sled::IVec) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.age != age {
            return;
        }
        if kept.values.len() >= MOST {
            kept.values.clear();
        }
        kept.values.insert(first, value);
    }

    /// Forgets what may be written anew: frames from this sequence on, and the one before.
    pub fn forget_from(&self, sequence: u64) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.age += 1;
        kept.values.split_off(&sequence);
        kept.values.pop_last();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(segment: u64, records: u32) -> sled::IVec {
        let records = (0..records).map(|at| (at * 10, 10)).collect();
        values::Frame { segment, frame_offset: 0, frame_length: 1, records }.to_bytes().into()
    }

    #[test]
    fn a_record_is_found_in_its_frame_alone_and_not_after_it_was_forgotten() {
        let frames = Frames::default();
        frames.keep(0, 5, frame(5, 3));
        frames.keep(0, 10, frame(10, 2));
        let segment = |sequence| frames.location(sequence).map(|location| (location.segment, location.start));
        assert_eq!(
            [4, 5, 7, 8, 10, 11, 12].map(segment),
            [None, Some((5, 0)), Some((5, 20)), None, Some((10, 0)), Some((10, 10)), None]
        );
        frames.forget_from(12);
        frames.keep(0, 20, frame(20, 1));
        assert_eq!([5, 10, 20].map(segment), [Some((5, 0)), None, None]);
    }
}
