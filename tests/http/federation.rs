//! Federated search over real peers and over sources that behave badly: nothing is lost, repeated or taken for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use perennial::catalogue::Options;
use perennial::federation::outbound;
use serde_json::{Value, json};

use crate::support::records::collection;
use crate::support::{Service, Store, options, service};

/// Sources may be on this machine.
fn outward() -> Options {
    let mut options = options();
    options.settings.outbound = outbound::Settings { allow_private: true, authorities: None };
    options
}

fn asking() -> (Store, Service) {
    let store = Store::new();
    let service = store.serve_with(&outward());
    (store, service)
}

/// A product of which the number says when it was made.
fn product(id: &str, number: u32) -> String {
    let (day, hour) = (number / 24 + 1, number % 24);
    json!({"kind": "product", "id": id, "collection": "c", "title": format!("Scene {number} of the sea"),
        "time": {"start": format!("2020-01-{day:02}T{hour:02}:00:00Z"), "stop": format!("2020-01-{day:02}T{hour:02}:30:00Z")},
        "properties": {"eo:cloud_cover": number}})
    .to_string()
}

fn fill(service: &Service, numbers: impl Iterator<Item = u32>) {
    let lines: Vec<String> = numbers.map(|number| product(&format!("p{number}"), number)).collect();
    service.ingest([vec![collection("c")], lines].concat().join("\n"));
}

fn add_source(service: &Service, id: &str, protocol: &str, url: &str) {
    let record = json!({"kind": "source", "id": id, "title": id, "protocol": protocol, "url": url});
    service.put(&format!("/api/v1/records/source/{id}"), record.to_string()).expect_status(201);
}

/// The hits of all pages: id, and where it was found.
fn all(service: &Service, query: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    let mut next = Some(format!("/federation/search?{query}"));
    for _ in 0..200 {
        let Some(address) = next else { return found };
        let page = service.get(&address).expect_status(200).json();
        assert_eq!(page["complete"], true, "{}", page["sources"]);
        for hit in page["hits"].as_array().expect("hits") {
            let also = hit["also_at"].as_array().expect("a list").iter();
            let places = also.chain([hit]).map(|place| place["source"].as_str().expect("a name").to_owned());
            found.push((hit["id"].as_str().expect("an id").to_owned(), places.collect()));
        }
        next = link(&page, "next");
    }
    panic!("no end");
}

fn link(page: &Value, rel: &str) -> Option<String> {
    let link = page["links"].as_array()?.iter().find(|link| link["rel"] == rel)?;
    Some(link["href"].as_str()?.to_owned())
}

fn outcomes(page: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    page["sources"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|each| (text(&each["source"]), text(&each["outcome"])))
        .collect()
}

#[test]
fn one_search_over_peers_equals_the_union_made_by_hand() {
    let (_a_store, a) = service();
    let (_b_store, b) = service();
    let (_store, here) = asking();
    fill(&here, (0..60).filter(|n| n % 2 == 0));
    fill(&a, (0..60).filter(|n| n % 3 == 0));
    fill(&b, (0..60).filter(|n| n % 5 == 0));
    add_source(&here, "a", "perennial", &a.url);
    add_source(&here, "b", "stac", &format!("{}/stac", b.url));
    let expected: BTreeMap<String, BTreeSet<String>> = (0..60_u32)
        .filter_map(|n| {
            let places = [("local", 2), ("a", 3), ("b", 5)].iter().filter(|(_, step)| n % step == 0);
            let places: BTreeSet<String> = places.map(|(name, _)| (*name).to_owned()).collect();
            (!places.is_empty()).then(|| (format!("p{n}"), places))
        })
        .collect();
    for query in ["limit=7", "limit=500", "q=sea&limit=9", "sort=id&limit=11", "sort=-property:eo:cloud_cover&limit=13"]
    {
        let found = all(&here, query);
        assert_eq!(found.len(), expected.len(), "{query}: each once");
        let found: BTreeMap<String, BTreeSet<String>> = found.into_iter().collect();
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{query}");
        if query.starts_with("sort") || query == "limit=500" {
            assert_eq!(found, expected, "{query}: the same stand together");
        }
    }
    let ids: Vec<u32> = all(&here, "limit=8").into_iter().map(|(id, _)| id[1..].parse().expect("a number")).collect();
    assert!(ids.is_sorted_by(|left, right| left > right), "newest first over all pages: {ids:?}");
    let few = all(&here, "property=eo:cloud_cover%3C10&sort=property:eo:cloud_cover");
    let few: Vec<&str> = few.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(few, ["p0", "p2", "p3", "p4", "p5", "p6", "p8", "p9"]);
    let page = here.get("/federation/search?limit=500").json();
    assert_eq!((&page["matched"], &page["matched_at_most"]), (&json!(expected.len()), &json!(30 + 20 + 12)));
    here.get("/federation/search?sources=nobody").expect_problem(400, "bad-parameter");
    here.get("/federation/search?timeout=60").expect_status(400);
    here.get("/federation/search?facets=mission").expect_status(400);
    here.get("/federation/search?token=x").expect_status(400);
}

