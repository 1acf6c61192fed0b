//! `GET /api/v1/search`: parameters to a query, a page to JSON. Records are spliced in as they are stored.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::wire::SearchBody;
use super::{aggregations, snippets};
use crate::catalogue::{Error, Results};
use crate::http::body::read_text;
use crate::http::export::{self, Following};
use crate::http::faces::federation::question;
use crate::http::faces::filter;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::http::{interval, region};
use crate::model::uri::encode;
use crate::model::{Comparison, Facet, Filter, Kind, Operand, PropertyName, Query, Searched, SortKey, json};
use crate::query::cql2::{MAX_JSON_BYTES, native};

/// Hits on a page unless asked otherwise.
const DEFAULT_LIMIT: usize = 20;

/// Parameters beside the facets and what is counted.
const OWN: &[&str] = &[
    "q",
    "scope",
    "kind",
    "ids",
    "datetime",
    "bbox",
    "circle",
    "intersects",
    "property",
    "filter",
    "filter-lang",
    "filter-crs",
    "sort",
    "limit",
    "token",
    "f",
    "count",
    "snippets",
];

/// Searches products (or records of other kinds) by text, facets, time, space and properties.
#[utoipa::path(get, path = "/api/v1/search", tag = "search",
    params(("q" = Option<String>, Query, description = "free text: all words are preferred and one is enough; \"quotes\" make a phrase, word* a start; AND, OR, NOT, +word, -word, parentheses, field:value"),
           ("kind" = Option<String>, Query, description = "kinds to find, with commas; default product"),
           ("ids" = Option<String>, Query, description = "record ids, with commas"),
           ("collection" = Option<String>, Query, description = "collections, with commas; a value that holds a comma is asked for by filter"),
           ("mission" = Option<String>, Query), ("platform" = Option<String>, Query), ("instrument" = Option<String>, Query),
           ("target" = Option<String>, Query), ("level" = Option<String>, Query), ("data_type" = Option<String>, Query),
           ("access" = Option<String>, Query), ("keyword" = Option<String>, Query),
           ("body" = Option<String>, Query, description = "body of the footprints and of bbox, lower case; with bbox default earth"),
           ("datetime" = Option<String>, Query, description = "RFC 3339 instant or interval start/end, .. for an open end"),
           ("bbox" = Option<String>, Query, description = "west,south,east,north in degrees (or with heights west,south,low,east,north,high); west > east crosses 180°; longitudes of other bodies may run to 360"),
           ("circle" = Option<String>, Query, description = "longitude,latitude,radius in degrees: footprints that a circle on the sphere meets (a cone on the sky)"),
           ("intersects" = Option<String>, Query, description = "GeoJSON geometry that footprints meet"),
           ("property" = Option<Vec<String>>, Query, description = "condition on properties, repeatable: eo:cloud_cover<5, name=value, name!=value, >=, <=, >"),
           ("scope" = Option<String>, Query, description = "local (default): this archive's own records; harvested: copies of what is elsewhere, harvested:SOURCE: those of one source"),
           ("filter" = Option<String>, Query, description = "CQL2; its properties are those of /api/v1/queryables"),
           ("filter-lang" = Option<String>, Query, description = "cql2-text (default) or cql2-json"),
           ("filter-crs" = Option<String>, Query, description = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
           ("sort" = Option<String>, Query, description = "relevance, time or any other of /api/v1/sortables, with commas; - before a name descends; property:NAME for a property that has the name of a field"),
           ("facets" = Option<String>, Query, description = "fields whose values to count, with commas: collection, mission, platform, instrument, target, level, data_type, body, access, keyword, or properties.NAME"),
           ("facet_limit" = Option<usize>, Query, description = "values listed of each facet and tree; default 100, at most 1000"),
           ("facet_mode" = Option<String>, Query, description = "multi (default): a facet is counted as if the search did not ask for values of it; single: among the matches alone"),
           ("tree" = Option<Vec<String>>, Query, description = "field whose values are paths, and the node whose children to count, repeatable: keyword, or keyword=EARTH SCIENCE > OCEANS"),
           ("depth" = Option<usize>, Query, description = "levels of each tree; default 1, at most 10"),
           ("histogram" = Option<String>, Query, description = "field and width of its buckets, with commas: datetime:month, datetime:P30D, properties.eo:cloud_cover:10, properties.gsd:20buckets"),
           ("ranges" = Option<Vec<String>>, Query, description = "field and ranges, first value included, last not, repeatable: properties.eo:cloud_cover=..10,10..30,30.."),
           ("statistics" = Option<String>, Query, description = "fields whose least and greatest value to find, with commas"),
           ("limit" = Option<usize>, Query, description = "records on the page; default 20, at most 10000; 0 for counts alone"), ("token" = Option<String>, Query, description = "the next link carries it"),
           ("f" = Option<String>, Query, description = "json (default), or a file: ndjson, csv, geojson, geoparquet, votable; the whole result, or with limit a page whose Link header names the next"),
           ("count" = Option<String>, Query, description = "exact (default) or none"),
           ("snippets" = Option<bool>, Query, description = "true: why each record was found, the parts of its title and description in which words of q stand")),
    responses((status = 200, body = SearchBody), (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn search(request: HttpRequest, state: Data<State>) -> Answer {
    let parameters = Parameters::of(&request)?;
    let following = Following::Get { query_string: request.query_string() };
    answer(&request, &state, parameters, request.query_string(), following).await
}

/// The same search with its parameters as members of a JSON object: lists as arrays, and `filter` as a CQL2 JSON object
/// or as text. The next page is a link to GET.
#[utoipa::path(post, path = "/api/v1/search", tag = "search", operation_id = "post_search_native", request_body = Object,
    responses((status = 200, body = SearchBody), (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_search(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let (_, text) = read_text(&mut payload, MAX_JSON_BYTES * 2).await?;
    let parameters = Parameters::of_json(&text)?;
    let query_string = parameters.to_query_string();
    // The next page is a link to GET.
    let following = Following::Get { query_string: &query_string };
    answer(&request, &state, parameters, &query_string, following).await
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    mut parameters: Parameters,
    query_string: &str,
    following: Following<'_>,
) -> Answer {
    // A question that comes back to where it has been.
    question::path(request, state)?;
    let token = parameters.one("token")?;
    let format = export::wanted(request, parameters.one("f")?.as_deref(), &["application/json"])?;
    let is_page = parameters.has("limit");
    let shows_words = snippets::wanted(&mut parameters)?;
    let query = query(parameters)?;
    let words = snippets::words(&query, shows_words, format.is_some())?;
    if let Some(format) = format {
        let asked = export::Asked { query, token, format, is_page, view: None };
        return export::answer(request, state, asked, following).await;
    }
    let base = state.base(request);
    let catalogue = state.catalogue.clone();
    let (results, shown) = crate::http::blocking(move || {
        if let Some(collections) = query.facets.get(&Facet::Collection) {
            catalogue.check_collections(collections)?;
        }
        let results = catalogue.search(query, token.as_deref())?;
        let shown = words.map(|words| snippets::of(&results, &words)).transpose()?;
        Ok((results, shown))
    })
    .await?;
    let text = render(&results, shown.as_deref(), &format!("{base}/api/v1/search"), query_string);
    Ok(HttpResponse::Ok().content_type("application/json").insert_header((header::VARY, "accept")).body(text))
}

/// Reads all parameters but the token.
///
/// # Errors
/// 400 for the first that cannot be honoured.
pub fn query(mut parameters: Parameters) -> Result<Query, Error> {
    let mut query = Query { text: parameters.one("q")?.map(Into::into), ..Query::default() };
    if let Some(scope) = parameters.one("scope")? {
        let wrong = || Error::parameter("scope", "must be local, harvested or harvested:SOURCE");
        query.scope = Searched::parse(&scope).ok_or_else(wrong)?;
    }
    for name in parameters.list("kind") {
        let kind = Kind::from_name(&name).ok_or_else(|| Error::parameter("kind", format!("{name:?} is no kind")))?;
        query.kinds.push(kind);
    }
    query.ids = parameters.list("ids");
    let body = parameters.list("body");
    for facet in Facet::ALL.into_iter().filter(|facet| *facet != Facet::Body) {
        let values = parameters.list(facet.as_str());
        if !values.is_empty() {
            query.facets.insert(facet, values);
        }
    }
    query.time = parameters.one("datetime")?.map(|text| interval::parse(&text)).transpose()?;
    match region::read(&mut parameters, &body)? {
        Some(region) => query.region = Some(region),
        None if !body.is_empty() => {
            query.facets.insert(Facet::Body, body);
        }
        None => {}
    }
    query.filters = parameters.all("property").iter().map(|text| condition(text)).collect::<Result<_, _>>()?;
    if let Some(filter) = filter::from_query(&mut parameters, native)? {
        filter.add_to(&mut query);
    }
    query.sort = parameters.list("sort").iter().map(|name| sort_key(name)).collect::<Result<_, _>>()?;
    query.aggregations = aggregations::read(&mut parameters)?;
    query.count = match parameters.one("count")?.as_deref() {
        None | Some("exact") => true,
        Some("none") => false,
        Some(_) => return Err(Error::parameter("count", "must be exact or none")),
    };
    query.limit = match parameters.one("limit")? {
        None => DEFAULT_LIMIT,
        Some(text) => text.parse().map_err(|_| Error::parameter("limit", "must be a number"))?,
    };
    parameters.finish(&[OWN, &Facet::ALL.map(Facet::as_str), aggregations::PARAMETERS].concat())?;
    Ok(query)
}

/// Reads a condition such as `eo:cloud_cover<5`.
///
/// # Errors
/// 400 for text that is none.
pub fn condition(text: &str) -> Result<Filter, Error> {
    const OPERATORS: [(&str, Comparison); 6] = [
        ("!=", Comparison::NotEqual),
        ("<=", Comparison::LessOrEqual),
        (">=", Comparison::GreaterOrEqual),
        ("=", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let at = text.find(['!', '<', '>', '=']);
    let parts = at.and_then(|at| {
        let (name, rest) = text.split_at_checked(at)?;
        OPERATORS.iter().find_map(|(sign, comparison)| Some((name, *comparison, rest.strip_prefix(sign)?)))
    });
    match parts {
        Some((name, comparison, value)) if !name.trim().is_empty() => {
            let value = value.trim();
            let value = match (value, value.parse::<f64>()) {
                ("true", _) => Operand::Bool(true),
                ("false", _) => Operand::Bool(false),
                (_, Ok(number)) if number.is_finite() => Operand::Number(number),
                _ => Operand::Text(value.trim_matches('"').to_owned()),
            };
            let is_order = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            if is_order && matches!(value, Operand::Bool(_)) {
                return Err(Error::parameter("property", "true and false have no order"));
            }
            Ok(Filter::compare(PropertyName::Member(name.trim().to_owned()), comparison, value))
        }
        _ => Err(Error::parameter("property", format!("{text:?} is no condition such as eo:cloud_cover<5"))),
    }
}

/// Reads a name to sort by.
///
/// # Errors
/// 400 for what has no order.
pub fn sort_key(text: &str) -> Result<SortKey, Error> {
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text.trim_start_matches('+'), false),
    };
    if name == "relevance" {
        return Ok(SortKey::Relevance);
    }
    let property = match name.strip_prefix("property:") {
        Some(path) => PropertyName::Member(path.to_owned()),
        None => native(name),
    };
    SortKey::by(property, descending)
        .ok_or_else(|| Error::parameter("sort", format!("{name:?} has no order; /api/v1/sortables lists what has")))
}

/// The page as JSON, with records as they are stored.
pub fn render(results: &Results, snippets: Option<&str>, address: &str, query_string: &str) -> String {
    let size: usize = results.found.iter().map(|found| found.record.len() + 1).sum();
    let mut text = String::with_capacity(size + 1024);
    text.push('{');
    if let Some(matched) = results.matched {
        text.push_str(&format!("\"matched\":{matched},"));
    }
    text.push_str(&format!("\"returned\":{},\"sequence\":{},\"records\":[", results.found.len(), results.sequence));
    for (at, found) in results.found.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&String::from_utf8_lossy(&found.record));
    }
    text.push(']');
    if let Some(snippets) = snippets {
        text.push_str(",\"snippets\":");
        text.push_str(snippets);
    }
    if let Some(meant) = &results.did_you_mean {
        text.push_str(",\"did_you_mean\":");
        json::push_string(&mut text, meant);
    }
    aggregations::push(&mut text, &results.aggregations);
    text.push_str(",\"links\":[");
    push_link(&mut text, "self", &format!("{address}?{query_string}"));
    if let Some(token) = &results.next {
        let kept = query_string.split('&').filter(|part| !part.is_empty() && !part.starts_with("token="));
        let parts: Vec<String> = kept.map(str::to_owned).chain([format!("token={}", encode(token))]).collect();
        text.push(',');
        push_link(&mut text, "next", &format!("{address}?{}", parts.join("&")));
    }
    text.push_str("]}");
    text
}

fn push_link(text: &mut String, rel: &str, href: &str) {
    text.push_str(&format!("{{\"rel\":\"{rel}\",\"href\":"));
    json::push_string(text, href);
    text.push_str(",\"type\":\"application/json\"}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_with_their_operator() {
        let cases = [
            ("eo:cloud_cover<5", "eo:cloud_cover", Comparison::Less, Operand::Number(5.0)),
            ("gsd<=0.6", "gsd", Comparison::LessOrEqual, Operand::Number(0.6)),
            ("naip:state = al", "naip:state", Comparison::Equal, Operand::Text("al".into())),
            ("flag!=true", "flag", Comparison::NotEqual, Operand::Bool(true)),
            ("orbit=\"12\"", "orbit", Comparison::Equal, Operand::Text("12".into())),
        ];
        for (text, property, comparison, value) in cases {
            let expected = Filter::compare(PropertyName::Member(property.to_owned()), comparison, value);
            assert_eq!(condition(text).expect("a condition"), expected, "{text}");
        }
        for text in ["", "x", "<5", "!5", "flag<true"] {
            assert!(condition(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_parameter_or_value_is_refused() {
        for text in [
            "bogus=1",
            "limit=x",
            "bbox=1,2,3",
            "bbox=0,91,1,92",
            "datetime=yesterday",
            "sort=geometry",
            "sort=-description",
            "sort=property:",
            "facets=id",
            "count=maybe",
            "kind=x",
            "filter=a%20%3D",
            "filter=a%3D1&filter-lang=sql",
        ] {
            assert!(query(Parameters::parse(text).expect("form-encoded")).is_err(), "{text}");
        }
    }
}
