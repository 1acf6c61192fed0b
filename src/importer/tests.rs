//! Documents in, records and findings out.

pub(super) mod corpus;

use super::*;
use crate::model::Entity;
use crate::schema::Registry;

/// No digest: what is looked at here is where it goes.
fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes([bytes.len() as u8; 32])
}

fn imported(text: &str) -> Imported {
    let format = recognise("file", text.as_bytes()).expect("recognised");
    import(format, text.as_bytes(), &Context::new(&digest))
}

/// The only record, which must pass its schema.
fn record(text: &str) -> (String, Vec<Reason>) {
    let mut made = imported(text);
    let entity = made.entities.pop().expect("a record");
    assert_eq!(made.entities, []);
    if let Err(violations) = Registry::new().expect("schemas").check(&entity.record) {
        panic!("{violations:?}\n{}", entity.record);
    }
    (entity.record, made.findings.into_iter().map(|finding| finding.reason).collect())
}

fn reasons(text: &str) -> Vec<Reason> {
    imported(text).findings.into_iter().map(|finding| finding.reason).collect()
}

const ITEM: &str = r#"{"type":"Feature","stac_version":"1.0.0","stac_extensions":["https://x/y.json"],"id":"S2A/1","collection":"s2","geometry":{"type":"Point","coordinates":[10.50,-3e0]},"bbox":[10.5,-3,10.5,-3.0],"properties":{"datetime":"2020-01-02T03:04:05.6Z","title":"T","platform":"sentinel-2a","constellation":"sentinel-2","instruments":["msi"],"gsd":10.0,"eo:cloud_cover":1.50,"processing:level":"L2A","big":123456789012345678901,"created":"2020-01-03"},"links":[{"rel":"license","href":"https://l"}],"assets":{"B01":{"href":"b.tif","type":"image/tiff","roles":["data","x"],"file:size":12,"file:checksum":"1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},"odd":{"a":1.0}}"#;

