//! Files of products: uploaded, resumed, read whole, in parts and compressed.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use perennial::codec::sha256;
use serde_json::json;

use crate::support::raw::Raw;
use crate::support::records::product;
use crate::support::{Service, Store, service};

const PRODUCT: &str = "/api/v1/collections/c/products/p";
const FILE: &str = "/api/v1/collections/c/products/p/files/data.csv";

/// Lines of a table: compressible, a little more than two frames.
fn table() -> Vec<u8> {
    (0..60_000u32)
        .flat_map(|n| format!("{n},{},telemetry of the day\n", n.wrapping_mul(2_654_435_761)).into_bytes())
        .collect()
}

fn digest_header(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(sha256(bytes).as_bytes()))
}

fn with_product() -> (Store, Service) {
    let (store, service) = service();
    service.put(PRODUCT, product("c", "p")).expect_status(201);
    (store, service)
}

fn unpack(frames: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    zstd::Decoder::new(frames).expect("zstd").read_to_end(&mut bytes).expect("whole frames");
    bytes
}

#[test]
fn a_file_is_given_back_with_its_digest() {
    let (_store, service) = with_product();
    for (name, bytes) in [("data.csv", table()), ("empty", Vec::new()), ("large.bin", table().repeat(5))] {
        let path = format!("{PRODUCT}/files/{name}");
        let headers = [("content-type", "text/csv"), ("repr-digest", &digest_header(&bytes))];
        service.send("PUT", &path, &headers, bytes.clone()).expect_status(200);
        let read = service.get(&path).expect_status(200);
        assert!(read.body == bytes, "{name}");
        assert_eq!(read.header("repr-digest"), digest_header(&bytes));
        assert_eq!(read.header("etag"), format!("\"{}\"", sha256(&bytes)));
        assert_eq!((read.header("content-type"), read.header("accept-ranges")), ("text/csv".into(), "bytes".into()));
        assert_eq!(read.header("content-length"), bytes.len().to_string());
        let head = service.send("HEAD", &path, &[], "").expect_status(200);
        assert_eq!((head.body.len(), head.header("content-length")), (0, bytes.len().to_string()));
        assert_eq!(head.header("repr-digest"), digest_header(&bytes));
    }
    let record = service.get(PRODUCT).json();
    assert_eq!(record["files"].as_array().map(Vec::len), Some(3));
    assert_eq!(record["files"][0]["storage"], format!("payload:sha256:{}", sha256(&table())));
    assert_eq!(record["files"][0]["bytes"], table().len());
}

#[test]
fn a_file_is_there_after_a_restart_and_after_the_indexes_are_deleted() {
    let (store, service) = with_product();
    service.put(FILE, table()).expect_status(200);
    drop(service);
    std::fs::remove_dir_all(store.path().join("index")).expect("deleted");
    let service = store.serve();
    assert!(service.get(FILE).expect_status(200).body == table());
}

#[test]
fn a_range_of_a_file_is_a_part_of_its_original_bytes() {
    let (_store, service) = with_product();
    let bytes = table();
    let last = bytes.len() - 1;
    service.put(FILE, bytes.clone()).expect_status(200);
    let etag = service.get(FILE).header("etag");
    let frame = 1 << 20;
    let cases = [
        ("bytes=0-0".to_owned(), 0, 0),
        (format!("bytes={}-{}", frame - 3, frame + 3), frame - 3, frame + 3),
        (format!("bytes={}-", last - 9), last - 9, last),
        ("bytes=-5".to_owned(), last - 4, last),
        (format!("bytes=10-{}", last + 1_000), 10, last),
    ];
    for (range, first, to) in cases {
        for encoding in ["identity", "zstd"] {
            let part = service.get_with(FILE, &[("range", &range), ("accept-encoding", encoding)]).expect_status(206);
            assert!(part.body == bytes[first..=to], "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {first}-{to}/{}", bytes.len()));
            assert!(!part.headers.contains_key("content-encoding"));
            assert_eq!(part.header("etag"), etag);
        }
    }
    for range in [format!("bytes={}-", bytes.len()), "bytes=-0".to_owned()] {
        let refused = service.get_with(FILE, &[("range", &range)]).expect_status(416);
        assert_eq!(refused.header("content-range"), format!("bytes */{}", bytes.len()));
    }
    for range in ["bytes=5-2", "bytes=x", "lines=1-2", "bytes=0-1,3-4"] {
        assert_eq!(service.get_with(FILE, &[("range", range)]).expect_status(200).body.len(), bytes.len(), "{range}");
    }
    service.get_with(FILE, &[("range", "bytes=0-0"), ("if-range", &etag)]).expect_status(206);
    service.get_with(FILE, &[("range", "bytes=0-0"), ("if-range", "\"other\"")]).expect_status(200);
}

