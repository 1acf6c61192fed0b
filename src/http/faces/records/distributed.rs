//! OGC API - Records - Part 4: Federated search (draft of 2025, opengeospatial/ogcapi-records, extensions/federated-search):
//! the federated catalogues of a catalogue, and `distributedSearch` with an answer or an exception for each of them. Nothing
//! is merged here: `federated=true` does that.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::ask::{Ask, Scope};
use super::format::{add, query_without};
use super::items::scope;
use super::wire;
use crate::catalogue::Error;
use crate::catalogue::federated::{DEADLINE, Federated, FederatedAsk, HERE, MAX_HITS};
use crate::federation::Source;
use crate::http::faces::federation::question;
use crate::http::faces::stac::GEOJSON;
use crate::http::faces::stac::federated::placed;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::model::Draft;
use crate::model::uri::encode;

/// The parameters of the draft.
pub const PARAMETERS: &[&str] = &[
    "distributedSearch",
    "hopCount",
    "clientId",
    "distributedSearchId",
    "distributedSearchIdTimeout",
    "federatedCatalogs",
];

/// Hops when nothing is said: here, and to the catalogues that are asked.
const USUAL_HOPS: u64 = 2;
/// Longest identifier of a search or a client, bytes.
const MAX_NAME: usize = 1_000;

/// What a distributed search asks beside the question.
#[derive(Debug, Clone)]
pub struct Distributed {
    /// Whether others are asked: not when the last hop ends here.
    goes_on: bool,
    id: Option<String>,
    catalogues: Option<Vec<(String, Option<Duration>)>>,
}

impl Distributed {
    /// Takes the parameters of the draft; nothing unless `distributedSearch` is true: then the others are ignored, as it says.
    ///
    /// # Errors
    /// 400 for what cannot be honoured.
    pub fn take(parameters: &mut Parameters) -> Result<Option<Self>, Error> {
        let is_distributed = match parameters.one("distributedSearch")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::parameter("distributedSearch", "must be true or false")),
        };
        let number = |name: &str, text: Option<String>| {
            let reason = || Error::parameter(name, "must be a whole number");
            text.map(|text| text.parse::<u64>().map_err(|_| reason())).transpose()
        };
        let hops = number("hopCount", parameters.one("hopCount")?)?;
        // How long something is kept of a search: nothing is, once it has been answered.
        number("distributedSearchIdTimeout", parameters.one("distributedSearchIdTimeout")?)?;
        let client = parameters.one("clientId")?;
        let id = parameters.one("distributedSearchId")?;
        for (name, text) in [("clientId", &client), ("distributedSearchId", &id)] {
            if text.as_ref().is_some_and(|text| text.is_empty() || text.len() > MAX_NAME) {
                return Err(Error::parameter(name, format!("must be an address of 1 to {MAX_NAME} bytes")));
            }
        }
        let names = parameters.all("federatedCatalogs");
        let catalogues = (!names.is_empty()).then(|| names.iter().map(|text| catalogue(text)).collect());
        let catalogues = catalogues.transpose()?;
        if let (Some(client), true) = (client, is_distributed) {
            tracing::info!(client = client.as_str(), search = id.as_deref(), "distributed search");
        }
        // Each catalogue takes one away when it receives the question, and asks nobody at zero.
        let goes_on = hops.unwrap_or(USUAL_HOPS) > 1;
        Ok(is_distributed.then_some(Self { goes_on, id, catalogues }))
    }
}

/// Reads `id` or `id,seconds`.
fn catalogue(text: &str) -> Result<(String, Option<Duration>), Error> {
    let (name, seconds) = text.split_once(',').map_or((text, None), |(name, seconds)| (name, Some(seconds)));
    let reason =
        || Error::parameter("federatedCatalogs", format!("{text:?} is not an id, or an id, a comma and seconds"));
    let seconds = seconds.map(|seconds| seconds.trim().parse::<u32>().ok().filter(|seconds| *seconds > 0));
    let time = match seconds {
        None => None,
        Some(None) => return Err(reason()),
        Some(Some(seconds)) => Some(Duration::from_secs(u64::from(seconds)).min(DEADLINE)),
    };
    if name.trim().is_empty() {
        return Err(reason());
    }
    Ok((name.trim().to_owned(), time))
}

