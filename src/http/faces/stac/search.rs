//! Item search by GET and POST: the same question in two forms, paged by signed tokens.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::ask::{Ask, DEFAULT_LIMIT, ItemSearch, Resource};
use super::fields::{Of, Selection};
use super::{GEOJSON, federated, link, wire};
use crate::catalogue::{Error, Results, View};
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::export::{self, Following};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;
use crate::model::{Kind, json};

/// How a page was asked for; its next link is of the same kind.
pub enum Method {
    Get,
    /// With the body, whose members the next link repeats.
    Post(String),
}

/// `GET /stac/search`.
#[utoipa::path(get, path = "/stac/search", tag = "stac",
    params(("collections" = Option<String>, Query, description = "with commas"), ("ids" = Option<String>, Query, description = "with commas"), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("intersects" = Option<String>, Query, description = "GeoJSON geometry"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough, or a text with OR, AND, + and -"), ("query" = Option<String>, Query, description = "conditions as JSON: {\"eo:cloud_cover\":{\"lt\":10}}"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"), ("sortby" = Option<String>, Query, description = "fields with commas, - before a name descends: -properties.datetime,id"), ("fields" = Option<String>, Query, description = "members to give, - before a name leaves it out: id,properties.eo:cloud_cover,-assets"), ("limit" = Option<usize>, Query, minimum = 1), ("token" = Option<String>, Query, description = "the next link carries it"), ("count" = Option<String>, Query, description = "exact (default) or none"), ("f" = Option<String>, Query, description = "json (default), or a file: ndjson, csv, geojson, geoparquet, votable; the whole result, or with limit a page whose Link header names the next"), ("federated" = Option<bool>, Query, description = "whether the sources of this archive are asked too"), ("sources" = Option<String>, Query, description = "with federated: ids of the sources, with commas; local is this archive; default all"), ("timeout" = Option<f64>, Query, description = "with federated: seconds to wait, at most and by default 5")),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_search(request: HttpRequest, state: Data<State>) -> Answer {
    let ask = Ask::from_query(&request, &Resource::Search.parameters(), Of::Items)?;
    let address = format!("{}/stac/search", state.base(&request));
    answer(&request, &state, ask, &address, Method::Get).await
}

/// `POST /stac/search`.
#[utoipa::path(post, path = "/stac/search", tag = "stac", request_body = ItemSearch,
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_search(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let (_, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let ask = Ask::from_body(&text)?;
    let address = format!("{}/stac/search", state.base(&request));
    answer(&request, &state, ask, &address, Method::Post(text)).await
}

/// Answers a question with an ItemCollection, or with a file.
pub async fn answer(request: &HttpRequest, state: &State, mut ask: Ask, address: &str, method: Method) -> Answer {
    if let Some(wanted) = ask.federated.take() {
        return federated::answer(request, state, ask, wanted, address, method).await;
    }
    let query = ask.query(Kind::Product, DEFAULT_LIMIT)?;
    if let Some(format) = export::wanted(request, ask.form.as_deref(), &[GEOJSON, "application/json"])? {
        let is_page = ask.limit.is_some();
        let view = view(state.base(request), ask.fields);
        let asked = export::Asked { query, token: ask.token, format, is_page, view: Some(view) };
        let following = match &method {
            Method::Get => Following::Get { query_string: request.query_string() },
            Method::Post(_) => Following::Post,
        };
        return export::answer(request, state, asked, following).await;
    }
    let limit = query.limit;
    let catalogue = state.catalogue.clone();
    let token = ask.token.clone();
    let base = state.base(request);
    let (results, features) = crate::http::blocking({
        let base = base.clone();
        move || {
            let results = catalogue.search(query, token.as_deref())?;
            let features = features(&results, &base, ask.fields.as_ref())?;
            Ok((results, features))
        }
    })
    .await?;
    let mut links = vec![link("root", &format!("{base}/stac"), "application/json")];
    links.push(self_link(request, address, &method, GEOJSON));
    if let Some(next) = &results.next {
        links.push(next_link(request, address, &method, next, GEOJSON));
    }
    let returned = results.found.len();
    let matched = results.matched.map(|matched| format!(",\"numberMatched\":{matched}")).unwrap_or_default();
    // What the members above were called before STAC API 1.0.
    let known = results.matched.map(|matched| format!(",\"matched\":{matched}")).unwrap_or_default();
    let context = format!("{{\"limit\":{limit},\"returned\":{returned}{known}}}");
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{features}],\"links\":[{}],\"numberReturned\":{returned}{matched},\"context\":{context}}}",
        links.join(",")
    );
    Ok(HttpResponse::Ok().content_type(GEOJSON).insert_header((header::VARY, "accept")).body(text))
}

/// What files hold: the same Items as the pages.
fn view(base: String, fields: Option<Selection>) -> Box<View> {
    Box::new(move |record| {
        let item = wire::item(record, &base)?;
        Ok(match &fields {
            Some(fields) => fields.apply(&item),
            None => item,
        })
    })
}

fn features(results: &Results, base: &str, fields: Option<&Selection>) -> Result<String, Error> {
    let mut text = String::with_capacity(results.found.iter().map(|found| found.record.len() + 1024).sum());
    for (at, found) in results.found.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        let item = wire::item(&found.record, base)?;
        match fields {
            Some(fields) => text.push_str(&fields.apply(&item)),
            None => text.push_str(&item),
        }
    }
    Ok(text)
}

/// The link to this page.
pub fn self_link(request: &HttpRequest, address: &str, method: &Method, media_type: &str) -> String {
    match (method, request.query_string()) {
        (Method::Get, "") | (Method::Post(_), _) => link("self", address, media_type),
        (Method::Get, query) => link("self", &format!("{address}?{query}"), media_type),
    }
}

/// The link to the page after this one, which keeps everything that was asked.
pub fn next_link(request: &HttpRequest, address: &str, method: &Method, token: &str, media_type: &str) -> String {
    match method {
        Method::Get => {
            let kept = request.query_string().split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
            let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
            let href = format!("{address}?{}", parts.join("&"));
            format!("{},\"method\":\"GET\"}}", link("next", &href, media_type).trim_end_matches('}'))
        }
        Method::Post(body) => {
            let token = format!("{{\"token\":\"{token}\"}}");
            let body = json::merge_patch(Some(body), &token).unwrap_or(token);
            let link = link("next", address, media_type);
            format!("{},\"method\":\"POST\",\"body\":{body}}}", link.trim_end_matches('}'))
        }
    }
}
