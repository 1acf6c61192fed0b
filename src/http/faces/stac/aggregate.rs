//! STAC API Aggregation extension 0.3.0: counts, extremes and frequencies of the items that a search would find. Grids of
//! geometries are not offered, and so not advertised.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::ask::{Ask, DEFAULT_LIMIT, Resource};
use super::fields::Of;
use super::link;
use crate::catalogue::Error;
use crate::http::body::{self, MAX_RECORD_BYTES};
use crate::http::faces::native::aggregations;
use crate::http::faces::native::records::identifier;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;
use crate::model::{
    Aggregation, AggregationKind, Bucket, Facet, Key, Kind, MAX_AGGREGATIONS, MAX_LISTED, PropertyName, Summary,
    TimeWidth, Value, json as text,
};

/// Buckets of `datetime_frequency`, at most: the step is chosen by it.
const TIME_BUCKETS: usize = 50;

/// What can be asked for by name.
enum Named {
    /// How many items there are.
    Total,
    Least,
    Greatest,
    Times,
    Values(Facet),
}

impl Named {
    const FIXED: [(&'static str, Self); 4] = [
        ("total_count", Self::Total),
        ("datetime_min", Self::Least),
        ("datetime_max", Self::Greatest),
        ("datetime_frequency", Self::Times),
    ];

    fn of(name: &str) -> Option<Self> {
        let fixed = Self::FIXED.into_iter().find(|(known, _)| *known == name).map(|(_, named)| named);
        fixed.or_else(|| name.strip_suffix("_frequency").and_then(Facet::from_name).map(Self::Values))
    }

    /// Names and data types of all.
    fn all() -> Vec<(String, &'static str)> {
        let fixed = Self::FIXED.into_iter().map(|(name, named)| (name.to_owned(), named.data_type()));
        let values = Facet::ALL.into_iter().map(|facet| (format!("{}_frequency", facet.as_str()), "string"));
        fixed.chain(values).collect()
    }

    const fn data_type(&self) -> &'static str {
        match self {
            Self::Total => "integer",
            Self::Least | Self::Greatest | Self::Times => "datetime",
            Self::Values(_) => "string",
        }
    }

    fn aggregation(&self, name: &str) -> Option<Aggregation> {
        let (field, kind) = match self {
            Self::Total => return None,
            Self::Least | Self::Greatest => (PropertyName::Start, AggregationKind::Statistics),
            Self::Times => (PropertyName::Start, AggregationKind::TimeHistogram(TimeWidth::Buckets(TIME_BUCKETS))),
            Self::Values(facet) => (PropertyName::Facet(*facet), AggregationKind::Terms { limit: MAX_LISTED }),
        };
        Some(Aggregation { name: name.to_owned(), field, kind, ignores_own: false })
    }

    fn answer(&self, name: &str, summary: &Summary) -> Json {
        let data_type = self.data_type();
        let single = |value: Option<&Value>| json!({"name": name, "data_type": data_type, "value": value.map(aggregations::json)});
        let statistics = summary.statistics.as_ref();
        match self {
            Self::Least => return single(statistics.and_then(|statistics| statistics.least.as_ref())),
            Self::Greatest => return single(statistics.and_then(|statistics| statistics.greatest.as_ref())),
            _ => {}
        }
        let interval = match &summary.width {
            Some(Value::Text(step)) => interval_of(step),
            _ => data_type,
        };
        let bucket = |bucket: &Bucket| json!({"key": aggregations::json(&bucket.value), "data_type": data_type, "frequency": bucket.count});
        let buckets: Vec<Json> = summary.buckets.iter().map(bucket).collect();
        let overflow = summary.other + summary.missing;
        json!({"name": name, "data_type": interval, "buckets": buckets, "overflow": overflow})
    }
}

/// The data type of a histogram, as the extension names intervals.
fn interval_of(step: &str) -> &'static str {
    match step {
        "P1Y" => "interval_year",
        "P1M" => "interval_month",
        "P7D" => "interval_week",
        "P1D" => "interval_day",
        "PT1H" => "interval_hour",
        "PT1M" => "interval_minute",
        "PT1S" => "interval_second",
        _ => "datetime",
    }
}

