//! `GET /api/v1/suggest`: ways to go on from what a person typed so far.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;

/// Suggestions unless asked otherwise, and at most.
const DEFAULT_LIMIT: usize = 8;
const MAX_LIMIT: usize = 50;

/// Suggestions, the likeliest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestBody {
    pub suggestions: Vec<SuggestionBody>,
}

/// A way to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionBody {
    pub text: String,
    /// Where it comes from: the name of a facet, `title` or `word`.
    pub source: &'static str,
    /// Records that have it.
    pub count: u64,
}

/// Suggests labels, titles and words that go on from what was typed; fewer than two letters give nothing.
#[utoipa::path(get, path = "/api/v1/suggest", tag = "search",
    params(("q" = String, Query, description = "what was typed so far"),
           ("limit" = Option<usize>, Query, description = "most suggestions; default 8, at most 50")),
    responses((status = 200, body = SuggestBody), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn suggest(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let typed = parameters.one("q")?.ok_or_else(|| Error::parameter("q", "is missing"))?;
    let limit = match parameters.one("limit")?.map(|text| text.parse::<usize>()) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
        Some(_) => return Err(Error::parameter("limit", format!("must be 1 to {MAX_LIMIT}")).into()),
    };
    parameters.finish(&["q", "limit"])?;
    let catalogue = state.catalogue.clone();
    let suggestions = crate::http::blocking(move || catalogue.suggest(&typed, limit)).await?;
    let body = |suggestion: crate::model::Suggestion| SuggestionBody {
        text: suggestion.text,
        source: suggestion.source,
        count: suggestion.count,
    };
    Ok(HttpResponse::Ok().json(SuggestBody { suggestions: suggestions.into_iter().map(body).collect() }))
}
