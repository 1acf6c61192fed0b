//! What a filter says that an index can look up: of each group of terms at least one, a span of time, ranges of
//! columns. Every match has all of it; what has it is still tested.

use std::ops::RangeInclusive;

use crate::model::{Comparison, Facet, Filter, Moment, PropertyName, SpatialRelation, TemporalRelation};
use crate::query::evaluate::{Scalar, constant_span};

use super::super::properties::column_path;
use super::super::terms::{self, TermBytes};
use super::super::{cells, order};
use super::leaf::{Asked, asked};
use super::range::NumberRange;
use super::spatial::{envelope, footprint_and_literal};

/// Most terms of one group: beyond, tests are as fast.
const MAX_TERMS: usize = 200;

/// Longest prefix that no cut of long texts can reach, bytes.
const MAX_PREFIX: usize = 200;

/// What every match has.
#[derive(Default)]
pub(in super::super) struct Necessary {
    pub any_of: Vec<Vec<TermBytes>>,
    /// Identifiers, of which a match has one.
    pub ids: Vec<Vec<String>>,
    /// A match does not end before the first and does not begin behind the second.
    pub ends_from: Option<i64>,
    pub starts_to: Option<i64>,
    pub walkable: Vec<Walkable>,
}

/// A range of a property's column.
pub(in super::super) enum Walkable {
    Numbers(PropertyName, NumberRange),
    Instants(PropertyName, RangeInclusive<i64>),
    Prefix(PropertyName, String),
}

impl Walkable {
    pub(super) fn name(&self) -> &PropertyName {
        match self {
            Self::Numbers(name, _) | Self::Instants(name, _) | Self::Prefix(name, _) => name,
        }
    }
}

/// What every match of a filter has.
pub(in super::super) fn necessary(filter: &Filter) -> Necessary {
    let mut necessary = Necessary::default();
    necessary.filter(filter);
    necessary
}

impl Necessary {
    fn filter(&mut self, filter: &Filter) {
        match filter {
            Filter::And(parts) => parts.iter().for_each(|part| self.filter(part)),
            Filter::Spatial { relation, left, right } if *relation != SpatialRelation::Disjoint => {
                if let Some((body, literal)) = footprint_and_literal(left, right)
                    && let Some(around) = envelope(literal)
                {
                    self.any_of.push(cells::region_terms(body, &around, cells::MANY).into_iter().collect());
                }
            }
            Filter::Temporal { relation, left, right } => self.temporal(*relation, left, right),
            leaf => {
                if let Some((subject, asked)) = asked(leaf)
                    && subject.is_plain()
                {
                    self.property(subject.name, &asked);
                }
            }
        }
    }

    fn property(&mut self, name: &PropertyName, asked: &Asked<'_>) {
        match (name, asked) {
            (PropertyName::Start | PropertyName::Time, Asked::Compared(comparison, constants)) => {
                if let [Scalar::Instant(instant) | Scalar::Day(instant)] = constants.as_slice() {
                    self.start(*comparison, *instant);
                }
            }
            (PropertyName::Stop, Asked::Compared(Comparison::Greater | Comparison::GreaterOrEqual, constants)) => {
                if let [Scalar::Instant(instant) | Scalar::Day(instant)] = constants.as_slice() {
                    self.ends_from(*instant);
                }
            }
            (_, Asked::Compared(Comparison::Equal, constants) | Asked::In(constants)) if is_all_text(constants) => {
                self.texts(name, constants);
            }
            (PropertyName::Member(_) | PropertyName::Id | PropertyName::Facet(_), Asked::Like(pattern)) => {
                let prefix = pattern.prefix();
                if !prefix.is_empty() && prefix.len() <= MAX_PREFIX {
                    self.walkable.push(Walkable::Prefix(name.clone(), prefix));
                }
            }
            (PropertyName::Member(_) | PropertyName::Either(..), asked) => {
                if let Some(range) = NumberRange::of(asked) {
                    self.walkable.push(Walkable::Numbers(name.clone(), range));
                } else if let Some(range) = instants(asked) {
                    self.walkable.push(Walkable::Instants(name.clone(), range));
                }
            }
            _ => {}
        }
    }

