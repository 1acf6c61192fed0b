//! Summaries of everything that a question matches: how often each value occurs, histograms, ranges, extremes. What is
//! asked and what is answered; counting is the index's work.

use super::filter::PropertyName;
use super::query::Value;
use super::step::TimeStep;
use super::time::Instant;

/// Most summaries of one question.
pub const MAX_AGGREGATIONS: usize = 20;
/// Most values that one summary lists.
pub const MAX_LISTED: usize = 1_000;
/// Most buckets of one histogram. Narrower steps are refused, never cut off.
pub const MAX_BUCKETS: usize = 10_000;
/// Most ranges of one summary.
pub const MAX_RANGES: usize = 100;
/// Most levels below a node that a tree shows at once.
pub const MAX_DEPTH: usize = 10;

/// A summary to make of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// Name in the answer, chosen by whoever asks.
    pub name: String,
    /// `Facet`, `Member`, `Start` (also as `Time`), `Stop` or `Updated`.
    pub field: PropertyName,
    pub kind: AggregationKind,
    /// Whether to count as if the question did not ask for values of this field itself: so a list of values from which
    /// one is chosen still shows what the others would give. Leaves out `Query::facets` and `Query::filters` of the
    /// field, and `Query::time` for `Start`; `Query::filter` always holds.
    pub ignores_own: bool,
}

/// How a field is summed up.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregationKind {
    /// Each value with the number of records that have it, most frequent first, ties by value; at most `limit` of them.
    Terms { limit: usize },
    /// As `Terms` for values that are paths, with ` > ` or else `.` between their levels: the nodes down to `depth` levels
    /// below `under`, or below the root. A record counts once for each node that it lies in.
    Tree { under: Option<String>, depth: usize, limit: usize },
    /// Records with a value in each range. Ranges may overlap.
    Ranges(Vec<ValueRange>),
    /// Numbers in buckets of one width, which begin at multiples of it.
    Histogram(Width),
    /// Instants in buckets of the calendar.
    TimeHistogram(TimeWidth),
    /// Least and greatest value.
    Statistics,
}

/// How wide the buckets of numbers are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Width {
    /// Finite, above zero.
    Of(f64),
    /// The least of 1, 2 or 5 times a power of ten that needs at most so many buckets.
    Buckets(usize),
}

/// How wide the buckets of instants are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TimeWidth {
    Of(TimeStep),
    /// The least customary step that needs at most so many buckets; for a property whose values turn out to be numbers as
    /// `Width::Buckets`, and the other way round.
    Buckets(usize),
}

/// From a value, included, to another, excluded; open where `None`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRange {
    Numbers { from: Option<f64>, to: Option<f64> },
    Instants { from: Option<Instant>, to: Option<Instant> },
}

/// Values that were counted together.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The value of a term, the path of a node, the first value of a histogram's bucket, and a range as `from..to`. Instants
    /// are texts, RFC 3339 in UTC.
    pub value: Value,
    /// First value that belongs to it, for ranges and histograms.
    pub from: Option<Value>,
    /// First value that no longer belongs to it.
    pub to: Option<Value>,
    /// Records.
    pub count: u64,
    /// Set for nodes of a tree that have nodes below.
    pub has_children: bool,
}

/// Extremes of a field among all matches; numbers where it has numbers, else instants.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Records with a value.
    pub count: u64,
    pub least: Option<Value>,
    pub greatest: Option<Value>,
}

/// The answer to one `Aggregation`.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub name: String,
    /// Of histograms only those with records, in order.
    pub buckets: Vec<Bucket>,
    /// Terms and trees: sum of the counts beyond the limit. Ranges and histograms: records whose values lie in no bucket.
    pub other: u64,
    /// Records without a value.
    pub missing: u64,
    /// Width of a histogram's buckets: a number, or the step as `TimeStep` writes it.
    pub width: Option<Value>,
    pub statistics: Option<Statistics>,
}

impl Aggregation {
    /// The values of a facet, for pages that offer the others too.
    pub fn terms(name: impl Into<String>, field: PropertyName, limit: usize) -> Self {
        Self { name: name.into(), field, kind: AggregationKind::Terms { limit }, ignores_own: false }
    }

    /// The same, counted as if the field itself were not asked for.
    #[must_use]
    pub fn ignoring_own(self) -> Self {
        Self { ignores_own: true, ..self }
    }
}

impl Summary {
    /// An answer without anything in it.
    pub fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), buckets: Vec::new(), other: 0, missing: 0, width: None, statistics: None }
    }
}

/// The levels of a path: cut at ` > ` where it has that, else at dots; a keyword's text may hold dots of its own.
pub fn path_levels(path: &str, is_keyword: bool) -> (Vec<&str>, &'static str) {
    let separator = if is_keyword || path.contains(" > ") { " > " } else { "." };
    (path.split(separator).collect(), separator)
}
