//! Bulk ingest: a stream of lines in, a stream of results out.

use std::net::Shutdown;

use serde_json::{Value, json};

use crate::support::raw::Raw;
use crate::support::records::{collection, lines, numbered, product};
use crate::support::service;

fn statuses(results: &[Value]) -> Vec<(u64, String)> {
    let status = |result: &Value| {
        (result["line"].as_u64().expect("a number"), result["status"].as_str().expect("a status").to_owned())
    };
    results.iter().map(status).collect()
}

fn of(results: &[Value], status: &str) -> usize {
    results.iter().filter(|result| result["status"] == status).count()
}

#[test]
fn good_lines_are_kept_and_bad_ones_reported_with_number_and_reason() {
    let (_store, service) = service();
    let bad_id = product("c", &"x".repeat(600));
    let body = [
        product("c", "a").as_str(),
        "{not json",
        "",
        bad_id.as_str(),
        &product("nowhere", "b"),
        &collection("d"),
        &product("d", "e"),
        r#"{"id":"f","kind":"product"}"#,
        "[]",
    ]
    .join("\n");
    let results = service.ingest(body);
    let expected = [
        (1, "created"),
        (2, "refused"),
        (4, "refused"),
        (5, "refused"),
        (6, "created"),
        (7, "created"),
        (8, "refused"),
        (9, "refused"),
    ];
    assert_eq!(statuses(&results), expected.map(|(line, status)| (line, status.to_owned())));
    for result in results.iter().filter(|result| result["status"] == "refused") {
        assert!(result["problem"]["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{result}");
    }
    assert_eq!(results[2]["problem"]["violations"][0]["pointer"], "/id");
    assert_eq!(results[3]["problem"]["type"], "urn:perennial:problem:unknown-collection");
    service.get("/api/v1/collections/d/products/e").expect_status(200);
    assert_eq!(service.search("")["matched"], 2);
}

#[test]
fn lines_sent_again_are_unchanged() {
    let (_store, service) = service();
    let body = lines("c", 0..2_500);
    assert_eq!(of(&service.ingest(body.as_str()), "created"), 2_500);
    let sequence = service.get("/health").json()["sequence"].clone();
    assert_eq!(of(&service.ingest(body.as_str()), "unchanged"), 2_500);
    assert_eq!(service.get("/health").json()["sequence"], sequence);
    assert_eq!(service.search("")["matched"], 2_500);
}

#[test]
fn an_identifier_twice_in_one_batch_makes_two_revisions() {
    let (_store, service) = service();
    let body = [
        r#"{"id":"p","kind":"product","collection":"c","n":1}"#,
        r#"{"id":"p","kind":"product","collection":"c","n":2}"#,
    ]
    .join("\n");
    let results = service.ingest(body);
    let revisions: Vec<&Value> = results.iter().map(|result| &result["revision"]).collect();
    assert_eq!((revisions, of(&results, "replaced")), (vec![&json!(1), &json!(2)], 1));
    assert_eq!(service.search("ids=p")["matched"], 1);
    assert!(service.get("/api/v1/collections/c/products/p").text().ends_with("\"n\":2}"));
}

#[test]
fn a_client_that_sends_everything_before_it_reads_is_served() {
    let (_store, service) = service();
    // Twice as many bytes of results as fit in the memory of the spool and the buffers of the connection.
    let body = lines("c", 0..30_000);
    let mut raw = Raw::connect(service.address());
    raw.head("POST /api/v1/ingest", &["connection: close", &format!("content-length: {}", body.len())]);
    raw.bytes(body.as_bytes());
    let answer = raw.rest();
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200]);
    assert_eq!(unchunked(&answer).matches("\"status\":\"created\"").count(), 30_000);
    assert_eq!(service.search("limit=1")["matched"], 30_000);
}

#[test]
fn results_come_while_the_body_is_still_open() {
    let (_store, service) = service();
    let mut raw = Raw::connect(service.address());
    raw.head("POST /api/v1/ingest", &["connection: close", "transfer-encoding: chunked"]);
    for id in ["a", "b"] {
        raw.chunk(format!("{}\n", product("c", id)).as_bytes());
        raw.until(&format!("\"id\":\"{id}\""));
        service.get(&format!("/api/v1/collections/c/products/{id}")).expect_status(200);
    }
    raw.chunk(b"");
    raw.rest();
}

#[test]
fn a_line_cut_by_a_broken_connection_is_not_half_a_record() {
    let (_store, service) = service();
    // The second line is whole as JSON: only the newline after it is missing.
    let body = format!("{}\n{}", product("c", "whole"), product("c", "cut"));
    let mut raw = Raw::connect(service.address());
    raw.head("POST /api/v1/ingest", &["content-length: 100000"]).bytes(body.as_bytes());
    raw.until("\"id\":\"whole\"");
    raw.cut();
    service.get("/api/v1/collections/c/products/whole").expect_status(200);
    let sent_again = service.ingest(body);
    assert_eq!(statuses(&sent_again), [(1, "unchanged".to_owned()), (2, "created".to_owned())]);
}

