//! Seeded random histories of records, and questions about them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::index::{Batch, Change};
use crate::model::{
    BoundingBox, Comparison, Event, Facet, Filter, Instant, Kind, Operand, Operation, PropertyName, Query, RecordId,
    RecordLocation, Region, SortKey, TimeRange,
};

/// A small generator (xorshift64*), so that failures repeat.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    pub(super) fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

const COLLECTIONS: [&str; 5] = ["landsat-8", "LANDSAT-8", "modis", "maven", "soho"];
const MISSIONS: [(&str, &str); 4] =
    [("Landsat 8", "LANDSAT_8"), ("Terra", "TERRA (EOS AM-1)"), ("MAVEN", "Maven"), ("SOHO", "SOHO")];
const WORDS: [&str; 10] = ["ice", "snow", "ocean", "MOD10_L2", "dust", "aurora", "Sea", "height", "l2", "radar"];
const KEYWORDS: [&str; 6] = ["Earth > Ice", "Earth > Ocean", "Earth > Ocean > Waves", "Earth", "Mars", "sun"];
const DAY: i64 = 86_400_000_000;
const EPOCH: i64 = 1_262_304_000_000_000;

pub(super) fn change(
    sequence: u64,
    revision: u64,
    kind: Kind,
    collection: Option<&str>,
    id: &str,
    record: Option<&str>,
) -> Change {
    let event = Event {
        sequence,
        operation: if record.is_some() { Operation::Put } else { Operation::Delete },
        kind,
        collection: collection.map(|collection| RecordId::parse(collection).expect("an identifier")),
        id: RecordId::parse(id).expect("an identifier"),
        revision,
        time: Instant::from_micros(EPOCH + sequence as i64 / 3).to_string(),
        agent: "local".into(),
        scope: "local".into(),
        key: None,
        previous: None,
        record: record.map(|record| RawValue::from_string(record.to_owned()).expect("JSON")),
    };
    let location = RecordLocation { segment: 1, frame_offset: 0, frame_length: 0, start: 0, length: 0 };
    Change { event, location, digest: None }
}

/// Changes of so many keys: most once, some revised, some deleted, some made again.
pub(super) fn history(seed: u64, keys: u64) -> Vec<Change> {
    let mut random = Random::new(seed);
    let mut revisions: BTreeMap<(Kind, String, String), u64> = BTreeMap::new();
    let mut changes = Vec::new();
    for sequence in 1..=keys * 5 / 4 {
        let number = if random.one_in(4) { random.below(keys) } else { sequence };
        let kind = if number % 11 == 3 { Kind::Collection } else { Kind::Product };
        let collection = COLLECTIONS[(number % 5) as usize];
        let id = if number % 7 == 0 { format!("A_{}", number / 14) } else { format!("item {number}") };
        let revision = revisions.entry((kind, collection.to_owned(), id.clone())).or_default();
        *revision += 1;
        let record = (*revision == 1 || !random.one_in(3)).then(|| record(&mut random, kind, collection, &id));
        let collection = (kind == Kind::Product).then_some(collection);
        changes.push(change(sequence, *revision, kind, collection, &id, record.as_deref()));
    }
    changes
}

/// Cuts changes into batches.
pub(in super::super) fn batches(changes: &[Change], size: usize) -> Vec<Arc<Batch>> {
    let batch = |changes: &[Change]| Batch {
        first: changes[0].event.sequence,
        last: changes[changes.len() - 1].event.sequence,
        changes: changes.to_vec(),
        payloads: Vec::new(),
    };
    changes.chunks(size).map(|changes| Arc::new(batch(changes))).collect()
}

