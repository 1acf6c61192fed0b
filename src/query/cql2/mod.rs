//! CQL2 text and JSON (OGC 21-065r2) to [`Filter`]. The crate `cql2` parses; what it must not see is refused before:
//! its parser recurses, and tries some inputs an exponential number of ways. Nothing is evaluated here, and whether
//! a property exists is for the catalogue to say.

mod examine;
mod names;
mod operands;
mod translate;
mod write;

#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Once;

use ::cql2::Expr;

pub use names::{Names, native, position_of, records, stac};
pub use write::{Outward, WrittenFilter, native_name, record_name, stac_name, write};

use crate::model::Filter;

/// Longest filter as text, bytes: what fits into a query string.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// Longest filter as JSON, bytes: polygons come this way.
pub const MAX_JSON_BYTES: usize = 256 * 1024;

/// Deepest nesting of parentheses, or of objects and arrays of a JSON filter beside its geometries.
pub const MAX_DEPTH: usize = 64;

/// Most properties, numbers and texts of a filter, geometries apart: a thousand comparisons.
pub const MAX_OPERANDS: usize = 2_000;

/// Most steps of the parser: some 64 KiB of sound text need a tenth of it, and it is reached within half a second.
const MAX_PARSER_STEPS: usize = 2_000_000;

/// Operands beyond which the parser gets a thread with a larger stack.
const MANY_OPERANDS: usize = 64;

/// Stack of that thread, bytes. A chain of `MAX_OPERANDS` operators needs a part of it.
const LARGE_STACK: usize = 64 << 20;

/// Why a text is no filter, or none that can be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FilterError {
    /// Where the fault is, bytes from the start of the filter.
    pub position: Option<usize>,
    pub reason: String,
}

impl std::fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.position {
            Some(position) => write!(formatter, "at byte {position}: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

impl FilterError {
    pub(super) fn new(position: impl Into<Option<usize>>, reason: impl Into<String>) -> Self {
        Self { position: position.into(), reason: reason.into() }
    }
}

/// Reads cql2-text.
///
/// # Errors
/// `FilterError` with the place of the fault, for what is no CQL2 and for what cannot be answered.
pub fn from_text(text: &str, names: Names) -> Result<Filter, FilterError> {
    let operands = examine::text(text)?;
    limit_parser();
    let read = || {
        let expression = ::cql2::parse_text(text).map_err(|error| syntax_error(&error))?;
        translated(expression, names, |word| examine::place_in_text(text, word))
    };
    with_stack(operands, read)
}

/// Reads cql2-json.
///
/// # Errors
/// As [`from_text`].
pub fn from_json(text: &str, names: Names) -> Result<Filter, FilterError> {
    let operands = examine::json(text)?;
    let read = || {
        let expression = ::cql2::parse_json(text).map_err(|_| {
            FilterError::new(0, "the JSON is no CQL2 expression: an object with op and args is expected")
        })?;
        translated(expression, names, |word| examine::place_in_json(text, word))
    };
    with_stack(operands, read)
}

/// Where a property or function of this name first occurs in a filter; for whoever finds later that it does not exist.
pub fn place_of(text: &str, is_json: bool, name: &str) -> Option<usize> {
    if is_json { examine::place_in_json(text, name) } else { examine::place_in_text(text, name) }
}

fn translated(expression: Expr, names: Names, place: impl Fn(&str) -> Option<usize>) -> Result<Filter, FilterError> {
    let translated = translate::condition(&expression, names, 0);
    translated.map_err(|fault| FilterError::new(fault.word.as_deref().and_then(place), fault.reason))
}

fn limit_parser() {
    static LIMIT: Once = Once::new();
    LIMIT.call_once(|| pest::set_call_limit(NonZeroUsize::new(MAX_PARSER_STEPS)));
}

fn syntax_error(error: &::cql2::Error) -> FilterError {
    use pest::error::{ErrorVariant, InputLocation};
    let ::cql2::Error::Pest(error) = error else { return FilterError::new(None, error.to_string()) };
    let position = match error.location {
        InputLocation::Pos(position) | InputLocation::Span((position, _)) => position,
    };
    match &error.variant {
        ErrorVariant::CustomError { message } => FilterError::new(position, format!("too complex: {message}")),
        ErrorVariant::ParsingError { positives, .. } => {
            let expected: Vec<String> = positives.iter().take(8).map(|rule| format!("{rule:?}")).collect();
            let reason = match expected.as_slice() {
                [] => "this is no CQL2".to_owned(),
                expected => format!("this is no CQL2; expected here: {}", expected.join(", ")),
            };
            FilterError::new(position, reason)
        }
    }
}

/// Runs with a large stack what may recurse as deep as there are operands.
fn with_stack<T: Send>(
    operands: usize,
    read: impl FnOnce() -> Result<T, FilterError> + Send,
) -> Result<T, FilterError> {
    if operands <= MANY_OPERANDS {
        return read();
    }
    let failed = || FilterError::new(None, "no thread is free to read so large a filter");
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("filter".to_owned()).stack_size(LARGE_STACK);
        let thread = builder.spawn_scoped(scope, read).map_err(|_| failed())?;
        thread.join().unwrap_or_else(|_| Err(failed()))
    })
}
