//! What others take from here: a whole harvest by OAI-PMH, and how soon a change is seen.

use std::time::Instant;

use super::NAME;
use crate::cli::Failure;
use crate::cli::bench::figure::{Asked, Figure, Latencies};
use crate::cli::bench::service::Service;
use crate::cli::bench::usage::{self, Meter, Taken};
use crate::cli::bench::{Bed, ingest, store};

/// Formats whose harvest is measured; the first is the one that is asked for.
const FORMATS: [&str; 3] = ["oai_dc", "perennial", "oai_datacite"];
/// Most pages of a harvest, so that a million records do not take minutes for each format.
const MOST_PAGES: u64 = 400;
/// Changes that are waited for.
const CHANGES: u64 = 20;
/// Numbers of the records that are registered meanwhile: behind all others.
const FIRST: u64 = 1 << 41;
/// What memory may grow by during a harvest, MiB: caches of frames, and a page or two.
const GROWTH: f64 = 128.0;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let mut figures = harvests(bed)?;
    figures.push(visible(bed)?);
    Ok(figures)
}

fn harvests(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let service = Service::start(&store::large(bed)?)?;
    let mut figures = Vec::new();
    for format in FORMATS {
        // The first pages fill the caches; what comes after them should not.
        harvest(&service, format, 4)?;
        let before = usage::memory(service.process(), "RssAnon");
        let (records, taken) = harvest(&service, format, MOST_PAGES)?;
        let grown = (usage::memory(service.process(), "RssAnon") - before).max(0.0);
        let is_asked = format == "oai_dc" && records >= 10_000;
        let rate = Figure::new(NAME, format!("OAI-PMH, {format}, 500 a page"), taken.rate(records as f64), "records/s");
        figures.push(rate.asked_if(is_asked, Asked::AtLeast(10_000.0)));
        let processor = taken.processor_micros(records as f64);
        figures.push(Figure::new(NAME, format!("{format}: processor time of the service"), processor, "µs/record"));
        let growth = Figure::new(NAME, format!("{format}: memory more after {records} records"), grown, "MiB");
        figures.push(growth.asked_if(is_asked, Asked::AtMost(GROWTH)));
    }
    Ok(figures)
}

/// Walks through a list; the answer is how many records came, and what that took.
fn harvest(service: &Service, format: &str, pages: u64) -> Result<(u64, Taken), Failure> {
    let mut connection = service.connect()?;
    let mut path = format!("/oai?verb=ListRecords&metadataPrefix={format}");
    let mut records = 0;
    let meter = Meter::of(service.process());
    for _ in 0..pages {
        let answer = connection.get(&path)?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 || text.contains("<error ") {
            return Err(Failure::store(format!("{path} was answered {}", answer.status)));
        }
        records += text.matches("<record><header").count() as u64;
        let token = text.rsplit_once("<resumptionToken").and_then(|(_, rest)| rest.split(['>', '<']).nth(1));
        match token.filter(|token| !token.is_empty()) {
            Some(token) => path = format!("/oai?verb=ListRecords&resumptionToken={token}"),
            None => break,
        }
    }
    Ok((records, meter.taken()))
}

/// From the beginning of a write until whoever waits for changes has it.
fn visible(bed: &Bed) -> Result<Figure, Failure> {
    let service = Service::start(&store::scratch(bed, "federation")?)?;
    let mut writing = service.connect()?;
    ingest::register_collections(&mut writing)?;
    let mut latencies = Latencies::default();
    for number in FIRST..FIRST + CHANGES {
        let made = bed.made.product(number);
        let known = writing.get("/api/v1/changes?limit=10000")?;
        let since = known.body.iter().filter(|byte| **byte == b'\n').count();
        let mut waiting = service.connect()?;
        let waiter = std::thread::spawn(move || {
            let answer = waiting.get(&format!("/api/v1/changes?since={since}&wait=30"));
            (answer.map(|answer| answer.body.len()), Instant::now())
        });
        let started = Instant::now();
        let path = format!("/api/v1/collections/{}/products", made.collection);
        let answer = writing.post(&path, "application/json", made.text.as_bytes())?;
        let told = waiter.join().map_err(|_| Failure::store("the client that waits for changes failed".to_owned()))?;
        match told {
            (Ok(bytes), at) if bytes > 0 && answer.status == 201 => latencies.add(at.duration_since(started)),
            _ => return Err(Failure::store(format!("the change of {} was not told", made.id))),
        }
    }
    let slowest = latencies.percentile(100);
    Ok(Figure::new(NAME, "a write until a long poll has it, slowest of 20", slowest, "ms")
        .asked(Asked::AtMost(1_000.0)))
}
