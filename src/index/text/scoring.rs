//! Relevance: BM25F over living documents (Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009, § 3.5). A
//! word counts by how often it occurs, by how short the text is, and by the members that it stands in; the sum levels off
//! and is multiplied by the word's rarity. The numbers that a score is made of do not depend on deleted documents or on
//! how documents lie in segments, and sums are taken in the order of the question: a record has the same score before and
//! after a merge, a restart and a rebuild.
//!
//! The weights were chosen by random search over the judgements of `perennial bench relevance` in five parts; any near
//! them do about as well.

use std::sync::Arc;

use tantivy::Term;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::query::{EnableScoring, PhraseQuery, Query as _, Weight};
use tantivy::tokenizer::TokenStream;

use crate::model::{Facet, TextQuery};

use super::error::SearchError;
use super::expand::{Expansion, Form, expand};
use super::grammar::{self, Member, Node};
use super::shelf::Shelf;
use super::snapshot::Snapshot;
use super::synonyms::Synonyms;
use super::terms::{self, TermBytes};
use super::tokens;
use super::words::Word;

/// What an occurrence anywhere counts in a text of usual length.
const TEXT: f32 = 0.5;
/// How much the length of a text counts, 0 to 1.
const LENGTH: f32 = 0.9;
/// Shorter starts say little about an identifier.
const LEAST_START: usize = 3;

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
    pub shelf: Shelf,
    pub words: Vec<WordPlan>,
    pub order: Order,
    /// The member that all words must stand in.
    pub member: Option<u8>,
    /// Identifiers as a whole: their letters and digits, and whether more may follow.
    pub whole: Option<(String, bool)>,
    /// The term of an identifier that has exactly this run.
    pub run: Option<TermBytes>,
    pub by_length: Arc<[f32; 256]>,
}

pub(super) struct WordPlan {
    pub expansion: Arc<Expansion>,
    pub rarity: f32,
}

/// How several words stand to each other.
pub(super) enum Order {
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
/// `BadText`.
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
