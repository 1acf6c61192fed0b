//! What a text asks for in one segment: its words become lists of documents with what each occurrence counts. What a
//! score is, and why, is said in `scoring`.

use std::sync::Arc;

use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, SegmentReader, TERMINATED};

use super::error::SearchError;
use super::labels;
use super::occurrences::{Found, Occurrences, WordLists};
use super::parts::{GroupParts, Part, SideBySide};
use super::positions;
use super::scoring::{Order, ShelfWords, TextPlan, WordPlan};
use super::segment::Segment;
use super::sets::List;
use super::shelf::Shelf;
use super::terms;

/// What a word counts for standing in a member, beside its occurrences.
const HEADS: [(u8, f32); 4] =
    [(terms::IN_ID, 2.0), (terms::IN_TITLE, 1.5), (terms::IN_NAME, 2.0), (terms::IN_KEYWORD, 0.5)];
/// What an identifier that is exactly the one typed adds, as a multiple of its rarity; and what one adds that the typed
/// start begins.
const WHOLE: f32 = 0.5;
const WHOLE_STARTS: f32 = 1.3;
/// What words side by side add to what they count alone, as a multiple of their rarity.
const SIDE_BY_SIDE: f32 = 0.1;

impl TextPlan {
    /// Documents of a segment that have what is asked for.
    pub(super) fn part(&self, segment: &Segment, reader: &SegmentReader) -> Result<Part, SearchError> {
        let all = |plans: &[Self]| plans.iter().map(|plan| plan.part(segment, reader)).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Self::Words(shelves) => {
                let parts = shelves.iter().map(|words| words.part(segment, reader)).collect::<Result<Vec<_>, _>>()?;
                any(parts)
            }
            Self::Label { facet, words, is_start } => labels::part(segment, *facet, words, *is_start)?,
            Self::Any(plans) => any(all(plans)?),
            Self::Best(plans) => {
                let part = |(plan, worth): &(Self, f32)| Ok::<_, SearchError>((plan.part(segment, reader)?, *worth));
                Part::Best(plans.iter().map(part).collect::<Result<_, _>>()?)
            }
            Self::Group { required, preferred, excluded } => Part::Group(Box::new(GroupParts {
                required: all(required)?,
                preferred: all(preferred)?,
                excluded: all(excluded)?,
                prefers_all: true,
            })),
        })
    }
}

fn any(mut parts: Vec<Part>) -> Part {
    parts.retain(|part| !matches!(part, Part::Nothing));
    if parts.len() < 2 { parts.pop().unwrap_or(Part::Nothing) } else { Part::Any(parts) }
}

impl ShelfWords {
    pub(super) fn rarity(&self) -> f32 {
        self.words.iter().map(|word| word.rarity).sum()
    }

    fn part(&self, segment: &Segment, reader: &SegmentReader) -> Result<Part, SearchError> {
        if let Some(member) = self.member {
            return self.within(member, segment, reader);
        }
        let words = match self.found(segment, reader)? {
            Some(found) => self.phrase(found, segment)?,
            None => match self.words.first() {
                Some(word) => self.word_part(word, segment)?,
                None => Part::Nothing,
            },
        };
        let rarity = self.rarity();
        let mut parts = vec![words];
        if let Some((joined, is_start)) = &self.whole {
            if *is_start {
                parts.push(equal(begun_wholes(segment, joined)?, WHOLE_STARTS * rarity));
            }
            let exact = segment.postings(&terms::whole(joined))?;
            parts.extend(exact.map(|exact| Part::Equal(Found::Postings(Box::new(exact)), WHOLE * rarity)));
        }
        Ok(any(parts))
    }

    /// Where several words stand side by side; `None` for a single one.
    fn found(&self, segment: &Segment, reader: &SegmentReader) -> Result<Option<Found>, SearchError> {
        Ok(match &self.order {
            Order::Single => None,
            Order::SideBySide(weight) => Some(Found::Scorer(weight.scorer(reader, 1.0)?)),
            Order::Begun { before, start } => {
                Some(Found::List(List::new(positions::with_prefix(segment, self.shelf, before, start)?)))
            }
        })
    }

