//! Times at their edges, on every face: the years 0 and 9999, open ends, instants at the ends of intervals.

use serde_json::{Value, json};

use crate::support::{Service, Store, service};

/// Searches of products, and the member that holds them.
const FACES: [(&str, &str); 4] = [
    ("/api/v1/search?", "records"),
    ("/stac/search?", "features"),
    ("/stac/collections/c/items?", "features"),
    ("/records/collections/c/items?", "features"),
];

fn filled() -> (Store, Service) {
    let (store, service) = service();
    let times = [
        ("a", json!({ "start": "2020-01-01T00:00:00Z" })),
        ("b", json!({ "start": "2020-01-01T00:00:00Z", "stop": "2020-02-01T00:00:00Z" })),
        ("c", json!({ "start": "2020-03-01T00:00:00Z", "open_end": true })),
        ("d", json!({ "start": "0000-01-01T00:00:00Z", "stop": "0000-12-31T23:59:59Z" })),
        ("e", json!({ "start": "9999-12-31T23:59:59Z" })),
    ];
    for (id, time) in times {
        let product = json!({ "kind": "product", "collection": "c", "id": id, "time": time });
        service.post("/api/v1/collections/c/products", product.to_string()).expect_status(201);
    }
    let timeless = json!({ "kind": "product", "collection": "c", "id": "f" }).to_string();
    service.post("/api/v1/collections/c/products", timeless).expect_status(201);
    (store, service)
}

fn found(service: &Service, face: (&str, &str), parameters: &str) -> String {
    let page: Value = service.get(&format!("{}{parameters}", face.0)).expect_status(200).json();
    let mut ids: Vec<&str> =
        page[face.1].as_array().expect("a list").iter().map(|record| record["id"].as_str().expect("an id")).collect();
    ids.sort_unstable();
    ids.concat()
}

#[test]
fn an_interval_holds_both_its_ends() {
    let (_store, service) = filled();
    let cases = [
        ("2020-01-01T00:00:00Z", "ab"),
        ("2020-01-01T01:00:00%2B01:00", "ab"),
        ("2020-02-01T00:00:00Z/2020-02-15T00:00:00Z", "b"),
        ("2020-02-01T00:00:00.000001Z/2020-02-15T00:00:00Z", ""),
        ("2019-12-01T00:00:00Z/2020-01-01T00:00:00Z", "ab"),
        ("2019-12-01T00:00:00Z/2019-12-31T23:59:59.999999Z", ""),
        ("2021-01-01T00:00:00Z/..", "ce"),
        ("2021-01-01T00:00:00Z/", "ce"),
        ("../0001-01-01T00:00:00Z", "d"),
        ("0000-12-31T23:59:59Z/2020-01-01T00:00:00Z", "abd"),
        ("9999-12-31T23:59:59Z", "ce"),
        ("0000-01-01T00:00:00Z/9999-12-31T23:59:59Z", "abcde"),
        ("../2020-01-01T00:00:00Z", "abd"),
    ];
    for face in FACES {
        for (interval, expected) in cases {
            assert_eq!(found(&service, face, &format!("datetime={interval}")), expected, "{face:?} {interval}");
        }
    }
}

#[test]
fn temporal_functions_tell_ends_apart_as_allen_does() {
    let (_store, service) = filled();
    let cases = [
        ("T_INTERSECTS(datetime, INTERVAL('2020-02-01T00:00:00Z','2020-02-15T00:00:00Z'))", "b"),
        ("T_INTERSECTS(datetime, DATE('2020-02-01'))", "b"),
        ("T_BEFORE(datetime, TIMESTAMP('2020-02-01T00:00:00Z'))", "ad"),
        ("T_AFTER(datetime, TIMESTAMP('2020-01-01T00:00:00Z'))", "ce"),
        ("T_DURING(datetime, INTERVAL('2020-01-01T00:00:00Z','2020-02-01T00:00:00Z'))", ""),
        ("T_DURING(datetime, INTERVAL('2019-12-31T23:59:59Z','2020-02-01T00:00:00Z'))", "a"),
        ("T_DURING(datetime, INTERVAL('2019-12-31T23:59:59Z','..'))", "abe"),
        ("T_MEETS(datetime, INTERVAL('2020-02-01T00:00:00Z','..'))", "b"),
        ("T_STARTS(datetime, INTERVAL('2020-01-01T00:00:00Z','2020-02-01T00:00:00Z'))", "a"),
        ("T_EQUALS(datetime, INTERVAL('2020-01-01T00:00:00Z','2020-02-01T00:00:00Z'))", "b"),
        ("T_DISJOINT(datetime, DATE('2020-01-15'))", "acde"),
        ("T_INTERSECTS(datetime, INTERVAL('..','0001-01-01T00:00:00Z'))", "d"),
        ("end_datetime > TIMESTAMP('9998-12-31T00:00:00Z')", "ce"),
        ("start_datetime < TIMESTAMP('0001-01-01T00:00:00Z')", "d"),
    ];
    for face in FACES {
        for (filter, expected) in cases {
            let encoded = perennial::model::uri::encode(filter);
            assert_eq!(found(&service, face, &format!("filter={encoded}")), expected, "{face:?} {filter}");
        }
    }
}
