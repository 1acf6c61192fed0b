//! Searches of every kind over HTTP, on one connection that is kept: after a rebuild ("merged"), after a thousand single
//! writes ("live"), and beside a store of a tenth of the size.

mod many;
mod rows;

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::figure::{Asked, Figure, Latencies};
use super::http::Connection;
use super::records::Numbers;
use super::service::Service;
use super::store;
use super::{Bed, Failure, ingest};
use crate::catalogue::{Options, rebuild};
use rows::{ROWS, Row};

const NAME: &str = "search";

/// Single writes before the live rows.
const WRITES: u64 = 1_000;
/// Numbers of the records written: behind all others.
const FIRST: u64 = 1 << 42;
/// How much slower than merged a live row may be.
const LIVE: f64 = 3.0;
/// How much slower than at a tenth of the size a row that sums nothing up may be.
const GROWTH: f64 = 2.0;
/// Requests of one row.
const REQUESTS: u64 = 200;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let large = rebuilt(bed)?;
    let merged = Service::start(&large)?;
    let mut connection = merged.connect()?;
    let mut figures = Vec::new();
    let mut medians = Vec::new();
    for row in ROWS {
        let (mut latencies, found) = measure(bed, &mut connection, row)?;
        let median = latencies.percentile(50);
        medians.push(median);
        let what = format!("{}, p50 ({found:.1} records)", row.what);
        figures
            .push(Figure::new(NAME, what, median, "ms").asked_if(bed.records == 1_000_000, Asked::AtMost(row.limit)));
        figures.push(Figure::new(NAME, format!("{}, p95", row.what), latencies.percentile(95), "ms"));
    }
    figures.extend(many::pages(bed, &mut connection)?);
    figures.extend(many::clients(bed, &merged)?);
    drop(merged);
    figures.extend(live(bed, &large, &medians)?);
    figures.extend(growth(bed, &medians)?);
    Ok(figures)
}

/// The large store with indexes that were just made from its archive: the state that "merged" means, whatever an earlier
/// scenario left.
fn rebuilt(bed: &Bed) -> Result<PathBuf, Failure> {
    let store = store::large(bed)?;
    rebuild::reindex_without_graph(&store, &Options::default())?;
    Ok(store)
}

/// Asks the questions of a row; gives how long each took and how many records came back on average.
fn measure(bed: &Bed, connection: &mut Connection, row: &Row) -> Result<(Latencies, f64), Failure> {
    let mut numbers = Numbers::new(bed.seed, 1 << 52);
    let mut latencies = Latencies::default();
    let mut found = 0;
    let requests = bed.requests.min(REQUESTS);
    for request in 0..requests + requests / 10 {
        let path = (row.path)(&mut numbers);
        let started = Instant::now();
        let answer = connection.get(&path)?;
        let taken = started.elapsed();
        if answer.status != 200 {
            let body = String::from_utf8_lossy(&answer.body).chars().take(500).collect::<String>();
            return Err(Failure::store(format!("{path} was answered {}: {body}", answer.status)));
        }
        if request >= requests / 10 {
            latencies.add(taken);
            found += memchr::memmem::find_iter(&answer.body, row.counted.as_bytes()).count();
        }
    }
    Ok((latencies, found as f64 / requests as f64))
}

/// The rows again on a copy of the store after single writes, each as a multiple of the merged one.
fn live(bed: &Bed, large: &Path, merged: &[f64]) -> Result<Vec<Figure>, Failure> {
    let copy = copy_of(bed, large)?;
    let service = Service::start(&copy)?;
    let mut connection = service.connect()?;
    for number in FIRST..FIRST + WRITES {
        let made = bed.made.product(number);
        let path = format!("/api/v1/collections/{}/products", made.collection);
        let answer = connection.post(&path, "application/json", made.text.as_bytes())?;
        if answer.status != 201 {
            return Err(Failure::store(format!("{} was answered {}", made.id, answer.status)));
        }
    }
    ingest::check_found(&mut connection, &bed.made.product(FIRST + WRITES - 1))?;
    let mut figures = Vec::new();
    for (row, before) in ROWS.iter().zip(merged) {
        let median = measure(bed, &mut connection, row)?.0.percentile(50);
        let what = format!("{}, live after 1,000 single writes ({median:.2} ms)", row.what);
        figures.push(Figure::new(NAME, what, median / before.max(0.001), "×").asked(Asked::AtMost(LIVE)));
    }
    Ok(figures)
}

/// The rows that sum nothing up as a multiple of what they take at a tenth of the size.
fn growth(bed: &Bed, merged: &[f64]) -> Result<Vec<Figure>, Failure> {
    let small = Bed {
        folder: bed.folder.join("tenth"),
        records: (bed.records / 10).max(1),
        made: bed.made,
        judgements: None,
        programs: None,
        ..*bed
    };
    store::prepare(&small)?;
    let service = Service::start(&rebuilt(&small)?)?;
    let mut connection = service.connect()?;
    let mut figures = Vec::new();
    for (row, large) in ROWS.iter().zip(merged).filter(|(row, _)| !row.sums_up) {
        let median = measure(&small, &mut connection, row)?.0.percentile(50);
        let what = format!("{}, as a multiple of that of {} records", row.what, small.records);
        figures.push(Figure::new(NAME, what, large / median.max(0.001), "×").asked(Asked::AtMost(GROWTH)));
    }
    Ok(figures)
}

/// A copy of a store that can be written: what never changes is linked, the rest is copied.
fn copy_of(bed: &Bed, large: &Path) -> Result<PathBuf, Failure> {
    let copy = store::scratch(bed, "search-live")?;
    copy_folder(large, &copy)?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let is_archive = source.components().any(|part| part.as_os_str() == "archive");
        match entry.file_type()? {
            kind if kind.is_dir() => copy_folder(&source, &target)?,
            kind if kind.is_file() && is_archive => std::fs::hard_link(&source, &target)?,
            kind if kind.is_file() => drop(std::fs::copy(&source, &target)?),
            _ => {}
        }
    }
    Ok(())
}
