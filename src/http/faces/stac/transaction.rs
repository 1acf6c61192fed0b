//! Transaction extension: items and collections are created, replaced, patched and deleted as STAC documents. The
//! document is kept verbatim as the record's source; a patch is applied to that document.

use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{GEOJSON, wire};
use crate::catalogue::{Address, Caller, Effect, Error, Intent, Precondition, Receipt};
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::faces::native::records::identifier;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, conditional};
use crate::model::uri::encode;
use crate::model::{Key, Kind, json};

fn item_key(path: (String, String)) -> Result<Key, Error> {
    Ok(Key::product(identifier("collection", &path.0)?, identifier("item", &path.1)?))
}

fn collection_key(path: &str) -> Result<Key, Error> {
    Ok(Key::collection(identifier("collection", path)?))
}

fn href(base: &str, key: &Key) -> String {
    match &key.collection {
        Some(collection) => {
            format!("{base}/stac/collections/{}/items/{}", encode(collection.as_str()), encode(key.id.as_str()))
        }
        None => format!("{base}/stac/collections/{}", encode(key.id.as_str())),
    }
}

/// 201 with the item for what is new, 204 for what changed.
fn answer(base: &str, state: &State, receipt: &Receipt) -> Answer {
    let etag = receipt.digest.map(|digest| conditional::etag(&digest));
    let mut response = match receipt.effect {
        Effect::Created => HttpResponse::Created(),
        _ => HttpResponse::NoContent(),
    };
    if let Some(etag) = etag {
        response.insert_header((header::ETAG, etag));
    }
    if receipt.pending {
        response.insert_header(("perennial-pending", "index"));
    }
    if receipt.effect != Effect::Created {
        return Ok(response.finish());
    }
    response.insert_header((header::LOCATION, href(base, &receipt.key)));
    let stored = state.catalogue.get(&receipt.key)?;
    let (text, media_type) = match receipt.key.kind {
        Kind::Product => (wire::item(&stored.record, base)?, GEOJSON),
        _ => (wire::collection(&stored.record, base)?, "application/json"),
    };
    Ok(response.content_type(media_type).body(text))
}

async fn write(request: &HttpRequest, state: &State, mut payload: Payload, address: Address, intent: Intent) -> Answer {
    let agent = auth::writer(request, state)?;
    let (bytes, _) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let caller = conditional::caller(request, agent, &bytes)?;
    let intent = if caller.precondition == Precondition::None { intent } else { Intent::Replace };
    let receipt = state.catalogue.put_document(&address, bytes.to_vec(), intent, caller).await?;
    answer(&state.base(request), state, &receipt)
}

