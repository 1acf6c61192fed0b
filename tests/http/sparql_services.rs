//! `SERVICE` of endpoints that the operator has named: what they answer is joined, what they do wrong is said, and nobody
//! else is called.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::http::sparql::{ask, encode};
use crate::support::{Service, Store, options_with_graph, records};
use perennial::catalogue::ServiceSettings;

const NOTES: &str = r#"{"head":{"vars":["id","note"]},"results":{"bindings":[
    {"id":{"type":"literal","value":"p0003"},"note":{"type":"literal","value":"cloudy \"} ","xml:lang":"en"}},
    {"id":{"type":"literal","value":"p0007"},"note":{"type":"bnode","value":"b0"}},
    {"id":{"type":"literal","value":"nosuch"}}]}}"#;

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// An endpoint that gives this answer to everything, and keeps what it was asked.
fn endpoint(answer: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/sparql", listener.local_addr().expect("bound"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a client");
            let (mut request, mut piece) = (Vec::new(), [0; 4_096]);
            while !is_whole(&request) {
                let read = stream.read(&mut piece).unwrap_or(0);
                if read == 0 {
                    break;
                }
                request.extend_from_slice(&piece[..read]);
            }
            kept.lock().expect("not poisoned").push(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
        }
    });
    (url, asked)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.and_then(|length| length.trim().parse::<usize>().ok()).is_none_or(|length| body.len() >= length)
}

fn service_with(endpoints: &[&str], allow_private: bool) -> (Store, Service) {
    let store = Store::new();
    let mut options = options_with_graph();
    let endpoints = endpoints.iter().map(|url| (*url).to_owned()).collect();
    let graph = options.settings.graph.as_mut().expect("a graph");
    graph.services = ServiceSettings { endpoints, allow_private };
    let service = store.serve_with(&options);
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    service.ingest(records::lines("c", 0..10));
    (store, service)
}

fn rows(service: &Service, query: &str) -> Vec<Value> {
    let found = ask(service, query).expect_status(200).json();
    found["results"]["bindings"].as_array().expect("rows").clone()
}

#[test]
fn what_an_endpoint_answers_is_joined_with_the_graph() {
    let (url, asked) = endpoint(answer("200 OK", "content-type: application/sparql-results+json\r\n", NOTES));
    let (_store, service) = service_with(&[&url], true);
    let query = format!(
        "PREFIX ex: <urn:ex:> SELECT ?title ?note {{ ?p dcterms:identifier ?id ; dcterms:title ?title
         SERVICE <{url}> {{ ?n ex:about ?id ; dcterms:description ?note }} }} ORDER BY ?title"
    );
    let found = rows(&service, &query);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0]["note"]["value"], "cloudy \"} ");
    assert_eq!(found[0]["note"]["xml:lang"], "en");
    assert!(found[1]["note"]["value"].as_str().is_some_and(|iri| iri.starts_with("urn:perennial:elsewhere:")));
    let sent = asked.lock().expect("not poisoned").concat();
    for part in
        ["POST /sparql", "application/sparql-query", "PREFIX ex: <urn:ex:>", "PREFIX dcterms:", "SELECT * WHERE"]
    {
        assert!(sent.contains(part), "{part} in {sent}");
    }
    // Beside a search, and in an ASK.
    let both = format!(
        "SELECT ?id {{ SERVICE <urn:perennial:search> {{ ?p search:q 'scene' }} ?p dcterms:identifier ?id SERVICE SILENT <{url}> {{ ?n ?about ?id }} }}"
    );
    assert_eq!(rows(&service, &both).len(), 2);
}

#[test]
fn nobody_is_called_whom_the_operator_has_not_named_or_who_is_not_public() {
    let (named, calls) = endpoint(answer("200 OK", "", NOTES));
    let (other, others) = endpoint(answer("200 OK", "", NOTES));
    // Named, but on this machine, which is not allowed.
    let (_store, service) = service_with(&[&named, "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/"], false);
    for url in [named.as_str(), "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/"] {
        let problem =
            ask(&service, &format!("ASK {{ SERVICE <{url}> {{ ?s ?p ?o }} }}")).expect_problem(502, "service-failed");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no public address")), "{problem}");
    }
    for url in [other.as_str(), "http://127.0.0.1:1/", &format!("{named}/"), &named.replace("http", "HTTP")] {
        for silent in ["", "SILENT"] {
            let query = format!("ASK {{ SERVICE {silent} <{url}> {{ ?s ?p ?o }} }}");
            ask(&service, &query).expect_problem(403, "service-denied");
        }
    }
    let variable = format!("ASK {{ VALUES ?e {{ <{named}> }} SERVICE ?e {{ ?s ?p ?o }} }}");
    ask(&service, &variable).expect_problem(403, "service-denied");
    let nested = format!("ASK {{ SERVICE <{named}> {{ SERVICE <urn:perennial:search> {{ ?s ?p ?o }} }} }}");
    ask(&service, &nested).expect_problem(400, "bad-query");
    assert!(calls.lock().expect("not poisoned").is_empty() && others.lock().expect("not poisoned").is_empty());
}

#[test]
fn an_endpoint_that_fails_is_said_to_and_silent_forgives_it() {
    let (target, called) = endpoint(answer("200 OK", "", NOTES));
    let answers = [
        answer("307 Elsewhere", &format!("location: {target}\r\n"), ""),
        answer("500 Broken", "", ""),
        answer("200 OK", "", "no result"),
        answer("200 OK", "", r#"{"head":{"vars":["a b"]},"results":{"bindings":[]}}"#),
        answer(
            "200 OK",
            "",
            r#"{"head":{"vars":["a"]},"results":{"bindings":[{"a":{"type":"uri","value":"urn:x> } #"}}]}}"#,
        ),
        "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf".to_owned(),
    ];
    let urls: Vec<String> = answers.into_iter().map(|answer| endpoint(answer).0).collect();
    let (_store, service) = service_with(&urls.iter().map(String::as_str).collect::<Vec<_>>(), true);
    for url in &urls {
        let query = |silent: &str| {
            format!(
                "SELECT ?id {{ ?p dcterms:identifier ?id FILTER(?id = 'p0003') SERVICE {silent} <{url}> {{ ?n <urn:about> ?a }} }}"
            )
        };
        ask(&service, &query("")).expect_problem(502, "service-failed");
        assert_eq!(rows(&service, &query("SILENT")).len(), 1);
    }
    assert!(called.lock().expect("not poisoned").is_empty(), "a redirect was followed");
    service.get(&format!("/sparql?query={}", encode("ASK {}"))).expect_status(200);
}
