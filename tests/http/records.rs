//! Records over the native interface: written, read, changed, deleted, and what stays of each.

use serde_json::{Value, json};

use crate::support::records::{collection, product};
use crate::support::{Service, service};

const PRODUCTS: &str = "/api/v1/collections/c/products";

/// Everything that a parser of numbers or maps would lose.
const DELICATE: &str = concat!(
    r#"{"id":"delicate","kind":"product","collection":"c","zebra":1.10,"apple":123456789012345678901234567890,"#,
    r#""exponent":1E5,"negative_zero":-0.0,"escapes":"\u00e9\u2028\/","nested":{"b":[1.0,10e-1],"a":null},"#,
    r#""properties":{"eo:x":0.10,"ÄÖ":"ü"}}"#
);

fn sequence(service: &Service) -> u64 {
    service.get("/health").json()["sequence"].as_u64().expect("a number")
}

#[test]
fn a_record_is_given_back_byte_for_byte() {
    let (_store, service) = service();
    let created = service.post(PRODUCTS, DELICATE).expect_status(201);
    assert_eq!(created.header("location"), format!("{}{PRODUCTS}/delicate", service.url));
    assert_eq!(created.json()["status"], "created");
    let read = service.get(&format!("{PRODUCTS}/delicate")).expect_status(200);
    assert_eq!(read.text(), DELICATE);
    assert_eq!(read.header("etag"), created.header("etag"));
    let found = service.get("/api/v1/search?ids=delicate").expect_status(200).text();
    assert!(found.contains(DELICATE), "{found}");
}

#[test]
fn white_space_around_values_is_no_change() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/p");
    service.put(&path, product("c", "p")).expect_status(201);
    let pretty: Value = serde_json::from_str(&product("c", "p")).expect("JSON");
    let pretty = serde_json::to_string_pretty(&pretty).expect("JSON");
    let again = service.put(&path, pretty).expect_status(200).json();
    assert_eq!((again["status"].as_str(), again["revision"].as_u64()), (Some("unchanged"), Some(1)));
}

#[test]
fn every_revision_stays_readable_byte_for_byte() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/delicate");
    service.put(&path, DELICATE).expect_status(201);
    let second = DELICATE.replace("1.10", "1.100");
    service.put(&path, second.as_str()).expect_status(200);
    service.delete(&path).expect_status(200);
    let revision = |n: u32| service.get(&format!("{path}/revisions/{n}"));
    assert_eq!(revision(1).expect_status(200).text(), DELICATE);
    assert_eq!(revision(2).expect_status(200).text(), second);
    revision(3).expect_problem(410, "gone");
    revision(4).expect_problem(404, "not-found");
    service.get(&format!("{path}/revisions/x")).expect_problem(400, "bad-parameter");
    let listed = service.get(&format!("{path}/revisions")).expect_status(200).json();
    let operations: Vec<&Value> =
        listed["revisions"].as_array().expect("a list").iter().map(|each| &each["operation"]).collect();
    assert_eq!(operations, ["put", "put", "delete"]);
}

