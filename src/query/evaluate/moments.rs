//! Temporal predicates (CQL2 § 7.6): spans that include both their ends.

use super::scalar::{Scalar, Truth, day_of};
use super::{Source, property};
use crate::model::{Moment, MomentEnd, PropertyName, TemporalRelation};

/// Microseconds of a day but one.
const REST_OF_DAY: i64 = 24 * 3600 * 1_000_000 - 1;

/// First and last microsecond since 1970; `i64::MIN` and `i64::MAX` are open ends.
pub type Span = (i64, i64);

/// Whether spans are in a relation (Allen's, with the names of CQL2).
pub fn spans_relate(relation: TemporalRelation, left: Span, right: Span) -> bool {
    use TemporalRelation as R;
    let inverse = |relation| spans_relate(relation, right, left);
    match relation {
        R::After => inverse(R::Before),
        R::MetBy => inverse(R::Meets),
        R::OverlappedBy => inverse(R::Overlaps),
        R::StartedBy => inverse(R::Starts),
        R::Contains => inverse(R::During),
        R::FinishedBy => inverse(R::Finishes),
        R::Before => left.1 < right.0,
        R::Meets => left.1 == right.0,
        R::Overlaps => left.0 < right.0 && right.0 < left.1 && left.1 < right.1,
        R::Starts => left.0 == right.0 && left.1 < right.1,
        R::During => left.0 > right.0 && left.1 < right.1,
        R::Finishes => left.0 > right.0 && left.1 == right.1,
        R::Equals => left == right,
        R::Disjoint => !(left.0 <= right.1 && left.1 >= right.0),
        R::Intersects => left.0 <= right.1 && left.1 >= right.0,
    }
}

/// Of several spans one pair that fits is enough.
pub(super) fn temporal(relation: TemporalRelation, left: &Moment, right: &Moment, source: &dyn Source) -> Truth {
    let (left, right) = (spans(left, source), spans(right, source));
    if left.is_empty() || right.is_empty() {
        return None;
    }
    Some(left.iter().any(|left| right.iter().any(|right| spans_relate(relation, *left, *right))))
}

/// The span of a moment that names no property.
pub fn constant_span(moment: &Moment) -> Option<Span> {
    let of_end = |end: &Option<MomentEnd>, open: i64| match end {
        None => Some(open),
        Some(MomentEnd::Instant(instant)) => Some(instant.micros()),
        Some(MomentEnd::Property(_)) => None,
    };
    match moment {
        Moment::Property(_) => None,
        Moment::Instant(instant) => Some((instant.micros(), instant.micros())),
        Moment::Date(day) => Some((day.micros(), day.micros() + REST_OF_DAY)),
        Moment::Interval { start, stop } => Some((of_end(start, i64::MIN)?, of_end(stop, i64::MAX)?)),
    }
}

fn spans(moment: &Moment, source: &dyn Source) -> Vec<Span> {
    match moment {
        Moment::Property(name) => of_property(name, source),
        Moment::Instant(instant) => vec![(instant.micros(), instant.micros())],
        Moment::Date(day) => vec![(day.micros(), day.micros() + REST_OF_DAY)],
        Moment::Interval { start, stop } => {
            let starts = start.as_ref().map_or_else(|| vec![i64::MIN], |end| of_end(end, source, true));
            let stops = stop.as_ref().map_or_else(|| vec![i64::MAX], |end| of_end(end, source, false));
            let spans = starts.iter().flat_map(|start| stops.iter().map(|stop| (*start, *stop)));
            spans.take(super::MAX_PAIRS).collect()
        }
    }
}

fn of_property(name: &PropertyName, source: &dyn Source) -> Vec<Span> {
    match name {
        PropertyName::Time => source.span().into_iter().collect(),
        PropertyName::Either(first, second) => {
            let found = of_property(first, source);
            if found.is_empty() { of_property(second, source) } else { found }
        }
        name => property(name, source).iter().filter_map(span_of).collect(),
    }
}

fn of_end(end: &MomentEnd, source: &dyn Source, is_start: bool) -> Vec<i64> {
    match end {
        MomentEnd::Instant(instant) => vec![instant.micros()],
        MomentEnd::Property(name) => {
            let spans = of_property(name, source);
            spans.iter().map(|span| if is_start { span.0 } else { span.1 }).collect()
        }
    }
}

/// Instants, and texts that are dates.
fn span_of(value: &Scalar<'_>) -> Option<Span> {
    match value {
        Scalar::Instant(micros) => Some((*micros, *micros)),
        Scalar::Day(micros) => Some((*micros, micros + REST_OF_DAY)),
        Scalar::Text(text) => day_of(text).map(|day| (day, day + REST_OF_DAY)),
        Scalar::Number(_) | Scalar::Bool(_) => None,
    }
}
