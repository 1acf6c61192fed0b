//! Search over the native interface.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::records::{collection, lines};
use crate::support::{Service, Store, service};

fn filled(count: u32) -> (Store, Service) {
    let (store, service) = service();
    let results = service.ingest(lines("c", 0..count));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    (store, service)
}

fn ids(page: &Value) -> Vec<String> {
    let records = page["records"].as_array().expect("records").iter();
    records.map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}

fn matched(service: &Service, query: &str) -> u64 {
    service.search(query)["matched"].as_u64().expect("a count")
}

fn facet(page: &Value, name: &str) -> BTreeMap<String, u64> {
    let counts =
        page["facets"][name]["buckets"].as_array().unwrap_or_else(|| panic!("no facet {name} in {page}")).iter();
    counts
        .map(|each| (each["value"].as_str().expect("text").to_owned(), each["count"].as_u64().expect("a count")))
        .collect()
}

fn next(page: &Value) -> Option<String> {
    let mut links = page["links"].as_array().expect("links").iter();
    links.find(|link| link["rel"] == "next").map(|link| link["href"].as_str().expect("text").to_owned())
}

/// All pages of a search, in order.
fn pages(service: &Service, query: &str) -> Vec<Value> {
    let mut pages = vec![service.search(query)];
    while let Some(href) = next(pages.last().expect("one at least")) {
        pages.push(service.get(&href).expect_status(200).json());
    }
    pages
}

#[test]
fn conditions_of_every_kind_find_what_they_say() {
    let (_store, service) = filled(400);
    let count = |test: &dyn Fn(u32) -> bool| (0..400).filter(|n| test(*n)).count() as u64;
    let cases: Vec<(&str, u64)> = vec![
        ("", 400),
        ("q=ice", count(&|n| n % 3 == 2)),
        ("q=scene%20AND%20ice", count(&|n| n % 3 == 2)),
        ("q=scene%20ice", 400),
        ("q=scene%20-ice", count(&|n| n % 3 != 2)),
        ("q=%22over%20ice%22", count(&|n| n % 3 == 2)),
        ("q=nowhere", 0),
        ("ids=p0007,p0008,none", 2),
        ("collection=c", 400),
        ("mission=Envisat", 200),
        ("mission=Envisat,ERS-2", 400),
        ("mission=Envisat&level=L2", count(&|n| n % 6 == 2)),
        ("level=L9", 0),
        ("datetime=2020-01-01T00:00:00Z/2020-01-31T00:00:00Z", 28),
        ("datetime=2020-01-03T00:30:00Z", 1),
        ("datetime=../2020-02-01T00:00:00Z", 29),
        ("datetime=2021-01-01T00:00:00Z/..", 64),
        ("property=orbit%3C10", 10),
        ("property=orbit%3E=10&property=orbit%3C20", 10),
        ("property=eo:cloud_cover=0.5", count(&|n| n % 101 == 0)),
        ("property=orbit!=5", 399),
        ("kind=collection", 1),
        ("kind=collection,product", 401),
        ("body=earth", 400),
        ("body=mars", 0),
        ("body=mars&bbox=-180,-90,180,90", 0),
    ];
    for (query, expected) in cases {
        assert_eq!(matched(&service, query), expected, "{query}");
    }
}

