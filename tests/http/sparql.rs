//! SPARQL 1.1 Protocol, as its test suite asks it of a query endpoint, in our own words; and how fresh an answer is.

use serde_json::Value;

use crate::support::{Answer, Client, Service, Store, options_with_graph, records};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const DIRECT: (&str, &str) = ("content-type", "application/sparql-query");

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A service with a graph that holds collection `c` with products `p0000` to `p0029`.
pub fn graph_service() -> (Store, Service) {
    let store = Store::new();
    let service = store.serve_with(&options_with_graph());
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    service.ingest(records::lines("c", 0..30));
    (store, service)
}

pub fn ask(client: &Client, query: &str) -> Answer {
    client.get(&format!("/sparql?wait=graph&query={}", encode(query)))
}

/// The values of one variable, sorted.
fn values(answer: &Answer, variable: &str) -> Vec<String> {
    let body = answer.json();
    let rows = body["results"]["bindings"].as_array().expect("rows").clone();
    let mut values: Vec<String> =
        rows.iter().map(|row| row[variable]["value"].as_str().unwrap_or("").to_owned()).collect();
    values.sort();
    values
}

fn count(client: &Client) -> String {
    let query = "SELECT (COUNT(*) AS ?n) { ?p a dcat:Dataset ; dcterms:isPartOf ?c }";
    values(&ask(client, query).expect_status(200), "n").remove(0)
}

#[test]
fn a_query_comes_in_three_ways() {
    let (_store, service) = graph_service();
    let query = "ASK { ?s ?p ?o }";
    let by_get = ask(&service, query).expect_status(200);
    assert_eq!(by_get.json()["boolean"], true);
    assert_eq!(by_get.header("content-type"), "application/sparql-results+json");
    let form = format!("query={}", encode(query));
    let charset = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")];
    for headers in [&[FORM][..], &charset[..]] {
        assert_eq!(service.send("POST", "/sparql", headers, form.clone()).expect_status(200).json()["boolean"], true);
    }
    assert_eq!(service.send("POST", "/sparql", &[DIRECT], query).expect_status(200).json()["boolean"], true);
}

#[test]
fn the_dataset_is_chosen_by_parameters_before_the_query() {
    let (_store, service) = graph_service();
    let base = &service.url;
    let (one, two) = (format!("{base}/graphs/product/c/p0001"), format!("{base}/graphs/product/c/p0002"));
    let names = "SELECT ?i { ?s dcterms:identifier ?i FILTER(STRSTARTS(?i, 'p00')) }";
    let in_graphs = "SELECT ?i { GRAPH ?g { ?s dcterms:identifier ?i FILTER(STRSTARTS(?i, 'p00')) } }";
    ask(&service, "ASK {}").expect_status(200);
    let get = |parameters: &str, query: &str| {
        let answer = service.get(&format!("/sparql?{parameters}&query={}", encode(query)));
        values(&answer.expect_status(200), "i")
    };
    let default = |graph: &str| format!("default-graph-uri={}", encode(graph));
    let named = |graph: &str| format!("named-graph-uri={}", encode(graph));
    assert_eq!(get(&default(&one), names), ["p0001"]);
    assert_eq!(get(&format!("{}&{}", default(&one), default(&two)), names), ["p0001", "p0002"]);
    assert_eq!(get(&named(&one), in_graphs), ["p0001"]);
    assert_eq!(get(&format!("{}&{}", named(&one), named(&two)), in_graphs), ["p0001", "p0002"]);
    assert!(get(&named(&one), names).is_empty(), "no default graph is named");
    assert!(get(&default(&one), in_graphs).is_empty(), "no named graph is named");
    let full = format!("{}&{}", default(&one), named(&two));
    assert_eq!((get(&full, names), get(&full, in_graphs)), (vec!["p0001".to_owned()], vec!["p0002".to_owned()]));
    // The parameters win over FROM; without them FROM counts.
    let from = format!("SELECT ?i FROM <{two}> {{ ?s dcterms:identifier ?i FILTER(STRSTARTS(?i, 'p00')) }}");
    assert_eq!(get("format=json", &from), ["p0002"]);
    assert_eq!(get(&default(&one), &from), ["p0001"]);
    // The same in a form, and beside a query that is the body.
    let form = format!("{}&query={}", default(&one), encode(names));
    assert_eq!(values(&service.send("POST", "/sparql", &[FORM], form).expect_status(200), "i"), ["p0001"]);
    let path = format!("/sparql?{}", default(&two));
    assert_eq!(values(&service.send("POST", &path, &[DIRECT], names).expect_status(200), "i"), ["p0002"]);
    service.get(&format!("/sparql?query=ASK%7B%7D&{}", default("no address"))).expect_problem(400, "bad-query");
}