#[test]
fn the_compressed_form_has_its_own_etag_and_unpacks_to_the_original() {
    let (_store, service) = with_product();
    let bytes = table();
    service.put(FILE, bytes.clone()).expect_status(200);
    let identity = service.get(FILE).header("etag");
    let packed = service.get_with(FILE, &[("accept-encoding", "gzip, zstd;q=0.5")]).expect_status(200);
    assert_eq!(packed.header("content-encoding"), "zstd");
    assert_eq!(packed.header("vary"), "accept-encoding");
    assert_ne!(packed.header("etag"), identity);
    assert!(packed.body.len() * 2 < bytes.len());
    assert!(unpack(&packed.body) == bytes);
    for (encoding, etag) in [("zstd", packed.header("etag")), ("identity", identity.clone())] {
        let headers = [("accept-encoding", encoding), ("if-none-match", etag.as_str())];
        assert!(service.get_with(FILE, &headers).expect_status(304).body.is_empty());
    }
    service.get_with(FILE, &[("if-none-match", &packed.header("etag"))]).expect_status(200);
    let plain = service.get_with(FILE, &[("accept-encoding", "zstd;q=0")]).expect_status(200);
    assert!(plain.body == bytes && !plain.headers.contains_key("content-encoding"));
}

#[test]
fn bytes_that_differ_from_the_promised_digest_are_refused() {
    let (_store, service) = with_product();
    let promised = digest_header(b"other bytes");
    service.send("PUT", FILE, &[("repr-digest", &promised)], table()).expect_problem(422, "digest-mismatch");
    service.send("PUT", FILE, &[("content-digest", &promised)], table()).expect_problem(422, "digest-mismatch");
    service.send("PUT", FILE, &[("repr-digest", "sha-256=x")], table()).expect_problem(400, "bad-request");
    service.send("PUT", FILE, &[("repr-digest", "md5=:AAAA:")], table()).expect_problem(400, "bad-request");
    service.get(FILE).expect_problem(404, "not-found");
    assert_eq!(service.get(PRODUCT).header("perennial-revision"), "1");
}

#[test]
fn bytes_that_differ_from_a_digest_in_the_record_are_refused() {
    let (_store, service) = service();
    let promise = |value: &str| {
        json!({ "id": "p", "kind": "product", "collection": "c",
                "files": [{ "name": "data.csv", "checksums": [{ "algorithm": "sha256", "value": value }] }] })
    };
    service.put(PRODUCT, promise(&"0".repeat(64)).to_string()).expect_status(201);
    service.put(FILE, table()).expect_problem(422, "digest-mismatch");
    service.put(PRODUCT, promise(&sha256(&table()).to_string()).to_string()).expect_status(200);
    service.put(FILE, table()).expect_status(200);
    assert!(service.get(FILE).body == table());
}

#[test]
fn a_file_needs_its_product_and_a_download_its_file() {
    let (_store, service) = with_product();
    service.put("/api/v1/collections/c/products/none/files/x", "x").expect_problem(404, "not-found");
    service.get(FILE).expect_problem(404, "not-found");
    let elsewhere = json!({ "id": "p", "kind": "product", "collection": "c", "files": [{ "name": "x", "href": "https://example.org/x" }] });
    service.put(PRODUCT, elsewhere.to_string()).expect_status(200);
    let problem = service.get(&format!("{PRODUCT}/files/x")).expect_problem(404, "not-found");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("https://example.org/x")), "{problem}");
}

