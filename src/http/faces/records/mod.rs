//! `/records`: OGC API Records, part 1, and what clients of OGC API Features need, over the same catalogue. The
//! catalogue `catalogue` holds a record for each collection; each collection holds a record for each of its products.

pub mod ask;
pub mod collections;
pub mod distributed;
pub mod federated;
pub mod format;
mod html;
pub mod items;
pub mod landing;
pub mod queryables;
mod wire;

use actix_web::web::ServiceConfig;

use crate::http::read;

/// The catalogue of all collections. A stored collection of this name is found as a record of it, its products through
/// the other faces.
pub const CATALOGUE: &str = "catalogue";

/// Routes under `/records`. An id may hold `/`: some clients do not encode it.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("", read().to(landing::landing))
        .route("/", read().to(landing::landing))
        .route("/conformance", read().to(landing::conformance))
        .route("/api", read().to(landing::api))
        .route("/collections", read().to(collections::list))
        .route("/collections/{catalogue}", read().to(collections::one))
        .route("/collections/{catalogue}/queryables", read().to(queryables::queryables))
        .route("/collections/{catalogue}/sortables", read().to(queryables::sortables))
        .route("/collections/{catalogue}/schema", read().to(queryables::schema))
        .route("/collections/{catalogue}/federatedCatalogs", read().to(distributed::list))
        .route("/collections/{catalogue}/federatedCatalogs/{federated}", read().to(distributed::one))
        .route("/collections/{catalogue}/items", read().to(items::list))
        .route("/collections/{catalogue}/items/{record:.+}", read().to(items::one));
}
