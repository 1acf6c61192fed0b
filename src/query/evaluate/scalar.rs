//! Single values and how they compare.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::model::{Comparison, Instant};

/// True, false, or `None` for unknown.
pub type Truth = Option<bool>;

/// One value of a property or of a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    Number(f64),
    /// Microseconds since 1970.
    Instant(i64),
    /// First microsecond of a day that a filter names by DATE.
    Day(i64),
    Text(Cow<'a, str>),
    Bool(bool),
}

impl<'a> Scalar<'a> {
    /// A text, or the instant that it names: an RFC 3339 date-time with a zone.
    pub fn of_text(text: &'a str) -> Self {
        instant_of(text).map_or(Self::Text(Cow::Borrowed(text)), Self::Instant)
    }

    /// The same value on its own.
    pub fn into_owned(self) -> Scalar<'static> {
        match self {
            Self::Number(number) => Scalar::Number(number),
            Self::Instant(micros) => Scalar::Instant(micros),
            Self::Day(micros) => Scalar::Day(micros),
            Self::Text(text) => Scalar::Text(Cow::Owned(text.into_owned())),
            Self::Bool(truth) => Scalar::Bool(truth),
        }
    }
}

/// The instant that a text names: an RFC 3339 date-time with a zone.
pub fn instant_of(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let looks_like_one = bytes.len() >= 17 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    if !looks_like_one { None } else { Instant::parse(text).ok().map(Instant::micros) }
}

/// First microsecond of the day that a text such as `2019-01-02` names.
pub fn day_of(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_date { Instant::parse(&format!("{text}T00:00:00Z")).ok().map(Instant::micros) } else { None }
}

/// Whether two values are so ordered.
pub fn compares(left: &Scalar<'_>, comparison: Comparison, right: &Scalar<'_>) -> bool {
    let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    match order(left, right, is_equality) {
        Some(order) => holds(comparison, order),
        None => comparison == Comparison::NotEqual,
    }
}

/// Whether a comparison is true of values in this order.
pub fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// The order of two values; none where their types have none. A text that is a date has an order with instants, but
/// equals none; with a DATE it is compared as a date.
fn order(left: &Scalar<'_>, right: &Scalar<'_>, is_equality: bool) -> Option<Ordering> {
    use Scalar as S;
    let dated = |text: &str| day_of(text).filter(|_| !is_equality);
    match (left, right) {
        (S::Number(left), S::Number(right)) => left.partial_cmp(right),
        (S::Text(left), S::Text(right)) => Some(left.as_ref().cmp(right.as_ref())),
        (S::Bool(left), S::Bool(right)) => is_equality.then(|| left.cmp(right)),
        (S::Instant(left) | S::Day(left), S::Instant(right) | S::Day(right)) => Some(left.cmp(right)),
        (S::Text(left), S::Instant(right)) => dated(left).map(|left| left.cmp(right)),
        (S::Instant(left), S::Text(right)) => dated(right).map(|right| left.cmp(&right)),
        (S::Text(left), S::Day(right)) => day_of(left).map(|left| left.cmp(right)),
        (S::Day(left), S::Text(right)) => day_of(right).map(|right| left.cmp(&right)),
        _ => None,
    }
}

/// A text without regard to case: upper case first, so that `Straße` and `STRASSE`, and both small sigmas, are one.
pub fn fold_case(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_uppercase().to_lowercase() }
}

/// A text without accents: decomposed, and what combines with letters left out.
pub fn fold_accents(text: &str) -> String {
    if text.is_ascii() { text.to_owned() } else { unaccent::unaccent(text) }
}
