//! The graph: how fast records become statements, how soon a write is seen, and queries over HTTP, with counts and text
//! through the search beside the same asked of the graph alone. Its records have ancestors, in a store of their own.

mod projection;
mod visible;

use std::path::Path;
use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Latencies};
use super::http::Connection;
use super::records::Numbers;
use super::service::Service;
use super::store;
use super::usage::memory;
use super::{Bed, Failure};
use crate::model::uri::encode;

/// Records of the figures that are asked for.
const ASKED_RECORDS: u64 = 40_000;

/// Pauses of 100 ms until the graph is there.
const PATIENCE: u64 = 36_000;

const NAME: &str = "graph";

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let folder = bed.folder.join("lineage");
    let bed = Bed { folder, made: bed.made.with_lineage(), ..bed.clone() };
    store::prepare(&bed)?;
    let folder = store::large(&bed)?;
    let mut figures = projection::run(&bed, &folder)?;
    figures.extend(asked(&bed, &folder)?);
    figures.extend(visible::run(&bed)?);
    store::remove_scratch(&bed)?;
    Ok(figures)
}

/// Questions to a service.
fn asked(bed: &Bed, folder: &Path) -> Result<Vec<Figure>, Failure> {
    let service = Service::start_with_graph(folder)?;
    let mut connection = service.connect()?;
    wait_for_graph(&mut connection)?;
    let mut figures = queries(bed, &mut connection)?;
    figures.push(Figure::new(NAME, "own memory of the service", memory(service.process(), "RssAnon"), "MiB"));
    Ok(figures)
}

fn wait_for_graph(connection: &mut Connection) -> Result<(), Failure> {
    for _ in 0..PATIENCE {
        if connection.get(&path("ASK {}"))?.status == 200 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(Failure::store("the graph was not built within an hour"))
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure::of(super::super::failure::STORE, &error)
}

/// A kind of query: what it is, its text for a record, and what is asked of its median.
struct Question {
    what: &'static str,
    query: fn(&str, &str) -> String,
    asked: Option<f64>,
    /// Slow ones are asked less often.
    share: u64,
}

#[rustfmt::skip]
const QUESTIONS: &[Question] = &[
    // What HTTP, the pipe and the parser add to an evaluation.
    Question { what: "a query that does nothing", query: |_, _| "ASK {}".to_owned(), asked: Some(0.3), share: 1 },
    Question { what: "record by identifier", query: |_, id| format!("SELECT ?s {{ ?s dcterms:identifier \"{id}\" }}"), asked: Some(0.4), share: 1 },
    Question { what: "one record's graph", query: |thing, _| format!("CONSTRUCT {{ <{thing}> ?p ?o }} WHERE {{ <{thing}> ?p ?o }}"), asked: Some(0.5), share: 1 },
    Question { what: "ancestors by a property path", query: |thing, _| format!("SELECT ?a {{ <{thing}> (prov:wasDerivedFrom/^ltdp:name)+ ?a }}"), asked: Some(0.5), share: 1 },
    Question { what: "count by mission, through search", query: |_, _| "SELECT ?m ?n { SERVICE <urn:perennial:search> { [] search:facets \"mission\" ; search:value ?m ; search:count ?n } }".to_owned(), asked: Some(5.0), share: 1 },
    Question { what: "count by mission, in the graph", query: |_, _| "SELECT ?m (COUNT(*) AS ?n) { ?s ltdp:mission ?m } GROUP BY ?m".to_owned(), asked: None, share: 50 },
    Question { what: "count in a date range, through search", query: |_, _| "SELECT ?n { SERVICE <urn:perennial:search> { [] search:datetime \"2012-01-01T00:00:00Z/2012-12-31T00:00:00Z\" ; search:count ?n } }".to_owned(), asked: Some(5.0), share: 1 },
    Question { what: "count in a date range, in the graph", query: |_, _| "SELECT (COUNT(*) AS ?n) { ?s dcterms:temporal/dcat:startDate ?t FILTER(?t >= \"2012-01-01T00:00:00Z\"^^xsd:dateTime && ?t < \"2012-12-31T00:00:00Z\"^^xsd:dateTime) }".to_owned(), asked: None, share: 50 },
    Question { what: "text match counted, through search", query: |_, _| "SELECT ?n { SERVICE <urn:perennial:search> { [] search:q \"freeboard\" ; search:count ?n } }".to_owned(), asked: Some(5.0), share: 1 },
    Question { what: "text match counted, in the graph", query: |_, _| "SELECT (COUNT(*) AS ?n) { ?s dcterms:title ?t FILTER(CONTAINS(?t, \"freeboard\")) }".to_owned(), asked: None, share: 50 },
    Question { what: "100 best text matches joined with their missions", query: |_, _| "SELECT ?m (COUNT(*) AS ?n) { SERVICE <urn:perennial:search> { ?s search:q \"freeboard Amazon\" ; search:limit 100 } ?s ltdp:mission ?m } GROUP BY ?m".to_owned(), asked: None, share: 1 },
];

fn queries(bed: &Bed, connection: &mut Connection) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    for question in QUESTIONS {
        let mut numbers = Numbers::new(bed.seed, 1 << 51);
        let mut latencies = Latencies::default();
        let requests = (bed.requests / question.share).max(5);
        for request in 0..requests + requests / 10 + 1 {
            let made = bed.made.product(numbers.below(bed.records));
            let thing =
                format!("http://{}/id/product/{}/{}", connection.host(), encode(made.collection), encode(&made.id));
            let target = path(&(question.query)(&thing, &made.id));
            let started = Instant::now();
            let answer = connection.get(&target)?;
            let taken = started.elapsed();
            if answer.status != 200 {
                let body = String::from_utf8_lossy(&answer.body).into_owned();
                return Err(Failure::store(format!("{} was answered {}: {body}", question.what, answer.status)));
            }
            // The first tenth warms caches.
            if request > requests / 10 {
                latencies.add(taken);
            }
        }
        let half = Figure::new(NAME, format!("{}, p50", question.what), latencies.percentile(50), "ms");
        figures.push(match question.asked.filter(|_| bed.records == ASKED_RECORDS) {
            Some(limit) => half.asked(Asked::AtMost(limit)),
            None => half,
        });
        figures.push(Figure::new(NAME, "p95", latencies.percentile(95), "ms"));
    }
    Ok(figures)
}

fn path(query: &str) -> String {
    format!("/sparql?query={}", encode(query))
}
