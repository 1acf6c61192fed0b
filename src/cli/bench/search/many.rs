//! Many pages one after the other, and many clients at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::super::figure::{Asked, Figure, Latencies};
use super::super::http::Connection;
use super::super::records::Numbers;
use super::super::service::Service;
use super::super::{Bed, Failure};
use super::{NAME, rows};

/// Pages and items on each of the walk.
const PAGES: usize = 100;
const PAGE: usize = 100;

const CLIENTS: u64 = 32;
const DURATION: Duration = Duration::from_secs(5);

/// A walk from the newest item on, and a page at half of the store.
pub fn pages(bed: &Bed, connection: &mut Connection) -> Result<Vec<Figure>, Failure> {
    let mut walks = Latencies::default();
    for _ in 0..3 {
        let mut path = format!("/stac/search?limit={PAGE}&count=none");
        let started = Instant::now();
        for _ in 0..PAGES {
            let answer = get(connection, &path)?;
            match next(&answer) {
                Some(next) => path = next,
                None => break,
            }
        }
        walks.add(started.elapsed());
    }
    let mut path = "/api/v1/search?limit=10000&count=none".to_owned();
    for _ in 0..bed.records / 20_000 {
        let answer = get(connection, &path)?;
        path = next(&answer).ok_or_else(|| Failure::store("the walk ended early".to_owned()))?;
    }
    let path = path.replace("limit=10000", "limit=10");
    let mut deep = Latencies::default();
    for _ in 0..100 {
        let started = Instant::now();
        get(connection, &path)?;
        deep.add(started.elapsed());
    }
    let walk = Figure::new(NAME, "walk of 10,000 items in pages of 100", walks.percentile(50) / 1_000.0, "s");
    let page = Figure::new(NAME, format!("page at depth {}, p50", bed.records / 2), deep.percentile(50), "ms");
    Ok(vec![walk.asked(Asked::AtMost(0.3)), page.asked(Asked::AtMost(0.5))])
}

/// Searches a second of many clients at once.
pub fn clients(bed: &Bed, service: &Service) -> Result<Vec<Figure>, Failure> {
    let (answered, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let started = Instant::now();
    let outcome: Result<(), Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (answered, stop) = (&answered, &stop);
                let mut numbers = Numbers::new(bed.seed, (1 << 53) + client);
                scope.spawn(move || -> Result<(), Failure> {
                    let mut connection = service.connect()?;
                    while !stop.load(Ordering::Relaxed) {
                        get(&mut connection, &rows::usual(&mut numbers))?;
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        std::thread::sleep(DURATION);
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Failure::store("a client panicked".to_owned())))
        })
    });
    outcome?;
    let rate = answered.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    let figure = Figure::new(NAME, format!("{CLIENTS} clients, collection, box and year"), rate, "searches/s");
    Ok(vec![figure.asked(Asked::AtLeast(4_000.0))])
}

fn get(connection: &mut Connection, path: &str) -> Result<Vec<u8>, Failure> {
    let answer = connection.get(path)?;
    if answer.status == 200 {
        Ok(answer.body)
    } else {
        Err(Failure::store(format!("{path} was answered {}", answer.status)))
    }
}

/// Path and query of the next link: it stands behind the records, without a character that JSON escapes.
fn next(answer: &[u8]) -> Option<String> {
    let at = memchr::memmem::rfind(answer, b"\"rel\":\"next\",\"href\":\"")?;
    let rest = std::str::from_utf8(answer.get(at + 21..)?).ok()?;
    let href = rest.split('"').next()?;
    let path = href.split_once("//").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    path.map(str::to_owned)
}
