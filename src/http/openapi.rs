//! The interface description (OpenAPI 3.1), made from the handlers; `openapi/` holds the golden file.

use utoipa::OpenApi;

use super::faces::native::{files, ingest, records, search, uploads};
use super::faces::ops;

#[derive(OpenApi)]
#[openapi(
    info(title = "Perennial", description = "Long-term data preservation catalogue of space missions."),
    paths(
        records::list_collections,
        records::create_collection,
        records::get_collection,
        records::put_collection,
        records::patch_collection,
        records::delete_collection,
        records::collection_revisions,
        records::collection_revision,
        files::collection_source,
        records::create_product,
        records::get_product,
        records::put_product,
        records::patch_product,
        records::delete_product,
        records::product_revisions,
        records::product_revision,
        files::product_source,
        files::get_file,
        files::put_file,
        records::get_record,
        records::put_record,
        records::delete_record,
        search::search,
        ingest::ingest,
        ingest::document,
        uploads::create,
        uploads::state,
        uploads::write,
        uploads::finish,
        uploads::discard,
        ops::health,
        ops::metrics
    )
)]
struct Description;

/// The description as JSON text, indented, with a newline at its end.
pub fn json() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}
