//! What can be filtered and sorted by, over all products or those of one collection.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use crate::catalogue::{Catalogue, Error, Queryable};
use crate::http::faces::queryables::{Find, List, answer};
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;

const FACE: (&str, Find) = ("/api/v1", found);

fn found(catalogue: &Catalogue, collections: &[String], list: List) -> Result<Vec<Queryable>, Error> {
    match list {
        List::Queryables => catalogue.queryables(collections),
        List::Sortables => catalogue.sortables(collections),
    }
}

/// Everything that products can be filtered by, as it really is: types, ends, values.
#[utoipa::path(get, path = "/api/v1/queryables", tag = "search", operation_id = "native_queryables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all_queryables(request: HttpRequest, state: Data<State>) -> Answer {
    answer(&request, &state, FACE, None, List::Queryables).await
}

/// Everything that products of a collection can be filtered by.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/queryables", tag = "search", operation_id = "native_collection_queryables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn queryables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(&request, &state, FACE, Some(path.into_inner()), List::Queryables).await
}

/// Everything that products can be sorted by.
#[utoipa::path(get, path = "/api/v1/sortables", tag = "search", operation_id = "native_sortables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all_sortables(request: HttpRequest, state: Data<State>) -> Answer {
    answer(&request, &state, FACE, None, List::Sortables).await
}

/// Everything that products of a collection can be sorted by.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/sortables", tag = "search", operation_id = "native_collection_sortables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sortables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(&request, &state, FACE, Some(path.into_inner()), List::Sortables).await
}
