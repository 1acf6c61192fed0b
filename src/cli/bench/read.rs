//! Records by id over HTTP, one after the other on one connection.

use std::time::Instant;

use super::figure::{Asked, Figure, Latencies};
use super::records::Numbers;
use super::service::Service;
use super::store;
use super::usage::Meter;
use super::{Bed, Failure, ingest};

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "read";
    let service = Service::start(&store::large(bed)?)?;
    let mut connection = service.connect()?;
    let mut numbers = Numbers::new(bed.seed, 1 << 50);
    let mut latencies = Latencies::default();
    let warming = bed.requests / 10;
    let mut meter = Meter::of(service.process());
    for request in 0..warming + bed.requests {
        let made = bed.made.product(numbers.below(bed.records));
        let path = ingest::path(&made);
        if request == warming {
            meter = Meter::of(service.process());
        }
        let started = Instant::now();
        let answer = connection.get(&path)?;
        let taken = started.elapsed();
        if answer.status != 200 || answer.body != made.text.as_bytes() {
            return Err(Failure::store(format!("{} was answered {}", made.id, answer.status)));
        }
        if request >= warming {
            latencies.add(taken);
        }
    }
    let taken = meter.taken();
    Ok(vec![
        Figure::new(name, "record by id over HTTP, p50", latencies.percentile(50), "ms").asked(Asked::AtMost(0.2)),
        Figure::new(name, "p95", latencies.percentile(95), "ms"),
        Figure::new(name, "processor time of the service", taken.processor_micros(bed.requests as f64), "µs/request"),
    ])
}
