//! Facets, trees, histograms, ranges and statistics: parameters to aggregations, summaries to JSON. Knows no index.

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::model::{
    Aggregation, AggregationKind, Facet, Instant, MAX_DEPTH, MAX_LISTED, PropertyName, Summary, TimeStep, TimeWidth,
    Value, ValueRange, Width,
};

/// Parameters that ask for summaries.
pub const PARAMETERS: &[&str] =
    &["facets", "facet_limit", "facet_mode", "tree", "depth", "histogram", "ranges", "statistics"];

/// Values listed of each facet unless asked otherwise.
const DEFAULT_LISTED: usize = 100;
/// Buckets of a histogram without a width, at most.
const DEFAULT_BUCKETS: usize = 40;

/// Reads all parameters that ask for summaries.
///
/// # Errors
/// 400 for the first that cannot be honoured.
pub fn read(parameters: &mut Parameters) -> Result<Vec<Aggregation>, Error> {
    let limit = number(parameters, "facet_limit", DEFAULT_LISTED, MAX_LISTED)?;
    let depth = number(parameters, "depth", 1, MAX_DEPTH)?;
    let ignores_own = match parameters.one("facet_mode")?.as_deref() {
        None | Some("multi") => true,
        Some("single") => false,
        Some(_) => return Err(Error::parameter("facet_mode", "must be multi or single")),
    };
    let mut found = Vec::new();
    let mut add = |parameter: &str, text: &str, field, kind, ignores_own| {
        let name = format!("{parameter} {text}");
        if found.iter().any(|other: &Aggregation| other.name == name) {
            return Err(Error::parameter(parameter, format!("{text:?} is asked for twice")));
        }
        found.push(Aggregation { name, field, kind, ignores_own });
        Ok(())
    };
    for name in parameters.list("facets") {
        add("facets", &name, field("facets", &name)?, AggregationKind::Terms { limit }, ignores_own)?;
    }
    for text in parameters.all("tree") {
        let (name, under) = text.split_once('=').map_or((text.as_str(), None), |(name, under)| (name, Some(under)));
        let kind = AggregationKind::Tree { under: under.map(str::to_owned), depth, limit };
        add("tree", &text, field("tree", name)?, kind, ignores_own)?;
    }
    for text in parameters.list("histogram") {
        let (field, kind) = histogram(&text)?;
        add("histogram", &text, field, kind, false)?;
    }
    for text in parameters.all("ranges") {
        let (name, ranges) = text.split_once('=').or_else(|| text.rsplit_once(':')).unwrap_or((&text, ""));
        let kind = AggregationKind::Ranges(ranges.split(',').map(range).collect::<Result<_, _>>()?);
        add("ranges", &text, field("ranges", name)?, kind, ignores_own)?;
    }
    for name in parameters.list("statistics") {
        add("statistics", &name, field("statistics", &name)?, AggregationKind::Statistics, false)?;
    }
    Ok(found)
}

fn number(parameters: &mut Parameters, name: &str, default: usize, most: usize) -> Result<usize, Error> {
    let Some(text) = parameters.one(name)? else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Error::parameter(name, format!("must be a number from 1 to {most}")))
}

/// The field of a name: a facet, a time, or a member of `properties` with or without `properties.` before it.
fn field(parameter: &str, name: &str) -> Result<PropertyName, Error> {
    if let Some(facet) = Facet::from_name(name) {
        return Ok(PropertyName::Facet(facet));
    }
    match name {
        "datetime" | "time" | "start" | "start_datetime" => Ok(PropertyName::Start),
        "stop" | "end_datetime" => Ok(PropertyName::Stop),
        "updated" => Ok(PropertyName::Updated),
        "" | "id" | "title" | "description" | "geometry" => {
            let facets: Vec<&str> = Facet::ALL.iter().map(|facet| facet.as_str()).collect();
            let reason = format!(
                "{name:?} cannot be summed up; {}, datetime, stop, updated and properties.NAME can",
                facets.join(", ")
            );
            Err(Error::parameter(parameter, reason))
        }
        _ => Ok(PropertyName::Member(name.strip_prefix("properties.").unwrap_or(name).to_owned())),
    }
}

