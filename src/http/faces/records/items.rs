//! Records: a page of those that fit, and one by its id.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use super::ask::{self, Ask, Scope};
use super::distributed::{self, Distributed};
use super::format::{Format, Listed, add, next_address, own_links, query_without};
use super::{CATALOGUE, federated, wire};
use crate::catalogue::{Error, View, now};
use crate::export;
use crate::http::export::{self as http_export, Following};
use crate::http::faces::federation::question::Wanted;
use crate::http::faces::native::records::identifier;
use crate::http::faces::stac::GEOJSON;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;
use crate::model::{Draft, Key};

/// `GET /records/collections/{catalogue}/items`. Every other parameter is the name of a queryable and what it must equal.
#[utoipa::path(get, path = "/records/collections/{catalogue}/items", tag = "records-api", operation_id = "records_items",
    params(("catalogue" = String, Path), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough; words within a term stand side by side"), ("type" = Option<String>, Query, description = "types of resources, with commas"), ("ids" = Option<String>, Query, description = "ids of records, with commas"), ("externalIds" = Option<String>, Query, description = "identifiers that others gave, with commas, as value or scheme:value"), ("sortby" = Option<String>, Query, description = "properties with commas, - before a name descends"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"), ("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it"), ("count" = Option<String>, Query, description = "exact (default) or none"), ("f" = Option<String>, Query, description = "json (default), html, or a file: ndjson, csv, geojson, geoparquet, votable; the whole result, or with limit a page whose Link header names the next"), ("federated" = Option<bool>, Query, description = "whether the sources of this archive are asked too, and all merged"), ("sources" = Option<String>, Query, description = "with federated: ids of the sources, with commas; local is this archive; default all"), ("timeout" = Option<f64>, Query, description = "with federated: seconds to wait, at most and by default 5"), ("distributedSearch" = Option<bool>, Query, description = "OGC API Records part 4 (draft): an answer or an exception for each federated catalogue"), ("federatedCatalogs" = Option<Vec<String>>, Query, description = "with distributedSearch, repeatable: the id of a federated catalogue, or id,seconds"), ("hopCount" = Option<u64>, Query, description = "with distributedSearch: nobody else is asked when it is 0 or 1; default 2"), ("clientId" = Option<String>, Query, description = "with distributedSearch: who asks, for the log"), ("distributedSearchId" = Option<String>, Query, description = "with distributedSearch: a name of the search; one that is under way is refused"), ("distributedSearchIdTimeout" = Option<u64>, Query, description = "with distributedSearch: seconds; nothing is kept of a search that was answered")),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let scope = scope(&state, &path)?;
    let mut parameters = Parameters::of(&request)?;
    let listed = Listed::take(&request, &mut parameters)?;
    let distributed = Distributed::take(&mut parameters)?;
    let wanted = Wanted::take_if_federated(&mut parameters)?;
    let ask = ask::read(parameters, &scope)?;
    let own = format!("{}/records/collections/{}", state.base(&request), encode(&path));
    match (&listed, distributed, wanted) {
        (_, None, None) => {}
        (_, Some(_), Some(_)) => {
            return Err(Error::parameter("federated", "merges what distributedSearch keeps apart: one of them").into());
        }
        (Listed::Document(Format::Json), Some(distributed), None) => {
            return distributed::answer(&request, &state, (ask, scope), distributed, &own).await;
        }
        (Listed::Document(format), None, Some(wanted)) => {
            return federated::answer(&request, &state, (ask, scope), wanted, &own, *format).await;
        }
        _ => return Err(Error::parameter("f", "is not offered when other archives are asked too").into()),
    }
    let format = match listed {
        Listed::Document(format) => format,
        Listed::File(format) => return file(&request, &state, (ask, scope), format).await,
    };
    let base = state.base(&request);
    let catalogue = state.catalogue.clone();
    let (found, results) = crate::http::blocking({
        let (base, scope) = (base.clone(), scope.clone());
        move || {
            let query = ask.query(&catalogue, &scope)?;
            let results = catalogue.search(query, ask.token.as_deref())?;
            let found = results.found.iter().map(|found| wire::record(&found.record, &base));
            Ok((found.collect::<Result<Vec<_>, Error>>()?, results))
        }
    })
    .await?;
    let own = format!("{base}/records/collections/{}", encode(&path));
    let address = format!("{own}/items");
    let mut links = Draft::array();
    own_links(&address, &query_without(&request, "f"), GEOJSON, format, &mut links);
    add(&mut links, "collection", &own, "application/json", None);
    if let Some(next) = &results.next {
        add(&mut links, "next", &next_address(&request, &address, format, next), GEOJSON, None);
    }
    let mut page = Draft::with_capacity(found.iter().map(String::len).sum::<usize>() + 2048);
    page.string("type", "FeatureCollection");
    page.string("timeStamp", &now().to_string());
    if let Some(matched) = results.matched {
        page.raw("numberMatched", &matched.to_string());
    }
    page.raw("numberReturned", &found.len().to_string());
    let mut features = Draft::array();
    found.iter().for_each(|record| features.element(record));
    page.raw("features", &features.finish());
    page.raw("links", &links.finish());
    Ok(format.answer(page.finish(), GEOJSON, &format!("Records of {}", path.as_str())))
}

/// The records as a file.
async fn file(request: &HttpRequest, state: &State, (ask, scope): (Ask, Scope), format: export::Format) -> Answer {
    let (token, is_page, base) = (ask.token.clone(), ask.is_page, state.base(request));
    let catalogue = state.catalogue.clone();
    let query = crate::http::blocking(move || ask.query(&catalogue, &scope)).await?;
    let view: Box<View> = Box::new(move |record| wire::record(record, &base));
    let asked = http_export::Asked { query, token, format, is_page, view: Some(view) };
    let following = Following::Get { query_string: request.query_string() };
    http_export::answer(request, state, asked, following).await
}

/// `GET /records/collections/{catalogue}/items/{record}`.
#[utoipa::path(get, path = "/records/collections/{catalogue}/items/{record}", tag = "records-api", operation_id = "records_item",
    params(("catalogue" = String, Path), ("record" = String, Path), ("f" = Option<String>, Query, description = "json, geojson or html")),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let (catalogue, record) = path.into_inner();
    let id = identifier("record", &record)?;
    let key = match scope(&state, &catalogue)? {
        Scope::Collections => Key::collection(id),
        Scope::Products(collection) => Key::product(collection, id),
    };
    let stored = state.catalogue.get(&key)?;
    let text = wire::record(&stored.record, &state.base(&request))?;
    Ok(format.answer(text, GEOJSON, &format!("Record {record}")))
}

/// What a catalogue holds.
///
/// # Errors
/// `NotFound` for a collection that is not there: a failure is never an empty list.
pub fn scope(state: &State, catalogue: &str) -> Result<Scope, Error> {
    if catalogue == CATALOGUE {
        return Ok(Scope::Collections);
    }
    let collection = identifier("catalogue", catalogue)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    Ok(Scope::Products(collection))
}