/// `GET /stac/aggregations`.
#[utoipa::path(get, path = "/stac/aggregations", tag = "stac", operation_id = "aggregations",
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn all(request: HttpRequest, state: Data<State>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    Ok(names(&format!("{}/stac", state.base(&request)), &format!("{}/stac/aggregations", state.base(&request))))
}

/// `GET /stac/collections/{collection}/aggregations`.
#[utoipa::path(get, path = "/stac/collections/{collection}/aggregations", tag = "stac", operation_id = "collection_aggregations",
    params(("collection" = String, Path)),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn of_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let collection = identifier("collection", &path)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    let root = format!("{}/stac", state.base(&request));
    Ok(names(&root, &format!("{root}/collections/{}/aggregations", encode(collection.as_str()))))
}

fn names(root: &str, own: &str) -> HttpResponse {
    let names = Named::all().into_iter().map(|(name, data_type)| json!({"name": name, "data_type": data_type}));
    let names: Vec<Json> = names.collect();
    answer_of(&names, &[link("self", own, "application/json"), link("root", root, "application/json")])
}

fn answer_of(aggregations: &[Json], links: &[String]) -> HttpResponse {
    let aggregations = Json::from(aggregations);
    let links = links.join(",");
    let body = format!(r#"{{"type":"AggregationCollection","aggregations":{aggregations},"links":[{links}]}}"#);
    HttpResponse::Ok().content_type("application/json").body(body)
}

/// `GET /stac/aggregate`.
#[utoipa::path(get, path = "/stac/aggregate", tag = "stac", operation_id = "aggregate",
    params(("aggregations" = Option<String>, Query, description = "names from /stac/aggregations, with commas"), ("collections" = Option<String>, Query, description = "with commas"), ("ids" = Option<String>, Query, description = "with commas"), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("intersects" = Option<String>, Query, description = "GeoJSON geometry"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough, or a text with OR, AND, + and -"), ("query" = Option<String>, Query, description = "conditions as JSON: {\"eo:cloud_cover\":{\"lt\":10}}"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_aggregate(request: HttpRequest, state: Data<State>) -> Answer {
    let (names, ask) = from_query(&request, Resource::Aggregate)?;
    answer(&request, &state, &names, ask, "/stac/aggregate").await
}

/// `POST /stac/aggregate`.
#[utoipa::path(post, path = "/stac/aggregate", tag = "stac", operation_id = "post_aggregate", request_body = Object,
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_aggregate(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    let (names, ask) = from_body(&request, &mut payload).await?;
    answer(&request, &state, &names, ask, "/stac/aggregate").await
}

/// `GET /stac/collections/{collection}/aggregate`.
#[utoipa::path(get, path = "/stac/collections/{collection}/aggregate", tag = "stac", operation_id = "collection_aggregate",
    params(("collection" = String, Path), ("aggregations" = Option<String>, Query, description = "names from …/aggregations, with commas"), ("ids" = Option<String>, Query, description = "with commas"), ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees; west > east crosses 180°"), ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"), ("intersects" = Option<String>, Query, description = "GeoJSON geometry"), ("q" = Option<String>, Query, description = "terms with commas, of which one is enough, or a text with OR, AND, + and -"), ("query" = Option<String>, Query, description = "conditions as JSON: {\"eo:cloud_cover\":{\"lt\":10}}"), ("filter" = Option<String>, Query, description = "CQL2"), ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"), ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_of_collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let (names, ask) = from_query(&request, Resource::CollectionAggregate)?;
    within(&request, &state, &path, &names, ask).await
}

/// `POST /stac/collections/{collection}/aggregate`.
#[utoipa::path(post, path = "/stac/collections/{collection}/aggregate", tag = "stac", operation_id = "post_collection_aggregate",
    params(("collection" = String, Path)), request_body = Object,
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_of_collection(
    request: HttpRequest,
    state: Data<State>,
    path: Path<String>,
    mut payload: Payload,
) -> Answer {
    let (names, ask) = from_body(&request, &mut payload).await?;
    within(&request, &state, &path, &names, ask).await
}

async fn within(request: &HttpRequest, state: &State, path: &str, names: &[String], mut ask: Ask) -> Answer {
    let collection = identifier("collection", path)?;
    state.catalogue.get(&Key::collection(collection.clone()))?;
    if !ask.collections.is_empty() {
        return Err(Error::parameter("collections", "the path names the collection").into());
    }
    ask.collections = vec![collection.to_string()];
    let own = format!("/stac/collections/{}/aggregate", encode(collection.as_str()));
    answer(request, state, names, ask, &own).await
}

fn from_query(request: &HttpRequest, resource: Resource) -> Result<(Vec<String>, Ask), Problem> {
    let mut parameters = Parameters::of(request)?;
    let names = parameters.list("aggregations");
    Ok((names, Ask::from_parameters(parameters, &resource.parameters(), Of::Items)?))
}

/// The member that a search does not have.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    aggregations: Option<Vec<String>>,
}

async fn from_body(request: &HttpRequest, payload: &mut Payload) -> Result<(Vec<String>, Ask), Problem> {
    Parameters::of(request)?.finish(&[])?;
    let (_, body) = body::read_text(payload, MAX_RECORD_BYTES).await?;
    let refuse = |error: serde_json::Error| Problem::bad_request(error.to_string());
    if !body.trim_start().starts_with('{') {
        return Err(Problem::bad_request("an aggregation is asked for by a JSON object"));
    }
    let wanted: Wanted = serde_json::from_str(&body).map_err(refuse)?;
    let rest = text::merge_patch(Some(&body), r#"{"aggregations":null}"#);
    let rest = rest.map_err(|error| Problem::bad_request(error.to_string()))?;
    Ok((wanted.aggregations.unwrap_or_default(), Ask::from_body(&rest)?))
}

/// Answers with those aggregations that were named, and no other (§ Filter Parameters).
async fn answer(request: &HttpRequest, state: &State, names: &[String], ask: Ask, path: &str) -> Answer {
    let mut wanted = Vec::with_capacity(names.len());
    for name in names {
        let reason =
            || Error::parameter("aggregations", format!("{name:?} is none of those that /stac/aggregations lists"));
        wanted.push((name, Named::of(name).ok_or_else(reason)?));
    }
    if wanted.len() > MAX_AGGREGATIONS {
        return Err(Error::parameter("aggregations", format!("has more than {MAX_AGGREGATIONS} names")).into());
    }
    if ask.has_page() {
        return Err(Error::parameter(
            "limit",
            "limit, token, count, sortby, fields and f have no meaning for aggregations",
        )
        .into());
    }
    let mut query = ask.query(Kind::Product, DEFAULT_LIMIT)?;
    // A total is looked up or counted along in any case, and a question needs something to answer.
    (query.limit, query.count) = (0, true);
    query.aggregations = wanted.iter().filter_map(|(name, named)| named.aggregation(name)).collect();
    let catalogue = state.catalogue.clone();
    let results = crate::http::blocking(move || catalogue.search(query, None)).await?;
    let mut summaries = results.aggregations.iter();
    let mut answers = Vec::with_capacity(wanted.len());
    for (name, named) in &wanted {
        answers.push(match named {
            Named::Total => json!({"name": name, "data_type": "integer", "value": results.matched}),
            named => summaries.next().map(|summary| named.answer(name, summary)).unwrap_or_default(),
        });
    }
    let base = state.base(request);
    let own = match request.query_string() {
        "" => format!("{base}{path}"),
        query => format!("{base}{path}?{query}"),
    };
    Ok(answer_of(
        &answers,
        &[link("self", &own, "application/json"), link("root", &format!("{base}/stac"), "application/json")],
    ))
}
