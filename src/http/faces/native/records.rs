//! Collections, products and records of other kinds: create, read, replace, patch, delete.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::wire::{CollectionsBody, ReceiptBody, RevisionBody, RevisionsBody};
use crate::catalogue::{Address, Error, Intent, Precondition, Receipt, Stored};
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, conditional};
use crate::model::uri::encode;
use crate::model::{Key, Kind, RecordId};

/// Collections on a page unless asked otherwise, and at most.
const COLLECTIONS_PAGE: usize = 100;
const MAX_COLLECTIONS_PAGE: usize = 1_000;

/// Reads an identifier from a path.
///
/// # Errors
/// 400 that names the rule which it breaks.
pub fn identifier(name: &str, text: &str) -> Result<RecordId, Error> {
    RecordId::parse(text).map_err(|error| Error::parameter(name, error.to_string()))
}

fn collection_key(path: &str) -> Result<Key, Error> {
    Ok(Key::collection(identifier("collection", path)?))
}

fn product_key(collection: &str, id: &str) -> Result<Key, Error> {
    Ok(Key::product(identifier("collection", collection)?, identifier("id", id)?))
}

/// The address of a record in this interface.
pub fn href(base: &str, key: &Key) -> String {
    match (&key.collection, key.kind) {
        (Some(collection), _) => {
            format!("{base}/api/v1/collections/{}/products/{}", encode(collection.as_str()), encode(key.id.as_str()))
        }
        (None, Kind::Collection) => format!("{base}/api/v1/collections/{}", encode(key.id.as_str())),
        (None, kind) => format!("{base}/api/v1/records/{kind}/{}", encode(key.id.as_str())),
    }
}

/// Answers a stored record byte for byte, or 304.
pub fn give(request: &HttpRequest, stored: Stored) -> HttpResponse {
    let etag = conditional::etag(&stored.digest);
    if conditional::none_match(request.headers(), &etag) {
        return HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish();
    }
    HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .insert_header(("repr-digest", conditional::repr_digest(&stored.digest)))
        .insert_header(("perennial-revision", stored.revision.to_string()))
        .insert_header(("perennial-sequence", stored.sequence.to_string()))
        .insert_header(("perennial-time", stored.time))
        .content_type("application/json")
        .body(stored.record)
}

/// Answers a write: 201 with a Location, 200, or 204 for a deletion.
pub fn receipt(base: &str, receipt: &Receipt) -> HttpResponse {
    use crate::catalogue::Effect;
    let status = if receipt.effect == Effect::Created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    if receipt.effect == Effect::Created {
        response.insert_header((header::LOCATION, href(base, &receipt.key)));
    }
    if let Some(digest) = &receipt.digest {
        response.insert_header((header::ETAG, conditional::etag(digest)));
    }
    if receipt.pending {
        response.insert_header(("perennial-pending", "index"));
    }
    response.json(ReceiptBody::from(receipt))
}

