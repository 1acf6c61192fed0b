//! Other spellings of what was typed, as the vocabularies know them: `LST` finds land surface temperature, and the other
//! way round; `ERS2` finds ERS-2. Spellings are compared without regard to case, spaces and signs. Knows no vocabulary.

use std::collections::HashMap;

use super::grammar::{Group, Node};
use super::words::{Word, parts};

/// What another spelling counts beside the typed one.
const SAME: f32 = 0.8;
/// What a narrower concept counts.
const NARROWER: f32 = 0.5;
/// Most words of a spelling that is looked for in a question.
const MAX_WORDS: usize = 6;
/// Most other spellings that one spelling brings.
const MAX_OTHERS: usize = 12;
/// Shorter spellings are too often something else.
const LEAST_LETTERS: usize = 3;

/// Spellings that mean the same, and those of what is narrower.
#[derive(Debug, Default)]
pub struct Synonyms {
    /// Words of a spelling without what is between them → the other spellings, cut into words, and what each counts.
    others: HashMap<String, Vec<(Vec<String>, f32)>>,
}

impl Synonyms {
    /// For each concept its labels and those of narrower concepts.
    pub fn new(groups: Vec<(Vec<String>, Vec<String>)>) -> Self {
        let mut synonyms = Self::default();
        for (labels, narrower) in groups {
            let labels: Vec<Vec<String>> = labels.iter().map(|label| parts(label)).collect();
            let narrower: Vec<Vec<String>> = narrower.iter().map(|label| parts(label)).collect();
            for label in &labels {
                let key = label.concat();
                if key.len() < LEAST_LETTERS {
                    continue;
                }
                let same = labels.iter().map(|other| (other, SAME));
                let others = synonyms.others.entry(key).or_default();
                for (other, worth) in same.chain(narrower.iter().map(|other| (other, NARROWER))) {
                    let is_new = !other.is_empty() && others.iter().all(|(known, _)| known != other);
                    if is_new && others.len() < MAX_OTHERS {
                        others.push((other.clone(), worth));
                    }
                }
            }
        }
        synonyms
    }

    /// The other spellings of some words.
    fn of(&self, words: &[String]) -> Vec<(Vec<String>, f32)> {
        let known = self.others.get(&words.concat()).map(Vec::as_slice).unwrap_or_default();
        known.iter().filter(|(other, _)| other != words).cloned().collect()
    }

    /// The question with what else its words, alone or beside each other, are called.
    pub(super) fn widen(&self, node: Node) -> Node {
        match node {
            Node::Leaf { member: None, word } => self.leaf(word),
            Node::Leaf { .. } | Node::Best { .. } => node,
            Node::Any(nodes) => Node::Any(nodes.into_iter().map(|node| self.widen(node)).collect()),
            Node::Group(group) => Node::Group(Group {
                required: self.row(group.required),
                preferred: self.row(group.preferred),
                excluded: group.excluded,
            }),
        }
    }

    fn leaf(&self, word: Word) -> Node {
        let typed = match &word {
            Word::One(_) | Word::Identifier { .. } => word.parts().into_iter().map(str::to_owned).collect(),
            Word::Prefix { before, start } if before.is_empty() => vec![start.clone()],
            // What stands between quotes is meant as it is written.
            Word::Phrase(_) | Word::Prefix { .. } => Vec::new(),
        };
        self.best(Node::Leaf { member: None, word }, &typed)
    }

    fn best(&self, typed: Node, words: &[String]) -> Node {
        let others = if words.is_empty() { Vec::new() } else { self.of(words) };
        if others.is_empty() {
            return typed;
        }
        let other = |(words, worth): (Vec<String>, f32)| {
            (Node::Leaf { member: None, word: one_or_phrase(words) }, Worth(worth))
        };
        Node::Best { typed: Box::new(typed), others: others.into_iter().map(other).collect() }
    }

    /// Words beside each other: the longest spellings first.
    fn row(&self, nodes: Vec<Node>) -> Vec<Node> {
        let mut rest = nodes.as_slice();
        let mut widened = Vec::with_capacity(nodes.len());
        while let Some((first, behind)) = rest.split_first() {
            let longest = (2..=MAX_WORDS.min(rest.len())).rev().find_map(|length| {
                let (row, behind) = rest.split_at_checked(length)?;
                let words = row.iter().map(single).collect::<Option<Vec<String>>>()?;
                if self.of(&words).is_empty() { None } else { Some((row, words, behind)) }
            });
            match longest {
                Some((row, words, behind)) => {
                    let typed = Node::Group(Group { preferred: row.to_vec(), ..Group::default() });
                    widened.push(self.best(typed, &words));
                    rest = behind;
                }
                None => {
                    widened.push(self.widen(first.clone()));
                    rest = behind;
                }
            }
        }
        widened
    }
}

/// What a spelling counts, in a form that can be compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Worth(pub f32);

impl Eq for Worth {}

/// A word that stands alone, the start of one included.
fn single(node: &Node) -> Option<String> {
    match node {
        Node::Leaf { member: None, word: Word::One(word) } => Some(word.clone()),
        Node::Leaf { member: None, word: Word::Prefix { before, start } } if before.is_empty() => Some(start.clone()),
        _ => None,
    }
}

fn one_or_phrase(mut words: Vec<String>) -> Word {
    if words.len() == 1 { Word::One(words.pop().unwrap_or_default()) } else { Word::Phrase(words) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::text::grammar;
    use crate::model::TextQuery;

    #[test]
    fn words_bring_their_other_spellings_and_quoted_ones_do_not() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let synonyms = Synonyms::new(vec![
            (texts(&["ERS-2"]), Vec::new()),
            (texts(&["land surface temperature", "LST"]), Vec::new()),
            (texts(&["vegetation index"]), texts(&["NDVI"])),
        ]);
        let others = |text: &str| {
            let node = synonyms.widen(grammar::parse(&TextQuery::from(text)).expect("has words"));
            let mut found = Vec::new();
            collect(&node, &mut found);
            found
        };
        let cases: [(&str, &[&str]); 7] = [
            ("ers2", &["ers 2 0.8"]),
            ("ERS-2", &[]),
            ("lst daily", &["land surface temperature 0.8"]),
            ("aqua land surface temperature*", &["lst 0.8"]),
            ("\"lst\"", &[]),
            ("vegetation index", &["ndvi 0.5"]),
            ("ice -lst", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(others(text), expected, "{text}");
        }
    }

    fn collect(node: &Node, found: &mut Vec<String>) {
        match node {
            Node::Best { others, .. } => found.extend(others.iter().map(|(other, worth)| match other {
                Node::Leaf { word, .. } => format!("{} {}", word.parts().join(" "), worth.0),
                _ => String::new(),
            })),
            Node::Any(nodes) => nodes.iter().for_each(|node| collect(node, found)),
            Node::Group(group) => {
                let all = [&group.required, &group.preferred, &group.excluded];
                all.into_iter().flatten().for_each(|node| collect(node, found));
            }
            Node::Leaf { .. } => {}
        }
    }
}
