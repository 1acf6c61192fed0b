//! A question as this face reads it, by GET and by POST alike, and the catalogue's query that it becomes. Answers nothing.

use actix_web::HttpRequest;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::fields::{Of, Selection};
use super::{free_text, query_extension, sort};
use crate::catalogue::{Error, MAX_LIMIT};
use crate::http::faces::federation::question::{self, Wanted};
use crate::http::faces::filter::{self, Written};
use crate::http::parameters::Parameters;
use crate::http::problem::Problem;
use crate::http::{interval, region};
use crate::model::{Facet, Filter, Kind, Query, SortKey, TextQuery};
use crate::query::cql2::stac as names;

/// Items on a page unless asked otherwise.
pub const DEFAULT_LIMIT: usize = 10;
/// Most identifiers or collections of one question.
const MAX_NAMES: usize = 10_000;

/// Conditions that every resource takes.
const CONDITIONS: &[&str] = &["bbox", "datetime", "q", "query", "filter", "filter-lang", "filter-crs"];
/// Which part of the matches is asked for, and in which form.
const PAGE: &[&str] = &["sortby", "fields", "limit", "token", "count"];

/// A resource that answers questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `/stac/search`
    Search,
    /// `…/items`
    Items,
    /// `/stac/collections`
    Collections,
    /// `/stac/aggregate`
    Aggregate,
    /// `/stac/collections/{collection}/aggregate`
    CollectionAggregate,
}

impl Resource {
    /// The parameters of its GET.
    pub fn parameters(self) -> Vec<&'static str> {
        let own: &[&[&str]] = match self {
            Self::Search => &[&["collections", "ids", "intersects"], CONDITIONS, PAGE, &["f"], question::PARAMETERS],
            Self::Items => &[CONDITIONS, PAGE, &["f"]],
            Self::Collections => &[&["ids"], CONDITIONS, PAGE],
            Self::Aggregate => &[&["aggregations", "collections", "ids", "intersects"], CONDITIONS],
            Self::CollectionAggregate => &[&["aggregations", "ids", "intersects"], CONDITIONS],
        };
        own.concat()
    }
}

/// A question.
#[derive(Debug, Default)]
pub struct Ask {
    pub collections: Vec<String>,
    pub ids: Vec<String>,
    bbox: Option<Vec<f64>>,
    datetime: Option<String>,
    intersects: Option<String>,
    text: Option<TextQuery>,
    filter: Option<Written>,
    /// Of the query extension.
    extension: Option<Filter>,
    pub sort: Vec<SortKey>,
    pub fields: Option<Selection>,
    pub limit: Option<usize>,
    pub token: Option<String>,
    /// Whether `numberMatched` is wanted (`count=none` spares it).
    count: bool,
    /// The name of the form of the answer.
    pub form: Option<String>,
    /// Whether the sources are asked too.
    pub federated: Option<Wanted>,
}

