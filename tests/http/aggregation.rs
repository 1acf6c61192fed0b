//! Summaries of what a search finds: in the native interface, and as the STAC API Aggregation extension has them.

use serde_json::{Value, json};

use crate::support::records::lines;
use crate::support::{Service, Store, service};

/// Collection `c` with so many records.
fn filled(count: u32) -> (Store, Service) {
    let (store, service) = service();
    service.ingest(lines("c", 0..count));
    (store, service)
}

fn counts(summary: &Value) -> Vec<u64> {
    let buckets = summary["buckets"].as_array().unwrap_or_else(|| panic!("no buckets in {summary}"));
    buckets.iter().map(|bucket| bucket["count"].as_u64().expect("a count")).collect()
}

#[test]
fn histograms_ranges_and_extremes_cover_all_matches() {
    let (_store, service) = filled(300);
    let page = service.search(
        "limit=0&histogram=datetime:month,orbit:100&ranges=properties.orbit%3D..10,10..&statistics=datetime,orbit&facets=orbit&facet_limit=2",
    );
    let months = &page["histogram"]["datetime:month"];
    assert_eq!((counts(months).iter().sum::<u64>(), &months["width"]), (300, &json!("P1M")), "{page}");
    assert_eq!(counts(&page["histogram"]["orbit:100"]), [100, 100, 100]);
    assert_eq!(counts(&page["ranges"]["properties.orbit=..10,10.."]), [10, 290]);
    assert_eq!(page["statistics"]["orbit"], json!({"count": 300, "missing": 0, "min": 0, "max": 299}));
    assert_eq!(page["facets"]["orbit"]["buckets"], json!([{"value": 0, "count": 1}, {"value": 1, "count": 1}]));
    assert_eq!(page["facets"]["orbit"]["other"], 298);
    assert_eq!((page["matched"].as_u64(), page["records"].as_array().map(Vec::len)), (Some(300), Some(0)));
}

#[test]
fn a_summary_that_cannot_be_made_is_refused() {
    let (_store, service) = filled(3);
    for query in ["facets=plattform", "histogram=datetime:fortnight", "ranges=orbit%3D5", "facet_limit=0", "facets=id"]
    {
        service.get(&format!("/api/v1/search?{query}")).expect_problem(400, "bad-parameter");
    }
    let many: Vec<String> = (0..21).map(|n| format!("histogram=orbit:{}", n + 1)).collect();
    service.get(&format!("/api/v1/search?{}", many.join("&"))).expect_problem(400, "bad-parameter");
}

fn aggregation<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let mut all = answer["aggregations"].as_array().expect("aggregations").iter();
    all.find(|each| each["name"] == name).unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn frequency(aggregation: &Value) -> u64 {
    let buckets = aggregation["buckets"].as_array().expect("buckets").iter();
    buckets.map(|bucket| bucket["frequency"].as_u64().expect("a number")).sum()
}

#[test]
fn stac_aggregations_are_those_that_were_named() {
    let (_store, service) = filled(120);
    let landing = service.get("/stac").expect_status(200).json();
    for rel in ["aggregate", "aggregations"] {
        assert!(landing["links"].as_array().expect("links").iter().any(|link| link["rel"] == rel), "{rel}");
    }
    let offered = service.get("/stac/aggregations").expect_status(200).json();
    let names: Vec<&str> =
        offered["aggregations"].as_array().expect("a list").iter().filter_map(|each| each["name"].as_str()).collect();
    let path = format!("/stac/aggregate?aggregations={}", names.join(","));
    let all = service.get(&path).expect_status(200).json();
    assert_eq!(all["type"], "AggregationCollection");
    assert_eq!(all["aggregations"].as_array().map(Vec::len), Some(names.len()));
    assert_eq!(aggregation(&all, "total_count")["value"], 120);
    for name in ["collection_frequency", "datetime_frequency", "mission_frequency"] {
        assert_eq!(frequency(aggregation(&all, name)), 120, "{name}");
    }
    let least = aggregation(&all, "datetime_min")["value"].as_str().expect("an instant").to_owned();
    let day = format!("{}/{}", least, least);
    let of_day = json!({"aggregations": ["total_count"], "datetime": day, "collections": ["c"]}).to_string();
    let posted = service.post("/stac/aggregate", of_day).expect_status(200).json();
    assert_eq!(aggregation(&posted, "total_count")["value"], 1);
    let within = service.get("/stac/collections/c/aggregate?aggregations=total_count").expect_status(200).json();
    assert_eq!(aggregation(&within, "total_count")["value"], 120);
    let none = service.get("/stac/aggregate").expect_status(200).json();
    assert_eq!(none["aggregations"], json!([]));
}

#[test]
fn stac_aggregations_that_are_unknown_or_paged_are_refused() {
    let (_store, service) = filled(3);
    for query in
        ["aggregations=size_frequency", "aggregations=total_count&limit=5", "aggregation=total_count", "bbox=1,2,3"]
    {
        service.get(&format!("/stac/aggregate?{query}")).expect_status(400);
    }
    for body in [r#"{"aggregations":["none"]}"#, r#"{"aggregations":"total_count"}"#, "[]", r#"{"sizes":1}"#] {
        service.post("/stac/aggregate", body).expect_status(400);
    }
    service.get("/stac/collections/none/aggregate").expect_status(404);
    service.get("/stac/collections/none/aggregations").expect_status(404);
}
