//! Queryables: what the search of this face takes (OGC API Features Part 3).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::faces::native::records::identifier;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Key;
use crate::model::uri::encode;

fn schema(id: &str, title: &str) -> HttpResponse {
    let body = serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id,
        "type": "object",
        "title": title,
        "properties": {
            "id": { "type": "string", "description": "Item identifier" },
            "collection": { "type": "string", "description": "Collection identifier" },
            "datetime": { "type": "string", "format": "date-time", "description": "Time of observation" },
            "geometry": { "format": "geometry-any", "description": "Footprint, WGS 84" }
        },
        "additionalProperties": false
    });
    HttpResponse::Ok().content_type("application/schema+json").body(body.to_string())
}

/// `GET /stac/queryables`.
#[utoipa::path(get, path = "/stac/queryables", tag = "stac", operation_id = "queryables",
    responses((status = 200, body = Object, content_type = "application/schema+json")))]
pub async fn all(request: HttpRequest, state: Data<State>) -> HttpResponse {
    schema(&format!("{}/stac/queryables", state.base(&request)), "Queryables of all collections")
}

/// `GET /stac/collections/{collection}/queryables`.
#[utoipa::path(get, path = "/stac/collections/{collection}/queryables", tag = "stac", operation_id = "collection_queryables",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/schema+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn of_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let collection = identifier("collection", &path)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    let id = format!("{}/stac/collections/{}/queryables", state.base(&request), encode(collection.as_str()));
    Ok(schema(&id, &format!("Queryables of {collection}")))
}
