//! A result of a search as a file over HTTP: streamed, whole or a page. A walk that fails breaks the body off, so that no
//! client takes a part for the whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;
use tokio::sync::mpsc::{Receiver, channel};

use super::accept;
use super::problem::{Answer, Problem};
use super::state::State;
use crate::catalogue::{Error, Extent, View, Writing};
use crate::export::Format;
use crate::model::uri::encode;
use crate::model::{Facet, Query};

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

/// The file that a client wants, by the parameter `f` or else by `Accept`; none for the resource's own answer, whose name
/// is `json` and whose media types are `own`.
///
/// # Errors
/// 400 that names the formats.
pub fn wanted(request: &HttpRequest, f: Option<&str>, own: &[&'static str]) -> Result<Option<Format>, Error> {
    match f {
        Some("json") => Ok(None),
        Some(name) => named(name).map(Some),
        None => Ok(accepted(request, own)),
    }
}

/// The format of a name.
///
/// # Errors
/// 400 that names the formats.
pub fn named(name: &str) -> Result<Format, Error> {
    let names = || Format::ALL.map(Format::as_str).join(", ");
    let refuse = || {
        let given: String = name.chars().take(60).collect();
        Error::parameter("f", format!("{given:?} is none of json, {}", names()))
    };
    Format::from_name(name).ok_or_else(refuse)
}

/// A client that takes none of all gets the resource's own answer.
fn accepted(request: &HttpRequest, own: &[&'static str]) -> Option<Format> {
    let own = own.iter().map(|media_type| (None, *media_type));
    let forms = own.chain(Format::ALL.map(|format| (Some(format), format.media_type())));
    accept::best(&accept::of(request), forms).flatten()
}

/// A file that is asked for.
pub struct Asked {
    pub query: Query,
    pub token: Option<String>,
    pub format: Format,
    /// Whether `limit` was given: then a page, else the whole result.
    pub is_page: bool,
    /// What the face makes of a stored record; none for records as they are stored.
    pub view: Option<Box<View>>,
}

/// How a client gets the page after a page.
pub enum Following<'a> {
    /// By GET with these parameters and another token: the header `Link` names it.
    Get { query_string: &'a str },
    /// By POST with another token in the body: the header `Perennial-Next` holds it.
    Post,
}

/// Answers a query with a file: with `limit` one page, whose headers name the next; without it the whole result.
pub async fn answer(request: &HttpRequest, state: &State, asked: Asked, following: Following<'_>) -> Answer {
    let Asked { query, token, format, is_page, view } = asked;
    if !query.aggregations.is_empty() {
        return Err(Error::parameter("f", "a file holds records alone; ask for counts and summaries as json").into());
    }
    if let Some(collections) = query.facets.get(&Facet::Collection).cloned().filter(|_| view.is_none()) {
        let catalogue = state.catalogue.clone();
        super::blocking(move || catalogue.check_collections(&collections)).await?;
    }
    let place = Place::take()?;
    let base = state.base(request);
    let address = format!("{base}{}", request.path());
    let catalogue = Arc::clone(&state.catalogue);
    let mut answer = HttpResponse::Ok();
    answer.content_type(format.media_type());
    let name = format!("attachment; filename=\"perennial-search.{}\"", format.extension());
    answer.insert_header((header::CONTENT_DISPOSITION, name));
    answer.insert_header((header::VARY, "accept"));
    let extent = if is_page { Extent::Page } else { Extent::Whole };
    let writing = Writing { format, extent, base, view };
    if is_page {
        let (bytes, walked) = super::blocking(move || {
            let _place = place;
            let mut bytes = Vec::new();
            let mut keep = |piece: Vec<u8>| {
                bytes.extend_from_slice(&piece);
                true
            };
            let walked = catalogue.export(query, token, &writing, &mut keep)?;
            Ok((bytes, walked))
        })
        .await?;
        if let Some(next) = walked.next.as_deref().and_then(|token| header_of(&address, &following, token)) {
            answer.insert_header(next);
        }
        return Ok(answer.body(bytes));
    }
    let (sending, receiving) = channel::<Piece>(WAITING);
    let work = move || {
        let _place = place;
        let mut send = |piece: Vec<u8>| sending.blocking_send(Ok(Some(Bytes::from(piece)))).is_ok();
        let walked = catalogue.export(query, token, &writing, &mut send);
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

/// The header that leads to the page after this one.
fn header_of(address: &str, following: &Following<'_>, token: &str) -> Option<(HeaderName, HeaderValue)> {
    let Following::Get { query_string } = following else {
        return Some((HeaderName::from_static("perennial-next"), HeaderValue::from_str(token).ok()?));
    };
    let kept = query_string.split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
    let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
    let link = format!("<{address}?{}>; rel=\"next\"", parts.join("&"));
    Some((header::LINK, HeaderValue::from_str(&link).ok()?))
}