/// Reads `datetime:month`, `eo:cloud_cover:10`, `eo:cloud_cover:20buckets`, `eo:cloud_cover`; `=` may stand for the colon.
fn histogram(text: &str) -> Result<(PropertyName, AggregationKind), Error> {
    let split = text.split_once('=').or_else(|| text.rsplit_once(':').filter(|(_, width)| kind(width).is_some()));
    let (name, width) = split.unwrap_or((text, "40buckets"));
    let field = field("histogram", name)?;
    let is_time = matches!(field, PropertyName::Start | PropertyName::Stop | PropertyName::Updated);
    let kind = match kind(width) {
        Some(AggregationKind::Histogram(Width::Of(_))) if is_time => None,
        Some(AggregationKind::Histogram(Width::Buckets(buckets))) if is_time => {
            Some(AggregationKind::TimeHistogram(TimeWidth::Buckets(buckets)))
        }
        kind => kind,
    };
    let kind = kind.ok_or_else(|| {
        let reason = format!("{width:?} is no width: a number, a step such as month or P30D, or 20buckets");
        Error::parameter("histogram", reason)
    })?;
    if matches!(field, PropertyName::Facet(_)) {
        return Err(Error::parameter(
            "histogram",
            format!("{name} has neither numbers nor times; facets={name} counts it"),
        ));
    }
    Ok((field, kind))
}

fn kind(width: &str) -> Option<AggregationKind> {
    if let Some(buckets) = width.strip_suffix("buckets") {
        let buckets = if buckets.is_empty() { Some(DEFAULT_BUCKETS) } else { buckets.trim().parse().ok() };
        return buckets.map(|buckets| AggregationKind::Histogram(Width::Buckets(buckets)));
    }
    let number = width.parse::<f64>().ok().filter(|width| width.is_normal() && *width > 0.0);
    let step = || TimeStep::parse(width).ok().map(|step| AggregationKind::TimeHistogram(TimeWidth::Of(step)));
    number.map(|width| AggregationKind::Histogram(Width::Of(width))).or_else(step)
}

/// Reads `0..10`, `..10`, `10..`, or the same with days or instants.
fn range(text: &str) -> Result<ValueRange, Error> {
    let refuse =
        || Error::parameter("ranges", format!("{text:?} is no range such as 0..10, 30.. or 2019-01-01..2020-01-01"));
    let (from, to) = text.trim().split_once("..").ok_or_else(refuse)?;
    let end = |text: &str| if text.is_empty() { None } else { Some(value(text)) };
    let range = match (end(from), end(to)) {
        (Some(None), _) | (_, Some(None)) | (None, None) => None,
        (from, to) => match (from.flatten(), to.flatten()) {
            (Some(End::Number(from)), Some(End::Number(to))) if from >= to => None,
            (Some(End::Instant(from)), Some(End::Instant(to))) if from >= to => None,
            (Some(End::Number(from)), None) => Some(ValueRange::Numbers { from: Some(from), to: None }),
            (None, Some(End::Number(to))) => Some(ValueRange::Numbers { from: None, to: Some(to) }),
            (Some(End::Number(from)), Some(End::Number(to))) => {
                Some(ValueRange::Numbers { from: Some(from), to: Some(to) })
            }
            (Some(End::Instant(from)), None) => Some(ValueRange::Instants { from: Some(from), to: None }),
            (None, Some(End::Instant(to))) => Some(ValueRange::Instants { from: None, to: Some(to) }),
            (Some(End::Instant(from)), Some(End::Instant(to))) => {
                Some(ValueRange::Instants { from: Some(from), to: Some(to) })
            }
            _ => None,
        },
    };
    range.ok_or_else(refuse)
}

enum End {
    Number(f64),
    Instant(Instant),
}

fn value(text: &str) -> Option<End> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite()).map(End::Number);
    let instant = || Instant::parse(text).or_else(|_| Instant::parse(&format!("{text}T00:00:00Z"))).ok();
    number.or_else(|| instant().map(End::Instant))
}

/// A value and how many records have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BucketBody {
    /// Text, number or truth; of a range `from..to`, of a histogram's bucket its first value.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// First value that belongs to it: ranges and histograms.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    from: Option<serde_json::Value>,
    /// First value that no longer does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    to: Option<serde_json::Value>,
    count: u64,
    /// The path goes on below this node.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    has_children: bool,
}

/// One summary of all matches.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryBody {
    /// Facets and trees: most frequent first, ties by value. Histograms: in order, those with records.
    buckets: Vec<BucketBody>,
    /// Facets and trees: sum of the counts that are not listed. Histograms and ranges: records in none of them.
    other: u64,
    /// Records without a value.
    missing: u64,
    /// Width of a histogram's buckets: a number or an ISO 8601 duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    width: Option<serde_json::Value>,
}

/// Extremes of a field.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsBody {
    /// Records with a value.
    count: u64,
    /// Records without one.
    missing: u64,
    #[schema(value_type = Option<Object>)]
    min: Option<serde_json::Value>,
    #[schema(value_type = Option<Object>)]
    max: Option<serde_json::Value>,
}

/// A value as JSON: whole numbers without a point.
pub fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(truth) => (*truth).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 => {
            (*number as i64).into()
        }
        Value::Number(number) => (*number).into(),
    }
}

