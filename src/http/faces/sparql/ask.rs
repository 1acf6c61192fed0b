//! Reads a query from a request in the three ways that SPARQL 1.1 Protocol § 2.1 gives. Updates are refused: what the
//! archive holds is written through the catalogue.

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::accept::{self, Wanted};
use super::{answer, description};
use crate::catalogue::Error;
use crate::http::accept::of;
use crate::http::body;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::index::Holds;
use crate::index::graph::{MAX_QUERY_BYTES, Question};

/// Longest body of a form: the query with every byte percent-encoded, and some graphs.
const MAX_FORM_BYTES: usize = 4 * MAX_QUERY_BYTES;

/// Most graphs of a dataset.
const MAX_GRAPHS: usize = 1_000;

const PARAMETERS: &[&str] =
    &["query", "default-graph-uri", "named-graph-uri", "format", "output", "results", "wait", "scope"];

/// A question with what the client takes for an answer.
pub struct Asked {
    pub question: Question,
    pub wanted: Wanted,
    /// Whose records it is about.
    pub holds: Holds,
    /// The answer is to see everything that was committed before.
    pub wait: bool,
}

/// Answers a SPARQL 1.1 query; without one, describes the service.
#[utoipa::path(get, path = "/sparql", tag = "sparql",
    params(
        ("query" = Option<String>, Query, description = "SPARQL 1.1 query; without it the service is described"),
        ("default-graph-uri" = Option<Vec<String>>, Query, description = "graphs that make up the default graph, instead of all"),
        ("named-graph-uri" = Option<Vec<String>>, Query, description = "graphs that GRAPH sees, instead of all"),
        ("format" = Option<String>, Query, description = "json, xml, csv, tsv, turtle, ntriples, rdf, json-ld or a media type, instead of Accept; output and results are the same"),
        ("output" = Option<String>, Query, description = "as format"),
        ("results" = Option<String>, Query, description = "as format"),
        ("scope" = Option<String>, Query, description = "local (default): the graph of this archive's own records; harvested: that of copies from elsewhere"),
        ("wait" = Option<String>, Query, description = "graph: the answer sees everything that was committed before the question")),
    responses((status = 200, description = "solutions, true or false, or a graph; Perennial-Sequence says which event was the last seen", content((Object = "application/sparql-results+json"), (String = "application/sparql-results+xml"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 403, description = "a service elsewhere, or an update", body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, description = "too expensive, too many at once, or the graph is being built", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_query(request: HttpRequest, state: Data<State>) -> Answer {
    let parameters = Parameters::of(&request)?;
    if parameters.is_empty() {
        return description::describe(&request, &state).await;
    }
    let asked = read(&request, &state, parameters, None)?;
    answer::answer(&state, asked).await
}

/// Answers a SPARQL 1.1 query from a form or a body of its own.
#[utoipa::path(post, path = "/sparql", tag = "sparql",
    params(
        ("default-graph-uri" = Option<Vec<String>>, Query, description = "graphs that make up the default graph, with a query as the body"),
        ("named-graph-uri" = Option<Vec<String>>, Query, description = "graphs that GRAPH sees, with a query as the body"),
        ("format" = Option<String>, Query, description = "as with GET"),
        ("output" = Option<String>, Query, description = "as format"),
        ("results" = Option<String>, Query, description = "as format"),
        ("scope" = Option<String>, Query, description = "as with GET"),
        ("wait" = Option<String>, Query, description = "as with GET")),
    request_body(content = String, content_type = "application/sparql-query", description = "the query; or a form with the parameters of GET as application/x-www-form-urlencoded"),
    responses((status = 200, description = "solutions, true or false, or a graph", content((Object = "application/sparql-results+json"), (String = "application/sparql-results+xml"), (String = "text/csv"), (String = "text/tab-separated-values"), (String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 403, description = "a service elsewhere, or an update", body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 415, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, description = "too expensive, too many at once, or the graph is being built", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_query(
    request: HttpRequest,
    state: Data<State>,
    mut payload: Payload,
) -> Result<HttpResponse, Problem> {
    let parameters = Parameters::of(&request)?;
    let asked = match media_type(&request)?.as_str() {
        "application/x-www-form-urlencoded" => {
            let (_, form) = body::read_text(&mut payload, MAX_FORM_BYTES).await?;
            read(&request, &state, parameters.and(Parameters::parse(&form)?), None)?
        }
        "application/sparql-query" => {
            let (_, query) = body::read_text(&mut payload, MAX_QUERY_BYTES).await?;
            read(&request, &state, parameters, Some(query))?
        }
        "application/sparql-update" => return Err(no_update()),
        other => {
            let detail = format!(
                "{other:?} is no media type of a query: send application/sparql-query, or a form as application/x-www-form-urlencoded"
            );
            let title = "The body has another media type";
            return Err(Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", title, detail));
        }
    };
    answer::answer(&state, asked).await
}

/// The media type without its parameters; a charset other than UTF-8 is refused.
pub(super) fn media_type(request: &HttpRequest) -> Result<String, Problem> {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = value.split(';').map(str::trim);
    let name = parts.next().unwrap_or("").to_ascii_lowercase();
    let charset = parts.find_map(|part| part.to_ascii_lowercase().strip_prefix("charset=").map(str::to_owned));
    match charset.as_deref().map(|charset| charset.trim_matches('"')) {
        None | Some("utf-8" | "us-ascii") => Ok(name),
        Some(charset) => Err(Problem::bad_request(format!("the body is in {charset}; it must be in UTF-8"))),
    }
}

fn no_update() -> Problem {
    let detail = "this endpoint answers queries; records are changed through /api/v1, and the graph follows";
    Problem::http(StatusCode::FORBIDDEN, "updates-refused", "Updates are refused", detail)
}

fn read(
    request: &HttpRequest,
    state: &State,
    mut parameters: Parameters,
    direct: Option<String>,
) -> Result<Asked, Problem> {
    if !parameters.all("update").is_empty() || !parameters.all("using-graph-uri").is_empty() {
        return Err(no_update());
    }
    let given = parameters.one("query")?;
    let query = match (given, direct) {
        (Some(_), Some(_)) => return Err(Error::parameter("query", "is the body already").into()),
        (Some(query), None) | (None, Some(query)) => query,
        (None, None) => return Err(Error::parameter("query", "is missing").into()),
    };
    let graphs = |name: &str, parameters: &mut Parameters| {
        let graphs = parameters.all(name);
        if graphs.len() > MAX_GRAPHS {
            return Err(Error::parameter(name, format!("is given more than {MAX_GRAPHS} times")));
        }
        Ok(graphs)
    };
    let default_graphs = graphs("default-graph-uri", &mut parameters)?;
    let named_graphs = graphs("named-graph-uri", &mut parameters)?;
    let wanted = wanted(request, &mut parameters)?;
    let wait = match parameters.one("wait")?.as_deref() {
        None => false,
        Some("graph") => true,
        Some(_) => return Err(Error::parameter("wait", "can be graph").into()),
    };
    let holds = match parameters.one("scope")?.as_deref() {
        None | Some("local") => Holds::Local,
        Some("harvested") => Holds::Harvested,
        Some(_) => return Err(Error::parameter("scope", "must be local or harvested").into()),
    };
    parameters.finish(PARAMETERS)?;
    let question = Question {
        query,
        base: format!("{}/", state.base(request)),
        default_graphs,
        named_graphs,
        results: wanted.results.map(|(format, _)| format),
        triples: wanted.triples.map(|(format, _)| format),
        caller: caller(request),
        ..Question::default()
    };
    Ok(Asked { question, wanted, holds, wait })
}

/// By parameter, which clients give under three names and more than once, or by `Accept`.
fn wanted(request: &HttpRequest, parameters: &mut Parameters) -> Result<Wanted, Problem> {
    let mut named: Option<(String, Wanted)> = None;
    for parameter in ["format", "output", "results"] {
        for value in parameters.all(parameter) {
            let wanted = accept::by_name(&value)?;
            match &named {
                Some((known, other)) if !other.is_same(&wanted) => {
                    return Err(Error::parameter(parameter, format!("is {value:?}, and {known:?} elsewhere")).into());
                }
                Some(_) => {}
                None => named = Some((value, wanted)),
            }
        }
    }
    Ok(named.map_or_else(|| accept::by_header(&of(request)), |(_, wanted)| wanted))
}

/// Who asks, by the address of the connection. A network of IPv6 counts as one: its owner has all addresses in it.
pub(super) fn caller(request: &HttpRequest) -> String {
    match request.peer_addr().map(|address| address.ip().to_canonical()) {
        Some(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Some(IpAddr::V4(address)) => address.to_string(),
        None => String::new(),
    }
}
