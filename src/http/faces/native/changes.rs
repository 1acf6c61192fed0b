//! The change feed: every event of the log from a sequence on, as lines, as a long poll or as server-sent events. What it
//! cannot send at once it reads again from the log later: nothing waits in memory for a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout, timeout_at};
use utoipa::ToSchema;

use super::records::href;
use crate::catalogue::changes::{Change, MAX_EVENTS};
use crate::catalogue::{Catalogue, Error};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{accept, blocking};

/// Lines of an answer unless the client says.
const DEFAULT_LIMIT: usize = 1_000;
/// Longest wait of a long poll, seconds: proxies give up soon after.
const MAX_WAIT: u64 = 60;
/// Clients that wait or follow at once.
const MAX_FOLLOWERS: usize = 64;
/// How long a client that follows may leave unread what was sent; then it is cut off, and goes on later where it was.
const PATIENCE: Duration = Duration::from_secs(20);
/// Silence after which a comment shows that the connection still stands.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Whoever waits looks again after this time even when nobody told that there is more.
const LOOK: Duration = Duration::from_millis(900);
/// Events sent at once.
const EVENTS: usize = 200;

/// Last sequence that the answer has looked at.
const SEQUENCE: HeaderName = HeaderName::from_static("perennial-sequence");

const KNOWN: [&str; 4] = ["since", "limit", "scope", "wait"];
const NDJSON: &str = "application/x-ndjson";
const EVENT_STREAM: &str = "text/event-stream";

/// One line of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeLine {
    /// Place in the log, from 1 without gaps.
    pub sequence: u64,
    /// `put` or `delete`.
    pub operation: &'static str,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    pub id: String,
    /// Revision of the record, from 1; a deletion counts too.
    pub revision: u64,
    /// RFC 3339, UTC; unique and ascending over the log.
    pub time: String,
    /// `local`, or `harvested:` and the source.
    pub scope: String,
    /// sha256 of the stored record; none for a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where the record is as it is now.
    pub href: String,
}

impl ChangeLine {
    fn of(change: &Change, base: &str) -> Self {
        let operation = match change.operation {
            crate::model::Operation::Put => "put",
            crate::model::Operation::Delete => "delete",
        };
        Self {
            sequence: change.sequence,
            operation,
            kind: change.key.kind.as_str(),
            collection: change.key.collection.as_ref().map(ToString::to_string),
            id: change.key.id.to_string(),
            revision: change.revision,
            time: change.time.clone(),
            scope: change.scope.clone(),
            digest: change.digest.map(|digest| digest.to_string()),
            href: href(base, &change.key),
        }
    }

    fn json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal("writing a change"))
    }
}

/// What is asked for.
#[derive(Clone)]
struct Asked {
    since: u64,
    limit: usize,
    scope: Option<String>,
    wait: Duration,
}

impl Asked {
    fn read(parameters: Parameters) -> Result<Self, Error> {
        parameters.check(&KNOWN)?;
        let mut parameters = parameters;
        let mut number = |name: &str, most: u64, otherwise: u64| match parameters.one(name)? {
            None => Ok(otherwise),
            Some(text) => match text.parse::<u64>() {
                Ok(number) if number <= most => Ok(number),
                _ => Err(Error::parameter(name, format!("is no whole number from 0 to {most}"))),
            },
        };
        let since = number("since", u64::MAX, 0)?;
        let limit = number("limit", MAX_EVENTS as u64, DEFAULT_LIMIT as u64)?;
        let wait = Duration::from_secs(number("wait", MAX_WAIT, 0)?);
        if limit == 0 {
            return Err(Error::parameter("limit", "is at least 1"));
        }
        let scope = parameters.one("scope")?;
        if scope.as_deref().is_some_and(|scope| scope != "local" && !is_harvested(scope)) {
            return Err(Error::parameter("scope", "is `local` or `harvested:` and the id of a source"));
        }
        Ok(Self { since, limit: usize::try_from(limit).unwrap_or(MAX_EVENTS), scope, wait })
    }
}

fn is_harvested(scope: &str) -> bool {
    scope.strip_prefix("harvested:").is_some_and(|source| !source.is_empty())
}

/// A client that waits or follows.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(state: &State) -> Result<Self, Error> {
        let place = Self(Arc::clone(&state.followers));
        if place.0.fetch_add(1, Ordering::AcqRel) < MAX_FOLLOWERS {
            return Ok(place);
        }
        Err(Error::Unavailable { reason: format!("{MAX_FOLLOWERS} clients follow the changes already") })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Changes after a sequence, deletions included: lines of JSON, or server-sent events that go on (`Accept: text/event-stream`).
