//! The DCAT feed, ResourceSync and sitemaps: pages of one snapshot, deletions stated, conditional answers.

use std::collections::BTreeSet;

use super::oai::settle;
use crate::support::{Answer, Service, records, service};

fn filled(count: u32) -> (crate::support::Store, Service) {
    let (store, service) = service();
    let results = service.ingest(records::lines("c", 0..count));
    assert!(results.iter().all(|result| result["status"] == "created"));
    settle(&service);
    (store, service)
}

fn local(service: &Service, address: &str) -> String {
    let base = format!("http://{}", service.address());
    address.strip_prefix(&base).unwrap_or_else(|| panic!("{address} is not below {base}")).to_owned()
}

/// What stands between two texts, each time.
fn all<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|part| part.split_once(end)).map(|(found, _)| found).collect()
}

/// Subjects that N-Triples state a class of.
fn of_class<'t>(text: &'t str, class: &str) -> Vec<&'t str> {
    let is_of = |line: &&str| line.contains(&format!("22-rdf-syntax-ns#type> <{class}>"));
    text.lines().filter(is_of).filter_map(|line| line.split('>').next()?.strip_prefix('<')).collect()
}

#[test]
fn every_dataset_comes_once_on_pages_that_stand_alone() {
    let (_store, service) = filled(250);
    let mut target = "/dcat.nt?limit=100".to_owned();
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let text = service.get(&target).expect_status(200).text();
        let datasets = of_class(&text, "http://www.w3.org/ns/dcat#Dataset");
        assert_eq!(of_class(&text, "http://www.w3.org/ns/dcat#Catalog").len(), 1);
        assert_eq!(of_class(&text, "http://www.w3.org/ns/dcat#DatasetSeries").len(), 1, "the series of the datasets");
        for dataset in &datasets {
            assert!(text.contains(&format!("<http://www.w3.org/ns/dcat#dataset> <{dataset}>")));
        }
        found.extend(datasets.into_iter().map(str::to_owned));
        pages += 1;
        // What changes between the pages comes with a later harvest, not with this one.
        let changed = records::numbered("c", 240 + pages).replace("Scene", "Changed scene");
        service.ingest(format!("{changed}\n{}", records::numbered("c", 900 + pages)));
        let next = all(&text, "hydra/core#next> <", ">");
        let Some(next) = next.first() else { break };
        target = local(&service, next);
    }
    assert_eq!((found.len(), pages), (250, 3));
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 250);
}

#[test]
fn what_was_deleted_since_is_stated() {
    let (_store, service) = filled(3);
    let first = service.get("/dcat.nt").expect_status(200).text();
    assert!(!first.contains("activitystreams#Delete"));
    let modified = all(&first, "<http://purl.org/dc/terms/modified> \"", "\"");
    let since = modified.first().expect("a time").to_owned();
    service.delete("/api/v1/collections/c/products/p0001").expect_status(200);
    settle(&service);
    let text = service.get(&format!("/dcat.nt?modifiedSince={since}")).expect_status(200).text();
    let gone = format!("<http://{}/id/product/c/p0001>", service.address());
    assert!(text.contains(&format!("<https://www.w3.org/ns/activitystreams#object> {gone}")), "{text}");
    assert!(text.contains(&format!("{gone} <http://www.w3.org/ns/prov#invalidatedAtTime>")), "{text}");
    let whole = service.get("/dcat.nt").expect_status(200).text();
    assert!(!whole.contains(&gone));
    for form in ["ttl", "jsonld", "rdf", "nt"] {
        service.get(&format!("/dcat.{form}?modifiedSince=2020-01-01")).expect_status(200);
    }
    let turtle = service.get_with("/dcat", &[("accept", "text/turtle")]).expect_status(200);
    assert_eq!(
        (turtle.header("content-type").as_str(), turtle.header("vary").as_str()),
        ("text/turtle; charset=utf-8", "accept")
    );
}

#[test]
fn what_the_feed_cannot_honour_is_refused() {
    let (_store, service) = filled(1);
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "modifiedSince=yesterday",
        "modifiedSince=2020-01-01&token=x",
        "page=2",
        "limit=1&limit=2",
    ] {
        service.get(&format!("/dcat?{query}")).expect_problem(400, "bad-parameter");
    }
    service.get("/dcat?token=nonsense").expect_problem(400, "bad-token");
    service.get("/dcat.csv").expect_problem(404, "not-found");
    service.get_with("/dcat", &[("accept", "image/png")]).expect_problem(406, "not-acceptable");
    for path in [
        "/resourcesync/changelist/0.xml",
        "/resourcesync/changelist/2.xml",
        "/resourcesync/resourcelist/1/x.xml",
        "/resourcesync/resourcelist/99999/1.xml",
        "/sitemaps/2.xml",
        "/sitemaps/99999999999999999999999.xml",
    ] {
        service.get(path).expect_problem(404, "not-found");
    }
    service.get("/sitemap.xml?x=1").expect_problem(400, "bad-parameter");
}

