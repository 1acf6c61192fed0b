//! `/graphs`: SPARQL 1.1 Graph Store HTTP Protocol for reading. A graph is named by the request's own address or by the
//! parameter `graph`; what is written is in `context`.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::accept::{self, Wanted};
use super::ask::{Asked, caller};
use super::{answer, context};
use crate::catalogue::Error;
use crate::http::accept::of;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::index::Holds;
use crate::index::graph::{Piece, Question, ResultFormat, TripleFormat};
use crate::model::RecordId;
use crate::rdf::Writing;
use crate::rdf::projection::{self, Base};

const PARAMETERS: &[&str] = &["graph", "default", "format", "wait"];

/// All statements of the dataset of a question.
const ALL: &str = "CONSTRUCT WHERE { ?s ?p ?o }";

/// The statements of a graph that the parameter `graph` names, or of the default graph with `default`.
#[utoipa::path(get, path = "/graphs", tag = "sparql",
    params(("graph" = Option<String>, Query, description = "address of the graph"),
           ("default" = Option<String>, Query, description = "without a value: the default graph, the union of all"),
           ("format" = Option<String>, Query, description = "turtle, ntriples, rdf, json-ld or a media type, instead of Accept"),
           ("wait" = Option<String>, Query, description = "graph: the answer sees everything that was committed before the question")),
    responses((status = 200, description = "its statements", content((String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_named(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let graph = named(&mut parameters, &state.base(&request))?;
    give(&request, &state, parameters, graph).await
}

/// Which graph is meant.
pub(super) enum Named {
    /// The union of all.
    Default,
    /// One that is written here.
    Context(RecordId),
    Other(String),
}

impl Named {
    fn by_address(address: String, base: &str) -> Self {
        match projection::context_of(&Base::public(base), &address) {
            Some(id) => Self::Context(id),
            None => Self::Other(address),
        }
    }
}

/// The graph that the parameters name.
pub(super) fn named(parameters: &mut Parameters, base: &str) -> Result<Named, Problem> {
    match (parameters.one("graph")?, parameters.one("default")?.as_deref()) {
        (Some(graph), None) => Ok(Named::by_address(graph, base)),
        (None, Some("")) => Ok(Named::Default),
        (None, Some(_)) => Err(Error::parameter("default", "has no value").into()),
        (Some(_), Some(_)) => Err(Error::parameter("graph", "and default exclude each other").into()),
        (None, None) => Err(Error::parameter("graph", "or default is needed: which graph is meant").into()),
    }
}

/// The graph at the request's own address.
pub(super) fn own(request: &HttpRequest, state: &State) -> Named {
    let base = state.base(request);
    Named::by_address(format!("{base}{}", request.path()), &base)
}

/// The statements of the graph with this address.
#[utoipa::path(get, path = "/graphs/{graph}", tag = "sparql",
    params(("graph" = String, Path, description = "rest of the address: product/{collection}/{id}, {kind}/{id}, context/{id}, meta, vocabulary/{name}"),
           ("format" = Option<String>, Query, description = "as with /graphs"),
           ("wait" = Option<String>, Query, description = "as with /graphs")),
    responses((status = 200, description = "its statements", content((String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_own(request: HttpRequest, state: Data<State>) -> Answer {
    let parameters = Parameters::of(&request)?;
    let graph = own(&request, &state);
    give(&request, &state, parameters, graph).await
}

async fn give(request: &HttpRequest, state: &State, mut parameters: Parameters, graph: Named) -> Answer {
    let Wanted { triples, .. } = match parameters.one("format")? {
        Some(name) => accept::by_name(&name)?,
        None => accept::by_header(&of(request)),
    };
    let wait = match parameters.one("wait")?.as_deref() {
        None => false,
        Some("graph") => true,
        Some(_) => return Err(Error::parameter("wait", "can be graph").into()),
    };
    parameters.finish(PARAMETERS)?;
    let graph = match (graph, triples) {
        (Named::Context(id), Some((format, _))) => return context::give(request, state, &id, writing(format)),
        (Named::Context(_), None) => return Err(no_format()),
        (Named::Default, _) => None,
        (Named::Other(graph), _) => Some(graph),
    };
    let base = format!("{}/", state.base(request));
    let holds = graph.as_deref().map_or(Holds::Local, |graph| holding(&base, graph));
    if let Some(graph) = &graph
        && !exists(state, caller(request), &base, (graph, holds), wait).await?
    {
        return Err(Error::NoSuch { what: format!("graph <{graph:.200}>") }.into());
    }
    let question = Question {
        query: ALL.to_owned(),
        base,
        default_graphs: graph.into_iter().collect(),
        triples: triples.map(|(format, _)| format),
        caller: caller(request),
        ..Question::default()
    };
    answer::answer(state, Asked { question, wanted: Wanted { results: None, triples }, holds, wait: false }).await
}

const fn writing(format: TripleFormat) -> Writing {
    match format {
        TripleFormat::Turtle => Writing::Turtle,
        TripleFormat::NTriples => Writing::NTriples,
        TripleFormat::RdfXml => Writing::RdfXml,
        TripleFormat::JsonLd => Writing::JsonLd,
    }
}

fn no_format() -> Problem {
    let detail = "a graph comes as text/turtle, application/n-triples, application/rdf+xml or application/ld+json";
    Problem::http(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No format fits", detail)
}

/// Where the graph of a record is kept: with those of this archive's own, or of copies.
fn holding(base: &str, graph: &str) -> Holds {
    let key = projection::key_of(&projection::Base::public(base), graph);
    if key.is_none_or(|key| key.is_local()) { Holds::Local } else { Holds::Harvested }
}

/// Whether there is a statement in the graph.
async fn exists(
    state: &State,
    caller: String,
    base: &str,
    (graph, holds): (&str, Holds),
    wait: bool,
) -> Result<bool, Problem> {
    let question = Question {
        query: "ASK { GRAPH ?g { ?s ?p ?o } }".to_owned(),
        base: base.to_owned(),
        named_graphs: vec![graph.to_owned()],
        results: Some(ResultFormat::Csv),
        caller,
        ..Question::default()
    };
    let catalogue = Arc::clone(&state.catalogue);
    let asked = move || {
        let mut text = Vec::new();
        let mut keep = |piece| {
            if let Piece::Bytes(bytes) = piece {
                text.extend(bytes);
            }
            true
        };
        catalogue.sparql(question, (holds, wait), &mut keep).map(|()| text)
    };
    match actix_web::web::block(asked).await {
        Ok(Ok(text)) => Ok(text.starts_with(b"true")),
        Ok(Err(refusal)) => Err(answer::problem(refusal)),
        Err(_) => {
            let title = "Not available now";
            Err(Problem::http(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, "the service is stopping"))
        }
    }
}
