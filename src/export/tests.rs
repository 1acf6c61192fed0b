//! Small results in every format.

use serde_json::{Value, json};

use super::*;

fn records() -> Vec<Vec<u8>> {
    let records = [
        json!({ "kind": "product", "id": "a", "collection": "c", "title": "=1+1", "time": { "start": "2020-01-01T00:00:00Z", "stop": "2020-01-02T00:00:00Z" },
            "space": [{ "body": "earth", "bbox": [170, -10, -170, 10] }], "missions": [{ "label": "ERS-2" }, { "label": "Envisat" }],
            "files": [{ "name": "a b.dat", "role": "data" }],
            "properties": { "n": 1, "x": 0.5, "flag": true, "mixed": 1, "id": "inner", "list": [1, 2], "eo:cloud": null, "eo/cloud": null } }),
        json!({ "kind": "product", "id": "b", "collection": "c", "title": "line\nbreak, \"quoted\" <&>\u{1}",
            "space": [{ "body": "mars", "geometry": { "type": "Point", "coordinates": [350, 1] } }],
            "properties": { "n": 2, "x": 3, "mixed": "text", "flag": false } }),
        json!({ "kind": "product", "id": "late", "collection": "c", "properties": { "n": "not a number", "new": 1 } }),
    ];
    records.iter().map(|record| record.to_string().into_bytes()).collect()
}

fn shown() -> Vec<Shown> {
    records().into_iter().map(|record| Shown { record, feature: None }).collect()
}

fn encoded(format: Format, form: Form, sample: &[Shown], all: &[Shown]) -> Vec<u8> {
    let mut encoder = encoder(format, form, sample, "http://h").expect("an encoder");
    let mut out = Vec::new();
    encoder.start(&mut out).expect("starts");
    all.iter().for_each(|shown| encoder.record(shown, &mut out).expect("writes"));
    encoder.finish(&mut out).expect("ends");
    out
}

/// The columns come from the first two.
fn written(format: Format) -> Vec<u8> {
    let all = shown();
    encoded(format, Form::Record, &all[..2], &all)
}

/// The same records as features with a member and properties of their own.
fn features() -> Vec<Shown> {
    let texts = [
        r#"{"type":"Feature","id":"a","geometry":{"coordinates":[1,2],"type":"Point"},"bbox":[1,2,1,2],"properties":{"type":"x","n":1.50,"o":{"k":[1,2]}},"links":[]}"#,
        r#"{"type":"Feature","id":"b","geometry":null,"properties":{"n":2,"o":{"k":[],"l":"m"}},"links":[{"href":"h","rel":"r"}],"extra":true}"#,
        r#"{"type":"Feature","id":"c","geometry":null,"bbox":[1,2,3,4,5,6],"properties":{"n":"text","late":1}}"#,
    ];
    shown().into_iter().zip(texts).map(|(shown, text)| Shown { feature: Some(text.to_owned()), ..shown }).collect()
}

#[test]
fn ndjson_holds_the_stored_bytes() {
    let expected: Vec<u8> = records().into_iter().flat_map(|record| [record, b"\n".to_vec()].concat()).collect();
    assert_eq!(written(Format::Ndjson), expected);
}

