//! The STAC face as its clients see it.

use serde_json::{Value, json};

use crate::support::records::lines;
use crate::support::{Service, Store, service};

const ITEMS: &str = "/stac/collections/s/items";

/// An item with what a migration or a parser of numbers would lose.
fn item(id: &str) -> String {
    format!(
        concat!(
            r#"{{ "type": "Feature", "stac_version": "1.0.0", "id": "{}", "collection": "s","#,
            r#" "geometry": {{"type":"Polygon","coordinates":[[[10,50],[12,50],[12,52],[10,52],[10,50]]]}}, "bbox": [10,50,12,52],"#,
            r#" "properties": {{"datetime":"2020-06-01T10:20:30.1234567Z","eo:cloud_cover":1.10,"big":123456789012345678901234567890,"x:unknown":{{"a":null}}}},"#,
            r#" "links": [{{"rel":"via","href":"https://example.org/a"}}], "assets": {{"b4":{{"href":"https://example.org/b4.tif","type":"image/tiff"}}}},"#,
            r#" "custom": [1.0, 2] }}"#
        ),
        id
    )
}

fn stac_collection(id: &str) -> String {
    json!({
        "type": "Collection", "stac_version": "1.0.0", "id": id, "description": "A collection", "license": "CC-BY-4.0",
        "extent": { "spatial": { "bbox": [[-180, -90, 180, 90]] }, "temporal": { "interval": [["2020-01-01T00:00:00Z", null]] } },
        "links": [], "custom": 1.5,
    })
    .to_string()
}

fn with_collection() -> (Store, Service) {
    let (store, service) = service();
    service.post("/stac/collections", stac_collection("s")).expect_status(201);
    (store, service)
}

fn link<'a>(document: &'a Value, rel: &str) -> Option<&'a Value> {
    document["links"].as_array().expect("links").iter().find(|link| link["rel"] == rel)
}

