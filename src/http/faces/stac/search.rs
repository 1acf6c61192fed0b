//! Item search by GET and POST: the same question in two forms, paged by signed tokens.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GEOJSON, link, wire};
use crate::catalogue::{Error, MAX_LIMIT, Results};
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{interval, region};
use crate::model::uri::encode;
use crate::model::{Facet, Query, json};

/// Items on a page unless asked otherwise.
const DEFAULT_LIMIT: usize = 10;

/// Parameters of `GET /stac/search`.
pub const SEARCH_PARAMETERS: &[&str] =
    &["collections", "ids", "bbox", "datetime", "intersects", "limit", "token", "count"];
/// Parameters of `GET …/items`.
pub const ITEMS_PARAMETERS: &[&str] = &["bbox", "datetime", "limit", "token", "count"];

/// How a page was asked for; its next link is of the same kind.
pub enum Method {
    Get,
    /// With the body, whose members the next link repeats.
    Post(String),
}

/// A question as this face reads it.
#[derive(Debug, Default)]
pub struct Ask {
    pub collections: Vec<String>,
    ids: Vec<String>,
    bbox: Option<Vec<f64>>,
    datetime: Option<String>,
    intersects: Option<String>,
    limit: Option<usize>,
    token: Option<String>,
    /// Whether `numberMatched` is wanted (`count=none` spares it).
    count: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(default)]
    collections: Option<Vec<String>>,
    #[serde(default)]
    ids: Option<Vec<String>>,
    #[serde(default)]
    bbox: Option<Vec<f64>>,
    #[serde(default)]
    datetime: Option<String>,
    #[serde(default, borrow)]
    intersects: Option<&'a RawValue>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    count: Option<String>,
}

fn wants_count(count: Option<&str>) -> Result<bool, Error> {
    match count {
        None | Some("exact") => Ok(true),
        Some("none") => Ok(false),
        Some(_) => Err(Error::parameter("count", "must be exact or none")),
    }
}

impl Ask {
    /// Reads query parameters; those not in `known` are refused.
    pub fn from_query(request: &HttpRequest, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters = Parameters::of(request)?;
        let mut ask = Self {
            bbox: parameters.one("bbox")?.map(|text| region::numbers("bbox", &text)).transpose()?,
            datetime: parameters.one("datetime")?,
            token: parameters.one("token")?,
            count: wants_count(parameters.one("count")?.as_deref())?,
            ..Self::default()
        };
        let limit = parameters.one("limit")?.map(|text| text.parse());
        ask.limit = limit.transpose().map_err(|_| Error::parameter("limit", "must be a number from 1"))?;
        if known.contains(&"intersects") {
            ask.collections = parameters.list("collections");
            ask.ids = parameters.list("ids");
            ask.intersects = parameters.one("intersects")?;
        }
        parameters.finish(known)?;
        Ok(ask)
    }

    fn from_body(text: &str) -> Result<Self, Problem> {
        // A list would be read as the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(Problem::bad_request("a search is a JSON object"));
        }
        let body: Body<'_> = serde_json::from_str(text).map_err(|error| Problem::bad_request(error.to_string()))?;
        Ok(Self {
            collections: body.collections.unwrap_or_default(),
            ids: body.ids.unwrap_or_default(),
            bbox: body.bbox,
            datetime: body.datetime,
            intersects: body.intersects.map(|raw| raw.get().to_owned()).filter(|text| text != "null"),
            limit: body.limit,
            token: body.token,
            count: wants_count(body.count.as_deref())?,
        })
    }

    fn query(&self) -> Result<Query, Error> {
        let region = match (&self.bbox, &self.intersects) {
            (Some(_), Some(_)) => return Err(Error::parameter("intersects", "cannot be combined with bbox")),
            (Some(bbox), None) => Some(region::of_box("earth".to_owned(), bbox)?),
            (None, Some(text)) => Some(region::of_geometry("earth".to_owned(), text.clone())?),
            (None, None) => None,
        };
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if limit == 0 {
            return Err(Error::parameter("limit", "must be a number from 1"));
        }
        let mut query = Query {
            ids: self.ids.clone(),
            region,
            time: self.datetime.as_deref().map(interval::parse).transpose()?,
            count: self.count,
            // STAC API: a server may give fewer than asked for.
            limit: limit.min(MAX_LIMIT),
            ..Query::default()
        };
        if !self.collections.is_empty() {
            query.facets.insert(Facet::Collection, self.collections.clone());
        }
        Ok(query)
    }
}