#[test]
fn a_merge_patch_changes_what_it_names_and_nothing_else() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/delicate");
    service.put(&path, DELICATE).expect_status(201);
    service.patch(&path, r#"{"apple":null,"properties":{"eo:x":0.20}}"#).expect_status(200);
    let expected =
        DELICATE.replace(r#""apple":123456789012345678901234567890,"#, "").replace(r#""eo:x":0.10"#, r#""eo:x":0.20"#);
    assert_eq!(service.get(&path).text(), expected);
    service.patch(&path, "[]").expect_problem(422, "invalid");
    service.patch(&path, r#"{"id":"another"}"#).expect_problem(422, "invalid");
    service.patch(&format!("{PRODUCTS}/none"), "{}").expect_problem(404, "not-found");
}

#[test]
fn a_write_with_a_stale_etag_is_refused() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/p");
    let first = service.put(&path, product("c", "p")).expect_status(201).header("etag");
    let changed = r#"{"id":"p","kind":"product","collection":"c","title":"changed"}"#;
    let current = service.send("PUT", &path, &[("if-match", &first)], changed).expect_status(200).header("etag");
    for method in ["PUT", "PATCH", "DELETE"] {
        let body = if method == "DELETE" { "" } else { changed };
        service.send(method, &path, &[("if-match", &first)], body).expect_problem(412, "precondition-failed");
        service.send(method, &path, &[("if-match", "\"other\"")], body).expect_problem(412, "precondition-failed");
    }
    assert_eq!(service.get(&path).header("etag"), current);
    let either = format!("{first}, {current}");
    service.send("DELETE", &path, &[("if-match", &either)], "").expect_status(200);
    service.send("PUT", &path, &[("if-match", "*")], changed).expect_problem(412, "precondition-failed");
}

#[test]
fn a_reader_who_has_the_current_bytes_gets_304() {
    let (_store, service) = service();
    let etag = service.get("/api/v1/collections/c").expect_status(200).header("etag");
    let again = service.get_with("/api/v1/collections/c", &[("if-none-match", &etag)]).expect_status(304);
    assert!(again.body.is_empty());
    service.get_with("/api/v1/collections/c", &[("if-none-match", "\"x\"")]).expect_status(200);
}

#[test]
fn head_answers_as_get_does_without_a_body() {
    let (_store, service) = service();
    for path in ["/api/v1/collections/c", "/api/v1/collections", "/health", "/stac", "/api/v1/search"] {
        let head = service.send("HEAD", path, &[], "").expect_status(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-type"), service.get(path).header("content-type"), "{path}");
    }
}

#[test]
fn creating_what_exists_is_a_conflict() {
    let (_store, service) = service();
    service.post(PRODUCTS, product("c", "p")).expect_status(201);
    service.post(PRODUCTS, product("c", "p")).expect_problem(409, "exists");
    service.post("/api/v1/collections", collection("c")).expect_problem(409, "exists");
}

#[test]
fn a_repeated_idempotency_key_gets_the_first_receipt() {
    let (store, service) = service();
    let key = [("idempotency-key", "k1")];
    let send = |service: &Service, body: String| service.send("POST", PRODUCTS, &key, body);
    let first = send(&service, product("c", "p")).expect_status(201).json();
    service.put(&format!("{PRODUCTS}/p"), r#"{"id":"p","kind":"product","collection":"c","n":2}"#).expect_status(200);
    assert_eq!(send(&service, product("c", "p")).expect_status(201).json(), first);
    send(&service, product("c", "q")).expect_problem(422, "idempotency-mismatch");
    drop(service);
    let service = store.serve();
    assert_eq!(send(&service, product("c", "p")).expect_status(201).json(), first);
    send(&service, product("c", "q")).expect_problem(422, "idempotency-mismatch");
    service.get(&format!("{PRODUCTS}/q")).expect_problem(404, "not-found");
    assert_eq!(sequence(&service), 3);
}

#[test]
fn a_repeated_conditional_write_gets_its_first_receipt() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/p");
    let etag = service.put(&path, product("c", "p")).expect_status(201).header("etag");
    for (method, body) in [("PATCH", r#"{"n":1}"#), ("PUT", r#"{"n":2}"#), ("DELETE", "")] {
        let current = service.get(&path).header("etag");
        let headers = [("idempotency-key", method), ("if-match", current.as_str())];
        let first = service.send(method, &path, &headers, body).expect_status(200).json();
        let again = service.send(method, &path, &headers, body).expect_status(200).json();
        assert_eq!(again, first, "{method}");
    }
    assert_ne!(service.get(&path).status, 200);
    assert!(!etag.is_empty());
}

#[test]
fn an_idempotency_key_of_no_use_is_refused() {
    let (_store, service) = service();
    let long = "k".repeat(256);
    service.send("POST", PRODUCTS, &[("idempotency-key", &long)], product("c", "p")).expect_problem(400, "bad-request");
}

#[test]
fn a_deleted_record_answers_410_and_comes_back_with_the_next_revision() {
    let (_store, service) = service();
    let path = format!("{PRODUCTS}/p");
    service.put(&path, product("c", "p")).expect_status(201);
    let deleted = service.delete(&path).expect_status(200).json();
    assert_eq!((deleted["status"].as_str(), deleted["revision"].as_u64()), (Some("deleted"), Some(2)));
    let gone = service.get(&path).expect_problem(410, "gone");
    assert!(gone["detail"].as_str().is_some_and(|detail| detail.contains("deleted at 2")), "{gone}");
    service.delete(&path).expect_problem(410, "gone");
    service.patch(&path, "{}").expect_problem(410, "gone");
    assert_eq!(service.search("ids=p")["matched"], 0);
    let again = service.put(&path, product("c", "p")).expect_status(201).json();
    assert_eq!((again["status"].as_str(), again["revision"].as_u64()), (Some("created"), Some(3)));
    assert_eq!(service.search("ids=p")["matched"], 1);
}

#[test]
fn a_collection_with_products_is_not_deleted() {
    let (_store, service) = service();
    service.post(PRODUCTS, product("c", "p")).expect_status(201);
    let refused = service.delete("/api/v1/collections/c").expect_problem(409, "collection-not-empty");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("1 product")), "{refused}");
    service.delete(&format!("{PRODUCTS}/p")).expect_status(200);
    service.delete("/api/v1/collections/c").expect_status(200);
    service.get("/api/v1/collections/c").expect_problem(410, "gone");
    service.post(PRODUCTS, product("c", "p")).expect_problem(404, "unknown-collection");
}

#[test]
fn an_unknown_collection_is_answered_with_the_nearest_names() {
    let (_store, service) = service();
    for id in ["sentinel-2-l1c", "sentinel-2-l2a", "landsat-8"] {
        service.post("/api/v1/collections", collection(id)).expect_status(201);
    }
    let nearest = |problem: Value| problem["nearest"].as_array().cloned().unwrap_or_default();
    let wrong = "/api/v1/collections/sentinel2-l2a";
    let names = nearest(service.get(wrong).expect_problem(404, "not-found"));
    assert_eq!(names.first(), Some(&json!("sentinel-2-l2a")));
    let refused = service.post(&format!("{wrong}/products"), product("sentinel2-l2a", "p"));
    assert_eq!(nearest(refused.expect_problem(404, "unknown-collection")).first(), Some(&json!("sentinel-2-l2a")));
    let searched = service.get("/api/v1/search?collection=sentinel2-l2a").expect_problem(404, "unknown-collection");
    assert_eq!(nearest(searched).first(), Some(&json!("sentinel-2-l2a")));
}

#[test]
fn an_identifier_may_hold_what_urls_escape() {
    let (_store, service) = service();
    let long = "é".repeat(256);
    let cases = [
        "a/b/c",
        "urn:nasa:pds:x::1.0",
        "100%",
        "100%25",
        "..hidden..",
        "a b  c",
        "ü — 日本 🛰",
        "?x=1&y#z",
        "+plus+",
        "a\\b",
        long.as_str(),
        "%2e%2e",
        "a;b,c",
        "\"quoted\"",
        "{brace}",
    ];
    for id in cases {
        let address = perennial::model::uri::encode(id);
        let path = format!("/api/v1/collections/{address}");
        service.put(&path, collection(id)).expect_status(201);
        let product_path = format!("{path}/products/{address}");
        let created = service.post(&format!("{path}/products"), product(id, id)).expect_status(201);
        assert_eq!(created.header("location"), format!("{}{product_path}", service.url));
        assert_eq!(service.get(&created.header("location")).expect_status(200).text(), product(id, id));
        assert_eq!(service.search(&format!("ids={address}"))["matched"], u64::from(!id.contains(',')), "{id}");
    }
}

#[test]
fn an_identifier_that_no_url_can_carry_is_refused() {
    let (_store, service) = service();
    for id in ["", ".", "..", " a", "a ", "a\nb", "a\u{0}b", "\u{7f}", &"x".repeat(600)] {
        let problem = service.post(PRODUCTS, product("c", id)).expect_problem(422, "invalid");
        assert_eq!(problem["violations"][0]["pointer"], "/id", "{id:?} {problem}");
    }
    service.get(&format!("{PRODUCTS}/{}", "x".repeat(600))).expect_problem(400, "bad-parameter");
}

#[test]
fn records_of_other_kinds_are_kept_under_their_kind() {
    let (_store, service) = service();
    let mission = r#"{"id":"envisat","kind":"mission","title":"Envisat","launched":"2002-03-01"}"#;
    service.put("/api/v1/records/mission/envisat", mission).expect_status(201);
    assert_eq!(service.get("/api/v1/records/mission/envisat").expect_status(200).text(), mission);
    assert_eq!(service.search("kind=mission&q=envisat")["matched"], 1);
    assert_eq!(service.search("q=envisat")["matched"], 0);
    service.get("/api/v1/records/planet/mars").expect_problem(400, "bad-parameter");
    service.get("/api/v1/records/product/p").expect_problem(400, "bad-parameter");
    service.put("/api/v1/records/agent/envisat", mission).expect_problem(422, "invalid");
    service.delete("/api/v1/records/mission/envisat").expect_status(200);
    service.get("/api/v1/records/mission/envisat").expect_problem(410, "gone");
}

#[test]
fn collections_are_listed_in_order_page_by_page() {
    let (_store, service) = service();
    for n in 0..7 {
        service.post("/api/v1/collections", collection(&format!("d{n}/x y"))).expect_status(201);
    }
    let mut ids = Vec::new();
    let mut next = Some("/api/v1/collections?limit=3".to_owned());
    while let Some(path) = next {
        let page = service.get(&path).expect_status(200).json();
        ids.extend(page["collections"].as_array().expect("a list").iter().map(|each| each["id"].to_string()));
        let links = page["links"].as_array().expect("links").iter();
        next = links
            .clone()
            .find(|link| link["rel"] == "next")
            .map(|link| link["href"].as_str().expect("text").to_owned());
    }
    assert_eq!(ids.len(), 8);
    assert!(ids.is_sorted());
    for query in ["limit=0", "limit=1001", "limit=x", "bogus=1", "limit=1&limit=2"] {
        service.get(&format!("/api/v1/collections?{query}")).expect_problem(400, "bad-parameter");
    }
}