#[utoipa::path(get, path = "/api/v1/changes", tag = "harvesting",
    params(("since" = Option<u64>, Query, description = "sequence of the last change that is known; 0 for all"),
           ("limit" = Option<u64>, Query, description = "most lines, 1 to 10,000; of events those sent at once"),
           ("scope" = Option<String>, Query, description = "`local`, or `harvested:` and the id of a source; all without it"),
           ("wait" = Option<u64>, Query, description = "seconds to wait for a change when there is none, at most 60"),
           ("Last-Event-ID" = Option<u64>, Header, description = "as `since`, which it replaces; browsers send it when they connect again")),
    responses((status = 200, description = "changes in their order; the header Perennial-Sequence is the next `since`",
                content((ChangeLine = "application/x-ndjson"), (String = "text/event-stream")), headers(("Perennial-Sequence" = u64, description = "the next `since`"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn changes(request: HttpRequest, state: Data<State>) -> Answer {
    let mut asked = Asked::read(Parameters::of(&request)?)?;
    let forms = [(false, NDJSON), (false, "application/json"), (true, EVENT_STREAM)];
    let is_stream = accept::best(&accept::of(&request), forms).ok_or_else(|| {
        let detail = format!("changes are given as {NDJSON} or {EVENT_STREAM}");
        Problem::http(actix_web::http::StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No format fits", detail)
    })?;
    if let Some(last) = request.headers().get("last-event-id") {
        let last = last.to_str().ok().and_then(|text| text.parse().ok());
        asked.since = last.ok_or_else(|| Error::parameter("Last-Event-ID", "is no sequence"))?;
    }
    let end = state.catalogue.readable();
    if asked.since > end {
        let reason = format!("lies ahead of the log, which ends with {end}; was the archive restored from a backup?");
        return Err(Error::parameter("since", reason).into());
    }
    let base = state.base(&request);
    if is_stream {
        return follow(&state, asked, base);
    }
    let (changes, seen) = wait_for(&state, &asked).await?;
    let mut text = String::new();
    for change in &changes {
        text.push_str(&ChangeLine::of(change, &base).json()?);
        text.push('\n');
    }
    Ok(HttpResponse::Ok()
        .content_type(NDJSON)
        .insert_header((SEQUENCE, seen.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::VARY, "accept"))
        .body(text))
}

async fn read(catalogue: &Arc<Catalogue>, since: u64, asked: &Asked) -> Result<(Vec<Change>, u64), Problem> {
    let (catalogue, limit, scope) = (Arc::clone(catalogue), asked.limit, asked.scope.clone());
    blocking(move || catalogue.changes(since, limit, scope.as_deref())).await
}

/// The next changes; waits for one if there is none and the client wants to.
async fn wait_for(state: &State, asked: &Asked) -> Result<(Vec<Change>, u64), Problem> {
    let catalogue = &state.catalogue;
    let mut news = catalogue.follow();
    let (mut changes, mut seen) = read(catalogue, asked.since, asked).await?;
    if changes.is_empty() && !asked.wait.is_zero() {
        let _place = Place::take(state)?;
        let until = Instant::now() + asked.wait;
        while changes.is_empty() && Instant::now() < until && !state.is_stopping() {
            if catalogue.readable() <= seen {
                // Whether it was told or time went by, the log says what there is.
                let _ = timeout_at(until.min(Instant::now() + LOOK), news.changed()).await;
            }
            (changes, seen) = read(catalogue, seen, asked).await?;
        }
    }
    Ok((changes, seen))
}

/// Answers with events that go on until the client leaves, reads too slowly, or the service stops.
fn follow(state: &Data<State>, asked: Asked, base: String) -> Answer {
    let place = Place::take(state)?;
    let (sending, receiving) = channel::<Bytes>(1);
    let state = Data::clone(state);
    // Detached on purpose: it ends by itself when the client goes away.
    drop(actix_web::rt::spawn(async move {
        let _place = place;
        let mut since = asked.since;
        let mut news = state.catalogue.follow();
        let mut spoke = Instant::now();
        while !state.is_stopping() {
            let piece = match next_piece(&state.catalogue, &mut since, &asked, &base).await {
                Ok(piece) => piece,
                Err(problem) => {
                    tracing::warn!(%problem, "a client that followed the changes was cut off");
                    return;
                }
            };
            let is_heartbeat = piece.is_none() && spoke.elapsed() >= HEARTBEAT;
            let piece = piece.or_else(|| is_heartbeat.then(|| Bytes::from_static(b":\n\n")));
            let is_silent = piece.is_none();
            if let Some(piece) = piece {
                if !send(&sending, piece).await {
                    return;
                }
                spoke = Instant::now();
            }
            if sending.is_closed() {
                return;
            }
            if is_silent && state.catalogue.readable() <= since {
                let _ = timeout(LOOK, news.changed()).await;
            }
        }
    }));
    Ok(HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::VARY, "accept"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(pieces(receiving))))
}

/// Whether it went out in time.
async fn send(sending: &Sender<Bytes>, piece: Bytes) -> bool {
    let sent = timeout(PATIENCE, sending.send(piece)).await;
    if sent.is_err() {
        tracing::info!("a client that followed the changes read too slowly and was cut off");
    }
    matches!(sent, Ok(Ok(())))
}

fn pieces(receiving: Receiver<Bytes>) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(receiving, |mut receiving| async move { receiving.recv().await.map(|piece| (Ok(piece), receiving)) })
}

/// The next events as they are sent; none where nothing of the scope came.
async fn next_piece(
    catalogue: &Arc<Catalogue>,
    since: &mut u64,
    asked: &Asked,
    base: &str,
) -> Result<Option<Bytes>, Problem> {
    let few = Asked { limit: asked.limit.min(EVENTS), ..asked.clone() };
    let (changes, seen) = read(catalogue, *since, &few).await?;
    *since = seen;
    if changes.is_empty() {
        return Ok(None);
    }
    let mut text = String::new();
    for change in &changes {
        let line = ChangeLine::of(change, base).json()?;
        text.push_str(&format!("id: {}\nevent: change\ndata: {line}\n\n", change.sequence));
    }
    Ok(Some(Bytes::from(text)))
}
