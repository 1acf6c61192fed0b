//! CQL2 over the native interface: by GET and POST, page by page, and what is refused.

use serde_json::{Value, json};

use crate::support::records::lines;
use crate::support::{Service, Store, service};

fn filled(count: u32) -> (Store, Service) {
    let (store, service) = service();
    service.ingest(lines("c", 0..count));
    (store, service)
}

fn encoded(filter: &str) -> String {
    perennial::model::uri::encode(filter)
}

fn matched(service: &Service, filter: &str) -> u64 {
    service.search(&format!("filter={}", encoded(filter)))["matched"].as_u64().expect("a count")
}

#[test]
fn filters_find_what_they_say_in_both_languages_and_methods() {
    let (_store, service) = filled(60);
    let all = matched(&service, "id LIKE 'p%'");
    assert_eq!(all, 60);
    let even = matched(&service, "mission = 'Envisat'");
    assert!(even > 0 && even < all);
    assert_eq!(matched(&service, "NOT mission = 'Envisat'"), all - even);
    assert_eq!(matched(&service, "CASEI(mission) = CASEI('ENVISAT')"), even);
    assert_eq!(matched(&service, "id IN ('p0007', 'p0008', 'none')"), 2);
    assert_eq!(matched(&service, "T_AFTER(datetime, DATE('9000-01-01'))"), 0);
    let condition = json!({"op": "=", "args": [{"property": "mission"}, "Envisat"]});
    let by_get = service.search(&format!("filter={}&filter-lang=cql2-json", encoded(&condition.to_string())));
    assert_eq!(by_get["matched"], even);
    for body in [json!({"filter": condition, "limit": 7}), json!({"filter": "mission = 'Envisat'", "limit": 7})] {
        let mut page: Value = service.post("/api/v1/search", body.to_string()).expect_status(200).json();
        let mut found = page["returned"].as_u64().expect("a number");
        while let Some(link) = page["links"].as_array().expect("links").iter().find(|link| link["rel"] == "next") {
            page = service.get(link["href"].as_str().expect("an address")).expect_status(200).json();
            found += page["returned"].as_u64().expect("a number");
        }
        assert_eq!(found, even);
    }
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_place_or_name() {
    let (_store, service) = filled(20);
    let cases = [
        ("mission = ", "at byte 10"),
        ("frob(mission) = 1", "\"frob\""),
        ("mision = 'Envisat'", "at byte 0: no record has a property \"mision\"; nearest names: mission"),
        ("S_INTERSECTS(geometry, BBOX(1,2,3))", "4 or 6 numbers"),
        ("S_INTERSECTS(title, POINT(1 2))", "no geometry"),
        ("updated > DATE('0000-01-01')", "years 1 to 9998"),
    ];
    for (filter, words) in cases {
        let problem = service.get(&format!("/api/v1/search?filter={}", encoded(filter)));
        let problem = problem.expect_problem(400, "bad-parameter");
        assert!(problem["detail"].as_str().expect("a detail").contains(words), "{filter}: {problem}");
    }
    service.get("/api/v1/search?filter=id%3D1&filter-lang=sql").expect_problem(400, "bad-parameter");
    service.get("/api/v1/search?filter=id%3D1&filter-crs=EPSG%3A4326").expect_problem(400, "bad-parameter");
    let next = service.search("limit=5&filter=id%20LIKE%20'p%25'");
    let links = next["links"].as_array().expect("links");
    let href = links.iter().find(|link| link["rel"] == "next").and_then(|link| link["href"].as_str()).expect("a link");
    let token = href.split("token=").nth(1).expect("a token");
    let other = format!("/api/v1/search?limit=5&filter=id%20LIKE%20'p0%25'&token={token}");
    service.get(&other).expect_problem(400, "bad-token");
    service.get(&format!("/api/v1/search?limit=5&token={token}")).expect_problem(400, "bad-token");
}

#[test]
fn queryables_list_what_products_have() {
    let (_store, service) = filled(20);
    let all: Value = service.get("/api/v1/queryables").expect_status(200).json();
    let one: Value = service.get("/api/v1/collections/c/queryables").expect_status(200).json();
    assert_eq!(all["properties"], one["properties"]);
    assert_eq!(all["properties"]["geometry"]["format"], "geometry-any");
    let counted = |schema: &Value| {
        let members = schema["properties"].as_object().expect("members");
        members.values().filter(|member| member.get("x-count").is_some()).count()
    };
    assert!(counted(&all) > 0, "{all}");
    let sortables: Value = service.get("/api/v1/sortables").expect_status(200).json();
    assert_eq!(counted(&sortables), counted(&all));
    assert!(sortables["properties"].get("geometry").is_none());
    service.get("/api/v1/collections/none/queryables").expect_problem(404, "not-found");
    service.get("/api/v1/queryables?bogus=1").expect_problem(400, "bad-parameter");
}
