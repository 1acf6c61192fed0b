//! Children: the documents that the landing page's `child` links lead to, at once.

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::ask::Ask;
use super::collections;
use super::fields::Of;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;

const PARAMETERS: &[&str] = &["limit", "token"];

/// `GET /stac/children`.
#[utoipa::path(get, path = "/stac/children", tag = "stac",
    params(("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn children(request: HttpRequest, state: Data<State>) -> Answer {
    let ask = Ask::from_query(&request, PARAMETERS, Of::Collections)?;
    let address = format!("{}/stac/children", state.base(&request));
    collections::answer(&request, &state, ask, &address, "children").await
}
