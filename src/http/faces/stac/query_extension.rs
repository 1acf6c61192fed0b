//! Query extension: `query` as a filter. An operator or form that it does not know is refused with its name.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::catalogue::Error;
use crate::http::faces::filter::{compare, number_in};
use crate::model::{Comparison, Filter, Operand, PropertyName};

/// Most properties, and most operators of one property.
const MAX_PROPERTIES: usize = 200;
const MAX_OPERATORS: usize = 20;
/// Most values of an `in`.
const MAX_VALUES: usize = 1_000;

/// A JSON object as pairs, so that a name that occurs twice is seen.
struct Pairs<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsVisitor<T> {
            type Value = Pairs<T>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor(std::marker::PhantomData))
    }
}

/// A value to compare with, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Given>),
    Null(()),
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::parameter("query", reason)
}

/// Reads `{"eo:cloud_cover": {"lt": 10, "gte": 2}, …}`; all of it must hold. `name` gives what a property name means.
///
/// # Errors
/// 400 that names the property and operator that cannot be answered.
pub fn filter(text: &str, name: impl Fn(&str) -> PropertyName) -> Result<Filter, Error> {
    let Pairs(properties) =
        serde_json::from_str::<Pairs<Pairs<Given>>>(text).map_err(|error| refuse(error.to_string()))?;
    if properties.len() > MAX_PROPERTIES {
        return Err(refuse(format!("names more than {MAX_PROPERTIES} properties")));
    }
    let mut all = Vec::new();
    for (property, Pairs(operators)) in properties {
        if operators.is_empty() || operators.len() > MAX_OPERATORS {
            return Err(refuse(format!("{property:?} needs 1 to {MAX_OPERATORS} operators")));
        }
        let meaning = name(&property);
        for (operator, given) in operators {
            all.push(condition(&property, &meaning, &operator, given)?);
        }
    }
    Ok(Filter::And(all))
}

fn condition(property: &str, meaning: &PropertyName, operator: &str, given: Given) -> Result<Filter, Error> {
    let left = Operand::Property(meaning.clone());
    let wrong = |wanted: &str| refuse(format!("{operator:?} of {property:?} takes {wanted}"));
    let comparison = match operator {
        "eq" => Comparison::Equal,
        "neq" | "ne" => Comparison::NotEqual,
        "lt" => Comparison::Less,
        "lte" | "le" => Comparison::LessOrEqual,
        "gt" => Comparison::Greater,
        "gte" | "ge" => Comparison::GreaterOrEqual,
        "startsWith" | "endsWith" | "contains" => {
            let Given::Text(part) = given else { return Err(wrong("a string")) };
            return Ok(Filter::Like { value: left, pattern: Operand::Text(pattern(operator, &part)) });
        }
        "in" => {
            let Given::List(values) = given else { return Err(wrong("a list")) };
            if values.len() > MAX_VALUES {
                return Err(wrong("at most 1000 values"));
            }
            let list = values.into_iter().map(|value| scalar(value).ok_or_else(|| wrong("a list of scalars")));
            let list = list.collect::<Result<Vec<_>, _>>()?;
            let numbers: Vec<Operand> = list.iter().filter_map(number_in).collect();
            return Ok(Filter::In { value: left, list: list.into_iter().chain(numbers).collect() });
        }
        _ => {
            let known = "eq, neq, lt, lte, gt, gte, startsWith, endsWith, contains, in";
            return Err(refuse(format!("{operator:?} of {property:?} is none of {known}")));
        }
    };
    match (given, comparison) {
        (Given::Null(()), Comparison::Equal) => Ok(Filter::IsNull(left)),
        (Given::Null(()), Comparison::NotEqual) => Ok(Filter::Not(Box::new(Filter::IsNull(left)))),
        (given, comparison) => {
            let right = scalar(given).ok_or_else(|| wrong("a string, a number, true or false"))?;
            Ok(compare(left, comparison, right))
        }
    }
}

fn scalar(given: Given) -> Option<Operand> {
    match given {
        Given::Bool(value) => Some(Operand::Bool(value)),
        Given::Number(value) => Some(Operand::Number(value)),
        Given::Text(text) => Some(Operand::Text(text)),
        Given::List(_) | Given::Null(()) => None,
    }
}

/// The text as a pattern of `LIKE`, in which `%`, `_` and `\` have a meaning.
fn pattern(operator: &str, part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    if operator != "startsWith" {
        pattern.push('%');
    }
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    if operator != "endsWith" {
        pattern.push('%');
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> PropertyName {
        PropertyName::Member(name.to_owned())
    }

    fn check(operators: &str, expected: Filter) {
        let filter = filter(&format!("{{\"p\":{operators}}}"), member).expect("a query");
        assert_eq!(filter, Filter::And(vec![expected]), "{operators}");
    }

    #[test]
    fn each_operator_has_its_condition() {
        let left = || Operand::Property(PropertyName::Member("p".to_owned()));
        let compare = |comparison, right| Filter::Compare { left: left(), comparison, right };
        let like = |pattern: &str| Filter::Like { value: left(), pattern: Operand::Text(pattern.to_owned()) };
        check(r#"{"eq":1.5}"#, compare(Comparison::Equal, Operand::Number(1.5)));
        check(r#"{"neq":"a"}"#, compare(Comparison::NotEqual, Operand::Text("a".to_owned())));
        check(r#"{"lt":1}"#, compare(Comparison::Less, Operand::Number(1.0)));
        check(r#"{"lte":1}"#, compare(Comparison::LessOrEqual, Operand::Number(1.0)));
        check(r#"{"gt":1}"#, compare(Comparison::Greater, Operand::Number(1.0)));
        check(r#"{"gte":true}"#, compare(Comparison::GreaterOrEqual, Operand::Bool(true)));
        check(r#"{"startsWith":"a_b"}"#, like("a\\_b%"));
        check(r#"{"endsWith":"5%"}"#, like("%5\\%"));
        check(r#"{"contains":"\\"}"#, like("%\\\\%"));
        check(
            r#"{"in":[1,"a"]}"#,
            Filter::In { value: left(), list: vec![Operand::Number(1.0), Operand::Text("a".to_owned())] },
        );
        let both = |comparison| {
            vec![compare(comparison, Operand::Number(5.0)), compare(comparison, Operand::Text("5".to_owned()))]
        };
        check(r#"{"lt":"5"}"#, Filter::Or(both(Comparison::Less)));
        check(r#"{"neq":"5"}"#, Filter::And(both(Comparison::NotEqual)));
        check(r#"{"eq":null}"#, Filter::IsNull(left()));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "[]",
            "{\"p\":1}",
            "{\"p\":{}}",
            "{\"p\":{\"near\":1}}",
            "{\"p\":{\"eq\":{}}}",
            "{\"p\":{\"eq\":[1]}}",
            "{\"p\":{\"in\":1}}",
            "{\"p\":{\"in\":[[1]]}}",
            "{\"p\":{\"lt\":null}}",
            "{\"p\":{\"contains\":1}}",
            "{\"p\":{\"eq\":NaN}}",
        ] {
            assert!(filter(text, member).is_err(), "{text}");
        }
        let many: Vec<String> = (0..=MAX_PROPERTIES).map(|n| format!("\"p{n}\":{{\"eq\":1}}")).collect();
        assert!(filter(&format!("{{{}}}", many.join(",")), member).is_err());
        assert!(
            filter(&format!("{{\"p\":{{\"in\":{}1{}}}}}", "[".repeat(10_000), "]".repeat(10_000)), member).is_err()
        );
    }
}
