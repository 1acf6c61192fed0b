//! One federated search over eight sources of this process: four that answer, two that are dead, one that is slow and one that
//! answers with garbage; then the same search again, when breakers are open.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::NAME;
use crate::catalogue::federated::{DEADLINE, FederatedAsk};
use crate::catalogue::{Address, Caller, Catalogue, Intent, Options, Settings};
use crate::cli::Failure;
use crate::cli::bench::figure::{Asked, Figure};
use crate::cli::bench::{Bed, store};
use crate::federation::outbound;
use crate::model::{Key, Kind, Query, RecordId};

/// Hits that each good source has.
const HITS: usize = 100;
/// The outcomes of the first search, sorted.
const EXPECTED: [&str; 9] = ["ok", "ok", "ok", "ok", "ok", "parse_error", "timeout", "unreachable", "unreachable"];

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let scratch = store::scratch(bed, "fan-out")?;
    let outbound = outbound::Settings { allow_private: true, ..outbound::Settings::default() };
    let settings = Settings { outbound, ..Settings::default() };
    let catalogue = Catalogue::open(&scratch.join("store"), &Options { settings, ..Options::default() })?;
    let done = measure(&catalogue);
    catalogue.close();
    done
}

fn measure(catalogue: &Arc<Catalogue>) -> Result<Vec<Figure>, Failure> {
    for number in 0..4 {
        let body = records(number);
        register(catalogue, &format!("good{number}"), &start(move || Some(body.clone()))?)?;
    }
    for number in 0..2 {
        // Nobody listens at a port that was given back.
        let dead = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        register(catalogue, &format!("dead{number}"), &format!("http://{dead}"))?;
    }
    let slow = start(|| {
        std::thread::sleep(DEADLINE * 3);
        None
    });
    register(catalogue, "slow", &slow?)?;
    register(catalogue, "garbage", &start(|| Some("<html><body>It works!</body></html>".to_owned()))?)?;
    let (first, outcomes) = search(catalogue)?;
    if outcomes != EXPECTED {
        return Err(Failure::store(format!("the sources were to be {EXPECTED:?} and were {outcomes:?}")));
    }
    let (second, outcomes) = search(catalogue)?;
    let open = outcomes.iter().filter(|outcome| *outcome == "breaker_open").count();
    if open < 3 || outcomes.iter().filter(|outcome| *outcome == "ok").count() != 5 {
        return Err(Failure::store(format!("breakers were to be open; the sources were {outcomes:?}")));
    }
    let most = (DEADLINE + Duration::from_millis(100)).as_secs_f64() * 1e3;
    Ok(vec![
        Figure::new(NAME, "search of eight sources: four answer, two are dead, one slow, one garbage", first, "ms")
            .asked(Asked::AtMost(most)),
        Figure::new(NAME, "the same again, breakers open", second, "ms").asked(Asked::AtMost(300.0)),
    ])
}

/// Milliseconds of a search, and the outcomes of this archive and its sources, sorted.
fn search(catalogue: &Arc<Catalogue>) -> Result<(f64, Vec<String>), Failure> {
    let ask = FederatedAsk { query: Query { limit: 20, ..Query::default() }, ..FederatedAsk::default() };
    let started = Instant::now();
    let answer = catalogue.federated(&ask)?;
    let elapsed = started.elapsed().as_secs_f64() * 1e3;
    if answer.is_complete || answer.hits.len() != 20 {
        return Err(Failure::store("a search that lacks sources must have a page of hits and be called incomplete"));
    }
    let mut outcomes: Vec<String> = answer.reports.iter().map(|report| report.outcome.name().to_owned()).collect();
    outcomes.sort_unstable();
    Ok((elapsed, outcomes))
}

fn register(catalogue: &Catalogue, id: &str, url: &str) -> Result<(), Failure> {
    let key = RecordId::parse(id).map_err(|error| Failure::store(error.to_string()))?;
    let key = Key { kind: Kind::Source, collection: None, id: key };
    let record = format!(r#"{{"kind":"source","id":"{id}","protocol":"perennial","url":"{url}"}}"#);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(catalogue.put(&Address::of(&key), &record, Intent::Put, Caller::default()))?;
    Ok(())
}

fn records(source: usize) -> String {
    let mut records = String::new();
    for number in 0..HITS {
        let comma = if number == 0 { "" } else { "," };
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        let _ = write!(
            records,
            r#"{comma}{{"kind":"product","collection":"c{source}","id":"p{number}","title":"Scene {number}","time":{{"start":"2020-{month:02}-{day:02}T00:00:00Z"}}}}"#
        );
    }
    format!(r#"{{"records":[{records}],"matched":{HITS},"links":[]}}"#)
}

/// Serves every request with what `answer` gives; nothing at all without it.
fn start(answer: impl Fn() -> Option<String> + Send + Sync + 'static) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // Whoever goes away in the middle ends its connection.
            std::thread::spawn(move || drop(serve(&stream, answer.as_ref())));
        }
    });
    Ok(url)
}

fn serve(stream: &TcpStream, answer: &dyn Fn() -> Option<String>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let Some(body) = answer() else { return Ok(()) };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut writer = stream;
    writer.write_all(head.as_bytes())?;
    writer.write_all(body.as_bytes())
}