#[test]
fn a_file_name_may_hold_what_urls_escape() {
    let (_store, service) = with_product();
    for name in ["a b.txt", "dir/file", "...", "ü;\"x\".nc", "100%"] {
        let path = format!("{PRODUCT}/files/{}", perennial::model::uri::encode(name));
        service.put(&path, name).expect_status(200);
        let read = service.get(&path).expect_status(200);
        assert_eq!(read.text(), name);
        assert!(read.header("content-disposition").starts_with("attachment; filename*=UTF-8''"));
    }
    service.put(&format!("{PRODUCT}/files/%2E%2E"), "x").expect_problem(422, "invalid");
}

#[test]
fn the_bytes_of_a_restricted_product_are_refused_and_its_metadata_are_open() {
    let (_store, service) = with_product();
    service.put(FILE, table()).expect_status(200);
    for access in ["restricted", "embargoed", "closed"] {
        service.patch(PRODUCT, json!({ "access": access }).to_string()).expect_status(200);
        let problem = service.get(FILE).expect_problem(403, "access-denied");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(access)), "{problem}");
        service.get_with(FILE, &[("range", "bytes=0-0")]).expect_problem(403, "access-denied");
        assert_eq!(service.send("HEAD", FILE, &[], "").status, 403);
        assert_eq!(service.get(PRODUCT).expect_status(200).json()["access"], access);
        assert_eq!(service.search(&format!("access={access}"))["matched"], 1);
    }
    service.patch(PRODUCT, r#"{"access":"open"}"#).expect_status(200);
    service.get(FILE).expect_status(200);
}

#[test]
fn several_uploads_become_visible_in_one_revision() {
    let (_store, service) = with_product();
    let bytes = [table(), b"small".to_vec()];
    let uploads: Vec<String> = bytes
        .iter()
        .map(|bytes| {
            let opened =
                service.send("POST", "/api/v1/uploads", &[("repr-digest", &digest_header(bytes))], bytes.clone());
            let opened = opened.expect_status(201);
            assert_eq!(opened.header("upload-offset"), bytes.len().to_string());
            let name = opened.json()["upload"].as_str().expect("a name").to_owned();
            let finished = service.post(&format!("/api/v1/uploads/{name}"), "").expect_status(200).json();
            assert_eq!(finished["sha256"], sha256(bytes).to_string());
            name
        })
        .collect();
    let files: Vec<_> =
        uploads.iter().enumerate().map(|(at, upload)| json!({ "name": format!("f{at}"), "upload": upload })).collect();
    let record = json!({ "id": "p", "kind": "product", "collection": "c", "files": files });
    let receipt = service.put(PRODUCT, record.to_string()).expect_status(200).json();
    assert_eq!(receipt["revision"], 2);
    for (at, bytes) in bytes.iter().enumerate() {
        assert!(service.get(&format!("{PRODUCT}/files/f{at}")).expect_status(200).body == *bytes);
    }
    let stored = service.get(PRODUCT).json();
    assert!(stored["files"][0].get("upload").is_none() && stored["files"][0]["storage"].is_string(), "{stored}");
}