    fn texts(&mut self, name: &PropertyName, constants: &[Scalar<'_>]) {
        let texts = constants.iter().filter_map(|constant| match constant {
            Scalar::Text(text) => Some(text.as_ref()),
            _ => None,
        });
        if constants.is_empty() || constants.len() > MAX_TERMS {
            return;
        }
        match name {
            PropertyName::Id => self.ids.push(texts.map(str::to_owned).collect()),
            PropertyName::Facet(Facet::Collection) => {
                self.any_of.push(texts.map(|text| terms::facet(Facet::Collection, text)).collect());
            }
            PropertyName::Facet(facet) => {
                self.any_of.push(texts.map(|text| terms::facet(*facet, &terms::bounded(text))).collect());
            }
            PropertyName::Member(path) => {
                let path = column_path(path);
                self.any_of.push(texts.map(|text| terms::property(&path, text)).collect());
            }
            _ => {}
        }
    }

    fn start(&mut self, comparison: Comparison, instant: i64) {
        if matches!(comparison, Comparison::Less | Comparison::LessOrEqual | Comparison::Equal) {
            self.starts_to(instant);
        }
        if matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal) {
            // What starts then ends no earlier.
            self.ends_from(instant);
        }
    }

    fn temporal(&mut self, relation: TemporalRelation, left: &Moment, right: &Moment) {
        use TemporalRelation as R;
        let (name, relation, span) = match (left, constant_span(left), right, constant_span(right)) {
            (Moment::Property(name), _, _, Some(span)) => (name, relation, span),
            (_, Some(span), Moment::Property(name), _) => match relation {
                R::After => (name, R::Before, span),
                R::Before => (name, R::After, span),
                other => (name, other, span),
            },
            _ => return,
        };
        // Whatever is neither before nor behind shares an instant.
        let (first, last) = match relation {
            R::Disjoint => return,
            R::After => (span.1, i64::MAX),
            R::Before => (i64::MIN, span.0),
            _ => span,
        };
        match name {
            PropertyName::Time => {
                self.ends_from(first);
                self.starts_to(last);
            }
            PropertyName::Member(_) | PropertyName::Either(..) => {
                self.walkable.push(Walkable::Instants(name.clone(), first..=last));
            }
            _ => {}
        }
    }

    fn ends_from(&mut self, instant: i64) {
        let instant = order::clamp(instant);
        self.ends_from = Some(self.ends_from.map_or(instant, |known| known.max(instant)));
    }

    fn starts_to(&mut self, instant: i64) {
        let instant = order::clamp(instant);
        self.starts_to = Some(self.starts_to.map_or(instant, |known| known.min(instant)));
    }
}

fn is_all_text(constants: &[Scalar<'_>]) -> bool {
    constants.iter().all(|constant| matches!(constant, Scalar::Text(_)))
}

/// The instants that fit, where they are a range.
fn instants(asked: &Asked<'_>) -> Option<RangeInclusive<i64>> {
    let at = |scalar: &Scalar<'_>| match scalar {
        Scalar::Instant(instant) => Some(*instant),
        _ => None,
    };
    match asked {
        Asked::Compared(comparison, constants) => {
            let [constant] = constants.as_slice() else { return None };
            let instant = at(constant)?;
            match comparison {
                Comparison::Equal => Some(instant..=instant),
                Comparison::Less | Comparison::LessOrEqual => Some(i64::MIN..=instant),
                Comparison::Greater | Comparison::GreaterOrEqual => Some(instant..=i64::MAX),
                Comparison::NotEqual => None,
            }
        }
        Asked::Between(low, high) => match (low.as_slice(), high.as_slice()) {
            ([low], [high]) => Some(at(low)?..=at(high)?),
            _ => None,
        },
        _ => None,
    }
}
