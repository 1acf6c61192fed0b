//! Catalogues: the one of all collections, and one for each collection.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use super::format::{Format, add, next_address, own_links, query_without};
use super::{CATALOGUE, wire};
use crate::catalogue::Error;
use crate::http::faces::native::records::identifier;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::{Draft, Key, Kind, Query, SortKey};

const JSON: &str = "application/json";
/// Catalogues on a page unless asked otherwise, and at most.
const MAX_PAGE: usize = 1_000;

/// `GET /records/collections`: the catalogue of all collections, then each collection in order of id.
#[utoipa::path(get, path = "/records/collections", tag = "records-api", operation_id = "records_collections",
    params(("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it"), ("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    let limit = super::ask::limit(&mut parameters, MAX_PAGE)?.min(MAX_PAGE);
    let token = parameters.one("token")?;
    parameters.finish(&["limit", "token", "f"])?;
    let base = state.base(&request);
    let catalogue = state.catalogue.clone();
    let query =
        Query { kinds: vec![Kind::Collection], sort: vec![SortKey::by_id()], count: true, limit, ..Query::default() };
    let is_first = token.is_none();
    let (found, next, matched) = crate::http::blocking({
        let base = base.clone();
        move || {
            let results = catalogue.search(query, token.as_deref())?;
            let found = results.found.iter().map(|found| wire::collection(&found.record, &base));
            Ok((found.collect::<Result<Vec<_>, Error>>()?, results.next, results.matched.unwrap_or(0)))
        }
    })
    .await?;
    let address = format!("{base}/records/collections");
    let mut links = Draft::array();
    own_links(&address, &query_without(&request, "f"), JSON, format, &mut links);
    if let Some(next) = &next {
        add(&mut links, "next", &next_address(&request, &address, format, next), JSON, None);
    }
    let mut collections = Draft::array();
    if is_first {
        collections.element(&wire::catalogue(&base));
    }
    found.iter().for_each(|collection| collections.element(collection));
    let mut page = Draft::object();
    page.raw("links", &links.finish());
    page.raw("numberMatched", &(matched + 1).to_string());
    page.raw("numberReturned", &(found.len() + usize::from(is_first)).to_string());
    page.raw("collections", &collections.finish());
    Ok(format.answer(page.finish(), JSON, "Catalogues"))
}

/// `GET /records/collections/{catalogue}`.
#[utoipa::path(get, path = "/records/collections/{catalogue}", tag = "records-api", operation_id = "records_collection",
    params(("catalogue" = String, Path), ("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let base = state.base(&request);
    let text = match path.as_str() {
        CATALOGUE => wire::catalogue(&base),
        id => wire::collection(&state.catalogue.get(&Key::collection(identifier("catalogue", id)?))?.record, &base)?,
    };
    Ok(format.answer(text, JSON, &format!("Catalogue {}", path.as_str())))
}
