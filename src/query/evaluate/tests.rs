//! The meaning of filters on one record, case by case.

use super::{Pattern, StoredRecord, Truth, truth};
use crate::model::{Entity, Instant};
use crate::query::cql2::{from_text, native};

const RECORD: &str = r#"{"kind":"product","id":"P1","collection":"c","title":"Über Straße",
    "missions":[{"label":"ERS-1"},{"label":"Envisat"}],
    "time":{"start":"2010-01-01T00:00:00Z","stop":"2010-02-01T00:00:00Z"},
    "space":[{"body":"earth","geometry":{"type":"Point","coordinates":[10,20]}},
             {"body":"mars","bbox":[0,0,1,1]}],
    "quality":{"cloud_cover":7},
    "properties":{"n":5,"m":[1,9],"s":"abc","flag":true,"off":false,"nil":null,"when":"2010-01-15T12:00:00+00:00",
      "day":"2010-01-15","from":"2010-01-10T00:00:00Z","to":"2010-01-20T00:00:00Z","tags":["a","b","c"],
      "a":{"b":1},"a.b":2,"mixed":[1,"x",true],"empty":"","zero":0,"esc\u0061pe":1,"list":[[1],[{"deep":"d"}]]}}"#;

fn check(cases: &[(&str, Truth)]) {
    let entity = Entity::view(RECORD.as_bytes()).expect("a record");
    let updated = Instant::parse("2026-01-01T00:00:00Z").expect("a time").micros();
    let record = StoredRecord { entity: &entity, updated };
    for (text, expected) in cases {
        let filter = from_text(text, native).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(truth(&filter, &record), *expected, "{text}");
    }
}

const YES: Truth = Some(true);
const NO: Truth = Some(false);

#[test]
fn comparisons_know_types_and_several_values() {
    check(&[
        ("n = 5", YES),
        ("n <> 5", NO),
        ("n BETWEEN 5 AND 6", YES),
        ("n NOT BETWEEN 6 AND 7", YES),
        ("m > 8", YES),
        ("m BETWEEN 2 AND 8", NO),
        ("m IN (3, 9)", YES),
        ("s = 5", NO),
        ("s <> 5", YES),
        ("s < 5", NO),
        ("s < 'abd'", YES),
        ("mixed = 'x' AND mixed = 1 AND mixed = TRUE", YES),
        ("a.b = 1 AND a.b = 2", YES),
        ("list = 1 AND list.deep = 'd'", YES),
        ("quality.cloud_cover = 7", YES),
        ("escape = 1", YES),
        ("missions = 'Envisat'", YES),
        ("missions = 'envisat'", NO),
        ("kind = 'product' AND id = 'P1' AND collection = 'c'", YES),
        ("n = m", NO),
        ("zero = -0", YES),
        ("updated > DATE('2025-12-31')", YES),
    ]);
}

#[test]
fn what_is_missing_is_unknown_and_so_is_its_negation() {
    check(&[
        ("none = 1", None),
        ("NOT none = 1", None),
        ("none <> 1", None),
        ("none IS NULL", YES),
        ("nil IS NULL", YES),
        ("n IS NOT NULL", YES),
        ("empty IS NULL", NO),
        ("none = 1 OR n = 5", YES),
        ("none = 1 AND n = 6", NO),
        ("none = 1 AND n = 5", None),
        ("none LIKE '%'", None),
        ("none IN (1)", None),
        ("n IN (none, 5)", YES),
        ("n IN (none, 6)", None),
        ("n = none + 1", None),
        ("n = 1 / 0", None),
        ("S_INTERSECTS(geometry.moon, BBOX(0,0,1,1))", None),
        ("A_CONTAINS(none, ('a'))", None),
        ("none", None),
        ("flag", YES),
        ("NOT off", YES),
        ("geometry IS NOT NULL AND geometry.moon IS NULL", YES),
        ("TRUE", YES),
        ("FALSE OR n = 5", YES),
    ]);
}

