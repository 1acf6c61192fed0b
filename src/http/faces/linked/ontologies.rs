//! The vocabularies that the binary brings, as documents, with the context of JSON-LD, the shapes and the table of other
//! vocabularies' terms.

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use maud::html;

use super::form::Form;
use crate::catalogue::Error;
use crate::http::faces::pages::{Frame, negotiate, words};
use crate::http::parameters::Parameters;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::State;
use crate::rdf::projection::{self, Base};
use crate::rdf::{self, Writing, ontologies};

/// For what never changes under its address.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /ontologies`
#[utoipa::path(get, path = "/ontologies", tag = "linked-data",
    responses((status = 200, description = "the vocabularies that this archive brings", body = String, content_type = "text/html")))]
pub async fn list(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Parameters::of(&request)?.finish(&[])?;
    let content = html! {
        h1 { "Vocabularies" }
        p { "What the records of this archive are described with. " a href="/terms" { "All terms" } " are explained, those of other vocabularies too." }
        ul.plain {
            @for ontology in ontologies::ALL {
                li {
                    a href={ "/ontologies/" (ontology.name) ".ttl" } { (words::label(ontology.name)) } " "
                    span.note { (ontology.about()) }
                }
            }
            li { a href="/ontologies/context/v1.jsonld" { "Context of JSON-LD" } }
            li { a href="/ontologies/shapes.ttl" { "Shapes" } " " span.note { "what every description keeps to, in SHACL" } }
            li { a href="/ontologies/terms.tsv" { "Terms of other vocabularies" } }
        }
    };
    Ok(Frame::new("Vocabularies").answer(actix_web::http::StatusCode::OK, &content))
}

/// `GET /ontologies/context/v1.jsonld`
#[utoipa::path(get, path = "/ontologies/context/v1.jsonld", tag = "linked-data",
    responses((status = 200, description = "the context of JSON-LD, which never changes", body = Object, content_type = "application/ld+json")))]
pub async fn context(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Parameters::of(&request)?.finish(&[])?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, FOR_EVER)).insert_header(("access-control-allow-origin", "*"));
    Ok(response.content_type(Writing::JsonLd.media_type()).body(rdf::CONTEXT))
}

/// `GET /ontologies/{name}`: with an ending that says the form, or as `Accept` asks.
#[utoipa::path(get, path = "/ontologies/{name}", tag = "linked-data",
    params(("name" = String, Path, description = "name of a vocabulary, with .ttl, .jsonld, .rdf or .nt, or without for what Accept asks; shapes.ttl; terms.tsv")),
    responses((status = 200, description = "the vocabulary", content((String = "text/turtle"), (Object = "application/ld+json"), (String = "application/rdf+xml"), (String = "application/n-triples"), (String = "text/tab-separated-values"))),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn give(
    request: HttpRequest,
    state: actix_web::web::Data<State>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    Parameters::of(&request)?.finish(&[])?;
    match name.as_str() {
        "shapes.ttl" => {
            return Ok(HttpResponse::Ok().content_type(Writing::Turtle.content_type()).body(ontologies::SHAPES));
        }
        "terms.tsv" => {
            return Ok(HttpResponse::Ok()
                .content_type("text/tab-separated-values; charset=utf-8")
                .body(ontologies::TERMS));
        }
        _ => {}
    }
    let (stem, ending) = name.split_once('.').unwrap_or((&name, ""));
    let found = ontologies::ALL.iter().find(|ontology| ontology.name == stem);
    let known =
        || Error::NoSuch { what: format!("vocabulary {:?}; /ontologies lists them", words::shortened(&name, 100)) };
    let ontology = found.ok_or_else(known)?;
    let writing = match ending {
        "" => negotiate::preferred_of(&request, &Form::ALL).and_then(|form| match form {
            Form::Rdf(writing) => Some(writing),
            _ => None,
        }),
        ending => Some(Writing::ALL.into_iter().find(|writing| writing.ending() == ending).ok_or_else(known)?),
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::VARY, "accept"));
    match writing {
        // The file itself, with its comments.
        None | Some(Writing::Turtle) => Ok(response.content_type(Writing::Turtle.content_type()).body(ontology.turtle)),
        Some(writing) => {
            let base = Base::public(&state.base(&request));
            let quads = projection::vocabulary().iter().find(|(name, _)| *name == ontology.name);
            let quads = quads.map(|(_, quads)| quads.as_slice()).unwrap_or_default();
            let text = rdf::write(writing, quads, &base).map_err(Error::internal("writing a vocabulary"))?;
            Ok(response.content_type(writing.content_type()).body(text))
        }
    }
}
