//! Sources over HTTP: how each stands, what its runs did, what is put aside, and a run on request. The record of a source is
//! an ordinary record (`/api/v1/records/source/{id}`).

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::records::identifier;
use crate::catalogue::{Catalogue, Error, HarvestWish, Harvested, QuarantineEntry, SourceState};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, blocking};
use crate::model::RecordId;

/// Runs, quarantined documents and waiting deletions of one answer, if nothing else is asked, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

/// All sources.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcesBody {
    #[schema(value_type = Vec<Object>)]
    pub sources: Vec<SourceState>,
}

/// Runs of a source, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunsBody {
    #[schema(value_type = Vec<Object>)]
    pub runs: Vec<Harvested>,
}

/// Documents of a source that could not be taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarantineBody {
    #[schema(value_type = Vec<Object>)]
    pub quarantined: Vec<QuarantineEntry>,
    /// `after` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Deletions that wait to be approved.
#[derive(Debug, Serialize, ToSchema)]
pub struct AwaitingBody {
    /// What the source calls the documents.
    pub awaiting: Vec<String>,
    /// `after` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A run that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct BegunBody {
    /// Where its progress is seen.
    pub href: String,
}

/// How all sources stand.
pub fn states(catalogue: &Catalogue) -> Result<Vec<SourceState>, Error> {
    let ids = catalogue.source_ids()?;
    // A record of before its schema cannot be asked; asking for it by name says why.
    Ok(ids.iter().filter_map(|id| catalogue.source_state(id).ok()).collect())
}

fn flag(parameters: &mut Parameters, name: &str) -> Result<bool, Problem> {
    match parameters.one(name)?.as_deref() {
        None | Some("false") => Ok(false),
        Some("true" | "") => Ok(true),
        Some(_) => Err(Error::parameter(name, "must be true or false").into()),
    }
}

fn limit(parameters: &mut Parameters) -> Result<usize, Problem> {
    let Some(text) = parameters.one("limit")? else { return Ok(USUAL) };
    let number = text.parse::<usize>().ok().filter(|number| (1..=MOST).contains(number));
    Ok(number.ok_or_else(|| Error::parameter("limit", format!("must be a number from 1 to {MOST}")))?)
}

/// Sources: what is done with each, when it was harvested and how that went.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", responses((status = 200, body = SourcesBody)))]
pub async fn list(request: HttpRequest, state: Data<State>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let sources = blocking(move || states(&catalogue)).await?;
    Ok(HttpResponse::Ok().json(SourcesBody { sources }))
}

/// How one source stands.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = Object), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    Parameters::of(&request)?.finish(&[])?;
    let catalogue = state.catalogue.clone();
    let found = blocking(move || catalogue.source_state(&id)).await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Reports of runs that the archive keeps, the latest first. Runs that changed nothing are kept once a day.
