//! Bad input of every kind: a clear answer, and nothing else is lost.

use std::io::Read;

use serde_json::Value;

use crate::support::raw::Raw;
use crate::support::records::product;
use crate::support::{Service, service};

const PRODUCTS: &str = "/api/v1/collections/c/products";

fn pointers(problem: &Value) -> Vec<&str> {
    let violations = problem["violations"].as_array().expect("violations").iter();
    violations.map(|each| each["pointer"].as_str().expect("a pointer")).collect()
}

/// The body is refused at these pointers, as a single record and as a line of an ingest, and its neighbours are kept.
#[track_caller]
fn refused(service: &Service, body: impl Into<Vec<u8>>, expected: &[&str]) -> Value {
    let body: Vec<u8> = body.into();
    let problem = service.post(PRODUCTS, body.clone()).expect_problem(422, "invalid");
    let mut found = pointers(&problem);
    found.sort_unstable();
    assert_eq!(found, expected, "{problem}");
    let line: Vec<u8> = body.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    let around = [product("c", "before").into_bytes(), line, product("c", "after").into_bytes()].join(&b'\n');
    let results = service.ingest(around);
    let statuses: Vec<&str> = results.iter().map(|result| result["status"].as_str().expect("a status")).collect();
    assert_eq!(statuses.len(), 3, "{results:?}");
    assert_eq!(statuses[1], "refused", "{results:?}");
    assert_eq!(results[1]["line"], 2);
    for id in ["before", "after"] {
        assert_eq!(service.get(&format!("{PRODUCTS}/{id}")).expect_status(200).text(), product("c", id));
    }
    problem
}

fn with(members: &str) -> String {
    format!(r#"{{"id":"p","kind":"product","collection":"c",{members}}}"#)
}

#[test]
fn every_violation_of_the_schema_is_named_at_once() {
    let (_store, service) = service();
    let body = with(r#""title":5,"access":"secret","files":[{"name":"a"},{"bytes":-1}],"missions":[{}]"#);
    let problem = refused(&service, body, &["/access", "/files/1", "/files/1/bytes", "/missions/0", "/title"]);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("5 rule(s)")), "{problem}");
}