async fn write(request: &HttpRequest, state: &State, mut payload: Payload, address: Address, intent: Intent) -> Answer {
    let agent = auth::writer(request, state)?;
    let (bytes, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let caller = conditional::caller(request, agent, &bytes)?;
    let intent = if caller.precondition == Precondition::None { intent } else { Intent::Replace };
    let written = state.catalogue.put(&address, &text, intent, caller).await?;
    Ok(receipt(&state.base(request), &written))
}

async fn edit(request: &HttpRequest, state: &State, mut payload: Payload, key: Key) -> Answer {
    let agent = auth::writer(request, state)?;
    let (bytes, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let caller = conditional::caller(request, agent, &bytes)?;
    let written = state.catalogue.patch(&key, &text, caller).await?;
    Ok(receipt(&state.base(request), &written))
}

async fn remove(request: &HttpRequest, state: &State, key: Key) -> Answer {
    let agent = auth::writer(request, state)?;
    let caller = conditional::caller(request, agent, b"")?;
    let written = state.catalogue.delete(&key, caller).await?;
    Ok(receipt(&state.base(request), &written))
}

fn revisions(state: &State, key: &Key) -> Answer {
    let revisions = state.catalogue.revisions(key)?.into_iter().map(|revision| RevisionBody {
        revision: revision.revision,
        sequence: revision.sequence,
        time: revision.time,
        operation: if revision.digest.is_some() { "put" } else { "delete" }.to_owned(),
        agent: revision.agent,
        digest: revision.digest.map(|digest| digest.to_string()),
    });
    Ok(HttpResponse::Ok().json(RevisionsBody { revisions: revisions.collect() }))
}

/// Lists collections in order of their ids.
#[utoipa::path(get, path = "/api/v1/collections", tag = "collections",
    params(("limit" = Option<usize>, Query, description = "1 to 1000, default 100"),
           ("after" = Option<String>, Query, description = "id of the last collection of the page before")),
    responses((status = 200, body = CollectionsBody), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list_collections(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let limit = match parameters.one("limit")? {
        None => COLLECTIONS_PAGE,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_COLLECTIONS_PAGE).contains(limit))
            .ok_or_else(|| Error::parameter("limit", format!("must be 1 to {MAX_COLLECTIONS_PAGE}")))?,
    };
    let after = parameters.one("after")?.map(|text| identifier("after", &text)).transpose()?;
    parameters.finish(&["limit", "after"])?;
    let mut collections = state.catalogue.collections(after.as_ref(), limit + 1)?;
    let more = collections.len() > limit;
    collections.truncate(limit);
    let base = state.base(&request);
    let mut links = format!(r#"{{"rel":"self","href":"{base}/api/v1/collections","type":"application/json"}}"#);
    if let (true, Some(last)) = (more, collections.last()) {
        let after = encode(last.key.id.as_str());
        links.push_str(&format!(
            r#",{{"rel":"next","href":"{base}/api/v1/collections?limit={limit}&after={after}","type":"application/json"}}"#
        ));
    }
    let mut text = String::from("{\"collections\":[");
    for (at, collection) in collections.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&String::from_utf8_lossy(&collection.record));
    }
    text.push_str(&format!("],\"links\":[{links}]}}"));
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// Registers a collection.
#[utoipa::path(post, path = "/api/v1/collections", tag = "collections", request_body = super::wire::Object,
    responses((status = 201, body = ReceiptBody), (status = 409, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_collection(request: HttpRequest, state: Data<State>, payload: Payload) -> Answer {
    let address = Address { kind: Kind::Collection, collection: None, id: None };
    write(&request, &state, payload, address, Intent::Create).await
}

/// Reads a collection.
#[utoipa::path(get, path = "/api/v1/collections/{collection}", tag = "collections",
    params(("collection" = String, Path)),
    responses((status = 200, body = super::wire::Object), (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    Ok(give(&request, state.catalogue.get(&collection_key(&path)?)?))
}

/// Creates or replaces a collection.
#[utoipa::path(put, path = "/api/v1/collections/{collection}", tag = "collections", request_body = super::wire::Object,
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 201, body = ReceiptBody),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_collection(request: HttpRequest, state: Data<State>, path: Path<String>, payload: Payload) -> Answer {
    write(&request, &state, payload, Address::of(&collection_key(&path)?), Intent::Put).await
}

/// Edits a collection by a JSON Merge Patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/collections/{collection}", tag = "collections",
    request_body(content = super::wire::Object, content_type = "application/merge-patch+json"),
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn patch_collection(
    request: HttpRequest,
    state: Data<State>,
    path: Path<String>,
    payload: Payload,
) -> Answer {
    edit(&request, &state, payload, collection_key(&path)?).await
}

/// Deletes a collection without products; a tombstone stays.
#[utoipa::path(delete, path = "/api/v1/collections/{collection}", tag = "collections",
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 409, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    remove(&request, &state, collection_key(&path)?).await
}

/// Lists the revisions of a collection.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/revisions", tag = "collections",
    params(("collection" = String, Path)), responses((status = 200, body = RevisionsBody)))]
pub async fn collection_revisions(state: Data<State>, path: Path<String>) -> Answer {
    revisions(&state, &collection_key(&path)?)
}

/// Reads one revision of a collection.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/revisions/{revision}", tag = "collections",
    params(("collection" = String, Path), ("revision" = u64, Path)), responses((status = 200, body = super::wire::Object)))]
pub async fn collection_revision(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, revision) = path.into_inner();
    Ok(give(&request, state.catalogue.get_revision(&collection_key(&collection)?, number(&revision)?)?))
}

