//! What can be filtered and sorted by, over all products or those of one collection.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::records::identifier;
use crate::http::faces::queryables::schema;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Key;
use crate::model::uri::encode;

/// Which of the two lists.
#[derive(Clone, Copy)]
enum List {
    Queryables,
    Sortables,
}

async fn answer(request: HttpRequest, state: Data<State>, collection: Option<String>, list: List) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let collection = collection.map(|text| identifier("collection", &text)).transpose()?;
    let catalogue = state.catalogue.clone();
    let scope = collection.clone();
    let found = crate::http::blocking(move || {
        if let Some(collection) = &scope {
            catalogue.get(&Key::collection(collection.clone()))?;
        }
        let collections: Vec<String> = scope.iter().map(ToString::to_string).collect();
        match list {
            List::Queryables => catalogue.queryables(&collections),
            List::Sortables => catalogue.sortables(&collections),
        }
    })
    .await?;
    let (name, title) = match list {
        List::Queryables => ("queryables", "Queryables"),
        List::Sortables => ("sortables", "Sortables"),
    };
    let base = state.base(&request);
    let (id, title) = match &collection {
        Some(collection) => {
            let address = format!("{base}/api/v1/collections/{}/{name}", encode(collection.as_str()));
            (address, format!("{title} of {collection}"))
        }
        None => (format!("{base}/api/v1/{name}"), format!("{title} of all collections")),
    };
    let body = schema(&id, &title, &found).to_string();
    Ok(HttpResponse::Ok().content_type("application/schema+json").body(body))
}

/// Everything that products can be filtered by, as it really is: types, ends, values.
#[utoipa::path(get, path = "/api/v1/queryables", tag = "search", operation_id = "native_queryables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all_queryables(request: HttpRequest, state: Data<State>) -> Answer {
    answer(request, state, None, List::Queryables).await
}

/// Everything that products of a collection can be filtered by.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/queryables", tag = "search", operation_id = "native_collection_queryables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn queryables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(request, state, Some(path.into_inner()), List::Queryables).await
}

/// Everything that products can be sorted by.
#[utoipa::path(get, path = "/api/v1/sortables", tag = "search", operation_id = "native_sortables",
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all_sortables(request: HttpRequest, state: Data<State>) -> Answer {
    answer(request, state, None, List::Sortables).await
}

/// Everything that products of a collection can be sorted by.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/sortables", tag = "search", operation_id = "native_collection_sortables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sortables(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    answer(request, state, Some(path.into_inner()), List::Sortables).await
}