#[test]
fn a_record_that_contradicts_itself_is_refused_where_it_does() {
    let (_store, service) = service();
    refused(
        &service,
        with(r#""time":{"start":"2020-01-02T00:00:00Z","stop":"2020-01-01T00:00:00Z"}"#),
        &["/time/stop"],
    );
    refused(&service, with(r#""time":{"start":"2020-02-30T00:00:00Z"}"#), &["/time/start"]);
    refused(&service, with(r#""space":[{"body":"earth","bbox":[0,89,1,91]}]"#), &["/space/0/bbox"]);
    let beyond = r#""space":[{"body":"earth","geometry":{"type":"Point","coordinates":[0,91]}}]"#;
    refused(&service, with(beyond), &["/space/0/geometry/coordinates"]);
}

#[test]
fn what_is_no_json_is_refused_with_its_position() {
    let (_store, service) = service();
    let cut = product("c", "p");
    let cut = &cut[..cut.len() - 1];
    let nul = with("\"title\":\"a\u{0}b\"");
    for body in ["", " ", "nothing", cut, &nul, "{\"id\":'p'}", "\u{feff}{}", "null", "\"text\"", "[]"] {
        let problem = service.post(PRODUCTS, body).expect_problem(422, "invalid");
        assert_eq!(pointers(&problem), [""], "{body:?}");
    }
    refused(&service, product("c", "p") + " trailing", &[""]);
    refused(&service, product("c", "p") + "{}", &[""]);
    let problem =
        refused(&service, b"{\"id\":\"p\",\"kind\":\"product\",\"collection\":\"c\",\"title\":\"\xff\xfe\"}", &[""]);
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("UTF-8 at byte 53")), "{problem}");
    refused(&service, with("\"title\":\"a\u{0}b\""), &[""]);
}

#[test]
fn an_escaped_nul_and_a_lone_surrogate_are_refused() {
    let (_store, service) = service();
    refused(&service, with(r#""title":"a\u0000b""#), &["/title"]);
    let problem = service.post(PRODUCTS, with(r#""title":"\ud800""#)).expect_problem(422, "invalid");
    assert!(!pointers(&problem).is_empty());
}

#[test]
fn a_member_given_twice_is_refused() {
    let (_store, service) = service();
    let problem = service.post(PRODUCTS, with(r#""id":"q""#)).expect_problem(422, "invalid");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("id")), "{problem}");
}

#[test]
fn nesting_of_ten_thousand_is_refused_on_every_way_in() {
    let (_store, service) = service();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    for nested in [&deep, &objects] {
        let problem = service.post(PRODUCTS, with(&format!("\"x\":{nested}"))).expect_problem(422, "invalid");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("nest")), "{problem}");
        let results =
            service.ingest(format!("{nested}\n{}\n{}", with(&format!("\"x\":{nested}")), product("c", "after")));
        let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
        assert_eq!(statuses, ["refused", "refused", "created"]);
        service.delete(&format!("{PRODUCTS}/after")).expect_status(200);
        service.put(&format!("{PRODUCTS}/p"), product("c", "p"));
        let patched = service.patch(&format!("{PRODUCTS}/p"), format!("{{\"x\":{nested}}}"));
        assert_eq!(patched.status, 422, "{}", patched.text());
        assert_eq!(service.patch(&format!("{PRODUCTS}/p"), nested.as_str()).status, 422);
        assert_eq!(service.post("/stac/search", nested.as_str()).status, 400);
        let intersects = service.post("/stac/search", format!("{{\"intersects\":{nested}}}"));
        assert_eq!(intersects.status, 400, "{}", intersects.text());
        let documents = service.post("/api/v1/documents", nested.as_str()).expect_status(200).lines();
        assert_eq!(documents[0]["status"], "refused");
        assert!((400..500).contains(&service.post("/stac/collections/c/items", nested.as_str()).status));
    }
    assert_eq!(service.get(&format!("{PRODUCTS}/p")).text(), product("c", "p"));
}

#[test]
fn numbers_beyond_64_bits_are_kept_as_written() {
    let (_store, service) = service();
    let numbers = r#""properties":{"big":123456789012345678901234567890,"exact":0.1000000000000000055511151231257827,"tiny":1e-400,"negative":-18446744073709551616}"#;
    service.post(PRODUCTS, with(numbers)).expect_status(201);
    assert_eq!(service.get(&format!("{PRODUCTS}/p")).text(), with(numbers));
    assert_eq!(service.search("ids=p")["matched"], 1);
    service.delete(&format!("{PRODUCTS}/p")).expect_status(200);
    refused(&service, with(r#""properties":{"huge":[0,1e400]}"#), &["/properties/huge/1"]);
    refused(&service, with(r#""files":[{"name":"a","bytes":18446744073709551616}]"#), &["/files/0/bytes"]);
}

#[test]
fn a_record_larger_than_the_limit_is_refused() {
    let (_store, service) = service();
    let body = with(&format!("\"pad\":\"{}\"", "x".repeat(4 << 20)));
    service.post(PRODUCTS, body).expect_problem(413, "too-large");
    service.get("/health").expect_status(200);
}

#[test]
fn a_compressed_body_is_refused_before_anything_is_unpacked() {
    let (_store, service) = service();
    service.put(&format!("{PRODUCTS}/p"), product("c", "p")).expect_status(201);
    let bomb = zstd::encode_all(std::io::repeat(b' ').take(256 << 20), 3).expect("packed");
    for path in [PRODUCTS, "/api/v1/ingest", "/api/v1/documents", "/api/v1/uploads", "/stac/search"] {
        for encoding in ["zstd", "gzip", "br"] {
            let refused = service.send("POST", path, &[("content-encoding", encoding)], bomb.clone());
            refused.expect_problem(415, "content-encoding");
        }
    }
    let file = format!("{PRODUCTS}/p/files/f");
    service.send("PUT", &file, &[("content-encoding", "zstd")], bomb.clone()).expect_problem(415, "content-encoding");
    // A file that is an archive by itself is kept as it is.
    service.put(&file, bomb.clone()).expect_status(200);
    assert!(service.get(&file).expect_status(200).body == bomb);
    let identity = [("content-encoding", "identity")];
    service.send("POST", PRODUCTS, &identity, product("c", "q")).expect_status(201);
}

#[test]
fn a_body_that_says_another_address_is_refused_where_it_differs() {
    let (_store, service) = service();
    let body = r#"{"id":"q","kind":"collection","collection":"d"}"#;
    let problem = service.put(&format!("{PRODUCTS}/p"), body).expect_problem(422, "invalid");
    assert!(pointers(&problem).contains(&"/id"), "{problem}");
    service.put(&format!("{PRODUCTS}/p"), product("d", "p")).expect_problem(422, "invalid");
    service.get(&format!("{PRODUCTS}/p")).expect_problem(404, "not-found");
}

#[test]
fn a_query_that_cannot_be_honoured_is_refused_not_ignored() {
    let (_store, service) = service();
    let cases = [
        "bogus=1",
        "q=a&q=b",
        "limit=0&count=none",
        "limit=10001",
        "limit=-1",
        "limit=x",
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=0,91,1,92",
        "bbox=0,2,1,1",
        "bbox=181,0,182,1",
        "bbox=nan,0,1,1",
        "bbox=inf,0,1,1",
        "datetime=yesterday",
        "datetime=2021-01-01T00:00:00Z/2020-01-01T00:00:00Z",
        "datetime=../..",
        "datetime=2020-13-01T00:00:00Z",
        "sort=size",
        "facets=size",
        "count=maybe",
        "kind=planet",
        "property=x",
        "q=%21%21",
        "body=earth&body=mars&bbox=0,0,1,1",
        "sort=-",
    ];
    for query in cases {
        let problem = service.get(&format!("/api/v1/search?{query}")).expect_problem(400, "bad-parameter");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{query}");
    }
    for query in ["q=%ff", "q=%", "q=%00"] {
        service.get(&format!("/api/v1/search?{query}")).expect_problem(400, "bad-request");
    }
    for token in ["x", "", "AAAA.BBBB"] {
        service.get(&format!("/api/v1/search?token={token}")).expect_problem(400, "bad-token");
    }
    service.get(&format!("/api/v1/search?q={}", "x".repeat(10_001))).expect_problem(400, "bad-parameter");
}

#[test]
fn an_unknown_path_or_method_is_a_problem_of_its_own() {
    let (_store, service) = service();
    service.get("/nowhere").expect_problem(404, "no-such-resource");
    service.get("/api/v1/nowhere").expect_problem(404, "no-such-resource");
    service.get("/stac/nowhere").expect_problem(404, "no-such-resource");
    for (method, path) in [
        ("POST", "/health"),
        ("PATCH", "/api/v1/search"),
        ("POST", "/api/v1/collections/c"),
        ("DELETE", "/stac"),
        ("POST", "/stac/collections/c/items/a/b"),
    ] {
        let refused = service.send(method, path, &[], "");
        assert!(!refused.header("allow").is_empty());
        refused.expect_problem(405, "method-not-allowed");
    }
}

#[test]
fn nothing_on_a_connection_ends_the_service() {
    let (_store, service) = service();
    let garbage: [&[u8]; 7] = [
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /%zz%00 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST /api/v1/ingest HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzzz\r\n",
        b"GET /api/v1/collections/%ff%fe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ];
    for bytes in garbage {
        let mut raw = Raw::connect(service.address());
        raw.bytes(bytes);
        raw.cut();
    }
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx-pad: {}\r\n\r\n", "x".repeat(1 << 20));
    let mut raw = Raw::connect(service.address());
    // The service may close before everything is written.
    drop(std::io::Write::write_all(&mut raw.0, head.as_bytes()));
    drop(raw);
    service.get("/api/v1/collections/c").expect_status(200);
}