/// The body of `POST /stac/search`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemSearch<'a> {
    /// collections to search; one may stand without its brackets
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    collections: Option<OneOrMany>,
    #[serde(default)]
    ids: Option<Vec<String>>,
    /// west, south, east, north in degrees, with heights after south and north; west > east crosses 180°
    #[serde(default)]
    #[schema(min_items = 4, max_items = 6)]
    bbox: Option<Vec<f64>>,
    /// RFC 3339 instant or interval start/end, `..` for an open end
    #[serde(default)]
    datetime: Option<String>,
    /// GeoJSON geometry, instead of bbox
    #[serde(default, borrow)]
    #[schema(value_type = Option<Object>)]
    intersects: Option<&'a RawValue>,
    /// free text: terms of which one is enough, or a text with OR, AND, + and -
    #[serde(default, borrow)]
    #[schema(value_type = Option<Vec<String>>)]
    q: Option<&'a RawValue>,
    /// `{"eo:cloud_cover": {"lt": 10}}`
    #[serde(default, borrow)]
    #[schema(value_type = Option<Object>)]
    query: Option<&'a RawValue>,
    /// CQL2 as JSON, or as text if filter-lang says so
    #[serde(default, borrow)]
    #[schema(value_type = Option<Object>)]
    filter: Option<&'a RawValue>,
    /// `cql2-json` (default) or `cql2-text`
    #[serde(default, rename = "filter-lang")]
    filter_lang: Option<String>,
    /// <http://www.opengis.net/def/crs/OGC/1.3/CRS84>
    #[serde(default, rename = "filter-crs")]
    filter_crs: Option<String>,
    /// `[{"field": "properties.eo:cloud_cover", "direction": "desc"}]`
    #[serde(default, borrow)]
    #[schema(value_type = Option<Vec<Object>>)]
    sortby: Option<&'a RawValue>,
    /// `{"include": ["properties.eo:cloud_cover"], "exclude": ["assets"]}`
    #[serde(default, borrow, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    fields: Option<&'a RawValue>,
    /// 1 or more; at most 10000 items are given
    #[serde(default)]
    #[schema(minimum = 1)]
    limit: Option<usize>,
    /// the next link carries it
    #[serde(default)]
    token: Option<String>,
    /// `exact` (default) or `none`
    #[serde(default)]
    count: Option<String>,
    /// `json` (default), or a file: `ndjson`, `csv`, `geojson`, `geoparquet`, `votable`; the whole result, or with limit a page whose
    /// header Perennial-Next holds the token of the next
    #[serde(default)]
    f: Option<String>,
    /// whether the sources of this archive are asked too
    #[serde(default)]
    federated: Option<bool>,
    /// with federated: ids of the sources that are asked, `local` for this archive; all by default
    #[serde(default)]
    sources: Option<Vec<String>>,
    /// with federated: seconds to wait, at most and by default 5
    #[serde(default)]
    timeout: Option<f64>,
}

/// Some clients send a single name where the specification has a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
}

/// Null is a value here, and not a good one.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

fn wants_count(count: Option<&str>) -> Result<bool, Error> {
    match count {
        None | Some("exact") => Ok(true),
        Some("none") => Ok(false),
        Some(_) => Err(Error::parameter("count", "must be exact or none")),
    }
}

/// What goes with `federated`.
fn federated(
    is_federated: Option<bool>,
    sources: Option<Vec<String>>,
    timeout: Option<f64>,
) -> Result<Option<Wanted>, Error> {
    if is_federated != Some(true) {
        let stray = sources.map(|_| "sources").or_else(|| timeout.map(|_| "timeout"));
        return stray.map_or(Ok(None), |name| Err(Error::parameter(name, "goes with federated: true")));
    }
    let timeout = timeout.map(|seconds| question::seconds("timeout", &seconds.to_string())).transpose()?;
    let sources = sources.map(|names| names.into_iter().map(|name| (name, None)).collect());
    Ok(Some(Wanted { sources, timeout }))
}

/// The text of a member, unless it is null.
fn given(raw: Option<&RawValue>) -> Option<&str> {
    raw.map(RawValue::get).filter(|text| *text != "null")
}

impl Ask {
    /// Reads query parameters; those not in `known` are refused.
    ///
    /// # Errors
    /// 400 for the first that cannot be honoured.
    pub fn from_query(request: &HttpRequest, known: &[&str], of: Of) -> Result<Self, Problem> {
        Self::from_parameters(Parameters::of(request)?, known, of)
    }

    /// Reads parameters; those not in `known` are refused.
    ///
    /// # Errors
    /// As `from_query`.
    pub fn from_parameters(mut parameters: Parameters, known: &[&str], of: Of) -> Result<Self, Problem> {
        parameters.check(known)?;
        let fields = parameters.one("fields")?.map(|text| Selection::from_text(&text, of)).transpose()?;
        let limit = parameters.one("limit")?.map(|text| text.parse());
        let filter = filter::from_query(&mut parameters, names)?;
        let extension = parameters.one("query")?.map(|text| query_extension::filter(&text, names)).transpose()?;
        let ask = Self {
            text: parameters.one("q")?.map(free_text::from_text),
            filter,
            extension,
            collections: parameters.list("collections"),
            ids: parameters.list("ids"),
            bbox: parameters.one("bbox")?.map(|text| region::numbers("bbox", &text)).transpose()?,
            datetime: parameters.one("datetime")?,
            intersects: parameters.one("intersects")?,
            sort: sort::from_list(&parameters.list("sortby"))?,
            fields,
            limit: limit.transpose().map_err(|_| Error::parameter("limit", "must be a number from 1"))?,
            token: parameters.one("token")?,
            count: wants_count(parameters.one("count")?.as_deref())?,
            form: parameters.one("f")?,
            federated: Wanted::take_if_federated(&mut parameters)?,
        };
        parameters.finish(known)?;
        Ok(ask)
    }