#[test]
fn an_item_becomes_a_product_and_keeps_every_value_as_written() {
    let (record, findings) = record(ITEM);
    assert_eq!(findings, []);
    let digest = digest(ITEM.as_bytes());
    let expected = [
        r#"{"kind":"product","id":"S2A/1","collection":"s2","title":"T""#,
        r#","missions":[{"label":"Sentinel-2","as_written":"sentinel-2","iri":"https://w3id.org/perennial/mission/sentinel-2"}]"#,
        r#","platforms":[{"label":"Sentinel-2A","as_written":"sentinel-2a","iri":"https://w3id.org/perennial/platform/sentinel-2a"}]"#,
        r#","instruments":[{"label":"MSI","as_written":"msi","iri":"https://w3id.org/perennial/instrument/msi"}]"#,
        r#","time":{"start":"2020-01-02T03:04:05.6Z","stop":"2020-01-02T03:04:05.6Z","system":"UTC"}"#,
        r#","lifecycle":{"created":"2020-01-03T00:00:00Z"}"#,
        r#","space":[{"body":"earth","frame":"WGS84","geometry":{"type":"Point","coordinates":[10.50,-3e0]},"bbox":[10.5,-3,10.5,-3.0]}]"#,
        r#","level":{"normalised":"L2A","as_written":"L2A"},"quality":{"cloud_cover":1.50,"gsd":10.0}"#,
        r#","files":[{"name":"B01","role":"data","bytes":12,"checksums":[{"algorithm":"sha256","value":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","source":"producer"}],"media_type":"image/tiff","href":"b.tif"}]"#,
        r#","links":[{"rel":"license","href":"https://l"}]"#,
        r#","properties":{"datetime":"2020-01-02T03:04:05.6Z","title":"T","platform":"sentinel-2a","constellation":"sentinel-2","instruments":["msi"],"gsd":10.0,"eo:cloud_cover":1.50,"processing:level":"L2A","big":123456789012345678901,"created":"2020-01-03"}"#,
        r#","stac":{"assets":{"B01":{"href":"b.tif","type":"image/tiff","roles":["data","x"],"file:size":12,"file:checksum":"1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},"stac_version":"1.0.0","stac_extensions":["https://x/y.json"],"odd":{"a":1.0}}"#,
        &format!(r#","source":{{"media_type":"application/geo+json","sha256":"{digest}"}}}}"#),
    ];
    assert_eq!(record, expected.concat());
    let entity = Entity::view(record.as_bytes()).expect("viewable");
    assert_eq!(entity.files.first().and_then(|file| file.bytes), Some(12));
}

#[test]
fn an_item_without_collection_time_or_place_is_still_kept_and_says_so() {
    let (record, findings) = record(r#"{"type":"Feature","assets":{},"id":"a","geometry":null,"properties":null}"#);
    let start =
        r#"{"kind":"product","id":"a","collection":"uncollected","stac":{"assets":{},"properties":null},"source""#;
    assert!(record.starts_with(start), "{record}");
    let expected =
        [Reason::NoCollection { used: "uncollected".into() }, Reason::WrongType { name: "properties" }, Reason::NoTime];
    assert_eq!(findings, expected);
}

#[test]
fn broken_fields_are_kept_and_named_and_the_rest_is_used() {
    let (record, findings) = record(
        r#"{"type":"Feature","stac_version":"0.8.0","id":"a","collection":"c","geometry":{"type":"Point","coordinates":[4e5,91]},
        "bbox":[0,1],"links":[{"rel":"x"},{"rel":"self","href":"y"}],"assets":{"":{"href":"z"},"b":{},"c":{"href":"d","file:size":"big"}},
        "properties":{"datetime":"2020-01-02T00:00:00","end_datetime":"2019-01-01T00:00:00Z","eo:platform":"p"}}"#,
    );
    let names: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let expected = [
        "datetime \"2020-01-02T00:00:00\" names no zone: taken as UTC",
        "the end 2019-01-01T00:00:00Z lies before the start 2020-01-02T00:00:00.000000Z: only the start is used",
        "the geometry cannot be used: /geometry/coordinates: latitude 91 lies outside -90 to 90",
        "the bounding box cannot be used: /bbox: a bounding box has 4 or 6 numbers, got 2",
        "asset \"\" is not wholly usable: an identifier must not be empty",
        "asset \"b\" is not wholly usable: it has no href",
        "asset \"c\" is not wholly usable: file:size \"big\" is no number of bytes",
        "link 1 has no rel and href and is not followed",
    ];
    assert_eq!(names, expected);
    for kept in [
        r#""assets":{"":{"href":"z"},"c":{"href":"d","file:size":"big"}},"assets_without_href":{"b":{}}"#,
        r#""links":[{"rel":"self","href":"y"}]"#,
        r#""links":[{"rel":"x"},{"rel":"self","href":"y"}]"#,
        r#""bbox":[0,1]"#,
    ] {
        assert!(record.contains(kept), "{kept} in {record}");
    }
}

#[test]
fn a_collection_keeps_its_extent_and_foreign_members() {
    let (record, findings) = record(
        r#"{"stac_version":"0.9.0","id":"COPERNICUS/S2","title":"T","description":"D","license":"proprietary","keywords":["a"],"sci:doi":"10.1/x","extent":{"spatial":{"bbox":[[-180,-90,180,90.0]]},"temporal":{"interval":[["2015-06-27T10:25:31Z",null]]}},"providers":[{"name":"ESA"}],"summaries":{"platform":["sentinel-2a","Sentinel-2A"],"gsd":{"min":1.0}},"links":[],"item_assets":{"x":{}}}"#,
    );
    assert_eq!(findings, []);
    let expected = [
        r#"{"kind":"collection","id":"COPERNICUS/S2","title":"T","description":"D","licence":"proprietary","doi":"10.1/x""#,
        r#","keywords":[{"path":"a"}],"platforms":[{"label":"Sentinel-2A","as_written":"sentinel-2a","iri":"https://w3id.org/perennial/platform/sentinel-2a"}]"#,
        r#","time":{"start":"2015-06-27T10:25:31Z","system":"UTC","open_end":true}"#,
        r#","space":[{"body":"earth","frame":"WGS84","bbox":[-180,-90,180,90.0]}]"#,
        r#","extent":{"spatial":{"bbox":[[-180,-90,180,90.0]]},"temporal":{"interval":[["2015-06-27T10:25:31Z",null]]}}"#,
        r#","summaries":{"platform":["sentinel-2a","Sentinel-2A"],"gsd":{"min":1.0}},"providers":[{"name":"ESA"}],"links":[]"#,
        r#","stac":{"stac_version":"0.9.0","item_assets":{"x":{}}},"source""#,
    ];
    assert!(record.starts_with(&expected.concat()), "{record}");
}

#[test]
fn lines_are_parted_by_line_feeds_alone_and_a_bad_one_is_named_by_number() {
    let text = format!("{}\r\n\n{{\"broken\":\n{{\"kind\":\"agent\",\"id\":\"a\u{2028}b\"}}\n\"text\"\n", ITEM);
    let made = imported(&text);
    let places: Vec<usize> = made.entities.iter().map(|entity| entity.place).collect();
    assert_eq!(places, [1, 4]);
    assert_eq!(made.entities[0].source.as_ref().map(|source| source.range.clone()), Some(0..ITEM.len() + 1));
    assert_eq!(made.entities[1].record, "{\"kind\":\"agent\",\"id\":\"a\u{2028}b\"}");
    let refused: Vec<(usize, Outcome)> =
        made.findings.iter().map(|finding| (finding.place, finding.reason.outcome())).collect();
    assert_eq!(refused, [(3, Outcome::Refused), (5, Outcome::Refused)]);
}

#[test]
fn elements_keep_their_exact_bytes_as_source() {
    let padded = ITEM.replacen("\"id\":", "\"id\" : ", 1);
    for (text, place) in [
        (format!("[ {ITEM} ,\n {padded} ]"), 2),
        (format!(r#"{{"type":"FeatureCollection","features":[{ITEM}, {padded}],"numberMatched":2}}"#), 2),
    ] {
        let made = imported(&text);
        let last = made.entities.last().expect("two");
        let range = last.source.as_ref().expect("has a source").range.clone();
        assert_eq!((last.place, &text[range]), (place, padded.as_str()));
        assert_eq!(made.entities.len(), 2);
    }
}

#[test]
fn what_is_no_record_is_refused_with_its_reason() {
    let feature =
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"a"},7,{"type":"Feature","assets":{}}]}"#;
    let refused = reasons(feature);
    assert!(
        matches!(refused.as_slice(), [Reason::PlainFeature, Reason::NotAnObject { .. }, Reason::NoId]),
        "{refused:?}"
    );
    let twice = r#"{"type":"Feature","assets":{},"id":"a","id":"b"}"#;
    assert_eq!(reasons(twice), [Reason::DuplicateMember { name: "id".into() }]);
    let long = format!(r#"{{"type":"Feature","assets":{{}},"id":"{}"}}"#, "x".repeat(600));
    assert!(matches!(reasons(&long).as_slice(), [Reason::BadId(_)]));
    assert_eq!(reasons(r#"{"type":"Feature","assets":{},"id":"a","collection":3}"#), [Reason::CollectionNotText]);
    let catalog = r#"{"stac_version":"1.0.0","id":"c","links":[{"rel":"child","href":"a"},{"rel":"root","href":"b"}]}"#;
    assert_eq!(reasons(catalog), [Reason::Catalog { children: 1 }]);
    let deep = format!(r#"{{"type":"Feature","assets":{{}},"id":"a","x":{}"#, "[".repeat(10_000));
    let made = import(Format::StacItem, deep.as_bytes(), &Context::new(&digest));
    assert!(matches!(made.findings.as_slice(), [Finding { reason: Reason::NotAnObject { .. }, .. }]));
    let made = import(Format::StacItem, b"{\"id\":\"\xff\"}", &Context::new(&digest));
    assert_eq!(made.findings.first().map(|finding| &finding.reason), Some(&Reason::NotUtf8 { byte: 7 }));
}

#[test]
fn a_collection_that_nobody_describes_gets_a_record_that_passes() {
    let record = minimal_collection(&RecordId::parse("a \"b\"").expect("id"));
    Registry::new().expect("schemas").check(&record).expect("passes");
}
