//! Files of products: streamed in, and out as original bytes (with ranges) or as the stored zstd frames.

use actix_web::body::SizedStream;
use actix_web::http::header::{self, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use super::records::{identifier, receipt};
use super::wire::ReceiptBody;
use crate::archive::Chunks;
use crate::catalogue::{Error, HeldFile};
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::range::{self, Wanted};
use crate::http::state::State;
use crate::http::{auth, body, conditional};
use crate::model::Key;

/// Streams a file into the archive and names it in the product, in one revision.
#[utoipa::path(put, path = "/api/v1/collections/{collection}/products/{id}/files/{name}", tag = "files",
    params(("collection" = String, Path), ("id" = String, Path), ("name" = String, Path),
           ("Repr-Digest" = Option<String>, Header, description = "promised sha-256 (RFC 9530); another digest is refused"),
           ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_file(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String, String)>,
    mut payload: Payload,
) -> Answer {
    let agent = auth::writer(&request, &state)?;
    let (collection, id, name) = path.into_inner();
    let key = Key::product(identifier("collection", &collection)?, identifier("id", &id)?);
    let promised = conditional::promised_digest(request.headers())?;
    conditional::caller(&request, agent.clone(), b"")?;
    // Known before the first byte: whether there is a product to attach to.
    state.catalogue.get(&key)?;
    let mut stager = state.catalogue.stage()?;
    while let Some(bytes) = body::next_chunk(&mut payload).await? {
        stager = crate::http::blocking(move || {
            crate::catalogue::stage_error(stager.write(&bytes))?;
            Ok(stager)
        })
        .await?;
    }
    let staged = crate::http::blocking(move || crate::catalogue::stage_error(stager.finish(promised))).await?;
    // The digest stands for the bytes: the same Idempotency-Key with other bytes is another request.
    let caller = conditional::caller(&request, agent, staged.sha256.as_bytes())?;
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let written = state.catalogue.attach(&key, &name, media_type, staged, caller).await?;
    Ok(receipt(&state.base(&request), &written))
}

/// Gives a file's original bytes; ranges are served of them. With `Accept-Encoding: zstd` the stored frames are given,
/// under an ETag of their own.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/files/{name}", tag = "files",
    params(("collection" = String, Path), ("id" = String, Path), ("name" = String, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, description = "the bytes", content_type = "application/octet-stream"), (status = 206),
              (status = 403, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"), (status = 416)))]
pub async fn get_file(request: HttpRequest, state: Data<State>, path: Path<(String, String, String)>) -> Answer {
    let (collection, id, name) = path.into_inner();
    let key = Key::product(identifier("collection", &collection)?, identifier("id", &id)?);
    let file = state.catalogue.file(&key, &name)?;
    give(&request, &state, file, true).await
}

/// Gives a file of a collection.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/files/{name}", tag = "files",
    params(("collection" = String, Path), ("name" = String, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, description = "the bytes", content_type = "application/octet-stream"), (status = 206),
              (status = 403, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"), (status = 416)))]
pub async fn collection_file(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, name) = path.into_inner();
    let file = state.catalogue.file(&Key::collection(identifier("collection", &collection)?), &name)?;
    give(&request, &state, file, true).await
}

/// Gives a file of a record of another kind, such as a document.
#[utoipa::path(get, path = "/api/v1/records/{kind}/{id}/files/{name}", tag = "files",
    params(("kind" = String, Path), ("id" = String, Path), ("name" = String, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, description = "the bytes", content_type = "application/octet-stream"), (status = 206),
              (status = 403, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"), (status = 416)))]
pub async fn record_file(request: HttpRequest, state: Data<State>, path: Path<(String, String, String)>) -> Answer {
    let (kind, id, name) = path.into_inner();
    let file = state.catalogue.file(&super::records::record_key(&kind, &id)?, &name)?;
    give(&request, &state, file, true).await
}

/// Gives the verbatim document that a record of another kind was made from.
#[utoipa::path(get, path = "/api/v1/records/{kind}/{id}/source", tag = "records",
    params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, description = "the document"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn record_source(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (kind, id) = path.into_inner();
    let file = state.catalogue.source(&super::records::record_key(&kind, &id)?)?;
    give(&request, &state, file, false).await
}

/// Gives the verbatim document that a product was made from.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/source", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path)), responses((status = 200, description = "the document")))]
pub async fn product_source(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, id) = path.into_inner();
    let key = Key::product(identifier("collection", &collection)?, identifier("id", &id)?);
    let file = state.catalogue.source(&key)?;
    give(&request, &state, file, false).await
}

/// Gives the verbatim document that a collection was made from.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/source", tag = "collections",
    params(("collection" = String, Path)), responses((status = 200, description = "the document")))]
pub async fn collection_source(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let file = state.catalogue.source(&Key::collection(identifier("collection", &path)?))?;
    give(&request, &state, file, false).await
}

/// The address of the page of the record that a file belongs to.
fn page_of(request: &HttpRequest, state: &State) -> Option<String> {
    let record = request.uri().path().strip_prefix("/api/v1/")?.split_once("/files/")?.0;
    let page = match record.strip_prefix("collections/") {
        Some(rest) => match rest.split_once("/products/") {
            Some((collection, id)) => format!("/products/{collection}/{id}"),
            None => format!("/collections/{rest}"),
        },
        None => format!("/entities/{}", record.strip_prefix("records/")?),
    };
    Some(format!("{}{page}", state.base(request)))
}

/// The bytes of a file. What was dropped is made again first, on a thread that may wait.
async fn open(state: &State, file: &HeldFile) -> Result<crate::archive::Payload, Problem> {
    if let Some(payload) = state.catalogue.held_payload(file)? {
        return Ok(payload);
    }
    let (catalogue, file) = (state.catalogue.clone(), file.clone());
    crate::http::blocking(move || catalogue.open_payload(&file)).await
}

pub(super) async fn give(request: &HttpRequest, state: &State, file: HeldFile, download: bool) -> Answer {
    let reader = open(state, &file).await?;
    let ranged = request.headers().contains_key(header::RANGE);
    let stored = reader.read_stored().filter(|_| !ranged && accepts_zstd(request.headers()));
    let stored = stored.zip(reader.stored_bytes());
    let etag = match &stored {
        Some(_) => format!("\"{}-zstd\"", file.digest),
        None => conditional::etag(&file.digest),
    };
    if conditional::none_match(request.headers(), &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let total = file.location.bytes();
    let ranged = ranged && if_range_holds(request.headers(), &etag);
    let wanted = if ranged { range::wanted(request.headers(), total) } else { Wanted::Everything };
    let mut response = HttpResponse::build(StatusCode::OK);
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("content-security-policy", "sandbox"))
        .insert_header((header::CONTENT_TYPE, file.media_type.as_deref().unwrap_or("application/octet-stream")));
    if download {
        // FAIR Signposting: a file says which page it belongs to.
        if let Some(page) = page_of(request, state) {
            response.insert_header((header::LINK, format!("<{page}>; rel=\"collection\"; type=\"text/html\"")));
        }
        let name = crate::model::uri::encode(&file.name);
        response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")));
    }
    let digest = conditional::repr_digest(&file.digest);
    let empty_body = request.method() == Method::HEAD;
    match (wanted, stored) {
        (Wanted::Unsatisfiable, _) => Ok(HttpResponse::RangeNotSatisfiable()
            .insert_header((header::CONTENT_RANGE, format!("bytes */{total}")))
            .finish()),
        (Wanted::Everything, Some((frames, length))) => {
            // Repr-Digest is of the selected representation (RFC 9530 § 3), and the digest of the frames is not kept.
            response.insert_header((header::CONTENT_ENCODING, "zstd"));
            Ok(send(response, empty_body, length, frames))
        }
        (Wanted::Everything, None) => {
            response.insert_header(("repr-digest", digest));
            Ok(send(response, empty_body, total, reader.read()))
        }
        (Wanted::Part { first, last }, _) => {
            let chunks = reader.read_range(first..last + 1).map_err(Error::internal("reading a payload"))?;
            response
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header(("repr-digest", digest))
                .insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{total}")));
            if !reader.ranges_are_verified() {
                response.insert_header(("perennial-verified", "no"));
            }
            Ok(send(response, empty_body, last - first + 1, chunks))
        }
    }
}

fn send(mut response: HttpResponseBuilder, empty_body: bool, length: u64, chunks: Chunks) -> HttpResponse {
    response.no_chunking(length);
    if empty_body {
        return response.body(SizedStream::new(length, stream::empty::<Result<Bytes, Problem>>()));
    }
    let pieces = stream::try_unfold(chunks, |mut chunks| async move {
        let (chunks, piece) = crate::http::blocking(move || {
            let piece = chunks.next().transpose().map_err(Error::internal("reading a payload"))?;
            Ok((chunks, piece))
        })
        .await?;
        // An error breaks the connection: short bytes never look whole.
        Ok::<_, Problem>(piece.map(|piece| (Bytes::from(piece), chunks)))
    });
    response.body(SizedStream::new(length, Box::pin(pieces)))
}

fn accepts_zstd(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        name.trim().eq_ignore_ascii_case("zstd") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}

fn if_range_holds(headers: &HeaderMap, etag: &str) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes())
}
