//! Streams the answer of a query. One that fails before its first bytes is a problem; one that fails later breaks off,
//! so that no client takes a part for the whole.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, channel};

use super::ask::Asked;
use super::search;
use crate::catalogue::{Catalogue, Error};
use crate::http::problem::{Answer, Problem};
use crate::http::state::State;
use crate::index::graph::{Form, Head, Piece, Refusal, Results, check};

/// Pieces that wait for a slow client: all of an answer that the pool holds back.
const WAITING: usize = 8;

/// Last event that an answer has seen.
const SEQUENCE: HeaderName = HeaderName::from_static("perennial-sequence");

/// A piece, the end, or why there is no more.
type Part = Result<Option<Piece>, Failure>;

/// Why there is no more.
enum Failure {
    Refused(Refusal),
    /// A search in the query cannot be answered.
    Search(Problem),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => problem(refusal),
            Failure::Search(problem) => problem,
        }
    }
}

/// Has a query answered.
pub async fn answer(state: &State, asked: Asked) -> Answer {
    let Asked { mut question, wanted, holds, wait } = asked;
    let catalogue = Arc::clone(&state.catalogue);
    check(&question.query, catalogue.sparql_services()).map_err(problem)?;
    let (sending, mut parts) = channel::<Part>(WAITING);
    let work = move || {
        let mut send = |piece| sending.blocking_send(Ok(Some(piece))).is_ok();
        let ended = services(&catalogue, &question.query).and_then(|searches| {
            question.searches = searches;
            catalogue.sparql(question, (holds, wait), &mut send).map_err(Failure::Refused)
        });
        // The client may be gone, and then nobody needs to know how it ended.
        sending.blocking_send(ended.map(|()| None)).ok();
    };
    // Detached on purpose: it ends by itself when the client goes away or all is sent.
    drop(tokio::task::spawn_blocking(work));
    let head = match parts.recv().await {
        Some(Ok(Some(Piece::Head(head)))) => head,
        Some(Err(failure)) => return Err(failure.into()),
        _ => return Err(problem(Refusal::Failed { reason: "an answer has no beginning".to_owned() })),
    };
    let media_type = match head.form {
        Form::Solutions | Form::Boolean => wanted.results.map(|(_, name)| name),
        Form::Triples => wanted.triples.map(|(_, name)| name),
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CONTENT_TYPE, content_type(media_type.unwrap_or("application/octet-stream"))));
    answer.insert_header((header::VARY, "Accept"));
    answer.insert_header((header::CACHE_CONTROL, "no-cache"));
    begin(answer, &head, parts).await
}

/// What stands in place of the services that a query names, in their order.
fn services(catalogue: &Catalogue, query: &str) -> Result<Vec<Results>, Failure> {
    let mut answered = search::answer_all(catalogue, query).map_err(Failure::Search)?;
    answered.extend(catalogue.ask_elsewhere(query).map_err(Failure::Refused)?);
    answered.sort_by_key(|results| results.start);
    Ok(answered)
}

/// Text has a charset, or some clients take it for Latin-1.
fn content_type(name: &str) -> String {
    if name.starts_with("text/") { format!("{name}; charset=utf-8") } else { name.to_owned() }
}

/// Waits for what comes after the first bytes: an answer that is all there is sent with its length.
async fn begin(mut answer: HttpResponseBuilder, head: &Head, mut parts: Receiver<Part>) -> Answer {
    answer.insert_header((SEQUENCE, head.sequence.to_string()));
    let first = match parts.recv().await {
        Some(Ok(Some(Piece::Bytes(bytes)))) => bytes,
        Some(Ok(None)) => return Ok(answer.body(Vec::new())),
        Some(Err(failure)) => return Err(failure.into()),
        _ => return Err(problem(Refusal::Failed { reason: "an answer broke off".to_owned() })),
    };
    let second = match parts.recv().await {
        Some(Ok(None)) => return Ok(answer.body(first)),
        Some(Err(failure)) => return Err(failure.into()),
        second => second,
    };
    let state = Some((Some(Ok(Some(Piece::Bytes(first)))), Some(second), parts));
    let pieces = stream::unfold(state, |state| async move {
        let (part, following, mut parts) = state?;
        match part {
            Some(Ok(Some(Piece::Bytes(bytes)))) => {
                let next = match following {
                    Some(known) => known,
                    None => parts.recv().await,
                };
                Some((Ok(Bytes::from(bytes)), Some((next, None, parts))))
            }
            Some(Ok(None)) => None,
            broken => {
                if let Some(Err(Failure::Refused(refusal))) = broken {
                    tracing::info!(reason = %refusal, "an answer broke off");
                }
                Some((Err(std::io::Error::other("the answer broke off")), None))
            }
        }
    });
    Ok(answer.streaming(Box::pin(pieces)))
}

/// What a refusal is in HTTP.
pub fn problem(refusal: Refusal) -> Problem {
    let detail = refusal.to_string();
    let (status, code, title) = match refusal {
        Refusal::Malformed { .. } | Refusal::Unanswerable { .. } => {
            (StatusCode::BAD_REQUEST, "bad-query", "The query cannot be answered")
        }
        Refusal::Denied { .. } => (StatusCode::FORBIDDEN, "service-denied", "The query asks another service"),
        Refusal::Elsewhere { .. } => (StatusCode::BAD_GATEWAY, "service-failed", "Another service did not answer"),
        Refusal::NotAcceptable { .. } => (StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No format fits"),
        Refusal::TooLong { .. } | Refusal::TooMuchMemory { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "query-too-expensive", "The search takes too long")
        }
        Refusal::TooManyRows { .. } | Refusal::TooManyBytes { .. } => {
            (StatusCode::BAD_REQUEST, "answer-too-large", "The answer is too large")
        }
        Refusal::Busy { .. } | Refusal::NotReady { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now")
        }
        Refusal::Failed { reason } => {
            return Error::internal("answering a query")(std::io::Error::other(reason)).into();
        }
    };
    Problem::http(status, code, title, detail)
}