#[test]
fn a_chunked_body_without_an_end_does_not_end_the_last_line() {
    let (_store, service) = service();
    let mut raw = Raw::connect(service.address());
    raw.head("POST /api/v1/ingest", &["transfer-encoding: chunked"]);
    raw.chunk(format!("{}\n", product("c", "a")).as_bytes()).chunk(product("c", "b").as_bytes());
    raw.until("\"id\":\"a\"");
    raw.0.shutdown(Shutdown::Write).expect("connected");
    let answer = raw.rest();
    assert!(!answer.contains("\"id\":\"b\""), "{answer}");
    service.get("/api/v1/collections/c/products/b").expect_problem(404, "not-found");
}

#[test]
fn lines_may_end_with_a_carriage_return_or_hold_a_line_separator() {
    let (_store, service) = service();
    let separated = "{\"id\":\"s\",\"kind\":\"product\",\"collection\":\"c\",\"title\":\"a\u{2028}b\u{85}c\"}";
    let results = service.ingest(format!("{}\r\n\r\n{separated}\r\n", product("c", "r")));
    assert_eq!(statuses(&results), [(1, "created".to_owned()), (3, "created".to_owned())]);
    assert_eq!(service.get("/api/v1/collections/c/products/r").text(), product("c", "r"));
    assert_eq!(service.get("/api/v1/collections/c/products/s").text(), separated);
}

#[test]
fn an_overlong_line_is_refused_and_its_neighbours_are_kept() {
    let (_store, service) = service();
    let padded = |bytes: usize| {
        let empty = r#"{"id":"long","kind":"product","collection":"c","pad":""}"#;
        empty.replace("\"\"}", &format!("\"{}\"}}", "x".repeat(bytes - empty.len())))
    };
    let body = [product("c", "a"), padded(5 << 20), product("c", "b"), padded(4 << 20)].join("\n");
    let results = service.ingest(body);
    let expected = [(1, "created"), (2, "refused"), (3, "created"), (4, "created")];
    assert_eq!(statuses(&results), expected.map(|(line, status)| (line, status.to_owned())));
    assert_eq!(results[1]["problem"]["type"], "urn:perennial:problem:too-large");
}

#[test]
fn stac_items_and_native_records_may_follow_each_other() {
    let (_store, service) = service();
    let item = json!({
        "type": "Feature", "stac_version": "1.0.0", "id": "item", "collection": "made-by-import", "geometry": null,
        "properties": { "datetime": "2020-01-01T00:00:00Z" }, "links": [], "assets": {},
    });
    let body = format!("{}\n{item}\n{}\n", numbered("c", 1), numbered("c", 2));
    let results = service.ingest(body);
    assert_eq!(of(&results, "refused"), 0, "{results:?}");
    let made: Vec<(&Value, &Value)> = results.iter().map(|result| (&result["line"], &result["id"])).collect();
    assert!(made.contains(&(&json!(2), &json!("item"))), "{made:?}");
    service.get("/api/v1/collections/made-by-import").expect_status(200);
    let source = service.get("/api/v1/collections/made-by-import/products/item/source").expect_status(200);
    assert_eq!(source.text(), item.to_string());
}

#[test]
fn a_whole_document_is_told_by_its_content() {
    let (_store, service) = service();
    let item = |id: &str| {
        json!({
            "type": "Feature", "stac_version": "1.0.0", "id": id, "collection": "c", "geometry": null,
            "properties": { "datetime": "2020-01-01T00:00:00Z" }, "links": [], "assets": {},
        })
    };
    let document = json!({ "type": "FeatureCollection", "features": [item("x"), item("y")] });
    let results = service.post("/api/v1/documents?name=x.json", document.to_string()).expect_status(200).lines();
    assert_eq!(of(&results, "created"), 2, "{results:?}");
    let results = service.post("/api/v1/documents", "no document").expect_status(200).lines();
    assert_eq!(of(&results, "refused"), 1, "{results:?}");
}

/// The body of an answer without the lengths that RFC 9112 § 7.1 puts between its pieces: a piece may end within a line.
fn unchunked(answer: &str) -> String {
    let (_, mut rest) = answer.split_once("\r\n\r\n").expect("a body");
    let mut body = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        let (piece, left) = after.split_at(length);
        body.push_str(piece);
        rest = left.strip_prefix("\r\n").unwrap_or(left);
    }
    body
}
