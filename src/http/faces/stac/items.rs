//! STAC Items of a collection (OGC API Features).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::ask::{Ask, Resource};
use super::fields::Of;
use super::search;
use super::{GEOJSON, wire};
use crate::catalogue::Error;
use crate::http::conditional;
use crate::http::faces::native::records::identifier;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::model::Key;
use crate::model::uri::encode;

/// `GET /stac/collections/{collection}/items`.
#[utoipa::path(get, path = "/stac/collections/{collection}/items", tag = "stac", operation_id = "items",
    params(("collection" = String, Path), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough, or a text with OR, AND, + and -"), ("query" = Option<String>, Query, description = "conditions as JSON: {\"eo:cloud_cover\":{\"lt\":10}}"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"), ("sortby" = Option<String>, Query, description = "fields with commas, - before a name descends"), ("fields" = Option<String>, Query, description = "members to give, - before a name leaves it out"), ("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it"), ("count" = Option<String>, Query, description = "exact (default) or none"), ("f" = Option<String>, Query, description = "json (default), or a file: ndjson, csv, geojson, geoparquet, votable; the whole result, or with limit a page whose Link header names the next")),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let collection = identifier("collection", &path)?;
    // Unknown collections are told at once: a failure is never an empty list.
    state.catalogue.get(&Key::collection(collection.clone()))?;
    let mut ask = Ask::from_query(&request, &Resource::Items.parameters(), Of::Items)?;
    ask.collections = vec![collection.to_string()];
    let address = format!("{}/stac/collections/{}/items", state.base(&request), encode(collection.as_str()));
    search::answer(&request, &state, ask, &address, search::Method::Get).await
}

/// An Item that was deleted is not found: clients of STAC and of OGC API Features know no other answer.
fn absent(error: Error) -> Problem {
    match error {
        Error::Gone { .. } => {
            Problem::http(StatusCode::NOT_FOUND, "not-found", "There is no such record", error.to_string())
        }
        other => other.into(),
    }
}

/// `GET /stac/collections/{collection}/items/{item}`.
#[utoipa::path(get, path = "/stac/collections/{collection}/items/{item}", tag = "stac", operation_id = "item",
    params(("collection" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let (collection, item) = path.into_inner();
    let key = Key::product(identifier("collection", &collection)?, identifier("item", &item)?);
    let stored = state.catalogue.get(&key).map_err(absent)?;
    let etag = conditional::etag(&stored.digest);
    if conditional::none_match(request.headers(), &etag) {
        return Ok(HttpResponse::NotModified().insert_header(("etag", etag)).finish());
    }
    let text = wire::item(&stored.record, &state.base(&request))?;
    Ok(HttpResponse::Ok().insert_header(("etag", etag)).content_type(GEOJSON).body(text))
}
