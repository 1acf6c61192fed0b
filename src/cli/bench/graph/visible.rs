//! How soon a write is seen by SPARQL, while products come one by one at a fixed rate and somebody asks all the time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{NAME, path, wait_for_graph};
use crate::cli::Failure;
use crate::cli::bench::figure::{Asked, Figure, Latencies};
use crate::cli::bench::http::Connection;
use crate::cli::bench::records::Records;
use crate::cli::bench::service::Service;
use crate::cli::bench::{Bed, ingest, store};

/// Products a second, over all connections.
const RATE: u64 = 200;
const CONNECTIONS: u64 = 8;
/// Products in all, at most: for 20 s.
const MOST: u64 = 20 * RATE;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);
/// After the last write.
const PATIENCE: Duration = Duration::from_secs(30);

/// Numbers of the records written.
const FIRST: u64 = 1 << 42;

/// Last event in the graph.
const QUERY: &str = "SELECT ?n { GRAPH ?m { ?m <https://w3id.org/perennial/ltdp#position> ?n } }";

/// A write that was answered: its event, and when.
type Written = (u64, Instant);

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let folder = store::scratch(bed, "visible")?;
    let service = Service::start_with_graph(&folder)?;
    let mut connection = service.connect()?;
    ingest::register_collections(&mut connection)?;
    wait_for_graph(&mut connection)?;
    let (sender, written) = channel();
    // A small store is for a look at the program, not at its speed.
    let writes = (bed.records / 10).clamp(CONNECTIONS, MOST);
    let is_over = AtomicBool::new(false);
    let last = AtomicU64::new(0);
    let began = Instant::now();
    let seen = thread::scope(|scope| {
        let eye = scope.spawn(|| watch(&mut connection, &is_over, &last));
        let hands: Vec<_> = (0..CONNECTIONS)
            .map(|number| (number, service.connect(), sender.clone()))
            .map(|(number, connection, sender)| {
                scope.spawn(move || {
                    let turns = (number..writes).step_by(CONNECTIONS as usize);
                    write(bed.made, turns, &mut connection?, began, &sender)
                })
            })
            .collect();
        for hand in hands {
            let end = hand.join().map_err(|_| Failure::store("a thread that writes panicked"))??;
            last.fetch_max(end, Ordering::AcqRel);
        }
        is_over.store(true, Ordering::Release);
        eye.join().map_err(|_| Failure::store("the thread that asks panicked"))?
    })?;
    drop(sender);
    let taken = began.elapsed();
    let mut latencies = Latencies::default();
    let mut count = 0;
    for (sequence, answered) in written {
        let Some((_, moment)) = seen.iter().find(|(position, _)| *position >= sequence) else {
            return Err(Failure::store(format!("event {sequence} was never seen by SPARQL")));
        };
        latencies.add(moment.saturating_duration_since(answered));
        count += 1;
    }
    let rate = f64::from(count) / taken.as_secs_f64();
    Ok(vec![
        Figure::new(NAME, "writes while it is asked how soon they are seen", rate, "records/s"),
        Figure::new(NAME, "visible to SPARQL after the answer, p50", latencies.percentile(50), "ms"),
        Figure::new(NAME, "p99", latencies.percentile(99), "ms").asked(Asked::AtMost(1_500.0)),
    ])
}

/// Posts its share of the products, each at its time; gives the last event.
fn write(
    made: Records,
    turns: impl Iterator<Item = u64>,
    connection: &mut Connection,
    began: Instant,
    written: &Sender<Written>,
) -> Result<u64, Failure> {
    let mut last = 0;
    for turn in turns {
        let due = began + Duration::from_secs(1) * u32::try_from(turn).unwrap_or(u32::MAX) / RATE as u32;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let product = made.product(FIRST + turn);
        let target = format!("/api/v1/collections/{}/products", product.collection);
        let answer = connection.post(&target, "application/json", product.text.as_bytes())?;
        let receipt: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(sequence) = receipt.get("sequence").and_then(serde_json::Value::as_u64) else {
            return Err(Failure::store(format!("{} was answered {}", product.id, answer.status)));
        };
        last = last.max(sequence);
        // Nobody listens any more only when all is over.
        let _ = written.send((sequence, Instant::now()));
    }
    Ok(last)
}

/// Each state of the graph with the moment at which it was seen first, until the last write is in it.
fn watch(connection: &mut Connection, is_over: &AtomicBool, last: &AtomicU64) -> Result<Vec<Written>, Failure> {
    let mut seen: Vec<Written> = Vec::new();
    let mut deadline = None;
    loop {
        let answer = connection.get(&format!("{}&format=csv", path(QUERY)))?;
        let text = String::from_utf8_lossy(&answer.body);
        let position = text.lines().nth(1).and_then(|line| line.trim().parse().ok());
        let Some(position) = position else {
            return Err(Failure::store(format!("the graph answered {}: {text}", answer.status)));
        };
        if seen.last().is_none_or(|(known, _)| *known < position) {
            seen.push((position, Instant::now()));
        }
        if is_over.load(Ordering::Acquire) {
            let until = *deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
            if position >= last.load(Ordering::Acquire) || Instant::now() > until {
                return Ok(seen);
            }
        }
        thread::sleep(PAUSE);
    }
}
