//! Stored records in, STAC 1.1.0 out.

use serde_json::Value;

use super::*;

const BASE: &str = "https://archive.example";

fn rendered(record: &str) -> String {
    let text = if record.contains(r#""kind":"product""#) {
        item(record.as_bytes(), BASE)
    } else {
        collection(record.as_bytes(), BASE)
    };
    text.expect("a record")
}

fn value(record: &str) -> Value {
    serde_json::from_str(&rendered(record)).expect("JSON")
}

#[test]
fn an_item_comes_back_as_it_was_given_with_links_of_this_service() {
    let record = r#"{"kind":"product","id":"S2A/1","collection":"s 2","time":{"start":"2020-01-02T03:04:05.6Z","stop":"2020-01-02T03:04:05.6Z"},"space":[{"body":"earth","frame":"WGS84","geometry":{"type":"Point","coordinates":[10.50,-3e0]},"bbox":[10.5,-3,10.5,-3.0]}],"files":[{"name":"B01","href":"b.tif"}],"links":[{"rel":"self","href":"x"},{"rel":"license","href":"l","title":"\u00e9"}],"properties":{"datetime":"2020-01-02T03:04:05.6Z","gsd":10.0,"big":123456789012345678901},"stac":{"stac_version":"1.0.0","stac_extensions":["https://x/y.json"],"assets":{"B01":{"href":"b.tif","n":1e2}},"odd":{"a":1.0}},"source":{"media_type":"application/geo+json","sha256":"00"}}"#;
    let expected = [
        r#"{"type":"Feature","stac_version":"1.1.0","stac_extensions":["https://x/y.json"],"id":"S2A/1""#,
        r#","geometry":{"type":"Point","coordinates":[10.50,-3e0]},"bbox":[10.5,-3,10.5,-3.0]"#,
        r#","properties":{"datetime":"2020-01-02T03:04:05.6Z","gsd":10.0,"big":123456789012345678901}"#,
        r#","links":[{"rel":"self","href":"https://archive.example/stac/collections/s%202/items/S2A%2F1","type":"application/geo+json"}"#,
        r#",{"rel":"root","href":"https://archive.example/stac","type":"application/json"}"#,
        r#",{"rel":"parent","href":"https://archive.example/stac/collections/s%202","type":"application/json"}"#,
        r#",{"rel":"collection","href":"https://archive.example/stac/collections/s%202","type":"application/json"}"#,
        r#",{"rel":"source","href":"https://archive.example/api/v1/collections/s%202/products/S2A%2F1/source","type":"application/geo+json"}"#,
        r#",{"rel":"license","href":"l","title":"\u00e9"}]"#,
        r#","assets":{"B01":{"href":"b.tif","n":1e2}},"collection":"s 2","odd":{"a":1.0}}"#,
    ];
    assert_eq!(rendered(record), expected.concat());
}

