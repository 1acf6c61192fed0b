//! Queries that have brought down stores: each ends within its limits, the service lives, and others are answered.

use std::time::{Duration, Instant};

use crate::http::sparql::{ask, graph_service};
use crate::support::{Client, Store, options_with_limits, records};
use perennial::index::graph::Limits;

fn is_well(client: &Client) {
    let answer = ask(client, "SELECT (COUNT(*) AS ?n) { ?s dcterms:identifier ?i }").expect_status(200);
    let body = answer.json();
    assert!(body["results"]["bindings"][0]["n"]["value"].as_str().is_some_and(|n| n != "0"), "{body}");
}

fn values_of(variable: &str) -> String {
    let rows: String = (0..300).map(|number| format!("{number} ")).collect();
    format!("VALUES ?{variable} {{ {rows} }} ")
}

/// Sends a query that must not be answered; gives the code of the problem.
fn refused(client: &Client, query: &str) -> String {
    let began = Instant::now();
    let answer = client.send("POST", "/sparql", &[("content-type", "application/sparql-query")], query);
    let elapsed = began.elapsed();
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?} for {query:.80}");
    assert!(answer.status >= 400, "{query:.80}: {:.200}", answer.text());
    is_well(client);
    answer.json()["type"].as_str().unwrap_or("").replace("urn:perennial:problem:", "")
}

#[test]
fn queries_that_nest_do_not_reach_a_parser() {
    let (_store, service) = graph_service();
    is_well(&service);
    for (open, close) in [("{", "}"), ("(", ")"), ("[", "]")] {
        for depth in [65, 540, 100_000] {
            let query = format!("ASK {{ {}{} }}", open.repeat(depth), close.repeat(depth));
            assert_eq!(refused(&service, &query), "bad-query");
        }
    }
    assert_eq!(refused(&service, &format!("ASK {{ FILTER({}true) }}", "!".repeat(50_000))), "bad-query");
    // Not nested in brackets, and yet a tree as deep as it is long.
    let sum = format!("ASK {{ FILTER(0 < {}1) }}", "1+".repeat(40_000));
    let answer = service.send("POST", "/sparql", &[("content-type", "application/sparql-query")], sum);
    assert!([200, 400, 503].contains(&answer.status), "{}", answer.status);
    is_well(&service);
}

#[test]
fn queries_that_take_memory_or_time_end_with_their_worker() {
    let (_store, service) = graph_service();
    is_well(&service);
    let doubled: String = (1..40).map(|n| format!("BIND(CONCAT(?x{}, ?x{}) AS ?x{n}) ", n - 1, n - 1)).collect();
    let cases = [
        format!("SELECT * {{ {} {} {} FILTER(?a + ?b + ?c < 0) }}", values_of("a"), values_of("b"), values_of("c")),
        format!("SELECT (STRLEN(?x39) AS ?l) {{ BIND('0123456789abcdef0123456789abcdef' AS ?x0) {doubled} }}"),
        "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g".to_owned(),
        "SELECT (COUNT(*) AS ?n) { ?a (<urn:p>|!<urn:q>)* ?b . ?c (<urn:p>|!<urn:q>)* ?d . ?e (!<urn:q>|^<urn:p>)* ?f FILTER(?a != ?f && ?b != ?d) }".to_owned(),
        "SELECT (COUNT(DISTINCT *) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }".to_owned(),
        "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d), STR(?g))) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }".to_owned(),
        "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(CONCAT(STR(?a), STR(?d), STR(?g)), '^(a+)+$')) }".to_owned(),
    ];
    for query in cases {
        assert_eq!(refused(&service, &query), "query-too-expensive", "{query:.100}");
    }
}

#[test]
fn no_service_elsewhere_is_asked() {
    let (_store, service) = graph_service();
    is_well(&service);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    listener.set_nonblocking(true).expect("settable");
    for query in [
        format!("SELECT * {{ SERVICE <http://{address}/> {{ ?s ?p ?o }} }}"),
        format!("SELECT * {{ SERVICE SILENT <http://{address}/> {{ ?s ?p ?o }} }}"),
        format!("SELECT * {{ BIND(<http://{address}/> AS ?e) SERVICE ?e {{ ?s ?p ?o }} }}"),
        "SELECT * { SERVICE <http://169.254.169.254/latest> { ?s ?p ?o } }".to_owned(),
        "SELECT * { SERVICE <http://[::ffff:127.0.0.1]/> { ?s ?p ?o } }".to_owned(),
    ] {
        assert_eq!(refused(&service, &query), "service-denied", "{query}");
    }
    // FROM names graphs of this store and fetches nothing.
    let from = format!("SELECT * FROM <http://{address}/data> {{ ?s ?p ?o }}");
    assert_eq!(ask(&service, &from).expect_status(200).json()["results"]["bindings"].as_array().map(Vec::len), Some(0));
    assert!(listener.accept().is_err(), "somebody called");
}

/// The whole answer as bytes over a plain connection: a client library would hide how it ended.
fn raw(client: &Client, query: &str) -> Vec<u8> {
    use std::io::{Read, Write};
    let host = client.url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).expect("listening");
    let request = format!(
        "POST /sparql HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/sparql-query\r\ncontent-length: {}\r\n\r\n{query}",
        query.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    // A reset at the end is one way to break off.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

#[test]
fn an_answer_that_is_cut_off_never_looks_whole() {
    let limits = Limits { time: Duration::from_secs(4), rows: 2_000, ..Limits::for_cores(2) };
    let store = Store::new();
    let service = store.serve_with(&options_with_limits(limits));
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    service.ingest(records::lines("c", 0..60));
    is_well(&service);
    let bytes = raw(&service, "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("HTTP/1.1 200"), "{text:.100}");
    assert!(bytes.len() > 100_000 && !text.ends_with("0\r\n\r\n"), "ends with {:?}", &text[text.len() - 20..]);
    // One row more than the limit, after the first bytes have gone.
    let bytes = raw(&service, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 2001");
    assert!(bytes.len() > 100_000 && !bytes.ends_with(b"0\r\n\r\n"));
    let bytes = raw(&service, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 2000");
    assert!(bytes.ends_with(b"0\r\n\r\n"), "as many as the limit are whole");
}

#[test]
fn many_hostile_clients_at_once_leave_the_service_answering() {
    let (_store, service) = graph_service();
    is_well(&service);
    let query =
        format!("SELECT * {{ {} {} {} FILTER(?a + ?b + ?c < 0) }}", values_of("a"), values_of("b"), values_of("c"));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..40).map(|_| scope.spawn(|| raw(&service, &query))).collect();
        for client in clients {
            let bytes = client.join().expect("no panic");
            assert!(bytes.starts_with(b"HTTP/1.1 503"), "{:.100}", String::from_utf8_lossy(&bytes));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    is_well(&service);
}
