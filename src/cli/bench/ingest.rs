//! A stream of lines over HTTP: each is durable, readable by id and searchable when its result arrives.

use std::path::Path;

use super::figure::{Asked, Figure};
use super::http::Connection;
use super::records::{Made, Records};
use super::service::Service;
use super::store;
use super::usage::{Meter, memory};
use super::{Bed, Failure};
use crate::model::uri::encode;

/// Bytes sent at a time.
const PIECE: usize = 256 << 10;

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let name = "ingest";
    let service = Service::start(&folder(bed)?)?;
    let mut connection = service.connect()?;
    register_collections(&mut connection)?;
    // Made up before the clock runs.
    let mut body = Vec::new();
    let mut last = None;
    for number in 0..bed.written {
        let made = bed.made.product(number);
        body.extend_from_slice(made.text.as_bytes());
        body.push(b'\n');
        last = Some(made);
    }
    let meter = Meter::of(service.process());
    // A connection of its own: the service closes it after an answer that began before the request ended.
    let created = send(&mut service.connect()?, &body)?;
    let taken = meter.taken();
    if created != bed.written {
        return Err(Failure::store(format!("{created} of {} records were created", bed.written)));
    }
    if let Some(last) = last {
        check_found(&mut connection, &last)?;
    }
    let records = bed.written as f64;
    Ok(vec![
        Figure::new(name, "NDJSON over HTTP: durable, readable, searchable", taken.rate(records), "records/s")
            .asked(Asked::AtLeast(15_000.0)),
        Figure::new(name, "processor time of the service", taken.processor_micros(records), "µs/record"),
        Figure::new(name, "the same at two full cores", 2.0 * taken.processor_rate(records), "records/s"),
        Figure::new(name, "most resident memory of the service", memory(service.process(), "VmHWM"), "MiB"),
    ])
}

/// The store that this scenario makes and `post` goes on with.
pub fn folder(bed: &Bed) -> Result<std::path::PathBuf, Failure> {
    store::scratch(bed, "ingest")
}

/// Registers the collections of all made-up records, where they are not there yet.
pub fn register_collections(connection: &mut Connection) -> Result<(), Failure> {
    for made in Records::collection_records() {
        let answer = connection.post("/api/v1/collections", "application/json", made.text.as_bytes())?;
        let is_there = 409;
        if answer.status != 201 && answer.status != is_there {
            return Err(Failure::store(format!("collection {} was refused: {}", made.id, answer.status)));
        }
    }
    Ok(())
}

/// Sends lines while the results are read; gives the number of records created.
fn send(connection: &mut Connection, body: &[u8]) -> Result<u64, Failure> {
    let mut writer = connection.stream("/api/v1/ingest", "application/x-ndjson")?;
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            body.chunks(PIECE).try_for_each(|piece| writer.write(piece))?;
            writer.end()
        });
        let mut created = 0;
        let mut counter = LineCounter::default();
        let status = connection.read_answer(|piece| created += counter.count(piece))?;
        let sent = sending.join().unwrap_or_else(|_| Err(std::io::Error::other("sending panicked")));
        sent?;
        if status == 200 { Ok(created) } else { Err(Failure::store(format!("the ingest was answered {status}"))) }
    })
}

/// Counts result lines that say `created`, however the answer is cut.
#[derive(Debug, Default)]
struct LineCounter {
    partial: Vec<u8>,
}

impl LineCounter {
    fn count(&mut self, piece: &[u8]) -> u64 {
        let mut created = 0;
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(at);
            self.partial.extend_from_slice(line);
            created += u64::from(memchr::memmem::find(&self.partial, b"\"status\":\"created\"").is_some());
            self.partial.clear();
            rest = after.get(1..).unwrap_or_default();
        }
        self.partial.extend_from_slice(rest);
        created
    }
}

/// Path of a product in the native interface.
pub fn path(made: &Made) -> String {
    format!("/api/v1/collections/{}/products/{}", encode(made.collection), encode(&made.id))
}

/// A record must be readable and searchable.
pub fn check_found(connection: &mut Connection, made: &Made) -> Result<(), Failure> {
    let read = connection.get(&path(made))?;
    let found = connection.get(&format!("/api/v1/search?ids={}", encode(&made.id)))?;
    let is_found = found.status == 200 && memchr::memmem::find(&found.body, made.text.as_bytes()).is_some();
    if read.status == 200 && read.body == made.text.as_bytes() && is_found {
        return Ok(());
    }
    Err(Failure::store(format!("{} cannot be read or found: {} and {}", made.id, read.status, found.status)))
}

/// Whether a store is there with records in it.
pub fn has_records(store: &Path) -> bool {
    store.join("archive").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_however_they_are_cut() {
        let text = "{\"status\":\"created\"}\n{\"status\":\"refused\"}\n{\"status\":\"created\"}\n".repeat(9);
        for size in 1..text.len() {
            let mut counter = LineCounter::default();
            let counted: u64 = text.as_bytes().chunks(size).map(|piece| counter.count(piece)).sum();
            assert_eq!(counted, 18, "pieces of {size}");
        }
    }
}
