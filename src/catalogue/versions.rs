//! Which of two records is the later version, by what they say of themselves: an older version that arrives late is
//! kept as a revision, and takes nothing newer back.

use std::cmp::Ordering;

use crate::model::Entity;

/// Whether `arriving` says that it is an earlier version than `current`: both have a `version` of numbers with dots
/// (`1.0`, `2.10`), compared number by number. Anything else has no order.
pub fn is_earlier(arriving: &[u8], current: &[u8]) -> bool {
    let version = |record| Entity::view(record).ok()?.version.map(|version| version.into_owned());
    let (Some(arriving), Some(current)) = (version(arriving), version(current)) else { return false };
    compare(&arriving, &current) == Some(Ordering::Less)
}

fn compare(one: &str, other: &str) -> Option<Ordering> {
    let (mut one, mut other) = (numbers(one)?, numbers(other)?);
    let length = one.len().max(other.len());
    one.resize(length, 0);
    other.resize(length, 0);
    Some(one.cmp(&other))
}

fn numbers(version: &str) -> Option<Vec<u64>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number_and_only_if_they_are_numbers() {
        let cases = [
            ("1.0", "2.0", Some(Ordering::Less)),
            ("1.10", "1.9", Some(Ordering::Greater)),
            ("1", "1.0", Some(Ordering::Equal)),
            ("v1", "2", None),
            ("", "2", None),
            ("99999999999999999999", "1", None),
        ];
        for (one, other, expected) in cases {
            assert_eq!(compare(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn a_record_without_a_version_is_not_earlier() {
        let record = |version: &str| format!(r#"{{"kind":"product","id":"a","version":"{version}"}}"#);
        assert!(is_earlier(record("1.0").as_bytes(), record("2.0").as_bytes()));
        assert!(!is_earlier(record("2.0").as_bytes(), record("1.0").as_bytes()));
        assert!(!is_earlier(br#"{"kind":"product","id":"a"}"#, record("2.0").as_bytes()));
        assert!(!is_earlier(b"no JSON", record("2.0").as_bytes()));
    }
}
