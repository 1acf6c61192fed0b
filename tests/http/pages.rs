//! The pages for people, as a browser without scripts gets them.

use std::collections::{BTreeSet, VecDeque};

use serde_json::json;

use crate::support::records::{collection, lines};
use crate::support::{Answer, Service, Store, service};

const BROWSER: &[(&str, &str)] = &[("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")];
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

/// A page: HTML with its headers, nothing from another host, no script or style within.
#[track_caller]
fn page(service: &Service, path: &str, status: u16) -> String {
    checked(path, service.get_with(path, BROWSER).expect_status(status))
}

#[track_caller]
fn checked(path: &str, answer: Answer) -> String {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(answer.header("vary").contains("accept"));
    let text = answer.text();
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"en\">"), "{path}");
    for (element, attribute) in
        [("script", "src"), ("link", "href"), ("img", "src"), ("use", "href"), ("form", "action")]
    {
        for tag in tags(&text, element).into_iter().filter(|tag| !tag.contains("application/ld+json")) {
            let address = value(tag, attribute).unwrap_or_else(|| panic!("{path}: {tag} is not of this service"));
            assert!(address.starts_with('/') && !address.starts_with("//"), "{path}: {tag}");
        }
    }
    for tag in tags(&text, "a") {
        let address = value(tag, "href").unwrap_or_default();
        let is_web = address.starts_with("https://") || address.starts_with("http://");
        assert!(address.starts_with('/') || address.starts_with('#') || is_web, "{path}: {tag}");
        assert!(!is_web || tag.contains("rel=\"external nofollow noopener\""), "{path}: {tag}");
    }
    assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="), "{path}");
    assert!(text.contains("<main id=\"content\"") && text.contains("class=\"skip\""), "{path}");
    text
}

/// The opening tags of an element.
fn tags<'t>(text: &'t str, element: &str) -> Vec<&'t str> {
    let open = format!("<{element}");
    let found = text.match_indices(&open).filter_map(|(at, _)| {
        let rest = &text[at..];
        let is_whole = rest[open.len()..].starts_with([' ', '>']);
        is_whole.then(|| &rest[..rest.find('>').expect("a tag ends")])
    });
    found.collect()
}

fn value<'t>(tag: &'t str, attribute: &str) -> Option<&'t str> {
    let start = tag.find(&format!(" {attribute}=\""))? + attribute.len() + 3;
    tag[start..].split('"').next()
}

fn links(text: &str) -> Vec<String> {
    tags(text, "a").into_iter().filter_map(|tag| value(tag, "href")).map(|href| href.replace("&amp;", "&")).collect()
}

fn filled() -> (Store, Service) {
    let (store, service) = service();
    let results = service.ingest(lines("c", 0..60));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    service.put("/api/v1/collections/c/products/p0001/files/notes%2F1.txt", "what was seen").expect_status(200);
    service
        .put(
            "/api/v1/records/mission/urn:x:mission",
            json!({ "kind": "mission", "id": "urn:x:mission", "title": "Mission X" }).to_string(),
        )
        .expect_status(201);
    (store, service)
}

#[test]
fn every_page_answers_and_every_link_of_it_leads_somewhere() {
    let (_store, service) = filled();
    let mut waiting: VecDeque<String> = ["/".to_owned(), "/entities/mission".to_owned()].into();
    let mut seen: Vec<String> = Vec::new();
    while let Some(path) = waiting.pop_front() {
        // Searches lead to ever more searches; some are enough.
        let searches =
            seen.iter().filter(|path| path.starts_with("/search") || path.starts_with("/api/v1/search")).count();
        if seen.contains(&path) || (path.contains("search") && searches > 150) {
            continue;
        }
        let answer = service.get_with(&path, BROWSER);
        assert!([200, 303, 308].contains(&answer.status), "{path} answers {}: {}", answer.status, answer.text());
        seen.push(path.clone());
        if answer.headers.get("content-type").is_some_and(|value| value == "text/html; charset=utf-8")
            && !path.starts_with("/docs")
        {
            let text = checked(&path, answer);
            waiting.extend(links(&text).into_iter().filter(|href| href.starts_with('/')));
        }
    }
    for start in [
        "/search?",
        "/collections/c",
        "/products/c/p",
        "/entities/mission",
        "/api/v1/search?",
        "/stac/collections/c/items/p",
    ] {
        assert!(seen.iter().any(|path| path.starts_with(start)), "no link to {start}");
    }
}

