//! `/federation`: one question to this archive and its sources, and how the sources stand. Asks nobody itself.

pub mod landing;
mod page;
pub mod question;
pub mod search;
pub mod wire;

use actix_web::web::ServiceConfig;

use crate::http::read;

/// Routes under `/federation`.
pub fn routes(config: &mut ServiceConfig) {
    config.route("", read().to(landing::landing)).route("/search", read().to(search::search));
}
