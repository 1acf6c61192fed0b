//! Extensions of STAC API as clients see them: sort, fields, collection search, children.

use serde_json::{Value, json};

use crate::support::{Service, Store, service};

const SEARCH: &str = "/stac/search";

/// Item `n` of 20: a day each, cloud cover falling, and an instrument that half of them name.
fn item(n: u32) -> Value {
    let mut item = json!({
        "type": "Feature", "stac_version": "1.0.0", "id": format!("i{n:02}"), "collection": "s",
        "geometry": { "type": "Point", "coordinates": [n, 10] }, "bbox": [n, 10, n, 10],
        "properties": { "datetime": format!("2020-06-{:02}T00:00:00Z", n + 1), "eo:cloud_cover": 100 - 5 * n, "view:sun": { "azimuth": n } },
        "links": [], "assets": { "b4": { "href": "https://example.org/b4.tif" } },
    });
    if n.is_multiple_of(2) {
        item["properties"]["note"] = json!(format!("100% of {n}_a"));
    }
    item
}

fn collection(id: &str, bbox: [f64; 4], year: u32) -> String {
    json!({
        "type": "Collection", "stac_version": "1.0.0", "id": id, "title": format!("Title of {id}"), "description": "Ice and snow", "license": "CC-BY-4.0",
        "extent": { "spatial": { "bbox": [bbox] }, "temporal": { "interval": [[format!("{year}-01-01T00:00:00Z"), format!("{year}-12-31T00:00:00Z")]] } },
        "links": [],
    })
    .to_string()
}

fn with_items() -> (Store, Service) {
    let (store, service) = service();
    service.post("/stac/collections", collection("s", [0.0, 0.0, 20.0, 20.0], 2020)).expect_status(201);
    let features: Vec<Value> = (0..20).map(item).collect();
    let all = json!({ "type": "FeatureCollection", "features": features });
    service.post("/stac/collections/s/items", all.to_string()).expect_status(201);
    (store, service)
}

fn names(page: &Value, list: &str) -> Vec<String> {
    let list = page[list].as_array().unwrap_or_else(|| panic!("no {list} in {page}"));
    list.iter().map(|each| each["id"].as_str().expect("an id").to_owned()).collect()
}

fn next(page: &Value) -> Option<&Value> {
    page["links"].as_array().expect("links").iter().find(|link| link["rel"] == "next")
}

#[test]
fn items_are_sorted_by_any_property_by_get_and_by_post() {
    let (_store, service) = with_items();
    let ascending: Vec<String> = (0..20).map(|n| format!("i{n:02}")).collect();
    let descending: Vec<String> = ascending.iter().rev().cloned().collect();
    let cases = [
        ("%2Bproperties.datetime", json!([{ "field": "properties.datetime", "direction": "asc" }]), &ascending),
        ("-properties.datetime", json!([{ "field": "properties.datetime", "direction": "desc" }]), &descending),
        ("+id", json!([{ "field": "id", "direction": "asc" }]), &ascending),
        ("eo:cloud_cover", json!([{ "field": "eo:cloud_cover", "direction": "asc" }]), &descending),
        (
            "-properties.view:sun.azimuth",
            json!([{ "field": "properties.view:sun.azimuth", "direction": "desc" }]),
            &descending,
        ),
    ];
    for (text, body, expected) in cases {
        let page = service.get(&format!("{SEARCH}?limit=50&sortby={text}")).expect_status(200).json();
        assert_eq!(&names(&page, "features"), expected, "{text}");
        let asked = json!({ "limit": 50, "sortby": body });
        let page = service.post(SEARCH, asked.to_string()).expect_status(200).json();
        assert_eq!(&names(&page, "features"), expected, "{asked}");
        let page = service.get(&format!("/stac/collections/s/items?limit=50&sortby={text}")).expect_status(200).json();
        assert_eq!(&names(&page, "features"), expected, "{text}");
    }
    // Missing values stand last, and a further field decides between equals, from page to page.
    let (mut found, mut body) = (
        Vec::new(),
        Some(
            json!({ "limit": 3, "sortby": [{ "field": "note", "direction": "desc" }, { "field": "id", "direction": "desc" }] }),
        ),
    );
    while let Some(asked) = body {
        let page = service.post(SEARCH, asked.to_string()).expect_status(200).json();
        found.extend(names(&page, "features"));
        body = next(&page).map(|link| link["body"].clone());
    }
    assert_eq!(found.len(), 20);
    assert_eq!(found[10..], (0..10).rev().map(|n| format!("i{:02}", 2 * n + 1)).collect::<Vec<_>>());
}

