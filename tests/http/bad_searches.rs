//! Bad input to the searches of every face: refused with the place of the fault, and soon.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::records::{collection, lines};
use crate::support::{Service, Store, service};

/// Searches by GET, up to their parameters.
const SEARCHES: [&str; 6] = [
    "/api/v1/search?",
    "/stac/search?",
    "/stac/collections?",
    "/stac/collections/c/items?",
    "/records/collections/c/items?",
    "/records/collections/catalogue/items?",
];

/// No refusal takes longer in a debug build.
const SOON: Duration = Duration::from_secs(10);

fn filled() -> (Store, Service) {
    let (store, service) = service();
    service.ingest(lines("c", 0..20));
    service.post("/api/v1/collections", collection("b")).expect_status(201);
    (store, service)
}

fn encoded(text: &str) -> String {
    perennial::model::uri::encode(text)
}

/// Asks every face that is not named among `but`, and gives the details of the refusals.
fn refused(service: &Service, parameters: &str, but: &[&str]) -> Vec<String> {
    let asked = SEARCHES.iter().filter(|search| !but.contains(search));
    asked
        .map(|search| {
            let begun = Instant::now();
            let answer = service.get(&format!("{search}{parameters}"));
            assert!(begun.elapsed() < SOON, "{search}{parameters:.60} took {:?}", begun.elapsed());
            assert_eq!(answer.status, 400, "{search}{parameters:.200}: {}", answer.text());
            answer.json()["detail"].as_str().expect("a detail").to_owned()
        })
        .collect()
}

#[test]
fn filters_beyond_a_limit_or_without_sense_are_refused_with_their_place() {
    let (_store, service) = filled();
    let nested = format!("{}id = 'a'{}", "(".repeat(5_000), ")".repeat(5_000));
    let cases = [
        (nested.as_str(), "at byte 64"),
        (&"NOT ".repeat(5_000), "at byte"),
        (&format!("id=1{}", " OR id=1".repeat(2_500)), "at most 2000"),
        (&format!("id LIKE '{}'", "%a".repeat(257)), "512 bytes"),
        ("id = 'a' AND orbitt < 5", "at byte 13: no"),
        ("id = 'orbitt' OR orbitt IS NULL", "at byte 17: no"),
        ("orbit = 1e999", "at byte"),
        ("orbit < ", "at byte"),
        ("updated > DATE('0000-01-01')", "years 1 to 9998"),
        ("datetime < TIMESTAMP('9999-12-31T00:00:00Z')", "years 1 to 9998"),
        ("updated > DATE('2021-02-30')", "at byte"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3))", "at byte 23"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3,4,5))", "at byte 23"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 1, 0 0.5)))", "the last position of a ring equals the first"),
        ("S_INTERSECTS(geometry, POINT(0 91))", "latitude -90 to 90"),
        ("frob(id) = 1", "\"frob\""),
    ];
    for (filter, words) in cases {
        // What collections lack is known to no catalogue of them either.
        for detail in refused(&service, &format!("filter={}", encoded(filter)), &[]) {
            assert!(detail.contains(words), "{filter:.80}: {detail}");
        }
    }
    let json = format!("{}true{}", r#"{"op":"not","args":["#.repeat(5_000), "]}".repeat(5_000));
    refused(
        &service,
        &format!("filter-lang=cql2-json&filter={}", encoded(r#"{"op":"=","args":[{"property":"id"},NaN]}"#)),
        &[],
    );
    for address in ["/api/v1/search", "/stac/search"] {
        for filter in [json.clone(), format!("\"{}\"", "x".repeat(1 << 20)), "NaN".to_owned(), "[".repeat(5_000)] {
            let begun = Instant::now();
            let answer = service.post(address, format!(r#"{{"filter":{filter}}}"#));
            assert!([400, 413].contains(&answer.status), "{address} {filter:.40}: {}", answer.text());
            assert!(begun.elapsed() < SOON, "{address} {filter:.40}");
        }
    }
}

#[test]
fn patterns_that_could_take_for_ever_are_answered_soon() {
    let (_store, service) = filled();
    let begun = Instant::now();
    for search in SEARCHES {
        let pattern = format!("CASEI(id) LIKE CASEI('{}z')", "%a".repeat(250));
        service.get(&format!("{search}filter={}", encoded(&pattern))).expect_status(200);
        service.get(&format!("{search}filter={}", encoded("title LIKE '%_%_%_%_%_%_%_%_%z%'"))).expect_status(200);
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[test]
fn texts_places_and_times_without_sense_are_refused() {
    let (_store, service) = filled();
    let many: Vec<String> = (0..300).map(|n| format!("w{n}")).collect();
    for text in ["*", "!!", "((()))", &many.join(","), &"x".repeat(10_001)] {
        refused(&service, &format!("q={}", encoded(text)), &[]);
    }
    let plain = ["/records/collections/c/items?", "/records/collections/catalogue/items?"];
    let details = refused(&service, &format!("q={}", encoded(&format!("a AND {}b", "(".repeat(4_900)))), &plain);
    assert!(details.iter().all(|detail| detail.contains("at byte")), "{details:?}");
    for text in [
        "bbox=1,2,3",
        "bbox=1,2,3,4,5",
        "bbox=1,2,3,4,5,6,7",
        "bbox=nan,0,1,1",
        "bbox=0,2,1,1",
        "bbox=0,-91,1,1",
        "bbox=1,2,9,3,4,5",
        "datetime=yesterday",
        "datetime=../..",
        "datetime=2021-01-01T00:00:00Z/2020-01-01T00:00:00Z",
        "datetime=2021-13-01T00:00:00Z",
        "limit=0x",
        "limit=-1",
        "count=maybe",
    ] {
        refused(&service, text, &[]);
    }
}

#[test]
fn a_token_of_another_question_or_altered_is_refused_by_every_face() {
    let (_store, service) = filled();
    for search in SEARCHES {
        let page = service.get(&format!("{search}limit=1")).expect_status(200).json();
        let links = page["links"].as_array().expect("links").iter();
        let next: Vec<&Value> = links.filter(|link| link["rel"] == "next").collect();
        let href = next[0]["href"].as_str().expect("an address");
        service.get(href).expect_status(200);
        let token = href.split("token=").nth(1).and_then(|rest| rest.split('&').next()).expect("a token");
        let swapped: String = token.chars().rev().collect();
        for asked in [
            format!("limit=1&bbox=0,0,1,1&token={token}"),
            format!("limit=1&datetime=2020-01-01T00:00:00Z&token={token}"),
            format!("limit=1&token={swapped}"),
            format!("limit=1&token={token}A"),
            format!("limit=1&token={}", &token[1..]),
            format!("limit=1&token={}", "A".repeat(9_000)),
        ] {
            service.get(&format!("{search}{asked}")).expect_problem(400, "bad-token");
        }
    }
    let body = json!({ "limit": 1, "token": "AAAA" }).to_string();
    service.post("/stac/search", body).expect_problem(400, "bad-token");
}
