//! Bulk ingest: a stream of lines in, a stream of results out. A bad line is reported with its number and reason, the
//! good ones are kept; lines sent again answer `unchanged`, so that a client resumes by sending again.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::wire::LineBody;
use crate::catalogue::{Catalogue, Document, DocumentReport, Error, Outcome, Prepared, Ticket};
use crate::http::auth;
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::lines::{Line, Lines};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::spool::Spool;
use crate::http::state::State;

/// Lines checked together.
const BATCH_LINES: usize = 1_000;
/// Bytes of lines checked together.
const BATCH_BYTES: usize = 4 << 20;
/// Batches being checked, and batches waiting for the writer and the text index, at the same time. The more wait, the
/// more records share one text commit, which saves merges; a single POST in between waits for that commit too.
const CHECKING: usize = 3;
const WAITING: usize = 16;
/// A batch that is not full is taken when nothing came for so long.
const PATIENCE: Duration = Duration::from_millis(5);
/// Largest document that is taken whole.
const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// Ingests newline-delimited JSON: native records or STAC documents, one a line. Results are streamed as NDJSON while
/// the body is read; each line is durable when its result is sent.
#[utoipa::path(post, path = "/api/v1/ingest", tag = "ingest",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = LineBody, content_type = "application/x-ndjson"),
              (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn ingest(request: HttpRequest, state: Data<State>, payload: Payload) -> Answer {
    let agent = auth::writer(&request, &state)?;
    Parameters::of(&request)?.finish(&[])?;
    state.catalogue.health().check_writable()?;
    let spool = Spool::new(&state.catalogue.work_folder());
    let (checking, checked) = channel(CHECKING);
    let (submitted, waiting) = channel(WAITING);
    let catalogue = Arc::clone(&state.catalogue);
    actix_web::rt::spawn(read_lines(payload, Arc::clone(&catalogue), agent, checking));
    actix_web::rt::spawn(submit(catalogue, checked, submitted));
    actix_web::rt::spawn(report(waiting, Arc::clone(&spool)));
    let results = stream::try_unfold(spool, |spool| async move {
        let bytes = spool.next().await?;
        Ok::<_, std::io::Error>(bytes.map(|bytes| (bytes, spool)))
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(Box::pin(results)))
}

/// Cuts the body into batches and has them checked, several at a time, in order.
async fn read_lines(
    mut payload: Payload,
    catalogue: Arc<Catalogue>,
    agent: String,
    checking: Sender<JoinHandle<Prepared>>,
) {
    let mut lines = Lines::new(MAX_RECORD_BYTES);
    let mut batch = Vec::new();
    let mut ended = false;
    while !ended {
        let chunk = match batch.is_empty() {
            true => body::next_chunk(&mut payload).await,
            false => match tokio::time::timeout(PATIENCE, body::next_chunk(&mut payload)).await {
                Ok(chunk) => chunk,
                Err(_) => Ok(Some(Bytes::new())),
            },
        };
        let idle = matches!(&chunk, Ok(Some(bytes)) if bytes.is_empty());
        match chunk {
            Ok(Some(bytes)) => lines.push(&bytes, &mut batch),
            Ok(None) => {
                lines.end(&mut batch);
                ended = true;
            }
            // A line cut in the middle is not half a record: it is dropped with the connection.
            Err(_) => ended = true,
        }
        while batch.len() >= BATCH_LINES || ((ended || idle || size(&batch) >= BATCH_BYTES) && !batch.is_empty()) {
            let rest = batch.split_off(batch.len().min(BATCH_LINES));
            let documents = std::mem::replace(&mut batch, rest).into_iter().map(document_of).collect();
            let (catalogue, agent) = (Arc::clone(&catalogue), agent.clone());
            let prepared = tokio::task::spawn_blocking(move || catalogue.prepare(documents, &agent));
            if checking.send(prepared).await.is_err() {
                return;
            }
        }
    }
}

fn size(batch: &[(u64, Line)]) -> usize {
    let bytes = |line: &Line| match line {
        Line::Whole(bytes) => bytes.len(),
        Line::TooLong => 0,
    };
    batch.iter().map(|(_, line)| bytes(line)).sum()
}

fn document_of((number, line): (u64, Line)) -> Document {
    let bytes = match line {
        Line::Whole(bytes) => Ok(bytes),
        Line::TooLong => Err(Error::TooLarge { what: "the line", limit: MAX_RECORD_BYTES as u64 }),
    };
    Document::alone(number, format!("line {number}"), bytes)
}

/// Hands checked batches to the writer in the order of the body.
async fn submit(catalogue: Arc<Catalogue>, mut checked: Receiver<JoinHandle<Prepared>>, submitted: Sender<Ticket>) {
    while let Some(prepared) = checked.recv().await {
        let Ok(prepared) = prepared.await else { return };
        let catalogue = Arc::clone(&catalogue);
        let Ok(ticket) = tokio::task::spawn_blocking(move || catalogue.enqueue(prepared)).await else { return };
        if submitted.send(ticket).await.is_err() {
            return;
        }
    }
}

/// Writes the results of durable batches in order.
async fn report(mut waiting: Receiver<Ticket>, spool: Arc<Spool>) {
    while let Some(ticket) = waiting.recv().await {
        let mut text = Vec::new();
        for report in ticket.reports().await {
            write_report(&report, &mut text);
        }
        spool.write(Bytes::from(text));
    }
    spool.end();
}

fn write_report(report: &DocumentReport, text: &mut Vec<u8>) {
    let mut findings = report.findings.clone();
    if report.outcomes.is_empty() {
        let body = LineBody { findings: std::mem::take(&mut findings), ..line_body(report.number, "noted") };
        write_line(&body, text);
    }
    for outcome in &report.outcomes {
        let body = LineBody { findings: std::mem::take(&mut findings), ..outcome_body(report.number, outcome) };
        write_line(&body, text);
    }
}

fn write_line(body: &LineBody, text: &mut Vec<u8>) {
    // Into memory: strings and numbers cannot fail.
    if serde_json::to_writer(&mut *text, body).is_ok() {
        text.push(b'\n');
    }
}

fn line_body(line: u64, status: &'static str) -> LineBody {
    LineBody {
        line,
        status,
        kind: None,
        collection: None,
        id: None,
        sequence: None,
        revision: None,
        digest: None,
        problem: None,
        findings: Vec::new(),
    }
}

fn outcome_body(line: u64, outcome: &Outcome) -> LineBody {
    match outcome {
        Ok(receipt) => {
            let written = super::wire::ReceiptBody::from(receipt);
            LineBody {
                kind: Some(written.kind),
                collection: written.collection,
                id: Some(written.id),
                sequence: Some(written.sequence),
                revision: Some(written.revision),
                digest: written.digest,
                ..line_body(line, written.status)
            }
        }
        Err(error) => {
            if matches!(error, Error::Internal { .. }) {
                tracing::error!(cause = error.chain(), line, "a line of an ingest failed");
            }
            LineBody { problem: Some(Problem::body_of(error)), ..line_body(line, "refused") }
        }
    }
}

/// Ingests one whole document of a known format (STAC Item, Collection, ItemCollection, …); its format is told by its
/// content. The answer has one line for each record that it made.
#[utoipa::path(post, path = "/api/v1/documents", tag = "ingest", request_body(content = String, content_type = "application/json"),
    params(("name" = Option<String>, Query, description = "file name, for messages")),
    responses((status = 200, body = LineBody, content_type = "application/x-ndjson"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn document(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    let agent = auth::writer(&request, &state)?;
    let mut parameters = Parameters::of(&request)?;
    let name = parameters.one("name")?.unwrap_or_else(|| "document".to_owned());
    parameters.finish(&["name"])?;
    let bytes = body::read(&mut payload, MAX_DOCUMENT_BYTES).await?.to_vec();
    let document = Document::alone(1, name, Ok(bytes));
    let catalogue = Arc::clone(&state.catalogue);
    let ticket = crate::http::blocking(move || {
        let prepared = catalogue.prepare(vec![document], &agent);
        Ok(catalogue.enqueue(prepared))
    })
    .await?;
    let mut text = Vec::new();
    ticket.reports().await.iter().for_each(|report| write_report(report, &mut text));
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(text))
}
