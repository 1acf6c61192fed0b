//! Words that are known by their start: found in the dictionary, and side by side behind other words by position.

use std::io;

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

use super::segment::Segment;
use super::shelf::Shelf;

/// Documents with a word of the text.
pub(super) fn postings(
    segment: &Segment,
    shelf: Shelf,
    word: &str,
    option: IndexRecordOption,
) -> io::Result<Option<SegmentPostings>> {
    let text = segment.text(shelf);
    let Some(found) = text.terms().get(word.as_bytes())? else { return Ok(None) };
    text.read_postings_from_terminfo(&found, option).map(Some)
}

/// Documents with a word that begins with `start`, right behind the words `before`. In no order, some maybe twice.
pub(super) fn with_prefix(segment: &Segment, shelf: Shelf, before: &[String], start: &str) -> io::Result<Vec<DocId>> {
    let places = match before.is_empty() {
        true => None,
        false => Some(places_behind(segment, shelf, before)?),
    };
    let option = if places.is_some() { IndexRecordOption::WithFreqsAndPositions } else { IndexRecordOption::Basic };
    let mut documents = Vec::new();
    let mut words = segment.text(shelf).terms().range().ge(start.as_bytes()).into_stream()?;
    while let Some((word, found)) = words.next() {
        if !word.starts_with(start.as_bytes()) {
            break;
        }
        let mut postings = segment.text(shelf).read_postings_from_terminfo(found, option)?;
        match &places {
            Some(places) => keep_in_place(&mut postings, places, &mut documents),
            None => keep_all(&mut postings, &mut documents),
        }
    }
    Ok(documents)
}

fn keep_all(postings: &mut SegmentPostings, documents: &mut Vec<DocId>) {
    let mut document = postings.doc();
    while document != TERMINATED {
        documents.push(document);
        document = postings.advance();
    }
}

/// Keeps documents that have the word at one of the places.
fn keep_in_place(postings: &mut SegmentPostings, places: &[(DocId, u32)], documents: &mut Vec<DocId>) {
    let mut rest = places;
    let mut positions = Vec::new();
    while let Some((document, _)) = rest.first() {
        let at = if postings.doc() < *document { postings.seek(*document) } else { postings.doc() };
        if at == TERMINATED {
            return;
        }
        let here = rest.partition_point(|(document, _)| *document < at);
        rest = rest.get(here..).unwrap_or_default();
        let of_document = rest.partition_point(|(document, _)| *document == at);
        let (wanted, behind) = rest.split_at(of_document);
        if !wanted.is_empty() {
            postings.positions(&mut positions);
            if wanted.iter().any(|(_, place)| positions.contains(place)) {
                documents.push(at);
            }
        }
        rest = behind;
    }
}

/// Documents with these words side by side, and the positions right behind them.
fn places_behind(segment: &Segment, shelf: Shelf, words: &[String]) -> io::Result<Vec<(DocId, u32)>> {
    let mut lists = Vec::with_capacity(words.len());
    for word in words {
        let Some(list) = postings(segment, shelf, word, IndexRecordOption::WithFreqsAndPositions)? else {
            return Ok(Vec::new());
        };
        lists.push(list);
    }
    let mut places = Vec::new();
    let mut candidate = 0;
    let (mut common, mut positions) = (Vec::new(), Vec::new());
    while let Some(document) = next_common(&mut lists, candidate) {
        for (at, list) in lists.iter_mut().enumerate() {
            // Moved to where the word behind the last one would stand.
            let to_end = (words.len() - at) as u32;
            if at == 0 {
                list.positions_with_offset(to_end, &mut common);
            } else {
                list.positions_with_offset(to_end, &mut positions);
                common.retain(|place| positions.contains(place));
            }
        }
        places.extend(common.iter().map(|place| (document, *place)));
        candidate = document + 1;
    }
    Ok(places)
}

fn next_common(lists: &mut [SegmentPostings], from: DocId) -> Option<DocId> {
    let mut candidate = from;
    loop {
        let mut greatest = candidate;
        for list in &mut *lists {
            let at = if list.doc() < greatest { list.seek(greatest) } else { list.doc() };
            greatest = greatest.max(at);
        }
        if greatest >= TERMINATED {
            return None;
        }
        if lists.iter().all(|list| list.doc() == greatest) {
            return Some(greatest);
        }
        candidate = greatest;
    }
}
