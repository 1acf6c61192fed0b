//! Another Perennial as a source, by each protocol that it speaks: the same products arrive by all of them.

use perennial::catalogue::{HarvestOutcome, HarvestWish, Harvested};
use perennial::model::RecordId;
use serde_json::Value;

use super::asking;
use crate::support::records::{collection, lines, numbered, product};
use crate::support::{Service, Store};

const PRODUCTS: u32 = 30;

/// An archive with thirty products, and one with that archive as a source of this protocol.
fn peers(protocol: &str, face: &str, more: &str) -> (Store, Service, Store, Service) {
    let (there, peer) = (Store::new(), Store::new());
    let peer_service = peer.serve();
    peer_service.put("/api/v1/collections/c", collection("c")).expect_status(201);
    peer_service.ingest(lines("c", 0..PRODUCTS));
    settled();
    let service = there.serve_with(&asking());
    let url = format!("http://{}{face}", peer_service.address());
    let record = format!(
        r#"{{"kind":"source","id":"peer","protocol":"{protocol}","url":"{url}","mode":"harvest","rate":1000,"limits":{{"records":8}}{more}}}"#
    );
    service.put("/api/v1/records/source/peer", record).expect_status(201);
    (peer, peer_service, there, service)
}

/// OAI-PMH tells times in seconds, and the peer leaves out the one that goes on.
fn settled() {
    std::thread::sleep(std::time::Duration::from_millis(1_100));
}

fn run(service: &Service, full: bool) -> Harvested {
    let id = RecordId::parse("peer").expect("valid");
    service.catalogue().harvest(&id, HarvestWish { full, ..HarvestWish::default() }).expect("a run")
}

fn copies(service: &Service) -> u64 {
    service.search("scope=harvested:peer&limit=0")["matched"].as_u64().expect("a number")
}

fn copy(service: &Service, id: &str) -> Value {
    service.get(&format!("/api/v1/collections/harvested%3Apeer%3Ac/products/{id}")).json()
}

#[test]
fn another_perennial_is_copied_record_by_record_with_its_deletions() {
    let (_peer, peer, _there, service) = peers("perennial", "", "");
    peer.put("/api/v1/collections/c/products/p0003/files/f.txt", "bytes").expect_status(200);
    settled();
    let first = run(&service, false);
    assert_eq!(first.outcome, HarvestOutcome::Complete, "{first:?}");
    assert_eq!((first.counts.new as u64, first.counts.quarantined), (u64::from(PRODUCTS) + 1, 0), "{first:?}");
    assert_eq!((copies(&service), service.search("limit=0")["matched"].as_u64()), (u64::from(PRODUCTS), Some(0)));
    let file = &copy(&service, "p0003")["files"][0];
    assert_eq!((file["name"].as_str(), file.get("storage")), (Some("f.txt"), None), "the peer holds it: {file}");
    let href = file["href"].as_str().expect("an address").to_owned();
    let path = href.strip_prefix(&format!("http://{}", peer.address())).expect("at the peer");
    assert_eq!(peer.get(path).text(), "bytes");
    let original = peer.get("/api/v1/collections/c/products/p0004").text();
    assert_eq!(service.get("/api/v1/collections/harvested%3Apeer%3Ac/products/p0004/source").text(), original);

    peer.put("/api/v1/collections/c/products/p0005", numbered("c", 5).replace("Scene", "Frame")).expect_status(200);
    peer.put("/api/v1/collections/c/products/fresh", product("c", "fresh")).expect_status(201);
    peer.delete("/api/v1/collections/c/products/p0007").expect_status(200);
    settled();
    let second = run(&service, false);
    let counts = second.counts;
    assert_eq!((counts.new, counts.changed, counts.deleted), (1, 1, 1), "{second:?}");
    service.get("/api/v1/collections/harvested%3Apeer%3Ac/products/p0007").expect_status(410);
    // Nobody else changes a copy.
    let refused =
        service.put("/api/v1/collections/harvested%3Apeer%3Ac/products/p0008", product("harvested:peer:c", "p0008"));
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    let refused = service.delete("/api/v1/collections/harvested%3Apeer%3Ac/products/p0008");
    refused.expect_problem(422, "invalid");
}

