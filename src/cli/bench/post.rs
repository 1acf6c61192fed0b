//! Single POSTs, one after the other: durable and visible to search when answered.

use std::time::Instant;

use super::figure::{Asked, Figure, Latencies};
use super::service::Service;
use super::usage::Meter;
use super::{Bed, Failure, ingest};

/// Numbers of the records posted: behind all others.
const FIRST: u64 = 1 << 40;
/// Each takes some fsyncs.
const MOST: u64 = 500;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "post";
    let store = bed.folder.join("scratch/ingest");
    let store = if ingest::has_records(&store) { store } else { ingest::folder(bed)? };
    let service = Service::start(&store)?;
    let mut connection = service.connect()?;
    ingest::register_collections(&mut connection)?;
    let mut latencies = Latencies::default();
    let requests = bed.requests.min(MOST);
    let meter = Meter::of(service.process());
    for number in FIRST..FIRST + requests {
        let made = bed.made.product(number);
        let path = format!("/api/v1/collections/{}/products", made.collection);
        let started = Instant::now();
        let answer = connection.post(&path, "application/json", made.text.as_bytes())?;
        latencies.add(started.elapsed());
        if answer.status != 201 {
            return Err(Failure::store(format!("{} was answered {}", made.id, answer.status)));
        }
        if number % 10 == 0 {
            ingest::check_found(&mut connection, &made)?;
        }
    }
    let taken = meter.taken();
    Ok(vec![
        Figure::new(name, "p50", latencies.percentile(50), "ms").asked(Asked::AtMost(15.0)),
        Figure::new(name, "p95", latencies.percentile(95), "ms").asked(Asked::AtMost(50.0)),
        Figure::new(
            name,
            "processor time of the service",
            taken.processor_micros(requests as f64) / 1_000.0,
            "ms/request",
        ),
    ])
}
