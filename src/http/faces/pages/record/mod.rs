//! The page of a record: what it is, its files, where and when, where it comes from, its revisions, how to cite it; of a
//! collection also its products. The same address gives the stored JSON to programs.

mod citation;
mod collection_part;
mod facts;
mod files;
mod lineage;
pub mod load;
mod recreation;
mod relations;
mod side;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};

use super::errors::{Near, Trouble};
use super::layout::{Frame, Section};
use super::negotiate;
use super::{address, answer, words};
use crate::catalogue::{Catalogue, Error, Stored};
use crate::http::faces::linked::form::{self, Form};
use crate::http::faces::linked::{self, schema_org, signposts};
use crate::http::faces::native::records::{self, identifier};
use crate::http::parameters::Parameters;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::state::State;
use crate::model::{Entity, Key, Kind, Query, Scope};
use crate::rdf::projection::{Base, thing};
use load::Loaded;

/// Characters of a title in the heading; the whole title stands among the facts.
const HEADING: usize = 300;

/// The page of a product, or another form of it.
#[utoipa::path(get, path = "/products/{collection}/{id}", tag = "linked-data",
    params(("collection" = String, Path), ("id" = String, Path),
           ("format" = Option<String>, Query, description = "html, json, jsonld, ttl, rdf, nt, bibtex, csl, datacite or linkset, instead of Accept"),
           ("revision" = Option<u64>, Query, description = "an earlier revision")),
    responses((status = 200, description = "the product, in the form that is asked for", content((String = "text/html"), (Object = "application/json"), (Object = "application/ld+json"), (String = "text/turtle"), (String = "application/rdf+xml"), (String = "application/n-triples"), (String = "application/x-bibtex"), (Object = "application/vnd.citationstyles.csl+json"), (Object = "application/vnd.datacite.datacite+json"), (Object = "application/linkset+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn product(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> HttpResponse {
    let (collection, id) = path.into_inner();
    let key = identifier("collection", &collection)
        .and_then(|collection| Ok(Key::product(collection, identifier("id", &id)?)));
    let made = page(&request, &state, key).await;
    answer(&request, made)
}

/// The page of a collection, or another form of it.
#[utoipa::path(get, path = "/collections/{collection}", tag = "linked-data",
    params(("collection" = String, Path),
           ("format" = Option<String>, Query, description = "html, json, jsonld, ttl, rdf, nt, bibtex, csl, datacite or linkset, instead of Accept"),
           ("revision" = Option<u64>, Query, description = "an earlier revision")),
    responses((status = 200, description = "the collection, in the form that is asked for", content((String = "text/html"), (Object = "application/json"), (Object = "application/ld+json"), (String = "text/turtle"), (String = "application/rdf+xml"), (String = "application/n-triples"), (String = "application/x-bibtex"), (Object = "application/vnd.citationstyles.csl+json"), (Object = "application/vnd.datacite.datacite+json"), (Object = "application/linkset+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn collection(request: HttpRequest, state: Data<State>, path: Path<String>) -> HttpResponse {
    let made = page(&request, &state, identifier("collection", &path).map(Key::collection)).await;
    answer(&request, made)
}

/// The page of a record of another kind, or another form of it.
#[utoipa::path(get, path = "/entities/{kind}/{id}", tag = "linked-data",
    params(("kind" = String, Path), ("id" = String, Path),
           ("format" = Option<String>, Query, description = "html, json, jsonld, ttl, rdf, nt, bibtex, csl, datacite or linkset, instead of Accept"),
           ("revision" = Option<u64>, Query, description = "an earlier revision")),
    responses((status = 200, description = "the record, in the form that is asked for", content((String = "text/html"), (Object = "application/json"), (Object = "application/ld+json"), (String = "text/turtle"), (String = "application/rdf+xml"), (String = "application/n-triples"), (String = "application/x-bibtex"), (Object = "application/vnd.citationstyles.csl+json"), (Object = "application/vnd.datacite.datacite+json"), (Object = "application/linkset+json"))),
              (status = 400, body = ProblemBody, content_type = "application/problem+json"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json"),
              (status = 406, body = ProblemBody, content_type = "application/problem+json"),
              (status = 410, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn entity(request: HttpRequest, state: Data<State>, path: Path<(String, String)>) -> HttpResponse {
    let (kind, id) = path.into_inner();
    let key = match Kind::from_name(&kind) {
        None | Some(Kind::Product) => {
            Err(Error::NoSuch { what: format!("kind {:?} here", words::shortened(&kind, 60)) })
        }
        Some(kind) => identifier("id", &id).map(|id| Key { kind, collection: None, id }),
    };
    let made = page(&request, &state, key).await;
    answer(&request, made)
}

async fn page(request: &HttpRequest, state: &State, key: Result<Key, Error>) -> Result<HttpResponse, Trouble> {
    let key = key?;
    let mut parameters = Parameters::of(request)?;
    let (revision, wanted) = (parameters.one("revision")?, parameters.one("format")?);
    parameters.finish(&["revision", "format"])?;
    let revision = revision.map(|text| text.parse::<u64>()).transpose();
    let revision = revision.map_err(|_| Error::parameter("revision", "must be a number"))?;
    let unknown = || Error::parameter("format", format!("must be one of {}", form::names()));
    let form = match &wanted {
        Some(name) => Form::from_name(name).ok_or_else(unknown)?,
        None => negotiate::wanted(request).ok_or_else(not_acceptable)?,
    };
    let (catalogue, wanted, base) = (state.catalogue.clone(), key.clone(), state.base(request));
    if form != Form::Html {
        let load = move || Ok((load::stored(&catalogue, &wanted, revision)?, load::parent(&catalogue, &wanted)));
        let (stored, parent) = crate::http::blocking(load).await?;
        return Ok(other_form(request, stored, parent.as_deref(), form, &base)?);
    }
    let loaded = crate::http::blocking(move || load::load(&catalogue, &wanted, revision)).await;
    match loaded {
        Ok(loaded) => Ok(show(&loaded, &base)?),
        Err(problem) => Err(helpful(state, key, problem).await),
    }
}

/// The record in a form for programs, with its signposts.
fn other_form(
    request: &HttpRequest,
    stored: Stored,
    parent: Option<&[u8]>,
    form: Form,
    base: &str,
) -> Result<HttpResponse, Problem> {
    let (key, record) = (stored.key.clone(), stored.record.clone());
    let mut response = match form {
        Form::Json | Form::Html => records::give(request, stored),
        form => linked::give(request, &stored, parent, form, base)?,
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, header::HeaderValue::from_static("accept"));
    let entity = Entity::view(&record).map_err(Error::internal("reading a stored record"))?;
    signposts::add(headers, base, &key, &entity, thing(&Base::public(base), &key).as_str(), form);
    Ok(response)
}

fn not_acceptable() -> Problem {
    let types: Vec<&str> = Form::ALL.iter().map(|form| form.media_type()).collect();
    let detail = format!("this address gives {}", types.join(", "));
    Problem::http(StatusCode::NOT_ACCEPTABLE, "not-acceptable", "None of the forms asked for exists", detail)
}

/// Adds records with a similar identifier to the error of one that does not exist.
async fn helpful(state: &State, key: Key, problem: Problem) -> Trouble {
    let is_missing = matches!(&problem, Problem::Catalogue(Error::NotFound { .. } | Error::UnknownCollection { .. }));
    let mut trouble = Trouble { tried: key.id.to_string(), ..problem.into() };
    if is_missing {
        let catalogue = state.catalogue.clone();
        // The error that is already there counts; a failure here only means less help.
        let near = crate::http::blocking(move || similar(&catalogue, &key)).await;
        trouble.near.extend(near.unwrap_or_default());
    }
    trouble
}

/// Records of this name elsewhere, then those whose text has most of the identifier's beginning.
fn similar(catalogue: &Catalogue, key: &Key) -> Result<Vec<Near>, Error> {
    let mut near: Vec<Near> = Vec::new();
    for found in catalogue.resolve(key.id.as_str())?.into_iter().take(5) {
        let note = format!("{}, of exactly this name", words::kind(found.key.kind).0);
        near.push(Near { href: address::page(&found.key), text: found.key.id.to_string(), note });
    }
    let mut stem: String = key.id.as_str().to_owned();
    while near.is_empty() && stem.chars().count() > 3 {
        stem = stem.chars().take(stem.chars().count() * 4 / 5).collect();
        let word = stem.trim_matches(|c: char| !c.is_alphanumeric());
        let query =
            Query { text: Some(format!("{word}*").into()), kinds: vec![key.kind], limit: 5, ..Query::default() };
        // What cannot be asked as text is tried shorter.
        let Ok(results) = catalogue.search(query, None) else { continue };
        for entity in results.found.iter().filter_map(|found| Entity::view(&found.record).ok()) {
            if let Some(found) = super::search::key_of(&entity) {
                let note = words::shortened(entity.title.as_deref().unwrap_or(""), 80);
                near.push(Near { href: address::page(&found), text: found.id.to_string(), note });
            }
        }
    }
    Ok(near)
}

fn show(loaded: &Loaded, base: &str) -> Result<HttpResponse, Error> {
    let entity = Entity::view(&loaded.stored.record).map_err(Error::internal("reading a stored record"))?;
    let key = &loaded.stored.key;
    let title = entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(key.id.as_str());
    let section = if key.kind == Kind::Collection { Section::Collections } else { Section::Other };
    let mut alternates = vec![("application/json", address::native(key))];
    alternates.extend(address::stac(key).map(|href| ("application/geo+json", href)));
    let of_form = |form: Form| (form.media_type(), signposts::of_form(&address::page(key), form));
    alternates.extend(Form::ALL.into_iter().filter(|form| matches!(form, Form::Rdf(_))).map(of_form));
    let record = String::from_utf8_lossy(&loaded.stored.record);
    let thing = thing(&Base::public(base), key);
    let page = format!("{base}{}", address::page(key));
    let file = |name: &str| format!("{base}{}", address::file(key, name));
    let structured = schema_org::dataset(&entity, &record, thing.as_str(), &page, &file);
    let frame = Frame { section, alternates, structured, ..Frame::new(title) };
    let mut response = frame.answer(StatusCode::OK, &content(loaded, &entity, title));
    signposts::add(response.headers_mut(), base, key, &entity, thing.as_str(), Form::Html);
    Ok(response)
}

fn content(loaded: &Loaded, entity: &Entity<'_>, title: &str) -> Markup {
    let key = &loaded.stored.key;
    html! {
        (trail(loaded, key))
        (copied(loaded))
        (old_revision(loaded))
        header.record {
            p.kicker {
                (words::label(words::kind(key.kind).0))
                @if let Some(version) = &entity.version { " · version " bdi { (words::shortened(version, 60)) } }
            }
            h1 dir="auto" { (words::shortened(title, HEADING)) }
            p.id { bdi { (key.id) } }
        }
        div.record-body {
            div.main-part {
                @if let Some(text) = entity.description.as_deref().filter(|text| !text.trim().is_empty()) {
                    section.description aria-label="Description" { (paragraphs(text)) }
                }
                @if let Some(part) = &loaded.collection { (collection_part::products(key, part)) }
                (files::files(key, entity))
                (facts::facts(loaded, entity))
                (relations::provenance(loaded, entity))
                (recreation::recreation(loaded, entity))
                @if let Some(lineage) = &loaded.lineage { (lineage::lineage(lineage, &format!("{}/lineage", address::native(key)))) }
                @if let Some(part) = &loaded.collection { (collection_part::members(part)) }
                (relations::links(loaded, entity))
                (facts::properties(entity))
            }
            aside.side-part aria-label="About this record" { (side::side(loaded, entity, title)) }
        }
    }
}

fn trail(loaded: &Loaded, key: &Key) -> Markup {
    html! {
        nav.trail aria-label="Place in the archive" {
            a href="/" { "Archive" }
            @match &key.collection {
                Some(collection) => {
                    " / " a href=(address::collection(collection.as_str())) dir="auto" {
                        (words::shortened(loaded.collection_title.as_deref().unwrap_or(collection.as_str()), 90))
                    }
                }
                None if key.kind == Kind::Collection => { " / " a href="/collections" { "Collections" } }
                None => { " / " a href={ "/entities/" (key.kind) } { (words::label(words::kind(key.kind).1)) } }
            }
        }
    }
}

fn old_revision(loaded: &Loaded) -> Markup {
    let newest = loaded.revisions.last().map_or(loaded.stored.revision, |revision| revision.revision);
    html! {
        @if loaded.stored.revision != newest {
            p.banner role="note" {
                "This is revision " (loaded.stored.revision) " of " (words::moment(&loaded.stored.time)) " UTC. "
                a href=(address::page(&loaded.stored.key)) { "See the newest, revision " (newest) } "."
            }
        }
    }
}

/// Says of a copy whose it is, and where the original is.
fn copied(loaded: &Loaded) -> Markup {
    let Scope::Harvested(source) = loaded.stored.key.scope() else { return html! {} };
    let record: serde_json::Value = serde_json::from_slice(&loaded.stored.record).unwrap_or_default();
    let original = record.pointer("/harvested/href").and_then(serde_json::Value::as_str).and_then(address::elsewhere);
    html! {
        p.banner role="note" {
            "This is a copy of a record of "
            a href=(format!("/sources/{}", crate::model::uri::encode(source.as_str()))) { (source.as_str()) }
            ", taken over at " (words::moment(&loaded.stored.time)) " UTC."
            @if let Some(original) = original { " " a href=(original) rel="external canonical" { "The original" } "." }
        }
    }
}

/// Text with its paragraphs; very long ones are folded.
fn paragraphs(text: &str) -> Markup {
    const OPEN: usize = 1_800;
    let all: Vec<&str> = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).collect();
    let shown = |parts: &[&str]| html! { @for part in parts { p dir="auto" { (part) } } };
    if text.len() <= OPEN {
        return shown(&all);
    }
    html! {
        p dir="auto" { (words::shortened(all.first().copied().unwrap_or(""), OPEN)) }
        details { summary { "Whole description" } (shown(&all)) }
    }
}
