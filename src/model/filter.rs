//! A filter as an expression: what CQL2, the STAC query extension and our own parameters become, whichever index or
//! evaluator answers it. Follows OGC 21-065r2 (CQL2) in names and meaning.
//!
//! A predicate on a record that lacks the property is *unknown*, neither true nor false (CQL2 § 6.2, as in SQL): `NOT`
//! of unknown is unknown, and only true matches. On several values of one property, one that fits is enough.

use super::Instant;
use super::query::Comparison;

/// A condition on a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A literal, or a boolean property that stands alone.
    Truth(Operand),
    Compare {
        left: Operand,
        comparison: Comparison,
        right: Operand,
    },
    /// `%` stands for any characters, `_` for one, `\` takes their meaning away.
    Like {
        value: Operand,
        pattern: Operand,
    },
    /// Both ends belong to it.
    Between {
        value: Operand,
        low: Operand,
        high: Operand,
    },
    In {
        value: Operand,
        list: Vec<Operand>,
    },
    IsNull(Operand),
    Spatial {
        relation: SpatialRelation,
        left: Place,
        right: Place,
    },
    Temporal {
        relation: TemporalRelation,
        left: Moment,
        right: Moment,
    },
    Array {
        relation: ArrayRelation,
        left: Operand,
        right: Operand,
    },
}

/// A value, or what gives one.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A queryable by its name: see `PropertyName`.
    Property(PropertyName),
    Number(f64),
    Text(String),
    Bool(bool),
    Instant(Instant),
    /// A day, by its first microsecond, as which it compares with instants.
    Date(Instant),
    List(Vec<Operand>),
    /// Without regard to case.
    CaseInsensitive(Box<Operand>),
    /// Without regard to accents.
    AccentInsensitive(Box<Operand>),
    Arithmetic {
        operator: Arithmetic,
        left: Box<Operand>,
        right: Box<Operand>,
    },
}

/// What a property name of a query language means here. Each face has its table from names to these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PropertyName {
    Kind,
    Id,
    Title,
    Description,
    /// The labels of a facet; case counts.
    Facet(super::Facet),
    /// Start of observation.
    Start,
    /// End of observation.
    Stop,
    /// The span of observation, for temporal functions; compared with an instant it is its start.
    Time,
    /// Time of the last revision.
    Updated,
    /// All footprints on a body (`earth`, `mars`, …).
    Geometry {
        body: String,
    },
    /// A member of `properties` by its path (`eo:cloud_cover`, `a.b` for a nested member).
    Member(String),
    /// The first of two that the record has a value for.
    Either(Box<PropertyName>, Box<PropertyName>),
}

/// CQL2 § 7.5 with the names of the functions (`S_INTERSECTS`, …). DE-9IM as in OGC 06-103r4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpatialRelation {
    Intersects,
    Equals,
    Disjoint,
    Touches,
    Within,
    Overlaps,
    Crosses,
    Contains,
}

/// Where: the record's own footprint or a geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Its footprints on a body; of several one that fits is enough, and `S_DISJOINT` is the opposite of
    /// `S_INTERSECTS`.
    Footprint { body: String },
    /// GeoJSON geometry text, longitude and latitude in degrees (CRS84).
    Geometry(String),
    /// `west > east` crosses ±180°; lowest and highest height in metres, which are compared where a footprint has heights.
    Box(super::BoundingBox, Option<[f64; 2]>),
}

/// CQL2 § 7.6 (`T_AFTER`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemporalRelation {
    After,
    Before,
    Contains,
    Disjoint,
    During,
    Equals,
    FinishedBy,
    Finishes,
    Intersects,
    Meets,
    MetBy,
    OverlappedBy,
    Overlaps,
    StartedBy,
    Starts,
}

/// When: a property, or a span whose ends may be properties, instants or open.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    Property(PropertyName),
    Instant(Instant),
    /// A day, from its first to its last microsecond.
    Date(Instant),
    Interval {
        start: Option<MomentEnd>,
        stop: Option<MomentEnd>,
    },
}

/// An end of an interval; absent means open.
#[derive(Debug, Clone, PartialEq)]
pub enum MomentEnd {
    Property(PropertyName),
    Instant(Instant),
}

/// CQL2 § 7.7 (`A_EQUALS`, `A_CONTAINS`, `A_CONTAINEDBY`, `A_OVERLAPS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayRelation {
    Equals,
    Contains,
    ContainedBy,
    Overlaps,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `%`
    Modulo,
    /// `div`: towards minus infinity.
    IntegerDivide,
    Power,
}

impl PropertyName {
    /// Whether it is the start of observation, by which indexes are sorted.
    pub fn is_time(&self) -> bool {
        match self {
            Self::Time | Self::Start => true,
            Self::Either(_, second) => second.is_time(),
            _ => false,
        }
    }