#[test]
fn the_standard_faces_of_a_peer_are_listed_too() {
    for (protocol, face, more) in [
        ("oai", "/oai", ""),
        ("oai", "/oai", r#","harvest":{"format":"oai_dc"}"#),
        ("stac", "/stac", ""),
        ("records", "/records", ""),
        ("dcat", "/dcat", ""),
    ] {
        let (_peer, _peer_service, _there, service) = peers(protocol, face, more);
        let first = run(&service, false);
        assert_eq!(first.outcome, HarvestOutcome::Complete, "{protocol} {more}: {first:?}");
        assert!(first.counts.new >= PRODUCTS as usize, "{protocol} {more}: {first:?}");
        assert_eq!((first.counts.quarantined, first.doubt.clone()), (0, None), "{protocol} {more}: {first:?}");
        let again = run(&service, true);
        assert_eq!(
            (again.counts.new, again.counts.changed, again.counts.unchanged),
            (0, 0, first.counts.new),
            "{protocol} {more}: {again:?}"
        );
    }
}

#[test]
fn copies_change_no_answer_of_this_archive_and_are_asked_for_by_their_scope() {
    let (there, peer) = (Store::new(), Store::new());
    let peer_service = peer.serve();
    peer_service.put("/api/v1/collections/c", collection("c")).expect_status(201);
    peer_service.ingest(lines("c", 0..PRODUCTS));
    settled();
    let mut options = asking();
    options.settings.graph = crate::support::options_with_graph().settings.graph;
    let service = there.serve_with(&options);
    service.put("/api/v1/collections/c", collection("c")).expect_status(201);
    service.ingest(lines("c", 0..10));
    let url = format!("http://{}", peer_service.address());
    let record =
        format!(r#"{{"kind":"source","id":"peer","protocol":"perennial","url":"{url}","mode":"harvest","rate":1000}}"#);
    service.put("/api/v1/records/source/peer", record).expect_status(201);
    let of_products = "SELECT%20%28COUNT%28%3Fp%29%20AS%20%3Fn%29%20%7B%20%3Fp%20a%20dcat%3ADataset%20%7D";
    let asked = [
        "/api/v1/search?q=scene&limit=100&facets=mission,collection".to_owned(),
        "/api/v1/search?q=sea&limit=5".to_owned(),
        "/api/v1/collections".to_owned(),
        "/api/v1/suggest?q=sce".to_owned(),
        "/stac/search?limit=100".to_owned(),
        "/stac/collections".to_owned(),
        "/records/collections/catalogue/items?limit=100".to_owned(),
        "/api/v1/resolve?id=p0003".to_owned(),
        format!("/sparql?wait=graph&format=csv&query={of_products}"),
    ];
    let answers = |service: &Service| -> Vec<String> {
        let answer = |path: &String| service.get(path).expect_status(200).text().replace(&service.url, "");
        asked.iter().map(answer).map(|text| without_times(&text)).collect()
    };
    let before = answers(&service);
    service.get(&format!("/sparql?scope=harvested&wait=graph&query={of_products}")).expect_status(503);
    assert_eq!(run(&service, false).counts.new as u64, u64::from(PRODUCTS) + 1);
    let check = |service: &Service| {
        for (path, (before, after)) in asked.iter().zip(before.iter().zip(answers(service))) {
            assert_eq!(before, &after, "{path}");
        }
        assert_eq!(copies(service), u64::from(PRODUCTS));
        let address = format!("/sparql?scope=harvested&wait=graph&format=csv&query={of_products}");
        let patience = std::time::Instant::now();
        let mut found = service.get(&address);
        while found.status == 503 && patience.elapsed().as_secs() < 30 {
            found = service.get(&address);
        }
        assert_eq!(found.expect_status(200).text().lines().nth(1), Some("30"));
    };
    check(&service);
    service.put("/api/v1/collections/harvested%3Apeer%3Ac", collection("harvested:peer:c")).expect_status(422);
    service.delete("/api/v1/collections/harvested%3Apeer%3Ac/products/p0001").expect_status(422);
    service.get("/sparql?scope=mine&query=ASK%7B%7D").expect_status(400);
    service.get("/api/v1/search?scope=harvested%3A").expect_status(400);
    // All of it comes back from the archive alone.
    drop(service);
    std::fs::remove_dir_all(there.path().join("index")).expect("an index");
    let service = there.serve_with(&options);
    check(&service);
}

/// An answer without the moment at which it was made: the last sequence, and the time.
fn without_times(text: &str) -> String {
    ["\"sequence\":", "\"timeStamp\":"].iter().fold(text.to_owned(), |text, name| {
        let mut parts = text.split(name);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |kept, part| kept + name + &part[part.find([',', '}']).unwrap_or(part.len())..])
    })
}
