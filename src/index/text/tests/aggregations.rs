//! Summaries, made once more by looking at every record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::oracle::{Oracle, Record};
use super::samples::{Random, batches, condition, history};
use super::{SearchError, filled, product};
use crate::model::{
    Aggregation, AggregationKind, Bucket, Comparison, Facet, Instant, Operand, PropertyName, Query, Summary, TimeStep,
    TimeWidth, Value, ValueRange, Width, path_levels,
};

/// Some summaries of some fields.
pub(super) fn random(random: &mut Random) -> Vec<Aggregation> {
    let fields = [
        PropertyName::Member("mixed".into()),
        PropertyName::Member("eo:cloud_cover".into()),
        PropertyName::Member("nest.deep".into()),
        PropertyName::Start,
        PropertyName::Stop,
        PropertyName::Updated,
    ];
    let facets = Facet::ALL.map(PropertyName::Facet);
    let all: Vec<PropertyName> = fields.iter().chain(&facets).cloned().collect();
    let step = || [TimeStep::Months(1), TimeStep::Months(12), TimeStep::Micros(30 * 86_400_000_000)];
    (0..1 + random.below(4))
        .map(|_| {
            let field = random.pick(&all);
            let kind = match random.below(8) {
                0 => AggregationKind::Statistics,
                1 => AggregationKind::Histogram(random.pick(&[Width::Of(0.1), Width::Of(7.0), Width::Buckets(5)])),
                2 => AggregationKind::TimeHistogram(TimeWidth::Of(random.pick(&step()))),
                3 => AggregationKind::TimeHistogram(TimeWidth::Buckets(1 + random.below(30) as usize)),
                4 => AggregationKind::Ranges(ranges(random)),
                5 => {
                    let under = random.pick(&[None, Some("Earth"), Some("x"), Some("Earth > Ocean"), Some("none")]);
                    let (depth, limit) = (1 + random.below(3) as usize, 1 + random.below(4) as usize);
                    AggregationKind::Tree { under: under.map(str::to_owned), depth, limit }
                }
                _ => AggregationKind::Terms { limit: 1 + random.below(6) as usize },
            };
            Aggregation { name: random.below(9).to_string(), field, kind, ignores_own: random.one_in(2) }
        })
        .collect()
}

fn ranges(random: &mut Random) -> Vec<ValueRange> {
    let day = |number: u64| Some(Instant::from_micros(1_262_304_000_000_000 + number as i64 * 86_400_000_000));
    vec![
        ValueRange::Numbers { from: Some(1.0), to: Some(random.below(9) as f64 + 1.5) },
        ValueRange::Numbers { from: None, to: Some(7.25) },
        ValueRange::Instants { from: day(random.below(200)), to: day(250) },
        ValueRange::Instants { from: day(100), to: None },
    ]
}

/// A value as it is counted.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Number(f64),
    Instant(i64),
    Text(String),
    Bool(bool),
}

