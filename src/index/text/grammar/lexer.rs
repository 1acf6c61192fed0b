//! Cuts what was typed into words, signs and parentheses. What they mean beside each other is for the grammar to say.

use super::super::error::SearchError;
use super::super::words::{Word, phrase, words_of_chunk};
use super::{MAX_CHARACTERS, Member, Node, bad, leaf};

/// A piece of a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// With its place, bytes from 1.
    Open(usize),
    Close,
    And,
    Or,
    Not,
    Plus,
    Leaf(Node),
}

/// Cuts a text.
///
/// # Errors
/// `BadText` when there are more words than any question has.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SearchError> {
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
