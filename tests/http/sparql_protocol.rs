//! The test suite of SPARQL 1.1 Protocol (34 tests), of service description (3) and of results as CSV and TSV, in our own
//! words and by the names of their manifests. Where a test updates, it shows that the update is refused: graphs follow records.

use crate::http::sparql::{ask, encode, graph_service};
use crate::support::{Answer, Client};

const FORM: &str = "application/x-www-form-urlencoded";
const QUERY: &str = "application/sparql-query";
const UPDATE: &str = "application/sparql-update";

/// What an answer must be.
#[derive(Clone, Copy)]
enum Expected {
    True,
    /// 200 in one of the media types.
    OneOf(&'static [&'static str]),
    /// Any fault of the client: 4xx.
    Refused,
    /// 403: no update is taken, whatever it says.
    NoUpdate,
}

const TABLES: &[&str] =
    &["application/sparql-results+json", "application/sparql-results+xml", "text/tab-separated-values", "text/csv"];
const GRAPHS: &[&str] = &["text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"];

struct Case<'c> {
    name: &'c str,
    method: &'c str,
    parameters: String,
    media_type: Option<&'c str>,
    body: Vec<u8>,
    expected: Expected,
}

fn case<'c>(name: &'c str, method: &'c str, parameters: &str, media_type: Option<&'c str>, body: &str) -> Case<'c> {
    let (parameters, body) = (parameters.to_owned(), body.as_bytes().to_vec());
    Case { name, method, parameters, media_type, body, expected: Expected::True }
}

impl Case<'_> {
    fn expect(self, expected: Expected) -> Self {
        Self { expected, ..self }
    }

    fn send(&self, client: &Client) -> Answer {
        let path =
            if self.parameters.is_empty() { "/sparql".to_owned() } else { format!("/sparql?{}", self.parameters) };
        let headers: Vec<(&str, &str)> = self.media_type.iter().map(|name| ("content-type", *name)).collect();
        client.send(self.method, &path, &headers, self.body.clone())
    }

    fn check(&self, client: &Client) {
        let answer = self.send(client);
        let media_type = answer.header("content-type");
        match self.expected {
            Expected::True => assert_eq!(answer.expect_status(200).json()["boolean"], true, "{}", self.name),
            Expected::OneOf(known) => {
                let answer = answer.expect_status(200);
                assert!(known.iter().any(|name| media_type.starts_with(name)), "{}: {media_type}", self.name);
                assert!(!answer.body.is_empty(), "{}", self.name);
            }
            Expected::Refused => assert_eq!(answer.status / 100, 4, "{}: {}", self.name, answer.text()),
            Expected::NoUpdate => drop(answer.expect_problem(403, "updates-refused")),
        }
    }
}

/// Two graphs of records as parameters, and a query that holds when exactly they are the default or the named graphs.
struct Dataset {
    default: String,
    named: String,
    in_default: String,
    in_named: String,
    full: String,
}

fn dataset(base: &str) -> Dataset {
    let graph = |id: &str| encode(&format!("{base}/graphs/product/c/{id}"));
    let (one, two) = (graph("p0001"), graph("p0002"));
    let only = "FILTER NOT EXISTS { ?x dcterms:identifier 'p0003' }";
    Dataset {
        default: format!("default-graph-uri={one}&default-graph-uri={two}"),
        named: format!("named-graph-uri={one}&named-graph-uri={two}"),
        in_default: format!("ASK {{ ?a dcterms:identifier 'p0001' . ?b dcterms:identifier 'p0002' {only} }}"),
        in_named: "ASK { GRAPH ?g { ?a dcterms:identifier 'p0001' } GRAPH ?h { ?b dcterms:identifier 'p0002' } FILTER(?g != ?h) FILTER NOT EXISTS { ?s ?p ?o } }".to_owned(),
        full: "ASK { ?c dcterms:identifier 'p0003' GRAPH ?g { ?a dcterms:identifier 'p0001' } GRAPH ?h { ?b dcterms:identifier 'p0002' } FILTER NOT EXISTS { ?d dcterms:identifier 'p0001' } }".to_owned(),
    }
}