#[test]
fn a_box_may_cross_the_antimeridian() {
    let (_store, service) = service();
    let at = |id: &str, bbox: [f64; 4]| {
        json!({ "id": id, "kind": "product", "collection": "c", "space": [{ "body": "earth", "bbox": bbox }] })
            .to_string()
    };
    let records = [
        at("east", [176.0, 0.0, 178.0, 1.0]),
        at("west", [-178.0, 0.0, -176.0, 1.0]),
        at("across", [179.0, 0.0, -179.0, 1.0]),
        at("greenwich", [-1.0, 0.0, 1.0, 1.0]),
        at("world", [-180.0, -90.0, 180.0, 90.0]),
    ];
    service.ingest(records.join("\n"));
    let cases = [
        ("175,-10,-175,10", vec!["across", "east", "west", "world"]),
        ("-10,-10,10,10", vec!["greenwich", "world"]),
        ("-175,-10,175,10", vec!["greenwich", "world"]),
        ("179.5,0,180,1", vec!["across", "world"]),
        ("-180,0,-179.5,1", vec!["across", "world"]),
        ("-180,-90,180,90", vec!["across", "east", "greenwich", "west", "world"]),
        ("175,0,0,-175,10,0", vec!["across", "east", "west", "world"]),
        ("100,50,110,60", vec!["world"]),
    ];
    for (bbox, expected) in cases {
        assert_eq!(ids(&service.search(&format!("bbox={bbox}&sort=id"))), expected, "{bbox}");
    }
}

#[test]
fn facets_count_all_matches_and_not_the_page() {
    let (_store, service) = filled(300);
    let page = service.search("limit=1&facets=mission,level,collection&mission=Envisat");
    assert_eq!(page["matched"], 150);
    let single = service.search("limit=0&facets=mission&mission=Envisat&facet_mode=single");
    assert_eq!(facet(&single, "mission"), [("Envisat".to_owned(), 150)].into());
    assert_eq!(single["records"], json!([]));
    // What else could be chosen stays in sight.
    assert_eq!(facet(&page, "mission").values().sum::<u64>(), 300);
    assert_eq!(facet(&page, "mission").len(), 2);
    assert_eq!(facet(&page, "level"), ["L0", "L1", "L2"].map(|level| (level.to_owned(), 50)).into());
    assert_eq!(facet(&page, "collection"), [("c".to_owned(), 150)].into());
    assert!(service.search("count=none").get("matched").is_none());
}

#[test]
fn results_come_in_the_order_asked_for() {
    let (_store, service) = filled(120);
    let sorted = |query: &str| ids(&service.search(&format!("limit=200&{query}")));
    let ascending: Vec<String> = (0..120).map(|n| format!("p{n:04}")).collect();
    let descending: Vec<String> = ascending.iter().rev().cloned().collect();
    for (query, expected) in [
        ("sort=id", &ascending),
        ("sort=-id", &descending),
        ("sort=time", &ascending),
        ("sort=-time", &descending),
        ("sort=property:orbit", &ascending),
        ("sort=-property:orbit", &descending),
        ("sort=updated", &ascending),
    ] {
        assert_eq!(&sorted(query), expected, "{query}");
    }
    let by_level = sorted("sort=property:eo:cloud_cover,-id");
    assert_eq!(by_level[..3], ["p0101", "p0000", "p0102"]);
}

