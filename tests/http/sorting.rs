//! The order of results on every face: by every sortable, page by page; and what has no order.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::records::{collection, lines, product};
use crate::support::{Service, Store, service};

const RECORDS: u32 = 40;

/// Numbered products and one that has a title alone.
fn filled() -> (Store, Service) {
    let (store, service) = service();
    service.ingest(format!("{}{}\n", lines("c", 0..RECORDS), product("c", "bare")));
    service.post("/api/v1/collections", collection("b")).expect_status(201);
    (store, service)
}

/// List of sortables, a search in pages, and the member that holds what was found.
const FACES: [(&str, &str, &str); 4] = [
    ("/api/v1/sortables", "/api/v1/search?collection=c&limit=17&sort=", "records"),
    ("/stac/sortables", "/stac/search?limit=17&sortby=", "features"),
    ("/stac/collections/c/sortables", "/stac/collections/c/items?limit=17&sortby=", "features"),
    ("/records/collections/c/sortables", "/records/collections/c/items?limit=17&sortby=", "features"),
];

/// What all pages of a search hold, in order.
fn found(service: &Service, address: &str, member: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), Some(address.to_owned()));
    while let Some(address) = next {
        let page = service.get(&address).expect_status(200).json();
        found.extend(page[member].as_array().expect("a list").clone());
        let link = page["links"].as_array().expect("links").iter().find(|link| link["rel"] == "next");
        next = link.map(|link| link["href"].as_str().expect("an address").to_owned());
    }
    found
}

fn sortables(service: &Service, address: &str) -> Vec<String> {
    let schema = service.get(address).expect_status(200).json();
    schema["properties"].as_object().expect("members").keys().cloned().collect()
}

/// What a record has in the place that it is sorted by.
type ValueOf<'f> = &'f dyn Fn(&Value) -> Value;

#[test]
fn every_sortable_gives_every_record_once_in_either_direction() {
    let (_store, service) = filled();
    for (list, search, member) in FACES {
        let names = sortables(&service, list);
        assert!(["id", "title", "orbit"].iter().all(|name| names.iter().any(|known| known == name)), "{names:?}");
        for name in names {
            let [up, down] = ["", "-"].map(|sign| found(&service, &format!("{search}{sign}{name}"), member));
            for records in [&up, &down] {
                let ids: BTreeSet<&str> = records.iter().map(|record| record["id"].as_str().expect("an id")).collect();
                assert_eq!((records.len(), ids.len()), (41, 41), "{search}{name}");
            }
        }
    }
}

#[test]
fn titles_labels_and_ends_come_in_their_order_and_missing_ones_last() {
    let (_store, service) = filled();
    let order = |sort: &str, value: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        found(&service, &format!("/api/v1/search?collection=c&limit=17&sort={sort}"), "records")
            .iter()
            .map(value)
            .collect()
    };
    let title = |record: &Value| record["title"].clone();
    let level = |record: &Value| record["level"]["normalised"].clone();
    let stop = |record: &Value| record["time"]["stop"].clone();
    let sorted = |values: &[Value], descending: bool| {
        let mut texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        texts.sort_unstable();
        if descending {
            texts.reverse();
        }
        texts
            .into_iter()
            .map(|text| json!(text))
            .chain(values.iter().filter(|value| value.is_null()).cloned())
            .collect()
    };
    let cases: [(&str, ValueOf<'_>); 5] = [
        ("title", &title),
        ("level,-title", &level),
        ("end_datetime", &stop),
        ("property:orbit", &|record| {
            record["properties"]["orbit"].as_u64().map_or(Value::Null, |n| json!(format!("{n:04}")))
        }),
        ("mission", &|record| record["missions"][0]["label"].clone()),
    ];
    for (sort, value) in cases {
        for (sign, descending) in [("", false), ("-", true)] {
            let values = order(&format!("{sign}{sort}"), value);
            let expected: Vec<Value> = sorted(&values, descending);
            assert_eq!(values, expected, "{sign}{sort}");
        }
    }
    let titles = found(&service, "/stac/collections?sortby=-title", "collections");
    assert_eq!(titles.iter().map(|collection| collection["id"].clone()).collect::<Vec<_>>(), ["c", "b"]);
}

#[test]
fn what_has_no_order_or_is_unknown_is_refused() {
    let (_store, service) = filled();
    for (_, search, _) in FACES {
        for (name, words) in
            [("description", "no order"), ("geometry", "no order"), ("-orbitt", "nearest names: orbit")]
        {
            let problem = service.get(&format!("{search}{name}")).expect_problem(400, "bad-parameter");
            assert!(problem["detail"].as_str().expect("a detail").contains(words), "{search}{name}: {problem}");
        }
    }
    let post = |field: &str| service.post("/stac/search", json!({ "sortby": [{ "field": field }] }).to_string());
    post("properties.title").expect_status(200);
    post("orbitt").expect_problem(400, "bad-parameter");
    service.get("/stac/collections?sortby=orbitt").expect_problem(400, "bad-parameter");
    service.get("/records/collections/catalogue/items?sortby=orbitt").expect_problem(400, "bad-parameter");
    service.get("/api/v1/search?property=orbitt%3C5").expect_problem(400, "bad-parameter");
}

#[test]
fn words_can_be_asked_for_in_titles_and_identifiers_of_products() {
    let (_store, service) = filled();
    let ids = |query: &str| -> Vec<Value> {
        let found = found(&service, &format!("/api/v1/search?limit=17&q={query}"), "records");
        found.iter().map(|record| record["id"].clone()).collect()
    };
    assert_eq!(ids("title%3Aice").len(), (0..RECORDS).filter(|n| n % 3 == 2).count());
    assert_eq!(ids("title%3Abare"), ["bare"]);
    assert_eq!(ids("title%3Aenvisat").len(), 0);
    assert_eq!(ids("id%3Ap0007"), ["p0007"]);
    assert_eq!(ids("id%3Ap000*").len(), 10);
    assert_eq!(ids("id%3Aice").len(), 0);
    assert_eq!(ids("description%3Aice").len(), 0);
    assert_eq!(ids("title%3A%22over%20ice%22%20AND%20id%3Ap0002"), ["p0002"]);
    let advanced = service.get("/stac/search?q=title%3Aice%20AND%20id%3Ap0005").expect_status(200).json();
    assert_eq!(advanced["features"][0]["id"], "p0005");
    assert_eq!(advanced["numberMatched"], 1);
}