impl From<&Summary> for SummaryBody {
    fn from(summary: &Summary) -> Self {
        let buckets = summary.buckets.iter().map(|bucket| BucketBody {
            value: json(&bucket.value),
            from: bucket.from.as_ref().map(json),
            to: bucket.to.as_ref().map(json),
            count: bucket.count,
            has_children: bucket.has_children,
        });
        let width = summary.width.as_ref().map(json);
        Self { buckets: buckets.collect(), other: summary.other, missing: summary.missing, width }
    }
}

/// Writes one member for each parameter that asked for summaries; `facets` always. Each starts with a comma.
pub fn push(text: &mut String, summaries: &[Summary]) {
    for parameter in ["facets", "tree", "histogram", "ranges", "statistics"] {
        let own = summaries.iter().filter_map(|summary| {
            let (kind, name) = summary.name.split_once(' ')?;
            (kind == parameter).then_some((name, summary))
        });
        let members: serde_json::Map<_, _> = own.map(|(name, summary)| (name.to_owned(), body(summary))).collect();
        if parameter == "facets" || !members.is_empty() {
            text.push_str(&format!(",\"{parameter}\":{}", serde_json::Value::Object(members)));
        }
    }
}

fn body(summary: &Summary) -> serde_json::Value {
    let body = match &summary.statistics {
        Some(statistics) if summary.name.starts_with("statistics ") => {
            let (min, max) = (statistics.least.as_ref().map(json), statistics.greatest.as_ref().map(json));
            serde_json::to_value(StatisticsBody { count: statistics.count, missing: summary.missing, min, max })
        }
        _ => serde_json::to_value(SummaryBody::from(summary)),
    };
    body.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Vec<Aggregation>, Error> {
        let mut parameters = Parameters::parse(text).map_err(|_| Error::BadToken)?;
        read(&mut parameters)
    }

    fn one(text: &str) -> (PropertyName, AggregationKind) {
        let found = asked(text).unwrap_or_else(|error| panic!("{text}: {error}")).pop().expect("one");
        (found.field, found.kind)
    }

    #[test]
    fn a_width_is_told_from_a_name_with_a_colon() {
        let cloud = || PropertyName::Member("eo:cloud_cover".to_owned());
        let month = AggregationKind::TimeHistogram(TimeWidth::Of(TimeStep::Months(1)));
        assert_eq!(one("histogram=datetime:month"), (PropertyName::Start, month.clone()));
        assert_eq!(one("histogram=updated%3DP1M"), (PropertyName::Updated, month));
        let ten = AggregationKind::Histogram(Width::Of(10.0));
        assert_eq!(one("histogram=properties.eo:cloud_cover:10"), (cloud(), ten));
        let some = AggregationKind::Histogram(Width::Buckets(40));
        assert_eq!(one("histogram=eo:cloud_cover"), (cloud(), some));
        let five = AggregationKind::TimeHistogram(TimeWidth::Buckets(5));
        assert_eq!(one("histogram=datetime:5buckets"), (PropertyName::Start, five));
    }

    #[test]
    fn trees_and_ranges_are_read() {
        let under = Some("EARTH SCIENCE > OCEANS".to_owned());
        let tree = AggregationKind::Tree { under, depth: 2, limit: 7 };
        let keyword = PropertyName::Facet(Facet::Keyword);
        assert_eq!(one("tree=keyword=EARTH+SCIENCE+>+OCEANS&depth=2&facet_limit=7"), (keyword, tree));
        let (_, kind) = one("ranges=eo:cloud_cover:..10,10..1e2");
        let numbers = |from, to| ValueRange::Numbers { from, to };
        assert_eq!(kind, AggregationKind::Ranges(vec![numbers(None, Some(10.0)), numbers(Some(10.0), Some(100.0))]));
        let (field, _) = one("ranges=datetime=2019-01-01..2020-01-01T00:00:00Z");
        assert_eq!(field, PropertyName::Start);
    }

    #[test]
    fn what_cannot_be_summed_up_is_refused() {
        for text in [
            "facets=id",
            "facets=level,level",
            "facet_limit=0",
            "facet_limit=1001",
            "facet_mode=both",
            "depth=11",
            "histogram=datetime:10",
            "histogram=datetime=fortnight",
            "histogram=x=-1",
            "histogram=x=nan",
            "histogram=level",
            "ranges=x",
            "ranges=x=5",
            "ranges=x=..",
            "ranges=x=5..1",
            "ranges=x=a..b",
            "ranges=x=1..2019-01-01",
            "ranges=x=nan..",
        ] {
            assert!(asked(text).is_err(), "{text}");
        }
    }
}
