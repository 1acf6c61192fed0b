//! What a [`Filter`] says of one record: true, false or unknown (CQL2 § 6.2, as in SQL). Straightforward, and the
//! reference for every faster way. Where values come from is for a [`Source`] to say: a stored record, or the columns
//! of an index.
//!
//! - A property that a record lacks makes a predicate unknown; `NOT` of unknown is unknown, and only true matches.
//! - Of several values one that fits is enough; the set functions (`A_…`) take all of them.
//! - Values of different types are unequal, and neither less nor greater. An RFC 3339 date-time with a zone is an
//!   instant, also where it is written as a text; a text that is a date compares by order with instants as the day's
//!   first microsecond.

mod like;
mod moments;
mod record;
mod scalar;

#[cfg(test)]
mod tests;

pub use like::Pattern;
pub use moments::{Span, constant_span, spans_relate};
pub use record::{SHOWN, StoredRecord};
pub use scalar::{Scalar, Truth, compares, day_of, fold_accents, fold_case, instant_of};

use crate::model::{Arithmetic, ArrayRelation, Filter, Operand, Place, PropertyName, SpatialRelation};
use crate::query::Shape;

/// Most pairs of values that an arithmetic operator joins; beyond, its result is unknown.
const MAX_PAIRS: usize = 4_096;

/// Gives the values of one record.
pub trait Source {
    /// Calls `visit` with each value of a property; never for geometries and `Either`.
    fn values(&self, property: &PropertyName, visit: &mut dyn FnMut(Scalar<'_>));

    /// Start and end of observation, microseconds since 1970.
    fn span(&self) -> Option<Span>;

    /// Whether a footprint on the body is in this relation to the shape (or the shape to it, when `swapped`); `None`
    /// when the record has no footprint there.
    fn relates(&self, body: &str, relation: SpatialRelation, shape: &Shape, swapped: bool) -> Truth;

    /// Whether the record has a footprint on the body.
    fn has_footprint(&self, body: &str) -> bool;
}

/// What the filter says of a record.
pub fn truth(filter: &Filter, source: &dyn Source) -> Truth {
    match filter {
        Filter::And(parts) => every(parts.iter().map(|part| truth(part, source))),
        Filter::Or(parts) => not(every(parts.iter().map(|part| not(truth(part, source))))),
        Filter::Not(inner) => not(truth(inner, source)),
        Filter::Truth(operand) => any(&values(operand, source), |value| matches!(value, Scalar::Bool(true))),
        Filter::Compare { left, comparison, right } => {
            pairs(&values(left, source), &values(right, source), |left, right| compares(left, *comparison, right))
        }
        Filter::Like { value, pattern } => {
            let pattern = Pattern::of(pattern)?;
            any(&values(value, source), |value| matches!(value, Scalar::Text(text) if pattern.matches(text)))
        }
        Filter::Between { value, low, high } => {
            let (low, high) = (values(low, source), values(high, source));
            if low.is_empty() || high.is_empty() {
                return None;
            }
            any(&values(value, source), |value| {
                let above = |low: &Scalar<'_>| compares(value, crate::model::Comparison::GreaterOrEqual, low);
                let below = |high: &Scalar<'_>| compares(value, crate::model::Comparison::LessOrEqual, high);
                low.iter().any(above) && high.iter().any(below)
            })
        }
        Filter::In { value, list } => is_in(&values(value, source), list, source),
        Filter::IsNull(operand) => Some(is_null(operand, source)),
        Filter::Spatial { relation, left, right } => spatial(*relation, left, right, source),
        Filter::Temporal { relation, left, right } => moments::temporal(*relation, left, right, source),
        Filter::Array { relation, left, right } => sets(*relation, &values(left, source), &values(right, source)),
    }
}

/// Negation of three truth values.
pub fn not(truth: Truth) -> Truth {
    truth.map(|truth| !truth)
}

/// False if one is false, else unknown if one is unknown; asks no further than it must.
pub fn every(truths: impl Iterator<Item = Truth>) -> Truth {
    let mut all = Some(true);
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => {}
            None => all = None,
        }
    }
    all
}

