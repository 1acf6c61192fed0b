//! Writing by SPARQL 1.1 Graph Store HTTP Protocol: PUT, POST and DELETE of context graphs. Every other graph follows
//! records, and is refused with the reason.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::store::{self, Named, named};
use crate::catalogue::{
    ContextDocument, ContextWrite, Effect, Error, MAX_CONTEXT_BYTES, Receipt, context_key, statements,
};
use crate::codec;
use crate::http::faces::native::records;
use crate::http::faces::native::wire::ReceiptBody;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{auth, body, conditional};
use crate::model::RecordId;
use crate::model::uri::encode;
use crate::rdf::projection::Base;
use crate::rdf::{self, Syntax, Writing};

/// Media types of documents.
const DOCUMENTS: &[(&str, Syntax)] = &[
    ("text/turtle", Syntax::Turtle),
    ("application/n-triples", Syntax::Turtle),
    ("application/rdf+xml", Syntax::RdfXml),
    ("application/ld+json", Syntax::JsonLd),
];

/// The statements of a context graph, as the archive has them at this moment.
#[utoipa::path(get, path = "/graphs/context/{id}", tag = "sparql",
    params(("id" = String, Path, description = "identifier of the record that keeps the graph"),
           ("format" = Option<String>, Query, description = "turtle, ntriples, rdf, json-ld or a media type, instead of Accept"),
           ("wait" = Option<String>, Query, description = "graph: as with other graphs; this one is never behind")),
    responses((status = 200, description = "its statements", content((String = "text/turtle"), (String = "application/n-triples"), (String = "application/rdf+xml"), (Object = "application/ld+json"))),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get_own(request: HttpRequest, state: Data<State>) -> Answer {
    store::get_own(request, state).await
}

/// Replaces or creates a context graph.
#[utoipa::path(put, path = "/graphs/context/{id}", tag = "sparql",
    params(("id" = String, Path, description = "identifier of the record that keeps the graph")),
    request_body(content = String, content_type = "text/turtle", description = "statements in Turtle, N-Triples, RDF/XML or JSON-LD"),
    responses((status = 201, description = "created"), (status = 204, description = "replaced"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 413, body = ProblemBody, content_type = "application/problem+json"),
              (status = 415, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_own(request: HttpRequest, state: Data<State>, path: Path<String>, payload: Payload) -> Answer {
    let id = own(&request, &path)?;
    keep(&request, &state, payload, id, ContextWrite::Replace).await
}

/// Adds statements to a context graph, or creates it.
#[utoipa::path(post, path = "/graphs/context/{id}", tag = "sparql",
    params(("id" = String, Path, description = "identifier of the record that keeps the graph")),
    request_body(content = String, content_type = "text/turtle", description = "statements in Turtle, N-Triples, RDF/XML or JSON-LD"),
    responses((status = 200, body = ReceiptBody, description = "added"), (status = 201, body = ReceiptBody, description = "created"),
              (status = 204, description = "there is nothing to add"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 413, body = ProblemBody, content_type = "application/problem+json"),
              (status = 415, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_own(request: HttpRequest, state: Data<State>, path: Path<String>, payload: Payload) -> Answer {
    let id = own(&request, &path)?;
    keep(&request, &state, payload, id, ContextWrite::Merge).await
}

/// Deletes a context graph.
#[utoipa::path(delete, path = "/graphs/context/{id}", tag = "sparql",
    params(("id" = String, Path, description = "identifier of the record that keeps the graph")),
    responses((status = 200, body = ReceiptBody),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_own(request: HttpRequest, state: Data<State>, path: Path<String>) -> Answer {
    let id = own(&request, &path)?;
    remove(&request, &state, id).await
}

/// Replaces or creates the context graph that a parameter names.
#[utoipa::path(put, path = "/graphs", tag = "sparql",
    params(("graph" = Option<String>, Query, description = "address of a context graph of this service"),
           ("default" = Option<String>, Query, description = "refused: the default graph is the union of all")),
    request_body(content = String, content_type = "text/turtle", description = "statements in Turtle, N-Triples, RDF/XML or JSON-LD"),
    responses((status = 201, description = "created"), (status = 204, description = "replaced"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 403, description = "the graph follows records", body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 413, body = ProblemBody, content_type = "application/problem+json"),
              (status = 415, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn put_named(request: HttpRequest, state: Data<State>, payload: Payload) -> Answer {
    let id = only_named(&request, &state)?;
    keep(&request, &state, payload, id, ContextWrite::Replace).await
}

/// Adds statements to the context graph that a parameter names; without one, makes a new one, named by the document.
#[utoipa::path(post, path = "/graphs", tag = "sparql",
    params(("graph" = Option<String>, Query, description = "address of a context graph of this service; without it, a new one"),
           ("default" = Option<String>, Query, description = "refused: the default graph is the union of all")),
    request_body(content = String, content_type = "text/turtle", description = "statements in Turtle, N-Triples, RDF/XML or JSON-LD"),
    responses((status = 200, body = ReceiptBody, description = "added"), (status = 201, body = ReceiptBody, description = "created; Location names it"),
              (status = 204, description = "there is nothing to add"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 403, description = "the graph follows records", body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json"),
              (status = 413, body = ProblemBody, content_type = "application/problem+json"),
              (status = 415, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post_named(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    if !Parameters::of(&request)?.is_empty() {
        let id = only_named(&request, &state)?;
        return keep(&request, &state, payload, id, ContextWrite::Merge).await;
    }
    let (agent, form, bytes) = receive(&request, &state, &mut payload).await?;
    let digest: String = codec::sha256(&bytes).to_string().chars().take(32).collect();
    let id = RecordId::parse(&format!("g{digest}")).map_err(Error::internal("naming a graph"))?;
    write(&request, &state, agent, (id, form, bytes), ContextWrite::Merge).await
}

/// Deletes the context graph that a parameter names.
#[utoipa::path(delete, path = "/graphs", tag = "sparql",
    params(("graph" = Option<String>, Query, description = "address of a context graph of this service"),
           ("default" = Option<String>, Query, description = "refused: the default graph is the union of all")),
    responses((status = 200, body = ReceiptBody),
              (status = 403, description = "the graph follows records", body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 412, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn delete_named(request: HttpRequest, state: Data<State>) -> Answer {
    let id = only_named(&request, &state)?;
    remove(&request, &state, id).await
}

fn own(request: &HttpRequest, id: &str) -> Result<RecordId, Problem> {
    Parameters::of(request)?.finish(&[])?;
    Ok(records::identifier("id", id)?)
}

fn only_named(request: &HttpRequest, state: &State) -> Result<RecordId, Problem> {
    let mut parameters = Parameters::of(request)?;
    let target = named(&mut parameters, &state.base(request))?;
    parameters.finish(&["graph", "default"])?;
    let refused = |detail: &str| {
        Problem::http(StatusCode::FORBIDDEN, "read-only-graph", "This graph is not written", detail.to_owned())
    };
    match target {
        Named::Context(id) => Ok(id),
        Named::Default => Err(refused("the default graph is the union of all others; write /graphs/context/{id}")),
        Named::Other(_) => Err(refused("graphs follow records; only /graphs/context/{id} of this service is written")),
    }
}

/// A media type and how its documents are written.
type DocumentForm = (&'static str, Syntax);

fn document_form(request: &HttpRequest) -> Result<DocumentForm, Problem> {
    let given = super::ask::media_type(request)?;
    let known = DOCUMENTS.iter().find(|(name, _)| *name == given);
    let Some(form) = known else {
        let names: Vec<&str> = DOCUMENTS.iter().map(|(name, _)| *name).collect();
        let detail = format!("{given:?} is no media type of a graph here: send {}", names.join(", "));
        let title = "The body has another media type";
        return Err(Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", title, detail));
    };
    Ok(*form)
}

/// Who writes, and the document.
async fn receive(
    request: &HttpRequest,
    state: &State,
    payload: &mut Payload,
) -> Result<(String, DocumentForm, Vec<u8>), Problem> {
    let agent = auth::writer(request, state)?;
    let form = document_form(request)?;
    Ok((agent, form, body::read(payload, MAX_CONTEXT_BYTES).await?.to_vec()))
}

async fn keep(request: &HttpRequest, state: &State, mut payload: Payload, id: RecordId, how: ContextWrite) -> Answer {
    let (agent, form, bytes) = receive(request, state, &mut payload).await?;
    write(request, state, agent, (id, form, bytes), how).await
}

async fn write(
    request: &HttpRequest,
    state: &State,
    agent: String,
    (id, form, bytes): (RecordId, DocumentForm, Vec<u8>),
    how: ContextWrite,
) -> Answer {
    let caller = conditional::caller(request, agent, &bytes)?;
    let base = state.base(request);
    let (graph, public) = (id.clone(), Base::public(&base));
    let document = crate::http::blocking(move || ContextDocument::read(graph, form, bytes, &public)).await?;
    let receipt = state.catalogue.put_context_graph(&document, how, caller).await?;
    let mut answer = match (receipt.effect, how) {
        (Effect::Created, _) => HttpResponse::Created(),
        (Effect::Replaced, ContextWrite::Merge) => HttpResponse::Ok(),
        _ => HttpResponse::NoContent(),
    };
    describe(&mut answer, &receipt);
    if receipt.effect == Effect::Created || request.match_pattern().as_deref() == Some("/graphs") {
        answer.insert_header((header::LOCATION, format!("{base}/graphs/context/{}", encode(id.as_str()))));
    }
    let has_body =
        receipt.effect == Effect::Created || (receipt.effect, how) == (Effect::Replaced, ContextWrite::Merge);
    Ok(if has_body { answer.json(ReceiptBody::from(&receipt)) } else { answer.finish() })
}

fn describe(answer: &mut actix_web::HttpResponseBuilder, receipt: &Receipt) {
    if let Some(digest) = &receipt.digest {
        answer.insert_header((header::ETAG, conditional::etag(digest)));
    }
    answer.insert_header(("perennial-sequence", receipt.sequence.to_string()));
    if receipt.pending {
        answer.insert_header(("perennial-pending", "index"));
    }
}

async fn remove(request: &HttpRequest, state: &State, id: RecordId) -> Answer {
    let agent = auth::writer(request, state)?;
    let caller = conditional::caller(request, agent, b"")?;
    match state.catalogue.delete(&context_key(&id), caller).await {
        Ok(receipt) => Ok(records::receipt(&state.base(request), &receipt)),
        // That there was one is no matter of this protocol.
        Err(Error::NotFound { .. } | Error::Gone { .. }) => Err(no_graph(&id).into()),
        Err(error) => Err(error.into()),
    }
}

fn no_graph(id: &RecordId) -> Error {
    Error::NoSuch { what: format!("graph /graphs/context/{}", encode(id.as_str())) }
}

/// A context graph as it is in the archive at this moment, whatever the index has seen.
pub(super) fn give(request: &HttpRequest, state: &State, id: &RecordId, writing: Writing) -> Answer {
    let stored = state.catalogue.context_graph(id)?.ok_or_else(|| no_graph(id))?;
    // The same for all forms: a write names with it the revision that it replaces.
    let etag = conditional::etag(&stored.digest);
    if conditional::none_match(request.headers(), &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let text = statements(&String::from_utf8_lossy(&stored.record));
    let written = rdf::context::give(writing, &text, &Base::public(&state.base(request))).map_err(|error| {
        let detail = format!("{} cannot hold this graph: {error}", writing.media_type());
        Problem::http(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "No format fits", detail)
    })?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::ETAG, etag)).insert_header((header::VARY, "Accept"));
    answer.insert_header(("perennial-sequence", stored.sequence.to_string()));
    Ok(answer.content_type(writing.content_type()).body(written))
}
