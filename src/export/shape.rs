//! What values a column holds, found by looking at some of them. What a value becomes in a format is for the format to
//! say.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Instant;

/// Most members of an object that are told apart. An object with more names is a dictionary, and is kept as JSON.
const MAX_MEMBERS: usize = 200;
/// Deepest nesting that is told apart.
const MAX_DEPTH: usize = 8;
/// Whole numbers beyond ±2^53 are not all numbers of IEEE 754.
const EXACT: i64 = 1 << 53;

/// What the values of a column have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Shape {
    /// Nothing but null was seen.
    #[default]
    Unknown,
    Bool,
    Integer,
    Number,
    /// An instant of RFC 3339 to the microsecond.
    Instant,
    Text,
    List(Box<Self>),
    Object(BTreeMap<String, Self>),
    /// Values of several types.
    Json,
}

impl Shape {
    /// The shape of one value.
    pub fn of(value: &Value) -> Self {
        Self::at(value, 0)
    }

    fn at(value: &Value, depth: usize) -> Self {
        match value {
            Value::Null => Self::Unknown,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(number) if number.is_f64() => Self::Number,
            Value::Number(_) => Self::Json,
            Value::String(_) => Self::Text,
            _ if depth >= MAX_DEPTH => Self::Json,
            Value::Array(list) => {
                let shapes = list.iter().map(|element| Self::at(element, depth + 1));
                Self::List(Box::new(shapes.fold(Self::Unknown, Self::join)))
            }
            Value::Object(members) => {
                let shape = |(name, value): (&String, &Value)| (name.clone(), Self::at(value, depth + 1));
                Self::object(members.iter().map(shape).collect())
            }
        }
    }

    fn object(members: BTreeMap<String, Self>) -> Self {
        if members.len() > MAX_MEMBERS { Self::Json } else { Self::Object(members) }
    }

    /// The shape that holds what either holds.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            (Self::Instant, Self::Text) | (Self::Text, Self::Instant) => Self::Text,
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.join(*other))),
            (Self::Object(mut one), Self::Object(other)) => {
                for (name, shape) in other {
                    let known = one.remove(&name).unwrap_or_default();
                    one.insert(name, known.join(shape));
                }
                Self::object(one)
            }
            _ => Self::Json,
        }
    }

    /// As a column has it: what stayed unknown is text, an object without members JSON.
    pub fn settled(self) -> Self {
        match self {
            Self::Unknown => Self::Text,
            Self::List(inner) => Self::List(Box::new(inner.settled())),
            Self::Object(members) if members.is_empty() => Self::Json,
            Self::Object(members) => {
                Self::Object(members.into_iter().map(|(name, shape)| (name, shape.settled())).collect())
            }
            shape => shape,
        }
    }

    /// Columns that a columnar format makes of it.
    pub fn leaves(&self) -> usize {
        match self {
            Self::List(inner) => inner.leaves(),
            Self::Object(members) => members.values().map(Self::leaves).sum(),
            _ => 1,
        }
    }

    /// Whether a column of this shape holds the value as it is.
    pub fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) | (Self::Json, _) => true,
            (Self::Bool, value) => value.is_boolean(),
            (Self::Integer, value) => value.is_i64(),
            (Self::Number, Value::Number(number)) => {
                number.is_f64() || number.as_i64().is_some_and(|whole| (-EXACT..=EXACT).contains(&whole))
            }
            (Self::Instant, value) => value.as_str().and_then(instant).is_some(),
            (Self::Text, value) => value.is_string(),
            (Self::List(inner), Value::Array(list)) => list.iter().all(|element| inner.takes(element)),
            (Self::Object(members), Value::Object(given)) => {
                given.iter().all(|(name, value)| members.get(name).is_some_and(|shape| shape.takes(value)))
            }
            _ => false,
        }
    }
}

/// An instant in microseconds since 1970; none for what is more exact or has no zone.
pub fn instant(text: &str) -> Option<i64> {
    let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
    let digits = fraction.find(|character: char| !character.is_ascii_digit()).unwrap_or(fraction.len());
    let instant = Instant::parse(text).ok().filter(|_| digits <= 6)?;
    Some(instant.micros())
}

/// An instant in microseconds since 1970, cut where it is more exact.
pub fn cut_instant(text: &str) -> Option<i64> {
    Instant::parse(text).ok().map(Instant::micros)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(values: &[Value]) -> Shape {
        values.iter().map(Shape::of).fold(Shape::Unknown, Shape::join).settled()
    }

    #[test]
    fn a_shape_holds_all_that_it_was_made_of() {
        let cases = [
            (vec![json!(1), json!(null), json!(2)], Shape::Integer),
            (vec![json!(1), json!(2.5)], Shape::Number),
            (vec![json!(1), json!("a")], Shape::Json),
            (vec![json!(u64::MAX)], Shape::Json),
            (vec![json!(null)], Shape::Text),
            (vec![json!([]), json!([1])], Shape::List(Box::new(Shape::Integer))),
            (vec![json!([]), json!({})], Shape::Json),
            (vec![json!({})], Shape::Json),
        ];
        for (values, expected) in cases {
            let found = shape(&values);
            assert_eq!(found, expected, "{values:?}");
            assert!(values.iter().all(|value| found.takes(value)), "{values:?}");
        }
        let objects = shape(&[json!({ "a": 1 }), json!({ "b": ["x"] })]);
        assert!(objects.takes(&json!({ "a": 2, "b": [] })) && objects.takes(&json!({ "a": null })));
        for other in [json!({ "c": 1 }), json!({ "a": "x" }), json!([]), json!(1)] {
            assert!(!objects.takes(&other), "{other}");
        }
        assert!(!Shape::Number.takes(&json!((1_i64 << 53) + 1)) && !Shape::Integer.takes(&json!(1.5)));
    }

    #[test]
    fn what_is_wide_or_deep_is_json() {
        let wide: serde_json::Map<String, Value> = (0..=MAX_MEMBERS).map(|n| (n.to_string(), json!(1))).collect();
        assert_eq!(shape(&[Value::Object(wide)]), Shape::Json);
        let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
        assert!(shape(std::slice::from_ref(&deep)).takes(&deep));
    }

    #[test]
    fn an_instant_has_a_zone_and_microseconds_at_most() {
        for text in ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123456Z", "2020-01-01T00:00:00+01:00"] {
            assert!(instant(text).is_some(), "{text}");
        }
        for text in ["2020-01-01", "2020-01-01T00:00:00.1234567Z", "2020-01-01T00:00:00", "x", ""] {
            assert!(instant(text).is_none(), "{text}");
        }
    }
}
