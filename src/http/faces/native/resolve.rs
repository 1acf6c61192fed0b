//! `/api/v1/resolve`, `/links` and the members of a collection: from names to records.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::records::{href, identifier};
use crate::catalogue::{Error, Match, Member, Naming, Referrer, Standing};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Key;

/// Entries on a page unless asked otherwise, and at most.
const DEFAULT_LIMIT: usize = 1_000;
const MAX_LIMIT: usize = 10_000;

/// A record and its address.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordBody {
    /// `product`, `collection`, …
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    pub id: String,
    pub href: String,
}

impl RecordBody {
    fn new(base: &str, key: &Key) -> Self {
        let collection = key.collection.as_ref().map(ToString::to_string);
        Self { kind: key.kind.as_str(), collection, id: key.id.to_string(), href: href(base, key) }
    }
}

/// One record that a name leads to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchBody {
    #[serde(flatten)]
    pub record: RecordBody,
    /// `id`, `identifier` or `alias`.
    pub matched: &'static str,
    /// Scheme of the identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// `current`; `superseded` when only an earlier revision has the name; `deleted`.
    pub status: &'static str,
    /// The revision that has the name.
    pub revision: u64,
}

/// Answer of `/resolve`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResolveBody {
    pub id: String,
    pub matches: Vec<MatchBody>,
}

/// One record that refers to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferrerBody {
    #[serde(flatten)]
    pub record: RecordBody,
    pub rel: String,
    /// The name of the target that the link gives.
    pub to: String,
}

/// Answer of `/links`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinksBody {
    pub to: String,
    pub number_matched: usize,
    pub links: Vec<ReferrerBody>,
}

/// One member that a collection lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberBody {
    /// As the collection names it.
    pub name: String,
    pub held: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordBody>,
}

/// Answer of `/collections/{collection}/members`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MembersBody {
    /// Members that the collection lists.
    pub expected: usize,
    /// Those of them that are held here.
    pub held: usize,
    pub number_matched: usize,
    pub members: Vec<MemberBody>,
}

/// Finds records by any of their names: id, identifier of any scheme, alias, retired name.
#[utoipa::path(get, path = "/api/v1/resolve", tag = "names",
    params(("id" = String, Query, description = "a native identifier, DOI, LID, LIDVID, SPASE id, … as it is written")),
    responses((status = 200, body = ResolveBody), (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn resolve(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let id = required(&mut parameters, "id")?;
    parameters.finish(&["id"])?;
    let (catalogue, name) = (state.catalogue.clone(), id.clone());
    let found = crate::http::blocking(move || catalogue.resolve(&name)).await?;
    if found.is_empty() {
        return Err(Error::NoSuch { what: format!("record named {id:?}") }.into());
    }
    Ok(HttpResponse::Ok().json(body(&state.base(&request), id, found)))
}

/// The answer of a name: for the command line too.
pub fn body(base: &str, id: String, found: Vec<Match>) -> ResolveBody {
    ResolveBody { id, matches: found.into_iter().map(|found| match_body(base, found)).collect() }
}

/// Lists the records that refer to a record, by any of its names.
#[utoipa::path(get, path = "/api/v1/links", tag = "names",
    params(("to" = String, Query, description = "any name of the target"), ("rel" = Option<String>, Query, description = "one relation, for example derived_from"),
           ("limit" = Option<usize>, Query, description = "1 to 10000, default 1000")),
    responses((status = 200, body = LinksBody), (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn links(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let to = required(&mut parameters, "to")?;
    let rel = parameters.one("rel")?;
    let limit = limit(&mut parameters)?;
    parameters.finish(&["to", "rel", "limit"])?;
    let (catalogue, name) = (state.catalogue.clone(), to.clone());
    let found = crate::http::blocking(move || catalogue.links_to(&name, rel.as_deref())).await?;
    let base = state.base(&request);
    let number_matched = found.len();
    let body = |Referrer { key, rel, href }| ReferrerBody { record: RecordBody::new(&base, &key), rel, to: href };
    let links = found.into_iter().take(limit).map(body).collect();
    Ok(HttpResponse::Ok().json(LinksBody { to, number_matched, links }))
}

/// Lists what a collection names as its members, and whether they are held here.
#[utoipa::path(get, path = "/api/v1/collections/{collection}/members", tag = "names",
    params(("collection" = String, Path), ("held" = Option<bool>, Query, description = "true or false: only those that are, or are not, held"),
           ("limit" = Option<usize>, Query, description = "1 to 10000, default 1000")),
    responses((status = 200, body = MembersBody), (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn members(request: HttpRequest, state: Data<State>, collection: Path<String>) -> Answer {
    let collection = identifier("collection", &collection)?;
    let mut parameters = Parameters::of(&request)?;
    let held = match parameters.one("held")?.as_deref() {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Err(Error::parameter("held", "must be true or false").into()),
    };
    let limit = limit(&mut parameters)?;
    parameters.finish(&["held", "limit"])?;
    let catalogue = state.catalogue.clone();
    let mut found = crate::http::blocking(move || catalogue.listed_members(&collection)).await?;
    let (expected, held_here) = (found.len(), found.iter().filter(|member| member.held.is_some()).count());
    found.retain(|member| held.is_none_or(|held| held == member.held.is_some()));
    let base = state.base(&request);
    let number_matched = found.len();
    let body = |Member { name, held }| {
        let record = held.map(|key| RecordBody::new(&base, &key));
        MemberBody { name, held: record.is_some(), record }
    };
    let members = found.into_iter().take(limit).map(body).collect();
    Ok(HttpResponse::Ok().json(MembersBody { expected, held: held_here, number_matched, members }))
}

fn limit(parameters: &mut Parameters) -> Result<usize, Error> {
    let Some(text) = parameters.one("limit")? else { return Ok(DEFAULT_LIMIT) };
    let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Error::parameter("limit", format!("must be 1 to {MAX_LIMIT}")))
}

fn required(parameters: &mut Parameters, name: &str) -> Result<String, Error> {
    let given = parameters.one(name)?.filter(|text| !text.is_empty());
    given.ok_or_else(|| Error::parameter(name, "is required"))
}

fn match_body(base: &str, found: Match) -> MatchBody {
    let (matched, scheme) = match found.naming {
        Naming::Id => ("id", None),
        Naming::Identifier { scheme } => ("identifier", Some(scheme)),
        Naming::Alias => ("alias", None),
    };
    let status = match found.standing {
        Standing::Current => "current",
        Standing::Superseded => "superseded",
        Standing::Deleted => "deleted",
    };
    MatchBody { record: RecordBody::new(base, &found.key), matched, scheme, status, revision: found.revision }
}