#[test]
fn resource_and_change_lists_say_what_there_is_and_what_happened() {
    let (_store, service) = filled(3);
    service
        .put("/api/v1/collections/c/products/p0002", records::numbered("c", 2).replace("Scene", "New scene"))
        .expect_status(200);
    service.delete("/api/v1/collections/c/products/p0001").expect_status(200);
    settle(&service);
    let source = service.get("/.well-known/resourcesync").expect_status(200).text();
    let list = local(&service, all(&source, "<loc>", "</loc>")[0]);
    let capabilities = service.get(&list).expect_status(200).text();
    let lists: Vec<String> = all(&capabilities, "<loc>", "</loc>").iter().map(|list| local(&service, list)).collect();
    assert_eq!(lists, ["/resourcesync/resourcelist.xml", "/resourcesync/changelist.xml"]);
    let part = |index: &str| {
        let index = service.get(index).expect_status(200).text();
        service.get(&local(&service, all(&index, "<loc>", "</loc>")[0])).expect_status(200).text()
    };
    let resources = part(&lists[0]);
    let addresses: BTreeSet<String> =
        all(&resources, "<loc>", "</loc>").iter().map(|found| local(&service, found)).collect();
    let products = "/api/v1/collections/c/products/";
    assert_eq!(
        addresses,
        ["/api/v1/collections/c".to_owned(), format!("{products}p0000"), format!("{products}p0002")].into()
    );
    let etag = service.get(&format!("{products}p0002")).expect_status(200).header("etag").replace('"', "");
    assert!(resources.contains(&format!("hash=\"sha-256:{etag}\"")), "{resources}");
    let changes = part(&lists[1]);
    assert_eq!(all(&changes, "change=\"", "\""), ["created", "created", "created", "created", "updated", "deleted"]);
    let sitemap = service.get("/sitemap.xml").expect_status(200).text();
    let pages = service.get(&local(&service, all(&sitemap, "<loc>", "</loc>")[0])).expect_status(200).text();
    for page in all(&pages, "<loc>", "</loc>") {
        service.get(&local(&service, page)).expect_status(200);
    }
    assert_eq!(all(&pages, "<loc>", "</loc>").len(), 4);
    let robots = service.get("/robots.txt").expect_status(200).text();
    assert!(robots.contains(&format!("Sitemap: http://{}/sitemap.xml", service.address())));
}

#[test]
fn who_has_the_newest_is_told_so_and_not_when_anything_changed() {
    let (_store, service) = filled(1);
    let paths = [
        "/dcat.ttl",
        "/sitemap.xml",
        "/sitemaps/1.xml",
        "/resourcesync/resourcelist.xml",
        "/resourcesync/changelist/1.xml",
    ];
    let tag = |answer: &Answer| (answer.header("etag"), answer.header("last-modified"));
    let before: Vec<(String, String)> = paths.iter().map(|path| tag(&service.get(path).expect_status(200))).collect();
    for (path, (etag, modified)) in paths.iter().zip(&before) {
        service.get_with(path, &[("if-none-match", etag)]).expect_status(304);
        service.get_with(path, &[("if-modified-since", modified)]).expect_status(304);
        service.get_with(path, &[("if-none-match", "\"other\""), ("if-modified-since", modified)]).expect_status(200);
    }
    service.put("/api/v1/collections/c/products/p", records::product("c", "p")).expect_status(201);
    for (path, (etag, modified)) in paths.iter().zip(&before) {
        service.get_with(path, &[("if-none-match", etag)]).expect_status(200);
        service.get_with(path, &[("if-modified-since", modified)]).expect_status(200);
    }
}

#[test]
fn an_empty_archive_has_empty_lists() {
    let store = crate::support::Store::new();
    let service = store.serve();
    for path in [
        "/dcat",
        "/sitemap.xml",
        "/sitemaps/1.xml",
        "/resourcesync/resourcelist.xml",
        "/resourcesync/changelist.xml",
        "/api/v1/changes",
        "/robots.txt",
    ] {
        service.get(path).expect_status(200);
    }
    let identify = service.get("/oai?verb=Identify").expect_status(200).text();
    assert!(identify.contains("<earliestDatestamp>"));
    for (verb, code) in [("ListSets", "noSetHierarchy"), ("ListRecords&metadataPrefix=oai_dc", "noRecordsMatch")] {
        let text = service.get(&format!("/oai?verb={verb}")).expect_status(200).text();
        assert!(text.contains(&format!("code=\"{code}\"")), "{text}");
    }
}