fn queries(base: &str) -> Vec<Case<'static>> {
    let Dataset { default, named, in_default, in_named, full } = dataset(base);
    let third = format!("default-graph-uri={}", encode(&format!("{base}/graphs/product/c/p0003")));
    let ask = format!("query={}", encode("ASK { ?s ?p ?o }"));
    let query = |text: &str| format!("query={}", encode(text));
    let typed = |name, text: &str| case(name, "GET", &query(text), None, "");
    vec![
        case("query_post_form", "POST", "", Some(FORM), &ask),
        case("query_dataset_default_graphs_get", "GET", &format!("{}&{default}", query(&in_default)), None, ""),
        case("query_dataset_default_graphs_post", "POST", &default, Some(QUERY), &in_default),
        case("query_dataset_named_graphs_post", "POST", &named, Some(QUERY), &in_named),
        case("query_dataset_named_graphs_get", "GET", &format!("{}&{named}", query(&in_named)), None, ""),
        case("query_dataset_full", "POST", &format!("{third}&{named}"), Some(QUERY), &full),
        // The protocol's dataset wins over that of the query.
        case(
            "query_multiple_dataset",
            "POST",
            &default,
            Some(QUERY),
            &in_default.replacen("ASK", "ASK FROM <urn:none>", 1),
        ),
        case("query_get", "GET", &ask, None, ""),
        typed("query_content_type_select", "SELECT * { ?s ?p ?o } LIMIT 1").expect(Expected::OneOf(TABLES)),
        typed("query_content_type_ask", "ASK {}").expect(Expected::OneOf(TABLES)),
        typed("query_content_type_describe", "DESCRIBE ?s { ?s dcterms:identifier 'p0001' }")
            .expect(Expected::OneOf(GRAPHS)),
        typed("query_content_type_construct", "CONSTRUCT WHERE { ?s dcterms:identifier 'p0001' }")
            .expect(Expected::OneOf(GRAPHS)),
        case("query_post_direct", "POST", "", Some(QUERY), "ASK { ?s ?p ?o }"),
    ]
}

fn faults() -> Vec<Case<'static>> {
    let ask = format!("query={}", encode("ASK {}"));
    let utf16: Vec<u8> = "ASK {}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let refused = |case: Case<'static>| case.expect(Expected::Refused);
    vec![
        refused(case("bad_query_method", "PUT", &ask, None, "")),
        refused(case("bad_multiple_queries", "GET", &format!("{ask}&query={}", encode("SELECT * {}")), None, "")),
        refused(case("bad_query_wrong_media_type", "POST", "", Some("text/plain"), "ASK {}")),
        refused(case("bad_query_missing_form_type", "POST", "", None, &ask)),
        refused(case("bad_query_missing_direct_type", "POST", "", None, "ASK {}")),
        Case {
            body: utf16,
            ..refused(case("bad_query_non_utf8", "POST", "", Some("application/sparql-query; charset=UTF-16"), ""))
        },
        refused(case("bad_query_syntax", "GET", &format!("query={}", encode("ASK {")), None, "")),
    ]
}

fn updates() -> Vec<Case<'static>> {
    let update = "CLEAR ALL ; INSERT DATA { GRAPH <urn:g> { <urn:s> <urn:p> <urn:o> } }";
    let form = format!("update={}", encode(update));
    let using = |kinds: &[&str]| {
        kinds.iter().map(|kind| format!("using-{kind}graph-uri=urn%3Ag")).collect::<Vec<_>>().join("&")
    };
    let with = |kinds: &[&str]| format!("{form}&{}", using(kinds));
    let utf16 = Some("application/sparql-update; charset=UTF-16");
    let refused = |case: Case<'static>, expected| case.expect(expected);
    let all = vec![
        (case("update_dataset_default_graph", "POST", "", Some(FORM), &with(&[""])), Expected::NoUpdate),
        (case("update_dataset_default_graphs", "POST", "", Some(FORM), &with(&["", ""])), Expected::NoUpdate),
        (case("update_dataset_named_graphs", "POST", "", Some(FORM), &with(&["named-"])), Expected::NoUpdate),
        (case("update_dataset_full", "POST", "", Some(FORM), &with(&["", "named-"])), Expected::NoUpdate),
        (case("update_post_form", "POST", "", Some(FORM), &form), Expected::NoUpdate),
        (case("update_post_direct", "POST", "", Some(UPDATE), update), Expected::NoUpdate),
        (
            case("update_base_uri", "POST", "", Some(UPDATE), "CLEAR GRAPH <urn:g>; INSERT DATA { <x> <y> <z> }"),
            Expected::NoUpdate,
        ),
        (case("bad_update_get", "GET", &form, None, ""), Expected::Refused),
        (case("bad_multiple_updates", "POST", "", Some(FORM), &format!("{form}&{form}")), Expected::Refused),
        (case("bad_update_wrong_media_type", "POST", "", Some("text/plain"), update), Expected::Refused),
        (case("bad_update_missing_form_type", "POST", "", None, &form), Expected::Refused),
        (case("bad_update_non_utf8", "POST", "", utf16, "C\0L\0"), Expected::Refused),
        (case("bad_update_syntax", "POST", "", Some(UPDATE), "INSERT NOTHING"), Expected::Refused),
        (case("bad_update_dataset_conflict", "POST", &using(&[""]), Some(UPDATE), update), Expected::Refused),
    ];
    all.into_iter().map(|(case, expected)| refused(case, expected)).collect()
}