fn seen(record: &Record, field: &PropertyName) -> Vec<Seen> {
    match field {
        PropertyName::Facet(facet) => record.labels(*facet).into_iter().map(Seen::Text).collect(),
        PropertyName::Start => record.bounds().map(|(start, _)| Seen::Instant(start)).into_iter().collect(),
        PropertyName::Stop => {
            let stop = record.bounds().map(|(_, stop)| stop).filter(|stop| *stop != i64::MAX);
            stop.map(Seen::Instant).into_iter().collect()
        }
        PropertyName::Updated => vec![Seen::Instant(record.updated)],
        PropertyName::Member(path) => record
            .values(path)
            .iter()
            .map(|value| match value {
                Json::Number(number) => Seen::Number(number.as_f64().expect("finite")),
                Json::Bool(truth) => Seen::Bool(*truth),
                Json::String(text) => match Instant::parse(text) {
                    Ok(instant) => Seen::Instant(instant.micros()),
                    Err(_) => Seen::Text(text.clone()),
                },
                other => panic!("{other}"),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn shown(value: &Seen) -> Value {
    match value {
        Seen::Number(number) => Value::Number(*number),
        Seen::Bool(truth) => Value::Bool(*truth),
        Seen::Text(text) => Value::Text(text.clone()),
        Seen::Instant(micros) => Value::Text(Instant::from_micros(*micros).to_string().replace(".000000", "")),
    }
}

/// A key that sorts as answers do, and the value.
fn key(value: &Value) -> (u8, String) {
    match value {
        Value::Number(number) => (0, format!("{:020.6}", number + 1e6)),
        Value::Bool(truth) => (1, truth.to_string()),
        Value::Text(text) => (2, text.clone()),
    }
}

fn inside(value: &Seen, from: Option<&Value>, to: Option<&Value>) -> bool {
    let instant = |end: &Value| match end {
        Value::Text(text) => Instant::parse(text).expect("an instant").micros(),
        _ => panic!("{end:?} is no instant"),
    };
    let number = |end: &Value| match end {
        Value::Number(number) => *number,
        _ => panic!("{end:?} is no number"),
    };
    match value {
        Seen::Number(value) => {
            from.is_none_or(|end| number(end) <= *value) && to.is_none_or(|end| *value < number(end))
        }
        Seen::Instant(value) => {
            from.is_none_or(|end| instant(end) <= *value) && to.is_none_or(|end| *value < instant(end))
        }
        _ => false,
    }
}

impl Oracle {
    /// Compares a summary with what the records say.
    pub(super) fn check_summary(&self, query: &Query, aggregation: &Aggregation, summary: &Summary) {
        let Aggregation { field, kind, .. } = aggregation;
        let mut question = query.clone();
        if aggregation.ignores_own {
            match field {
                PropertyName::Facet(facet) => drop(question.facets.remove(facet)),
                PropertyName::Start => question.time = None,
                _ => question.filters.retain(|filter| !filter.asks_only(field)),
            }
        }
        let records: Vec<Vec<Seen>> = self.answer(&question).iter().map(|record| seen(record, field)).collect();
        let what = format!("{aggregation:?} {query:?} {summary:?}");
        assert_eq!(summary.name, aggregation.name);
        let of_type = |wanted: fn(&Seen) -> bool| -> Vec<Vec<Seen>> {
            records.iter().map(|values| values.iter().filter(|value| wanted(value)).cloned().collect()).collect()
        };
        let is_number = |value: &Seen| matches!(value, Seen::Number(_));
        let is_instant = |value: &Seen| matches!(value, Seen::Instant(_));
        let missing = |records: &[Vec<Seen>]| records.iter().filter(|values| values.is_empty()).count() as u64;
        match kind {
            AggregationKind::Terms { limit } => {
                let counts = count(&records, |value| vec![shown(value)]);
                assert_eq!(summary.missing, missing(&records), "{what}");
                check_list(summary, counts, *limit, &what);
            }
            AggregationKind::Tree { under, depth, limit } => {
                let texts = of_type(|value| matches!(value, Seen::Text(_)));
                let is_keyword = *field == PropertyName::Facet(Facet::Keyword);
                let counts = count(&texts, |value| nodes(value, is_keyword, under.as_deref(), *depth));
                assert_eq!(summary.missing, missing(&texts), "{what}");
                check_list(summary, counts, *limit, &what);
                for bucket in &summary.buckets {
                    let Value::Text(node) = &bucket.value else { panic!("{bucket:?}") };
                    let below = |value: &Seen| match value {
                        Seen::Text(text) => {
                            text.starts_with(&format!("{node} > "))
                                || (!is_keyword && text.starts_with(&format!("{node}.")))
                        }
                        _ => false,
                    };
                    assert_eq!(bucket.has_children, texts.iter().flatten().any(below), "{node} {what}");
                }
            }
            AggregationKind::Ranges(_) => {
                let records = of_type(|value| matches!(value, Seen::Number(_) | Seen::Instant(_)));
                check_ends(summary, &records, &what);
            }
            AggregationKind::Histogram(_) | AggregationKind::TimeHistogram(_) => {
                let chosen = matches!(
                    kind,
                    AggregationKind::Histogram(Width::Buckets(_))
                        | AggregationKind::TimeHistogram(TimeWidth::Buckets(_))
                );
                let by_number = match kind {
                    _ if chosen => records.iter().flatten().any(is_number),
                    kind => matches!(kind, AggregationKind::Histogram(_)),
                };
                let typed = if by_number {
                    of_type(|value| matches!(value, Seen::Number(_)))
                } else {
                    of_type(|value| matches!(value, Seen::Instant(_)))
                };
                if typed.iter().all(Vec::is_empty) {
                    assert!(summary.buckets.is_empty(), "{what}");
                    return;
                }
                check_ends(summary, &typed, &what);
                assert_eq!(summary.other, 0, "{what}");
                assert!(summary.buckets.iter().all(|bucket| bucket.count > 0), "{what}");
                let all = typed.iter().flatten();
                let mut all =
                    all.filter(|value| !summary.buckets.iter().any(|b| inside(value, b.from.as_ref(), b.to.as_ref())));
                assert_eq!(all.next(), None, "{what}");
                if let AggregationKind::Histogram(Width::Buckets(most))
                | AggregationKind::TimeHistogram(TimeWidth::Buckets(most)) = kind
                {
                    assert!(summary.buckets.len() <= *most || *most < 2, "{what}");
                }
            }
            AggregationKind::Statistics => {
                let by_number = records.iter().flatten().any(is_number);
                let wanted = if by_number { is_number } else { is_instant };
                let values: Vec<&Seen> = records.iter().flatten().filter(|value| wanted(value)).collect();
                let place = |value: &Seen| match value {
                    Seen::Number(number) => *number,
                    Seen::Instant(micros) => *micros as f64,
                    _ => f64::NAN,
                };
                let least = values.iter().min_by(|one, other| place(one).total_cmp(&place(other)));
                let greatest = values.iter().max_by(|one, other| place(one).total_cmp(&place(other)));
                let statistics = summary.statistics.as_ref().expect("statistics");
                assert_eq!(statistics.least, least.map(|value| shown(value)), "{what}");
                assert_eq!(statistics.greatest, greatest.map(|value| shown(value)), "{what}");
                let with_value = records.iter().filter(|values| values.iter().any(wanted)).count() as u64;
                assert_eq!(statistics.count, with_value, "{what}");
            }
        }
    }
}

fn nodes(value: &Seen, is_keyword: bool, under: Option<&str>, depth: usize) -> Vec<Value> {
    let Seen::Text(text) = value else { return Vec::new() };
    let (levels, separator) = path_levels(text, is_keyword);
    let above = under.map_or(Vec::new(), |under| under.split(separator).collect());
    if !levels.starts_with(&above) {
        return Vec::new();
    }
    let ends = above.len() + 1..=levels.len().min(above.len() + depth);
    ends.map(|end| Value::Text(levels[..end].join(separator))).collect()
}

/// Records for each value, most frequent first, ties by value.
fn count(records: &[Vec<Seen>], values: impl Fn(&Seen) -> Vec<Value>) -> Vec<(Value, u64)> {
    let mut counts: BTreeMap<(u8, String), (Value, u64)> = BTreeMap::new();
    for record in records {
        let mut once = BTreeSet::new();
        for value in record.iter().flat_map(&values) {
            if once.insert(key(&value)) {
                counts.entry(key(&value)).or_insert((value, 0)).1 += 1;
            }
        }
    }
    let mut counts: Vec<(Value, u64)> = counts.into_values().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn check_list(summary: &Summary, counts: Vec<(Value, u64)>, limit: usize, what: &str) {
    let listed: Vec<(Value, u64)> = summary.buckets.iter().map(|bucket| (bucket.value.clone(), bucket.count)).collect();
    let other: u64 = counts.iter().skip(limit).map(|(_, count)| count).sum();
    assert_eq!(listed, counts.into_iter().take(limit).collect::<Vec<_>>(), "{what}");
    assert_eq!(summary.other, other, "{what}");
}

/// Each bucket holds the records with a value between its ends.
fn check_ends(summary: &Summary, records: &[Vec<Seen>], what: &str) {
    let holds = |bucket: &Bucket, values: &[Seen]| {
        values.iter().any(|value| match (value, bucket.from.as_ref().or(bucket.to.as_ref())) {
            (Seen::Number(_), Some(Value::Number(_))) | (Seen::Instant(_), Some(Value::Text(_))) => {
                inside(value, bucket.from.as_ref(), bucket.to.as_ref())
            }
            _ => false,
        })
    };
    for bucket in &summary.buckets {
        let expected = records.iter().filter(|values| holds(bucket, values)).count() as u64;
        assert_eq!(bucket.count, expected, "{bucket:?} {what}");
    }
    assert_eq!(summary.missing, records.iter().filter(|values| values.is_empty()).count() as u64, "{what}");
    let in_none =
        |values: &&Vec<Seen>| !values.is_empty() && !summary.buckets.iter().any(|bucket| holds(bucket, values));
    assert_eq!(summary.other, records.iter().filter(in_none).count() as u64, "{what}");
}

#[test]
fn a_value_beyond_the_filter_of_its_own_facet_stays_in_sight() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = [("a", "x"), ("b", "x"), ("c", "y")].map(|(id, level)| (id, level));
    let changes: Vec<_> = changes
        .iter()
        .zip(1..)
        .map(|((id, level), at)| {
            product(at, id, &format!(r#","level":{{"normalised":"{level}"}},"properties":{{"n":{at}}}"#))
        })
        .collect();
    let index = filled(folder.path(), &batches(&changes, 1));
    let levels = Aggregation::terms("level", PropertyName::Facet(Facet::Level), 10);
    let query = Query {
        facets: [(Facet::Level, vec!["y".to_owned()])].into(),
        filters: vec![condition("n", Comparison::Less, Operand::Number(9.0))],
        aggregations: vec![levels.clone(), levels.ignoring_own()],
        ..Query::default()
    };
    let page = index.searcher().search(&query, None).expect("answers");
    let counts = |at: usize| page.aggregations[at].buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>();
    assert_eq!((counts(0), counts(1)), (vec![1], vec![2, 1]));
}

#[test]
fn summaries_without_end_and_of_unknown_properties_are_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(2, 60), 20));
    let ask = |aggregation: Aggregation, times: usize| {
        let query = Query { aggregations: vec![aggregation; times], ..Query::default() };
        index.searcher().search(&query, None)
    };
    let of = |field: PropertyName, kind| Aggregation { kind, ..Aggregation::terms("x", field, 1) };
    let terms = |limit| AggregationKind::Terms { limit };
    let refused = [
        of(PropertyName::Updated, terms(0)),
        of(PropertyName::Updated, terms(1_001)),
        of(PropertyName::Id, terms(1)),
        of(PropertyName::Start, AggregationKind::Ranges(Vec::new())),
        of(PropertyName::Start, AggregationKind::Histogram(Width::Of(f64::NAN))),
        of(PropertyName::Start, AggregationKind::Histogram(Width::Of(0.0))),
        of(PropertyName::Start, AggregationKind::TimeHistogram(TimeWidth::Buckets(0))),
        of(PropertyName::Start, AggregationKind::Tree { under: None, depth: 11, limit: 1 }),
    ];
    for aggregation in refused {
        assert!(matches!(ask(aggregation.clone(), 1), Err(SearchError::Unsupported { .. })), "{aggregation:?}");
    }
    let fine = of(PropertyName::Facet(Facet::Mission), terms(1));
    assert!(ask(fine.clone(), 20).is_ok());
    assert!(matches!(ask(fine, 21), Err(SearchError::Unsupported { .. })));
    let unknown = of(PropertyName::Member("mixd".into()), terms(1));
    assert!(matches!(ask(unknown, 1), Err(SearchError::UnknownProperty { .. })));
}

#[test]
fn a_histogram_of_ten_thousand_buckets_is_answered_and_one_of_more_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    // Six records with 1,700 values each; the last adds the one too many.
    let record = |at: u64| {
        let values: Vec<String> = ((at - 1) * 1_700..10_001.min(at * 1_700)).map(|value| value.to_string()).collect();
        product(at, &format!("p{at}"), &format!(r#","properties":{{"n":[{}]}}"#, values.join(",")))
    };
    let changes: Vec<_> = (1..=6).map(record).collect();
    let index = filled(folder.path(), &batches(&changes, 2));
    let buckets = |width: f64| {
        let kind = AggregationKind::Histogram(Width::Of(width));
        let aggregation = Aggregation { kind, ..Aggregation::terms("n", PropertyName::Member("n".into()), 1) };
        let query = Query { aggregations: vec![aggregation], ..Query::default() };
        index.searcher().search(&query, None).map(|page| page.aggregations[0].buckets.len())
    };
    assert!(matches!(buckets(1.0), Err(SearchError::Unsupported { .. })));
    assert_eq!(buckets(2.0).expect("answers"), 5_001);
}

#[test]
fn a_question_about_time_alone_is_counted_without_a_look_at_each_record() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let changes = history(6, 900);
    let oracle = Oracle::new(&changes);
    let mut index = filled(folder.path(), &batches(&changes, 150));
    let mut random = Random::new(21);
    for round in 0..60 {
        if round == 30 {
            index.merge().expect("merges");
        }
        let day = |number: u64| Instant::from_micros(1_262_304_000_000_000 + number as i64 * 86_400_000_000);
        let start = random.below(420);
        let ends = random.pick(&[(true, true), (true, false), (false, true), (false, false)]);
        let time = crate::model::TimeRange {
            start: ends.0.then(|| day(start)),
            stop: ends.1.then(|| day(start + random.below(200))),
        };
        let kinds = random.pick(&[Vec::new(), Vec::new(), vec![crate::model::Kind::Collection]]);
        let aggregations = super::aggregations::random(&mut random);
        let starts = Aggregation::terms("starts", PropertyName::Start, 1);
        let month = AggregationKind::TimeHistogram(TimeWidth::Of(TimeStep::Months(1)));
        let more = [month, AggregationKind::Statistics].map(|kind| Aggregation { kind, ..starts.clone() });
        let aggregations = aggregations.into_iter().chain(more).collect();
        let sort = vec![crate::model::SortKey::Time { descending: random.one_in(2) }];
        let time = (ends != (false, false)).then_some(time);
        let query = Query { time, kinds, sort, aggregations, count: true, limit: 3, ..Query::default() };
        super::check(&index.searcher(), &oracle, &query);
    }
}

#[test]
fn a_search_that_its_deadline_overtakes_gives_no_answer() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let index = filled(folder.path(), &batches(&history(2, 60), 20));
    let filters = vec![condition("eo:cloud_cover", Comparison::Less, Operand::Number(50.0))];
    let query = Query { filters, count: true, limit: 1, ..Query::default() };
    let now = super::super::Deadline::at(std::time::Instant::now());
    let answer = index.searcher().search_within(&query, None, &now);
    assert!(matches!(answer, Err(SearchError::TooLong)), "{answer:?}");
    let later = super::super::Deadline::at(std::time::Instant::now() + std::time::Duration::from_secs(600));
    assert!(index.searcher().search_within(&query, None, &later).is_ok());
}
