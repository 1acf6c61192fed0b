//! What importers say, and what is written of it.

use super::*;
use crate::importer::{Imported, Names};
use crate::model::Sha256;
use crate::schema::Registry;

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes([bytes.len() as u8; 32])
}

/// The record that comes of what is said, which must pass its schema, and the findings.
fn made(say: impl FnOnce(&mut Record<'_>)) -> (String, Vec<String>) {
    let table = br#"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <platform/x1> skos:prefLabel "X-1" ; skos:altLabel "Experiment One" .
        <platform/x2> skos:prefLabel "X-2" .
        <instrument/cam> skos:prefLabel "CAM" .
        <target/x> skos:prefLabel "Planet X" ; skos:altLabel "X (planet)" ; skos:notation "x" ."#;
    let names = Names::default().with(table).expect("Turtle");
    let context = Context { names: &names, ..Context::new(&digest) };
    let mut record = Record::new(&context, "product", Some("c"), "a");
    say(&mut record);
    let mut imported = Imported::default();
    record.finish(b"xy", 0..2, "text/plain", &mut imported);
    let entity = imported.entities.pop().expect("a record");
    if let Err(violations) = Registry::new().expect("schemas").check(&entity.record) {
        panic!("{violations:?}\n{}", entity.record);
    }
    let text = entity.record;
    let inner = text.split_once(r#""collection":"c""#).expect("begins").1;
    let inner = inner.rsplit_once(r#","source":{"#).expect("ends").0.trim_start_matches(',');
    (inner.to_owned(), imported.findings.iter().map(ToString::to_string).collect())
}

#[test]
fn each_thing_has_one_name_however_it_is_spelled() {
    let (record, findings) = made(|record| {
        for name in ["experiment-one", "X-1", "x2,X_1", "X-1/CAM", "Other", "OTHER", "N/A", ""] {
            record.name(Role::Platform, name);
        }
        record.name(Role::Target, "PLANET X");
    });
    let expected = concat!(
        r#""platforms":[{"label":"X-1","as_written":"experiment-one","iri":"https://w3id.org/perennial/platform/x1"},"#,
        r#"{"label":"X-2","as_written":"x2,X_1","iri":"https://w3id.org/perennial/platform/x2"},{"label":"Other"}],"#,
        r#""instruments":[{"label":"CAM","as_written":"X-1/CAM","iri":"https://w3id.org/perennial/instrument/cam"}],"#,
        r#""targets":[{"label":"Planet X","as_written":"PLANET X","iri":"https://w3id.org/perennial/target/x"}]"#,
    );
    assert_eq!((record.as_str(), findings), (expected, vec![]));
}

#[test]
fn times_dates_and_durations_are_written_once() {
    let (record, findings) = made(|record| {
        record.time(Written { start: Some(("START", "N/A")), stop: Some(("STOP", "UNK")), ..Written::default() });
        record.time(Written { start: Some(("START", "2018-335T00:00:00")), ..Written::default() });
        record.time(Written { start: Some(("START", "2019-01-01")), ..Written::default() });
        record.date("created", "DATE", "soon");
        record.date("created", "DATE", "2020-01-02");
        record.date("processed_at", "DATE", "2020-01-03T00:00:00Z");
        record.duration("x:Cadence", "PT0.092S");
        record.duration("x:Other", "often");
    });
    let expected = concat!(
        r#""time":{"start":"2018-12-01T00:00:00.000000Z","as_written":"2018-335T00:00:00/","system":"UTC"},"#,
        r#""processed_at":"2020-01-03T00:00:00Z","lifecycle":{"created":"2020-01-02T00:00:00Z"},"#,
        r#""properties":{"x:Cadence":"PT0.092S","x:Cadence_seconds":0.092,"x:Other":"often"}"#,
    );
    assert_eq!(record, expected);
    let messages = ["a: DATE \"soon\" is no time that can be read", "a: x:Other: \"often\" is no ISO 8601 duration"];
    assert_eq!(findings, messages);
}

#[test]
fn footprints_name_bodies_as_the_tables_do() {
    let (record, findings) = made(|record| {
        let shape = Shape::Box { west: 350.0, south: 0.0, east: 10.0, north: 5.0 };
        record.footprint("X (PLANET)", Some("IAU_X"), &shape);
        record.footprint("(433) Eros", None, &shape);
        record.footprint("(433) Eros", None, &shape);
        record.footprint("earth", None, &Shape::Point([0.0, 91.0]));
    });
    let expected =
        r#""space":[{"body":"x","frame":"IAU_X","bbox":[-10,0,10,5]},{"body":"433  eros","bbox":[-10,0,10,5]}]"#;
    assert_eq!((record.as_str(), findings.len()), (expected, 1));
}

#[test]
fn what_is_given_twice_is_written_once_or_as_an_array() {
    let (record, findings) = made(|record| {
        record.text("title", Some(" T "));
        record.text("title", Some("U"));
        record.alias("b");
        record.alias("b");
        record.alias("");
        record.keyword(None, "k");
        record.keyword(None, "k");
        record.identifier("doi", "10.1/x");
        record.identifier("doi", "10.1/x");
        record.link("see_also", "u", None);
        record.link("see_also", "u", Some("again"));
        record.property("x:a", "1");
        record.property("x:a", "2");
        record.raw_property("x:b", "1.0e0");
        record.raw_property("x:b", "1.0e0");
        record.file(&File { name: "f", checksum: Some(("MD5", "12")), ..File::default() });
        record.file(&File { name: "f", ..File::default() });
        record.file(&File { name: "", ..File::default() });
    });
    let expected = concat!(
        r#""title":"T","identifiers":[{"scheme":"doi","value":"10.1/x"}],"aliases":["b"],"keywords":[{"path":"k"}],"#,
        r#""files":[{"name":"f","checksums":[{"algorithm":"md5/malformed","value":"12","source":"producer"}]}],"#,
        r#""links":[{"rel":"see_also","href":"u"}],"properties":{"x:a":["1","2"],"x:b":1.0e0}"#,
    );
    assert_eq!((record.as_str(), findings.len()), (expected, 4));
}

#[test]
fn a_record_whose_id_cannot_be_one_is_refused() {
    let context = Context::new(&digest);
    for (collection, id) in [(Some("c"), ""), (Some(" "), "a"), (None, "a\n")] {
        let mut imported = Imported::default();
        Record::new(&context, "product", collection, id).finish(b"", 0..0, "text/plain", &mut imported);
        assert_eq!((imported.entities.len(), imported.findings.len()), (0, 1), "{collection:?} {id:?}");
    }
}
