//! Reindexing: the archive alone makes every answer again.

use std::path::Path;

use perennial::catalogue::offline::Offline;
use perennial::catalogue::{export, rebuild};
use serde_json::Value;

use crate::support::records::{lines, numbered, product};
use crate::support::{Service, Store, options, service};

/// Exported files by name.
fn exported(store: &Path) -> Vec<(String, Vec<u8>)> {
    let folder = tempfile::tempdir().expect("a folder");
    let offline = Offline::open(store).expect("readable");
    export::export(offline.archive(), folder.path(), false).expect("exported");
    let files = std::fs::read_dir(folder.path()).expect("readable").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<(String, Vec<u8>)> = files
        .map(|path| {
            (
                path.display().to_string().rsplit('/').next().unwrap_or("").to_owned(),
                std::fs::read(&path).expect("readable"),
            )
        })
        .collect();
    files.sort();
    files
}

fn answers(service: &Service) -> Vec<Value> {
    let queries = [
        "limit=500&sort=id&facets=collection,mission,level,body,access",
        "limit=500&q=ice&facets=level",
        "limit=500&bbox=100,-40,-100,40&sort=-time",
        "limit=500&property=eo:cloud_cover%3C30&sort=property:eo:cloud_cover",
        "limit=500&kind=collection,product&sort=updated",
        "limit=500&datetime=2020-03-01T00:00:00Z/2020-09-01T00:00:00Z",
    ];
    let mut answers: Vec<Value> = Vec::new();
    for query in queries {
        let page = service.search(query);
        answers.push(serde_json::json!([page["matched"], page["facets"], page["records"]]));
    }
    answers.push(service.get("/api/v1/collections/c/products/p0005/revisions").json());
    answers.push(service.get("/stac/search?limit=300&collections=c").json()["numberMatched"].clone());
    answers
}

fn filled() -> (Store, Service) {
    let (store, service) = service();
    service.ingest(lines("c", 0..250));
    for n in [5, 6, 7] {
        let path = format!("/api/v1/collections/c/products/p{n:04}");
        service.put(&path, numbered("c", n).replace("Scene", "Frame")).expect_status(200);
    }
    for n in [7, 8] {
        service.delete(&format!("/api/v1/collections/c/products/p{n:04}")).expect_status(200);
    }
    service.put("/api/v1/collections/c/products/p0008", product("c", "p0008")).expect_status(201);
    service.put("/api/v1/collections/c/products/p0009/files/f", "bytes").expect_status(200);
    (store, service)
}

#[test]
fn a_reindex_from_nothing_leaves_export_results_and_counts_identical() {
    let (store, service) = filled();
    let before = answers(&service);
    drop(service);
    let files = exported(&store.path());
    assert!(files.iter().any(|(name, bytes)| name == "records.ndjson" && bytes.len() > 10_000), "{:?}", files.len());
    std::fs::remove_dir_all(store.path().join("index")).expect("deleted");
    let done = rebuild::reindex(&store.path(), &options()).expect("rebuilt");
    assert_eq!(done.documents, 250);
    assert_eq!(exported(&store.path()), files);
    let service = store.serve();
    assert_eq!(answers(&service), before);
    assert_eq!(service.get("/api/v1/collections/c/products/p0009/files/f").expect_status(200).text(), "bytes");
    let health = service.get("/health").json();
    assert_eq!((health["status"].as_str(), health["indexes"]["text"]["lag"].as_u64()), (Some("ok"), Some(0)));
}

#[test]
fn a_reindex_beside_a_running_service_is_refused() {
    let (store, service) = filled();
    assert!(rebuild::reindex(&store.path(), &options()).is_err());
    let before = answers(&service);
    drop(service);
    rebuild::reindex(&store.path(), &options()).expect("rebuilt");
    assert_eq!(answers(&store.serve()), before);
}

#[test]
fn an_export_is_read_beside_a_running_service() {
    let (store, service) = filled();
    let before = exported(&store.path());
    service.put("/api/v1/collections/c/products/new", product("c", "new")).expect_status(201);
    let after = exported(&store.path());
    assert_ne!(before, after);
    let records = after.iter().find(|(name, _)| name == "records.ndjson").expect("exported");
    assert!(String::from_utf8_lossy(&records.1).lines().any(|line| line == product("c", "new")));
}
