//! Pages for people: HTML made here, whole without scripts. What they show comes from the catalogue's use cases alone,
//! never through HTTP; every text of a record is escaped by the templates.

pub mod address;
mod assets;
mod browse;
mod errors;
mod home;
pub mod layout;
mod map;
pub mod negotiate;
pub mod record;
mod recreation;
mod resolve;
mod search;
mod sources;
mod tally;
pub mod words;

use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::problem::Problem;
use crate::http::read;
use errors::Trouble;
pub use layout::Frame;

/// Routes of the pages, from the root.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/", read().to(home::page))
        .route("/search", read().to(search::page))
        .route("/collections", read().to(browse::collections))
        .route("/collections/{collection}", read().to(record::collection))
        .route("/products/{collection}/{id}", read().to(record::product))
        .route("/entities/{kind}", read().to(browse::entities))
        .route("/entities/{kind}/{id}", read().to(record::entity))
        .route("/recreation", read().to(recreation::page))
        .route("/sources", read().to(sources::all))
        .route("/sources/{id}", read().to(sources::one))
        .route("/resolve", read().to(resolve::page))
        .route("/assets/{name}", read().to(assets::give));
}

/// The answer of a page, or the page that tells what went wrong.
fn answer(request: &HttpRequest, made: Result<HttpResponse, Trouble>) -> HttpResponse {
    made.unwrap_or_else(|trouble| errors::respond(request, trouble))
}

/// What no route takes: a page for those who asked for one.
pub fn no_route(request: &HttpRequest, problem: Problem) -> HttpResponse {
    errors::respond(request, problem.into())
}