fn any(values: &[Scalar<'_>], fits: impl Fn(&Scalar<'_>) -> bool) -> Truth {
    if values.is_empty() { None } else { Some(values.iter().any(fits)) }
}

fn pairs(left: &[Scalar<'_>], right: &[Scalar<'_>], fits: impl Fn(&Scalar<'_>, &Scalar<'_>) -> bool) -> Truth {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    Some(left.iter().any(|left| right.iter().any(|right| fits(left, right))))
}

/// An item that is unknown makes unknown what no other item makes true.
fn is_in(value: &[Scalar<'_>], list: &[Operand], source: &dyn Source) -> Truth {
    let equal = |item: &Operand| {
        pairs(value, &values(item, source), |left, right| compares(left, crate::model::Comparison::Equal, right))
    };
    not(every(list.iter().map(|item| not(equal(item)))))
}

fn is_null(operand: &Operand, source: &dyn Source) -> bool {
    match operand {
        Operand::Property(PropertyName::Geometry { body }) => !source.has_footprint(body),
        operand => values(operand, source).is_empty(),
    }
}

/// The values of an operand that names no property.
pub fn constants(operand: &Operand) -> Option<Vec<Scalar<'_>>> {
    let is_constant = match operand {
        Operand::Property(_) => false,
        Operand::CaseInsensitive(inner) | Operand::AccentInsensitive(inner) => return folded_constants(operand, inner),
        Operand::Arithmetic { left, right, .. } => constants(left).is_some() && constants(right).is_some(),
        Operand::List(items) => items.iter().all(|item| constants(item).is_some()),
        _ => true,
    };
    is_constant.then(|| values(operand, &Nothing))
}

fn folded_constants<'v>(operand: &'v Operand, inner: &'v Operand) -> Option<Vec<Scalar<'v>>> {
    constants(inner).map(|_| values(operand, &Nothing))
}

/// A record without anything.
struct Nothing;

impl Source for Nothing {
    fn values(&self, _: &PropertyName, _: &mut dyn FnMut(Scalar<'_>)) {}

    fn span(&self) -> Option<Span> {
        None
    }

    fn relates(&self, _: &str, _: SpatialRelation, _: &Shape, _: bool) -> Truth {
        None
    }

    fn has_footprint(&self, _: &str) -> bool {
        false
    }
}

/// Values of an operand; none means unknown.
fn values<'v>(operand: &'v Operand, source: &dyn Source) -> Vec<Scalar<'v>> {
    match operand {
        Operand::Property(name) => property(name, source),
        Operand::Number(number) => vec![Scalar::Number(number + 0.0)],
        Operand::Text(text) => vec![Scalar::of_text(text)],
        Operand::Bool(truth) => vec![Scalar::Bool(*truth)],
        Operand::Instant(instant) => vec![Scalar::Instant(instant.micros())],
        Operand::Date(day) => vec![Scalar::Day(day.micros())],
        Operand::List(items) => items.iter().flat_map(|item| values(item, source)).collect(),
        Operand::CaseInsensitive(inner) => folded(inner, source, fold_case),
        Operand::AccentInsensitive(inner) => folded(inner, source, fold_accents),
        Operand::Arithmetic { operator, left, right } => {
            calculated(*operator, &values(left, source), &values(right, source))
        }
    }
}

fn property(name: &PropertyName, source: &dyn Source) -> Vec<Scalar<'static>> {
    if let PropertyName::Either(first, second) = name {
        let found = property(first, source);
        return if found.is_empty() { property(second, source) } else { found };
    }
    let mut found = Vec::new();
    source.values(name, &mut |value| found.push(value.into_owned()));
    found
}