#[test]
fn each_form_of_query_comes_in_each_of_its_formats() {
    let (_store, service) = graph_service();
    let table = "SELECT ?i { ?s dcterms:identifier ?i FILTER(?i = 'p0003') }";
    let truth = "ASK { ?s dcterms:identifier 'p0003' }";
    let graph = "CONSTRUCT { ?s dcterms:identifier ?i } { ?s dcterms:identifier ?i FILTER(?i = 'p0003') }";
    let thing = format!("DESCRIBE <{}/id/product/c/p0003>", service.url);
    ask(&service, truth).expect_status(200);
    let cases = [
        (table, "application/sparql-results+json", "\"p0003\""),
        (table, "application/sparql-results+xml", "<literal>p0003</literal>"),
        (table, "text/csv", "i\r\np0003\r\n"),
        (table, "text/tab-separated-values", "?i\n\"p0003\"\n"),
        (truth, "application/sparql-results+json", "true"),
        (truth, "application/sparql-results+xml", "<boolean>true</boolean>"),
        (graph, "text/turtle", "dcterms:identifier \"p0003\""),
        (graph, "application/n-triples", "<http://purl.org/dc/terms/identifier> \"p0003\" ."),
        (graph, "application/rdf+xml", ">p0003</dcterms:identifier>"),
        (graph, "application/ld+json", "\"p0003\""),
        (&thing, "application/n-triples", "<http://purl.org/dc/terms/identifier> \"p0003\" ."),
    ];
    for (query, media_type, expected) in cases {
        let path = format!("/sparql?query={}", encode(query));
        let answer = service.get_with(&path, &[("accept", media_type)]).expect_status(200);
        assert!(answer.header("content-type").starts_with(media_type), "{media_type}");
        assert!(answer.text().contains(expected), "{media_type}: {}", answer.text());
        assert_eq!(answer.header("vary"), "Accept");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let path = format!("/sparql?query={}", encode(table));
    let best = [("accept", "text/csv;q=0.5, application/sparql-results+xml;q=0.9, */*;q=0.1")];
    assert_eq!(service.get_with(&path, &best).header("content-type"), "application/sparql-results+xml");
    service.get_with(&path, &[("accept", "text/turtle")]).expect_problem(406, "not-acceptable");
    service.get_with(&path, &[("accept", "image/png")]).expect_problem(406, "not-acceptable");
    // What clients send beside or instead of Accept.
    let both = format!("{path}&format=csv&output=csv&results=csv");
    assert_eq!(service.get_with(&both, &[("accept", "application/json")]).text(), "i\r\np0003\r\n");
    let graphs = format!(
        "/sparql?query={}&format=json-ld&format=application/ld%2Bjson%2Capplication/x-json%2Bld",
        encode(graph)
    );
    assert_eq!(service.get(&graphs).expect_status(200).header("content-type"), "application/ld+json");
    service.get(&format!("{path}&format=csv&output=xml")).expect_problem(400, "bad-parameter");
    service.get(&format!("{path}&format=html")).expect_problem(400, "bad-parameter");
}

#[test]
fn what_is_no_query_is_refused() {
    let (_store, service) = graph_service();
    let query = encode("ASK {}");
    service.send("PUT", "/sparql", &[], "").expect_problem(405, "method-not-allowed");
    service.send("DELETE", &format!("/sparql?query={query}"), &[], "").expect_problem(405, "method-not-allowed");
    service.get(&format!("/sparql?query={query}&query={query}")).expect_problem(400, "bad-parameter");
    service.get("/sparql?default-graph-uri=urn:x").expect_problem(400, "bad-parameter");
    service.get(&format!("/sparql?query={query}&timeout=1")).expect_problem(400, "bad-parameter");
    service.get(&format!("/sparql?query={query}&wait=forever")).expect_problem(400, "bad-parameter");
    let form = format!("query={query}");
    service.send("POST", "/sparql", &[FORM], format!("{form}&{form}")).expect_problem(400, "bad-parameter");
    service
        .send("POST", "/sparql", &[("content-type", "text/plain")], form.clone())
        .expect_problem(415, "unsupported-media-type");
    service.send("POST", "/sparql", &[], form.clone()).expect_problem(415, "unsupported-media-type");
    service.send("POST", "/sparql", &[], "ASK {}").expect_problem(415, "unsupported-media-type");
    let utf16: Vec<u8> = "ASK {}".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let declared = [("content-type", "application/sparql-query; charset=UTF-16")];
    service.send("POST", "/sparql", &declared, utf16).expect_problem(400, "bad-request");
    service.send("POST", "/sparql", &[DIRECT], vec![b'A', 0xff]).expect_problem(422, "invalid");
    service.send("POST", "/sparql", &[FORM], "query=%FF").expect_problem(400, "bad-request");
    for query in ["SELECT nothing", "ASK { ?s ?p }", "DROP ALL", "INSERT DATA { <urn:a> <urn:b> <urn:c> }", ""] {
        ask(&service, query).expect_problem(400, "bad-query");
    }
    let update = "update=DROP%20ALL";
    service.send("POST", "/sparql", &[FORM], update).expect_problem(403, "updates-refused");
    let direct = [("content-type", "application/sparql-update")];
    service.send("POST", "/sparql", &direct, "DROP ALL").expect_problem(403, "updates-refused");
    service.get(&format!("/sparql?{update}")).expect_problem(403, "updates-refused");
}

#[test]
fn without_a_query_the_service_is_described() {
    let (_store, service) = graph_service();
    ask(&service, "ASK {}").expect_status(200);
    let turtle = service.get("/sparql").expect_status(200);
    assert!(turtle.header("content-type").starts_with("text/turtle"));
    let endpoint = format!("endpoint> <{}/sparql>", service.url);
    let lines = service.get_with("/sparql", &[("accept", "application/n-triples")]).expect_status(200).text();
    assert_eq!(lines.matches(&endpoint).count(), 1, "{lines}");
    assert_eq!(lines.matches("sparql-service-description#Service>").count(), 1);
    assert!(lines.contains("SPARQL11Query") && lines.contains("UnionDefaultGraph"));
    for media_type in ["application/rdf+xml", "application/ld+json"] {
        let answer = service.get_with("/sparql", &[("accept", media_type)]).expect_status(200);
        assert_eq!(answer.header("content-type"), media_type);
    }
    service.get_with("/sparql", &[("accept", "text/csv")]).expect_problem(406, "not-acceptable");
}

#[test]
fn the_graph_follows_what_is_written_replaced_and_deleted() {
    let (store, service) = graph_service();
    assert_eq!(count(&service), "30");
    service.ingest(records::lines("c", 30..900));
    assert_eq!(count(&service), "900");
    let title = |client: &Client| {
        let query = format!("SELECT ?t {{ <{}/id/product/c/p0001> dcterms:title ?t }}", client.url);
        values(&ask(client, &query).expect_status(200), "t")
    };
    assert_eq!(title(&service), ["Scene 1 over land"]);
    let changed = records::numbered("c", 1).replace("over land", "replaced");
    service.put("/api/v1/collections/c/products/p0001", changed).expect_status(200);
    assert_eq!(title(&service), ["Scene 1 replaced"]);
    service.delete("/api/v1/collections/c/products/p0001").expect_status(200);
    assert!(title(&service).is_empty());
    assert_eq!(count(&service), "899");
    let answer = ask(&service, "ASK {}").expect_status(200);
    let health = service.get("/health").json();
    assert_eq!(answer.header("perennial-sequence"), health["sequence"].to_string());
    assert_eq!(health["indexes"]["graph"]["lag"], 0, "{health}");
    // After a restart, and after the index is gone, the answers are the same.
    drop(service);
    let service = store.serve_with(&options_with_graph());
    assert_eq!(count(&service), "899");
    drop(service);
    std::fs::remove_dir_all(store.path().join("index/graph")).expect("there");
    let service = store.serve_with(&options_with_graph());
    assert_eq!((count(&service), title(&service).len()), ("899".to_owned(), 0));
}

#[test]
fn searches_inside_a_query_are_joined_with_the_graph() {
    let (_store, service) = graph_service();
    let rows = |query: &str, variable: &str| values(&ask(&service, query).expect_status(200), variable);
    ask(&service, "ASK {}").expect_status(200);
    let ice = "SELECT ?i { SERVICE <urn:perennial:search> { ?p search:q 'ice' ; search:mission 'Envisat' } ?p dcterms:identifier ?i }";
    // Numbers 2, 8, 14 …: surface ice and mission Envisat.
    assert_eq!(rows(ice, "i"), ["p0002", "p0008", "p0014", "p0020", "p0026"]);
    let best = "SELECT ?i ?s { ?p dcterms:identifier ?i . SERVICE <urn:perennial:search> { ?p search:q 'scene' ; search:limit 2 ; search:score ?s } } ORDER BY DESC(?s)";
    let scores = rows(best, "s");
    assert!(
        scores.len() == 2 && scores.iter().all(|score| score.parse::<f64>().is_ok_and(|score| score > 0.0)),
        "{scores:?}"
    );
    let total = "SELECT ?n { SERVICE <urn:perennial:search> { [] search:datetime '2020-01-01T00:00:00Z/2020-01-10T23:00:00Z' ; search:count ?n } }";
    assert_eq!(rows(total, "n"), ["10"]);
    let by_mission = "SELECT ?m ?n { SERVICE <urn:perennial:search> { [] search:facets 'mission' ; search:value ?m ; search:count ?n } }";
    assert_eq!(
        (rows(by_mission, "m"), rows(by_mission, "n")),
        (vec!["ERS-2".to_owned(), "Envisat".to_owned()], vec!["15".to_owned(); 2])
    );
    let both = "SELECT ?m (COUNT(*) AS ?n) { SERVICE <urn:perennial:search> { ?p search:ranges 'x' } } GROUP BY ?m";
    ask(&service, both).expect_problem(400, "bad-parameter");
    let ranges = "SELECT ?a ?n { SERVICE <urn:perennial:search> { [] search:ranges 'properties.orbit=..10,10..25' ; search:from ?a ; search:count ?n } }";
    assert_eq!(
        (rows(ranges, "a"), rows(ranges, "n")),
        (vec![String::new(), "10".to_owned()], vec!["10".to_owned(), "15".to_owned()])
    );
    let none =
        "SELECT ?i { SERVICE <urn:perennial:search> { ?p search:q 'nothing-like-it' } ?p dcterms:identifier ?i }";
    assert!(rows(none, "i").is_empty());
    let place =
        "SELECT ?i { SERVICE <urn:perennial:search> { ?p search:bbox '-180,-75,-178,-73' } ?p dcterms:identifier ?i }";
    assert_eq!(rows(place, "i"), ["p0000"]);
    for (term, code) in [
        ("search:bogus 1", "bad-parameter"),
        ("search:q ?x", "bad-query"),
        ("search:collection 'nosuch'", "unknown-collection"),
        ("search:token 'x'", "bad-parameter"),
        ("search:filter 'a <'", "bad-parameter"),
    ] {
        let query = format!("ASK {{ SERVICE <urn:perennial:search> {{ ?p {term} }} }}");
        let answer = ask(&service, &query);
        let status = if code == "unknown-collection" { 404 } else { 400 };
        answer.expect_problem(status, code);
    }
}

#[test]
fn graphs_are_read_by_their_address() {
    let (_store, service) = graph_service();
    ask(&service, "ASK {}").expect_status(200);
    let accept = [("accept", "application/n-triples")];
    let own = service.get_with("/graphs/product/c/p0001", &accept).expect_status(200);
    assert!(own.text().contains("identifier> \"p0001\"") && !own.text().contains("p0002"));
    let address = encode(&format!("{}/graphs/product/c/p0001", service.url));
    assert_eq!(
        service.get_with(&format!("/graphs?graph={address}"), &accept).expect_status(200).body.len(),
        own.body.len()
    );
    assert_eq!(service.send("HEAD", "/graphs/product/c/p0001", &accept, "").expect_status(200).body, b"");
    let all = service.get_with("/graphs?default", &accept).expect_status(200);
    assert!(all.body.len() > 20 * own.body.len());
    assert!(service.get("/graphs/meta?format=turtle").expect_status(200).text().contains("ltdp:sequence"));
    service.get("/graphs/product/c/nosuch").expect_problem(404, "not-found");
    service.get("/graphs?graph=urn%3Anosuch").expect_problem(404, "not-found");
    service.get("/graphs?graph=no%20address").expect_problem(400, "bad-query");
    for query in ["", "?default&graph=urn:x", "?default=1", "?default&bogus=1"] {
        service.get(&format!("/graphs{query}")).expect_problem(400, "bad-parameter");
    }
    service.get_with("/graphs/meta", &[("accept", "text/csv")]).expect_problem(406, "not-acceptable");
    for method in ["PUT", "POST", "DELETE"] {
        service.send(method, "/graphs/product/c/p0001", &[], "").expect_problem(405, "method-not-allowed");
    }
}

#[test]
fn a_service_without_a_graph_says_so() {
    let (_store, service) = crate::support::service();
    let problem: Value = service.get("/sparql?query=ASK%7B%7D").expect_problem(503, "unavailable");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no graph")), "{problem}");
}
