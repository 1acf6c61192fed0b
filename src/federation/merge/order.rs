//! How values of hits compare: numbers before instants before texts, missing values last in either direction.

use std::cmp::Ordering;

/// A value to sort by.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Number(f64),
    /// Microseconds since 1970.
    Instant(i64),
    /// By its bytes.
    Text(String),
}

impl Field {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => left.total_cmp(right),
            (Self::Instant(left), Self::Instant(right)) => left.cmp(right),
            (Self::Text(left), Self::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
            _ => self.class().cmp(&other.class()),
        }
    }

    const fn class(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Instant(_) => 1,
            Self::Text(_) => 2,
        }
    }

    /// The one of several values that comes first.
    pub fn first(values: impl Iterator<Item = Self>, descends: bool) -> Option<Self> {
        values.min_by(|left, right| directed(left.order(right), descends))
    }
}

const fn directed(order: Ordering, descends: bool) -> Ordering {
    if descends { order.reverse() } else { order }
}

/// Compares hits by the values of their keys.
pub fn compare(left: &[Option<Field>], right: &[Option<Field>], descends: &[bool]) -> Ordering {
    for (at, (left, right)) in left.iter().zip(right).enumerate() {
        let order = match (left, right) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(left), Some(right)) => directed(left.order(right), descends.get(at).copied().unwrap_or_default()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
