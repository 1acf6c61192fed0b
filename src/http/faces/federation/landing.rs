//! `GET /federation`: the sources, how each stands, and where to ask.

use actix_web::HttpRequest;
use actix_web::web::Data;

use super::wire;
use crate::catalogue::federated::SourceStanding;
use crate::federation::breaker::Standing;
use crate::http::faces::records::format::{Format, add};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Draft;
use crate::model::uri::encode;

/// The sources of this archive and how they stand.
#[utoipa::path(get, path = "/federation", tag = "federation",
    params(("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object, content_type = "application/json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn landing(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let catalogue = state.catalogue.clone();
    let standings = crate::http::blocking(move || catalogue.source_standings()).await?;
    let base = state.base(&request);
    let mut document = Draft::object();
    document.string("title", "Federation");
    document.string("description", "Searches this archive and its sources at once, and says what became of each.");
    document.string("instance", &state.catalogue.instance());
    let mut sources = Draft::array();
    standings.iter().for_each(|standing| sources.element(&source(standing, &base)));
    document.raw("sources", &sources.finish());
    let mut links = Draft::array();
    add(&mut links, "self", &format!("{base}/federation"), "application/json", None);
    add(&mut links, "search", &format!("{base}/federation/search"), "application/json", Some("Search all"));
    add(&mut links, "service-desc", &format!("{base}/openapi.json"), "application/json", None);
    document.raw("links", &links.finish());
    Ok(format.answer(document.finish(), "application/json", "Federation"))
}

fn source(standing: &SourceStanding, base: &str) -> String {
    let source = &standing.source;
    let mut text = Draft::object();
    text.string("id", source.id.as_str());
    text.string("title", &source.title);
    text.string("protocol", source.protocol.as_str());
    text.string("url", &source.url);
    let mode = serde_json::to_value(source.mode).unwrap_or_default();
    text.raw("mode", &mode.to_string());
    text.raw("trust", &source.trust.to_string());
    text.optional("licence", source.licence.as_deref());
    text.string("breaker", standing.breaker.name());
    if let Standing::Open { left } = standing.breaker {
        text.raw("retry_in_s", &left.as_secs().max(1).to_string());
    }
    match &standing.last {
        None => text.raw("last", "null"),
        Some((outcome, elapsed)) => {
            let mut last = Draft::object();
            wire::outcome(outcome, &mut last);
            last.raw("elapsed_ms", &elapsed.as_millis().to_string());
            text.part("last", last);
        }
    }
    text.string("href", &format!("{base}/api/v1/records/source/{}", encode(source.id.as_str())));
    text.finish()
}
