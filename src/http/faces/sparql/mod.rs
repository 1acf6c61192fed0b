//! `/sparql`: SPARQL 1.1 Protocol, queries only; `/graphs`: graphs by their address. The face reads the request, negotiates formats and streams what a worker
//! process answers; it knows nothing of how a query is evaluated.

pub mod accept;
mod answer;
pub mod ask;
pub mod context;
pub mod description;
pub mod search;
pub mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::read;

/// Routes under `/graphs`. An address may hold `/`.
pub fn graph_routes(config: &mut ServiceConfig) {
    config
        .route("", read().to(store::get_named))
        .route("", web::put().to(context::put_named))
        .route("", web::post().to(context::post_named))
        .route("", web::delete().to(context::delete_named))
        .route("/context/{id}", read().to(context::get_own))
        .route("/context/{id}", web::put().to(context::put_own))
        .route("/context/{id}", web::post().to(context::post_own))
        .route("/context/{id}", web::delete().to(context::delete_own))
        .route("/{graph:.+}", read().to(store::get_own));
}

/// Routes under `/sparql`.
pub fn routes(config: &mut ServiceConfig) {
    config.route("", read().to(ask::get_query)).route("", web::post().to(ask::post_query));
}
