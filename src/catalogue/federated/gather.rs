//! Reads one source's answer page by page until there is enough of it, and keeps where to go on. Where pages come from is the
//! caller's: nothing here asks anybody.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::hit::Hit;
use crate::federation::outcome::Outcome;
use crate::federation::protocol::Part;

/// Where the next hit of a source stands: the page that holds it, and how many records of that page come before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// As its protocol writes it; none for the first page.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    #[serde(rename = "s", default)]
    pub skip: usize,
    /// Hits before this place, which is where ranks go on.
    #[serde(rename = "r", default)]
    pub rank: u64,
    /// There is nothing more.
    #[serde(rename = "d", default)]
    pub is_done: bool,
}

/// A page of a source, read.
#[derive(Debug, Default)]
pub struct Page {
    /// One for each record; none for those that are no answer.
    pub hits: Vec<Option<Hit>>,
    /// Records that could not be read.
    pub unreadable: usize,
    pub matched: Option<u64>,
    pub next: Option<String>,
    pub unanswered: Vec<Part>,
}

/// How much is read of a source.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Hits wanted.
    pub hits: usize,
    /// Records looked at, at most.
    pub records: usize,
    /// When nobody waits any more.
    pub until: Instant,
    /// The answer has to be in an order, which is made here if the source does not: from all of its hits.
    pub is_ordered: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Gathered {
    pub outcome: Outcome,
    /// With the place of each.
    pub hits: Vec<(Position, Hit)>,
    /// Where to go on behind the last of them.
    pub end: Position,
    /// By the source's own count.
    pub matched: Option<u64>,
    /// What was decided here.
    pub post_filtered: Vec<Part>,
    pub unreadable: usize,
}

impl Gathered {
    /// Nothing, for a reason.
    pub const fn failed(outcome: Outcome, from: Position) -> Self {
        Self { outcome, hits: Vec::new(), end: from, matched: None, post_filtered: Vec::new(), unreadable: 0 }
    }
}

/// Reads on from a place.
pub fn gather(
    from: &Position,
    budget: Budget,
    fetch: &mut dyn FnMut(Option<&str>) -> Result<Page, Outcome>,
) -> Gathered {
    let mut read = Gathered::failed(Outcome::Ok, from.clone());
    let mut looked_at = 0;
    while !read.end.is_done {
        let page = match fetch(read.end.page.as_deref()) {
            Ok(page) => page,
            Err(outcome) => {
                read.outcome = outcome;
                break;
            }
        };
        looked_at += page.hits.len().saturating_sub(read.end.skip);
        let must_see_all = budget.is_ordered && page.unanswered.contains(&Part::Sort);
        if page.next.is_some() && page.next == read.end.page {
            read.outcome = Outcome::ParseError { reason: "its next page is the same page".to_owned() };
            break;
        }
        take(page, &mut read);
        if read.end.is_done || (read.hits.len() >= budget.hits && !must_see_all) {
            break;
        }
        if looked_at >= budget.records || Instant::now() >= budget.until {
            read.outcome = Outcome::Truncated;
            if must_see_all {
                let reason = format!("it cannot sort, and its matches are more than the {} read here", budget.records);
                return Gathered::failed(Outcome::Unsupported { reason }, from.clone());
            }
            break;
        }
    }
    read
}

fn take(page: Page, read: &mut Gathered) {
    let begin = std::mem::take(&mut read.end);
    let mut rank = begin.rank;
    for (at, hit) in page.hits.into_iter().enumerate().skip(begin.skip) {
        let Some(hit) = hit else { continue };
        let place = Position { page: begin.page.clone(), skip: at, rank, is_done: false };
        read.hits.push((place, hit));
        rank += 1;
    }
    read.matched = read.matched.or(page.matched);
    read.unreadable += page.unreadable;
    read.post_filtered = page.unanswered;
    read.end = Position { is_done: page.next.is_none(), page: page.next, skip: 0, rank };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn hit(id: usize) -> Option<Hit> {
        Some(Hit::for_test(&id.to_string()))
    }

    /// A source with so many records, in pages of 10, of which every second fits.
    fn source(records: usize) -> impl FnMut(Option<&str>) -> Result<Page, Outcome> {
        move |page| {
            let begin: usize = page.map_or(0, |page| page.parse().expect("a number"));
            let end = (begin + 10).min(records);
            let hits = (begin..end).map(|id| if id % 2 == 0 { hit(id) } else { None }).collect();
            let next = (end < records).then(|| end.to_string());
            Ok(Page { hits, next, matched: Some(records as u64), ..Page::default() })
        }
    }

    fn budget(hits: usize, records: usize) -> Budget {
        Budget { hits, records, until: Instant::now() + Duration::from_secs(60), is_ordered: false }
    }

    fn ids(read: &Gathered) -> Vec<&str> {
        read.hits.iter().map(|(_, hit)| hit.id.as_str()).collect()
    }

    #[test]
    fn reading_goes_on_where_it_ended_from_any_hit() {
        let read = gather(&Position::default(), budget(7, 1_000), &mut source(25));
        assert_eq!(ids(&read), ["0", "2", "4", "6", "8", "10", "12", "14", "16", "18"]);
        assert_eq!((&read.outcome, read.end.rank, read.end.is_done), (&Outcome::Ok, 10, false));
        let from = read.hits[6].0.clone();
        assert_eq!((from.page.as_deref(), from.skip, from.rank), (Some("10"), 2, 6));
        let read = gather(&from, budget(100, 1_000), &mut source(25));
        assert_eq!(ids(&read), ["12", "14", "16", "18", "20", "22", "24"]);
        assert!(read.end.is_done);
        assert!(gather(&read.end, budget(5, 10), &mut |_| panic!("asked for nothing")).hits.is_empty());
    }

    #[test]
    fn a_budget_ends_it_and_says_so() {
        let read = gather(&Position::default(), budget(1_000, 20), &mut source(500));
        assert_eq!((&read.outcome, read.hits.len(), read.end.page.as_deref()), (&Outcome::Truncated, 10, Some("20")));
    }

    #[test]
    fn a_source_that_cannot_sort_is_read_whole_or_not_at_all() {
        let unsorted = |records: usize| {
            let mut pages = source(records);
            move |page: Option<&str>| pages(page).map(|page| Page { unanswered: vec![Part::Sort], ..page })
        };
        let ordered = Budget { is_ordered: true, ..budget(3, 100) };
        let read = gather(&Position::default(), ordered, &mut unsorted(25));
        assert_eq!((read.hits.len(), read.end.is_done), (13, true));
        let read = gather(&Position::default(), ordered, &mut unsorted(500));
        assert!(matches!(read.outcome, Outcome::Unsupported { .. }));
        assert_eq!((read.hits.len(), read.end), (0, Position::default()));
    }

    #[test]
    fn a_fault_on_a_later_page_keeps_what_came_before_and_is_told() {
        let mut pages = source(30);
        let mut breaks = |page: Option<&str>| if page == Some("20") { Err(Outcome::Timeout) } else { pages(page) };
        let read = gather(&Position::default(), budget(100, 1_000), &mut breaks);
        assert_eq!((&read.outcome, read.hits.len(), read.end.page.as_deref()), (&Outcome::Timeout, 10, Some("20")));
    }

    #[test]
    fn a_page_that_leads_to_itself_is_a_fault() {
        let mut turns = |_: Option<&str>| Ok(Page { hits: vec![hit(1)], next: Some("x".into()), ..Page::default() });
        let read = gather(&Position::default(), budget(100, 1_000), &mut turns);
        assert!(matches!(read.outcome, Outcome::ParseError { .. }));
    }
}
