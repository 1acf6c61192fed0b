//! Which columns a table has: found on the first records of a result. What comes later and has no column goes, as JSON,
//! into the last column, `other_properties`, so that nothing is lost.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::Shape;

/// Most columns that are found; the most frequent names get them.
const MAX_COLUMNS: usize = 1000;
/// Most columns that a columnar format makes of all; objects beyond stay JSON, and so does one that alone has a tenth.
const MAX_LEAVES: usize = 5_000;

/// Name of the column for what has no other.
pub const OTHER: &str = "other_properties";

/// A column that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name of the member.
    pub member: String,
    /// Name of the column: the member's, unless that is taken.
    pub name: String,
    pub shape: Shape,
}

/// The columns of a table beside those that it always has.
#[derive(Debug, Clone, Default)]
pub struct Columns(Vec<Column>);

/// Looks at rows to find their columns.
#[derive(Debug, Default)]
pub struct Finding(BTreeMap<String, (usize, Shape)>);

impl Finding {
    /// Looks at a row.
    pub fn see(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            let shape = Shape::of(value);
            match self.0.get_mut(name) {
                Some((count, known)) => {
                    *count += 1;
                    *known = std::mem::take(known).join(shape);
                }
                None => _ = self.0.insert(name.clone(), (1, shape)),
            }
        }
    }

    /// The columns; `taken` are names that the table has for others, those of `instants` hold instants if they can.
    pub fn columns(self, taken: &[&str], instants: &[&str]) -> Columns {
        let mut found: Vec<_> = self.0.into_iter().collect();
        found.sort_by(|(name, (count, _)), (other, (other_count, _))| other_count.cmp(count).then(name.cmp(other)));
        found.truncate(MAX_COLUMNS);
        found.sort_by(|(name, _), (other, _)| name.cmp(other));
        let is_taken = |name: &str| name == OTHER || taken.contains(&name);
        let mut leaves = 0;
        let column = |(member, (_, shape)): (String, (usize, Shape))| Column {
            name: if is_taken(&member) { format!("properties.{member}") } else { member.clone() },
            shape: match shape.settled() {
                Shape::Text if instants.contains(&member.as_str()) => Shape::Instant,
                shape => narrowed(shape, &mut leaves),
            },
            member,
        };
        Columns(found.into_iter().map(column).collect())
    }
}

/// The shape, unless it has too many columns within it.
fn narrowed(shape: Shape, leaves: &mut usize) -> Shape {
    let wanted = shape.leaves();
    if wanted > 1 && (wanted > MAX_LEAVES / 10 || *leaves + wanted > MAX_LEAVES) {
        return Shape::Json;
    }
    *leaves += wanted;
    shape
}

impl Columns {
    pub fn iter(&self) -> impl Iterator<Item = &Column> {
        self.0.iter()
    }

    /// The values of a row for the columns, in their order; none for what is not there or does not fit.
    pub fn values<'v>(&self, members: &'v Map<String, Value>) -> impl Iterator<Item = (&Column, Option<&'v Value>)> {
        let value = |column: &Column| members.get(&column.member).filter(|value| column.shape.takes(value));
        self.0.iter().map(move |column| (column, value(column)))
    }

    /// What of a row's members has no column, or not the shape of its column, as JSON.
    pub fn others(&self, members: &Map<String, Value>) -> Option<String> {
        let has_place = |name: &str, value: &Value| {
            let column = self.0.binary_search_by(|column| column.member.as_str().cmp(name));
            let column = column.ok().and_then(|at| self.0.get(at));
            column.is_some_and(|column| column.shape.takes(value))
        };
        let rest: Map<String, Value> = members
            .iter()
            .filter(|(name, value)| !value.is_null() && !has_place(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        (!rest.is_empty()).then(|| Value::Object(rest).to_string())
    }
}