#[test]
fn an_item_that_was_changed_through_this_face_does_not_collect_our_links() {
    let record = r#"{"kind":"product","id":"a","collection":"c","links":[{"rel":"source","href":"http://old/api/v1/collections/c/products/a/source"},{"rel":"source","href":"http://elsewhere/raw"}],"stac":{"stac_version":"1.1.0"},"source":{"media_type":"x/y","sha256":"00"}}"#;
    let sources: Vec<String> = value(record)["links"]
        .as_array()
        .expect("links")
        .iter()
        .filter(|link| link["rel"] == "source")
        .map(|link| link["href"].to_string())
        .collect();
    assert_eq!(
        sources,
        [r#""https://archive.example/api/v1/collections/c/products/a/source""#, r#""http://elsewhere/raw""#]
    );
}

#[test]
fn names_of_old_versions_move_and_nothing_is_lost() {
    let record = r#"{"kind":"product","id":"a","collection":"c","properties":{"datetime":"2019-11-29","eo:platform":"L8","eo:instrument":"OLI","eo:gsd":30.0,"eo:epsg":32655,"eo:sun_azimuth":1.50,"view:off_nadir":1,"eo:off_nadir":2,"eo:bands":[{"name":"B1"},{"name":"B2"}]},"time":{"start":"2019-11-29T00:00:00Z","stop":"2019-11-29T23:59:59.999999Z"},"stac":{"stac_version":"0.7.0","stac_extensions":["eo","commons","https://landsat/schema.json"],"assets":{"x":{"href":"h","eo:bands":[1]},"y":{"href":"i","eo:bands":[7],"checksum:multihash":"90"}}}}"#;
    let item = value(record);
    let expected = serde_json::json!({
        "datetime": null, "start_datetime": "2019-11-29T00:00:00Z", "end_datetime": "2019-11-29T23:59:59.999999Z",
        "platform": "L8", "instruments": ["OLI"], "gsd": 30.0, "proj:epsg": 32655, "view:sun_azimuth": 1.5,
        "view:off_nadir": 1, "eo:off_nadir": 2, "eo:bands": [{"name": "B1"}, {"name": "B2"}]
    });
    assert_eq!(item["properties"], expected);
    let assets = serde_json::json!({
        "x": {"href": "h", "eo:bands": [{"name": "B2"}]}, "y": {"href": "i", "eo:bands": [7], "file:checksum": "90"}
    });
    assert_eq!(item["assets"], assets);
    let extensions = ["eo", "file", "projection", "view"]
        .map(|name| format!("https://stac-extensions.github.io/{name}/v1.0.0/schema.json"));
    let mut found: Vec<&str> =
        item["stac_extensions"].as_array().expect("list").iter().filter_map(Value::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, [&[String::from("https://landsat/schema.json")], extensions.as_slice()].concat());
    assert!(rendered(record).contains(r#""view:sun_azimuth":1.50"#));
}

#[test]
fn times_are_corrected_only_where_stac_would_refuse_them() {
    let cases = [
        (r#"{"datetime":"2020-01-01T00:00:00+00:00"}"#, "", None),
        (
            r#"{"datetime":null,"start_datetime":"2020-01-01T00:00:00Z","end_datetime":"2020-01-01T00:00:00Z"}"#,
            "",
            None,
        ),
        (r#"{"datetime":null}"#, r#"{"start":"2020-01-01T00:00:00Z"}"#, Some(r#"{"datetime":"2020-01-01T00:00:00Z"}"#)),
        (
            r#"{"a":1.0,"start_datetime":"2020-01-01T00:00:00Z"}"#,
            r#"{"start":"2020-01-01T00:00:00Z","open_end":true}"#,
            Some(r#"{"datetime":"2020-01-01T00:00:00Z","a":1.0}"#),
        ),
        (
            "{}",
            "",
            Some(r#"{"datetime":null,"start_datetime":"0001-01-01T00:00:00Z","end_datetime":"9999-12-31T23:59:59Z"}"#),
        ),
    ];
    for (properties, time, expected) in cases {
        let stored = super::item::Stored { time: Some(time).filter(|time| !time.is_empty()), ..Default::default() };
        assert_eq!(times::corrected(properties, &stored).as_deref(), expected, "{properties}");
    }
}

#[test]
fn a_product_that_never_was_stac_gets_common_metadata_and_addresses_of_its_files() {
    let sha256 = "ab".repeat(32);
    let record = format!(
        r#"{{"kind":"product","id":"i","collection":"c","title":"T","platforms":[{{"label":"P"}}],"instruments":[{{"label":"I"}}],"time":{{"start":"2020-01-01T00:00:00Z","stop":"2020-01-02T00:00:00Z"}},"space":[{{"bbox":[170,-10,-170,10]}}],"quality":{{"gsd":0,"cloud_cover":1.50}},"files":[{{"name":"a b","role":"data","bytes":3,"media_type":"text/csv","checksums":[{{"algorithm":"sha256","value":"{sha256}"}}],"storage":"payload:sha256:{sha256}"}},{{"name":"far","href":"http://far/x"}}],"properties":{{"x:y":1.10,"title":"own"}}}}"#
    );
    let item = value(&record);
    assert_eq!(item["properties"]["title"], "own");
    assert_eq!(item["properties"]["platform"], "P");
    assert_eq!(item["properties"]["datetime"], Value::Null);
    assert_eq!(item["properties"]["end_datetime"], "2020-01-02T00:00:00Z");
    assert!(rendered(&record).contains(r#""eo:cloud_cover":1.50"#) && item["properties"].get("gsd").is_none());
    assert_eq!(item["geometry"]["type"], "MultiPolygon");
    let asset = serde_json::json!({
        "href": "https://archive.example/api/v1/collections/c/products/i/files/a%20b", "type": "text/csv",
        "roles": ["data"], "file:size": 3, "file:checksum": format!("1220{sha256}")
    });
    assert_eq!(item["assets"], serde_json::json!({"a b": asset, "far": {"href": "http://far/x"}}));
}

#[test]
fn a_footprint_on_another_body_is_no_geometry_on_earth() {
    let record = r#"{"kind":"product","id":"i","collection":"c","targets":[{"label":"Mars"}],"space":[{"body":"mars","bbox":[350.0,0,359,1]}]}"#;
    let item = value(record);
    assert_eq!((&item["geometry"], item.get("bbox")), (&Value::Null, None));
    assert_eq!(item["properties"]["ssys:targets"], serde_json::json!(["Mars"]));
    assert_eq!(item["properties"]["perennial:footprints"][0]["body"], "mars");
}

#[test]
fn an_asset_that_the_archive_holds_is_fetched_from_the_archive() {
    let record = format!(
        r#"{{"kind":"product","id":"i","collection":"c","files":[{{"name":"B1","href":"far","storage":"payload:sha256:{0}"}},{{"name":"B2","href":"far"}},{{"name":"new","storage":"payload:sha256:{0}"}}],"stac":{{"stac_version":"1.0.0","assets":{{"B1":{{"href":"far","a":1.0}},"B2":{{"href":"far"}}}}}}}}"#,
        "ab".repeat(32)
    );
    let files = "https://archive.example/api/v1/collections/c/products/i/files";
    let expected = serde_json::json!({
        "B1": {"perennial:original_href": "far", "a": 1.0, "href": format!("{files}/B1")},
        "B2": {"href": "far"}, "new": {"href": format!("{files}/new")}
    });
    assert_eq!(value(&record)["assets"], expected);
}

#[test]
fn a_collection_has_everything_that_stac_asks_for() {
    let bare = value(r#"{"kind":"collection","id":"a/b"}"#);
    assert_eq!((&bare["description"], &bare["license"]), (&Value::from("a/b"), &Value::from("other")));
    assert_eq!(
        bare["extent"],
        serde_json::json!({"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[null, null]]}})
    );
    let old = value(
        r#"{"kind":"collection","id":"c","licence":"see http://x","extent":{"spatial":{"bbox":[[0,0,1,1],[5,5,6,6.0]]},"temporal":{"interval":[["2020-01-01",null]]}},"summaries":{"a":{"min":1.0,"max":2},"b":[],"c":7},"stac":{"stac_version":"0.9.0","stac_extensions":["eo","item-assets"],"item_assets":{}}}"#,
    );
    assert_eq!(
        old["extent"]["spatial"]["bbox"],
        serde_json::json!([[0.0, 0.0, 6.0, 6.0], [0, 0, 1, 1], [5, 5, 6, 6.0]])
    );
    assert_eq!(old["extent"]["temporal"]["interval"], serde_json::json!([["2020-01-01T00:00:00.000000Z", null]]));
    assert_eq!(old["summaries"], serde_json::json!({"a": {"minimum": 1.0, "maximum": 2}, "c": [7]}));
    assert_eq!(
        old["stac_extensions"],
        serde_json::json!(["https://stac-extensions.github.io/item-assets/v1.0.0/schema.json"])
    );
    assert_eq!((&old["license"], &old["item_assets"]), (&Value::from("other"), &serde_json::json!({})));
}

#[test]
fn an_item_collection_is_taken_apart_and_nothing_else() {
    let text = r#"{"type":"FeatureCollection","features":[{"id": 1.0}, {"id":2}]}"#;
    assert_eq!(features(text), Some(vec![r#"{"id": 1.0}"#.to_owned(), r#"{"id":2}"#.to_owned()]));
    assert_eq!(features(r#"{"type":"Feature","features":[]}"#), None);
    assert_eq!(features("no"), None);
}
