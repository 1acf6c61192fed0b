//! Reads what a person or a client typed as free text. Nothing that is typed is wrong, except that there must be
//! something to search for and not too much of it. Knows nothing of the index.
//!
//! One grammar: words, `"phrases"`, `start*`, `field:value`, `+word`, `-word`, AND, OR, NOT in capitals and parentheses.
//! Without operators all words are preferred and one is enough; STAC's advanced form requires them all. STAC's basic
//! form knows commas alone.

use crate::model::{TextMode, TextQuery};

use super::error::SearchError;
use super::synonyms::Worth;
use super::words::{Word, phrase, words_of_chunk};

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

    /// As it is typed.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, member)| *member == self).map_or("", |(name, _)| name)
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
            let tokens = tokens(&query.text)?;
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

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// With its place, bytes from 1.
    Open(usize),
    Close,
    And,
    Or,
    Not,
    Plus,
    Leaf(Node),
}

fn tokens(text: &str) -> Result<Vec<Token>, SearchError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut count = 0;
    while let Some(first) = rest.chars().next() {
        let place = text.len() - rest.len() + 1;
        let behind = rest.get(first.len_utf8()..).unwrap_or_default();
        let before = tokens.len();
        rest = match first {
            '(' => {
                tokens.push(Token::Open(place));
                behind
            }
            ')' => {
                tokens.push(Token::Close);
                behind
            }
            '"' => {
                let (quoted, behind) = behind.split_once('"').unwrap_or((behind, ""));
                tokens.extend(phrase(quoted).map(|word| Token::Leaf(leaf(word))));
                behind
            }
            '-' | '+' if behind.starts_with(|c: char| c.is_alphanumeric() || c == '"' || c == '(') => {
                tokens.push(if first == '-' { Token::Not } else { Token::Plus });
                behind
            }
            _ if first.is_whitespace() || first == ',' => behind,
            _ => read_chunk(rest, &mut tokens),
        };
        count += tokens.iter().skip(before).filter(|token| matches!(token, Token::Leaf(_))).count();
        if count > MAX_CHARACTERS / 2 {
            return Err(bad(format!("has too many words at byte {place}")));
        }
    }
    Ok(tokens)
}

/// Reads up to the next space, quote or parenthesis; gives what follows.
fn read_chunk<'t>(text: &'t str, tokens: &mut Vec<Token>) -> &'t str {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '(' | ')');
    let (chunk, behind) = text.split_at_checked(text.find(ends).unwrap_or(text.len())).unwrap_or((text, ""));
    match chunk {
        "AND" => tokens.push(Token::And),
        "OR" => tokens.push(Token::Or),
        "NOT" => tokens.push(Token::Not),
        _ => {
            let named = chunk.split_once(':').and_then(|(name, value)| Some((Member::of_name(name)?, value)));
            let (words, behind) = match named {
                Some((_, "")) => quoted_value(behind),
                Some((_, value)) => (words_of_chunk(value), behind),
                None => (words_of_chunk(chunk), behind),
            };
            let member = named.map(|(member, _)| member);
            tokens.extend(words.into_iter().map(|word| Token::Leaf(Node::Leaf { member, word })));
            return behind;
        }
    }
    behind
}

/// The value of `field:"value"`.
fn quoted_value(text: &str) -> (Vec<Word>, &str) {
    let Some(text) = text.strip_prefix('"') else { return (Vec::new(), text) };
    let (quoted, behind) = text.split_once('"').unwrap_or((text, ""));
    (phrase(quoted).into_iter().collect(), behind)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(node: &Node) -> String {
        let list =
            |nodes: &[Node], sign: &str| nodes.iter().map(|node| format!("{sign}{}", shown(node))).collect::<Vec<_>>();
        match node {
            Node::Leaf { member, word } => {
                let member = member.map(|member| format!("{}:", member.name())).unwrap_or_default();
                match word {
                    Word::One(word) => format!("{member}{word}"),
                    Word::Phrase(parts) => format!("{member}\"{}\"", parts.join(" ")),
                    Word::Identifier { parts, .. } => format!("{member}{}", parts.join("_")),
                    Word::Prefix { before, start } => {
                        format!("{member}{}", [before.as_slice(), &[format!("{start}*")]].concat().join("_"))
                    }
                }
            }
            Node::Best { typed, .. } => shown(typed),
            Node::Any(nodes) => format!("[{}]", list(nodes, "").join(" | ")),
            Node::Group(group) => {
                let items = [list(&group.required, "+"), list(&group.preferred, ""), list(&group.excluded, "-")];
                format!("({})", items.concat().join(" "))
            }
        }
    }

    fn check(mode: TextMode, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            let node = parse(&TextQuery::new(*text, mode)).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(shown(&node), *expected, "{text}");
        }
    }

    #[test]
    fn words_phrases_fields_and_operators_are_told_apart() {
        check(
            TextMode::Native,
            &[
                ("Sea ice", "(sea ice)"),
                ("ice ICE", "ice"),
                ("aquarius * *soil *moisture*", "(aquarius soil moisture*)"),
                ("MOD10_L2, b", "(mod10_l2 b)"),
                ("\"sea ice\" a", "(\"sea ice\" a)"),
                ("\"never closed", "\"never closed\""),
                ("a AND b c", "(+a +b c)"),
                ("a OR b c", "[a | (b c)]"),
                ("(a OR b) AND NOT c", "(+[a | b] -c)"),
                ("a -b -\"c d\" -(e f)", "(a -b -\"c d\" -(e f))"),
                ("+a b", "(+a b)"),
                ("title:ice platform:\"ERS 2\" id:MOD10*", "(title:ice platform:\"ers 2\" id:mod10*)"),
                ("urn:nasa:pds and or not", "(urn_nasa_pds and or not)"),
                (")a( (b", "(a b)"),
                ("-a", "(-a)"),
                ("AND OR a NOT", "a"),
                ("title: ice", "ice"),
            ],
        );
    }

    #[test]
    fn the_forms_of_stac_differ_in_what_is_required() {
        check(
            TextMode::StacBasic,
            &[("climate,model", "[climate | model]"), ("sea ice,AND", "[\"sea ice\" | and]"), ("a OR b", "\"a or b\"")],
        );
        check(
            TextMode::StacAdvanced,
            &[("sea ice", "(+sea +ice)"), ("sea OR ice -fog", "[sea | (+ice -fog)]"), ("(a OR b) c", "(+[a | b] +c)")],
        );
    }

    #[test]
    fn text_without_a_word_or_beyond_a_limit_is_refused() {
        let many: String = (0..MAX_LEAVES + 1).map(|number| format!("w{number} ")).collect();
        let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        for text in [
            "***",
            "\"\"",
            "- + /",
            "()",
            "AND",
            &"a".repeat(MAX_CHARACTERS + 1),
            &many,
            &deep(MAX_DEPTH + 1),
            &deep(4_900),
        ] {
            let found = parse(&TextQuery::from(text));
            assert!(matches!(found, Err(SearchError::BadText { .. })), "{text:.40}: {found:?}");
        }
        for text in [&"a ".repeat(MAX_CHARACTERS / 2), &deep(MAX_DEPTH), &")".repeat(5_000).replacen(')', "a", 1)] {
            assert!(parse(&TextQuery::from(text.as_str())).is_ok(), "{text:.40}");
        }
    }
}
