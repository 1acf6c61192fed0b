//! The change feed: lines, long polls and events, with deletions, and bounded for whoever does not read.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::raw::Raw;
use crate::support::{Service, records, service};

fn changes(service: &Service, query: &str) -> Vec<Value> {
    service.get(&format!("/api/v1/changes?{query}")).expect_status(200).lines()
}

#[test]
fn the_feed_has_every_event_with_its_digest_and_its_tombstone() {
    let (_store, service) = service();
    service.put("/api/v1/collections/c/products/a%2Fb", records::product("c", "a/b")).expect_status(201);
    service.delete("/api/v1/collections/c/products/a%2Fb").expect_status(200);
    let lines = changes(&service, "");
    let told: Vec<(u64, &str, &str)> = lines
        .iter()
        .map(|line| {
            (
                line["sequence"].as_u64().expect("one"),
                line["operation"].as_str().expect("one"),
                line["kind"].as_str().expect("one"),
            )
        })
        .collect();
    assert_eq!(told, [(1, "put", "collection"), (2, "put", "product"), (3, "delete", "product")]);
    assert_eq!(
        (&lines[1]["id"], &lines[1]["collection"], &lines[1]["scope"]),
        (&"a/b".into(), &"c".into(), &"local".into())
    );
    assert_eq!((&lines[2]["revision"], lines[2].get("digest")), (&2.into(), None));
    let href = lines[0]["href"].as_str().expect("an address").replace(&format!("http://{}", service.address()), "");
    let etag = service.get(&href).expect_status(200).header("etag");
    assert_eq!(etag, format!("\"{}\"", lines[0]["digest"].as_str().expect("a digest")));
    let answer = service.get("/api/v1/changes?since=1&limit=1").expect_status(200);
    assert_eq!((answer.header("perennial-sequence").as_str(), answer.lines().len()), ("2", 1));
    assert_eq!(changes(&service, "since=3").len(), 0);
    let other = service.get("/api/v1/changes?scope=harvested:x").expect_status(200);
    assert_eq!((other.lines().len(), other.header("perennial-sequence").as_str()), (0, "3"));
}

#[test]
fn what_the_feed_cannot_honour_is_refused() {
    let (_store, service) = service();
    for query in [
        "since=x",
        "since=-1",
        "limit=0",
        "limit=10001",
        "wait=61",
        "wait=x",
        "scope=",
        "scope=mine",
        "scope=harvested:",
        "x=1",
        "since=1&since=1",
        "since=2",
    ] {
        service.get(&format!("/api/v1/changes?{query}")).expect_problem(400, "bad-parameter");
    }
    service.get_with("/api/v1/changes", &[("last-event-id", "x")]).expect_problem(400, "bad-parameter");
    service.get_with("/api/v1/changes", &[("accept", "text/html")]).expect_problem(406, "not-acceptable");
}

#[test]
fn a_change_is_visible_within_a_second_to_whoever_waits() {
    let (_store, service) = service();
    let address = service.address();
    let mut waiting = Raw::connect(address);
    waiting.head("GET /api/v1/changes?since=1&wait=30", &[]);
    let mut following = Raw::connect(address);
    following.head("GET /api/v1/changes", &["Accept: text/event-stream", "Last-Event-ID: 1"]);
    assert!(following.until("\r\n\r\n").contains("text/event-stream"));
    let begun = Instant::now();
    service.put("/api/v1/collections/c/products/p", records::product("c", "p")).expect_status(201);
    assert!(following.until("\n\n").contains("id: 2\nevent: change\ndata: {\"sequence\":2,"));
    assert!(waiting.until("}\n").contains("\"sequence\":2"));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    service.delete("/api/v1/collections/c/products/p").expect_status(200);
    assert!(following.until("\n\n").contains("\"operation\":\"delete\""));
}

#[test]
fn a_long_poll_ends_without_news_and_the_service_ends_with_followers() {
    let (store, service) = service();
    let answer = service.get("/api/v1/changes?since=1&wait=1").expect_status(200);
    assert_eq!((answer.lines().len(), answer.header("perennial-sequence").as_str()), (0, "1"));
    let mut following = Raw::connect(service.address());
    following.head("GET /api/v1/changes?since=1", &["Accept: text/event-stream"]);
    following.until("\r\n\r\n");
    let begun = Instant::now();
    drop(service);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    drop(store.serve());
}

#[test]
fn no_more_clients_follow_than_there_are_places_for() {
    let (_store, service) = service();
    let follow = || {
        let mut client = Raw::connect(service.address());
        client.head("GET /api/v1/changes", &["Accept: text/event-stream"]);
        let head = client.until("\r\n\r\n");
        (head.starts_with("HTTP/1.1 200"), client)
    };
    let clients: Vec<(bool, Raw)> = (0..80).map(|_| follow()).collect();
    let served = clients.iter().filter(|(is_served, _)| *is_served).count();
    assert!((1..=64).contains(&served), "{served}");
    // Those who do not read hold nobody up.
    service.put("/api/v1/collections/c/products/p", records::product("c", "p")).expect_status(201);
    drop(clients);
    let freed = Instant::now();
    while !follow().0 {
        assert!(freed.elapsed() < Duration::from_secs(20), "places are not given back");
        std::thread::sleep(Duration::from_millis(50));
    }
}