/// Applies a merge patch to the source document; a record without one is not STAC's to patch.
async fn patch(request: &HttpRequest, state: &State, mut payload: Payload, key: Key) -> Answer {
    let agent = auth::writer(request, state)?;
    let (bytes, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let given = conditional::caller(request, agent, &bytes)?;
    let stored = state.catalogue.get(&key)?;
    let source = state.catalogue.source_text(&key).map_err(|error| match error {
        Error::NoSuch { .. } => Error::invalid("", "this record was registered natively: patch it under /api/v1"),
        other => other,
    })?;
    let patched = json::merge_patch(Some(&source), &text).map_err(|error| Error::invalid("", error.to_string()))?;
    let precondition = match given.precondition {
        // The patch was computed from this revision.
        Precondition::None | Precondition::Exists => Precondition::OneOf(vec![stored.digest]),
        named => named,
    };
    let caller = Caller { precondition, ..given };
    let address = Address::of(&key);
    let receipt = state.catalogue.put_document(&address, patched.into_bytes(), Intent::Replace, caller).await?;
    answer(&state.base(request), state, &receipt)
}

async fn remove(request: &HttpRequest, state: &State, key: Key) -> Answer {
    let agent = auth::writer(request, state)?;
    let caller = conditional::caller(request, agent, b"")?;
    match state.catalogue.delete(&key, caller).await {
        // Deleting what is not there leaves it so: RFC 9110 calls DELETE idempotent, and STAC clients expect 204.
        Ok(_) | Err(Error::NotFound { .. } | Error::Gone { .. }) => Ok(HttpResponse::NoContent().finish()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /stac/collections/{collection}/items`: an Item, or an ItemCollection of new ones.
#[utoipa::path(post, path = "/stac/collections/{collection}/items", tag = "stac", operation_id = "stac_create_item", request_body = Object,
    params(("collection" = String, Path)),
    responses((status = 201, body = Object),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 409, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_item(request: HttpRequest, state: Data<State>, path: Path<String>, mut payload: Payload) -> Answer {
    let collection = identifier("collection", &path)?;
    let agent = auth::writer(&request, &state)?;
    let (bytes, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let caller = conditional::caller(&request, agent, &bytes)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    let address = Address { kind: Kind::Product, collection: Some(collection), id: None };
    if let Some(features) = wire::features(&text) {
        for feature in features {
            let caller = Caller { idempotency: None, ..caller.clone() };
            state.catalogue.put_document(&address, feature.into_bytes(), Intent::Create, caller).await?;
        }
        return Ok(HttpResponse::Created().finish());
    }
    let receipt = state.catalogue.put_document(&address, bytes.to_vec(), Intent::Create, caller).await?;
    answer(&state.base(&request), &state, &receipt)
}

/// `PUT …/items/{item}`: replaces an item.
#[utoipa::path(put, path = "/stac/collections/{collection}/items/{item}", tag = "stac", operation_id = "stac_put_item", request_body = Object,
    params(("collection" = String, Path), ("item" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_item(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Answer {
    write(&request, &state, payload, Address::of(&item_key(path.into_inner())?), Intent::Replace).await
}

/// `PATCH …/items/{item}`: JSON Merge Patch of the item.
#[utoipa::path(patch, path = "/stac/collections/{collection}/items/{item}", tag = "stac", operation_id = "stac_patch_item", request_body = Object,
    params(("collection" = String, Path), ("item" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn patch_item(
    request: HttpRequest,
    state: Data<State>,
    path: Path<(String, String)>,
    payload: Payload,
) -> Answer {
    patch(&request, &state, payload, item_key(path.into_inner())?).await
}

/// `DELETE …/items/{item}`.
#[utoipa::path(delete, path = "/stac/collections/{collection}/items/{item}", tag = "stac", operation_id = "stac_delete_item",
    params(("collection" = String, Path), ("item" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_item(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    remove(&request, &state, item_key(path.into_inner())?).await
}

/// `POST /stac/collections`.
#[utoipa::path(post, path = "/stac/collections", tag = "stac", operation_id = "stac_create_collection", request_body = Object,
    responses((status = 201, body = Object),
              (status = 409, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create_collection(request: HttpRequest, state: Data<State>, payload: Payload) -> Answer {
    let address = Address { kind: Kind::Collection, collection: None, id: None };
    write(&request, &state, payload, address, Intent::Create).await
}

/// `PUT /stac/collections/{collection}`: replaces a collection.
#[utoipa::path(put, path = "/stac/collections/{collection}", tag = "stac", operation_id = "stac_put_collection", request_body = Object,
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_collection(request: HttpRequest, state: Data<State>, path: Path<String>, payload: Payload) -> Answer {
    write(&request, &state, payload, Address::of(&collection_key(&path)?), Intent::Replace).await
}

/// `PATCH /stac/collections/{collection}`: JSON Merge Patch of the collection.
#[utoipa::path(patch, path = "/stac/collections/{collection}", tag = "stac", operation_id = "stac_patch_collection", request_body = Object,
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 422, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn patch_collection(
    request: HttpRequest,
    state: Data<State>,
    path: Path<String>,
    payload: Payload,
) -> Answer {
    patch(&request, &state, payload, collection_key(&path)?).await
}

/// `DELETE /stac/collections/{collection}`: only without items (409 otherwise).
#[utoipa::path(delete, path = "/stac/collections/{collection}", tag = "stac", operation_id = "stac_delete_collection",
    params(("collection" = String, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204),
              (status = 409, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    remove(&request, &state, collection_key(&path)?).await
}