/// Searches that are under way, by the names that their clients gave them: one that comes again goes round.
static UNDER_WAY: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[derive(Debug)]
struct UnderWay(Option<String>);

impl UnderWay {
    fn begin(id: Option<&String>) -> Result<Self, Problem> {
        let Some(id) = id else { return Ok(Self(None)) };
        let mut known = UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.insert(id.clone()) {
            let detail = format!("the search {id:?} is under way here");
            let status = actix_web::http::StatusCode::LOOP_DETECTED;
            return Err(Problem::http(status, "federation-loop", "The question goes round", detail));
        }
        Ok(Self(Some(id.clone())))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(id) = &self.0 {
            UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        }
    }
}

/// Answers with one part for each catalogue. `own` is the address of the catalogue that is asked.
pub async fn answer(
    request: &HttpRequest,
    state: &State,
    (ask, scope): (Ask, Scope),
    distributed: Distributed,
    own: &str,
) -> Answer {
    let path = question::path(request, state)?;
    let under_way = UnderWay::begin(distributed.id.as_ref())?;
    let (catalogue, base) = (state.catalogue.clone(), state.base(request));
    let kept = query_without(request, "token");
    let kept: Vec<&str> = kept.split('&').filter(|part| !part.starts_with("federatedCatalogs=")).collect();
    let address = format!("{own}/items?{}", kept.join("&"));
    let text = crate::http::blocking(move || {
        let mut query = ask.query(&catalogue, &scope)?;
        query.limit = query.limit.min(MAX_HITS);
        let names = match distributed.catalogues {
            _ if !distributed.goes_on => vec![(HERE.to_owned(), None)],
            Some(names) => names,
            None => {
                let sources = catalogue.source_standings()?.into_iter().map(|standing| standing.source);
                let asked = sources.filter(|source| source.mode.is_live() || source.mode.is_harvested());
                std::iter::once(HERE.to_owned())
                    .chain(asked.map(|source| source.id.to_string()))
                    .map(|id| (id, None))
                    .collect()
            }
        };
        let one = |name: &(String, Option<Duration>)| {
            let sources = Some(vec![name.clone()]);
            let question = FederatedAsk {
                query: query.clone(),
                token: ask.token.clone(),
                timeout: None,
                sources,
                path: path.clone(),
            };
            catalogue.federated(&question)
        };
        let answers: Vec<Result<Federated, Error>> = std::thread::scope(|threads| {
            let asked: Vec<_> = names.iter().map(|name| threads.spawn(move || one(name))).collect();
            let gone = || Error::Unavailable { reason: "a search broke off".to_owned() };
            asked.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(gone()))).collect()
        });
        let mut text = Draft::object();
        text.string("type", "FederatedSearchResults");
        for ((name, _), answer) in names.iter().zip(answers) {
            text.raw(name, &part(&answer?, name, &address, &base)?);
        }
        Ok(text.finish())
    })
    .await?;
    drop(under_way);
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}

/// What one catalogue answered: records, or an exception.
fn part(answer: &Federated, name: &str, address: &str, base: &str) -> Result<String, Error> {
    let mut text = Draft::object();
    let report = answer.reports.first();
    let elapsed = report.map_or(0, |report| report.elapsed.as_millis());
    if let Some(report) = report.filter(|report| !report.outcome.is_answer() && answer.hits.is_empty()) {
        let mut exception = Draft::object();
        exception.string("type", &format!("urn:perennial:problem:federation-{}", report.outcome.name()));
        exception.string("title", report.outcome.name());
        exception.optional("detail", report.outcome.detail());
        // The draft names an exception of OGC API - Processes, and its example an `exceptionReport` that holds one.
        text.string("type", &format!("urn:perennial:problem:federation-{}", report.outcome.name()));
        text.raw("elapsedTime", &elapsed.to_string());
        text.part("exceptionReport", exception);
        return Ok(text.finish());
    }
    text.string("type", "FeatureCollection");
    text.raw("elapsedTime", &elapsed.to_string());
    if let Some(matched) = report.and_then(|report| report.matched) {
        text.raw("numberMatched", &matched.to_string());
    }
    text.raw("numberReturned", &answer.hits.len().to_string());
    let mut features = Draft::array();
    for hit in &answer.hits {
        features.element(&placed(&wire::record(&hit.record, base)?, hit, base)?);
    }
    text.part("features", features);
    let mut links = Draft::array();
    if let Some(token) = &answer.next {
        let next = format!("{address}&federatedCatalogs={}&token={}", encode(name), encode(token));
        add(&mut links, "next", &next, GEOJSON, None);
    }
    text.part("links", links);
    Ok(text.finish())
}

