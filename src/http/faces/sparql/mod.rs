//! `/sparql`: SPARQL 1.1 Protocol, queries only. The face reads the request, negotiates formats and streams what a worker
//! process answers; it knows nothing of how a query is evaluated.

pub mod accept;
mod answer;
pub mod ask;
mod description;
pub mod search;
pub mod store;

use actix_web::web::{self, ServiceConfig};

use crate::http::read;

/// Routes under `/graphs`. An address may hold `/`.
pub fn graph_routes(config: &mut ServiceConfig) {
    config.route("", read().to(store::get_named)).route("/{graph:.+}", read().to(store::get_own));
}

/// Routes under `/sparql`.
pub fn routes(config: &mut ServiceConfig) {
    config.route("", read().to(ask::get_query)).route("", web::post().to(ask::post_query));
}
