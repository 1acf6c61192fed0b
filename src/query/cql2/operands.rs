//! Expressions of the crate `cql2` that are values, places and times.

use ::cql2::Expr;

use super::names::Names;
use super::translate::{Fault, check_depth, exactly, is_geometry, unknown_function};
use crate::model::{Arithmetic, BoundingBox, Instant, Moment, MomentEnd, Operand, Place, PropertyName};
use crate::query::Shape;

/// Longest pattern of LIKE, bytes: matching one text costs at most its length times this.
const MAX_PATTERN: usize = 512;

/// Deepest CASEI and ACCENTI around each other.
const MAX_FOLDS: usize = 8;

/// First microseconds of the years that a filter may name: 1 to 9998. The years 0 and 9999 stand for "unknown" and
/// "never" in records, so that an order with them would mean nothing.
const FIRST_MOMENT: i64 = -62_135_596_800_000_000;
const END_OF_MOMENTS: i64 = 253_370_764_800_000_000;

fn arithmetic(op: &str) -> Option<Arithmetic> {
    Some(match op {
        "+" => Arithmetic::Add,
        "-" => Arithmetic::Subtract,
        "*" => Arithmetic::Multiply,
        "/" => Arithmetic::Divide,
        "%" => Arithmetic::Modulo,
        "div" => Arithmetic::IntegerDivide,
        "^" => Arithmetic::Power,
        _ => return None,
    })
}

/// A property that has values: any but geometries.
pub(super) fn property(name: &str, names: Names) -> Result<PropertyName, Fault> {
    let shown: String = name.chars().take(200).collect();
    match names(name) {
        PropertyName::Member(path) if path.is_empty() => Err(Fault::of(name, "a property has no name")),
        found if is_geometry(&found) => {
            Err(Fault::of(name, format!("{shown:?} is a geometry: only S_ functions and IS NULL ask about it")))
        }
        found => Ok(found),
    }
}

/// A value, or what gives one.
pub(super) fn operand(expression: &Expr, names: Names, depth: usize) -> Result<Operand, Fault> {
    check_depth(depth)?;
    match expression {
        Expr::Property { property: name } => Ok(Operand::Property(property(name, names)?)),
        Expr::Float(number) if number.is_finite() => Ok(Operand::Number(*number)),
        Expr::Float(number) => Err(Fault::new(format!("{number} is no number to compare with"))),
        Expr::Literal(text) => Ok(Operand::Text(text.clone())),
        Expr::Bool(truth) => Ok(Operand::Bool(*truth)),
        Expr::Timestamp { timestamp } => timestamp_of(timestamp).map(Operand::Instant),
        Expr::Date { date } => date_of(date).map(Operand::Date),
        Expr::Operation { op, args } => calculation(op, args, names, depth),
        Expr::Interval { .. } => Err(Fault::of("interval", "INTERVAL is an argument of T_ functions only")),
        Expr::Geometry(_) | Expr::BBox { .. } => Err(Fault::new("a geometry is an argument of S_ functions only")),
        Expr::Array(_) => Err(Fault::new("a list is an argument of IN and of A_ functions only")),
        Expr::Null => Err(Fault::of("null", "nothing compares with NULL; IS NULL asks for missing properties")),
    }
}

fn calculation(op: &str, arguments: &[Box<Expr>], names: Names, depth: usize) -> Result<Operand, Fault> {
    let value = |expression: &Expr| operand(expression, names, depth + 1);
    if let Some(operator) = arithmetic(op) {
        let is_chained = !matches!(operator, Arithmetic::IntegerDivide | Arithmetic::Power);
        if arguments.len() != 2 && !(is_chained && arguments.len() > 2) {
            return Err(Fault::of(op, format!("{op} takes 2 arguments, not {}", arguments.len())));
        }
        check_depth(depth + arguments.len())?;
        let values = arguments.iter().map(|argument| value(argument)).collect::<Result<Vec<_>, _>>()?;
        if let Some(text) = values.iter().find(|value| !is_numeric(value)) {
            return Err(Fault::of(op, format!("{op} calculates with numbers, not with {text:?}")));
        }
        let joined = values.into_iter().reduce(|left, right| Operand::Arithmetic {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        });
        return joined.ok_or_else(|| Fault::of(op, format!("{op} has no arguments")));
    }
    match op {
        "casei" | "accenti" => {
            let [inner] = exactly(op, arguments)?;
            folded(op, value(inner)?)
        }
        _ => Err(unknown_function(op)),
    }
}

fn is_numeric(value: &Operand) -> bool {
    matches!(value, Operand::Property(_) | Operand::Number(_) | Operand::Arithmetic { .. })
}

fn folded(op: &str, inner: Operand) -> Result<Operand, Fault> {
    let mut folds = 1;
    let mut innermost = &inner;
    while let Operand::CaseInsensitive(next) | Operand::AccentInsensitive(next) = innermost {
        folds += 1;
        innermost = next;
    }
    match innermost {
        _ if folds > MAX_FOLDS => Err(Fault::of(op, format!("{op} stands in itself more than {MAX_FOLDS} times"))),
        Operand::Text(_) | Operand::Property(_) if op == "casei" => Ok(Operand::CaseInsensitive(Box::new(inner))),
        Operand::Text(_) | Operand::Property(_) => Ok(Operand::AccentInsensitive(Box::new(inner))),
        other => Err(Fault::of(op, format!("{op} takes a text or a property, not {other:?}"))),
    }
}