/// `GET /records/collections/{catalogue}/federatedCatalogs`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/federatedCatalogs", tag = "records-api", operation_id = "records_federated",
    params(("catalogue" = String, Path)),
    responses((status = 200, body = Vec<Object>, content_type = "application/json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    scope(&state, &path)?;
    let catalogue = state.catalogue.clone();
    let standings = crate::http::blocking(move || catalogue.source_standings()).await?;
    let mut list = Draft::array();
    standings.iter().for_each(|standing| list.element(&described(&standing.source)));
    Ok(HttpResponse::Ok().content_type("application/json").body(list.finish()))
}

/// `GET /records/collections/{catalogue}/federatedCatalogs/{federated}`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/federatedCatalogs/{federated}", tag = "records-api", operation_id = "records_one_federated",
    params(("catalogue" = String, Path), ("federated" = String, Path)),
    responses((status = 200, body = Object, content_type = "application/json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let (own, federated) = path.into_inner();
    scope(&state, &own)?;
    let catalogue = state.catalogue.clone();
    let standings = crate::http::blocking(move || catalogue.source_standings()).await?;
    let found = standings.iter().find(|standing| standing.source.id.as_str() == federated);
    let Some(found) = found else {
        let detail = format!("{federated:?} is no federated catalogue");
        let status = actix_web::http::StatusCode::NOT_FOUND;
        return Err(Problem::http(status, "not-found", "There is no such record", detail));
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(described(&found.source)))
}

/// A federated catalogue as the draft has it. Its timeout is in seconds: the longest that a search here waits for it.
fn described(source: &Source) -> String {
    let mut text = Draft::object();
    text.string("id", source.id.as_str());
    text.string("catalogURL", &source.url);
    text.raw("timeout", &source.limits().time.min(DEADLINE).as_secs().max(1).to_string());
    text.optional("title", Some(&source.title).filter(|title| !title.is_empty()));
    text.string("protocol", source.protocol.as_str());
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Result<Option<Distributed>, Error> {
        Distributed::take(&mut Parameters::parse(text).expect("form-encoded"))
    }

    #[test]
    fn the_parameters_of_the_draft_are_read() {
        let wanted =
            taken("distributedSearch=true&federatedCatalogs=a,2&federatedCatalogs=b&hopCount=3").expect("sound");
        let wanted = wanted.expect("distributed");
        let catalogues = vec![("a".to_owned(), Some(Duration::from_secs(2))), ("b".to_owned(), None)];
        assert_eq!((wanted.goes_on, wanted.catalogues), (true, Some(catalogues)));
        assert!(!taken("distributedSearch=true&hopCount=1").expect("sound").expect("distributed").goes_on);
        assert!(taken("hopCount=3").expect("sound").is_none());
        for wrong in [
            "distributedSearch=yes",
            "hopCount=-1",
            "federatedCatalogs=a,x",
            "federatedCatalogs=,2",
            "federatedCatalogs=a,0",
            "clientId=",
        ] {
            assert!(taken(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_search_that_is_under_way_is_not_begun_again() {
        let id = "urn:test:a".to_owned();
        let first = UnderWay::begin(Some(&id)).expect("the first");
        assert!(UnderWay::begin(Some(&id)).is_err());
        drop(first);
        assert!(UnderWay::begin(Some(&id)).is_ok());
    }
}
