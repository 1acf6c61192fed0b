//! Words of the index that a typed word may have been meant for: few letters away and with the same first letter. Asked
//! only for words that the index does not have.

use super::error::SearchError;
use super::shelf::Shelf;
use super::snapshot::Snapshot;

/// Shorter words are near too many others.
const LEAST_LETTERS: usize = 4;
/// Words from this length on may differ in two letters.
const LONG: usize = 8;
/// Most words of a segment that are looked at.
const MAX_LOOKED_AT: usize = 100_000;
/// Most words given.
const MAX_NEAREST: usize = 8;

/// A word of the index near one that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Near {
    pub word: String,
    pub distance: usize,
    /// Living documents with it.
    pub documents: u64,
}

/// The nearest words of a shelf, the likeliest first. Nothing for names with digits: another number is another thing.
pub(super) fn nearest(snapshot: &Snapshot, shelf: Shelf, word: &str) -> Result<Vec<Near>, SearchError> {
    let letters: Vec<char> = word.chars().collect();
    let Some(first) = letters.first().filter(|_| letters.len() >= LEAST_LETTERS) else { return Ok(Vec::new()) };
    if !letters.iter().all(|letter| letter.is_alphabetic()) {
        return Ok(Vec::new());
    }
    let most = if letters.len() < LONG { 1 } else { 2 };
    let start = first.to_string();
    let mut near: Vec<Near> = Vec::new();
    for view in &snapshot.views {
        let mut found = view.segment.text(shelf).terms().range().ge(start.as_bytes()).into_stream()?;
        let mut looked = 0;
        while let Some((candidate, _)) = found.next() {
            looked += 1;
            let Ok(candidate) = std::str::from_utf8(candidate) else { continue };
            if looked > MAX_LOOKED_AT || !candidate.starts_with(*first) {
                break;
            }
            let distance = distance(&letters, candidate, most);
            let Some(distance) = distance.filter(|_| near.iter().all(|near| near.word != candidate)) else { continue };
            let documents = snapshot.documents_with(shelf, candidate.as_bytes())?;
            if documents > 0 {
                near.push(Near { word: candidate.to_owned(), distance, documents });
            }
        }
    }
    near.sort_by(|one, other| {
        let order = one.distance.cmp(&other.distance).then_with(|| other.documents.cmp(&one.documents));
        order.then_with(|| one.word.cmp(&other.word))
    });
    near.truncate(MAX_NEAREST);
    Ok(near)
}

/// Letters to change, add, leave out or swap with their neighbour (optimal string alignment); `None` beyond `most`.
fn distance(letters: &[char], candidate: &str, most: usize) -> Option<usize> {
    let count = candidate.chars().count();
    if count.abs_diff(letters.len()) > most {
        return None;
    }
    let candidate: Vec<char> = candidate.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=candidate.len()).collect();
    for (line, letter) in letters.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, other) in candidate.iter().enumerate() {
            let cost = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let changed = cost(&row, column) + usize::from(letter != other);
            let mut least = changed.min(cost(&row, column + 1) + 1).min(cost(&next, column) + 1);
            let is_swapped = line > 0
                && column > 0
                && letters.get(line - 1) == Some(other)
                && candidate.get(column - 1) == Some(letter);
            if is_swapped {
                least = least.min(cost(&before, column - 1) + 1);
            }
            next.push(least);
        }
        if next.iter().min().is_some_and(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters_and_stop_beyond_the_limit() {
        let cases = [
            ("glacier", "glacier", Some(0)),
            ("galcier", "glacier", Some(1)),
            ("glaciers", "glacier", Some(1)),
            ("glacer", "glacier", Some(1)),
            ("temprature", "temperature", Some(1)),
            ("tempratur", "temperature", Some(2)),
            ("glacier", "glass", None),
            ("météo", "meteo", Some(2)),
        ];
        for (typed, word, expected) in cases {
            let letters: Vec<char> = typed.chars().collect();
            assert_eq!(distance(&letters, word, 2), expected, "{typed} {word}");
        }
    }
}