fn folded<'v>(inner: &'v Operand, source: &dyn Source, fold: fn(&str) -> String) -> Vec<Scalar<'v>> {
    let fold = |value| match value {
        Scalar::Text(text) => Scalar::Text(fold(&text).into()),
        other => other,
    };
    values(inner, source).into_iter().map(fold).collect()
}

/// Only numbers count; a result that is no finite number (a division by zero) is unknown.
fn calculated(operator: Arithmetic, left: &[Scalar<'_>], right: &[Scalar<'_>]) -> Vec<Scalar<'static>> {
    let numbers = |values: &[Scalar<'_>]| -> Vec<f64> {
        values
            .iter()
            .filter_map(|value| if let Scalar::Number(number) = value { Some(*number) } else { None })
            .collect()
    };
    let (left, right) = (numbers(left), numbers(right));
    if left.len() * right.len() > MAX_PAIRS {
        return Vec::new();
    }
    let results = left.iter().flat_map(|left| right.iter().map(|right| calculate(operator, *left, *right)));
    results.filter(|result| result.is_finite()).map(|result| Scalar::Number(result + 0.0)).collect()
}

/// One result. The remainder has the sign of the dividend, and `div` cuts towards zero, as SQL has them.
pub fn calculate(operator: Arithmetic, left: f64, right: f64) -> f64 {
    match operator {
        Arithmetic::Add => left + right,
        Arithmetic::Subtract => left - right,
        Arithmetic::Multiply => left * right,
        Arithmetic::Divide => left / right,
        Arithmetic::Modulo => left % right,
        Arithmetic::IntegerDivide => (left / right).trunc(),
        Arithmetic::Power => left.powf(right),
    }
}

/// A body's footprints against a shape, two shapes against each other; footprints on two bodies have no relation.
fn spatial(relation: SpatialRelation, left: &Place, right: &Place, source: &dyn Source) -> Truth {
    match (left, right) {
        (Place::Footprint { body: left }, Place::Footprint { body: right }) => {
            let same = left == right && source.has_footprint(left);
            same.then_some(is_reflexive(relation))
        }
        (Place::Footprint { body }, other) => source.relates(body, relation, &shape_of(other)?, false),
        (other, Place::Footprint { body }) => source.relates(body, relation, &shape_of(other)?, true),
        (left, right) => Some(relate(relation, &shape_of(left)?, &shape_of(right)?)),
    }
}

/// Whether a shape is in this relation to itself.
fn is_reflexive(relation: SpatialRelation) -> bool {
    use SpatialRelation as R;
    matches!(relation, R::Intersects | R::Equals | R::Within | R::Contains)
}

/// The shape of a literal; the reader of the filter has checked that there is one.
pub fn shape_of(place: &Place) -> Option<Shape> {
    match place {
        Place::Footprint { .. } => None,
        Place::Geometry(text) => Shape::parse(text).ok(),
        Place::Box(bbox, None) => Some(Shape::of_box(bbox)),
        Place::Box(bbox, Some([low, high])) => Some(Shape::of_box(bbox).between_heights(*low, *high)),
    }
}

/// Whether one shape is in a relation to another.
fn relate(relation: SpatialRelation, left: &Shape, right: &Shape) -> bool {
    left.relates(relation, right)
}

fn sets(relation: ArrayRelation, left: &[Scalar<'_>], right: &[Scalar<'_>]) -> Truth {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    let equal = |one: &Scalar<'_>, other: &Scalar<'_>| compares(one, crate::model::Comparison::Equal, other);
    let holds_all = |set: &[Scalar<'_>], wanted: &[Scalar<'_>]| {
        wanted.iter().all(|wanted| set.iter().any(|value| equal(value, wanted)))
    };
    Some(match relation {
        ArrayRelation::Equals => holds_all(left, right) && holds_all(right, left),
        ArrayRelation::Contains => holds_all(left, right),
        ArrayRelation::ContainedBy => holds_all(right, left),
        ArrayRelation::Overlaps => left.iter().any(|one| right.iter().any(|other| equal(one, other))),
    })
}
