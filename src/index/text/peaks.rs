//! The most that a word can count in any document of a segment: with it a page in the order of relevance may end before
//! the last match. Knows nothing of rarity and of how words are joined.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

use super::positions;
use super::segment::Segment;
use super::shelf::Shelf;

/// Most words that a segment remembers, 1 KiB each.
const MAX_WORDS: usize = 2_000;

/// For each length of a text, as it is kept, the most occurrences in a text of that length.
pub(super) type Peak = [u32; 256];

/// What a segment remembers of its words.
#[derive(Default)]
pub(super) struct Peaks(Mutex<HashMap<(Shelf, String), Arc<Peak>>>);

impl Peaks {
    /// The most occurrences of a word in any text of each length.
    ///
    /// # Errors
    /// When the word's list cannot be read.
    pub(super) fn of(&self, segment: &Segment, shelf: Shelf, word: &str) -> io::Result<Arc<Peak>> {
        let key = (shelf, word.to_owned());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Arc::new(peak(segment, shelf, word)?);
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= MAX_WORDS {
            words.clear();
        }
        words.insert(key, Arc::clone(&found));
        Ok(found)
    }
}

fn peak(segment: &Segment, shelf: Shelf, word: &str) -> io::Result<Peak> {
    let mut peak = [0; 256];
    let found = positions::postings(segment, shelf, word, IndexRecordOption::WithFreqs)?;
    let Some(mut postings) = found else { return Ok(peak) };
    let lengths = &segment.text_lengths[shelf as usize];
    let mut document = postings.doc();
    while document != TERMINATED {
        let most = &mut peak[usize::from(lengths.fieldnorm_id(document))];
        *most = postings.term_freq().max(*most);
        document = postings.advance();
    }
    Ok(peak)
}
