//! Relevance: BM25F over living documents (Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009, § 3.5). A
//! word counts by how often it occurs, by how short the text is, and by the members that it stands in; the sum levels off
//! and is multiplied by the word's rarity. The numbers that a score is made of do not depend on deleted documents or on
//! how documents lie in segments, and sums are taken in the order of the question: a record has the same score before and
//! after a merge, a restart and a rebuild.
//!
//! The weights were chosen by random search over the judgements of `perennial bench relevance` in five parts; any near
//! them do about as well.

use std::sync::Arc;

use tantivy::SegmentReader;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::{EnableScoring, PhraseQuery, Query as _, Weight};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::TokenStream;
use tantivy::{DocSet, TERMINATED, Term};

use crate::model::{Facet, TextQuery};

use super::error::SearchError;
use super::expand::{Expansion, Form, expand};
use super::grammar::{self, Member, Node};
use super::labels;
use super::positions;
use super::segment::Segment;
use super::sets::List;
use super::shelf::Shelf;
use super::snapshot::Snapshot;
use super::synonyms::Synonyms;
use super::terms::{self, TermBytes};
use super::tokens;
use super::windows::{Found, GroupParts, Occurrences, Part, SideBySide, WordLists};
use super::words::Word;

/// What an occurrence anywhere counts in a text of usual length.
const TEXT: f32 = 0.5;
/// What a word counts for standing in a member, beside its occurrences.
const HEADS: [(u8, f32); 4] =
    [(terms::IN_ID, 2.0), (terms::IN_TITLE, 1.5), (terms::IN_NAME, 2.0), (terms::IN_KEYWORD, 0.5)];
/// How much the length of a text counts, 0 to 1.
const LENGTH: f32 = 0.9;
/// What an identifier that is exactly the one typed adds, as a multiple of its rarity; and what one adds that the typed
/// start begins.
const WHOLE: f32 = 0.5;
const WHOLE_STARTS: f32 = 1.3;
/// Shorter starts say little about an identifier.
const LEAST_START: usize = 3;
/// What words side by side add to what they count alone, as a multiple of their rarity.
const SIDE_BY_SIDE: f32 = 0.1;

/// A question with what scoring needs to know about it.
pub(super) enum TextPlan {
    /// One for each shelf that is asked.
    Words(Vec<ShelfWords>),
    /// A label of a facet that holds these words.
    Label {
        facet: Facet,
        words: Vec<String>,
        is_start: bool,
    },
    Any(Vec<Self>),
    /// The best of several, each with what it counts.
    Best(Vec<(Self, f32)>),
    Group {
        required: Vec<Self>,
        preferred: Vec<Self>,
        excluded: Vec<Self>,
    },
}

/// A word, or words side by side, on one shelf.
pub(super) struct ShelfWords {
    shelf: Shelf,
    words: Vec<WordPlan>,
    order: Order,
    /// The member that all words must stand in.
    member: Option<u8>,
    /// Identifiers as a whole: their letters and digits, and whether more may follow.
    whole: Option<(String, bool)>,
    /// The term of an identifier that has exactly this run.
    run: Option<TermBytes>,
    by_length: Arc<[f32; 256]>,
}

struct WordPlan {
    expansion: Arc<Expansion>,
    rarity: f32,
}

/// How several words stand to each other.
enum Order {
    Single,
    SideBySide(Box<dyn Weight>),
    /// The last one is only begun.
    Begun {
        before: Vec<String>,
        start: String,
    },
}

/// Prepares a text for scoring over the snapshot, on these shelves.
///
/// # Errors
/// `BadText`, or `Unsupported` with the member that cannot be asked for.
pub(super) fn plan(
    snapshot: &Snapshot,
    synonyms: &Synonyms,
    shelves: &[Shelf],
    text: &TextQuery,
) -> Result<TextPlan, SearchError> {
    Planner { snapshot, shelves }.node(synonyms.widen(grammar::parse(text)?))
}

/// The text with the words that were meant in place of those that no shelf has; `None` when all are known.
pub(super) fn did_you_mean(snapshot: &Snapshot, shelves: &[Shelf], text: &str) -> Result<Option<String>, SearchError> {
    let mut corrected = String::with_capacity(text.len());
    let mut rest = 0;
    let mut is_other = false;
    let mut analyzer = tokens::analyzer();
    let mut stream = analyzer.token_stream(text);
    while stream.advance() {
        let token = stream.token();
        let mut meant = None;
        for shelf in shelves {
            let expansion = expand(snapshot, *shelf, &token.text, Form::Stem)?;
            if expansion.meant.is_none() && !expansion.words.is_empty() {
                meant = None;
                break;
            }
            meant = meant.or_else(|| expansion.meant.clone());
        }
        if let Some(meant) = meant {
            corrected.push_str(text.get(rest..token.offset_from).unwrap_or_default());
            corrected.push_str(&meant);
            rest = token.offset_to;
            is_other = true;
        }
    }
    corrected.push_str(text.get(rest..).unwrap_or_default());
    Ok(is_other.then_some(corrected))
}

struct Planner<'p> {
    snapshot: &'p Snapshot,
    shelves: &'p [Shelf],
}

