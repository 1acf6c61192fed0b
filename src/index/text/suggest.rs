//! Suggestions while a person types: labels of facets, titles of collections and words of the index that go on from what
//! stands there. Labels and titles are sorted once for each state of the index, so that an answer is two lookups.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::model::{Facet, Kind, Suggestion, Value};

use super::error::SearchError;
use super::shelf::Shelf;
use super::snapshot::{Snapshot, View, kind_set};
use super::words::parts;

/// The facets whose labels are suggested.
const FACETS: [Facet; 6] =
    [Facet::Mission, Facet::Platform, Facet::Instrument, Facet::Target, Facet::Keyword, Facet::Collection];
/// Most labels of one facet; the most frequent ones.
const MAX_LABELS: usize = 20_000;
/// Most titles.
const MAX_TITLES: usize = 50_000;
/// A label is found by each of its first so many words.
const MAX_BEGINNINGS: usize = 6;
/// Most candidates that one answer looks at.
const MAX_CANDIDATES: usize = 2_000;
/// Fewer letters begin too many words.
const LEAST_LETTERS: usize = 2;

/// Labels and titles by their beginnings.
#[derive(Default)]
pub(super) struct Suggestions(OnceLock<Vec<Beginning>>);

struct Beginning {
    /// Words of the label from one of them on, with single spaces between.
    key: String,
    /// Whether it is the first word.
    is_whole: bool,
    value: String,
    source: &'static str,
    count: u64,
}

/// The likeliest ways to go on from `typed`, at most so many.
pub(super) fn suggest(snapshot: &Snapshot, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
    let words = parts(typed);
    let Some((last, before)) = words.split_last() else { return Ok(Vec::new()) };
    let ends_word = typed.ends_with(char::is_whitespace);
    let start = if ends_word { format!("{} ", words.join(" ")) } else { words.join(" ") };
    if start.chars().count() < LEAST_LETTERS {
        return Ok(Vec::new());
    }
    let table = table(snapshot)?;
    let from = table.partition_point(|entry| entry.key.as_str() < start.as_str());
    let found = table.iter().skip(from).take(MAX_CANDIDATES).take_while(|entry| entry.key.starts_with(&start));
    let mut found: Vec<&Beginning> = found.collect();
    found.sort_by(|one, other| {
        let order = other.is_whole.cmp(&one.is_whole).then_with(|| other.count.cmp(&one.count));
        order.then_with(|| one.value.cmp(&other.value))
    });
    let mut suggestions: Vec<Suggestion> = Vec::new();
    for entry in found {
        let is_known = suggestions.iter().any(|known| known.text.eq_ignore_ascii_case(&entry.value));
        if !is_known && suggestions.len() < limit {
            let text = entry.value.clone();
            suggestions.push(Suggestion { text, source: entry.source, count: entry.count });
        }
    }
    if suggestions.len() < limit && !ends_word {
        for (word, count) in words_from(snapshot, last, limit)? {
            let text = before.iter().cloned().chain([word]).collect::<Vec<_>>().join(" ");
            let is_known = suggestions.iter().any(|known| known.text.eq_ignore_ascii_case(&text));
            if !is_known && suggestions.len() < limit {
                suggestions.push(Suggestion { text, source: "word", count });
            }
        }
    }
    Ok(suggestions)
}

/// The most frequent words with a start: those of collections first, since products repeat them.
fn words_from(snapshot: &Snapshot, start: &str, limit: usize) -> Result<Vec<(String, u64)>, SearchError> {
    let mut words: Vec<(String, u64)> = Vec::new();
    for shelf in [Shelf::Others, Shelf::Products] {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for view in &snapshot.views {
            let mut found = view.segment.text(shelf).terms().range().ge(start.as_bytes()).into_stream()?;
            let mut looked = 0;
            while let Some((word, place)) = found.next() {
                looked += 1;
                let Ok(word) = std::str::from_utf8(word) else { continue };
                if looked > MAX_CANDIDATES || !word.starts_with(start) {
                    break;
                }
                *counts.entry(word.to_owned()).or_default() += u64::from(place.doc_freq);
            }
        }
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        for (word, _) in counts.into_iter().take(limit) {
            let count = snapshot.documents_with(shelf, word.as_bytes())?;
            let known = words.iter().position(|(known, _)| *known == word);
            if let Some((_, sum)) = known.and_then(|at| words.get_mut(at)) {
                *sum += count;
            } else if count > 0 && words.len() < limit {
                words.push((word, count));
            }
        }
    }
    Ok(words)
}

fn table(snapshot: &Snapshot) -> Result<&Vec<Beginning>, SearchError> {
    if let Some(table) = snapshot.suggestions.0.get() {
        return Ok(table);
    }
    let mut table = Vec::new();
    let kinds = kind_set(Kind::ALL.as_slice());
    for facet in FACETS {
        for bucket in snapshot.facet(facet, kinds)?.buckets.iter().take(MAX_LABELS) {
            let Value::Text(label) = &bucket.value else { continue };
            let shown = match facet {
                // Of a path the last step says what it is.
                Facet::Keyword => label.rsplit(" > ").next().unwrap_or_default(),
                _ => label.as_str(),
            };
            add(&mut table, shown, facet.as_str(), bucket.count);
        }
    }
    for (title, count) in titles(snapshot)? {
        add(&mut table, &title, "title", count);
    }
    table.sort_by(|one, other| one.key.cmp(&other.key).then_with(|| other.count.cmp(&one.count)));
    Ok(snapshot.suggestions.0.get_or_init(|| table))
}

fn add(table: &mut Vec<Beginning>, value: &str, source: &'static str, count: u64) {
    let words = parts(value);
    for at in 0..words.len().min(MAX_BEGINNINGS) {
        let key = words.get(at..).unwrap_or_default().join(" ");
        table.push(Beginning { key, is_whole: at == 0, value: value.to_owned(), source, count });
    }
}

/// Titles of living records that are no products.
fn titles(snapshot: &Snapshot) -> Result<HashMap<String, u64>, SearchError> {
    let mut counts = HashMap::new();
    for view in &snapshot.views {
        for (title, count) in titles_of(view)? {
            *counts.entry(title).or_default() += count;
            if counts.len() >= MAX_TITLES {
                return Ok(counts);
            }
        }
    }
    Ok(counts)
}

fn titles_of(view: &View) -> Result<Vec<(String, u64)>, SearchError> {
    let (column, kinds) = (&view.segment.title, &view.segment.kind);
    let product = Kind::ALL.iter().position(|kind| *kind == Kind::Product).unwrap_or_default() as u64;
    if kinds.min_value() == product && kinds.max_value() == product {
        return Ok(Vec::new());
    }
    let mut counts: HashMap<u64, u64> = HashMap::new();
    for document in (0..view.segment.documents).filter(|document| kinds.values.get_val(*document) != product) {
        let lives = view.alive.as_ref().is_none_or(|alive| alive.is_alive(document));
        for place in column.term_ords(document).filter(|_| lives) {
            *counts.entry(place).or_default() += 1;
        }
    }
    let mut titles = Vec::with_capacity(counts.len());
    for (place, count) in counts {
        let mut title = String::new();
        column.ord_to_str(place, &mut title)?;
        titles.push((title, count));
    }
    titles.sort_unstable();
    Ok(titles)
}
