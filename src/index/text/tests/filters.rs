//! Random filters over random records: the index must answer as the evaluator does that looks at every record.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::samples::{Random, area, batches, change};
use super::{TextSearcher, open};
use crate::index::text::RecordTest;
use crate::index::{Change, Projection};
use crate::model::{Entity, Filter, Instant, Kind, Query, SpatialRelation};
use crate::query::Shape;
use crate::query::cql2::{from_text, native, stac};
use crate::query::evaluate::{Source as _, StoredRecord, Truth, truth};

/// Records and filters; `make judges` asks for 10,000 records.
fn size_of_run() -> (u64, u32) {
    let asked = std::env::var("PERENNIAL_FILTER_RECORDS").ok().and_then(|number| number.parse().ok());
    asked.map_or((250, 500), |records| (records, 300))
}

fn pick<'p>(random: &mut Random, from: &[&'p str]) -> &'p str {
    from[random.below(from.len() as u64) as usize]
}

const DAYS: &[&str] = &["2010-01-01", "2010-01-15", "2010-02-01", "2010-06-30", "2011-01-01"];
const INSTANTS: &[&str] =
    &["2010-01-01T00:00:00Z", "2010-01-15T12:00:00Z", "2010-02-01T00:00:00+01:00", "2010-06-30T23:59:59.999999Z"];
const TEXTS: &[&str] = &[
    "",
    "a",
    "ab",
    "abc",
    "B",
    "Äpfel",
    "apfel",
    "STRASSE",
    "Straße",
    "x%y",
    "x_y",
    "2010-01-15",
    "LC08_L1",
    "lc08_l2",
];

/// A text that is longer than the index keeps, with a start and an end that others have too.
fn long(random: &mut Random) -> String {
    format!("{}{}{}", "long".repeat(60), "ü".repeat(20 + random.below(2) as usize), pick(random, &["a", "b", ""]))
}

