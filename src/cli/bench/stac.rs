//! STAC item search: a collection, a box and a year, a page of ten; without a total and with the exact one.

use std::time::Instant;

use super::figure::{Asked, Figure, Latencies};
use super::http::Connection;
use super::records::{Numbers, Records};
use super::service::Service;
use super::store;
use super::usage::Meter;
use super::{Bed, Failure};

/// Degrees of a box in longitude and latitude.
const WIDTH: f64 = 20.0;
const HEIGHT: f64 = 15.0;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let service = Service::start(&store::large(bed)?)?;
    let mut connection = service.connect()?;
    let process = service.process();
    let mut figures = measure(bed, &mut connection, process, "none", ("without a total", 0.6))?;
    figures.extend(measure(bed, &mut connection, process, "exact", ("with the exact total", 2.0))?);
    Ok(figures)
}

fn measure(
    bed: &Bed,
    connection: &mut Connection,
    process: u32,
    count: &str,
    (what, limit): (&str, f64),
) -> Result<Vec<Figure>, Failure> {
    let name = "stac";
    let collections: Vec<&str> = Records::collections().collect();
    let mut numbers = Numbers::new(bed.seed, 1 << 51);
    let mut latencies = Latencies::default();
    let mut returned = 0;
    let warming = bed.requests / 10;
    let mut meter = Meter::of(process);
    for request in 0..warming + bed.requests {
        let collection = collections.get(numbers.below(collections.len() as u64) as usize).copied().unwrap_or_default();
        let (west, south) = (numbers.between(-180.0, 180.0 - WIDTH), numbers.between(-75.0, 75.0 - HEIGHT));
        let (east, north) = (west + WIDTH, south + HEIGHT);
        let year = 2004 + numbers.below(20);
        let path = format!(
            "/stac/search?collections={collection}&bbox={west:.2},{south:.2},{east:.2},{north:.2}&datetime={year}-01-01T00:00:00Z/{year}-12-31T23:59:59Z&limit=10&count={count}"
        );
        if request == warming {
            meter = Meter::of(process);
        }
        let started = Instant::now();
        let answer = connection.get(&path)?;
        let taken = started.elapsed();
        if answer.status != 200 {
            return Err(Failure::store(format!("{path} was answered {}", answer.status)));
        }
        if request >= warming {
            latencies.add(taken);
            returned += memchr::memmem::find_iter(&answer.body, b"\"stac_version\"").count();
        }
    }
    let taken = meter.taken();
    let requests = bed.requests as f64;
    Ok(vec![
        Figure::new(name, format!("page of 10 {what}, p50"), latencies.percentile(50), "ms")
            .asked(Asked::AtMost(limit)),
        Figure::new(name, format!("page of 10 {what}, p95"), latencies.percentile(95), "ms"),
        Figure::new(
            name,
            format!("processor time of the service {what}"),
            taken.processor_micros(requests),
            "µs/request",
        ),
        Figure::new(name, format!("items on a page {what}, mean"), returned as f64 / requests, "items"),
    ])
}
