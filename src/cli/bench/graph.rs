//! The graph: how fast records become statements, and queries over HTTP, with counts and text through the search beside
//! the same asked of the graph alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Latencies};
use super::http::Connection;
use super::records::Numbers;
use super::service::Service;
use super::store;
use super::usage::{Meter, memory};
use super::{Bed, Failure};
use crate::archive::Archive;
use crate::catalogue::rebuild;
use crate::index::graph::GraphIndex;
use crate::index::{Batch, Projection};
use crate::model::uri::encode;

/// Records of the figures that are asked for.
const ASKED_RECORDS: u64 = 40_000;

/// Records that are replaced.
const REPLACED: usize = 4_000;

/// Records replaced at once, as the writer commits them under load.
const AT_ONCE: usize = 500;

const NAME: &str = "graph";

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let folder = store::large(bed)?;
    let mut figures = projection(bed, &folder)?;
    let service = Service::start_with_graph(&folder)?;
    let mut connection = service.connect()?;
    let mut pause = 0;
    while connection.get(&path("ASK {}"))?.status != 200 {
        pause += 1;
        if pause > 36_000 {
            return Err(Failure::store("the graph was not built within an hour"));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    figures.extend(queries(bed, &mut connection)?);
    figures.push(Figure::new(NAME, "own memory of the service", memory(service.process(), "RssAnon"), "MiB"));
    Ok(figures)
}

/// New records and replaced ones, in this process.
fn projection(bed: &Bed, folder: &std::path::Path) -> Result<Vec<Figure>, Failure> {
    let archive = store::open_archive(folder)?;
    let scratch = store::scratch(bed, NAME)?;
    let mut index = GraphIndex::open(&scratch).map_err(failed)?;
    let meter = Meter::own();
    rebuild::catch_up(&archive, &mut index, archive.last_sequence()).map_err(failed)?;
    let made = meter.taken();
    let quads = index.quad_count().map_err(failed)?;
    let replacements = replacements(&archive)?;
    let meter = Meter::own();
    replacements.iter().try_for_each(|batch| index.apply(std::slice::from_ref(batch))).map_err(failed)?;
    let replaced = meter.taken();
    let count: usize = replacements.iter().map(|batch| batch.changes.len()).sum();
    let asked = bed.records == ASKED_RECORDS;
    Ok(vec![
        Figure::new(NAME, "new records into the graph", made.rate(bed.records as f64), "records/s")
            .asked_if(asked, Asked::AtLeast(8_000.0)),
        Figure::new(NAME, "statements", quads as f64, "quads"),
        Figure::new(NAME, "replaced records", replaced.rate(count as f64), "records/s")
            .asked_if(asked, Asked::AtLeast(1_500.0)),
        Figure::new(NAME, "most resident memory", memory(std::process::id(), "VmHWM"), "MiB"),
    ])
}

/// The last products of the archive once more, as second revisions.
fn replacements(archive: &Archive) -> Result<Vec<Arc<Batch>>, Failure> {
    let last = archive.last_sequence();
    let mut changes = Vec::new();
    for segment in archive.segments(last.saturating_sub(REPLACED as u64) + 1).map_err(failed)? {
        changes.extend(rebuild::batch_of(segment.map_err(failed)?).changes);
    }
    changes.truncate(REPLACED);
    for (sequence, change) in (last + 1..).zip(&mut changes) {
        change.event.sequence = sequence;
        change.event.revision = 2;
    }
    let batches = changes.chunks(AT_ONCE).filter_map(|chunk| {
        let (first, last) = (chunk.first()?.event.sequence, chunk.last()?.event.sequence);
        Some(Arc::new(Batch { first, last, changes: chunk.to_vec(), payloads: Vec::new() }))
    });
    Ok(batches.collect())
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
    Question { what: "nothing at all", query: |_, _| "ASK {}".to_owned(), asked: None, share: 1 },
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