fn record(random: &mut Random, kind: Kind, collection: &str, id: &str) -> String {
    let mut text = format!(r#"{{"kind":"{kind}","id":"{id}""#);
    if kind == Kind::Product {
        write!(text, r#","collection":"{collection}""#).expect("writes");
    }
    let title: Vec<&str> = (0..random.below(6)).map(|_| random.pick(&WORDS)).collect();
    write!(text, r#","title":"{}""#, title.join(" ")).expect("writes");
    if random.one_in(3) {
        write!(text, r#","description":"{} {}""#, random.pick(&WORDS), random.pick(&WORDS)).expect("writes");
    }
    let (label, written) = random.pick(&MISSIONS);
    write!(text, r#","missions":[{{"label":"{label}","as_written":"{written}"}},{{"label":"{label}"}}]"#)
        .expect("writes");
    let keywords: Vec<String> =
        (0..random.below(3)).map(|_| format!(r#"{{"path":"{}"}}"#, random.pick(&KEYWORDS))).collect();
    write!(text, r#","keywords":[{}]"#, keywords.join(",")).expect("writes");
    if random.one_in(2) {
        write!(text, r#","level":{{"normalised":"L{}","as_written":"Level {0}"}}"#, random.below(3)).expect("writes");
    }
    if random.one_in(9) {
        text.push_str(r#","access":"restricted""#);
    }
    push_time(random, &mut text);
    push_space(random, &mut text);
    push_properties(random, &mut text);
    text.push('}');
    text
}

fn push_time(random: &mut Random, text: &mut String) {
    // Few distinct days, so that many records share one instant.
    let start = EPOCH + random.below(400) as i64 * DAY;
    let shown = Instant::from_micros(start);
    let length = random.pick(&[0, 1, DAY, 31 * DAY, 32 * DAY, 33 * DAY, 300 * DAY]);
    let stop = Instant::from_micros(start + length);
    let time = match random.below(8) {
        0 => return,
        1 => format!(r#"{{"start":"{shown}","open_end":true}}"#),
        2 => format!(r#"{{"start":"{shown}"}}"#),
        3 => format!(r#"{{"stop":"{shown}"}}"#),
        _ => format!(r#"{{"start":"{shown}","stop":"{stop}"}}"#),
    };
    write!(text, r#","time":{time}"#).expect("writes");
}

fn degrees(random: &mut Random, range: u64) -> f64 {
    let half = range as f64 / 2.0;
    match random.below(12) {
        0 => -half,
        1 => half,
        2 => 0.0,
        3 => 11.25,
        _ => random.below(range * 4) as f64 / 4.0 - half,
    }
}

pub(super) fn area(random: &mut Random) -> BoundingBox {
    let (west, south) = (degrees(random, 360), degrees(random, 180));
    let size = random.pick(&[0.0, 0.5, 3.0, 20.0, 100.0, 340.0]);
    let east = west + size;
    let east = if east > 180.0 { east - 360.0 } else { east };
    BoundingBox { west, south, east, north: (south + size / 2.0).min(90.0) }
}

fn push_space(random: &mut Random, text: &mut String) {
    let count = random.pick(&[0, 1, 1, 1, 2, 3]);
    let footprints: Vec<String> = (0..count)
        .map(|_| {
            let BoundingBox { west, south, east, north } = area(random);
            let body = random.pick(&["earth", "earth", "Earth", "mars"]);
            format!(r#"{{"body":"{body}","bbox":[{west},{south},{east},{north}]}}"#)
        })
        .collect();
    write!(text, r#","space":[{}]"#, footprints.join(",")).expect("writes");
}

fn push_properties(random: &mut Random, text: &mut String) {
    let mut members = Vec::new();
    if random.one_in(2) {
        let cloud = random.pick(&["0", "12.5", "100", "-3", "1e2", "7", "7.25"]);
        members.push(format!(r#""eo:cloud_cover":{cloud}"#));
    }
    if random.one_in(2) {
        let mixed =
            random.pick(&["1", "2.5", "\"b\"", "\"a\"", "true", "\"2019-01-02T00:00:00Z\"", "[3,\"c\"]", "null"]);
        members.push(format!(r#""mixed":{mixed}"#));
    }
    if random.one_in(3) {
        let nested = random.pick(&[
            "{\"deep\":\"x\"}",
            "{\"deep\":\"y\"}",
            "[{\"deep\":\"x\"},{\"deep\":\"z\"}]",
            "{\"deep\":[\"x.a\",\"x.b.c\"]}",
        ]);
        members.push(format!(r#""nest":{nested}"#));
    }
    write!(text, r#","properties":{{{}}}"#, members.join(",")).expect("writes");
}

/// A question with some of everything.
pub(super) fn random_query(random: &mut Random) -> Query {
    let mut query = Query { count: true, limit: 1 + random.below(40) as usize, ..Query::default() };
    if random.one_in(4) {
        query.kinds = random.pick(&[vec![Kind::Collection], vec![Kind::Product, Kind::Collection], vec![Kind::Agent]]);
    }
    if random.one_in(9) {
        query.ids = vec![format!("item {}", random.below(300)), "A_3".into(), "item 5".into()];
    }
    if random.one_in(4) {
        query.facets.insert(Facet::Collection, vec![random.pick(&COLLECTIONS).into()]);
    }
    if random.one_in(5) {
        query.facets.insert(
            Facet::Mission,
            vec![random.pick(&["landsat 8", "landsat_8", "MAVEN", "none"]).into(), "soho".into()],
        );
    }
    if random.one_in(9) {
        query.facets.insert(Facet::Level, vec![random.pick(&["l1", "Level 2"]).into()]);
    }
    if random.one_in(3) {
        let start = EPOCH + random.below(420) as i64 * DAY;
        let stop = start + random.pick(&[0, DAY, 40 * DAY, 200 * DAY]);
        let ends = random.pick(&[(true, true), (true, true), (true, false), (false, true)]);
        let end = |wanted: bool, micros: i64| wanted.then_some(Instant::from_micros(micros));
        query.time = Some(TimeRange { start: end(ends.0, start), stop: end(ends.1, stop) });
    }
    if random.one_in(3) {
        let body = random.pick(&["earth", "earth", "mars", "venus"]).into();
        query.region = Some(Region { body, bbox: area(random), ..Region::default() });
    }
    if random.one_in(3) {
        query.filters.push(random_condition(random));
    }
    if random.one_in(3) {
        let texts = [
            "ice",
            "mod10_l2",
            "sea ice",
            "\"sea ice\"",
            "sno*",
            "radar height",
            "radar AND height",
            "sea AND ice",
            "mod10 l2",
            "dust item",
            "mod10_l*",
            "landsat-8 ic*",
        ];
        query.text = Some(random.pick(&texts).into());
    }
    query.sort = random_sort(random, query.text.is_some());
    if random.one_in(2) {
        query.aggregations = super::aggregations::random(random);
    }
    query
}

/// A property compared with a value.
pub(super) fn condition(path: &str, comparison: Comparison, value: Operand) -> Filter {
    Filter::compare(PropertyName::Member(path.to_owned()), comparison, value)
}

fn random_condition(random: &mut Random) -> Filter {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let comparison = random.pick(&[Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
    let property = random.pick(&["eo:cloud_cover", "mixed", "mixed", "nest.deep", "none"]);
    let texts = ["a", "b", "x", "2019-01-02T00:00:00Z", "2019-01-01T23:00:00-01:00", "2018-12-31", "bb", ""];
    let value = match random.below(3) {
        0 => Operand::Number(random.pick(&[0.0, 7.0, 12.5, 100.0, 3.0])),
        1 if matches!(comparison, Equal | NotEqual) => Operand::Bool(random.one_in(2)),
        _ => Operand::Text(random.pick(&texts).to_owned()),
    };
    condition(property, comparison, value)
}

fn random_sort(random: &mut Random, has_text: bool) -> Vec<SortKey> {
    let descending = random.one_in(2);
    let by = |property| SortKey::By { property, descending };
    let member = |path: &str| PropertyName::Member(path.to_owned());
    let either = |path: &str, other| PropertyName::Either(Box::new(member(path)), Box::new(other));
    match random.below(15) {
        0 | 1 => vec![SortKey::Time { descending: true }],
        2 => vec![SortKey::Time { descending: false }],
        3 => vec![by(PropertyName::Id)],
        4 => vec![by(PropertyName::Updated)],
        5 => vec![by(member("mixed"))],
        6 => vec![by(member("eo:cloud_cover")), SortKey::Time { descending: !descending }],
        7 => vec![SortKey::Time { descending }, SortKey::By { property: PropertyName::Id, descending: !descending }],
        8 => vec![by(PropertyName::Title), SortKey::Time { descending }],
        9 => vec![by(PropertyName::Facet(random.pick(&Facet::ALL)))],
        10 => vec![by(PropertyName::Kind), by(PropertyName::Stop)],
        11 => vec![by(either("mixed", PropertyName::Title))],
        12 => vec![by(either("nest.deep", PropertyName::Facet(Facet::Mission))), by(PropertyName::Stop)],
        13 => vec![by(either("none", PropertyName::Facet(Facet::Level)))],
        _ if has_text => vec![SortKey::Relevance],
        _ => vec![SortKey::Time { descending: true }],
    }
}
