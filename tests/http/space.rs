//! Where records lie, asked over HTTP: boxes, circles and geometries, on several bodies, across ±180° and at the poles.

use serde_json::{Value, json};

use crate::support::{Service, Store, service};

fn product(id: &str, space: Value) -> Value {
    json!({ "kind": "product", "id": id, "collection": "c", "title": id, "space": space })
}

fn filled() -> (Store, Service) {
    let (store, service) = service();
    let polygon = |coordinates: Value| json!({ "type": "Polygon", "coordinates": coordinates });
    let triangle = polygon(json!([[[0, 0], [10, 0], [0, 10], [0, 0]]]));
    let cut = json!({ "type": "MultiPolygon", "coordinates": [
        [[[170, 0], [180, 0], [180, 5], [170, 5], [170, 0]]], [[[-180, 0], [-170, 0], [-170, 5], [-180, 5], [-180, 0]]]] });
    let around_pole = polygon(json!([[[-150, 70], [-30, 80], [90, 70], [-150, 70]]]));
    let hole = polygon(json!([
        [[20, 20], [30, 20], [30, 30], [20, 30], [20, 20]],
        [[22, 22], [22, 28], [28, 28], [28, 22], [22, 22]]
    ]));
    let bow_tie = polygon(json!([[[40, 40], [50, 50], [50, 40], [40, 50], [40, 40]]]));
    let records = [
        product("triangle", json!([{ "body": "earth", "geometry": triangle, "bbox": [0, 0, 10, 10] }])),
        product("cut", json!([{ "body": "earth", "geometry": cut, "bbox": [170, 0, -170, 5] }])),
        product("pole", json!([{ "body": "earth", "geometry": around_pole, "bbox": [-180, 70, 180, 90] }])),
        product("hole", json!([{ "body": "earth", "geometry": hole }])),
        product("bow", json!([{ "body": "earth", "geometry": bow_tie, "bbox": [40, 40, 50, 50] }])),
        product("tall", json!([{ "body": "earth", "bbox": [60, 60, 100, 61, 61, 200] }])),
        product("nowhere", json!([{ "body": "earth", "geometry": null }])),
        product("crater", json!([{ "body": "mars", "bbox": [355, -5, 5, 5] }])),
        product(
            "cone",
            json!([{ "body": "sky", "frame": "ICRS", "centre": [359.5, 0], "radius": 1, "bbox": [358.5, -1, 0.5, 1] }]),
        ),
    ];
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let results = service.ingest(lines.join("\n"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    (store, service)
}

fn found(service: &Service, query: &str) -> String {
    let page = service.search(&format!("{query}&sort=id"));
    let records = page["records"].as_array().expect("records");
    assert_eq!(page["matched"], records.len(), "{query}");
    records.iter().map(|record| record["id"].as_str().expect("an id")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_footprint_is_found_where_it_is_and_not_where_its_box_is() {
    let (_store, service) = filled();
    let cases = [
        ("bbox=1,1,2,2", "triangle"),
        ("bbox=8,8,9,9", ""),
        ("bbox=5,5,6,6", "triangle"),
        ("bbox=5.001,5.001,6,6", ""),
        ("bbox=-1,-1,11,11", "triangle"),
        ("bbox=175,1,176,2", "cut"),
        ("bbox=179,1,-179,2", "cut"),
        ("bbox=0,1,10,2", "triangle"),
        ("bbox=-180,1,-180,2", "cut"),
        ("bbox=100,89,110,90", "pole"),
        ("bbox=100,75,101,76", "pole"),
        ("bbox=100,60,101,61", ""),
        ("bbox=23,23,27,27", ""),
        ("bbox=21,21,23,23", "hole"),
        ("bbox=44,48,46,49", "bow"),
        ("bbox=60,60,61,61", "tall"),
        ("bbox=60,60,150,61,61,300", "tall"),
        ("bbox=60,60,250,61,61,300", ""),
        ("bbox=1,1,250,2,2,300", "triangle"),
        ("bbox=-180,-90,180,90", "bow cut hole pole tall triangle"),
        ("body=mars&bbox=350,-1,10,1", "crater"),
        ("body=mars&bbox=0,-1,1,1", "crater"),
        ("body=mars&bbox=10,-1,350,1", ""),
        ("body=sky&bbox=0,-1,1,1", "cone"),
        ("body=sky&bbox=0.45,0.9,1,1", ""),
        ("body=sky&circle=0.4,0.9,0.5", "cone"),
        ("body=sky&circle=1,1,0.5", ""),
        ("circle=180,2,1", "cut"),
        ("circle=0,90,1", "pole"),
        ("circle=6,6,1.4", ""),
        ("circle=6,6,1.43", "triangle"),
        ("circle=25,25,1", ""),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&service, query), expected, "{query}");
    }
    let geometries = [
        (r#"{"type":"Point","coordinates":[180,3]}"#, "cut"),
        (r#"{"type":"Point","coordinates":[25,25]}"#, ""),
        (r#"{"type":"LineString","coordinates":[[21,25],[29,25]]}"#, "hole"),
        (r#"{"type":"Polygon","coordinates":[[[165,1],[195,1],[195,2],[165,2],[165,1]]]}"#, "cut"),
        (r#"{"type":"Polygon","coordinates":[[[9,9],[11,9],[11,11],[9,11],[9,9]]]}"#, ""),
        (
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,1]},{"type":"Point","coordinates":[0,90]}]}"#,
            "pole triangle",
        ),
    ];
    for (geometry, expected) in geometries {
        let encoded: String = geometry.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(found(&service, &format!("intersects={encoded}")), expected, "{geometry}");
        let page = service.get(&format!("/stac/search?intersects={encoded}")).expect_status(200).json();
        let ids = page["features"].as_array().expect("features").iter().map(|item| item["id"].as_str().expect("an id"));
        let mut ids: Vec<&str> = ids.collect();
        ids.sort_unstable();
        assert_eq!(ids.join(" "), expected, "{geometry}");
    }
}

#[test]
fn a_region_that_is_none_is_refused_with_the_reason() {
    let (_store, service) = filled();
    let cases = [
        "bbox=1,2,3",
        "bbox=1,2,3,4,5",
        "bbox=1,2,3,4,5,6,7",
        "bbox=1,2,nan,4",
        "bbox=1,5,2,4",
        "bbox=0,0,9,1,1,5",
        "bbox=0,0,181,1",
        "circle=0,0",
        "circle=0,0,100",
        "circle=0,0,inf",
        "circle=0,0,1&bbox=0,0,1,1",
        "body=mars,earth&bbox=0,0,1,1",
        "intersects=%7B%22type%22:%22Polygon%22,%22coordinates%22:%5B%5B%5B0,0%5D,%5B2,2%5D,%5B2,0%5D,%5B0,2%5D%5D%5D%7D",
        "intersects=%7B%22type%22:%22GeometryCollection%22,%22geometries%22:%5B%5D%7D",
    ];
    for query in cases {
        let problem = service.get(&format!("/api/v1/search?{query}")).expect_status(400).json();
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{query}: {problem}");
    }
}
