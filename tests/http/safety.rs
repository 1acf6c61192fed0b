//! Safe by default: who may write, what strangers learn, what is too much.

use perennial::catalogue::{Catalogue, Options, Settings};
use perennial::http::{self, ServeError, ServeOptions};
use serde_json::Value;

use crate::support::records::{collection, product};
use crate::support::{Service, Store, options, service};

#[test]
fn every_answer_carries_a_request_id() {
    let (_store, service) = service();
    for path in ["/api/v1/collections/c", "/health", "/nowhere", "/api/v1/search?bogus=1", "/stac", "/docs/"] {
        assert!(!service.get(path).header("x-request-id").is_empty(), "{path}");
    }
    let given = service.get_with("/nowhere", &[("x-request-id", "trace-1.2:3_4")]);
    assert_eq!(given.expect_problem(404, "no-such-resource")["request_id"], "trace-1.2:3_4");
    let harmful = "x".repeat(101);
    for id in ["a b", "<script>", harmful.as_str()] {
        assert_ne!(service.get_with("/nowhere", &[("x-request-id", id)]).header("x-request-id"), id);
    }
}

#[test]
fn beyond_loopback_nothing_starts_without_a_user() {
    let store = Store::new();
    let catalogue = Catalogue::open(&store.path(), &options()).expect("a new store");
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let serve = ServeOptions { listen: listen.to_owned(), public_url: None, workers: 1 };
        let refused = http::bind(catalogue.clone(), &serve).err().expect("refused");
        assert!(matches!(refused, ServeError::NoAdministrator { .. }), "{refused}");
        assert!(refused.to_string().contains("perennial user add"), "{refused}");
    }
    let serve =
        ServeOptions { listen: "127.0.0.1:0".to_owned(), public_url: Some("example.org".to_owned()), workers: 1 };
    assert!(matches!(http::bind(catalogue.clone(), &serve), Err(ServeError::PublicUrl { .. })));
    catalogue.close();
}

#[test]
fn beyond_loopback_every_write_needs_the_token_and_reading_does_not() {
    let store = Store::new();
    let catalogue = Catalogue::open(&store.path(), &options()).expect("a new store");
    let token = catalogue.secrets().add_user("alice", "2020-01-01T00:00:00Z".to_owned()).expect("a user");
    catalogue.close();
    let service = Service::start(&store.path(), &options(), "0.0.0.0:0");
    let authorised = format!("Bearer {token}");
    let product_path = "/api/v1/collections/c/products/p";
    let writes = [
        ("PUT", "/api/v1/collections/c"),
        ("PUT", product_path),
        ("POST", "/api/v1/collections"),
        ("PATCH", product_path),
        ("POST", "/api/v1/collections/c/products"),
        ("POST", "/api/v1/ingest"),
        ("POST", "/api/v1/documents"),
        ("POST", "/api/v1/uploads"),
        ("PATCH", "/api/v1/uploads/x"),
        ("POST", "/api/v1/uploads/x"),
        ("DELETE", "/api/v1/uploads/x"),
        ("PUT", "/api/v1/collections/c/products/p/files/f"),
        ("DELETE", product_path),
        ("DELETE", "/api/v1/collections/c"),
        ("PUT", "/api/v1/records/mission/m"),
        ("DELETE", "/api/v1/records/mission/m"),
        ("POST", "/stac/collections"),
        ("PUT", "/stac/collections/c"),
        ("PATCH", "/stac/collections/c"),
        ("DELETE", "/stac/collections/c"),
        ("POST", "/stac/collections/c/items"),
        ("PUT", "/stac/collections/c/items/p"),
        ("PATCH", "/stac/collections/c/items/p"),
        ("DELETE", "/stac/collections/c/items/p"),
    ];
    for (method, path) in writes {
        for headers in [vec![], vec![("authorization", "Bearer wrong")], vec![("authorization", "Basic YTpi")]] {
            let refused = service.send(method, path, &headers, collection("c"));
            assert_eq!(refused.status, 401, "{method} {path} {headers:?}");
            assert_eq!(refused.header("www-authenticate"), "Bearer");
            refused.expect_problem(401, "unauthorised");
        }
    }
    let with_token = [("authorization", authorised.as_str())];
    service.send("PUT", "/api/v1/collections/c", &with_token, collection("c")).expect_status(201);
    service.send("PUT", product_path, &with_token, product("c", "p")).expect_status(201);
    for path in [product_path, "/api/v1/search", "/stac", "/health", "/metrics", "/openapi.json"] {
        service.get(path).expect_status(200);
    }
    let revisions = service.get(&format!("{product_path}/revisions")).json();
    assert_eq!(revisions["revisions"][0]["agent"], "alice");
    service.catalogue().secrets().remove_user("alice").expect("removed");
    service.send("DELETE", product_path, &with_token, "").expect_problem(401, "unauthorised");
    let kept = std::fs::read_dir(store.path().join("private")).expect("readable");
    for file in kept.map(|entry| entry.expect("an entry").path()) {
        assert!(
            !String::from_utf8_lossy(&std::fs::read(&file).expect("readable")).contains(&token),
            "{}",
            file.display()
        );
    }
}

