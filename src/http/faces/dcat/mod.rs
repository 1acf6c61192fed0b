//! `/dcat`: products and collections as DCAT 3, page after page of one snapshot. What a record says as RDF is made in
//! `rdf::projection`.

mod page;

use std::sync::Arc;

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::version::Version;
use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{accept, blocking, read};
use crate::model::Instant;
use crate::rdf::Writing;
use page::{Asked, Context};

/// Datasets of a page unless the client says, and at most.
const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// Routes from the root.
pub fn routes(config: &mut ServiceConfig) {
    config.route("/dcat", read().to(negotiated)).route("/dcat.{form}", read().to(named));
}

/// Products and collections as DCAT 3, in the form that `Accept` asks for.
#[utoipa::path(get, path = "/dcat", tag = "harvesting",
    params(("modifiedSince" = Option<String>, Query, description = "RFC 3339 date-time or YYYY-MM-DD: what was registered or deleted since then, inclusive"),
           ("limit" = Option<u64>, Query, description = "datasets of a page, 1 to 1,000; 100 without it"),
           ("token" = Option<String>, Query, description = "of hydra:next; stands with `limit` alone"),
           ("If-None-Match" = Option<String>, Header, description = "ETag of an earlier answer"),
           ("If-Modified-Since" = Option<String>, Header, description = "Last-Modified of an earlier answer")),
    responses((status = 200, description = "a page with its catalogue, datasets and distributions; hydra:next leads on",
                content((String = "text/turtle"), (Object = "application/ld+json"), (String = "application/rdf+xml"), (String = "application/n-triples"))),
              (status = 304, description = "nothing was registered since"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn negotiated(request: HttpRequest, state: Data<State>) -> Answer {
    let forms = Writing::ALL.map(|writing| (writing, writing.media_type()));
    let writing = accept::best(&accept::of(&request), forms).ok_or_else(|| {
        let known = Writing::ALL.map(Writing::media_type).join(", ");
        let status = actix_web::http::StatusCode::NOT_ACCEPTABLE;
        Problem::http(status, "not-acceptable", "No format fits", format!("the feed is given as {known}"))
    })?;
    give(&request, &state, writing, "/dcat").await
}

/// The same in the form of the ending, for clients that cannot ask.
#[utoipa::path(get, path = "/dcat.{form}", tag = "harvesting",
    params(("form" = String, Path, description = "ttl, jsonld, rdf or nt"),
           ("modifiedSince" = Option<String>, Query, description = "as of /dcat"),
           ("limit" = Option<u64>, Query, description = "as of /dcat"),
           ("token" = Option<String>, Query, description = "as of /dcat")),
    responses((status = 200, description = "as of /dcat",
                content((String = "text/turtle"), (Object = "application/ld+json"), (String = "application/rdf+xml"), (String = "application/n-triples"))),
              (status = 304, description = "nothing was registered since"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn named(request: HttpRequest, state: Data<State>, form: actix_web::web::Path<String>) -> Answer {
    let writing = Writing::ALL.into_iter().find(|writing| writing.ending() == form.as_str());
    let writing = writing.ok_or_else(|| Error::NoSuch {
        what: format!("form {:?} of the feed; it has {}", form.as_str(), Writing::ALL.map(Writing::ending).join(", ")),
    })?;
    give(&request, &state, writing, &format!("/dcat.{}", writing.ending())).await
}

async fn give(request: &HttpRequest, state: &State, writing: Writing, path: &str) -> Answer {
    let asked = asked(Parameters::of(request)?)?;
    let base = state.base(request);
    let catalogue = Arc::clone(&state.catalogue);
    let described = format!("{base} {path} {} {}", writing.ending(), request.query_string());
    let headers = request.headers().clone();
    let context = Context { base, path: path.to_owned(), query: request.query_string().to_owned() };
    let work = move || -> Result<_, Error> {
        let version = Version::of(&catalogue, &described)?;
        if let Some(unchanged) = version.unchanged(&headers).map(|_| ()) {
            return Ok((version, Err(unchanged)));
        }
        let text = page::write(&catalogue, &context, &asked, writing)?;
        Ok((version, Ok(text)))
    };
    let (version, text) = blocking(work).await?;
    let mut answer: HttpResponse = match text {
        Ok(text) => version.answer(writing.content_type()).body(text),
        Err(()) => version.unchanged(request.headers()).unwrap_or_else(|| HttpResponse::NotModified().finish()),
    };
    let vary = actix_web::http::header::HeaderValue::from_static("accept");
    answer.headers_mut().insert(actix_web::http::header::VARY, vary);
    Ok(answer)
}

fn asked(mut parameters: Parameters) -> Result<Asked, Error> {
    let known = ["modifiedSince", "limit", "token"];
    parameters.check(&known)?;
    let limit = match parameters.one("limit")? {
        None => DEFAULT_LIMIT,
        Some(text) => match text.parse() {
            Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => limit,
            _ => return Err(Error::parameter("limit", format!("is no whole number from 1 to {MAX_LIMIT}"))),
        },
    };
    let (since, token) = (parameters.one("modifiedSince")?, parameters.one("token")?);
    if since.is_some() && token.is_some() {
        return Err(Error::parameter("modifiedSince", "cannot stand beside `token`, which has it already"));
    }
    let since = since.map(|text| date(&text)).transpose()?;
    Ok(Asked { since, token, limit })
}

/// A date-time, or the beginning of a day.
fn date(text: &str) -> Result<Instant, Error> {
    let is_day = text.len() == 10;
    let full = if is_day { format!("{text}T00:00:00Z") } else { text.to_uppercase() };
    Instant::parse(&full).map_err(|error| Error::parameter("modifiedSince", error.to_string()))
}
