//! Filters over the documents of one segment: every part becomes a test of three truth values on columns, and only
//! what columns cannot decide (exact geometry, long texts, titles) is asked of the record itself. The reference for
//! what a filter means is `query::evaluate`.

mod columns;
mod leaf;
mod necessary;
mod ordinals;
mod range;
mod source;
mod spatial;

use tantivy::DocId;

use crate::model::{Filter, PropertyName};
use crate::query::evaluate::{Truth, not};

use super::error::SearchError;
use super::plan::SequenceTest;
use super::properties::{MAX_DEPTH, MAX_PATH};
use super::segment::Segment;

pub(super) use columns::{Columns, Texts};
pub(super) use necessary::{Walkable, necessary};
pub(super) use range::{ColumnRange, ranges};

/// A filter ready for one segment.
pub(super) enum Node<'s> {
    Constant(Truth),
    /// Cheapest first.
    And(Vec<Node<'s>>),
    Or(Vec<Node<'s>>),
    Not(Box<Node<'s>>),
    Test {
        test: Box<dyn Fn(DocId) -> Truth + 's>,
        cost: Cost,
    },
}

/// What a test takes, in about powers of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    Column,
    Values,
    Box,
    Record,
}

impl Node<'_> {
    /// What the filter says of a document.
    pub(super) fn truth(&self, document: DocId) -> Truth {
        match self {
            Self::Constant(truth) => *truth,
            Self::And(parts) => crate::query::evaluate::every(parts.iter().map(|part| part.truth(document))),
            Self::Or(parts) => not(crate::query::evaluate::every(parts.iter().map(|part| not(part.truth(document))))),
            Self::Not(inner) => not(inner.truth(document)),
            Self::Test { test, .. } => test(document),
        }
    }

    fn cost(&self) -> Cost {
        match self {
            Self::Constant(_) => Cost::Column,
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Node::cost).max().unwrap_or(Cost::Column),
            Self::Not(inner) => inner.cost(),
            Self::Test { cost, .. } => *cost,
        }
    }
}

/// What tests are made from.
#[derive(Clone, Copy)]
pub(super) struct Making<'s> {
    pub segment: &'s Segment,
    /// Asks the record itself.
    pub records: Option<SequenceTest<'s>>,
}

impl<'s> Making<'s> {
    /// The test of a filter.
    pub(super) fn node(&self, filter: &'s Filter) -> Result<Node<'s>, SearchError> {
        Ok(match filter {
            Filter::And(parts) => self.and(parts)?,
            Filter::Or(parts) => match self.parts(parts)? {
                parts if parts.iter().any(|part| matches!(part, Node::Constant(Some(true)))) => {
                    Node::Constant(Some(true))
                }
                parts => Node::Or(parts),
            },
            Filter::Not(inner) => match self.node(inner)? {
                Node::Constant(truth) => Node::Constant(not(truth)),
                inner => Node::Not(Box::new(inner)),
            },
            leaf => self.leaf(leaf)?,
        })
    }

    /// The test of filters that are all required.
    pub(super) fn and(&self, parts: &'s [Filter]) -> Result<Node<'s>, SearchError> {
        let parts = self.parts(parts)?;
        if parts.iter().any(|part| matches!(part, Node::Constant(Some(false)))) {
            return Ok(Node::Constant(Some(false)));
        }
        let mut parts: Vec<Node<'s>> =
            parts.into_iter().filter(|part| !matches!(part, Node::Constant(Some(true)))).collect();
        parts.sort_by_key(Node::cost);
        Ok(if parts.is_empty() { Node::Constant(Some(true)) } else { Node::And(parts) })
    }

    fn parts(&self, parts: &'s [Filter]) -> Result<Vec<Node<'s>>, SearchError> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    /// What the record itself says of a part of the filter.
    fn of_record(&self, filter: &'s Filter) -> Result<impl Fn(DocId) -> Truth + 's, SearchError> {
        let Some(records) = self.records else {
            let what = format!("this predicate without a look at the records: {filter:?}");
            return Err(SearchError::Unsupported { what });
        };
        let sequence = &self.segment.sequence;
        Ok(move |document| records.truth(sequence.values.get_val(document), filter))
    }
}

/// Refuses properties that no index holds.
pub(super) fn check_path(name: &PropertyName) -> Result<(), SearchError> {
    match name {
        PropertyName::Member(path) if path.is_empty() || path.len() > MAX_PATH || levels(path) > MAX_DEPTH => {
            let what = format!("properties with paths of more than {MAX_PATH} bytes or {MAX_DEPTH} levels");
            Err(SearchError::Unsupported { what })
        }
        PropertyName::Either(first, second) => check_path(first).and_then(|()| check_path(second)),
        _ => Ok(()),
    }
}

fn levels(path: &str) -> usize {
    path.split('.').count()
}