#[utoipa::path(get, path = "/api/v1/sources/{id}/runs", tag = "sources",
    params(("id" = String, Path), ("limit" = Option<usize>, Query, description = "1 to 1000; default 100")),
    responses((status = 200, body = RunsBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn runs(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    let mut parameters = Parameters::of(&request)?;
    let most = limit(&mut parameters)?;
    parameters.finish(&["limit"])?;
    let catalogue = state.catalogue.clone();
    let runs = blocking(move || {
        catalogue.federation_source(&id)?;
        catalogue.harvests_of(id.as_str(), most)
    });
    Ok(HttpResponse::Ok().json(RunsBody { runs: runs.await? }))
}

/// Documents of the source that could not be taken, each with the reason and the digest of its bytes.
#[utoipa::path(get, path = "/api/v1/sources/{id}/quarantine", tag = "sources",
    params(("id" = String, Path), ("limit" = Option<usize>, Query, description = "1 to 1000; default 100"),
           ("after" = Option<String>, Query, description = "the last id of the page before")),
    responses((status = 200, body = QuarantineBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn quarantine(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    let (most, after) = page(&request)?;
    let catalogue = state.catalogue.clone();
    let mut quarantined = blocking(move || catalogue.quarantine(&id, &after, most + 1)).await?;
    let is_more = quarantined.len() > most;
    quarantined.truncate(most);
    let after = quarantined.last().filter(|_| is_more).map(|last| last.id.clone());
    Ok(HttpResponse::Ok().json(QuarantineBody { quarantined, after }))
}

/// Deletions that wait to be approved, because they are many.
#[utoipa::path(get, path = "/api/v1/sources/{id}/awaiting", tag = "sources",
    params(("id" = String, Path), ("limit" = Option<usize>, Query, description = "1 to 1000; default 100"),
           ("after" = Option<String>, Query, description = "the last id of the page before")),
    responses((status = 200, body = AwaitingBody), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn awaiting(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    let (most, after) = page(&request)?;
    let catalogue = state.catalogue.clone();
    let mut awaiting = blocking(move || catalogue.awaiting(&id, &after, most + 1)).await?;
    let is_more = awaiting.len() > most;
    awaiting.truncate(most);
    let after = awaiting.last().filter(|_| is_more).cloned();
    Ok(HttpResponse::Ok().json(AwaitingBody { awaiting, after }))
}

fn page(request: &HttpRequest) -> Result<(usize, String), Problem> {
    let mut parameters = Parameters::of(request)?;
    let most = limit(&mut parameters)?;
    let after = parameters.one("after")?.unwrap_or_default();
    parameters.finish(&["limit", "after"])?;
    Ok((most, after))
}

/// Harvests a source. Answers at once, unless it is asked to wait; how far the run is stands at the source.
#[utoipa::path(post, path = "/api/v1/sources/{id}/harvest", tag = "sources",
    params(("id" = String, Path),
           ("full" = Option<bool>, Query, description = "ask for everything, not only for changes"),
           ("approve" = Option<bool>, Query, description = "make the deletions that wait for approval"),
           ("dry_run" = Option<bool>, Query, description = "write nothing; answers with what would be done"),
           ("wait" = Option<bool>, Query, description = "answer when the run has ended, with its report")),
    responses((status = 200, body = Object, description = "the report of the run"), (status = 202, body = BegunBody),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json", description = "a run of it goes on")))]
pub async fn harvest(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    auth::writer(&request, &state)?;
    let mut parameters = Parameters::of(&request)?;
    let wish = HarvestWish {
        full: flag(&mut parameters, "full")?,
        approve: flag(&mut parameters, "approve")?,
        dry_run: flag(&mut parameters, "dry_run")?,
    };
    let wait = flag(&mut parameters, "wait")? || wish.dry_run;
    parameters.finish(&["full", "approve", "dry_run", "wait"])?;
    begin(&request, &state, id, wish, wait).await
}

/// Makes the deletions of a source that wait for approval, in a run that is waited for.
#[utoipa::path(post, path = "/api/v1/sources/{id}/approve", tag = "sources", params(("id" = String, Path)),
    responses((status = 200, body = Object, description = "the report of the run"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn approve(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = identifier("id", &path)?;
    auth::writer(&request, &state)?;
    Parameters::of(&request)?.finish(&[])?;
    begin(&request, &state, id, HarvestWish { approve: true, ..HarvestWish::default() }, true).await
}

async fn begin(request: &HttpRequest, state: &Data<State>, id: RecordId, wish: HarvestWish, wait: bool) -> Answer {
    let catalogue = Arc::clone(&state.catalogue);
    if wait {
        let report = blocking(move || catalogue.harvest(&id, wish)).await?;
        return Ok(HttpResponse::Ok().json(report));
    }
    let href = format!("{}/api/v1/sources/{}", state.base(request), crate::model::uri::encode(id.as_str()));
    blocking(move || Catalogue::begin_harvest(catalogue, id, wish)).await?;
    Ok(HttpResponse::Accepted().insert_header(("location", href.clone())).json(BegunBody { href }))
}
