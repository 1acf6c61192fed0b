//! What passes, what is refused, and with which pointer.

use super::*;

fn refused(record: &str) -> Vec<(String, String)> {
    let registry = Registry::new().expect("embedded schemas");
    let violations = registry.check(record).expect_err(record);
    violations.into_iter().map(|violation| (violation.pointer, violation.rule)).collect()
}

/// Records that differ from a good one in one member each.
fn check(cases: &[(&str, &str, &str)]) {
    for (member, pointer, rule) in cases {
        let record = format!(r#"{{"kind":"product","collection":"c","id":"i",{member}}}"#);
        assert_eq!(refused(&record), [((*pointer).to_owned(), (*rule).to_owned())], "{member}");
    }
}

const PRODUCT: &str = r#"{"kind":"product","id":"S1A_IW/GRD:1 %2F","collection":"urn:esa:s1","title":"a","identifiers":[{"scheme":"doi","value":"10.1/x"}],"aliases":["old"],"keywords":[{"path":"a > b"}],"access":"restricted","time":{"start":"2019-01-01T00:00:00Z","stop":"2019-01-01T00:00:00.5Z","system":"UTC"},"space":[{"body":"earth","bbox":[170,-10,-170,10],"geometry":{"type":"Point","coordinates":[1,2]}},{"body":"mars","bbox":[10,-10,350,10]}],"files":[{"name":"a.dat","bytes":12,"checksums":[{"algorithm":"md5","value":"d41d8cd98f00b204e9800998ecf8427e"}]}],"n":1.10,"big":123456789012345678901234567890}"#;

#[test]
fn a_good_record_passes_and_keeps_its_bytes() {
    let registry = Registry::new().expect("embedded schemas");
    let padded = format!(" \n{PRODUCT}\r\n");
    let checked = registry.check(&padded).expect("good");
    assert_eq!(checked.text, PRODUCT);
    assert_eq!(checked.key.to_string(), "product urn:esa:s1/S1A_IW/GRD:1 %2F");
    crate::model::Entity::view(checked.text.as_bytes()).expect("viewable");
}

#[test]
fn a_record_over_several_lines_is_stored_on_one() {
    let registry = Registry::new().expect("embedded schemas");
    let checked = registry.check("{\n \"kind\": \"agent\",\r\n \"id\": \"a  b\", \"n\": 1.0 }").expect("good");
    assert_eq!(checked.text, r#"{"kind":"agent","id":"a  b","n":1.0}"#);
    assert_eq!(checked.key, Key { kind: Kind::Agent, collection: None, id: RecordId::parse("a  b").expect("id") });
}

#[test]
fn every_kind_has_a_schema_and_passes_with_an_id() {
    let registry = Registry::new().expect("embedded schemas");
    for kind in Kind::ALL {
        let (id, more) = match kind {
            Kind::Recipe => (
                "0".repeat(64),
                r#","executor":{"kind":"wasi"},"argv":["p"],"program":{"file":"p"},"outputs":[{"name":"o","sha256":"0000000000000000000000000000000000000000000000000000000000000000"}]"#,
            ),
            Kind::Source => ("x".to_owned(), r#","protocol":"stac","url":"https://a.example/stac""#),
            _ => ("x".to_owned(), ""),
        };
        let record = format!(r#"{{"kind":"{kind}","id":"{id}","collection":"y","unknown":{{"kept":[]}}{more}}}"#);
        assert_eq!(registry.check(&record).expect("good").key.kind, kind);
    }
}

#[test]
fn wrong_types_and_values_are_named_by_pointer_and_keyword() {
    check(&[
        (r#""title":3"#, "/title", "type"),
        (r#""access":"secret""#, "/access", "enum"),
        (r#""aliases":[""]"#, "/aliases/0", "minLength"),
        (r#""keywords":[{"scheme":"x"}]"#, "/keywords/0", "required"),
        (r#""links":[{"rel":"x"}]"#, "/links/0", "required"),
        (r#""source":{"media_type":"a/b","sha256":"00"}"#, "/source/sha256", "pattern"),
        (r#""time":{"system":"BRT"}"#, "/time/system", "enum"),
        (r#""time":{"open_end":null}"#, "/time/open_end", "type"),
        (r#""space":[{"body":"Earth"}]"#, "/space/0/body", "pattern"),
        (r#""space":[{"geometry":{"type":"Circle"}}]"#, "/space/0/geometry/type", "enum"),
        (r#""files":[{"name":"a","bytes":-1}]"#, "/files/0/bytes", "minimum"),
        (
            r#""files":[{"name":"a","checksums":[{"algorithm":"sha256","value":"12"}]}]"#,
            "/files/0/checksums/0/value",
            "pattern",
        ),
        (
            r#""files":[{"name":"a","checksums":[{"algorithm":"md5","value":"12"}]}]"#,
            "/files/0/checksums/0/value",
            "pattern",
        ),
        (r#""files":[{"name":"a","storage":"file:///etc/passwd"}]"#, "/files/0/storage", "pattern"),
        (r#""properties":[]"#, "/properties", "type"),
    ]);
}

#[test]
fn rules_beyond_the_schema_are_named_too() {
    check(&[
        (r#""time":{"start":"2020-01-02T00:00:00Z","stop":"2020-01-01T00:00:00Z"}"#, "/time/stop", "time-order"),
        (r#""time":{"start":"2020-02-30T00:00:00Z"}"#, "/time/start", "instant"),
        (r#""time":{"start":"2020-01-01"}"#, "/time/start", "instant"),
        (r#""time":{"start":"2020-01-01T00:00:00+02:00"}"#, "/time/start", "utc"),
        (r#""processed_at":"yesterday""#, "/processed_at", "instant"),
        (r#""lifecycle":{"created":"2020"}"#, "/lifecycle/created", "instant"),
        (r#""space":[{"bbox":[0,-91,1,1]}]"#, "/space/0/bbox", "box"),
        (r#""space":[{"bbox":[0,2,1,1]}]"#, "/space/0/bbox", "box"),
        (r#""space":[{"bbox":[0,2,1]}]"#, "/space/0/bbox", "box"),
        (r#""space":[{"bbox":[0,0,181,1]}]"#, "/space/0/bbox", "box"),
        (r#""space":[{"body":"mars","bbox":[0,0,361,1]}]"#, "/space/0/bbox", "box"),
        (
            r#""space":[{"geometry":{"type":"Point","coordinates":[1,91]}}]"#,
            "/space/0/geometry/coordinates",
            "latitude",
        ),
        (
            r#""space":[{"geometry":{"type":"Polygon","coordinates":[[[0,0],[0,91],[0,92]]]}}]"#,
            "/space/0/geometry/coordinates/0/1",
            "latitude",
        ),
        (
            r#""space":[{"geometry":{"type":"Polygon","coordinates":[[0,0]]}}]"#,
            "/space/0/geometry/coordinates/0/0",
            "position",
        ),
        (r#""space":[{"geometry":{"type":"Point"}}]"#, "/space/0/geometry", "geometry"),
        (r#""files":[{"name":"a"},{"name":"a"}]"#, "/files/1/name", "file-name"),
        (r#""files":[{"name":"a","bytes":1.0}]"#, "/files/0/bytes", "whole-number"),
        (r#""files":[{"name":"a","bytes":18446744073709551616}]"#, "/files/0/bytes", "whole-number"),
        (r#""aliases":[" a"]"#, "/aliases/0", "identifier"),
        (r#""n":{"a":[1e400]}"#, "/n/a/0", "number-range"),
        (r#""n":{"a":1,"a":1}"#, "/n/a", "duplicate-member"),
        (r#""id":"j""#, "/id", "duplicate-member"),
        (r#""n":"\u0000""#, "/n", "nul"),
    ]);
}

#[test]
fn all_violations_come_at_once() {
    let record = r#"{"kind":"product","id":"..","title":1,"time":{"start":"x"},"files":[{"name":"a"},{"bytes":"1"}]}"#;
    let mut found = refused(record);
    found.sort();
    let expected = [
        ("", "required"),
        ("/files/1", "required"),
        ("/files/1/bytes", "type"),
        ("/id", "identifier"),
        ("/time/start", "instant"),
        ("/title", "type"),
    ];
    assert_eq!(found, expected.map(|(pointer, rule)| (pointer.to_owned(), rule.to_owned())));
}

#[test]
fn hostile_bytes_are_refused_with_their_reason() {
    let registry = Registry::new().expect("embedded schemas");
    let rule_of = |bytes: &[u8]| registry.check_bytes(bytes).expect_err("refused")[0].rule.clone();
    assert_eq!(rule_of(b"{\"id\":\"\xff\"}"), "utf-8");
    assert_eq!(rule_of(b"{\"kind\":\"agent\",\"id\":\"a\"} {}"), "json");
    assert_eq!(rule_of(b"{\"kind\":\"agent\",\"id\":\"a\0\"}"), "nul");
    assert_eq!(rule_of(b"[]"), "type");
    assert_eq!(rule_of(b"{}"), "required");
    assert_eq!(rule_of(br#"{"kind":"item","id":"a"}"#), "enum");
    assert_eq!(rule_of("[".repeat(10_000).as_bytes()), "nesting");
    assert_eq!(rule_of(format!(r#"{{"kind":"agent","id":"{}"}}"#, "x".repeat(600)).as_bytes()), "maxLength");
    assert_eq!(rule_of(format!(r#"{{"kind":"agent","id":"{}"}}"#, "é".repeat(300)).as_bytes()), "identifier");
    assert_eq!(rule_of(&vec![b' '; MAX_RECORD_BYTES + 1]), "record-size");
}

#[test]
fn a_flood_of_violations_is_cut() {
    let files = vec!["{}"; 100_000].join(",");
    let found = refused(&format!(r#"{{"kind":"product","id":"a","collection":"b","files":[{files}]}}"#));
    assert_eq!(found.len(), MAX_VIOLATIONS);
}
