//! OGC API Records as its clients see it.

use serde_json::{Value, json};

use crate::support::{Service, Store, service};

const CATALOGUE: &str = "/records/collections/catalogue";

fn collection(id: &str, west: i32, year: u32) -> String {
    json!({
        "id": id, "kind": "collection", "title": format!("Title of {id}"), "description": "Snow & <ice>", "licence": "CC-BY-4.0",
        "keywords": [{ "path": "snow" }, { "scheme": "gcmd", "path": "EARTH SCIENCE > CRYOSPHERE" }],
        "identifiers": [{ "scheme": "doi", "value": format!("10.1000/{id}") }],
        "providers": [{ "name": "ESA", "roles": ["producer"], "url": "https://esa.int" }],
        "platforms": [{ "label": "Envisat" }],
        "time": { "start": format!("{year}-01-01T00:00:00Z"), "stop": format!("{year}-12-31T00:00:00Z") },
        "space": [{ "body": "earth", "bbox": [west, 0, west + 10, 10] }],
        "properties": { "orbit": west },
    })
    .to_string()
}

fn product(n: u32) -> String {
    json!({
        "kind": "product", "id": format!("p{n}"), "collection": "a", "title": format!("Product {n}"),
        "time": { "start": "2020-01-01T00:00:00Z", "stop": "2020-01-01T00:00:00Z" },
        "files": [{ "name": "x.nc", "media_type": "application/x-netcdf", "href": "https://example.org/x.nc", "bytes": 5 }],
        "properties": { "orbit": n },
    })
    .to_string()
}

fn with_records() -> (Store, Service) {
    let (store, service) = service();
    for (id, west, year) in [("a", 0, 2010), ("b", 20, 2015), ("d", 40, 2020)] {
        service.post("/api/v1/collections", collection(id, west, year)).expect_status(201);
    }
    for n in 0..5 {
        service.post("/api/v1/collections/a/products", product(n)).expect_status(201);
    }
    (store, service)
}

fn href(document: &Value, rel: &str) -> Option<String> {
    let links = document["links"].as_array().expect("links").iter();
    links.clone().find(|link| link["rel"] == rel).map(|link| link["href"].as_str().expect("text").to_owned())
}