#[test]
fn csv_quotes_and_guards_and_loses_nothing() {
    let text = String::from_utf8(written(Format::Csv)).expect("UTF-8");
    let mut lines = text.split("\r\n");
    let header = "kind,collection,id,title,start,stop,body,west,south,east,north,geometry,level,data_type,missions,platforms,instruments,targets,licence,eo/cloud,eo:cloud,flag,properties.id,list,mixed,n,x,other_properties";
    assert_eq!(lines.next(), Some(header));
    let first = lines.next().expect("a line");
    assert!(
        first.starts_with("product,c,a,'=1+1,2020-01-01T00:00:00Z,2020-01-02T00:00:00Z,earth,170,-10,-170,10,"),
        "{first}"
    );
    assert!(first.ends_with(",ERS-2; Envisat,,,,,,,true,inner,\"[1,2]\",1,1,0.5,"), "{first}");
    let second = lines.next().expect("a line");
    assert!(second.contains("\"line\nbreak, \"\"quoted\"\" <&>\u{1}\""), "{second}");
    let third = lines.next().expect("a line");
    assert!(third.ends_with(r#","{""n"":""not a number"",""new"":1}""#), "{third}");
    assert_eq!(lines.next(), Some(""));
}

#[test]
fn geojson_puts_no_other_body_on_the_earth() {
    let collection: Value = serde_json::from_slice(&written(Format::GeoJson)).expect("JSON");
    assert_eq!(collection["type"], "FeatureCollection");
    assert_eq!(collection["features"][0]["geometry"]["type"], "MultiPolygon");
    assert_eq!(collection["features"][0]["properties"]["x"], 0.5);
    assert_eq!(collection["features"][1]["geometry"], Value::Null);
    assert_eq!(collection["features"][1]["properties"]["perennial:footprints"][0]["body"], "mars");
    assert_eq!(collection["features"].as_array().map(Vec::len), Some(3));
    assert_eq!(collection["numberReturned"], 3);
}

#[test]
fn votable_has_units_and_escapes() {
    let text = String::from_utf8(written(Format::VoTable)).expect("UTF-8");
    assert!(text.contains(r#"<FIELD name="t_min" datatype="double" unit="d" ucd="time.start;obs.exposure"/>"#));
    assert!(text.contains(r#"<FIELD name="n" datatype="long"/>"#));
    assert!(text.contains(r#"<FIELD ID="eo_cloud_" name="eo:cloud" datatype="unicodeChar""#));
    assert!(text.contains(r#"<FIELD ID="eo_cloud" name="eo/cloud" datatype="unicodeChar""#));
    assert!(text.contains("<TD>58849</TD><TD>58850</TD>"));
    assert!(text.contains("line\nbreak, &quot;quoted&quot; &lt;&amp;&gt;\u{fffd}"));
    let fields = text.matches("<FIELD").count();
    assert_eq!(text.matches("<TD>").count(), 3 * fields);
    assert!(text.ends_with("</VOTABLE>\n"));
}

#[test]
fn geoparquet_begins_and_ends_as_parquet_and_names_its_layout() {
    let bytes = written(Format::GeoParquet);
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let holds = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    assert!(holds(b"stac-geoparquet") && holds(b"primary_column"));
}

#[test]
fn wkb_is_as_the_standard_lays_it_out() {
    let point = wkb::wkb(&json!({ "type": "Point", "coordinates": [1, 2] })).expect("bytes");
    assert_eq!(point, [[1, 1, 0, 0, 0].as_slice(), &1f64.to_le_bytes(), &2f64.to_le_bytes()].concat());
    let high = wkb::wkb(&json!({ "type": "Point", "coordinates": [1, 2, 3] })).expect("bytes");
    assert_eq!(
        high,
        [[1, 0xe9, 3, 0, 0].as_slice(), &1f64.to_le_bytes(), &2f64.to_le_bytes(), &3f64.to_le_bytes()].concat()
    );
    let mixed = json!({ "type": "LineString", "coordinates": [[1, 2], [1, 2, 3]] });
    assert_eq!((wkb::heights(&mixed), wkb::wkb(&mixed).map(|bytes| bytes.len())), (None, Some(9 + 32)));
    let square = json!([[[0, 0], [1, 0], [1, 1], [0, 0]]]);
    let polygon = wkb::wkb(&json!({ "type": "MultiPolygon", "coordinates": [square] })).expect("bytes");
    assert_eq!(polygon.len(), 9 + 9 + 4 + 4 * 16);
    for wrong in [json!(null), json!({ "type": "Point", "coordinates": ["1", 2] }), json!({ "type": "Circle" })] {
        assert_eq!(wkb::wkb(&wrong), None, "{wrong}");
    }
}

#[test]
fn features_are_written_as_they_are_and_all_their_members_are_columns() {
    let all = features();
    let written = |format| encoded(format, Form::Feature, &all[..2], &all);
    let lines = String::from_utf8(written(Format::Ndjson)).expect("UTF-8");
    assert!(lines.lines().eq(all.iter().filter_map(|shown| shown.feature.as_deref())));
    let collection = String::from_utf8(written(Format::GeoJson)).expect("UTF-8");
    assert!(all.iter().all(|shown| collection.contains(shown.feature.as_deref().expect("a feature"))));
    let csv = String::from_utf8(written(Format::Csv)).expect("UTF-8");
    let expected = [
        "id,west,south,east,north,geometry,extra,links,n,o,properties.type,type,other_properties",
        r#"a,1,2,1,2,"{""coordinates"":[1,2],""type"":""Point""}",,[],1.5,"{""k"":[1,2]}",x,Feature,"#,
        r#"b,,,,,,true,"[{""href"":""h"",""rel"":""r""}]",2,"{""k"":[],""l"":""m""}",,Feature,"#,
    ];
    assert!(csv.split("\r\n").take(3).eq(expected), "{csv}");
    let last = csv.split("\r\n").nth(3).expect("a line");
    let others = last.strip_prefix("c,1,2,4,5,,,,,,,Feature,\"").and_then(|text| text.strip_suffix('"'));
    let others: Value = serde_json::from_str(&others.expect(last).replace("\"\"", "\"")).expect("JSON");
    assert_eq!(others, json!({ "late": 1, "n": "text", "perennial:bbox": [1, 2, 3, 4, 5, 6] }));
    let table = String::from_utf8(written(Format::VoTable)).expect("UTF-8");
    assert_eq!(table.matches("<TD>").count(), 3 * table.matches("<FIELD").count());
    assert!(written(Format::GeoParquet).ends_with(b"PAR1"));
}

#[test]
fn an_empty_result_is_a_file_too() {
    for format in Format::ALL {
        for form in [Form::Record, Form::Feature] {
            let bytes = encoded(format, form, &[], &[]);
            assert_eq!(bytes.is_empty(), format == Format::Ndjson, "{format:?}");
        }
    }
}
