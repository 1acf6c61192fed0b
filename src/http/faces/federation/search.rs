//! `GET /federation/search`: the parameters of `/api/v1/search`, answered by this archive and its sources together.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::question::{self, Wanted};
use super::{page, wire};
use crate::catalogue::Error;
use crate::http::faces::native::search;
use crate::http::faces::records::format::{Format, query_without};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;

/// Parameters of the native search that have no meaning across archives.
const REFUSED: &[&str] =
    &["facets", "tree", "histogram", "ranges", "statistics", "snippets", "count", "scope", "facet_limit", "facet_mode"];

/// Searches this archive and its sources at once.
#[utoipa::path(get, path = "/federation/search", tag = "federation",
    params(("q" = Option<String>, Query, description = "free text; sources read it in their own way"),
           ("kind" = Option<String>, Query, description = "kinds to find, with commas; default product"),
           ("ids" = Option<String>, Query, description = "record ids, with commas"),
           ("collection" = Option<String>, Query, description = "collections by the names of whoever has them, with commas"),
           ("mission" = Option<String>, Query), ("platform" = Option<String>, Query), ("instrument" = Option<String>, Query),
           ("target" = Option<String>, Query), ("level" = Option<String>, Query), ("data_type" = Option<String>, Query),
           ("access" = Option<String>, Query), ("keyword" = Option<String>, Query),
           ("body" = Option<String>, Query, description = "body of the footprints and of bbox, lower case"),
           ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"),
           ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"),
           ("circle" = Option<String>, Query, description = "longitude,latitude,radius in degrees"),
           ("intersects" = Option<String>, Query, description = "GeoJSON geometry that footprints meet"),
           ("property" = Option<Vec<String>>, Query, description = "condition on properties, repeatable: eo:cloud_cover<5"),
           ("filter" = Option<String>, Query, description = "CQL2"),
           ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"),
           ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
           ("sort" = Option<String>, Query, description = "relevance, time or any other of /api/v1/sortables, with commas; - before a name descends"),
           ("limit" = Option<usize>, Query, minimum = 1, maximum = 500, description = "hits on a page; default 20"),
           ("token" = Option<String>, Query, description = "the next link carries it"),
           ("sources" = Option<String>, Query, description = "ids of sources, with commas; local is this archive; default all"),
           ("f" = Option<String>, Query, description = "json (default) or html"),
           ("timeout" = Option<f64>, Query, description = "seconds to wait, at most and by default 5")),
    responses((status = 200, body = Object, content_type = "application/json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json"),
              (status = 508, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn search(request: HttpRequest, state: Data<State>) -> Answer {
    let path = question::path(&request, &state)?;
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    let wanted = Wanted::take(&mut parameters)?;
    let token = parameters.one("token")?;
    if let Some(name) = REFUSED.iter().find(|name| parameters.has(name)) {
        return Err(Error::parameter(*name, "has no meaning across archives; /api/v1/search takes it").into());
    }
    let ask = wanted.of(search::query(parameters)?, token, path);
    let catalogue = state.catalogue.clone();
    let answer = crate::http::blocking(move || catalogue.federated(&ask)).await?;
    let address = format!("{}/federation/search", state.base(&request));
    if format == Format::Html {
        let at =
            |token: &Option<String>| token.as_deref().map(|token| with_token(&request, "/federation/search", token));
        let json = format!("/federation/search?{}", query_without(&request, "f"));
        return Ok(page::page(&answer, at(&answer.next).as_deref(), at(&answer.retry).as_deref(), json));
    }
    let mut links = vec![("self", format!("{address}?{}", request.query_string()))];
    links.extend(answer.next.as_deref().map(|token| ("next", with_token(&request, &address, token))));
    links.extend(answer.retry.as_deref().map(|token| ("retry", with_token(&request, &address, token))));
    Ok(HttpResponse::Ok().content_type("application/json").body(wire::answer(&answer, &links)))
}

/// The address of this question with another token.
pub fn with_token(request: &HttpRequest, address: &str, token: &str) -> String {
    let kept = request.query_string().split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
    let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
    format!("{address}?{}", parts.join("&"))
}
