//! ODL and PVL (PDS3, ISIS, Landsat MTL): keywords, groups and values with units, remembering which were read.
//! Order and repeated keywords are kept. What a keyword means is left to the importers.

mod read;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use super::numbers;
use super::record::FieldCounts;
use crate::importer::Reason;

pub use read::parse;

/// A label: what stands before its `END`.
#[derive(Debug)]
pub struct Label {
    pub root: Block,
    /// Where the label ends in the bytes, its last line end included: data may follow.
    pub end: usize,
    /// What is odd and was understood nevertheless.
    pub remarks: Vec<Reason>,
}

/// What kind of block encloses keywords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// The label itself.
    #[default]
    Root,
    Group,
    Object,
}

/// A `GROUP` or `OBJECT`, or the label itself.
#[derive(Debug, Default)]
pub struct Block {
    pub name: String,
    pub form: Form,
    /// Line that it begins on, from 1.
    pub line: usize,
    entries: Vec<Entry>,
}

/// What stands in a block, in order.
#[derive(Debug)]
pub enum Entry {
    Keyword(Keyword),
    Block(Block),
}

/// `NAME = value`.
#[derive(Debug)]
pub struct Keyword {
    pub name: String,
    /// From 1.
    pub line: usize,
    value: Value,
    is_read: Cell<bool>,
}

/// What a keyword says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing after the equals sign.
    Empty,
    Scalar(Scalar),
    /// `( … )` with `is_set` false, `{ … }` with `is_set` true. The unit stands after the closing bracket.
    List {
        is_set: bool,
        values: Vec<Value>,
        unit: Option<String>,
    },
}

/// How a scalar was delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    None,
    /// `"text"`
    Text,
    /// `'symbol'`
    Symbol,
}

/// One text, number, symbol or time.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// Between the quotes, with its line ends.
    pub written: String,
    /// The text in one line, where it was written over several.
    joined: Option<String>,
    pub quote: Quote,
    /// Without the angle brackets.
    pub unit: Option<String>,
}

impl Scalar {
    /// The text in one line, white space at its ends removed: ODL joins the lines of a text by one space, or by none
    /// where a word is parted by a hyphen.
    pub fn text(&self) -> &str {
        self.joined.as_deref().unwrap_or(&self.written).trim()
    }

    /// The text with its lines, common indentation removed: descriptions have tables and paragraphs.
    pub fn paragraphs(&self) -> String {
        let lines: Vec<&str> = self.written.lines().map(str::trim_end).collect();
        let inner = lines.get(1..).unwrap_or_default();
        let indentation = |line: &&str| line.len() - line.trim_start().len();
        let common = inner.iter().filter(|line| !line.is_empty()).map(indentation).min().unwrap_or(0);
        let mut text = lines.first().map_or("", |line| line.trim_start()).to_owned();
        for line in inner {
            text.push('\n');
            text.push_str(line.get(common..).unwrap_or(line.trim_start()));
        }
        text.trim().to_owned()
    }

    /// JSON text: a number where an unquoted number was written, else a string.
    pub fn json(&self) -> String {
        let text = self.text();
        let number = if self.quote == Quote::None { numbers::json_number(text) } else { None };
        number.unwrap_or_else(|| {
            let mut string = String::new();
            crate::model::json::push_string(&mut string, text);
            string
        })
    }

    /// The number, decimal or with a base (`2#1010#`, `-16#FF#`).
    pub fn number(&self) -> Option<f64> {
        let text = self.text();
        numbers::number(text).or_else(|| based(text))
    }
}

/// Exact up to 2^53; longer bit masks are no quantities.
fn based(text: &str) -> Option<f64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (base, rest) = unsigned.split_once('#')?;
    let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
    let digits = rest.strip_suffix('#')?;
    let value = u64::from_str_radix(digits, base).ok().filter(|value| *value <= 1 << 53)?;
    Some(sign * value as f64)
}

impl Value {
    /// All scalars in order, however nested.
    pub fn scalars(&self) -> Vec<&Scalar> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, found: &mut Vec<&'a Scalar>) {
        match self {
            Self::Empty => {}
            Self::Scalar(scalar) => found.push(scalar),
            Self::List { values, .. } => values.iter().for_each(|value| value.collect(found)),
        }
    }

    /// The unit of the value, or of the first scalar in it.
    pub fn unit(&self) -> Option<&str> {
        let own = match self {
            Self::List { unit, .. } => unit.as_deref(),
            _ => None,
        };
        own.or_else(|| self.scalars().into_iter().find_map(|scalar| scalar.unit.as_deref()))
    }

    /// JSON text: lists as arrays. `None` for no value.
    pub fn json(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Scalar(scalar) => Some(scalar.json()),
            Self::List { values, .. } => {
                let elements: Vec<String> = values.iter().filter_map(Self::json).collect();
                Some(format!("[{}]", elements.join(",")))
            }
        }
    }
}

impl Keyword {
    /// The value, marked as read.
    pub fn value(&self) -> &Value {
        self.is_read.set(true);
        &self.value
    }

    /// The value, not marked as read.
    pub fn peek(&self) -> &Value {
        &self.value
    }

    /// The first text of the value in one line, marked as read; `None` when there is none.
    pub fn text(&self) -> Option<&str> {
        self.scalar().map(Scalar::text).filter(|text| !text.is_empty())
    }

    /// The first scalar of the value, marked as read.
    pub fn scalar(&self) -> Option<&Scalar> {
        self.value().scalars().into_iter().next()
    }
}

impl Block {
    /// What stands in the block, in order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Keywords of this block alone, in order.
    pub fn keywords(&self) -> impl Iterator<Item = &Keyword> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Keyword(keyword) => Some(keyword),
            Entry::Block(_) => None,
        })
    }

    /// Blocks directly in this one, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &Self> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Keyword(_) => None,
            Entry::Block(block) => Some(block),
        })
    }

    /// The first keyword of a name in this block alone, whatever its case.
    pub fn keyword(&self, name: &str) -> Option<&Keyword> {
        self.keywords().find(|keyword| keyword.name.eq_ignore_ascii_case(name))
    }

    /// The first block of a name directly in this one, whatever its case.
    pub fn block(&self, name: &str) -> Option<&Self> {
        self.blocks().find(|block| block.name.eq_ignore_ascii_case(name))
    }

    /// The first keyword of a name here or in any block below, this block first.
    pub fn find(&self, name: &str) -> Option<&Keyword> {
        self.keyword(name).or_else(|| self.blocks().find_map(|block| block.find(name)))
    }

    /// The first block of a name below, however deep.
    pub fn find_block(&self, name: &str) -> Option<&Self> {
        self.block(name).or_else(|| self.blocks().find_map(|block| block.find_block(name)))
    }

    /// A number of this block, marked as read.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.keyword(name)?.scalar()?.number()
    }

    /// How many keywords a mapping has read, and how many it has not.
    pub fn counts(&self) -> FieldCounts {
        let own = self.keywords().fold(FieldCounts::default(), |sum, keyword| {
            let is_read = u64::from(keyword.is_read.get());
            sum + FieldCounts { mapped: is_read, kept: 1 - is_read }
        });
        self.blocks().fold(own, |sum, block| sum + block.counts())
    }
}
