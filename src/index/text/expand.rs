//! Which words of the index a typed word stands for: itself, words with its stem, words that it begins. Found in the
//! dictionaries when asked, so that stems cost nothing to store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, TextAnalyzer, TokenStream};

use super::error::SearchError;
use super::nearest::nearest;
use super::shelf::Shelf;
use super::snapshot::Snapshot;

/// Most words that a start may stand for; each is looked up in every segment.
pub(super) const MAX_WORDS: usize = 10_000;
/// Most words looked at to find those with a stem.
const MAX_NEIGHBOURS: usize = 2_000;
/// Most answers that a snapshot remembers.
const MAX_REMEMBERED: usize = 2_000;
/// Shorter words have no stem of their own.
const LEAST_STEMMED: usize = 4;

/// What a word with the same stem counts beside the word itself.
const STEM: f32 = 0.8;
/// What a longer word counts beside the start that was typed.
const START: f32 = 0.6;

/// What a word that differs in one letter counts; in two, half of that.
const NEAR: f32 = 0.4;

/// How a typed word is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// As it is.
    Exact,
    /// With words of the same stem.
    Stem,
    /// With words of the same stem and those that it begins.
    Start,
}

/// Words of a shelf, with what each counts.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    pub words: Vec<(String, f32)>,
    /// The word that was meant, where the index has none of the others and this was taken in their place.
    pub meant: Option<String>,
    /// Living documents with the most frequent of the words.
    pub documents: u64,
}

/// What was asked for already.
#[derive(Default)]
pub(super) struct Expansions(Mutex<HashMap<(Shelf, String, Form), Arc<Expansion>>>);

/// The words that a typed word stands for, its own first.
///
/// # Errors
/// `BadText` for a start of too many words.
pub(super) fn expand(snapshot: &Snapshot, shelf: Shelf, word: &str, form: Form) -> Result<Arc<Expansion>, SearchError> {
    let key = (shelf, word.to_owned(), form);
    let lock = || snapshot.expansions.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = lock().get(&key) {
        return Ok(Arc::clone(known));
    }
    let mut words = BTreeMap::new();
    if form == Form::Start {
        starts(snapshot, shelf, word, &mut words)?;
    }
    if form != Form::Exact {
        stems(snapshot, shelf, word, &mut words)?;
    }
    words.insert(word.to_owned(), 1.0);
    let mut expansion = Expansion::default();
    for (found, weight) in words {
        let documents = snapshot.documents_with(shelf, found.as_bytes())?;
        if documents > 0 {
            expansion.documents = expansion.documents.max(documents);
            expansion.words.push((found, weight));
        }
    }
    if expansion.words.is_empty() && form != Form::Exact {
        take_nearest(snapshot, shelf, word, &mut expansion)?;
    }
    expansion.words.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let expansion = Arc::new(expansion);
    let mut known = lock();
    if known.len() < MAX_REMEMBERED {
        known.insert(key, Arc::clone(&expansion));
    }
    Ok(expansion)
}

/// Words near one that the index does not have: likely a slip of the hand.
fn take_nearest(snapshot: &Snapshot, shelf: Shelf, word: &str, expansion: &mut Expansion) -> Result<(), SearchError> {
    for near in nearest(snapshot, shelf, word)? {
        expansion.documents = expansion.documents.max(near.documents);
        let weight = NEAR / near.distance.max(1) as f32;
        expansion.meant.get_or_insert_with(|| near.word.clone());
        expansion.words.push((near.word, weight));
    }
    Ok(())
}

fn starts(
    snapshot: &Snapshot,
    shelf: Shelf,
    start: &str,
    words: &mut BTreeMap<String, f32>,
) -> Result<(), SearchError> {
    walk(snapshot, shelf, start, usize::MAX, &mut |word| {
        words.insert(word.to_owned(), START);
        words.len() <= MAX_WORDS
    })?;
    match words.len() {
        count if count > MAX_WORDS => {
            Err(SearchError::BadText { reason: format!("asks for {start}*, which begins more than {MAX_WORDS} words") })
        }
        _ => Ok(()),
    }
}

fn stems(snapshot: &Snapshot, shelf: Shelf, word: &str, words: &mut BTreeMap<String, f32>) -> Result<(), SearchError> {
    let mut stemmer = Stems::new();
    let Some(stem) = stemmer.stem(word) else { return Ok(()) };
    // `city` and `cities` have the stem `citi`: its last letter may differ.
    let shared = stem.get(..stem.len().saturating_sub(1).max(LEAST_STEMMED - 1)).unwrap_or(&stem).to_owned();
    walk(snapshot, shelf, &shared, MAX_NEIGHBOURS, &mut |found| {
        if stemmer.stem(found).as_ref() == Some(&stem) {
            words.insert(found.to_owned(), STEM);
        }
        true
    })
}

/// Visits the words with a start in all segments until `visit` says no, at most so many in each.
fn walk(
    snapshot: &Snapshot,
    shelf: Shelf,
    start: &str,
    most: usize,
    visit: &mut dyn FnMut(&str) -> bool,
) -> Result<(), SearchError> {
    for view in &snapshot.views {
        let mut found = view.segment.text(shelf).terms().range().ge(start.as_bytes()).into_stream()?;
        let mut looked = 0;
        while let Some((word, _)) = found.next() {
            looked += 1;
            let Ok(word) = std::str::from_utf8(word) else { continue };
            if looked > most || !word.starts_with(start) {
                break;
            }
            if !visit(word) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// English stems.
pub(super) struct Stems(TextAnalyzer);

impl Stems {
    pub(super) fn new() -> Self {
        Self(TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build())
    }

    /// The stem of a word of letters alone; names with digits have none.
    pub(super) fn stem(&mut self, word: &str) -> Option<String> {
        if word.len() < LEAST_STEMMED || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return None;
        }
        let mut stream = self.0.token_stream(word);
        if stream.advance() { Some(stream.token().text.clone()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_have_stems_and_names_have_none() {
        let mut stems = Stems::new();
        let cases = [
            ("aerosols", Some("aerosol")),
            ("cities", Some("citi")),
            ("city", Some("citi")),
            ("mod10", None),
            ("ice", None),
        ];
        for (word, expected) in cases {
            assert_eq!(stems.stem(word).as_deref(), expected, "{word}");
        }
    }
}