#[test]
fn fields_are_given_or_left_out() {
    let (_store, service) = with_items();
    let first = |query: &str| {
        service.get(&format!("{SEARCH}?limit=1&sortby=id&fields={query}")).expect_status(200).json()["features"][0]
            .clone()
    };
    let left_out = first("-geometry,-assets");
    assert!(left_out.get("geometry").is_none() && left_out.get("assets").is_none());
    assert_eq!(left_out["properties"]["eo:cloud_cover"], 100);
    let chosen = first("id,properties.eo:cloud_cover");
    assert_eq!(chosen["properties"], json!({ "eo:cloud_cover": 100 }));
    assert!(chosen.get("links").is_none() && chosen.get("geometry").is_none());
    let asked = json!({ "limit": 1, "sortby": [{ "field": "id" }], "fields": { "include": ["properties.eo:cloud_cover"], "exclude": [] } });
    assert_eq!(service.post(SEARCH, asked.to_string()).expect_status(200).json()["features"][0], chosen);
    let default = first("");
    assert_eq!(default["properties"], json!({ "datetime": "2020-06-01T00:00:00Z" }));
    assert!(default["geometry"].is_object() && default["links"].is_array() && default["assets"].is_object());
    // The next page keeps what was chosen.
    let page = service.get(&format!("{SEARCH}?limit=2&fields=id&sortby=id")).expect_status(200).json();
    let link = next(&page).expect("a next page")["href"].as_str().expect("text").to_owned();
    assert!(service.get(&link).expect_status(200).json()["features"][0].get("properties").is_none());
}