#[test]
fn hostile_texts_are_shown_and_never_run() {
    let (_store, service) = service();
    let long = "x".repeat(10_000);
    let geometry = json!({ "type": "Polygon", "coordinates": [[[1, 1], [1, 1], [1, 1], [1, 1]]] });
    let records = [
        json!({ "id": HOSTILE, "kind": "product", "collection": "c", "title": HOSTILE, "description": HOSTILE,
                "keywords": [{ "scheme": HOSTILE, "path": HOSTILE }], "missions": [{ "label": HOSTILE }],
                "properties": { HOSTILE: { "a": HOSTILE } }, "links": [{ "rel": HOSTILE, "href": "javascript:alert(3)" }],
                "files": [{ "name": HOSTILE, "href": "javascript:alert(4)" }], "citation": HOSTILE,
                "identifiers": [{ "scheme": "doi", "value": "10.1/\"><script>" }] }),
        json!({ "id": "long", "kind": "product", "collection": "c", "title": long, "space": [{ "body": "earth", "geometry": geometry }] }),
        json!({ "id": "../../x y/%2e%2e", "kind": "product", "collection": "c", "title": "\u{202e}right to left \u{5d0}\u{5d1}" }),
    ];
    let results = service.ingest(records.map(|record| record.to_string()).join("\n"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    let all = page(&service, "/search", 200);
    // The map has a link of its own to what it shows.
    let products: BTreeSet<String> = links(&all).into_iter().filter(|href| href.starts_with("/products/")).collect();
    assert_eq!(products.len(), 3, "{products:?}");
    for path in products.iter().map(String::as_str).chain([
        "/",
        "/search?q=%3Cscript%3Ealert(1)",
        "/collections/c",
        "/resolve?id=%3Cscript%3E",
    ]) {
        let answer = service.get_with(path, BROWSER);
        assert!([200, 404].contains(&answer.status), "{path}: {}", answer.status);
        let text = checked(path, answer);
        assert!(
            !text.contains("<script>") && !text.contains("<img src=x") && !text.contains("href=\"javascript:"),
            "{path}"
        );
        assert!(text.len() < 100_000, "{path} has {} bytes", text.len());
    }
}

#[test]
fn a_landing_page_gives_the_form_that_is_asked_for() {
    let (_store, service) = filled();
    for path in ["/products/c/p0001", "/collections/c", "/entities/mission/urn:x:mission"] {
        page(&service, path, 200);
        let json = service.get_with(path, &[("accept", "application/json")]).expect_status(200);
        assert!(json.json()["id"].is_string(), "{path}");
        assert_eq!(json.header("vary"), "accept");
        service.get_with(path, &[("accept", "image/png")]).expect_problem(406, "not-acceptable");
    }
}

#[test]
fn errors_help_people_and_stay_problems_for_programs() {
    let (_store, service) = filled();
    let json = &[("accept", "application/json")];
    let missing = page(&service, "/products/c/p00011", 404);
    assert!(missing.contains("/products/c/p000") && missing.contains("type=\"search\""), "{missing}");
    service.get_with("/products/c/p00011", json).expect_problem(404, "not-found");
    assert!(page(&service, "/products/cc/p0001", 404).contains("href=\"/collections/c\""));
    page(&service, "/no/such/page", 404);
    service.get("/no/such/page").expect_problem(404, "no-such-resource");
    service.delete("/api/v1/collections/c/products/p0002").expect_status(200);
    let gone = page(&service, "/products/c/p0002", 410);
    assert!(gone.contains("revision 2") && gone.contains("/products/c/p0002?revision=1"), "{gone}");
    assert!(page(&service, "/products/c/p0002?revision=1", 200).contains("revision 1"));
    for (query, parameter) in [
        ("bbox=1,2,3", "bbox"),
        ("from=soon", "from"),
        ("bogus=1", "bogus"),
        ("limit=9999", "limit"),
        ("sort=x", "sort"),
    ] {
        let refused = page(&service, &format!("/search?q=ice&{query}"), 400);
        assert!(
            refused.contains(&format!("<code>{parameter}</code>")) && refused.contains("href=\"/search?q=ice\""),
            "{query}: {refused}"
        );
    }
    page(&service, "/search?collection=nowhere", 404);
    page(&service, "/search?token=AAAA", 400);
}

#[test]
fn a_search_narrows_and_counts_as_its_links_say() {
    let (_store, service) = filled();
    let both = page(&service, "/search?mission=Envisat&mission=ERS-2", 200);
    assert!(both.contains("60 products"), "{both}");
    let one = page(&service, "/search?mission=Envisat", 200);
    assert!(one.contains("30 products"));
    // The other value of the same facet keeps its count, and a link that adds it.
    assert!(one.contains("<bdi>ERS-2</bdi></a><span class=\"count\">30</span>"), "{one}");
    assert!(links(&one).contains(&"/search?mission=Envisat&mission=ERS-2".to_owned()));
    let february = page(&service, "/search?from=2020-02&to=2020-02", 200);
    assert!(february.contains("28 products"), "{february}");
    let next = links(&both).into_iter().find(|href| href.contains("token=")).expect("a next page");
    assert!(page(&service, &next, 200).contains("First page"));
    let near = page(&service, "/search?bbox=-180,-90,180,90&limit=50", 200);
    assert!(near.contains("<svg class=\"map earth\"") && near.contains("class=\"chosen\""));
    let nothing = page(&service, "/search?q=unheardof&mission=Envisat", 200);
    assert!(nothing.contains("No products found") && nothing.contains("href=\"/search?mission=Envisat\""), "{nothing}");
}

#[test]
fn words_are_marked_and_a_misspelt_one_leads_to_the_right_one() {
    let (_store, service) = filled();
    let found = page(&service, "/search?q=ice", 200);
    assert!(found.contains("over <mark>ice</mark></a>"), "{found}");
    let meant = page(&service, "/search?q=envisatt&limit=100", 200);
    assert!(
        meant.contains("Did you mean ")
            && links(&meant).iter().any(|href| href.contains("envisat&") || href.ends_with("envisat")),
        "{meant}"
    );
}

#[test]
fn a_result_is_offered_as_files_and_to_programs_whatever_its_conditions() {
    let (_store, service) = filled();
    let comma =
        json!({ "id": "comma", "kind": "product", "collection": "c", "missions": [{ "label": "A, it's one" }] });
    assert_eq!(service.ingest(comma.to_string())[0]["status"], "created");
    let shown = page(&service, "/search?mission=A%2C+it%27s+one", 200);
    let json = links(&shown)
        .into_iter()
        .find(|href| href.starts_with("/api/v1/search?") && href.contains("limit="))
        .expect("a link");
    let answer = service.get(&json).expect_status(200).json();
    assert_eq!((answer["matched"].clone(), answer["records"][0]["id"].clone()), (json!(1), json!("comma")));
    for format in ["ndjson", "csv", "geojson", "geoparquet", "votable"] {
        let ending = format!("&f={format}");
        let file = links(&shown).into_iter().find(|href| href.ends_with(&ending)).expect("a link");
        assert!(service.get(&file).expect_status(200).headers.contains_key("content-disposition"), "{format}");
    }
}

#[test]
fn a_filter_finds_and_a_faulty_one_is_explained_where_it_was_written() {
    let (_store, service) = filled();
    let found = page(&service, "/search?filter=orbit+%3C+10+AND+mission+%3D+%27Envisat%27", 200);
    assert!(found.contains("5 products") && found.contains("mission = 'Envisat'</textarea>"), "{found}");
    for (filter, reason) in [("orbit+%3C", ""), ("orbitt+%3C+10", "orbit"), ("x".repeat(2_000).as_str(), "")] {
        let refused = page(&service, &format!("/search?mission=Envisat&filter={filter}"), 400);
        assert!(refused.contains("aria-invalid=\"true\"") && refused.contains("role=\"alert\""), "{refused}");
        assert!(
            refused.contains(reason) && links(&refused).contains(&"/search?mission=Envisat".to_owned()),
            "{refused}"
        );
        service.get(&format!("/search?filter={filter}")).expect_status(400);
    }
}

#[test]
fn snippets_say_why_a_record_was_found() {
    let (_store, service) = filled();
    let page = service.search("q=ice&snippets=true&limit=3");
    let snippets = page["snippets"].as_array().expect("snippets");
    assert_eq!(snippets.len(), 3);
    for (snippet, record) in snippets.iter().zip(page["records"].as_array().expect("records")) {
        assert_eq!(snippet[0]["text"], record["title"]);
        let length = record["title"].as_str().expect("a title").len();
        assert_eq!(snippet[0]["marks"], json!([[length - 3, length]]), "{snippet}");
    }
    assert!(service.search("q=ice&snippets=false").get("snippets").is_none());
    for query in
        ["snippets=true", "q=ice&snippets=yes", "q=ice&snippets=true&f=csv", "q=ice&snippets=true&snippets=true"]
    {
        service.get(&format!("/api/v1/search?{query}")).expect_status(400);
    }
}

#[test]
fn a_file_of_a_page_is_downloaded_whole() {
    let (_store, service) = filled();
    let text = page(&service, "/products/c/p0001", 200);
    let download = tags(&text, "a").into_iter().find(|tag| tag.contains("download")).and_then(|tag| value(tag, "href"));
    let answer = service.get(download.expect("a link to the file")).expect_status(200);
    assert_eq!(answer.text(), "what was seen");
    assert!(answer.header("content-disposition").starts_with("attachment"));
}

#[test]
fn assets_are_kept_for_ever_under_the_digest_of_their_content() {
    let (_store, service) = service();
    service.put("/api/v1/collections/d", collection("d")).expect_status(201);
    let text = page(&service, "/", 200);
    for tag in [tags(&text, "script"), tags(&text, "link")].concat() {
        let address = value(tag, "href").or_else(|| value(tag, "src")).expect("an address");
        let answer = service.get(address).expect_status(200);
        assert!(answer.header("cache-control").contains("immutable") && !answer.body.is_empty());
    }
    page(&service, "/assets/style.000000000000.css", 404);
}
