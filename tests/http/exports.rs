//! Results as files on every face: whole or page by page, by `f` or by `Accept`, the same records as the pages of JSON.

use perennial::catalogue::Settings;
use serde_json::{Value, json};

use crate::support::{Answer, Service, Store, options, service};

const FACES: [&str; 4] =
    ["/api/v1/search", "/stac/search", "/stac/collections/c/items", "/records/collections/c/items"];
const FORMATS: [(&str, &str, &[u8]); 5] = [
    ("ndjson", "application/x-ndjson", b"{"),
    ("csv", "text/csv; charset=utf-8; header=present", b""),
    ("geojson", "application/geo+json", b"{\"type\":\"FeatureCollection\""),
    ("geoparquet", "application/vnd.apache.parquet", b"PAR1"),
    ("votable", "application/x-votable+xml", b"<?xml"),
];

fn filled() -> (Store, Service) {
    let (store, service) = service();
    fill(&service);
    (store, service)
}

fn fill(service: &Service) {
    let record = |n: usize| {
        json!({ "kind": "product", "id": format!("p{n}"), "collection": "c", "title": format!("Product {n}"),
                "time": { "start": "2020-01-01T00:00:00Z", "stop": "2020-01-02T00:00:00Z" }, "platforms": [{ "label": "ERS-2" }],
                "space": [{ "body": "earth", "bbox": [n, 0, n + 1, 1] }], "properties": { "n": n, "eo:cloud_cover": 0.5 } })
    };
    let lines: Vec<String> = (0..9).map(|n| record(n).to_string()).collect();
    let results = service.ingest(lines.join("\n"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
}

/// What the pages of JSON hold.
fn listed(service: &Service, face: &str) -> Vec<Value> {
    let (list, sort) = if face.starts_with("/api") { ("records", "sort=id") } else { ("features", "sortby=id") };
    service.get(&format!("{face}?{sort}&limit=100")).expect_status(200).json()[list].as_array().expect("a list").clone()
}

fn sort_of(face: &str) -> &'static str {
    if face.starts_with("/api") { "sort=id" } else { "sortby=id" }
}

fn lines(answer: &Answer) -> Vec<Value> {
    answer.text().lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn next_of(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().expect("text").to_owned();
    assert!(link.ends_with("; rel=\"next\""), "{link}");
    link.split(['<', '>']).nth(1).map(str::to_owned)
}

#[test]
fn every_face_gives_its_records_as_files_whole_or_page_by_page() {
    let (_store, service) = filled();
    for face in FACES {
        let expected = listed(&service, face);
        assert_eq!(expected.len(), 9);
        let sort = sort_of(face);
        let whole = service.get(&format!("{face}?f=ndjson&{sort}")).expect_status(200);
        assert_eq!(lines(&whole), expected, "{face}");
        let mut address = format!("{face}?f=ndjson&{sort}&limit=4");
        let (mut paged, mut pages) = (Vec::new(), 0);
        loop {
            let answer = service.get(&address).expect_status(200);
            paged.extend(lines(&answer));
            pages += 1;
            let Some(next) = next_of(&answer) else { break };
            address = next;
        }
        assert_eq!((paged, pages), (expected.clone(), 3), "{face}");
        let collection = service.get(&format!("{face}?f=geojson&{sort}")).expect_status(200).json();
        assert_eq!(collection["numberReturned"], 9, "{face}");
        if !face.starts_with("/api") {
            assert_eq!(collection["features"], json!(expected), "{face}");
        }
        for (format, media_type, start) in FORMATS {
            let answer = service.get(&format!("{face}?f={format}")).expect_status(200);
            assert_eq!(answer.header("content-type"), media_type, "{face} {format}");
            assert_eq!(answer.header("vary"), "accept", "{face} {format}");
            assert!(answer.header("content-disposition").starts_with("attachment"), "{face} {format}");
            assert!(answer.body.starts_with(start), "{face} {format}");
        }
    }
}

#[test]
fn accept_asks_for_a_file_and_json_stays_the_usual_answer() {
    let (_store, service) = filled();
    for face in FACES {
        for (format, media_type, start) in FORMATS {
            let answer = service.get_with(face, &[("accept", media_type)]).expect_status(200);
            let own = format == "geojson" && face != "/api/v1/search";
            assert_eq!(answer.headers.contains_key("content-disposition"), !own, "{face} {format}");
            assert!(own || answer.body.starts_with(start), "{face} {format}");
        }
        for accept in ["*/*", "application/json", "application/json, text/csv;q=0.9", "image/png"] {
            let answer = service.get_with(face, &[("accept", accept)]).expect_status(200);
            assert!(answer.header("content-type").contains("json"), "{face} {accept}");
            assert!(answer.json()["links"].is_array(), "{face} {accept}");
            assert_eq!(answer.header("vary"), "accept", "{face} {accept}");
        }
        let json = service.get_with(&format!("{face}?f=json"), &[("accept", "text/csv")]).expect_status(200);
        assert!(json.json().is_object(), "{face}");
    }
}

#[test]
fn a_search_by_post_gives_files_too() {
    let (_store, service) = filled();
    let body = |more: Value| {
        let mut body = json!({ "collections": ["c"], "sortby": [{ "field": "id" }], "f": "ndjson" });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body.to_string()
    };
    let first = service.post("/stac/search", body(json!({ "limit": 5 }))).expect_status(200);
    let token = first.header("perennial-next");
    let second = service.post("/stac/search", body(json!({ "limit": 5, "token": token }))).expect_status(200);
    assert!(!second.headers.contains_key("perennial-next"));
    assert_eq!([lines(&first), lines(&second)].concat(), listed(&service, "/stac/search"));
    let by_accept = service.send("POST", "/stac/search", &[("accept", "text/csv")], "{}").expect_status(200);
    assert_eq!(by_accept.text().lines().count(), 10);
    let native = service.post("/api/v1/search", r#"{"f":"csv","limit":5,"sort":"id"}"#).expect_status(200);
    assert_eq!(service.get(&next_of(&native).expect("a next page")).expect_status(200).text().lines().count(), 5);
}

#[test]
fn chosen_fields_are_chosen_in_files_too() {
    let (_store, service) = filled();
    let address = "/stac/search?fields=id,properties.n&sortby=id";
    let page = service.get(&format!("{address}&limit=100")).expect_status(200).json();
    let file = service.get(&format!("{address}&f=ndjson")).expect_status(200);
    assert_eq!(json!(lines(&file)), page["features"]);
    let table = service.get(&format!("{address}&f=csv")).expect_status(200).text();
    assert!(
        table.starts_with(
            "id,west,south,east,north,geometry,collection,n,stac_version,type,other_properties\r\np0,,,,,,c,0,"
        ),
        "{table}"
    );
}

#[test]
fn what_no_file_can_be_is_refused() {
    let (_store, service) = filled();
    for face in FACES {
        for query in ["f=xlsx", "f=", "f=csv&f=csv", "f=csv&token=altered", "f=csv&limit=x"] {
            service.get(&format!("{face}?{query}")).expect_status(400);
        }
    }
    service.get("/api/v1/search?f=csv&limit=0").expect_status(400);
    service.get("/api/v1/search?f=csv&facets=level").expect_status(400);
    service.get("/api/v1/search?f=csv&collection=unknown").expect_status(404);
    service.get("/stac/collections/unknown/items?f=csv").expect_status(404);
    service.get("/records/collections/unknown/items?f=csv").expect_status(404);
    service.get("/stac/collections?f=csv").expect_status(400);
    service.get("/stac/aggregate?f=csv").expect_status(400);
    service.post("/stac/aggregate", r#"{"f":"csv","aggregations":["total_count"]}"#).expect_status(400);
    let nothing = service.get("/stac/search?ids=nothing&f=csv").expect_status(200).text();
    assert_eq!(nothing, "id,west,south,east,north,geometry,other_properties\r\n");
}

/// A page holds as many records as its bytes allow, and its successor goes on behind them.
#[test]
fn a_page_of_too_many_bytes_is_shorter_and_has_a_successor() {
    let store = Store::new();
    let settings = Settings { page_bytes: 1_000, ..options().settings };
    let service = store.serve_with(&perennial::catalogue::Options { settings, ..options() });
    service.put("/api/v1/collections/c", crate::support::records::collection("c")).expect_status(201);
    fill(&service);
    let mut address = "/api/v1/search?sort=id&limit=9".to_owned();
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = service.get(&address).expect_status(200).json();
        let records = page["records"].as_array().expect("records").clone();
        assert_eq!(page["matched"], 9);
        assert!(!records.is_empty() && records.len() < 9, "{}", records.len());
        let bytes: usize = records.iter().map(|record| record.to_string().len()).sum();
        assert!(records.len() == 1 || bytes <= 1_000, "{bytes}");
        ids.extend(records.iter().map(|record| record["id"].as_str().expect("an id").to_owned()));
        pages += 1;
        let links = page["links"].as_array().expect("links");
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else { break };
        address = next["href"].as_str().expect("an address").to_owned();
    }
    assert_eq!(ids, (0..9).map(|n| format!("p{n}")).collect::<Vec<_>>());
    assert!(pages > 2, "{pages}");
    let whole = service.get("/api/v1/search?sort=id&f=ndjson").expect_status(200);
    assert_eq!(lines(&whole).len(), 9);
    let cut = service.get("/stac/search?limit=9&f=geojson").expect_status(200);
    assert!(next_of(&cut).is_some());
}
