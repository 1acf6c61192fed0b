//! Labels of a facet that hold some words side by side: `platform:sentinel` finds `Sentinel-2A`. Labels are few beside
//! records, so that they are looked through; their documents then come from exact terms.

use crate::model::Facet;

use super::error::SearchError;
use super::occurrences::Found;
use super::parts::Part;
use super::segment::Segment;
use super::terms;
use super::words;

/// Most labels that are looked at in one segment: collections may be many.
const MAX_LABELS: u64 = 200_000;

/// Documents with such a label; all score the same.
pub(super) fn part(segment: &Segment, facet: Facet, wanted: &[String], is_start: bool) -> Result<Part, SearchError> {
    let column = segment.facet(facet)?;
    if column.num_terms() as u64 > MAX_LABELS {
        return Err(SearchError::Unsupported {
            what: format!("words of more than {MAX_LABELS} labels of {}", facet.as_str()),
        });
    }
    let mut parts = Vec::new();
    let mut label = String::new();
    for place in 0..column.num_terms() as u64 {
        label.clear();
        column.ord_to_str(place, &mut label)?;
        if !holds(&words::parts(&label), wanted, is_start) {
            continue;
        }
        if let Some(postings) = segment.postings(&terms::facet(facet, &label))? {
            parts.push((Part::Equal(Found::Postings(Box::new(postings)), 1.0), 1.0));
        }
    }
    // What was written, where it differs from the label.
    if let Some(postings) = segment.postings(&terms::facet(facet, &wanted.join(" ")))? {
        parts.push((Part::Equal(Found::Postings(Box::new(postings)), 1.0), 1.0));
    }
    Ok(if parts.is_empty() { Part::Nothing } else { Part::Best(parts) })
}

/// Whether the wanted words stand side by side; of a start the last one only begins a word.
fn holds(words: &[String], wanted: &[String], is_start: bool) -> bool {
    let Some((last, before)) = wanted.split_last() else { return false };
    words.windows(wanted.len()).any(|window| {
        let Some((end, front)) = window.split_last() else { return false };
        front == before && (end == last || (is_start && end.starts_with(last.as_str())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_holds_words_side_by_side() {
        let cut = |text: &str| words::parts(text);
        let cases = [
            ("Sentinel-2A", "sentinel", false, true),
            ("Sentinel-2A", "2", false, false),
            ("Sentinel-2A", "sentinel 2", true, true),
            ("SNOW/ICE > SNOW COVER", "snow cover", false, true),
            ("SNOW/ICE > SNOW COVER", "ice cover", false, false),
        ];
        for (label, wanted, is_start, expected) in cases {
            assert_eq!(holds(&cut(label), &cut(wanted), is_start), expected, "{label} {wanted}");
        }
    }
}