    /// Whether records can be sorted by it: descriptions and geometries have no order.
    pub fn has_order(&self) -> bool {
        match self {
            Self::Description | Self::Geometry { .. } => false,
            Self::Member(path) => !path.is_empty(),
            Self::Either(first, second) => first.has_order() && second.has_order(),
            _ => true,
        }
    }
}

impl Filter {
    /// A property compared with a value.
    pub fn compare(property: PropertyName, comparison: Comparison, right: Operand) -> Self {
        Self::Compare { left: Operand::Property(property), comparison, right }
    }

    /// Whether it asks about this property and nothing else.
    pub fn asks_only(&self, property: &PropertyName) -> bool {
        let (mut own, mut others) = (false, matches!(self, Self::Spatial { .. }));
        self.properties(&mut |name| if name == property { own = true } else { others = true });
        own && !others
    }

    /// Calls `visit` with every property that the filter asks about.
    pub fn properties<'f>(&'f self, visit: &mut dyn FnMut(&'f PropertyName)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.properties(visit)),
            Self::Not(inner) => inner.properties(visit),
            Self::Truth(operand) | Self::IsNull(operand) => operand.properties(visit),
            Self::Compare { left, right, .. } | Self::Array { left, right, .. } => {
                left.properties(visit);
                right.properties(visit);
            }
            Self::Like { value, pattern } => {
                value.properties(visit);
                pattern.properties(visit);
            }
            Self::Between { value, low, high } => [value, low, high].iter().for_each(|part| part.properties(visit)),
            Self::In { value, list } => std::iter::once(value).chain(list).for_each(|part| part.properties(visit)),
            Self::Temporal { left, right, .. } => {
                left.properties(visit);
                right.properties(visit);
            }
            Self::Spatial { .. } => {}
        }
    }
}

impl Filter {
    /// Lets `change` replace every property that the filter asks about.
    pub fn rename(&mut self, change: &mut dyn FnMut(&mut PropertyName)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(|part| part.rename(change)),
            Self::Not(inner) => inner.rename(change),
            Self::Truth(operand) | Self::IsNull(operand) => operand.rename(change),
            Self::Compare { left, right, .. } | Self::Array { left, right, .. } => {
                left.rename(change);
                right.rename(change);
            }
            Self::Like { value, pattern } => {
                value.rename(change);
                pattern.rename(change);
            }
            Self::Between { value, low, high } => [value, low, high].into_iter().for_each(|part| part.rename(change)),
            Self::In { value, list } => {
                value.rename(change);
                list.iter_mut().for_each(|part| part.rename(change));
            }
            Self::Temporal { left, right, .. } => {
                left.rename(change);
                right.rename(change);
            }
            Self::Spatial { .. } => {}
        }
    }
}

impl Operand {
    fn rename(&mut self, change: &mut dyn FnMut(&mut PropertyName)) {
        match self {
            Self::Property(name) => change(name),
            Self::List(items) => items.iter_mut().for_each(|item| item.rename(change)),
            Self::CaseInsensitive(inner) | Self::AccentInsensitive(inner) => inner.rename(change),
            Self::Arithmetic { left, right, .. } => {
                left.rename(change);
                right.rename(change);
            }
            Self::Number(_) | Self::Text(_) | Self::Bool(_) | Self::Instant(_) | Self::Date(_) => {}
        }
    }
}

impl Moment {
    fn rename(&mut self, change: &mut dyn FnMut(&mut PropertyName)) {
        match self {
            Self::Property(name) => change(name),
            Self::Interval { start, stop } => {
                for end in [start, stop].into_iter().flatten() {
                    if let MomentEnd::Property(name) = end {
                        change(name);
                    }
                }
            }
            Self::Instant(_) | Self::Date(_) => {}
        }
    }
}

impl Operand {
    /// Calls `visit` with every property of the operand.
    pub fn properties<'f>(&'f self, visit: &mut dyn FnMut(&'f PropertyName)) {
        match self {
            Self::Property(name) => visit(name),
            Self::List(items) => items.iter().for_each(|item| item.properties(visit)),
            Self::CaseInsensitive(inner) | Self::AccentInsensitive(inner) => inner.properties(visit),
            Self::Arithmetic { left, right, .. } => {
                left.properties(visit);
                right.properties(visit);
            }
            Self::Number(_) | Self::Text(_) | Self::Bool(_) | Self::Instant(_) | Self::Date(_) => {}
        }
    }
}

impl Moment {
    /// Calls `visit` with every property of the moment.
    pub fn properties<'f>(&'f self, visit: &mut dyn FnMut(&'f PropertyName)) {
        match self {
            Self::Property(name) => visit(name),
            Self::Interval { start, stop } => {
                for end in [start, stop].into_iter().flatten() {
                    if let MomentEnd::Property(name) = end {
                        visit(name);
                    }
                }
            }
            Self::Instant(_) | Self::Date(_) => {}
        }
    }
}