/// `GET /stac/search`.
#[utoipa::path(get, path = "/stac/search", tag = "stac",
    params(("collections" = Option<String>, Query, description = "with commas"), ("ids" = Option<String>, Query, description = "with commas"), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("intersects" = Option<String>, Query, description = "GeoJSON geometry"), ("limit" = Option<usize>, Query), ("token" = Option<String>, Query, description = "the next link carries it"), ("count" = Option<String>, Query, description = "exact (default) or none")),
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_search(request: HttpRequest, state: Data<State>) -> Answer {
    let ask = Ask::from_query(&request, SEARCH_PARAMETERS)?;
    let address = format!("{}/stac/search", state.base(&request));
    answer(&request, &state, ask, &address, Method::Get).await
}

/// `POST /stac/search`.
#[utoipa::path(post, path = "/stac/search", tag = "stac", request_body = Object,
    responses((status = 200, body = Object, content_type = "application/geo+json"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_search(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let (_, text) = body::read_text(&mut payload, MAX_RECORD_BYTES).await?;
    let ask = Ask::from_body(&text)?;
    let address = format!("{}/stac/search", state.base(&request));
    answer(&request, &state, ask, &address, Method::Post(text)).await
}

/// Answers a question with an ItemCollection.
pub async fn answer(request: &HttpRequest, state: &State, ask: Ask, address: &str, method: Method) -> Answer {
    let query = ask.query()?;
    let catalogue = state.catalogue.clone();
    let token = ask.token.clone();
    let base = state.base(request);
    let (results, features) = crate::http::blocking({
        let base = base.clone();
        move || {
            let results = catalogue.search(query, token.as_deref())?;
            let features = features(&results, &base)?;
            Ok((results, features))
        }
    })
    .await?;
    let mut links = vec![link("root", &format!("{base}/stac"), "application/json")];
    links.push(self_link(request, address, &method));
    if let Some(next) = &results.next {
        links.push(next_link(request, address, &method, next));
    }
    let matched = results.matched.map(|matched| format!(",\"numberMatched\":{matched}")).unwrap_or_default();
    let text = format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{features}],\"links\":[{}],\"numberReturned\":{}{matched}}}",
        links.join(","),
        results.found.len()
    );
    Ok(HttpResponse::Ok().content_type(GEOJSON).body(text))
}

fn features(results: &Results, base: &str) -> Result<String, Error> {
    let mut text = String::with_capacity(results.found.iter().map(|found| found.record.len() + 1024).sum());
    for (at, found) in results.found.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&wire::item(&found.record, base)?);
    }
    Ok(text)
}

fn self_link(request: &HttpRequest, address: &str, method: &Method) -> String {
    match (method, request.query_string()) {
        (Method::Get, "") | (Method::Post(_), _) => link("self", address, GEOJSON),
        (Method::Get, query) => link("self", &format!("{address}?{query}"), GEOJSON),
    }
}

fn next_link(request: &HttpRequest, address: &str, method: &Method, token: &str) -> String {
    match method {
        Method::Get => {
            let kept = request.query_string().split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
            let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
            let href = format!("{address}?{}", parts.join("&"));
            format!("{},\"method\":\"GET\"}}", link("next", &href, GEOJSON).trim_end_matches('}'))
        }
        Method::Post(body) => {
            let repeated = json::merge_patch(Some(body), &format!("{{\"token\":\"{token}\"}}"));
            let body = repeated.unwrap_or_else(|_| format!("{{\"token\":\"{token}\"}}"));
            let link = link("next", address, GEOJSON);
            format!("{},\"method\":\"POST\",\"body\":{body}}}", link.trim_end_matches('}'))
        }
    }
}
