//! `/api/v1`: the native interface. Records travel as their stored bytes.

pub mod aggregations;
pub mod changes;
pub mod files;
pub mod ingest;
pub mod log;
pub mod queryables;
pub mod records;
pub mod recreation;
pub mod resolve;
pub mod search;
pub mod snippets;
pub mod suggest;
pub mod uploads;
pub mod wire;

use actix_web::web::{ServiceConfig, delete, patch, post, put};

use crate::http::faces::linked::lineage;
use crate::http::read;

/// Routes under `/api/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/collections", read().to(records::list_collections))
        .route("/collections", post().to(records::create_collection))
        .route("/collections/{collection}", read().to(records::get_collection))
        .route("/collections/{collection}", put().to(records::put_collection))
        .route("/collections/{collection}", patch().to(records::patch_collection))
        .route("/collections/{collection}", delete().to(records::delete_collection))
        .route("/collections/{collection}/revisions", read().to(records::collection_revisions))
        .route("/collections/{collection}/revisions/{revision}", read().to(records::collection_revision))
        .route("/collections/{collection}/source", read().to(files::collection_source))
        .route("/collections/{collection}/files/{name}", read().to(files::collection_file))
        .route("/collections/{collection}/products", post().to(records::create_product))
        .route("/collections/{collection}/products/{id}", read().to(records::get_product))
        .route("/collections/{collection}/products/{id}", put().to(records::put_product))
        .route("/collections/{collection}/products/{id}", patch().to(records::patch_product))
        .route("/collections/{collection}/products/{id}", delete().to(records::delete_product))
        .route("/collections/{collection}/products/{id}/revisions", read().to(records::product_revisions))
        .route("/collections/{collection}/products/{id}/revisions/{revision}", read().to(records::product_revision))
        .route("/collections/{collection}/lineage", read().to(lineage::collection))
        .route("/collections/{collection}/products/{id}/lineage", read().to(lineage::product))
        .route("/collections/{collection}/products/{id}/source", read().to(files::product_source))
        .route("/collections/{collection}/products/{id}/files/{name}", read().to(files::get_file))
        .route("/collections/{collection}/products/{id}/files/{name}", put().to(files::put_file))
        .route("/collections/{collection}/products/{id}/recreate", post().to(recreation::recreate_product))
        .route("/collections/{collection}/products/{id}/evidence", read().to(recreation::product_evidence))
        .route("/collections/{collection}/products/{id}/impact", read().to(recreation::product_impact))
        .route("/collections/{collection}/products/{id}/drop", post().to(recreation::drop_product))
        .route("/collections/{collection}/products/{id}/keep", post().to(recreation::keep_product))
        .route("/recreation", read().to(recreation::rebuildability))
        .route("/recreation/drill", post().to(recreation::drill))
        .route("/records/evidence/{id}/crate", read().to(recreation::evidence_crate))
        .route("/records/recipe", post().to(recreation::create_recipe))
        .route("/records/recipe/{id}/recreate", post().to(recreation::recreate_recipe))
        .route("/records/recipe/{id}/evidence", read().to(recreation::recipe_evidence))
        .route("/records/{kind}/{id}", read().to(records::get_record))
        .route("/records/{kind}/{id}", put().to(records::put_record))
        .route("/records/{kind}/{id}", delete().to(records::delete_record))
        .route("/records/{kind}/{id}/lineage", read().to(lineage::record))
        .route("/records/{kind}/{id}/source", read().to(files::record_source))
        .route("/records/{kind}/{id}/files/{name}", read().to(files::record_file))
        .route("/collections/{collection}/members", read().to(resolve::members))
        .route("/resolve", read().to(resolve::resolve))
        .route("/links", read().to(resolve::links))
        .route("/collections/{collection}/queryables", read().to(queryables::queryables))
        .route("/collections/{collection}/sortables", read().to(queryables::sortables))
        .route("/queryables", read().to(queryables::all_queryables))
        .route("/sortables", read().to(queryables::all_sortables))
        .route("/search", read().to(search::search))
        .route("/search", post().to(search::post_search))
        .route("/changes", read().to(changes::changes))
        .route("/suggest", read().to(suggest::suggest))
        .route("/ingest", post().to(ingest::ingest))
        .route("/documents", post().to(ingest::document))
        .route("/log", read().to(log::lines))
        .route("/log/checkpoint", read().to(log::checkpoint))
        .route("/log/payloads", read().to(log::payloads))
        .route("/log/payloads/{sha256}", read().to(log::payload))
        .route("/uploads", post().to(uploads::create))
        .route("/uploads/{upload}", read().to(uploads::state))
        .route("/uploads/{upload}", patch().to(uploads::write))
        .route("/uploads/{upload}", post().to(uploads::finish))
        .route("/uploads/{upload}", delete().to(uploads::discard));
}
