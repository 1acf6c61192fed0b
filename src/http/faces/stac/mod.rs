//! `/stac`: STAC API 1.0 over the same catalogue. Items are spliced from stored JSON, never re-made from parsed numbers.

pub mod aggregate;
pub mod ask;
pub mod browse;
pub mod children;
pub mod collections;
pub mod federated;
mod fields;
mod free_text;
pub mod items;
pub mod landing;

mod query_extension;
pub mod queryables;
pub mod search;
mod sort;
pub mod transaction;
pub mod wire;

use actix_web::web::{ServiceConfig, delete, patch, post, put};

use crate::http::read;

/// Routes under `/stac`. An item id may hold `/`: clients such as pystac-client do not encode it.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("", read().to(landing::landing))
        .route("/", read().to(landing::landing))
        .route("/conformance", read().to(landing::conformance))
        .route("/queryables", read().to(queryables::all))
        .route("/aggregations", read().to(aggregate::all))
        .route("/aggregate", read().to(aggregate::get_aggregate))
        .route("/aggregate", post().to(aggregate::post_aggregate))
        .route("/collections/{collection}/aggregations", read().to(aggregate::of_collection))
        .route("/collections/{collection}/aggregate", read().to(aggregate::get_of_collection))
        .route("/collections/{collection}/aggregate", post().to(aggregate::post_of_collection))
        .route("/api", read().to(landing::api))
        .route("/browse/{collection}", read().to(browse::browse))
        .route("/children", read().to(children::children))
        .route("/sortables", read().to(queryables::all_sortables))
        .route("/search", read().to(search::get_search))
        .route("/search", post().to(search::post_search))
        .route("/collections", read().to(collections::list))
        .route("/collections", post().to(transaction::create_collection))
        .route("/collections/{collection}", read().to(collections::one))
        .route("/collections/{collection}", put().to(transaction::put_collection))
        .route("/collections/{collection}", patch().to(transaction::patch_collection))
        .route("/collections/{collection}", delete().to(transaction::delete_collection))
        .route("/collections/{collection}/queryables", read().to(queryables::of_collection))
        .route("/collections/{collection}/sortables", read().to(queryables::sortables_of_collection))
        .route("/collections/{collection}/items", read().to(items::list))
        .route("/collections/{collection}/items", post().to(transaction::create_item))
        .route("/collections/{collection}/items/{item:.+}", read().to(items::one))
        .route("/collections/{collection}/items/{item:.+}", put().to(transaction::put_item))
        .route("/collections/{collection}/items/{item:.+}", patch().to(transaction::patch_item))
        .route("/collections/{collection}/items/{item:.+}", delete().to(transaction::delete_item));
}

/// Media type of items and item collections (RFC 7946).
pub const GEOJSON: &str = "application/geo+json";

/// A link as text of a JSON object.
fn link(rel: &str, href: &str, media_type: &str) -> String {
    let mut text = String::from("{\"rel\":");
    crate::model::json::push_string(&mut text, rel);
    text.push_str(",\"href\":");
    crate::model::json::push_string(&mut text, href);
    text.push_str(",\"type\":");
    crate::model::json::push_string(&mut text, media_type);
    text.push('}');
    text
}
