//! Expressions of the crate `cql2` that are conditions: true, false or unknown of a record.

use ::cql2::Expr;

use super::names::Names;
use super::operands::{moment, operand, pattern, place, property};
use crate::model::{ArrayRelation, Comparison, Filter, Operand, PropertyName, SpatialRelation, TemporalRelation};

/// Deepest expression, chains of one arithmetic operator included: whatever evaluates a filter recurses as deep.
pub(super) const MAX_EXPRESSION: usize = 128;

/// What cannot be answered, and the word of the filter that says so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub word: Option<String>,
    pub reason: String,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { word: None, reason: reason.into() }
    }

    pub(super) fn of(word: &str, reason: impl Into<String>) -> Self {
        Self { word: Some(word.to_owned()), reason: reason.into() }
    }
}

/// Names and relations of the spatial functions.
const SPATIAL: &[(&str, SpatialRelation)] = &[
    ("s_intersects", SpatialRelation::Intersects),
    ("s_equals", SpatialRelation::Equals),
    ("s_disjoint", SpatialRelation::Disjoint),
    ("s_touches", SpatialRelation::Touches),
    ("s_within", SpatialRelation::Within),
    ("s_overlaps", SpatialRelation::Overlaps),
    ("s_crosses", SpatialRelation::Crosses),
    ("s_contains", SpatialRelation::Contains),
];

/// Names and relations of the temporal functions.
const TEMPORAL: &[(&str, TemporalRelation)] = &[
    ("t_after", TemporalRelation::After),
    ("t_before", TemporalRelation::Before),
    ("t_contains", TemporalRelation::Contains),
    ("t_disjoint", TemporalRelation::Disjoint),
    ("t_during", TemporalRelation::During),
    ("t_equals", TemporalRelation::Equals),
    ("t_finishedBy", TemporalRelation::FinishedBy),
    ("t_finishes", TemporalRelation::Finishes),
    ("t_intersects", TemporalRelation::Intersects),
    ("t_meets", TemporalRelation::Meets),
    ("t_metBy", TemporalRelation::MetBy),
    ("t_overlappedBy", TemporalRelation::OverlappedBy),
    ("t_overlaps", TemporalRelation::Overlaps),
    ("t_startedBy", TemporalRelation::StartedBy),
    ("t_starts", TemporalRelation::Starts),
];

/// Names and relations of the array functions.
const ARRAY: &[(&str, ArrayRelation)] = &[
    ("a_equals", ArrayRelation::Equals),
    ("a_contains", ArrayRelation::Contains),
    ("a_containedBy", ArrayRelation::ContainedBy),
    ("a_overlaps", ArrayRelation::Overlaps),
];

/// The comparison operators.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("=", Comparison::Equal),
    ("<>", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

/// Operators that give a value, not a truth.
const VALUES: &[&str] = &["+", "-", "*", "/", "%", "^", "div", "casei", "accenti"];

fn named<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}

/// A condition of this many levels above.
pub(super) fn condition(expression: &Expr, names: Names, depth: usize) -> Result<Filter, Fault> {
    check_depth(depth)?;
    match expression {
        Expr::Operation { op, args } => operation(op, args, names, depth),
        Expr::Bool(truth) => Ok(Filter::Truth(Operand::Bool(*truth))),
        Expr::Property { property: name } => Ok(Filter::Truth(Operand::Property(property(name, names)?))),
        Expr::Null => Err(Fault::of("null", "NULL is no condition; IS NULL asks for missing properties")),
        _ => Err(Fault::new("a value stands where a condition is expected")),
    }
}

pub(super) fn check_depth(depth: usize) -> Result<(), Fault> {
    if depth < MAX_EXPRESSION {
        return Ok(());
    }
    Err(Fault::new(format!("the expression is more than {MAX_EXPRESSION} levels deep")))
}