    /// Reads the body of a search.
    ///
    /// # Errors
    /// 400 for an unknown member, or one that cannot be honoured.
    pub fn from_body(text: &str) -> Result<Self, Problem> {
        // A list would be read as the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(Problem::bad_request("a search is a JSON object"));
        }
        let body: ItemSearch<'_> =
            serde_json::from_str(text).map_err(|error| Problem::bad_request(error.to_string()))?;
        let (language, crs) = (body.filter_lang.as_deref(), body.filter_crs.as_deref());
        let filter = filter::from_body(given(body.filter), language, crs, names)?;
        let extension = given(body.query).map(|text| query_extension::filter(text, names)).transpose()?;
        let fields = body.fields.map(|raw| Selection::from_body(raw.get(), Of::Items)).transpose()?;
        Ok(Self {
            collections: match body.collections {
                None => Vec::new(),
                Some(OneOrMany::Many(names)) => names,
                Some(OneOrMany::One(name)) => vec![name],
            },
            ids: body.ids.unwrap_or_default(),
            bbox: body.bbox,
            datetime: body.datetime,
            intersects: given(body.intersects).map(str::to_owned),
            text: given(body.q).map(free_text::from_body).transpose()?,
            filter,
            extension,
            sort: given(body.sortby).map(sort::from_body).transpose()?.unwrap_or_default(),
            fields,
            limit: body.limit,
            token: body.token,
            count: wants_count(body.count.as_deref())?,
            form: body.f,
            federated: federated(body.federated, body.sources, body.timeout)?,
        })
    }

    /// Whether a part of the matches is asked for, or a form of them.
    pub fn has_page(&self) -> bool {
        let of_part = self.limit.is_some() || self.token.is_some() || !self.sort.is_empty();
        of_part || !self.count || self.fields.is_some() || self.form.is_some()
    }

    /// The query that the question means, about records of a kind.
    ///
    /// # Errors
    /// 400 for what cannot be honoured together.
    pub fn query(&self, kind: Kind, default_limit: usize) -> Result<Query, Error> {
        let region = match (&self.bbox, &self.intersects) {
            (Some(_), Some(_)) => return Err(Error::parameter("intersects", "cannot be combined with bbox")),
            (Some(bbox), None) => Some(region::of_box("earth".to_owned(), bbox)?),
            (None, Some(text)) => Some(region::of_geometry("earth".to_owned(), text.clone())?),
            (None, None) => None,
        };
        let limit = self.limit.unwrap_or(default_limit);
        if limit == 0 {
            return Err(Error::parameter("limit", "must be a number from 1"));
        }
        for (name, list) in [("ids", &self.ids), ("collections", &self.collections)] {
            if list.len() > MAX_NAMES {
                return Err(Error::parameter(name, format!("names more than {MAX_NAMES}")));
            }
        }
        let mut query = Query {
            kinds: vec![kind],
            ids: self.ids.clone(),
            text: self.text.clone(),
            filters: self.extension.clone().into_iter().collect(),
            region,
            time: self.datetime.as_deref().map(interval::parse).transpose()?,
            sort: self.sort.clone(),
            count: self.count,
            // STAC API: a server may give fewer than asked for.
            limit: limit.min(MAX_LIMIT),
            ..Query::default()
        };
        self.filter.iter().for_each(|filter| filter.clone().add_to(&mut query));
        if !self.collections.is_empty() {
            query.facets.insert(Facet::Collection, self.collections.clone());
        }
        Ok(query)
    }
}