#[test]
fn the_protocol_is_kept_and_no_update_changes_anything() {
    let (_store, service) = graph_service();
    let count = |client: &Client| ask(client, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").expect_status(200).text();
    let before = count(&service);
    let all: Vec<Case<'_>> = [queries(&service.url), faults(), updates()].into_iter().flatten().collect();
    assert_eq!(all.len(), 34, "all tests of the manifest");
    all.iter().for_each(|case| case.check(&service));
    assert_eq!(count(&service), before);
}

#[test]
fn the_service_describes_itself() {
    let (_store, service) = graph_service();
    ask(&service, "ASK {}").expect_status(200);
    for path in ["/sparql", "/.well-known/void"] {
        // has-endpoint-triple, returns-rdf, conforms-to-schema
        let answer = service.get_with(path, &[("accept", "application/n-triples")]).expect_status(200);
        assert!(answer.header("content-type").starts_with("application/n-triples"), "returns-rdf");
        let text = answer.text();
        let terms = "<http://www.w3.org/ns/sparql-service-description#";
        let endpoint = format!("<{}/sparql> {terms}endpoint> <{}/sparql> .", service.url, service.url);
        assert!(text.contains(&endpoint), "has-endpoint-triple: {text}");
        assert!(text.contains(&format!(
            "<{}/sparql> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> {terms}Service> .",
            service.url
        )));
        // What the schema says a property leads from and to.
        for (property, class) in
            [("defaultDataset", "Dataset"), ("namedGraph", "NamedGraph"), ("defaultGraph", "Graph")]
        {
            let lines: Vec<&str> = text.lines().filter(|line| line.contains(&format!("{terms}{property}>"))).collect();
            assert!(!lines.is_empty(), "{property}");
            for line in lines {
                let object = line.split(' ').nth(2).expect("an object");
                let typed = format!("{object} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> {terms}{class}> .");
                assert!(text.contains(&typed), "conforms-to-schema: {typed}");
            }
        }
    }
}

#[test]
fn results_come_as_csv_and_tsv() {
    let (_store, service) = graph_service();
    ask(&service, "ASK {}").expect_status(200);
    let rows = "SELECT ?a ?b ?c { VALUES (?a ?b ?c) { (<urn:s> 'x' 1) ('a,\"b\"' 'é'@en 1.5) ('l\\nm' UNDEF true) ('1'^^<urn:type> '\\t' 1e6) } }";
    let get = |query: &str, media_type: &str| {
        service
            .get_with(&format!("/sparql?query={}", encode(query)), &[("accept", media_type)])
            .expect_status(200)
            .text()
    };
    let csv = get(rows, "text/csv");
    assert_eq!(csv, "a,b,c\r\nurn:s,x,1\r\n\"a,\"\"b\"\"\",é,1.5\r\n\"l\nm\",,true\r\n1,\t,1000000\r\n");
    let tsv = get(rows, "text/tab-separated-values");
    let lines: Vec<&str> = tsv.lines().collect();
    assert_eq!(lines.first(), Some(&"?a\t?b\t?c"));
    assert_eq!(lines.get(1), Some(&"<urn:s>\t\"x\"\t1"));
    assert_eq!(lines.get(2), Some(&"\"a,\\\"b\\\"\"\t\"é\"@en\t1.5"));
    assert_eq!(lines.get(3), Some(&"\"l\\nm\"\t\ttrue"));
    // A double may be written another way, but never so that it is read as an integer.
    let (typed, double) = ("\"1\"^^<urn:type>\t\"\\t\"\t", "<http://www.w3.org/2001/XMLSchema#double>");
    let last = lines.get(4).and_then(|line| line.strip_prefix(typed)).expect("a row");
    assert!(last.contains(['e', 'E']) || last == format!("\"1000000\"^^{double}"), "{last}");
    assert_eq!(get("SELECT * { ?s <urn:none> ?o }", "text/csv").lines().count(), 1);
    assert_eq!(get("SELECT * { ?s <urn:none> ?o }", "text/tab-separated-values").lines().count(), 1);
}