    fn phrase(&self, found: Found, segment: &Segment) -> Result<Part, SearchError> {
        let rarity = self.rarity();
        let mut words = Vec::new();
        // Products are many and alike: words side by side say enough, and reading each list again would cost more.
        let mut score = rarity;
        if self.shelf == Shelf::Others {
            for word in &self.words {
                words.extend(self.lists(word, segment)?);
            }
            score = SIDE_BY_SIDE * rarity;
        }
        let phrase = Part::SideBySide(Box::new(SideBySide { found, words, score }));
        let exact = match &self.run {
            Some(run) if self.shelf == Shelf::Products => segment.postings(run)?,
            _ => None,
        };
        let Some(exact) = exact else { return Ok(phrase) };
        // Two runs may share a term, so that it only adds to what stands side by side.
        let exact = Part::Equal(Found::Postings(Box::new(exact)), rarity);
        Ok(Part::Group(Box::new(GroupParts {
            required: vec![phrase],
            preferred: vec![exact],
            excluded: Vec::new(),
            prefers_all: false,
        })))
    }

    fn word_part(&self, word: &WordPlan, segment: &Segment) -> Result<Part, SearchError> {
        Ok(self.lists(word, segment)?.map_or(Part::Nothing, |lists| Part::Word(Box::new(lists))))
    }

    fn lists(&self, word: &WordPlan, segment: &Segment) -> Result<Option<WordLists>, SearchError> {
        let mut forms = Vec::new();
        for (form, weight) in &word.expansion.words {
            let found = positions::postings(segment, self.shelf, form, IndexRecordOption::WithFreqs)?;
            forms.extend(found.map(|postings| Occurrences { postings, weight: *weight }));
        }
        if forms.is_empty() {
            return Ok(None);
        }
        let mut heads = Vec::new();
        if self.shelf == Shelf::Others {
            for (member, worth) in HEADS {
                let lists = member_lists(word, member, segment)?;
                if !lists.is_empty() {
                    heads.push((worth, lists));
                }
            }
        }
        let lengths = segment.text_lengths[self.shelf as usize].clone();
        let by_length = Arc::clone(&self.by_length);
        Ok(Some(WordLists { forms, heads, rarity: word.rarity, lengths, by_length }))
    }

    /// All words in one member; side by side anywhere, where that is asked.
    fn within(&self, member: u8, segment: &Segment, reader: &SegmentReader) -> Result<Part, SearchError> {
        let mut required = Vec::new();
        for word in &self.words {
            let lists = member_lists(word, member, segment)?;
            let score = word.rarity;
            let parts = lists
                .into_iter()
                .map(|list| (Part::Equal(Found::Postings(Box::new(list.postings)), score), list.weight));
            required.push(Part::Best(parts.collect()));
        }
        required.extend(self.found(segment, reader)?.map(|found| Part::Equal(found, 0.0)));
        Ok(Part::Group(Box::new(GroupParts {
            required,
            preferred: Vec::new(),
            excluded: Vec::new(),
            prefers_all: false,
        })))
    }
}

fn member_lists(word: &WordPlan, member: u8, segment: &Segment) -> Result<Vec<Occurrences>, SearchError> {
    let mut lists = Vec::new();
    for (form, weight) in &word.expansion.words {
        let found = segment.postings(&terms::within(member, form))?;
        lists.extend(found.map(|postings| Occurrences { postings, weight: *weight }));
    }
    Ok(lists)
}

fn equal(documents: Vec<u32>, score: f32) -> Part {
    if documents.is_empty() { Part::Nothing } else { Part::Equal(Found::List(List::new(documents)), score) }
}

/// Documents with an identifier that has this start.
fn begun_wholes(segment: &Segment, joined: &str) -> Result<Vec<u32>, SearchError> {
    let start = terms::whole(joined);
    let mut found = segment.terms.terms().range().ge(&start).into_stream()?;
    let mut documents = Vec::new();
    while let Some((term, place)) = found.next() {
        if !term.starts_with(&start) {
            break;
        }
        let mut postings = segment.terms.read_postings_from_terminfo(place, IndexRecordOption::Basic)?;
        while postings.doc() != TERMINATED {
            documents.push(postings.doc());
            postings.advance();
        }
    }
    Ok(documents)
}
