//! SPARQL 1.1 Graph Store HTTP Protocol, as its test suite asks it, in our own words; context graphs as records.

use std::collections::BTreeSet;

use crate::http::sparql::{ask, encode, graph_service};
use crate::support::{Answer, Client, Store, options_with_graph};

const TURTLE: (&str, &str) = ("content-type", "text/turtle; charset=utf-8");
const AS_LINES: (&str, &str) = ("accept", "application/n-triples");

/// A person with a business card, which is a blank node.
fn person(name: &str) -> String {
    format!(
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix v: <http://www.w3.org/2006/vcard/ns#> .
         <> a foaf:Person ; foaf:businessCard [ a v:VCard ; v:fn \"{name}\" ] ."
    )
}

/// The statements with one name for all blank nodes: enough to tell graphs with one blank node apart.
fn statements(answer: &Answer) -> BTreeSet<String> {
    let text = answer.text();
    let anonymous = |word: &str| if word.starts_with("_:") { "_:b".to_owned() } else { word.to_owned() };
    text.lines().map(|line| line.split(' ').map(anonymous).collect::<Vec<_>>().join(" ")).collect()
}

fn get(client: &Client, path: &str) -> Answer {
    client.get_with(path, &[AS_LINES])
}

/// What a graph at an address holds for a person of a name.
fn expected(graph: &str, name: &str) -> BTreeSet<String> {
    let class = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>";
    BTreeSet::from([
        format!("<{graph}> {class} <http://xmlns.com/foaf/0.1/Person> ."),
        format!("<{graph}> <http://xmlns.com/foaf/0.1/businessCard> _:b ."),
        format!("_:b {class} <http://www.w3.org/2006/vcard/ns#VCard> ."),
        format!("_:b <http://www.w3.org/2006/vcard/ns#fn> \"{name}\" ."),
    ])
}

/// Names of the suite in order, with the method, the status and what the graph holds afterwards.
fn life_of(client: &Client, path: &str, graph: &str) {
    let check = |test: &str, method: &str, document: &str, status: u16, holds: Option<&str>| {
        let answer = client.send(method, path, &[TURTLE], document.to_owned());
        assert_eq!(answer.status, status, "{test}: {}", answer.text());
        let found = get(client, path);
        match holds {
            Some(name) => assert_eq!(statements(&found.expect_status(200)), expected(graph, name), "{test}"),
            None => assert_eq!(found.status, 404, "{test}"),
        }
    };
    let (john, jane) = (person("John Doe"), person("Jane Doe"));
    check("put__initial_state", "PUT", &john, 201, Some("John Doe"));
    check("put__graph_already_in_store", "PUT", &jane, 204, Some("Jane Doe"));
    check("get_of_put__graph_already_in_store", "PUT", &jane, 204, Some("Jane Doe"));
    check("put__mismatched_payload", "PUT", "<rdf:RDF/>", 400, Some("Jane Doe"));
    check("post__after_noop", "POST", "", 204, Some("Jane Doe"));
    let name = "<> <http://xmlns.com/foaf/0.1/name> \"Jane Doe\" .";
    client.send("POST", path, &[TURTLE], name).expect_status(200);
    let mut more = expected(graph, "Jane Doe");
    more.insert(format!("<{graph}> <http://xmlns.com/foaf/0.1/name> \"Jane Doe\" ."));
    assert_eq!(statements(&get(client, path).expect_status(200)), more, "get_of_post__existing_graph");
    client.send("POST", path, &[TURTLE], name).expect_status(204);
    let head = client.send("HEAD", path, &[AS_LINES], "").expect_status(200);
    assert!(head.header("content-type").starts_with("application/n-triples"), "head_on_an_existing_graph");
    check("delete__existing_graph", "DELETE", "", 200, None);
    check("delete__nonexistent_graph", "DELETE", "", 404, None);
    assert_eq!(client.send("HEAD", path, &[], "").status, 404, "head_on_a_nonexisting_graph");
    check("post__creates", "POST", &john, 201, Some("John Doe"));
}

#[test]
fn graphs_are_written_at_their_own_address_and_by_a_parameter() {
    let (_store, service) = graph_service();
    let graph = format!("{}/graphs/context/person%2F1", service.url);
    life_of(&service, "/graphs/context/person%2F1", &graph);
    let graph = format!("{}/graphs/context/person2", service.url);
    life_of(&service, &format!("/graphs?graph={}", encode(&graph)), &graph);
    // post__create__new_graph and get_of_post__create__new_graph
    let created = service.send("POST", "/graphs", &[TURTLE], person("Alice")).expect_status(201);
    let location = created.header("location").to_owned();
    let path = location.strip_prefix(service.url.as_str()).expect("an address of ours");
    assert_eq!(statements(&get(&service, path).expect_status(200)), expected(&location, "Alice"));
}

#[test]
fn what_cannot_be_written_is_refused_with_the_reason() {
    let (_store, service) = graph_service();
    // put__default_graph: the default graph is the union of all, and nobody writes it.
    for method in ["PUT", "POST", "DELETE"] {
        service.send(method, "/graphs?default", &[TURTLE], person("x")).expect_problem(403, "read-only-graph");
        for graph in ["urn:x:mine".to_owned(), format!("{}/graphs/meta", service.url), "http://a.example/g".to_owned()]
        {
            let path = format!("/graphs?graph={}", encode(&graph));
            service.send(method, &path, &[TURTLE], person("x")).expect_problem(403, "read-only-graph");
        }
        for path in ["/graphs/meta", "/graphs/product/c/p0001", "/graphs/vocabulary/ltdp", "/graphs/context/a/b"] {
            let answer = service.send(method, path, &[TURTLE], person("x"));
            assert_eq!(answer.header("allow"), "GET, HEAD", "{path}");
            answer.expect_problem(405, "method-not-allowed");
        }
        service.send(method, "/graphs/context/a?bogus=1", &[TURTLE], "").expect_problem(400, "bad-parameter");
    }
    service.send("PUT", "/graphs", &[TURTLE], "").expect_problem(400, "bad-parameter");
    let path = "/graphs/context/a";
    // post__multipart_formdata: one document in each request.
    for media_type in ["multipart/form-data; boundary=x", "text/plain", "application/sparql-query", ""] {
        let problem = service.send("POST", path, &[("content-type", media_type)], person("x"));
        problem.expect_problem(415, "unsupported-media-type");
    }
    let latin = [("content-type", "text/turtle; charset=ISO-8859-1")];
    service.send("PUT", path, &latin, person("x")).expect_problem(400, "bad-request");
    let deep = format!("{}1{}", r#"{"urn:p":"#.repeat(816), "}".repeat(816));
    let remote = r#"{"@context":"http://169.254.169.254/latest","a":"b"}"#.to_owned();
    for document in [deep, remote, "[".repeat(1 << 20)] {
        let json = [("content-type", "application/ld+json")];
        service.send("PUT", path, &json, document).expect_problem(400, "bad-parameter");
    }
    for document in ["<urn:a> <urn:b>", "<urn:a> <no iri> 1 .", "<urn:a> <urn:b> \"\\uD800\" .", "<rdf:RDF/>"] {
        service.send("PUT", path, &[TURTLE], document).expect_problem(400, "bad-parameter");
    }
    let long = format!("<urn:a> <urn:b> \"{}\" .", "x".repeat(2 << 20));
    service.send("PUT", path, &[TURTLE], long).expect_problem(413, "too-large");
    assert_eq!(get(&service, path).status, 404, "nothing of it was written");
}

#[test]
fn a_context_graph_is_a_record_that_outlives_the_index() {
    let (store, service) = graph_service();
    let path = "/graphs/context/notes";
    let product = format!("{}/id/product/c/p0001", service.url);
    let note = format!("<{product}> <urn:x:explainedBy> <report#{}> .", "§3");
    let created = service.send("PUT", path, &[TURTLE], note.clone()).expect_status(201);
    let record = service.get("/api/v1/records/context_graph/notes").expect_status(200);
    assert_eq!(record.header("etag"), created.header("etag"));
    let source = service.get("/api/v1/records/context_graph/notes/source").expect_status(200);
    assert_eq!((source.text(), source.header("content-type")), (note.clone(), "text/turtle".to_owned()));
    let count = |client: &Client, graphs: &str| {
        let query = format!("SELECT ?title {{ ?p <urn:x:explainedBy> ?why ; dcterms:title ?title }} {graphs}");
        ask(client, &query).expect_status(200).json()["results"]["bindings"].as_array().map(Vec::len)
    };
    assert_eq!(count(&service, ""), Some(1), "joined with the record in the default graph");
    // If-Match as on every write.
    let stale = [TURTLE, ("if-match", "\"sha256:00\"")];
    assert_eq!(service.send("PUT", path, &stale, note.clone()).status / 100, 4);
    let etag = record.header("etag");
    let matching = [TURTLE, ("if-match", etag.as_str())];
    service.send("POST", path, &matching, "<urn:a> <urn:b> <urn:c> .").expect_status(200);
    service
        .send("DELETE", path, &[("if-match", &record.header("etag"))], "")
        .expect_problem(412, "precondition-failed");
    let title = r#"{"title":"Notes of the calibration team"}"#;
    let held = service.get("/api/v1/records/context_graph/notes").json();
    let mut edited = held.clone();
    edited["title"] = serde_json::from_str::<serde_json::Value>(title).expect("JSON")["title"].clone();
    service.put("/api/v1/records/context_graph/notes", edited.to_string()).expect_status(200);
    service.send("POST", path, &[TURTLE], "<urn:a> <urn:b> <urn:d> .").expect_status(200);
    let record = service.get("/api/v1/records/context_graph/notes").json();
    assert_eq!(record["title"], "Notes of the calibration team", "what else the record says stays");
    let before = statements(&get(&service, path).expect_status(200));
    assert_eq!(before.len(), 3);
    drop(service);
    std::fs::remove_dir_all(store.path().join("index/graph")).expect("there");
    let service = store.serve_with(&options_with_graph());
    assert_eq!(count(&service, ""), Some(1));
    service.send("DELETE", path, &[], "").expect_status(200);
    assert_eq!(count(&service, ""), Some(0));
    assert_eq!(get(&service, path).status, 404);
    // A record whose text is no N-Triples is kept, and states nothing.
    let strange = r#"{"kind":"context_graph","id":"strange","statements":"<urn:a> <urn:b> _:c .\n[[[["}"#;
    service.put("/api/v1/records/context_graph/strange", strange).expect_status(201);
    assert_eq!(get(&service, "/graphs/context/strange").expect_status(200).text(), "");
    assert_eq!(count(&service, ""), Some(0));
}

#[test]
fn a_graph_comes_back_in_every_form() {
    let store = Store::new();
    let service = store.serve_with(&options_with_graph());
    let path = "/graphs/context/forms";
    service.send("PUT", path, &[TURTLE], person("é \\\"Jane\\\" <b>")).expect_status(201);
    let first = statements(&get(&service, path).expect_status(200));
    for media_type in ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"] {
        let given = service.get_with(path, &[("accept", media_type)]).expect_status(200);
        assert!(given.header("content-type").starts_with(media_type));
        let again = service.send("PUT", "/graphs/context/again", &[("content-type", media_type)], given.text());
        assert!([201, 204].contains(&again.status), "{media_type}: {}", again.text());
        assert_eq!(statements(&get(&service, "/graphs/context/again").expect_status(200)), first, "{media_type}");
    }
    service.get_with(path, &[("accept", "text/csv")]).expect_problem(406, "not-acceptable");
    service.send("PUT", path, &[TURTLE], "").expect_status(204);
    assert_eq!(get(&service, path).expect_status(200).text(), "", "an empty graph is one");
}