#[test]
fn on_loopback_a_wrong_token_is_refused_all_the_same() {
    let (_store, service) = service();
    service
        .send("PUT", "/api/v1/collections/d", &[("authorization", "Bearer x")], collection("d"))
        .expect_problem(401, "unauthorised");
    service.put("/api/v1/collections/d", collection("d")).expect_status(201);
}

#[test]
fn a_store_opened_read_only_answers_and_refuses_writes() {
    let (store, service) = service();
    service.put("/api/v1/collections/c/products/p", product("c", "p")).expect_status(201);
    drop(service);
    let index = tempfile::tempdir().expect("a folder");
    let settings = Settings { read_only: true, index: Some(index.path().to_owned()), ..options().settings };
    let service = store.serve_with(&Options { settings, ..options() });
    assert_eq!(service.search("")["matched"], 1);
    service.get("/api/v1/collections/c/products/p").expect_status(200);
    let refused = [
        service.put("/api/v1/collections/c/products/q", product("c", "q")),
        service.delete("/api/v1/collections/c/products/p"),
        service.post("/api/v1/ingest", product("c", "q")),
        service.post("/api/v1/uploads", "bytes"),
        service.put("/api/v1/collections/c/products/p/files/f", "bytes"),
    ];
    for answer in refused {
        let problem = answer.expect_problem(503, "read-only");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("read-only")), "{problem}");
    }
    assert!(service.get("/health").expect_status(200).json()["writes_refused"].is_string());
}

#[test]
fn too_little_free_space_refuses_writes_and_goes_on_reading() {
    let (store, service) = service();
    drop(service);
    let settings = Settings { free_space_threshold: u64::MAX, ..options().settings };
    let service = store.serve_with(&Options { settings, ..options() });
    service.put("/api/v1/collections/d", collection("d")).expect_problem(507, "insufficient-storage");
    service.post("/api/v1/uploads", "x").expect_problem(507, "insufficient-storage");
    service.get("/api/v1/collections/c").expect_status(200);
    service.get("/api/v1/collections/d").expect_problem(404, "not-found");
}

#[test]
fn an_answer_of_ours_is_never_sniffed_or_framed_into_a_page() {
    let (_store, service) = service();
    let page = "<script>alert(1)</script>";
    service.put("/api/v1/collections/c/products/p", product("c", "p")).expect_status(201);
    let path = "/api/v1/collections/c/products/p/files/page.html";
    service.send("PUT", path, &[("content-type", "text/html")], page).expect_status(200);
    let read = service.get(path).expect_status(200);
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    assert_eq!(read.header("content-security-policy"), "sandbox");
    assert!(read.header("content-disposition").starts_with("attachment"));
    assert_eq!(service.get("/health").header("x-content-type-options"), "nosniff");
}

#[test]
fn the_description_matches_the_golden_file_and_names_every_route() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/perennial.json");
    let golden = std::fs::read_to_string(golden).expect("openapi/perennial.json");
    let described = http::openapi::json();
    assert!(golden == described, "the interface changed: run `cargo run -- openapi --output openapi/perennial.json`");
    let (_store, service) = service();
    assert_eq!(service.get("/openapi.json").expect_status(200).text(), described);
    service.get("/docs/").expect_status(200);
    let description: Value = serde_json::from_str(&described).expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for (method, operation) in
            operations.as_object().expect("operations").iter().filter(|(name, _)| *name != "parameters")
        {
            assert!(operation["operationId"].is_string() && operation["responses"].is_object(), "{method} {path}");
            let filled = path.replace("{kind}", "mission").replace("{revision}", "1").replace(['{', '}'], "");
            let answer = service.send(&method.to_uppercase(), &filled, &[], "");
            let unrouted = answer.text().contains("no-such-resource") || answer.text().contains("method-not-allowed");
            assert!(!unrouted, "{method} {path} is described and not routed");
        }
    }
    let stac = [
        "/stac",
        "/stac/conformance",
        "/stac/search",
        "/stac/collections",
        "/stac/collections/{collection}/items/{item}",
    ];
    for path in stac {
        assert!(paths.contains_key(path), "{path} is routed and not described");
    }
}

#[test]
fn health_and_metrics_tell_where_the_service_stands() {
    let (_store, service) = service();
    service.put("/api/v1/collections/c/products/p", product("c", "p")).expect_status(201);
    let health = service.get("/health").expect_status(200).json();
    assert_eq!((health["status"].as_str(), health["sequence"].as_u64()), (Some("ok"), Some(2)));
    for index in ["records", "text"] {
        assert_eq!(health["indexes"][index]["lag"], 0, "{health}");
    }
    let metrics = service.get("/metrics").expect_status(200).text();
    assert!(metrics.contains("\nperennial_archive_sequence 2\n"), "{metrics}");
    assert!(metrics.contains("\nperennial_text_position 2\n"), "{metrics}");
}
