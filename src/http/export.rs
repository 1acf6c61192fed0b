//! A result of a search as a file over HTTP: streamed, whole or a page. A walk that fails breaks the body off, so that no
//! client takes a part for the whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, channel};

use super::problem::{Answer, Problem};
use super::state::State;
use crate::catalogue::{Error, Extent, Walked};
use crate::export::Format;
use crate::model::Query;
use crate::model::uri::encode;

/// Exports at the same time: each holds a thread and some megabytes for as long as its client reads.
const MAX_EXPORTS: usize = 8;
/// Pieces that wait for a slow client.
const WAITING: usize = 4;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// A place among the exports, given back when it is dropped.
struct Place;

impl Place {
    fn take() -> Result<Self, Error> {
        if RUNNING.fetch_add(1, Ordering::AcqRel) < MAX_EXPORTS {
            return Ok(Self);
        }
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        Err(Error::Unavailable { reason: format!("{MAX_EXPORTS} exports are running") })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Reads the parameter `f`; none for `json`, the usual answer.
///
/// # Errors
/// 400 that names the formats.
pub fn format(name: Option<&str>) -> Result<Option<Format>, Error> {
    let Some(name) = name.filter(|name| *name != "json") else { return Ok(None) };
    let names = || Format::ALL.map(Format::as_str).join(", ");
    let format = Format::from_name(name);
    format.map(Some).ok_or_else(|| Error::parameter("f", format!("{name:?} is none of json, {}", names())))
}

/// Answers a query with a file: with `limit` one page, whose `Link` header names the next; without it the whole result.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    (query, token): (Query, Option<String>),
    format: Format,
    query_string: &str,
) -> Answer {
    if !query.aggregations.is_empty() {
        return Err(Error::parameter("f", "a file holds records alone; ask for counts and summaries as json").into());
    }
    let place = Place::take()?;
    let has_limit = query_string.split('&').any(|part| part.starts_with("limit="));
    let base = state.base(request);
    let address = format!("{base}{}", request.path());
    let catalogue = Arc::clone(&state.catalogue);
    let mut answer = HttpResponse::Ok();
    answer.content_type(format.media_type());
    let name = format!("attachment; filename=\"perennial-search.{}\"", format.extension());
    answer.insert_header((header::CONTENT_DISPOSITION, name));
    if has_limit {
        let (bytes, walked) = super::blocking(move || {
            let _place = place;
            let mut bytes = Vec::new();
            let mut keep = |piece: Vec<u8>| {
                bytes.extend_from_slice(&piece);
                true
            };
            let walked = catalogue.export(query, token, (format, Extent::Page, &base), &mut keep)?;
            Ok((bytes, walked))
        })
        .await?;
        if let Some(link) = next_link(&address, query_string, &walked) {
            answer.insert_header((header::LINK, link));
        }
        return Ok(answer.body(bytes));
    }
    let (sending, receiving) = channel::<Piece>(WAITING);
    let work = move || {
        let _place = place;
        let mut send = |piece: Vec<u8>| sending.blocking_send(Ok(Some(Bytes::from(piece)))).is_ok();
        let walked = catalogue.export(query, token, (format, Extent::Whole, &base), &mut send);
        // The client may be gone, and then nobody needs to know how it ended.
        sending.blocking_send(walked.map(|_| None)).ok();
    };
    // Detached on purpose: it ends by itself when the client goes away or all is sent.
    drop(tokio::task::spawn_blocking(work));
    streamed(answer, receiving).await
}

/// A piece, the end, or the failure of a walk.
type Piece = Result<Option<Bytes>, Error>;

/// Waits for the first piece: a walk that fails before it is answered with a problem, one that fails later with a body
/// that breaks off.
async fn streamed(mut answer: HttpResponseBuilder, mut receiving: Receiver<Piece>) -> Answer {
    let first = match receiving.recv().await {
        Some(Err(error)) => return Err(Problem::from(error)),
        first => first,
    };
    let pieces = stream::unfold(Some((first, receiving)), |state| async move {
        let (piece, mut receiving) = state?;
        match piece {
            Some(Ok(Some(bytes))) => {
                let next = receiving.recv().await;
                Some((Ok(bytes), Some((next, receiving))))
            }
            Some(Ok(None)) => None,
            Some(Err(error)) => {
                tracing::error!(cause = error.chain(), "an export broke off");
                Some((Err(std::io::Error::other("the export broke off")), None))
            }
            // The walk went away without saying that it ended.
            None => Some((Err(std::io::Error::other("the export broke off")), None)),
        }
    });
    Ok(answer.streaming(Box::pin(pieces)))
}

fn next_link(address: &str, query_string: &str, walked: &Walked) -> Option<HeaderValue> {
    let token = walked.next.as_ref()?;
    let kept = query_string.split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
    let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
    let link = format!("<{address}?{}>; rel=\"next\"", parts.join("&"));
    HeaderValue::from_str(&link).ok()
}