#[test]
fn every_match_is_on_exactly_one_page() {
    let (_store, service) = filled(257);
    for query in [
        "limit=10",
        "limit=7&sort=id",
        "limit=50&sort=-time",
        "limit=10&q=scene",
        "limit=10&sort=property:eo:cloud_cover&mission=Envisat",
        "limit=100&sort=updated&q=ice",
    ] {
        let pages = pages(&service, query);
        let mut seen: Vec<String> = pages.iter().flat_map(ids).collect();
        assert_eq!(seen.len() as u64, pages[0]["matched"].as_u64().expect("a count"), "{query}");
        assert!(pages.iter().all(|page| page["matched"] == pages[0]["matched"]), "{query}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len() as u64, pages[0]["matched"].as_u64().expect("a count"), "{query}");
    }
}

#[test]
fn a_token_is_bound_to_its_search() {
    let (_store, service) = filled(30);
    let next = next(&service.search("limit=10&sort=id")).expect("more");
    let token = next.split("token=").nth(1).expect("a token").to_owned();
    for query in [
        format!("limit=10&sort=-id&token={token}"),
        format!("limit=10&sort=id&mission=Envisat&token={token}"),
        format!("limit=10&sort=id&token={token}x"),
    ] {
        service.get(&format!("/api/v1/search?{query}")).expect_problem(400, "bad-token");
    }
    let (_other_store, other) = filled(30);
    other.get(&next.replace(&service.url, &other.url)).expect_problem(400, "bad-token");
}

#[test]
fn paging_goes_on_while_others_write() {
    let (_store, service) = filled(40);
    let first = service.search("limit=10&sort=id");
    service.ingest(lines("c", 40..60));
    service.delete("/api/v1/collections/c/products/p0015").expect_status(200);
    let mut seen = ids(&first);
    let mut href = next(&first);
    while let Some(address) = href {
        let page = service.get(&address).expect_status(200).json();
        assert_eq!(page["sequence"], first["sequence"]);
        seen.extend(ids(&page));
        href = next(&page);
    }
    let unique: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!(unique.len(), seen.len());
    assert!((0..40).filter(|n| *n != 15).all(|n| seen.contains(&format!("p{n:04}"))));
}

/// What must be the same whatever happened to the index.
fn answers(service: &Service, tokens: &[String]) -> Vec<String> {
    let queries = [
        "limit=25&sort=id&facets=mission,level,collection,body,access,keyword",
        "limit=25&q=ice&facets=mission,level",
        "limit=25&sort=-time&bbox=-20,-40,60,40",
        "limit=25&sort=property:eo:cloud_cover",
        "limit=25",
        "limit=25&q=scene%20over",
    ];
    let mut answers: Vec<String> = Vec::new();
    for query in queries {
        let pages = pages(service, query);
        let shown = |page: &Value| json!([page["matched"], page["facets"], page["records"]]).to_string();
        answers.extend(pages.iter().map(shown));
    }
    for token in tokens {
        let page = service.search(token);
        answers.push(json!([page["matched"], page["facets"], page["records"], page["sequence"]]).to_string());
    }
    answers
}

#[test]
fn tokens_results_and_counts_are_the_same_after_merges_restarts_and_reindexing() {
    let (store, service) = service();
    // Many small commits make many segments to merge; edits and deletions make some documents void.
    for n in 0..30 {
        service.ingest(lines("c", n * 10..n * 10 + 10));
    }
    for n in (0..300).step_by(17) {
        service.delete(&format!("/api/v1/collections/c/products/p{n:04}")).expect_status(200);
    }
    service.put("/api/v1/collections/d", collection("d")).expect_status(201);
    let tokens: Vec<String> =
        ["limit=25&sort=id&facets=level", "limit=25&q=ice", "limit=25&sort=-time", "limit=25&sort=-property:orbit"]
            .iter()
            .map(|query| next(&service.search(query)).expect("more").split_once('?').expect("a query").1.to_owned())
            .collect();
    let expected = answers(&service, &tokens);
    // Writing and deleting again what no query sees makes tantivy merge.
    for n in 0..40 {
        let path = format!("/api/v1/collections/d/products/x{n}");
        service.put(&path, crate::support::records::product("d", &format!("x{n}"))).expect_status(201);
        service.delete(&path).expect_status(200);
    }
    assert_eq!(answers(&service, &tokens), expected, "after merges");
    drop(service);
    let service = store.serve();
    assert_eq!(answers(&service, &tokens), expected, "after a restart");
    drop(service);
    std::fs::remove_dir_all(store.path().join("index")).expect("deleted");
    let service = store.serve();
    assert_eq!(answers(&service, &tokens), expected, "after reindexing");
}

#[test]
fn what_was_answered_is_found_at_once() {
    let (_store, service) = service();
    for n in 0..50 {
        let path = format!("/api/v1/collections/c/products/v{n}");
        service
            .put(&path, format!(r#"{{"id":"v{n}","kind":"product","collection":"c","title":"word{n}"}}"#))
            .expect_status(201);
        assert_eq!(matched(&service, &format!("q=word{n}")), 1);
        service.delete(&path).expect_status(200);
        assert_eq!(matched(&service, &format!("q=word{n}")), 0);
    }
}