#[test]
fn texts_match_patterns_with_and_without_case_and_accents() {
    check(&[
        ("s LIKE 'a%'", YES),
        ("s LIKE '_b_'", YES),
        ("s LIKE 'A%'", NO),
        ("s NOT LIKE 'A%'", YES),
        ("CASEI(s) LIKE CASEI('A%')", YES),
        ("CASEI(title) = CASEI('ÜBER STRASSE')", YES),
        ("ACCENTI(title) LIKE 'Uber%'", YES),
        ("CASEI(ACCENTI(title)) LIKE 'uber%'", YES),
        ("n LIKE '5'", NO),
        ("CASEI(mixed) IN (CASEI('X'))", YES),
    ]);
    let cases = [
        ("%", "", true),
        ("", "", true),
        ("", "x", false),
        ("a\\%b", "a%b", true),
        ("a\\%b", "axb", false),
        ("%a%b%", "xxaxxbxx", true),
        ("%ab", "aab", true),
        ("_", "ü", true),
        ("a%_", "a", false),
        ("%%", "x", true),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} {text}");
    }
    let catastrophic = Pattern::new(&"%a".repeat(200));
    assert!(!catastrophic.matches(&"a".repeat(199)) && catastrophic.matches(&"a".repeat(20_000)));
}

#[test]
fn times_are_instants_days_and_spans() {
    check(&[
        ("when = TIMESTAMP('2010-01-15T12:00:00Z')", YES),
        ("when = '2010-01-15T13:00:00+01:00'", YES),
        ("when > DATE('2010-01-15')", YES),
        ("when < '2010-01-16'", YES),
        ("when = '2010-01-15'", NO),
        ("day = DATE('2010-01-15')", YES),
        ("day = '2010-01-15'", YES),
        ("T_INTERSECTS(datetime, INTERVAL('2010-02-01T00:00:00Z', '..'))", YES),
        ("T_INTERSECTS(datetime, TIMESTAMP('2009-01-01T00:00:00Z'))", NO),
        ("T_AFTER(datetime, DATE('2009-12-31'))", YES),
        ("T_BEFORE(datetime, DATE('2010-02-01'))", NO),
        ("T_DURING(INTERVAL(from, to), INTERVAL('2010-01-01', '2010-02-01'))", YES),
        ("T_DURING(INTERVAL(from, to), datetime)", YES),
        ("T_CONTAINS(datetime, when)", YES),
        ("T_STARTS(INTERVAL('2010-01-01T00:00:00Z', to), datetime)", YES),
        ("T_STARTEDBY(datetime, INTERVAL('2010-01-01T00:00:00Z', to))", YES),
        ("T_FINISHES(INTERVAL(from, '2010-02-01T00:00:00Z'), datetime)", YES),
        ("T_FINISHEDBY(datetime, INTERVAL(from, '2010-02-01T00:00:00Z'))", YES),
        ("T_MEETS(datetime, INTERVAL('2010-02-01T00:00:00Z', '2011-01-01T00:00:00Z'))", YES),
        ("T_METBY(datetime, INTERVAL('2009-02-01T00:00:00Z', '2010-01-01T00:00:00Z'))", YES),
        ("T_OVERLAPS(datetime, INTERVAL(from, '2011-01-01T00:00:00Z'))", YES),
        ("T_OVERLAPPEDBY(datetime, INTERVAL('2009-01-01T00:00:00Z', to))", YES),
        ("T_EQUALS(datetime, INTERVAL(start_datetime, end_datetime))", YES),
        ("T_DISJOINT(datetime, day)", NO),
        ("T_AFTER(s, DATE('2009-12-31'))", None),
    ]);
}

#[test]
fn places_arrays_and_arithmetic() {
    check(&[
        ("S_INTERSECTS(geometry, BBOX(0,0,10,20))", YES),
        ("S_WITHIN(geometry, BBOX(0,0,20,30))", YES),
        ("S_CONTAINS(BBOX(0,0,20,30), geometry)", YES),
        ("S_DISJOINT(geometry, POINT(1 1))", YES),
        ("S_EQUALS(geometry, POINT(10 20))", YES),
        ("S_TOUCHES(geometry, BBOX(10,0,20,30))", YES),
        ("S_INTERSECTS(geometry.mars, POINT(0.5 0.5))", YES),
        ("S_INTERSECTS(geometry.mars, POINT(10 20))", NO),
        ("S_INTERSECTS(geometry, geometry)", YES),
        ("A_CONTAINS(tags, ('a','c'))", YES),
        ("A_CONTAINS(tags, ('a','d'))", NO),
        ("A_CONTAINEDBY(tags, ('a','b','c','d'))", YES),
        ("A_EQUALS(tags, ('c','b','a'))", YES),
        ("A_OVERLAPS(tags, ('z','a'))", YES),
        ("A_EQUALS(('x', TRUE, 1), mixed)", YES),
        ("n + 1 = 6 AND n - 1 = 4 AND n * 2 = 10 AND n / 2 = 2.5", YES),
        ("n % 2 = 1 AND n div 2 = 2 AND n ^ 2 = 25 AND -n = -5", YES),
        ("n = m - 4", YES),
        ("s + 1 = 2", None),
    ]);
}
