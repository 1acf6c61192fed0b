//! Reads what a person or a client typed as free text. Nothing that is typed is wrong, except that there must be
//! something to search for and not too much of it. Knows nothing of the index.
//!
//! One grammar: words, `"phrases"`, `start*`, `field:value`, `+word`, `-word`, AND, OR, NOT in capitals and parentheses.
//! Without operators all words are preferred and one is enough; STAC's advanced form requires them all. STAC's basic
//! form knows commas alone.

mod lexer;
#[cfg(test)]
mod tests;

use crate::model::{TextMode, TextQuery};

use super::error::SearchError;
use super::synonyms::Worth;
use super::words::{Word, phrase, words_of_chunk};
use lexer::Token;

/// Longest text, characters.
pub(super) const MAX_CHARACTERS: usize = 10_000;
/// Most words, phrases and identifiers of one question: each is looked up in every segment.
pub(super) const MAX_LEAVES: usize = 256;
/// Deepest parentheses.
pub(super) const MAX_DEPTH: usize = 32;

/// The member of a record that a value must stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Member {
    Id,
    Title,
    Description,
    Keyword,
    Platform,
    Instrument,
    Mission,
    Target,
    Level,
    Collection,
}

impl Member {
    const NAMES: [(&'static str, Self); 10] = [
        ("id", Self::Id),
        ("title", Self::Title),
        ("description", Self::Description),
        ("keyword", Self::Keyword),
        ("platform", Self::Platform),
        ("instrument", Self::Instrument),
        ("mission", Self::Mission),
        ("target", Self::Target),
        ("level", Self::Level),
        ("collection", Self::Collection),
    ];

    fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, member)| member)
    }
}

/// What a text asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Leaf {
        member: Option<Member>,
        word: Word,
    },
    /// At least one of these.
    Any(Vec<Self>),
    Group(Group),
    /// What was typed, or something that is called otherwise; see `synonyms`.
    Best {
        typed: Box<Self>,
        others: Vec<(Self, Worth)>,
    },
}

/// Items that were written beside each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub required: Vec<Node>,
    /// Where nothing is required, one of these is.
    pub preferred: Vec<Node>,
    pub excluded: Vec<Node>,
}

/// Reads a text.
///
/// # Errors
/// `BadText` when it is too long, too deep, or holds nothing to search for.
pub(super) fn parse(query: &TextQuery) -> Result<Node, SearchError> {
    if query.text.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(bad(format!("is longer than {MAX_CHARACTERS} characters")));
    }
    let node = match query.mode {
        TextMode::StacBasic => alternatives(&query.text),
        TextMode::Native | TextMode::StacAdvanced => {
            let tokens = lexer::tokens(&query.text)?;
            let mut parser = Parser { tokens: tokens.into_iter().peekable(), mode: query.mode };
            parser.group(0)?
        }
    };
    let node = node.ok_or_else(|| bad("has no letter or digit".to_owned()))?;
    match leaves(&node) {
        count if count > MAX_LEAVES => Err(bad(format!("has {count} words, more than {MAX_LEAVES}"))),
        _ => Ok(node),
    }
}

fn bad(reason: String) -> SearchError {
    SearchError::BadText { reason }
}

fn leaves(node: &Node) -> usize {
    match node {
        Node::Leaf { .. } => 1,
        Node::Any(nodes) => nodes.iter().map(leaves).sum(),
        Node::Best { typed, .. } => leaves(typed),
        Node::Group(group) => {
            [&group.required, &group.preferred, &group.excluded].into_iter().flatten().map(leaves).sum()
        }
    }
}

fn leaf(word: Word) -> Node {
    Node::Leaf { member: None, word }
}

/// Terms with commas between.
fn alternatives(text: &str) -> Option<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for term in text.split(',') {
        let is_single = !term.trim().contains(char::is_whitespace);
        let words = if is_single { words_of_chunk(term.trim()) } else { phrase(term).into_iter().collect() };
        nodes.extend(words.into_iter().map(leaf));
    }
    one_or(nodes, Node::Any)
}

/// The only node, or what the rest makes of several.
fn one_or(mut nodes: Vec<Node>, many: impl Fn(Vec<Node>) -> Node) -> Option<Node> {
    let mut distinct: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes.drain(..) {
        if !distinct.contains(&node) {
            distinct.push(node);
        }
    }
    if distinct.len() < 2 { distinct.pop() } else { Some(many(distinct)) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Preferred,
    Required,
    Excluded,
}

struct Parser<I: Iterator<Item = Token>> {
    tokens: std::iter::Peekable<I>,
    mode: TextMode,
}

impl<I: Iterator<Item = Token>> Parser<I> {
    /// Reads up to the closing parenthesis or the end; a parenthesis too many, or too few, is passed over.
    fn group(&mut self, depth: usize) -> Result<Option<Node>, SearchError> {
        let mut branches = Vec::new();
        let mut items: Vec<(Sign, Node)> = Vec::new();
        let usual = if self.mode == TextMode::StacAdvanced { Sign::Required } else { Sign::Preferred };
        let mut sign = usual;
        while let Some(token) = self.tokens.next() {
            let node = match token {
                Token::Open(place) if depth == MAX_DEPTH => {
                    return Err(bad(format!("has more than {MAX_DEPTH} parentheses in one another at byte {place}")));
                }
                Token::Open(_) => self.group(depth + 1)?,
                Token::Leaf(node) => Some(node),
                Token::Close if depth > 0 => break,
                Token::Close => None,
                Token::Or => {
                    branches.extend(branch(std::mem::take(&mut items)));
                    sign = usual;
                    None
                }
                Token::And => {
                    if let Some((before, _)) = items.last_mut().filter(|(before, _)| *before == Sign::Preferred) {
                        *before = Sign::Required;
                    }
                    sign = Sign::Required;
                    None
                }
                Token::Not => {
                    sign = Sign::Excluded;
                    None
                }
                Token::Plus => {
                    sign = Sign::Required;
                    None
                }
            };
            if let Some(node) = node {
                items.push((sign, node));
                sign = usual;
            }
        }
        branches.extend(branch(items));
        Ok(one_or(branches, Node::Any))
    }
}

/// Items beside each other as one node.
fn branch(items: Vec<(Sign, Node)>) -> Option<Node> {
    let mut group = Group::default();
    for (sign, node) in items {
        let nodes = match sign {
            Sign::Preferred => &mut group.preferred,
            Sign::Required => &mut group.required,
            Sign::Excluded => &mut group.excluded,
        };
        if !nodes.contains(&node) {
            nodes.push(node);
        }
    }
    let Group { required, preferred, excluded } = &mut group;
    match (required.len(), preferred.len(), excluded.len()) {
        (0, 0, 0) => None,
        (1, 0, 0) => required.pop(),
        (0, 1, 0) => preferred.pop(),
        _ => Some(Node::Group(group)),
    }
}