#[test]
fn an_upload_cut_in_the_middle_goes_on_where_it_stands() {
    let (_store, service) = with_product();
    let bytes = table();
    let name =
        service.post("/api/v1/uploads", "").expect_status(201).json()["upload"].as_str().expect("a name").to_owned();
    let path = format!("/api/v1/uploads/{name}");
    let mut raw = Raw::connect(service.address());
    raw.head(&format!("PATCH {path}"), &["upload-offset: 0", &format!("content-length: {}", bytes.len())]);
    raw.bytes(&bytes[..700_000]);
    raw.cut();
    // The service notices the cut in its own time: until then another chunk is refused as busy.
    let offset = loop {
        let stands = service.get(&path).expect_status(200).json()["offset"].as_u64().expect("a number");
        let at = usize::try_from(stands).expect("small");
        let refused = service.send("PATCH", &path, &[("upload-offset", "1000000000")], "x");
        let problem = refused.expect_problem(409, "wrong-offset");
        let begun = service.send("PATCH", &path, &[("upload-offset", &stands.to_string())], &bytes[at..at + 1]);
        if begun.status == 200 {
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("stands at byte")), "{problem}");
            break at + 1;
        }
        std::thread::yield_now();
    };
    assert!(offset <= 700_001);
    service
        .send("PATCH", &path, &[("upload-offset", &(offset - 1).to_string())], "x")
        .expect_problem(409, "wrong-offset");
    service.send("PATCH", &path, &[("upload-offset", "x")], "x").expect_problem(400, "bad-parameter");
    service.patch(&path, "x").expect_problem(400, "bad-parameter");
    let rest =
        service.send("PATCH", &path, &[("upload-offset", &offset.to_string())], &bytes[offset..]).expect_status(200);
    assert_eq!(rest.header("upload-offset"), bytes.len().to_string());
    let digest = digest_header(&bytes);
    service.send("POST", &path, &[("repr-digest", &digest)], "").expect_status(200);
    let record =
        json!({ "id": "p", "kind": "product", "collection": "c", "files": [{ "name": "data.csv", "upload": name }] });
    service.put(PRODUCT, record.to_string()).expect_status(200);
    assert!(service.get(FILE).expect_status(200).body == bytes);
}

#[test]
fn a_file_cut_in_the_middle_is_not_kept() {
    let (_store, service) = with_product();
    let bytes = table();
    let mut raw = Raw::connect(service.address());
    raw.head(&format!("PUT {FILE}"), &[&format!("content-length: {}", bytes.len())]);
    raw.bytes(&bytes[..700_000]);
    raw.cut();
    assert_eq!(service.get(PRODUCT).header("perennial-revision"), "1");
    service.put(FILE, bytes.clone()).expect_status(200);
    assert!(service.get(FILE).body == bytes);
}

#[test]
fn an_upload_that_breaks_its_promise_is_dropped() {
    let (_store, service) = with_product();
    let promised = [("repr-digest", digest_header(b"other"))];
    let promised = [(promised[0].0, promised[0].1.as_str())];
    let name = service.send("POST", "/api/v1/uploads", &promised, "bytes").expect_status(201).json()["upload"].clone();
    let path = format!("/api/v1/uploads/{}", name.as_str().expect("a name"));
    service.post(&path, "").expect_problem(422, "digest-mismatch");
    service.get(&path).expect_problem(404, "not-found");
}

#[test]
fn a_record_that_names_no_finished_upload_is_refused() {
    let (_store, service) = with_product();
    let open = service.post("/api/v1/uploads", "bytes").expect_status(201).json()["upload"].clone();
    for upload in [json!("none"), json!(5), open.clone()] {
        let record = json!({ "id": "p", "kind": "product", "collection": "c", "files": [{ "name": "x" }, { "name": "y", "upload": upload }] });
        let problem = service.put(PRODUCT, record.to_string()).expect_problem(422, "invalid");
        assert_eq!(problem["violations"][0]["pointer"], "/files/1/upload");
    }
    let path = format!("/api/v1/uploads/{}", open.as_str().expect("a name"));
    service.delete(&path).expect_status(204);
    service.delete(&path).expect_problem(404, "not-found");
}

#[test]
fn the_same_bytes_under_two_products_are_stored_once() {
    let (store, service) = with_product();
    service.put("/api/v1/collections/c/products/q", product("c", "q")).expect_status(201);
    let large = table().repeat(6);
    service.put(FILE, large.clone()).expect_status(200);
    service.put("/api/v1/collections/c/products/q/files/copy", large.clone()).expect_status(200);
    assert!(service.get("/api/v1/collections/c/products/q/files/copy").expect_status(200).body == large);
    drop(service);
    let mut objects = 0;
    let mut folders = vec![store.path().join("archive")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry")) {
            objects += usize::from(entry.file_name().to_string_lossy().starts_with("payload%3asha256"));
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    assert_eq!(objects, 1);
}