fn record(random: &mut Random, id: &str) -> String {
    let collection = pick(random, &["one", "two", "Two"]);
    let mut text = format!(r#"{{"kind":"product","id":"{id}","collection":"{collection}""#);
    if random.one_in(2) {
        let title = if random.one_in(6) { long(random) } else { pick(random, TEXTS).to_owned() };
        write!(text, r#","title":"{title}""#).expect("writes");
    }
    let missions = ["Envisat", "ERS-1", "envisat"];
    let named: Vec<String> =
        (0..random.below(3)).map(|_| format!(r#"{{"label":"{}"}}"#, pick(random, &missions))).collect();
    write!(text, r#","missions":[{}]"#, named.join(",")).expect("writes");
    match random.below(5) {
        0 => {}
        1 => write!(text, r#","time":{{"start":"{}","open_end":true}}"#, pick(random, INSTANTS)).expect("writes"),
        2 => write!(text, r#","time":{{"start":"{}"}}"#, pick(random, INSTANTS)).expect("writes"),
        _ => {
            let ends = [
                ("2010-01-01T00:00:00Z", "2010-02-01T00:00:00Z"),
                ("2010-01-15T12:00:00Z", "2010-01-15T12:00:00Z"),
                ("2010-01-10T00:00:00Z", "2011-01-01T00:00:00Z"),
                ("2009-01-01T00:00:00Z", "2012-01-01T00:00:00Z"),
            ];
            let (start, stop) = ends[random.below(4) as usize];
            write!(text, r#","time":{{"start":"{start}","stop":"{stop}"}}"#).expect("writes");
        }
    }
    let places: Vec<String> = (0..random.below(3)).map(|_| place(random)).collect();
    write!(text, r#","space":[{}],"properties":{{"#, places.join(",")).expect("writes");
    let mut members = vec![r#""all":1"#.to_owned()];
    for name in ["n", "f", "s", "when", "day", "mixed", "flag", "many", "platform", "datetime"] {
        if !random.one_in(4) {
            members.push(format!(r#""{name}":{}"#, value(random, name)));
        }
    }
    write!(text, "{}}}", members.join(",")).expect("writes");
    if random.one_in(2) {
        write!(text, r#","version":"{}","quality":{{"gsd":{}}}"#, random.below(3), random.below(12)).expect("writes");
    }
    text.push('}');
    text
}

fn place(random: &mut Random) -> String {
    let body = pick(random, &["earth", "earth", "earth", "mars"]);
    let bbox = area(random);
    let (west, south, east, north) = (bbox.west, bbox.south, bbox.east, bbox.north);
    if random.one_in(2) || west > east || west == east || south == north {
        return match random.below(3) {
            0 => {
                format!(r#"{{"body":"{body}","bbox":[{west},{south},{0},{east},{north},{0}]}}"#, random.below(4) * 100)
            }
            _ => format!(r#"{{"body":"{body}","bbox":[{west},{south},{east},{north}]}}"#),
        };
    }
    let triangle = format!("[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{south}]]]");
    match random.below(3) {
        0 => format!(r#"{{"body":"{body}","geometry":{{"type":"Point","coordinates":[{west},{south}]}}}}"#),
        1 => format!(
            r#"{{"body":"{body}","geometry":{{"type":"LineString","coordinates":[[{west},{south}],[{east},{north}]]}}}}"#
        ),
        _ => format!(
            r#"{{"body":"{body}","geometry":{{"type":"Polygon","coordinates":{triangle}}},"bbox":[{west},{south},{east},{north}]}}"#
        ),
    }
}

fn value(random: &mut Random, name: &str) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    match name {
        "n" => random.below(12).to_string(),
        "f" => format!("{}", random.below(40) as f64 / 4.0 - 2.0),
        "s" if random.one_in(6) => quoted(&long(random)),
        "s" | "platform" => quoted(pick(random, TEXTS)),
        "when" | "datetime" => quoted(pick(random, INSTANTS)),
        "day" => quoted(pick(random, DAYS)),
        "flag" => (if random.one_in(2) { "true" } else { "false" }).to_owned(),
        "many" => format!("[{},{},{}]", random.below(5), random.below(5), quoted(pick(random, TEXTS))),
        _ => match random.below(5) {
            0 => random.below(4).to_string(),
            1 => quoted(pick(random, TEXTS)),
            2 => quoted(pick(random, INSTANTS)),
            3 => "true".to_owned(),
            _ => "null".to_owned(),
        },
    }
}

/// A filter of a few predicates.
fn filter(random: &mut Random, depth: u32) -> String {
    let parts = |random: &mut Random, word: &str| {
        let parts: Vec<String> = (0..2 + random.below(2)).map(|_| format!("({})", filter(random, depth - 1))).collect();
        parts.join(word)
    };
    match random.below(6) {
        0 if depth > 0 => parts(random, " AND "),
        1 if depth > 0 => parts(random, " OR "),
        2 if depth > 0 => format!("NOT ({})", filter(random, depth - 1)),
        _ => predicate(random),
    }
}

fn literal(random: &mut Random) -> String {
    match random.below(7) {
        0 | 1 => format!("{}", random.below(12) as f64 / 2.0),
        2 => format!("'{}'", pick(random, TEXTS)),
        3 => format!("TIMESTAMP('{}')", pick(random, INSTANTS)),
        4 => format!("DATE('{}')", pick(random, DAYS)),
        5 => format!("'{}'", long(random)),
        _ => "TRUE".to_owned(),
    }
}

fn shape(random: &mut Random) -> String {
    let bbox = area(random);
    let (west, south, east, north) = (bbox.west, bbox.south, bbox.east, bbox.north);
    let (low, high) = (random.below(3) * 100, 200 + random.below(3) * 100);
    match random.below(6) {
        0 if west < east && south < north => {
            format!("POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {south}))")
        }
        1 => format!("POINT({west} {south})"),
        2 => format!("BBOX({west},{south},{low},{east},{north},{high})"),
        3 => format!("POLYGON(({west} {south}, {east} {north}, {east} {south}, {west} {north}, {west} {south}))"),
        _ => format!("BBOX({west},{south},{east},{north})"),
    }
}

fn moment(random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("TIMESTAMP('{}')", pick(random, INSTANTS)),
        1 => format!("DATE('{}')", pick(random, DAYS)),
        2 => format!(
            "INTERVAL('2010-01-01T00:00:00Z', '{}')",
            pick(random, &["..", "2010-02-01T00:00:00Z", "2011-01-01"])
        ),
        _ => format!(
            "INTERVAL({}, {})",
            pick(random, &["when", "start_datetime", "'..'"]),
            pick(random, &["end_datetime", "'2011-01-01'"])
        ),
    }
}

fn predicate(random: &mut Random) -> String {
    let name = pick(
        random,
        &[
            "n",
            "f",
            "s",
            "when",
            "day",
            "mixed",
            "flag",
            "many",
            "none",
            "missions",
            "id",
            "title",
            "datetime",
            "end_datetime",
            "collection",
            "kind",
            "platform",
            "updated",
            "gsd",
            "version",
        ],
    );
    let comparison = pick(random, &["=", "<>", "<", "<=", ">", ">="]);
    let pattern = pick(random, &["a%", "%b%", "_", "x\\%y", "LC08%", "longlong%", "%üa", "%", "ENV%"]);
    match random.below(14) {
        0 | 1 => format!("{name} {comparison} {}", literal(random)),
        2 => format!("{} {comparison} {name}", literal(random)),
        3 => format!("{name} BETWEEN {} AND {}", literal(random), literal(random)),
        4 => format!("{name} IN ({}, {})", literal(random), literal(random)),
        5 => format!("{name} LIKE '{pattern}'"),
        6 => format!("CASEI({name}) LIKE CASEI('{pattern}')"),
        7 => format!("ACCENTI(CASEI({name})) = ACCENTI(CASEI('{}'))", pick(random, TEXTS)),
        8 => format!("{name} IS NULL"),
        9 => {
            let function = pick(
                random,
                &[
                    "S_INTERSECTS",
                    "S_EQUALS",
                    "S_DISJOINT",
                    "S_TOUCHES",
                    "S_WITHIN",
                    "S_OVERLAPS",
                    "S_CROSSES",
                    "S_CONTAINS",
                ],
            );
            let footprint = pick(random, &["geometry", "geometry", "geometry.mars", "geometry.venus"]);
            if random.one_in(2) {
                format!("{function}({footprint}, {})", shape(random))
            } else {
                format!("{function}({}, {footprint})", shape(random))
            }
        }
        10 => {
            let function = pick(
                random,
                &[
                    "T_AFTER",
                    "T_BEFORE",
                    "T_CONTAINS",
                    "T_DISJOINT",
                    "T_DURING",
                    "T_EQUALS",
                    "T_FINISHEDBY",
                    "T_FINISHES",
                    "T_INTERSECTS",
                    "T_MEETS",
                    "T_METBY",
                    "T_OVERLAPPEDBY",
                    "T_OVERLAPS",
                    "T_STARTEDBY",
                    "T_STARTS",
                ],
            );
            let time = pick(random, &["datetime", "when", "day", "start_datetime", "updated", "mixed"]);
            if random.one_in(2) {
                format!("{function}({time}, {})", moment(random))
            } else {
                format!("{function}({}, {time})", moment(random))
            }
        }
        11 => {
            let function = pick(random, &["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]);
            format!(
                "{function}({}, ({}, {}))",
                pick(random, &["many", "mixed", "missions"]),
                literal(random),
                literal(random)
            )
        }
        12 => format!("n {comparison} f {} 2", pick(random, &["+", "-", "*", "/", "%", "div", "^"])),
        _ => pick(
            random,
            &[
                "flag",
                "NOT flag",
                "n = f",
                "s = platform",
                "geometry IS NULL",
                "geometry.mars IS NOT NULL",
                "n = many",
                "description IS NULL AND gsd > n",
                "version = description OR gsd = 3",
                "gsd + n > 9",
                "TRUE",
                "1 = 2",
                "none IS NULL",
            ],
        )
        .to_owned(),
    }
}

struct Records(BTreeMap<u64, (String, i64)>);

impl Records {
    fn of(changes: &[Change]) -> Self {
        let text = |change: &Change| change.event.record.as_ref().expect("a record").get().to_owned();
        let updated = |change: &Change| Instant::parse(&change.event.time).expect("a time").micros();
        Self(changes.iter().map(|change| (change.event.sequence, (text(change), updated(change)))).collect())
    }

    fn matches(&self, filter: &Filter) -> Vec<u64> {
        let sequences = self.0.keys().copied();
        sequences.filter(|sequence| self.truth(*sequence, filter) == Some(true)).collect()
    }
}

impl RecordTest for Records {
    fn in_region(&self, _: u64) -> bool {
        true
    }

    fn truth(&self, sequence: u64, filter: &Filter) -> Truth {
        let (text, updated) = &self.0[&sequence];
        let entity = Entity::view(text.as_bytes()).expect("a record");
        truth(filter, &StoredRecord { entity: &entity, updated: *updated })
    }

    fn relates(&self, sequence: u64, body: &str, relation: SpatialRelation, shape: &Shape, swapped: bool) -> Truth {
        let (text, updated) = &self.0[&sequence];
        let entity = Entity::view(text.as_bytes()).expect("a record");
        StoredRecord { entity: &entity, updated: *updated }.relates(body, relation, shape, swapped)
    }
}

fn found(searcher: &TextSearcher, records: &Records, filter: &Filter) -> Vec<u64> {
    let query = Query { filters: vec![filter.clone()], count: true, limit: 10_000, ..Query::default() };
    let page = searcher.search(&query, Some(records)).expect("answers");
    assert_eq!(page.matched, Some(page.hits.len() as u64));
    let mut found: Vec<u64> = page.hits.iter().map(|hit| hit.sequence).collect();
    found.sort_unstable();
    // Without a total the walk may stop early; the first page is the same.
    let first = Query { count: false, limit: 7, ..query };
    let first = searcher.search(&first, Some(records)).expect("answers");
    assert_eq!(first.hits, page.hits.get(..first.hits.len()).expect("as many"));
    assert_eq!(first.hits.len(), page.hits.len().min(7));
    found
}

/// The examples of the CQL2 standard, as the published crate `cql2` carries them; none where its source is not at hand. Their
/// footprints go by several names, and some call functions that the standard only makes up.
fn standard_examples() -> Vec<(String, Filter)> {
    let home = std::env::var_os("CARGO_HOME").map(std::path::PathBuf::from);
    let home = home.or_else(|| Some(std::path::PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    let folders =
        registries.into_iter().flatten().flatten().map(|registry| registry.path().join("cql2-0.6.0/examples/text"));
    let Some(files) = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).next() else {
        eprintln!("SKIPPED: the source of the crate cql2 is not in the registry of this machine");
        return Vec::new();
    };
    let names = |name: &str| match name {
        "footprint" | "location" | "road" => native("geometry"),
        name => native(name),
    };
    let texts = files.flatten().filter_map(|file| std::fs::read_to_string(file.path()).ok());
    let read: Vec<(String, Filter)> =
        texts.filter_map(|text| from_text(&text, names).ok().map(|filter| (text, filter))).collect();
    assert!(read.len() > 90, "{} examples", read.len());
    read
}

#[test]
fn random_filters_are_answered_as_by_the_evaluator() {
    let mut random = Random::new(5);
    let (size, turns) = size_of_run();
    let changes: Vec<Change> = (1..=size)
        .map(|sequence| {
            let id = format!("{}{sequence}", pick(&mut random, &["LC08_", "a", "S1A_"]));
            let text = record(&mut random, &id);
            let collection = Entity::view(text.as_bytes()).expect("a record").collection.expect("one").into_owned();
            change(sequence, 1, Kind::Product, Some(&collection), &id, Some(&text))
        })
        .collect();
    let records = Records::of(&changes);
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut index = open(folder.path());
    for batch in batches(&changes, size as usize / 7 + 1) {
        index.apply(&[batch]).expect("applies");
    }
    let searcher = index.searcher();
    let (mut matched, mut all) = (0, Vec::new());
    for turn in 0..turns {
        let text = filter(&mut random, turn % 3);
        let names = if turn % 4 == 0 { stac } else { native };
        let Ok(filter) = from_text(&text, names) else { continue };
        let expected = records.matches(&filter);
        assert_eq!(found(&searcher, &records, &filter), expected, "{text}");
        matched += usize::from(!expected.is_empty() && expected.len() < size as usize);
        all.push((text, filter, expected));
    }
    assert!(
        matched > turns as usize / 4 && all.len() > turns as usize / 2,
        "{matched} of {} filters tell records apart",
        all.len()
    );
    for (text, filter) in standard_examples() {
        let expected = records.matches(&filter);
        assert_eq!(found(&searcher, &records, &filter), expected, "{text}");
        all.push((text, filter, expected));
    }
    index.merge().expect("merges");
    for (text, filter, expected) in &all {
        assert_eq!(&found(&searcher, &records, filter), expected, "merged: {text}");
    }
}