/// Answers every request on a thread of its own.
fn fake(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let answer = std::sync::Arc::clone(&answer);
            std::thread::spawn(move || {
                let mut head = [0; 8_192];
                let read = stream.read(&mut head).unwrap_or(0);
                let _ = stream.write_all(&answer(&String::from_utf8_lossy(&head[..read])));
            });
        }
    });
    url
}

fn http(status: &str, media_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn every_failure_has_its_name_and_none_is_an_empty_answer() {
    let (_a_store, a) = service();
    let (_store, here) = asking();
    fill(&here, 0..3);
    fill(&a, 2..6);
    add_source(&here, "good", "perennial", &a.url);
    // A port that nobody listens at.
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    add_source(&here, "dead", "stac", &format!("http://{nobody}"));
    add_source(
        &here,
        "slow",
        "perennial",
        &fake(|_| {
            std::thread::sleep(Duration::from_secs(8));
            Vec::new()
        }),
    );
    add_source(&here, "garbage", "perennial", &fake(|_| http("200 OK", "text/html", "<p>Welcome")));
    add_source(&here, "empty-object", "perennial", &fake(|_| http("200 OK", "application/json", "{}")));
    add_source(&here, "angry", "perennial", &fake(|_| http("500 Oh no", "text/plain", "broken")));
    let deep = "[".repeat(200_000);
    add_source(&here, "deep", "perennial", &fake(move |_| http("200 OK", "application/json", &deep)));
    add_source(&here, "lister", "oai", &fake(|_| http("200 OK", "text/xml", "<OAI-PMH/>")));
    add_source(
        &here,
        "inward",
        "perennial",
        &fake(|_| b"HTTP/1.1 302 Found\r\nlocation: ftp://127.0.0.1/\r\ncontent-length: 0\r\n\r\n".to_vec()),
    );
    let record = product("p9", 9);
    let liar = format!(
        r#"{{"matched":1000000,"records":[{record}],"links":[{{"rel":"next","href":"/api/v1/search?token=x"}}]}}"#
    );
    add_source(&here, "cyclic", "perennial", &fake(move |_| http("200 OK", "application/json", &liar)));
    // Itself, under another name.
    add_source(&here, "mirror", "perennial", &here.url);
    let begun = Instant::now();
    let page = here.get("/federation/search?limit=20&timeout=2").expect_status(200).json();
    assert!(begun.elapsed() < Duration::from_secs(4), "it waited for the slow one");
    let expected = [
        ("angry", "http_error"),
        ("cyclic", "parse_error"),
        ("dead", "unreachable"),
        ("deep", "parse_error"),
        ("empty-object", "parse_error"),
        ("garbage", "parse_error"),
        ("good", "ok"),
        ("inward", "refused"),
        ("lister", "unsupported"),
        ("local", "ok"),
        ("mirror", "loop"),
        ("slow", "timeout"),
    ];
    let expected = expected.map(|(name, outcome)| (name.to_owned(), outcome.to_owned()));
    assert_eq!(outcomes(&page), BTreeMap::from(expected), "{}", page["sources"]);
    assert_eq!((&page["complete"], &page["matched"]), (&json!(false), &Value::Null));
    for source in page["sources"].as_array().expect("a list") {
        let is_answer = source["outcome"] == "ok";
        assert_eq!(source["matched"].is_null(), !is_answer, "a failure is no count: {source}");
        assert_eq!(source["detail"].is_null(), is_answer, "a failure says why: {source}");
    }
    let ids: Vec<&str> = page["hits"].as_array().expect("hits").iter().filter_map(|hit| hit["id"].as_str()).collect();
    assert_eq!(ids, ["p9", "p5", "p4", "p3", "p2", "p1", "p0"]);
    // The next question finds the breakers of the slow and the dead open, and waits for nobody.
    let begun = Instant::now();
    let page = here.get("/federation/search?limit=20").expect_status(200).json();
    assert!(begun.elapsed() < Duration::from_secs(2), "it waited again");
    assert_eq!((&outcomes(&page)["slow"][..], &outcomes(&page)["dead"][..]), ("breaker_open", "breaker_open"));
    let landing = here.get("/federation").expect_status(200).json();
    let slow = landing["sources"].as_array().expect("a list").iter().find(|source| source["id"] == "slow");
    assert_eq!(slow.expect("the source")["breaker"], "open");
    assert!(here.get("/federation?f=html").expect_status(200).text().contains("slow"));
}

#[test]
fn a_failed_source_is_asked_again_and_loses_nothing() {
    let (_a_store, a) = service();
    let (_store, here) = asking();
    fill(&here, 0..4);
    fill(&a, 10..14);
    let times = std::sync::atomic::AtomicUsize::new(0);
    let to = crate::support::Client::new(a.url.clone());
    let flaky = fake(move |asked| {
        if times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
            return http("502 Bad", "text/plain", "");
        }
        let path = asked.split(' ').nth(1).unwrap_or("/").to_owned();
        http("200 OK", "application/json", &to.get(&path).text())
    });
    add_source(&here, "flaky", "perennial", &flaky);
    let first = here.get("/federation/search?limit=3").expect_status(200).json();
    assert_eq!(outcomes(&first)["flaky"], "http_error");
    let mut ids: Vec<String> = Vec::new();
    let mut page = first;
    loop {
        ids.extend(
            page["hits"].as_array().expect("hits").iter().map(|hit| hit["id"].as_str().expect("an id").to_owned()),
        );
        let Some(next) = link(&page, "next") else { break };
        page = here.get(&next).expect_status(200).json();
    }
    ids.sort();
    assert_eq!(ids, ["p0", "p1", "p10", "p11", "p12", "p13", "p2", "p3"]);
}

