//! Patterns of LIKE. Matching takes at most the length of the text times that of the pattern, whatever the pattern.

use super::scalar::{fold_accents, fold_case};
use crate::model::Operand;

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// `%`
    Any,
    /// `_`
    One,
    Character(char),
}

/// A pattern that was read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// The pattern of an operand: a text, maybe without regard to case or accents.
    pub fn of(operand: &Operand) -> Option<Self> {
        text_of(operand).map(|text| Self::new(&text))
    }

    /// Reads `%`, `_` and `\`.
    pub fn new(text: &str) -> Self {
        let mut pieces = Vec::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '%' if pieces.last() == Some(&Piece::Any) => continue,
                '%' => Piece::Any,
                '_' => Piece::One,
                '\\' => Piece::Character(characters.next().unwrap_or('\\')),
                other => Piece::Character(other),
            });
        }
        Self { pieces }
    }

    /// The characters that every match begins with.
    pub fn prefix(&self) -> String {
        let characters = self.pieces.iter().map_while(|piece| match piece {
            Piece::Character(character) => Some(*character),
            Piece::Any | Piece::One => None,
        });
        characters.collect()
    }

    /// Whether the pattern is its prefix with anything behind it.
    pub fn is_prefix(&self) -> bool {
        self.pieces.iter().position(|piece| !matches!(piece, Piece::Character(_))) == self.pieces.len().checked_sub(1)
            && self.pieces.last() == Some(&Piece::Any)
    }

    /// Whether a text matches.
    pub fn matches(&self, text: &str) -> bool {
        let (mut rest, mut at) = (text.chars(), 0);
        // Where to go on when what follows the last `%` does not fit here.
        let mut retry: Option<(std::str::Chars<'_>, usize)> = None;
        loop {
            match self.pieces.get(at) {
                Some(Piece::Any) => {
                    at += 1;
                    if at == self.pieces.len() {
                        return true;
                    }
                    retry = Some((rest.clone(), at));
                    continue;
                }
                Some(piece) => {
                    let fits = rest.next().map(|next| match piece {
                        Piece::Character(wanted) => *wanted == next,
                        Piece::One | Piece::Any => true,
                    });
                    match fits {
                        Some(true) => {
                            at += 1;
                            continue;
                        }
                        // At the end of the text no later place fits either.
                        None => return false,
                        Some(false) => {}
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((mut from, behind)) = retry.take() else { return false };
            if from.next().is_none() {
                return false;
            }
            rest = from.clone();
            at = behind;
            retry = Some((from, behind));
        }
    }
}

fn text_of(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Text(text) => Some(text.clone()),
        Operand::CaseInsensitive(inner) => text_of(inner).map(|text| fold_case(&text)),
        Operand::AccentInsensitive(inner) => text_of(inner).map(|text| fold_accents(&text)),
        _ => None,
    }
}