fn operation(op: &str, arguments: &[Box<Expr>], names: Names, depth: usize) -> Result<Filter, Fault> {
    let value = |expression: &Expr| operand(expression, names, depth + 1);
    if let Some(comparison) = named(COMPARISONS, op) {
        let [left, right] = exactly(op, arguments)?;
        return Ok(Filter::Compare { left: value(left)?, comparison, right: value(right)? });
    }
    if let Some(relation) = named(SPATIAL, op) {
        let [left, right] = exactly(op, arguments)?;
        return Ok(Filter::Spatial { relation, left: place(left, names)?, right: place(right, names)? });
    }
    if let Some(relation) = named(TEMPORAL, op) {
        let [left, right] = exactly(op, arguments)?;
        return Ok(Filter::Temporal { relation, left: moment(left, names)?, right: moment(right, names)? });
    }
    if let Some(relation) = named(ARRAY, op) {
        let [left, right] = exactly(op, arguments)?;
        return Ok(Filter::Array { relation, left: array(left, names, depth)?, right: array(right, names, depth)? });
    }
    match op {
        "and" | "or" => {
            let parts = arguments.iter().map(|argument| condition(argument, names, depth + 1));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            match (op, parts.is_empty()) {
                (_, true) => Err(Fault::of(op, format!("{op} has nothing to join"))),
                ("and", _) => Ok(Filter::And(parts)),
                _ => Ok(Filter::Or(parts)),
            }
        }
        "not" => {
            let [inner] = exactly(op, arguments)?;
            Ok(Filter::Not(Box::new(condition(inner, names, depth + 1)?)))
        }
        "like" => {
            let [text, wanted] = exactly(op, arguments)?;
            Ok(Filter::Like { value: value(text)?, pattern: pattern(wanted)? })
        }
        "between" => {
            let [middle, low, high] = exactly(op, arguments)?;
            Ok(Filter::Between { value: value(middle)?, low: value(low)?, high: value(high)? })
        }
        "in" => is_in(arguments, names, depth),
        "isNull" => {
            let [asked] = exactly(op, arguments)?;
            is_null(asked, names)
        }
        _ if VALUES.contains(&op) => Err(Fault::of(op, format!("{op} gives a value where a condition is expected"))),
        _ => Err(unknown_function(op)),
    }
}

/// The refusal of a function that is not part of CQL2.
pub(super) fn unknown_function(op: &str) -> Fault {
    let name: String = op.chars().take(100).collect();
    Fault::of(op, format!("there is no function or operator {name:?}"))
}

/// As many arguments as the operator has.
pub(super) fn exactly<'e, const N: usize>(op: &str, arguments: &'e [Box<Expr>]) -> Result<[&'e Expr; N], Fault> {
    let arguments: Vec<&Expr> = arguments.iter().map(AsRef::as_ref).collect();
    let given = arguments.len();
    arguments.try_into().map_err(|_| Fault::of(op, format!("{op} takes {N} arguments, not {given}")))
}

fn is_in(arguments: &[Box<Expr>], names: Names, depth: usize) -> Result<Filter, Fault> {
    let [value, list] = exactly("in", arguments)?;
    let Expr::Array(list) = list else { return Err(Fault::of("in", "IN takes a list in parentheses")) };
    if list.is_empty() {
        return Err(Fault::of("in", "the list of IN is empty"));
    }
    let list = list.iter().map(|item| operand(item, names, depth + 1));
    Ok(Filter::In { value: operand(value, names, depth + 1)?, list: list.collect::<Result<_, _>>()? })
}

fn is_null(asked: &Expr, names: Names) -> Result<Filter, Fault> {
    match asked {
        Expr::Property { property: name } => Ok(Filter::IsNull(Operand::Property(names(name)))),
        _ => Err(Fault::of("is", "IS NULL asks about a property")),
    }
}

fn array(expression: &Expr, names: Names, depth: usize) -> Result<Operand, Fault> {
    match expression {
        Expr::Array(items) => {
            let items = items.iter().map(|item| operand(item, names, depth + 1));
            Ok(Operand::List(items.collect::<Result<_, _>>()?))
        }
        Expr::Property { property: name } => Ok(Operand::Property(property(name, names)?)),
        _ => Err(Fault::new("an array function takes properties and lists in parentheses")),
    }
}

/// Whether a name means footprints.
pub(super) fn is_geometry(name: &PropertyName) -> bool {
    matches!(name, PropertyName::Geometry { .. })
}