fn ids(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap_or_else(|| panic!("no features in {page}")).iter();
    features.map(|feature| feature["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn the_landing_page_leads_to_catalogues_and_records() {
    let (_store, service) = with_records();
    let landing = service.get("/records").expect_status(200).json();
    for rel in ["self", "alternate", "service-desc", "service-doc", "conformance", "data", "search"] {
        service.get(&href(&landing, rel).unwrap_or_else(|| panic!("no {rel}"))).expect_status(200);
    }
    let conformance = service.get("/records/conformance").expect_status(200).json();
    assert_eq!(conformance["conformsTo"], landing["conformsTo"]);
    let described = service.get("/records/api").expect_status(200);
    assert_eq!(described.header("content-type"), "application/vnd.oai.openapi+json;version=3.0");
    assert_eq!(described.json()["openapi"], "3.0.3");
    let list = service.get("/records/collections").expect_status(200).json();
    let names: Vec<&Value> = list["collections"].as_array().expect("a list").iter().map(|each| &each["id"]).collect();
    assert_eq!(names, ["catalogue", "a", "b", "c", "d"]);
    for catalogue in list["collections"].as_array().expect("a list") {
        assert_eq!(catalogue["itemType"], "record");
        for rel in [
            "self",
            "items",
            "describedby",
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            "http://www.opengis.net/def/rel/ogc/1.0/sortables",
        ] {
            service.get(&href(catalogue, rel).unwrap_or_else(|| panic!("no {rel}"))).expect_status(200);
        }
    }
    let page = service.get("/records/collections?limit=2").expect_status(200).json();
    let next = service.get(&href(&page, "next").expect("a next page")).expect_status(200).json();
    assert_eq!(next["collections"][0]["id"], "c");
    for path in ["/records/collections/none", "/records/collections/none/items", "/records/collections/a/items/none"] {
        service.get(path).expect_problem(404, "not-found");
    }
}

#[test]
fn a_collection_is_a_record_with_the_names_of_the_standard() {
    let (_store, service) = with_records();
    let answer = service.get(&format!("{CATALOGUE}/items/a")).expect_status(200);
    assert_eq!(answer.header("content-type"), "application/geo+json");
    let record = answer.json();
    assert_eq!((&record["type"], &record["id"]), (&json!("Feature"), &json!("a")));
    assert_eq!(record["geometry"]["type"], "Polygon");
    assert_eq!(record["time"], json!({ "interval": ["2010-01-01T00:00:00Z", "2010-12-31T00:00:00Z"] }));
    let properties = &record["properties"];
    let expected = json!({
        "type": "dataset", "title": "Title of a", "description": "Snow & <ice>", "keywords": ["snow"], "license": "CC-BY-4.0", "orbit": 0,
        "themes": [{ "concepts": [{ "id": "EARTH SCIENCE > CRYOSPHERE" }], "scheme": "gcmd" }],
        "externalIds": [{ "scheme": "doi", "value": "10.1000/a" }],
        "contacts": [{ "organization": "ESA", "roles": ["producer"], "links": [{ "rel": "about", "href": "https://esa.int", "type": "text/html" }] }],
    });
    for (name, value) in expected.as_object().expect("members") {
        assert_eq!(&properties[name], value, "{name}");
    }
    for rel in ["self", "alternate", "collection", "canonical", "items"] {
        service.get(&href(&record, rel).unwrap_or_else(|| panic!("no {rel}"))).expect_status(200);
    }
    let product = service.get("/records/collections/a/items/p3").expect_status(200).json();
    assert_eq!(
        (&product["properties"]["type"], &product["properties"]["formats"]),
        (&json!("product"), &json!([{ "mediaType": "application/x-netcdf" }]))
    );
    assert_eq!(href(&product, "enclosure").as_deref(), Some("https://example.org/x.nc"));
    assert_eq!(product["time"], json!({ "timestamp": "2020-01-01T00:00:00Z" }));
}

#[test]
fn records_are_found_by_every_parameter() {
    let (_store, service) = with_records();
    let cases: [(&str, &[&str]); 16] = [
        ("", &["a", "b", "c", "d"]),
        ("bbox=22,1,23,2", &["b"]),
        ("datetime=2015-06-01T00:00:00Z/..", &["b", "d"]),
        ("q=snow&sortby=id", &["a", "b", "d"]),
        ("ids=a,d", &["a", "d"]),
        ("externalIds=10.1000/b", &["b"]),
        ("externalIds=doi:10.1000/b", &["b"]),
        ("externalIds=10.1000/none", &[]),
        ("sortby=-orbit&ids=a,b,d", &["d", "b", "a"]),
        ("sortby=%2Bdatetime&ids=a,b,d", &["a", "b", "d"]),
        ("type=dataset", &["a", "b", "c", "d"]),
        ("type=series", &[]),
        ("platform=Envisat", &["a", "b", "d"]),
        ("orbit=20", &["b"]),
        ("filter=orbit%20%3E%3D%2020&filter-lang=cql2-text", &["b", "d"]),
        ("filter=title%20LIKE%20%27Title%25%27%20AND%20orbit%20%3C%2020", &["a"]),
    ];
    for (query, expected) in cases {
        let page = service.get(&format!("{CATALOGUE}/items?{query}")).expect_status(200).json();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(
            (&page["numberMatched"], &page["numberReturned"]),
            (&json!(expected.len()), &json!(expected.len())),
            "{query}"
        );
        let (mut found, mut address) = (Vec::new(), Some(format!("{CATALOGUE}/items?limit=1&{query}")));
        while let Some(asked) = address {
            let page = service.get(&asked).expect_status(200).json();
            found.extend(ids(&page));
            address = href(&page, "next");
        }
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(ids(&service.get("/records/collections/a/items?sortby=id&orbit=3").expect_status(200).json()), ["p3"]);
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    let (_store, service) = with_records();
    for query in [
        "bogus=1",
        "filter=bogus%3D1",
        "limit=0",
        "limit=x",
        "bbox=1,2",
        "datetime=2020",
        "f=xml",
        "sortby=geometry",
        "filter=a%20%3C",
        "filter-lang=sql",
        "filter=orbit%3D1&filter-crs=EPSG:4326",
        "token=x",
        "q=a&q=b",
    ] {
        let answer = service.get(&format!("{CATALOGUE}/items?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
    for path in [
        "/records?x=1",
        "/records/conformance?x=1",
        "/records/collections?x=1",
        "/records/collections/a?x=1",
        "/records/collections/a/queryables?x=1",
    ] {
        assert_eq!(service.get(path).status, 400, "{path}");
    }
}

#[test]
fn every_document_has_a_page() {
    let (_store, service) = with_records();
    for path in [
        "/records",
        "/records/conformance",
        "/records/collections",
        CATALOGUE,
        "/records/collections/a/items",
        "/records/collections/catalogue/items/a",
        "/records/collections/a/queryables",
    ] {
        let by_name = service.get(&format!("{path}?f=html")).expect_status(200);
        let by_header =
            service.get_with(path, &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).expect_status(200);
        for page in [by_name, by_header] {
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.text().contains("</html>") && !page.text().contains("<ice>"), "{path}");
            assert!(page.text().contains("<main id=\"content\"") && !page.text().contains("<style"), "{path}");
        }
        assert!(service.get(path).expect_status(200).json().is_object());
    }
}