/// Registers a product.
#[utoipa::path(post, path = "/api/v1/collections/{collection}/products", tag = "products", request_body = super::wire::Object,
    params(("collection" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ReceiptBody), (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 409, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_product(request: HttpRequest, state: Data<State>, path: Path<String>, payload: Payload) -> Answer {
    let collection = Some(identifier("collection", &path)?);
    let address = Address { kind: Kind::Product, collection, id: None };
    write(&request, &state, payload, address, Intent::Create).await
}

/// Reads a product: its stored bytes.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = super::wire::Object), (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, id) = path.into_inner();
    Ok(give(&request, state.catalogue.get(&product_key(&collection, &id)?)?))
}

/// Creates or replaces a product.
#[utoipa::path(put, path = "/api/v1/collections/{collection}/products/{id}", tag = "products", request_body = super::wire::Object,
    params(("collection" = String, Path), ("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 201, body = ReceiptBody),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_product(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Answer {
    let (collection, id) = path.into_inner();
    write(&request, &state, payload, Address::of(&product_key(&collection, &id)?), Intent::Put).await
}

/// Edits a product by a JSON Merge Patch (RFC 7396).
#[utoipa::path(patch, path = "/api/v1/collections/{collection}/products/{id}", tag = "products",
    request_body(content = super::wire::Object, content_type = "application/merge-patch+json"),
    params(("collection" = String, Path), ("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn patch_product(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Answer {
    let (collection, id) = path.into_inner();
    edit(&request, &state, payload, product_key(&collection, &id)?).await
}

/// Deletes a product; a tombstone stays.
#[utoipa::path(delete, path = "/api/v1/collections/{collection}/products/{id}", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = ReceiptBody), (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, id) = path.into_inner();
    remove(&request, &state, product_key(&collection, &id)?).await
}

/// Lists the revisions of a product, tombstones included.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/revisions", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path)), responses((status = 200, body = RevisionsBody)))]
pub async fn product_revisions(state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, id) = path.into_inner();
    revisions(&state, &product_key(&collection, &id)?)
}

/// Reads one revision of a product.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/products/{id}/revisions/{revision}", tag = "products",
    params(("collection" = String, Path), ("id" = String, Path), ("revision" = u64, Path)),
    responses((status = 200, body = super::wire::Object)))]
pub async fn product_revision(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String, String)>,
) -> Answer {
    let (collection, id, revision) = path.into_inner();
    Ok(give(&request, state.catalogue.get_revision(&product_key(&collection, &id)?, number(&revision)?)?))
}

/// Reads a record of another kind (mission, platform, instrument, target, agent, document, …).
#[utoipa::path(get, path = "/api/v1/records/{kind}/{id}", tag = "records",
    params(("kind" = String, Path), ("id" = String, Path)), responses((status = 200, body = super::wire::Object)))]
pub async fn get_record(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    Ok(give(&request, state.catalogue.get(&other_key(path)?)?))
}

/// Creates or replaces a record of another kind.
#[utoipa::path(put, path = "/api/v1/records/{kind}/{id}", tag = "records", request_body = super::wire::Object,
    params(("kind" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = ReceiptBody), (status = 201, body = ReceiptBody)))]
pub async fn put_record(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Answer {
    write(&request, &state, payload, Address::of(&other_key(path)?), Intent::Put).await
}

/// Deletes a record of another kind; a tombstone stays.
#[utoipa::path(delete, path = "/api/v1/records/{kind}/{id}", tag = "records",
    params(("kind" = String, Path), ("id" = String, Path)), responses((status = 200, body = ReceiptBody)))]
pub async fn delete_record(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    remove(&request, &state, other_key(path)?).await
}

fn other_key(path: Path<(String, String)>) -> Result<Key, Error> {
    let (kind, id) = path.into_inner();
    record_key(&kind, &id)
}

/// The key of a record that is no product.
///
/// # Errors
/// 400 for a kind that does not exist or has another address, and for text that is no identifier.
pub fn record_key(kind: &str, id: &str) -> Result<Key, Error> {
    let id = identifier("id", id)?;
    match Kind::from_name(kind) {
        Some(Kind::Product) => Err(Error::parameter("kind", "products live under their collection")),
        Some(kind) => Ok(Key { kind, collection: None, id }),
        None => {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Err(Error::parameter("kind", format!("is none of {}", kinds.join(", "))))
        }
    }
}

fn number(text: &str) -> Result<u64, Error> {
    text.parse().map_err(|_| Error::parameter("revision", "must be a number from 1"))
}