#[test]
fn collections_are_searched_by_place_time_and_name() {
    let (_store, service) = with_items();
    service.post("/stac/collections", collection("far", [100.0, 0.0, 120.0, 20.0], 2010)).expect_status(201);
    service.post("/stac/collections", collection("north", [0.0, 60.0, 20.0, 80.0], 2020)).expect_status(201);
    let cases: [(&str, &[&str]); 8] = [
        ("", &["c", "far", "north", "s"]),
        ("bbox=5,5,6,6", &["s"]),
        ("bbox=170,-90,-170,90", &[]),
        ("datetime=2010-06-01T00:00:00Z", &["far"]),
        ("datetime=2020-06-01T00:00:00Z/..&bbox=0,0,180,90", &["north", "s"]),
        ("ids=far,s", &["far", "s"]),
        ("sortby=-id&ids=far,s", &["s", "far"]),
        ("sortby=datetime,-id&bbox=0,0,180,90", &["far", "s", "north"]),
    ];
    for (query, expected) in cases {
        let page = service.get(&format!("/stac/collections?{query}")).expect_status(200).json();
        assert_eq!(names(&page, "collections"), expected, "{query}");
        assert_eq!((&page["numberMatched"], &page["numberReturned"]), (&json!(expected.len()), &json!(expected.len())));
        let (mut found, mut address) = (Vec::new(), Some(format!("/stac/collections?limit=1&{query}")));
        while let Some(asked) = address {
            let page = service.get(&asked).expect_status(200).json();
            found.extend(names(&page, "collections"));
            address = next(&page).map(|link| link["href"].as_str().expect("text").to_owned());
        }
        assert_eq!(found, expected, "{query}");
    }
    let chosen =
        service.get("/stac/collections?ids=s&fields=id,title").expect_status(200).json()["collections"][0].clone();
    assert_eq!((&chosen["title"], chosen.get("extent")), (&json!("Title of s"), None));
    for query in ["collections=s", "intersects=x", "sortby=extent", "limit=0", "bbox=1,2,3", "token=x", "bogus=1"] {
        let answer = service.get(&format!("/stac/collections?{query}"));
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
}

#[test]
fn children_are_what_the_child_links_lead_to() {
    let (_store, service) = with_items();
    let landing = service.get("/stac").expect_status(200).json();
    let links = landing["links"].as_array().expect("links").iter().filter(|link| link["rel"] == "child");
    let followed: Vec<Value> =
        links.map(|link| service.get(link["href"].as_str().expect("text")).expect_status(200).json()).collect();
    let children = service.get("/stac/children").expect_status(200).json();
    assert_eq!(children["children"], json!(followed));
    assert!(children["links"].as_array().expect("links").iter().any(|link| link["rel"] == "self"));
}

#[test]
fn items_are_filtered_by_the_query_extension_and_by_cql2() {
    let (_store, service) = with_items();
    let range = |from: u32, to: u32| -> Vec<String> { (from..to).map(|n| format!("i{n:02}")).collect() };
    let evens: Vec<String> = (0..10).map(|n| format!("i{:02}", 2 * n)).collect();
    let queries = [
        (json!({ "eo:cloud_cover": { "eq": 100 } }), range(0, 1)),
        (json!({ "eo:cloud_cover": { "eq": "100" } }), range(0, 1)),
        (json!({ "eo:cloud_cover": { "neq": 100 } }), range(1, 20)),
        (json!({ "eo:cloud_cover": { "lt": 90 } }), range(3, 20)),
        (json!({ "properties.eo:cloud_cover": { "lte": 90, "gt": 50 } }), range(2, 10)),
        (json!({ "eo:cloud_cover": { "gte": "90" } }), range(0, 3)),
        (json!({ "eo:cloud_cover": { "in": [100, 95, "90"] } }), range(0, 3)),
        (json!({ "view:sun.azimuth": { "eq": 7 } }), range(7, 8)),
        (json!({ "note": { "startsWith": "100%" } }), evens.clone()),
        (json!({ "note": { "startsWith": "1%" } }), Vec::new()),
        (json!({ "note": { "endsWith": "4_a" } }), vec!["i04".to_owned(), "i14".to_owned()]),
        (json!({ "note": { "contains": "of 1" } }), (5..10).map(|n| format!("i{:02}", 2 * n)).collect()),
        (json!({ "id": { "eq": "i03" } }), range(3, 4)),
        (json!({ "datetime": { "gte": "2020-06-19T00:00:00Z" } }), range(18, 20)),
        (json!({ "note": { "eq": null } }), (0..10).map(|n| format!("i{:02}", 2 * n + 1)).collect()),
    ];
    for (query, expected) in queries {
        let asked = json!({ "limit": 50, "query": query, "sortby": [{ "field": "id" }] });
        let page = service.post(SEARCH, asked.to_string()).expect_status(200).json();
        assert_eq!(
            (names(&page, "features"), &page["numberMatched"]),
            (expected.clone(), &json!(expected.len())),
            "{query}"
        );
        let text = perennial::model::uri::encode(&query.to_string());
        for path in [SEARCH, "/stac/collections/s/items"] {
            let page = service.get(&format!("{path}?limit=50&sortby=id&query={text}")).expect_status(200).json();
            assert_eq!(names(&page, "features"), expected, "{path} {query}");
        }
    }
    let filters = [
        ("eo:cloud_cover < 90", json!({ "op": "<", "args": [{ "property": "eo:cloud_cover" }, 90] }), range(3, 20)),
        ("note LIKE '%of 4%'", json!({ "op": "like", "args": [{ "property": "note" }, "%of 4%"] }), range(4, 5)),
        (
            "S_INTERSECTS(geometry,POLYGON((0 0,2.5 0,2.5 20,0 20,0 0)))",
            json!({ "op": "s_intersects", "args": [{ "property": "geometry" }, { "type": "Polygon", "coordinates": [[[0, 0], [2.5, 0], [2.5, 20], [0, 20], [0, 0]]] }] }),
            range(0, 3),
        ),
    ];
    for (text, body, expected) in filters {
        let encoded = perennial::model::uri::encode(text);
        for path in [SEARCH, "/stac/collections/s/items"] {
            let page = service.get(&format!("{path}?limit=50&sortby=id&filter={encoded}")).expect_status(200).json();
            assert_eq!(names(&page, "features"), expected, "{text}");
        }
        let asked = json!({ "limit": 50, "filter": body, "filter-lang": "cql2-json", "sortby": [{ "field": "id" }] });
        assert_eq!(
            names(&service.post(SEARCH, asked.to_string()).expect_status(200).json(), "features"),
            expected,
            "{text}"
        );
    }
    // A next link keeps the filter, and both conditions hold.
    let asked = json!({ "limit": 2, "filter": { "op": "<", "args": [{ "property": "eo:cloud_cover" }, 90] }, "query": { "eo:cloud_cover": { "gt": 60 } } });
    let (mut found, mut body) = (Vec::new(), Some(asked));
    while let Some(asked) = body {
        let page = service.post(SEARCH, asked.to_string()).expect_status(200).json();
        found.extend(names(&page, "features"));
        body = next(&page).map(|link| link["body"].clone());
    }
    found.sort();
    assert_eq!(found, range(3, 8));
    for body in [
        json!({ "query": { "eo:cloud_cover": { "near": 1 } } }),
        json!({ "query": [] }),
        json!({ "filter": { "op": "nothing", "args": [] } }),
        json!({ "filter": "eo:cloud_cover <", "filter-lang": "cql2-text" }),
        json!({ "filter-lang": "sql" }),
        json!({ "q": 7 }),
    ] {
        let answer = service.post(SEARCH, body.to_string());
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
    }
}

#[test]
fn every_item_is_reached_by_child_and_item_links() {
    let (_store, service) = with_items();
    let links = |document: &Value, rel: &str| -> Vec<String> {
        let links = document["links"].as_array().expect("links").iter().filter(|link| link["rel"] == rel);
        links.map(|link| link["href"].as_str().expect("text").to_owned()).collect()
    };
    let (mut found, mut open) = (Vec::new(), vec!["/stac".to_owned()]);
    while let Some(address) = open.pop() {
        let document = service.get(&address).expect_status(200).json();
        open.extend(links(&document, "child"));
        found.extend(links(&document, "item").iter().map(|address| {
            let item = service.get(address).expect_status(200).json();
            item["id"].as_str().expect("an id").to_owned()
        }));
    }
    found.sort();
    assert_eq!(found, (0..20).map(|n| format!("i{n:02}")).collect::<Vec<_>>());
    service.get("/stac/browse/none").expect_problem(404, "not-found");
}