fn href(document: &Value, rel: &str) -> String {
    link(document, rel).unwrap_or_else(|| panic!("no {rel} in {document}"))["href"].as_str().expect("text").to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().expect("features").iter();
    features.map(|feature| feature["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn the_landing_page_leads_to_everything() {
    let (_store, service) = with_collection();
    let landing = service.get("/stac").expect_status(200).json();
    assert_eq!((landing["type"].as_str(), landing["stac_version"].as_str()), (Some("Catalog"), Some("1.1.0")));
    for rel in [
        "self",
        "root",
        "conformance",
        "data",
        "search",
        "service-desc",
        "service-doc",
        "http://www.opengis.net/def/rel/ogc/1.0/queryables",
    ] {
        service.get(&href(&landing, rel)).expect_status(200);
    }
    let children = landing["links"].as_array().expect("links").iter().filter(|link| link["rel"] == "child");
    assert_eq!(children.count(), 2);
    let conformance = service.get("/stac/conformance").expect_status(200).json();
    assert_eq!(conformance["conformsTo"], landing["conformsTo"]);
    for class in ["core", "collections", "ogcapi-features", "item-search", "ogcapi-features/extensions/transaction"] {
        let uri = json!(format!("https://api.stacspec.org/v1.0.0/{class}"));
        assert!(landing["conformsTo"].as_array().expect("a list").contains(&uri), "{class}");
    }
}

#[test]
fn a_collection_is_served_as_stac_1_1_with_what_it_brought() {
    let (_store, service) = with_collection();
    let served = service.get("/stac/collections/s").expect_status(200).json();
    assert_eq!((served["type"].as_str(), served["stac_version"].as_str()), (Some("Collection"), Some("1.1.0")));
    assert_eq!((&served["custom"], &served["license"]), (&json!(1.5), &json!("CC-BY-4.0")));
    for rel in ["self", "root", "items"] {
        service.get(&href(&served, rel)).expect_status(200);
    }
    let listed = service.get("/stac/collections").expect_status(200).json();
    let names: Vec<&Value> = listed["collections"].as_array().expect("a list").iter().map(|each| &each["id"]).collect();
    assert_eq!(names, ["c", "s"]);
    let page = service.get("/stac/collections?limit=1").expect_status(200).json();
    assert_eq!(service.get(&href(&page, "next")).expect_status(200).json()["collections"][0]["id"], "s");
    service.get("/stac/collections/none").expect_problem(404, "not-found");
    service.get("/stac/collections/none/items").expect_problem(404, "not-found");
    service.get("/stac/collections/none/queryables").expect_problem(404, "not-found");
}

#[test]
fn an_item_is_served_with_its_unknown_members_and_its_source_byte_for_byte() {
    let (_store, service) = with_collection();
    let document = item("i");
    let created = service.post(ITEMS, document.as_str()).expect_status(201);
    assert_eq!(created.header("location"), format!("{}{ITEMS}/i", service.url));
    let served = service.get(&format!("{ITEMS}/i")).expect_status(200);
    assert_eq!(served.header("content-type"), "application/geo+json");
    let text = served.text();
    for kept in [
        "1.10",
        "123456789012345678901234567890",
        "2020-06-01T10:20:30.1234567Z",
        "\"x:unknown\"",
        "\"custom\"",
        "https://example.org/b4.tif",
    ] {
        assert!(text.contains(kept), "{kept} is lost: {text}");
    }
    let feature = served.json();
    assert_eq!((feature["type"].as_str(), feature["stac_version"].as_str()), (Some("Feature"), Some("1.1.0")));
    assert_eq!(feature["bbox"], json!([10, 50, 12, 52]));
    for rel in ["self", "root", "parent", "collection"] {
        service.get(&href(&feature, rel)).expect_status(200);
    }
    assert_eq!(href(&feature, "via"), "https://example.org/a");
    assert_eq!(service.get(&href(&feature, "source")).expect_status(200).text(), document);
    let etag = served.header("etag");
    service.get_with(&format!("{ITEMS}/i"), &[("if-none-match", &etag)]).expect_status(304);
}

#[test]
fn a_native_product_is_served_as_an_item() {
    let (_store, service) = service();
    service.ingest(lines("c", 0..3));
    let feature = service.get("/stac/collections/c/items/p0001").expect_status(200).json();
    assert_eq!((feature["type"].as_str(), feature["collection"].as_str()), (Some("Feature"), Some("c")));
    assert_eq!(feature["properties"]["orbit"], 1);
    assert!(
        feature["properties"]["start_datetime"].is_string() || feature["properties"]["datetime"].is_string(),
        "{feature}"
    );
    assert!(
        feature["geometry"].is_object() && feature["bbox"].is_array() && feature["assets"].is_object(),
        "{feature}"
    );
    assert_eq!(service.get("/stac/collections/c").expect_status(200).json()["type"], "Collection");
}

#[test]
fn search_by_get_and_by_post_finds_the_same() {
    let (_store, service) = with_collection();
    service.ingest(lines("c", 0..200));
    service.post(ITEMS, item("i")).expect_status(201);
    let polygon = json!({ "type": "Polygon", "coordinates": [[[11, 51], [13, 51], [13, 53], [11, 53], [11, 51]]] });
    let cases = [
        ("", json!({}), 201),
        ("collections=s", json!({ "collections": ["s"] }), 1),
        ("collections=s,c", json!({ "collections": ["s", "c"] }), 201),
        ("ids=i,p0001", json!({ "ids": ["i", "p0001"] }), 2),
        ("bbox=11,51,13,53&collections=s", json!({ "bbox": [11, 51, 13, 53], "collections": ["s"] }), 1),
        ("bbox=11,51,0,13,53,9&collections=s", json!({ "bbox": [11, 51, 0, 13, 53, 9], "collections": ["s"] }), 1),
        ("bbox=170,-90,-170,90&collections=s", json!({ "bbox": [170, -90, -170, 90], "collections": ["s"] }), 0),
        (
            "datetime=2020-06-01T10:20:30.1234567Z&collections=s",
            json!({ "datetime": "2020-06-01T10:20:30.1234567Z", "collections": ["s"] }),
            1,
        ),
        (
            "datetime=2020-06-01T00:00:00Z/..&collections=s",
            json!({ "datetime": "2020-06-01T00:00:00Z/..", "collections": ["s"] }),
            1,
        ),
        (
            "datetime=../2020-05-01T00:00:00Z&collections=s",
            json!({ "datetime": "../2020-05-01T00:00:00Z", "collections": ["s"] }),
            0,
        ),
        (
            &format!("intersects={}&collections=s", perennial::model::uri::encode(&polygon.to_string())),
            json!({ "intersects": polygon, "collections": ["s"] }),
            1,
        ),
    ];
    for (query, body, expected) in cases {
        let by_get = service.get(&format!("/stac/search?limit=300&{query}")).expect_status(200);
        assert_eq!(by_get.header("content-type"), "application/geo+json");
        let by_get = by_get.json();
        let mut body = body;
        body["limit"] = json!(300);
        let by_post = service.post("/stac/search", body.to_string()).expect_status(200).json();
        assert_eq!(by_get["numberMatched"], expected, "{query}");
        assert_eq!(
            (by_get["numberReturned"].as_u64(), ids(&by_get).len()),
            (Some(expected), expected as usize),
            "{query}"
        );
        assert_eq!(ids(&by_get), ids(&by_post), "{query}");
    }
}

#[test]
fn paging_by_get_and_by_post_gives_every_item_once() {
    let (_store, service) = service();
    service.ingest(lines("c", 0..95));
    for start in
        ["/stac/search?limit=10", "/stac/collections/c/items?limit=10", "/stac/search?limit=10&bbox=-180,-90,180,90"]
    {
        let mut seen = Vec::new();
        let mut next = Some(start.to_owned());
        while let Some(address) = next {
            let page = service.get(&address).expect_status(200).json();
            seen.extend(ids(&page));
            next = link(&page, "next").map(|link| link["href"].as_str().expect("text").to_owned());
        }
        seen.sort();
        assert_eq!(seen, (0..95).map(|n| format!("p{n:04}")).collect::<Vec<_>>(), "{start}");
    }
    let mut seen = Vec::new();
    let mut body = Some(json!({ "limit": 10, "collections": ["c"] }));
    while let Some(asked) = body {
        let page = service.post("/stac/search", asked.to_string()).expect_status(200).json();
        seen.extend(ids(&page));
        body = link(&page, "next").map(|link| {
            assert_eq!(link["method"], "POST");
            link["body"].clone()
        });
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 95);
}

#[test]
fn what_search_cannot_honour_is_refused() {
    let (_store, service) = with_collection();
    for query in [
        "bogus=1",
        "bbox=1,2",
        "bbox=0,0,1,91",
        "datetime=x",
        "limit=0",
        "limit=x",
        "intersects=x",
        "q=a&q=b",
        "filter=a%20%3C",
        "filter-lang=sql",
        "query=x",
        "sortby=geometry",
        "fields=id&fields=type",
    ] {
        let problem = service.get(&format!("/stac/search?{query}"));
        assert_eq!(problem.status, 400, "{query}: {}", problem.text());
    }
    service.get("/stac/search?token=x").expect_problem(400, "bad-token");
    let polygon = json!({ "type": "Point", "coordinates": [0, 0] });
    let bodies = [
        json!({ "bogus": 1 }),
        json!({ "bbox": [0, 0, 1] }),
        json!({ "bbox": "0,0,1,1" }),
        json!({ "limit": 0 }),
        json!({ "fields": null }),
        json!({ "sortby": "id" }),
        json!({ "limit": -1 }),
        json!({ "datetime": "x" }),
        json!({ "intersects": { "type": "Circle" } }),
        json!({ "intersects": polygon, "bbox": [0, 0, 1, 1] }),
        json!([]),
    ];
    for body in bodies {
        let answer = service.post("/stac/search", body.to_string());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
    service.post("/stac/search", "no json").expect_problem(400, "bad-request");
    service.get(&format!("{ITEMS}?ids=i")).expect_problem(400, "bad-parameter");
}

#[test]
fn items_are_created_replaced_patched_and_deleted() {
    let (_store, service) = with_collection();
    let path = format!("{ITEMS}/i");
    service.post(ITEMS, item("i")).expect_status(201);
    service.post(ITEMS, item("i")).expect_problem(409, "exists");
    let replaced = item("i").replace("1.10", "\"3.14\"");
    assert!(service.put(&path, replaced.as_str()).expect_status(204).body.is_empty());
    assert!(service.get(&path).text().contains("\"3.14\""));
    let etag = service.get(&path).header("etag");
    service.patch(&path, r#"{"properties":{"x:unknown":null,"new":1.50}}"#).expect_status(204);
    let patched = service.get(&path).expect_status(200).text();
    assert!(patched.contains("\"new\":1.50") && !patched.contains("x:unknown"), "{patched}");
    assert!(patched.contains("2020-06-01T10:20:30.1234567Z"));
    service.send("PUT", &path, &[("if-match", &etag)], item("i")).expect_problem(412, "precondition-failed");
    service.send("PATCH", &path, &[("if-match", &etag)], "{}").expect_problem(412, "precondition-failed");
    service.send("DELETE", &path, &[("if-match", &etag)], "").expect_problem(412, "precondition-failed");
    assert!(service.delete(&path).expect_status(204).body.is_empty());
    service.delete(&path).expect_status(204);
    service.delete(&format!("{ITEMS}/never")).expect_status(204);
    service.get(&path).expect_problem(404, "not-found");
    service.put(&format!("{ITEMS}/never"), item("never")).expect_problem(404, "not-found");
    service.put(&path, item("other")).expect_problem(422, "invalid");
    service.post("/stac/collections/none/items", item("i")).expect_problem(404, "not-found");
}

#[test]
fn an_item_without_links_or_collection_takes_them_from_its_address() {
    let (_store, service) = with_collection();
    let bare = json!({ "type": "Feature", "stac_version": "1.0.0", "id": "bare", "geometry": null, "properties": { "datetime": "2020-01-01T00:00:00Z" }, "assets": {} });
    service.post(ITEMS, bare.to_string()).expect_status(201);
    let served = service.get(&format!("{ITEMS}/bare")).expect_status(200).json();
    assert_eq!(served["collection"], "s");
    assert_eq!(served["properties"]["datetime"], "2020-01-01T00:00:00Z");
}

#[test]
fn an_item_collection_creates_all_of_its_items() {
    let (_store, service) = with_collection();
    let features: Vec<Value> = ["x", "y"].iter().map(|id| serde_json::from_str(&item(id)).expect("JSON")).collect();
    service.post(ITEMS, json!({ "type": "FeatureCollection", "features": features }).to_string()).expect_status(201);
    for id in ["x", "y"] {
        service.get(&format!("{ITEMS}/{id}")).expect_status(200);
    }
}

#[test]
fn collections_are_created_replaced_patched_and_deleted() {
    let (_store, service) = service();
    let path = "/stac/collections/t";
    service.post("/stac/collections", stac_collection("t")).expect_status(201);
    service.post("/stac/collections", stac_collection("t")).expect_problem(409, "exists");
    service.put(path, stac_collection("t").replace("A collection", "Another")).expect_status(204);
    service.patch(path, r#"{"title":"Patched","custom":2.50}"#).expect_status(204);
    let served = service.get(path).expect_status(200);
    assert!(served.text().contains("2.50"), "{}", served.text());
    assert_eq!((&served.json()["title"], &served.json()["description"]), (&json!("Patched"), &json!("Another")));
    service.post(&format!("{path}/items"), item("i").replace("\"s\"", "\"t\"")).expect_status(201);
    service.delete(path).expect_problem(409, "collection-not-empty");
    service.delete(&format!("{path}/items/i")).expect_status(204);
    service.delete(path).expect_status(204);
    service.get(path).expect_problem(410, "gone");
}

#[test]
fn queryables_are_a_schema() {
    let (_store, service) = with_collection();
    for path in ["/stac/queryables", "/stac/collections/s/queryables"] {
        let queryables = service.get(path).expect_status(200);
        assert_eq!(queryables.header("content-type"), "application/schema+json");
        let queryables = queryables.json();
        assert_eq!(queryables["$id"], format!("{}{path}", service.url));
        assert!(queryables["properties"]["datetime"].is_object());
    }
}
