//! Linked data: forms of a record, addresses of things, vocabularies and their terms, signposts, citations, lineage.

use serde_json::{Value, json};

use crate::support::{Service, Store, service};

const PRODUCT: &str = "/products/c/scene%2F1";

/// A product with a file, made from one product that is held and one that is not.
fn filled() -> (Store, Service) {
    let (store, service) = service();
    let records = [
        json!({ "kind": "product", "id": "raw", "collection": "c", "title": "Raw data" }),
        json!({ "kind": "product", "id": "scene/1", "collection": "c", "title": "Scene </script> 1", "licence": "https://licence.example/x",
                "description": "What was seen.", "missions": [{ "label": "Envisat" }, { "label": "Nobody's" }], "aliases": ["old name"],
                "identifiers": [{ "scheme": "DOI", "value": "10.5270/x-1" }], "provenance": { "generated_by": "P 1" },
                "time": { "start": "2020-01-01T00:00:00Z", "stop": "2020-01-02T00:00:00Z" },
                "space": [{ "body": "earth", "bbox": [1, 2, 3, 4] }],
                "links": [{ "rel": "derived_from", "href": "raw" }, { "rel": "derived_from", "href": "lost.dat" }] }),
        json!({ "kind": "product", "id": "map", "collection": "c", "links": [{ "rel": "derived_from", "href": "scene/1" }] }),
    ];
    let results = service.ingest(records.map(|record| record.to_string()).join("\n"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    service.put("/api/v1/collections/c/products/scene%2F1/files/a%20b.txt", "what was seen").expect_status(200);
    (store, service)
}

fn accepted(service: &Service, path: &str, accept: &str) -> (String, String) {
    let answer = service.get_with(path, &[("accept", accept)]).expect_status(200);
    (answer.header("content-type"), answer.text())
}

#[test]
fn the_address_of_a_record_gives_the_form_that_is_asked_for() {
    let (_store, service) = filled();
    let base = service.address();
    let thing = format!("<http://{base}/id/product/c/scene%2F1>");
    let cases = [
        ("text/turtle", "ttl", "text/turtle; charset=utf-8", format!("{thing} a dcat:Dataset")),
        ("application/ld+json", "jsonld", "application/ld+json", format!("http://{base}/ontologies/context/v1.jsonld")),
        (
            "application/rdf+xml",
            "rdf",
            "application/rdf+xml",
            format!("rdf:about=\"http://{base}/id/product/c/scene%2F1\""),
        ),
        (
            "application/n-triples",
            "nt",
            "application/n-triples",
            format!("{thing} <https://w3id.org/perennial/ltdp#revision>"),
        ),
        ("application/x-bibtex", "bibtex", "application/x-bibtex; charset=utf-8", "doi = {10.5270/x-1}".to_owned()),
        (
            "application/vnd.citationstyles.csl+json",
            "csl",
            "application/vnd.citationstyles.csl+json",
            "\"DOI\":\"10.5270/x-1\"".to_owned(),
        ),
        (
            "application/vnd.datacite.datacite+json",
            "datacite",
            "application/vnd.datacite.datacite+json",
            "\"geoLocationBox\"".to_owned(),
        ),
        ("application/linkset+json", "linkset", "application/linkset+json", "\"cite-as\"".to_owned()),
        ("application/json", "json", "application/json", "\"kind\"".to_owned()),
    ];
    for (accept, name, media_type, part) in cases {
        let negotiated = accepted(&service, PRODUCT, accept);
        assert_eq!(negotiated.0, media_type);
        assert!(negotiated.1.contains(&part), "{accept}: {}", negotiated.1);
        assert_eq!(accepted(&service, &format!("{PRODUCT}?format={name}"), "text/html"), negotiated);
    }
    service.get_with(PRODUCT, &[("accept", "image/png")]).expect_status(406);
    service.get(&format!("{PRODUCT}?format=pdf")).expect_status(400);
    service.get("/products/c/none?format=ttl").expect_status(404);
    accepted(&service, "/collections/c?format=ttl", "*/*");
}

#[test]
fn a_thing_is_not_its_page() {
    let (_store, service) = filled();
    let cases = [
        ("/id/product/c/scene%2F1", PRODUCT),
        ("/id/collection/c", "/collections/c"),
        ("/id/mission/x", "/entities/mission/x"),
        ("/id/name/old%20name%2B", "/resolve?id=old%20name%2B"),
    ];
    for (thing, page) in cases {
        let answer = service.get(thing).expect_status(303);
        assert_eq!(answer.header("location"), page);
    }
    for none in ["/id/product/c", "/id/nothing/x", "/id/name/a/b", "/id/agent/%FF"] {
        service.get(none).expect_status(404);
    }
    service.get("/id/collection/c?x=1").expect_status(400);
}

#[test]
fn an_unchanged_graph_is_not_sent_again() {
    let (_store, service) = filled();
    let etag = service.get(&format!("{PRODUCT}?format=ttl")).expect_status(200).header("etag");
    service.get_with(&format!("{PRODUCT}?format=ttl"), &[("if-none-match", &etag)]).expect_status(304);
    service.get_with(&format!("{PRODUCT}?format=nt"), &[("if-none-match", &etag)]).expect_status(200);
}

#[test]
fn a_page_tells_crawlers_what_it_is_about() {
    let (_store, service) = filled();
    let text = accepted(&service, PRODUCT, "text/html").1;
    let start = text.find("<script type=\"application/ld+json\">").expect("structured data") + 35;
    let end = text[start..].find("</script>").expect("an end") + start;
    let dataset: Value = serde_json::from_str(&text[start..end]).expect("JSON");
    assert_eq!(dataset["@type"], "Dataset");
    assert_eq!(dataset["name"], "Scene </script> 1");
    assert_eq!(dataset["temporalCoverage"], "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z");
    assert_eq!(dataset["spatialCoverage"][0]["geo"]["box"], "2 1 4 3");
    assert_eq!(dataset["distribution"][0]["contentSize"], "13 B");
    let url = dataset["distribution"][0]["contentUrl"].as_str().expect("an address");
    let path = url.split_once(&service.address().to_string()).expect("of this service").1.to_owned();
    let file = service.get(&path).expect_status(200);
    assert!(file.header("link").contains("/products/c/scene%2F1>; rel=\"collection\""), "{}", file.header("link"));
    assert!(
        text.contains("<figure class=\"lineage\">") && text.contains("href=\"/resolve?id=lost.dat\""),
        "no lineage drawn"
    );
}

#[test]
fn signposts_lead_from_the_page_and_back() {
    let (_store, service) = filled();
    let set: Value = serde_json::from_str(&accepted(&service, PRODUCT, "application/linkset+json").1).expect("JSON");
    let contexts = set["linkset"].as_array().expect("contexts");
    let page = format!("http://{}{PRODUCT}", service.address());
    assert_eq!(contexts[0]["anchor"], page.as_str());
    assert_eq!(contexts[0]["cite-as"][0]["href"], "https://doi.org/10.5270/x-1");
    assert_eq!(contexts[0]["license"][0]["href"], "https://licence.example/x");
    assert_eq!(contexts[0]["collection"][0]["href"], format!("http://{}/collections/c", service.address()));
    for (relation, back) in [("describedby", "describes"), ("item", "collection")] {
        for target in contexts[0][relation].as_array().expect(relation) {
            let href = target["href"].as_str().expect("an address");
            let anchor = contexts.iter().find(|context| context["anchor"] == href).expect(href);
            assert_eq!(anchor[back][0]["href"], page.as_str());
            let path = href.split_once(&service.address().to_string()).expect("of this service").1.to_owned();
            let answer = service.get(&path).expect_status(200);
            let media_type = target["type"].as_str().unwrap_or_default();
            assert!(answer.header("content-type").starts_with(media_type), "{href}");
        }
    }
    let answer = service.get_with(PRODUCT, &[("accept", "text/html")]);
    let values = answer.headers.get_all("link").iter().filter_map(|value| value.to_str().ok());
    let links = values.collect::<Vec<_>>().join(", ");
    for relation in ["cite-as", "describedby", "item", "license", "collection", "linkset", "type"] {
        assert!(links.contains(&format!("rel=\"{relation}\"")), "{relation}: {links}");
    }
}

#[test]
fn a_lineage_goes_both_ways_and_says_when_it_is_cut() {
    let (_store, service) = filled();
    let ask = |path: &str| -> (Value, bool) {
        let answer = service.get(path).expect_status(200);
        let is_cut = answer.headers.contains_key("perennial-lineage");
        (serde_json::from_str(&answer.text()).expect("JSON"), is_cut)
    };
    let (whole, is_cut) = ask("/api/v1/collections/c/products/scene%2F1/lineage");
    assert!(!is_cut);
    assert_eq!(whole["entity"].as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(whole["wasDerivedFrom"].as_object().map(serde_json::Map::len), Some(3));
    assert_eq!(
        whole["agent"].as_object().and_then(|agents| agents.values().next()).expect("an agent")["prov:label"],
        "P 1"
    );
    let (alone, is_cut) = ask("/api/v1/collections/c/products/scene%2F1/lineage?steps=0");
    assert!(is_cut && alone["entity"].as_object().map(serde_json::Map::len) == Some(1));
    let (from_map, _) = ask("/api/v1/collections/c/products/map/lineage?steps=2");
    assert_eq!(from_map["entity"].as_object().map(serde_json::Map::len), Some(4));
    ask("/api/v1/collections/c/lineage");
    let document = json!({ "kind": "document", "id": "report", "links": [{ "rel": "derived_from", "href": "map" }] });
    service.put("/api/v1/records/document/report", document.to_string()).expect_status(201);
    let (of_report, _) = ask("/api/v1/records/document/report/lineage");
    assert_eq!(of_report["entity"].as_object().map(serde_json::Map::len), Some(5));
    for wrong in ["steps=21", "steps=-1", "steps=x", "depth=1"] {
        service.get(&format!("/api/v1/collections/c/products/map/lineage?{wrong}")).expect_status(400);
    }
    service.get("/api/v1/collections/c/products/none/lineage").expect_status(404);
}

#[test]
fn a_circle_of_products_has_an_end() {
    let (_store, service) = service();
    let of = |id: &str, from: &str| {
        json!({ "kind": "product", "id": id, "collection": "c", "links": [{ "rel": "derived_from", "href": from }] })
            .to_string()
    };
    let results = service.ingest([of("a", "b"), of("b", "a"), of("self", "self")].join("\n"));
    assert!(results.iter().all(|result| result["status"] == "created"), "{results:?}");
    for id in ["a", "self"] {
        let text =
            service.get(&format!("/api/v1/collections/c/products/{id}/lineage?steps=20")).expect_status(200).text();
        let lineage: Value = serde_json::from_str(&text).expect("JSON");
        assert!(lineage["entity"].as_object().expect("entities").len() <= 2);
        accepted(&service, &format!("/products/c/{id}"), "text/html");
    }
}

#[test]
fn every_address_of_a_graph_that_is_ours_leads_somewhere() {
    let (_store, service) = filled();
    let base = format!("http://{}", service.address());
    let mut addresses: Vec<String> = Vec::new();
    for line in accepted(&service, PRODUCT, "application/n-triples").1.lines() {
        // Without the text of a literal, in which anything may stand.
        let (before, after) = match (line.find('"'), line.rfind('"')) {
            (Some(start), Some(end)) => (&line[..start], &line[end..]),
            _ => (line, ""),
        };
        let whole = format!("{before}{after}");
        addresses
            .extend(whole.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(iri, _)| iri.to_owned()));
    }
    addresses.sort();
    addresses.dedup();
    let mut terms = 0;
    for address in &addresses {
        if let Some(path) = address.strip_prefix(&base) {
            let path = path.split('#').next().unwrap_or_default();
            let answer = service.get(path);
            // Names that no record here has, and the user who registered it, are told as not found.
            let is_known = !path.starts_with("/id/name/lost") && !path.starts_with("/id/agent/");
            assert!(!is_known || [200, 303].contains(&answer.status), "{path} answers {}", answer.status);
        } else if !address.starts_with("https://doi.org") && !address.starts_with("https://licence.example") {
            let found = service.get(&format!("/terms?iri={}", address.replace('#', "%23"))).expect_status(303);
            let page = found.header("location");
            assert!(accepted(&service, &page, "text/html").1.contains("<h1"), "{address}");
            for accept in ["text/turtle", "application/ld+json", "application/rdf+xml"] {
                assert!(
                    accepted(&service, &page, accept).1.contains(address.rsplit(['#', '/']).next().unwrap_or_default())
                );
            }
            terms += 1;
        }
    }
    assert!(terms > 25, "{terms}");
    let unknown = service.get("/terms/mission/Nobody%27s").expect_status(303);
    assert_eq!(unknown.header("location"), "/search?mission=Nobody%27s");
    let (_, said) = accepted(&service, "/terms/mission/Nobody%27s", "text/turtle");
    assert!(said.contains("skos:prefLabel \"Nobody's\""), "{said}");
    service.get("/terms/crs/mars/IAU_MARS").expect_status(200);
    for none in ["/terms/dcat/Nothing", "/terms/x", "/terms?iri=urn:x", "/terms/mission/"] {
        service.get(none).expect_status(404);
    }
    service.get("/terms?x=1").expect_status(400);
}

#[test]
fn vocabularies_are_served_as_files_and_forms() {
    let (_store, service) = service();
    let context = service.get("/ontologies/context/v1.jsonld").expect_status(200);
    assert!(context.header("cache-control").contains("immutable"));
    let parsed: Value = serde_json::from_str(&context.text()).expect("JSON");
    assert_eq!(parsed["@context"]["dcat"], "http://www.w3.org/ns/dcat#");
    let page = accepted(&service, "/ontologies", "text/html").1;
    for name in ["ltdp", "missions", "access", "schemes"] {
        assert!(page.contains(&format!("/ontologies/{name}.ttl")), "{name}");
        assert!(accepted(&service, &format!("/ontologies/{name}.ttl"), "*/*").1.contains("@prefix"));
        assert!(accepted(&service, &format!("/ontologies/{name}.rdf"), "*/*").1.contains("<rdf:RDF"));
        assert!(
            accepted(&service, &format!("/ontologies/{name}"), "application/n-triples")
                .1
                .starts_with("<https://w3id.org/perennial/")
        );
    }
    assert!(accepted(&service, "/ontologies/shapes.ttl", "*/*").1.contains("sh:NodeShape"));
    assert!(accepted(&service, "/ontologies/terms.tsv", "*/*").1.starts_with("name\tiri"));
    for none in ["/ontologies/none", "/ontologies/ltdp.pdf", "/ontologies/..%2Fx"] {
        service.get(none).expect_status(404);
    }
}