#[test]
fn an_order_that_a_service_refuses_is_made_here() {
    let (_store, here) = asking();
    let picky = fake(|asked| {
        let path = asked.split(' ').nth(1).unwrap_or("/");
        let record = |id: &str, title: &str| {
            let properties = json!({"type": "dataset", "title": title});
            json!({"type": "Feature", "id": id, "geometry": null, "properties": properties})
        };
        let (first, second) = (record("x", "B"), record("y", "A"));
        let answer = match path {
            "/conformance" => json!({"conformsTo": ["http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/sorting"]}),
            path if path.contains("sortby=") => {
                return http("400 Bad", "application/json", r#"{"description": "bad sort property"}"#);
            }
            path if path.contains("offset=1") => json!({"features": [second]}),
            _ => json!({"features": [first], "links": [{"rel": "next", "href": "?offset=1"}]}),
        };
        http("200 OK", "application/json", &answer.to_string())
    });
    add_source(&here, "picky", "records", &format!("{picky}/collections/c"));
    for query in ["kind=collection&sources=picky&sort=title&limit=1", "kind=collection&sources=picky&limit=1"] {
        let found = all(&here, query);
        assert_eq!(found.len(), 2, "{query}");
        assert!(!query.contains("sort") || found[0].0 == "y", "{query}: {found:?}");
    }
}

#[test]
fn a_question_that_has_been_here_is_told_so() {
    let (_store, here) = asking();
    let instance = here.get("/federation").json()["instance"].as_str().expect("a name").to_owned();
    let path = format!("abc, {instance}");
    let asked = here.get_with("/federation/search", &[("perennial-federation-path", &path)]);
    asked.expect_problem(508, "federation-loop");
    here.get_with("/federation/search", &[("perennial-federation-path", "abc")]).expect_status(200);
    here.get_with("/federation/search", &[("perennial-federation-path", "a/../b")]).expect_status(400);
    let many = ["abc"; 9].join(",");
    here.get_with("/federation/search", &[("perennial-federation-path", &many)]).expect_status(508);
}
