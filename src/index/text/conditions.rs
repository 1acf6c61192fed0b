//! Conditions on properties, tested on the columns of one segment.
//!
//! Numbers are compared with numbers, instants with instants, texts with texts byte by byte. A value of another type
//! is unequal to the one asked for, and neither less nor greater. Of several values one that fits is enough.

use std::cmp::Ordering;

use tantivy::columnar::Column;

use crate::model::{Comparison, Value};

use super::columns::PropertyColumns;
use super::error::SearchError;
use super::matcher::Test;
use super::plan::ConditionPlan;
use super::sort::place_of;
use super::terms;

/// Nothing when no document of the segment has a value that can pass.
pub(super) fn condition_test<'s>(
    condition: &ConditionPlan<'_>,
    columns: PropertyColumns,
) -> Result<Option<Test<'s>>, SearchError> {
    let comparison = condition.comparison;
    let unequal = comparison == Comparison::NotEqual;
    let mut tests: Vec<Test<'s>> = Vec::new();
    if let Some(column) = columns.numbers {
        match condition.value {
            Value::Number(wanted) => {
                let wanted = *wanted;
                let fits = move |value: f64| compares(comparison, value.partial_cmp(&wanted));
                tests.push(Box::new(move |document| column.any(document, fits)));
            }
            _ if unequal => tests.push(Box::new(move |document| column.any(document, |_| true))),
            _ => {}
        }
    }
    if let Some(column) = columns.bools {
        match condition.value {
            Value::Bool(wanted) => tests.push(any(column, comparison, *wanted)),
            _ if unequal => tests.push(has_value(column)),
            _ => {}
        }
    }
    if let Some(column) = columns.instants {
        match condition.instant {
            Some(wanted) => tests.push(any(column, comparison, wanted)),
            None if unequal => tests.push(has_value(column)),
            None => {}
        }
    }
    if let Some(column) = columns.texts {
        match condition.value {
            Value::Text(wanted) => {
                // A text stands at twice its place in the dictionary plus one; one that is not in it lies between two.
                let wanted = place_of(&column, &terms::bounded(wanted))?;
                let places = column.ords().clone();
                tests.push(Box::new(move |document| {
                    let mut values = places.values_for_doc(document);
                    values.any(|place| compares(comparison, Some((2 * place + 1).cmp(&wanted))))
                }));
            }
            _ if unequal => tests.push(has_value(column.ords().clone())),
            _ => {}
        }
    }
    if tests.is_empty() {
        return Ok(None);
    }
    Ok(Some(Box::new(move |document| tests.iter().any(|test| test(document)))))
}

fn any<'s, T>(column: Column<T>, comparison: Comparison, wanted: T) -> Test<'s>
where
    T: Ord + Copy + std::fmt::Debug + Send + Sync + 'static,
{
    Box::new(move |document| {
        let mut values = column.values_for_doc(document);
        values.any(|value| compares(comparison, Some(value.cmp(&wanted))))
    })
}

fn has_value<'s, T>(column: Column<T>) -> Test<'s>
where
    T: PartialOrd + Copy + std::fmt::Debug + Send + Sync + 'static,
{
    Box::new(move |document| column.index.has_value(document))
}

fn compares(comparison: Comparison, ordering: Option<Ordering>) -> bool {
    ordering.is_some_and(|ordering| match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    })
}