/// The pattern of LIKE.
pub(super) fn pattern(expression: &Expr) -> Result<Operand, Fault> {
    match expression {
        Expr::Literal(text) if text.len() > MAX_PATTERN => {
            Err(Fault::of(text, format!("a pattern of LIKE has at most {MAX_PATTERN} bytes")))
        }
        Expr::Literal(text) => Ok(Operand::Text(text.clone())),
        Expr::Operation { op, args } if op == "casei" || op == "accenti" => {
            let [inner] = exactly(op, args)?;
            folded(op, pattern(inner)?)
        }
        _ => Err(Fault::of("like", "the pattern of LIKE is a text, maybe in CASEI or ACCENTI")),
    }
}

/// An argument of a spatial function.
pub(super) fn place(expression: &Expr, names: Names) -> Result<Place, Fault> {
    match expression {
        Expr::Property { property: name } => match names(name) {
            PropertyName::Geometry { body } => Ok(Place::Footprint { body }),
            _ => {
                let shown: String = name.chars().take(200).collect();
                Err(Fault::of(name, format!("{shown:?} is no geometry; footprints are named geometry")))
            }
        },
        Expr::Geometry(geometry) => {
            let text = serde_json::to_string(geometry).map_err(|error| Fault::new(error.to_string()))?;
            Shape::parse(&text).map_err(|error| Fault::new(error.to_string()))?;
            Ok(Place::Geometry(text))
        }
        Expr::BBox { bbox } => {
            let numbers = bbox.iter().map(|number| match number.as_ref() {
                Expr::Float(number) => Ok(*number),
                _ => Err(Fault::of("bbox", "BBOX takes numbers")),
            });
            let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
            let bbox = BoundingBox::from_numbers(&numbers).map_err(|error| Fault::of("bbox", error.to_string()))?;
            let heights = match *numbers.as_slice() {
                [_, _, low, _, _, high] if low > high => {
                    return Err(Fault::of("bbox", format!("height {low} lies above height {high}")));
                }
                [_, _, low, _, _, high] => Some([low, high]),
                _ => None,
            };
            Ok(Place::Box(bbox, heights))
        }
        Expr::Operation { op, .. } => Err(unknown_function(op)),
        _ => Err(Fault::new("a spatial function takes a geometry or the property of one")),
    }
}

/// An argument of a temporal function.
pub(super) fn moment(expression: &Expr, names: Names) -> Result<Moment, Fault> {
    match expression {
        Expr::Property { property: name } => Ok(Moment::Property(property(name, names)?)),
        Expr::Timestamp { timestamp } => timestamp_of(timestamp).map(Moment::Instant),
        Expr::Date { date } => date_of(date).map(Moment::Date),
        Expr::Literal(text) => match day(text) {
            Some(day) => in_range(text, day).map(Moment::Date),
            None => instant(text).map(Moment::Instant),
        },
        Expr::Interval { interval } => {
            let [start, stop] = exactly("interval", interval)?;
            let (start, stop) = (end(start, names)?, end(stop, names)?);
            match (&start, &stop) {
                (Some(MomentEnd::Instant(first)), Some(MomentEnd::Instant(last))) if first > last => {
                    Err(Fault::of("interval", "the INTERVAL ends before it starts"))
                }
                _ => Ok(Moment::Interval { start, stop }),
            }
        }
        Expr::Operation { op, .. } => Err(unknown_function(op)),
        _ => Err(Fault::new("a temporal function takes DATE, TIMESTAMP, INTERVAL or the property of one")),
    }
}

fn end(expression: &Expr, names: Names) -> Result<Option<MomentEnd>, Fault> {
    let literal = match expression {
        Expr::Property { property: name } => return Ok(Some(MomentEnd::Property(property(name, names)?))),
        Expr::Timestamp { timestamp } => timestamp,
        Expr::Date { date } => date,
        Expr::Literal(_) => &Box::new(expression.clone()),
        Expr::Operation { op, .. } => return Err(unknown_function(op)),
        _ => return Err(Fault::of("interval", "an end of INTERVAL is a date, a timestamp, a property or '..'")),
    };
    let text = literal_of(literal)?;
    if text == ".." {
        return Ok(None);
    }
    let found = match day(text) {
        Some(day) => in_range(text, day)?,
        None => instant(text)?,
    };
    Ok(Some(MomentEnd::Instant(found)))
}

fn literal_of(expression: &Expr) -> Result<&str, Fault> {
    match expression {
        Expr::Literal(text) => Ok(text),
        _ => Err(Fault::new("DATE and TIMESTAMP take a text in quotation marks")),
    }
}

fn timestamp_of(expression: &Expr) -> Result<Instant, Fault> {
    instant(literal_of(expression)?)
}

fn date_of(expression: &Expr) -> Result<Instant, Fault> {
    let text = literal_of(expression)?;
    let shown: String = text.chars().take(100).collect();
    let day = day(text).ok_or_else(|| Fault::of(text, format!("{shown:?} is no date such as 2019-01-02")))?;
    in_range(text, day)
}

fn instant(text: &str) -> Result<Instant, Fault> {
    let instant = Instant::parse(text).map_err(|error| Fault::of(text, error.to_string()))?;
    in_range(text, instant)
}

/// The first microsecond of a day given as `2019-01-02`.
fn day(text: &str) -> Option<Instant> {
    crate::query::evaluate::day_of(text).map(Instant::from_micros)
}

fn in_range(text: &str, instant: Instant) -> Result<Instant, Fault> {
    if (FIRST_MOMENT..END_OF_MOMENTS).contains(&instant.micros()) {
        return Ok(instant);
    }
    Err(Fault::of(text, "a filter compares with the years 1 to 9998"))
}
