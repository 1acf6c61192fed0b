//! What each term in an answer means: our own, the concepts of our tables, and those of other vocabularies that we use, with a
//! label of ours and why it is used. Their own words are theirs; the address leads to them.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::form::Form;
use crate::catalogue::Error;
use crate::http::faces::pages::{Frame, address, negotiate, words};
use crate::http::parameters::Parameters;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;
use crate::rdf::glossary::{self, Entry};
use crate::rdf::projection::{Base, decode};
use crate::rdf::{self, Writing};

/// `GET /terms`, and `GET /terms?iri=…` for the term of an address.
#[utoipa::path(get, path = "/terms", tag = "linked-data",
    params(("iri" = Option<String>, Query, description = "address of a term: leads to its explanation")),
    responses((status = 200, description = "all terms", body = String, content_type = "text/html"),
              (status = 303, description = "Location: the term of the address"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut parameters = Parameters::of(&request)?;
    let wanted = parameters.one("iri")?;
    parameters.finish(&["iri"])?;
    if let Some(iri) = wanted {
        let known = || Error::NoSuch { what: format!("term {:?}; /terms lists them", words::shortened(&iri, 300)) };
        let entry = glossary::of_iri(&iri).ok_or_else(known)?;
        let target = format!("/terms/{}", entry.path);
        return Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, target)).finish());
    }
    let content = html! {
        h1 { "Terms" }
        p { "Every term that an answer of this archive uses, and why. " a href="/ontologies" { "Vocabularies" } " as files." }
        table {
            thead { tr { th { "Term" } th { "Meaning" } th { "Used for" } } }
            tbody {
                @for entry in glossary::terms() {
                    tr {
                        td { a href={ "/terms/" (entry.path) } { code { (entry.name) } } }
                        td { (entry.label) }
                        td { (entry.why) }
                    }
                }
            }
        }
    };
    Ok(Frame::new("Terms").answer(StatusCode::OK, &content))
}

/// `GET /terms/{prefix}/{name}`, `GET /terms/{table}/{concept}`
#[utoipa::path(get, path = "/terms/{path}", tag = "linked-data",
    params(("path" = String, Path, description = "{prefix}/{name} or {table}/{concept}; may hold `/`")),
    responses((status = 200, description = "what it means, as Accept asks", content((String = "text/html"), (String = "text/turtle"), (Object = "application/ld+json"), (String = "application/rdf+xml"), (String = "application/n-triples"))),
              (status = 303, description = "a name that only records have: a search for them"), (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn one(request: HttpRequest, state: actix_web::web::Data<State>) -> Result<HttpResponse, Problem> {
    Parameters::of(&request)?.finish(&[])?;
    let path = request.uri().path().trim_start_matches("/terms/").to_owned();
    let base = Base::public(&state.base(&request));
    if let Some(entry) = glossary::of_path(&path) {
        return described(&request, &base, &entry);
    }
    let (role, name) = path.split_once('/').unwrap_or((&path, ""));
    let name = decode(name).unwrap_or_default();
    match (glossary::facet(role), role) {
        (Some(facet), _) if !name.is_empty() => unknown_concept(&request, &base, (role, facet), &name),
        (_, "crs") if !name.is_empty() => Ok(reference_system(&name)),
        _ => Err(Error::NoSuch { what: format!("term {:?}; /terms lists them", words::shortened(&path, 200)) }.into()),
    }
}

fn described(request: &HttpRequest, base: &Base, entry: &Entry) -> Result<HttpResponse, Problem> {
    let writing = match negotiate::preferred_of(request, &Form::ALL) {
        Some(Form::Rdf(writing)) => writing,
        Some(Form::Json) => Writing::JsonLd,
        _ => {
            let alternates = vec![("text/turtle", format!("/terms/{}", entry.path))];
            let frame = Frame { alternates, ..Frame::new(entry.label.clone()) };
            return Ok(frame.answer(StatusCode::OK, &page(entry)));
        }
    };
    written(writing, rdf::write(writing, &glossary::statements(entry), base))
}

fn written(writing: Writing, text: std::io::Result<Vec<u8>>) -> Result<HttpResponse, Problem> {
    let text = text.map_err(Error::internal("writing a term"))?;
    Ok(HttpResponse::Ok().insert_header((header::VARY, "accept")).content_type(writing.content_type()).body(text))
}

fn page(entry: &Entry) -> Markup {
    html! {
        header.record {
            p.kicker { (words::label(&entry.kind)) }
            h1 { (words::label(&entry.label)) }
            p.id { bdi { (entry.iri) } }
        }
        dl.facts {
            @if !entry.definition.is_empty() { div { dt { "Meaning" } dd { (entry.definition) } } }
            @if !entry.why.is_empty() { div { dt { "Used for" } dd { (entry.why) } } }
            @if !entry.others.is_empty() { div { dt { "Also written" } dd { (entry.others.join(", ")) } } }
            @if !entry.example.is_empty() { div { dt { "Example" } dd { code { (entry.example) } } } }
            @if !entry.vocabulary.is_empty() {
                div { dt { "Vocabulary" } dd { a href={ "/ontologies/" (entry.vocabulary) ".ttl" } { (entry.vocabulary) } } }
            } @else if let Some(href) = address::elsewhere(&entry.iri) {
                div { dt { "Defined by" } dd { a href=(href) rel="external nofollow noopener" { (href) } } }
            }
            @if let Some(facet) = glossary::facet(entry.path.split('/').next().unwrap_or_default()) {
                div { dt { "Records" } dd { a href={ "/search?" (facet) "=" (encode(counted_as(facet, entry))) } { "Search for them" } } }
            }
        }
    }
}

/// The value of a facet: levels are counted by their short form, all others by their label.
fn counted_as<'e>(facet: &str, entry: &'e Entry) -> &'e str {
    if facet == "level" && !entry.notation.is_empty() { &entry.notation } else { &entry.label }
}

/// A name that records have and no table: people are led to the records, programs that ask for RDF get the name.
fn unknown_concept(
    request: &HttpRequest,
    base: &Base,
    (role, facet): (&str, &str),
    name: &str,
) -> Result<HttpResponse, Problem> {
    if let Some(Form::Rdf(writing)) = negotiate::preferred_of(request, &Form::ALL) {
        return written(writing, rdf::write(writing, &glossary::unknown_concept(base, role, name), base));
    }
    let target = format!("/search?{facet}={}", encode(name));
    let vary = (header::VARY, "accept");
    Ok(HttpResponse::SeeOther().insert_header(vary).insert_header((header::LOCATION, target)).finish())
}

fn reference_system(name: &str) -> HttpResponse {
    let (body, frame) = name.split_once('/').unwrap_or((name, ""));
    let content = html! {
        h1 { "Coordinates on " (words::shortened(body, 100)) }
        p {
            "Longitude, then latitude, in degrees"
            @if !frame.is_empty() { ", in the frame " bdi { (words::shortened(frame, 100)) } }
            ". Longitudes lie between -180 and 180. Records do not say whether a latitude is planetocentric or planetographic unless the frame does."
        }
    };
    Frame::new("Coordinates").answer(StatusCode::OK, &content)
}
