//! STAC Collections, one and all, and the search among them (Collection Search).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::ask::{Ask, Resource};
use super::fields::{Of, Selection};
use super::search::{Method, next_link, self_link};
use super::{link, wire};
use crate::catalogue::{Error, Results};
use crate::http::conditional;
use crate::http::faces::native::records::identifier;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::{Key, Kind, SortKey};

/// Collections on a page unless asked otherwise: clients that know no paging see as many as they can.
pub const DEFAULT_LIMIT: usize = 1_000;

/// `GET /stac/collections`: in order of id unless asked otherwise.
#[utoipa::path(get, path = "/stac/collections", tag = "stac", operation_id = "stac_collections",
    params(("ids" = Option<String>, Query, description = "with commas"), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough, or a text with OR, AND, + and -"), ("query" = Option<String>, Query, description = "conditions as JSON: {\"eo:cloud_cover\":{\"lt\":10}}"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"), ("sortby" = Option<String>, Query, description = "fields with commas, - before a name descends"), ("fields" = Option<String>, Query, description = "members to give, - before a name leaves it out"), ("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it"), ("count" = Option<String>, Query, description = "exact (default) or none")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>) -> Answer {
    let ask = Ask::from_query(&request, &Resource::Collections.parameters(), Of::Collections)?;
    let address = format!("{}/stac/collections", state.base(&request));
    answer(&request, &state, ask, &address, "collections").await
}

/// A page of collections as a list of this name.
pub async fn answer(request: &HttpRequest, state: &State, ask: Ask, address: &str, name: &str) -> Answer {
    let mut query = ask.query(Kind::Collection, DEFAULT_LIMIT)?;
    if query.sort.is_empty() && query.wanted_text().is_none() {
        query.sort.push(SortKey::by_id());
    }
    let catalogue = state.catalogue.clone();
    let base = state.base(request);
    let (results, collections) = crate::http::blocking({
        let base = base.clone();
        move || {
            let results = catalogue.search(query, ask.token.as_deref())?;
            let collections = rendered(&results, &base, ask.fields.as_ref())?;
            Ok((results, collections))
        }
    })
    .await?;
    let json = "application/json";
    let root = format!("{base}/stac");
    let mut links =
        vec![self_link(request, address, &Method::Get, json), link("root", &root, json), link("parent", &root, json)];
    links.extend(results.next.as_ref().map(|next| next_link(request, address, &Method::Get, next, json)));
    let matched = results.matched.map(|matched| format!(",\"numberMatched\":{matched}")).unwrap_or_default();
    let text = format!(
        "{{\"{name}\":[{}],\"links\":[{}],\"numberReturned\":{}{matched}}}",
        collections.join(","),
        links.join(","),
        collections.len()
    );
    Ok(HttpResponse::Ok().content_type(json).body(text))
}

fn rendered(results: &Results, base: &str, fields: Option<&Selection>) -> Result<Vec<String>, Error> {
    let one = |record: &[u8]| {
        let collection = wire::collection(record, base)?;
        Ok(fields.map(|fields| fields.apply(&collection)).unwrap_or(collection))
    };
    results.found.iter().map(|found| one(&found.record)).collect()
}

/// `GET /stac/collections/{collection}`.
#[utoipa::path(get, path = "/stac/collections/{collection}", tag = "stac", operation_id = "stac_collection",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let stored = state.catalogue.get(&Key::collection(identifier("collection", &path)?))?;
    let text = wire::collection(&stored.record, &state.base(&request))?;
    Ok(HttpResponse::Ok()
        .insert_header(("etag", conditional::etag(&stored.digest)))
        .content_type("application/json")
        .body(text))
}