impl Planner<'_> {
    fn nodes(&self, nodes: Vec<Node>) -> Result<Vec<TextPlan>, SearchError> {
        nodes.into_iter().map(|node| self.node(node)).collect()
    }

    fn node(&self, node: Node) -> Result<TextPlan, SearchError> {
        Ok(match node {
            Node::Leaf { member, word } => self.leaf(member, &word)?,
            Node::Any(nodes) => TextPlan::Any(self.nodes(nodes)?),
            Node::Best { typed, others } => {
                let mut plans = vec![(self.node(*typed)?, 1.0)];
                for (other, worth) in others {
                    plans.push((self.node(other)?, worth.0));
                }
                TextPlan::Best(plans)
            }
            Node::Group(group) => TextPlan::Group {
                required: self.nodes(group.required)?,
                preferred: self.nodes(group.preferred)?,
                excluded: self.nodes(group.excluded)?,
            },
        })
    }

    fn leaf(&self, member: Option<Member>, word: &Word) -> Result<TextPlan, SearchError> {
        let facet = match member {
            Some(Member::Keyword) => Some(Facet::Keyword),
            Some(Member::Platform) => Some(Facet::Platform),
            Some(Member::Instrument) => Some(Facet::Instrument),
            Some(Member::Mission) => Some(Facet::Mission),
            Some(Member::Target) => Some(Facet::Target),
            Some(Member::Level) => Some(Facet::Level),
            Some(Member::Collection) => Some(Facet::Collection),
            Some(Member::Id | Member::Title | Member::Description) | None => None,
        };
        if let Some(facet) = facet {
            let words = word.parts().into_iter().map(str::to_owned).collect();
            return Ok(TextPlan::Label { facet, words, is_start: matches!(word, Word::Prefix { .. }) });
        }
        if let Some(member) = member.filter(|_| self.shelves.contains(&Shelf::Products)) {
            let what =
                format!("{}: over products, whose members are not told apart; ask for collections", member.name());
            return Err(SearchError::Unsupported { what });
        }
        let of_shelf = |shelf: &Shelf| self.words(*shelf, member, word);
        Ok(TextPlan::Words(self.shelves.iter().map(of_shelf).collect::<Result<_, _>>()?))
    }

    fn words(&self, shelf: Shelf, member: Option<Member>, word: &Word) -> Result<ShelfWords, SearchError> {
        let parts = word.parts();
        let last = parts.len().saturating_sub(1);
        let form = |at: usize| match word {
            Word::Prefix { .. } if at == last => Form::Start,
            Word::One(_) => Form::Stem,
            _ => Form::Exact,
        };
        let words = parts.iter().enumerate().map(|(at, part)| self.word(shelf, part, form(at)));
        let order = match word {
            _ if parts.len() < 2 => Order::Single,
            Word::Prefix { before, start } => Order::Begun { before: before.clone(), start: start.clone() },
            _ => self.side_by_side(shelf, &parts)?,
        };
        let joined = parts.concat();
        let whole = match (shelf, word) {
            (Shelf::Products, _) | (_, Word::Phrase(_)) => None,
            (_, Word::Prefix { .. }) if joined.len() < LEAST_START => None,
            (_, Word::Prefix { .. }) => Some((joined, true)),
            _ => Some((joined, false)),
        };
        let run = match word {
            Word::Identifier { run, .. } => Some(terms::identifier(run)),
            _ => None,
        };
        let member = member.map(|member| match member {
            Member::Id => terms::IN_ID,
            Member::Title => terms::IN_TITLE,
            _ => terms::IN_DESCRIPTION,
        });
        let words = words.collect::<Result<_, _>>()?;
        let whole = whole.filter(|_| member.is_none());
        Ok(ShelfWords { shelf, words, order, member, whole, run, by_length: self.by_length(shelf) })
    }

    fn word(&self, shelf: Shelf, word: &str, form: Form) -> Result<WordPlan, SearchError> {
        let expansion = expand(self.snapshot, shelf, word, form)?;
        let documents = self.documents(shelf) as f32;
        let with_word = (expansion.documents as f32).min(documents);
        let rarity = (1.0 + (documents - with_word + 0.5) / (with_word + 0.5)).ln();
        Ok(WordPlan { expansion, rarity })
    }

    fn documents(&self, shelf: Shelf) -> u64 {
        self.snapshot.count(shelf.kinds()).max(1)
    }

    fn side_by_side(&self, shelf: Shelf, parts: &[&str]) -> tantivy::Result<Order> {
        let Some(field) = self.snapshot.views.first().map(|view| view.segment.fields.text[shelf as usize]) else {
            // Without a segment nobody will ask.
            return Ok(Order::Single);
        };
        let terms = parts.iter().map(|part| Term::from_field_text(field, part)).collect();
        let scoring = EnableScoring::disabled_from_searcher(&self.snapshot.searcher);
        Ok(Order::SideBySide(PhraseQuery::new(terms).weight(scoring)?))
    }

    /// What an occurrence counts in a text of each length that the index tells apart.
    fn by_length(&self, shelf: Shelf) -> Arc<[f32; 256]> {
        let average = (self.snapshot.words(shelf) as f32 / self.documents(shelf) as f32).max(1.0);
        let mut counts = [0.0; 256];
        for (id, count) in (0..=u8::MAX).zip(&mut counts) {
            let length = FieldNormReader::id_to_fieldnorm(id) as f32;
            *count = TEXT / (1.0 - LENGTH + LENGTH * length / average);
        }
        Arc::new(counts)
    }
}

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
    fn rarity(&self) -> f32 {
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
