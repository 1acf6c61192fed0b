//! Linked data: addresses of things, vocabularies and their terms, and the forms of a record that are no page: RDF, citations,
//! signposts, lineage. What records say as RDF is made in `rdf::projection`; graphs and queries are another face.

pub mod bibliography;
pub mod form;
pub mod lineage;
pub mod ontologies;
pub mod schema_org;
pub mod signposts;
pub mod terms;
pub mod things;

use actix_web::http::header;
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse};

use crate::catalogue::{Error, Stored};
use crate::http::conditional;
use crate::http::faces::pages::address;
use crate::http::problem::Problem;
use crate::http::read;
use crate::model::Entity;
use crate::rdf::projection::{self, Base};
use crate::rdf::{self, Writing};
use bibliography::Cited;
use form::Form;

/// Routes of vocabularies and things, from the root.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/id/{path:.+}", read().to(things::see))
        .route("/ontologies", read().to(ontologies::list))
        .route("/ontologies/context/v1.jsonld", read().to(ontologies::context))
        .route("/ontologies/{name}", read().to(ontologies::give))
        .route("/terms", read().to(terms::list))
        .route("/terms/{path:.+}", read().to(terms::one));
}

/// A record in a form that is neither a page nor its stored text.
///
/// # Errors
/// `Internal` when the record cannot be read or written.
pub fn give(
    request: &HttpRequest,
    stored: &Stored,
    parent: Option<&[u8]>,
    form: Form,
    base: &str,
) -> Result<HttpResponse, Problem> {
    let things = Base::public(base);
    if let Form::Rdf(writing) = form {
        return document(request, stored, writing, &things);
    }
    let entity = Entity::view(&stored.record).map_err(Error::internal("reading a stored record"))?;
    let parent = parent.and_then(|record| Entity::view(record).ok());
    let record = String::from_utf8_lossy(&stored.record);
    let page = format!("{base}{}", address::page(&stored.key));
    let cited = Cited::of(&entity, parent.as_ref(), &record, &stored.time, &page);
    let text = match form {
        Form::BibTex => cited.bibtex(),
        Form::CslJson => cited.csl(),
        Form::DataCite => cited.datacite(&entity),
        _ => signposts::linkset(base, &stored.key, &entity, projection::thing(&things, &stored.key).as_str()),
    };
    Ok(HttpResponse::Ok().content_type(form.content_type()).body(text))
}

/// A record as an RDF document: what it says, and how it stands in the archive.
///
/// # Errors
/// `Internal` when it cannot be written.
pub fn document(
    request: &HttpRequest,
    stored: &Stored,
    writing: Writing,
    base: &Base,
) -> Result<HttpResponse, Problem> {
    let etag = conditional::etag_of_form(
        &stored.digest,
        &format!("{}-{}-{}", writing.ending(), stored.sequence, base.as_str()),
    );
    if conditional::none_match(request.headers(), &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let record = String::from_utf8_lossy(&stored.record);
    let mut quads = projection::record(base, &stored.key, &record);
    let digest = stored.digest.to_string();
    let standing = projection::Standing {
        sequence: stored.sequence,
        revision: stored.revision,
        time: &stored.time,
        agent: &stored.agent,
        scope: &stored.scope,
        digest: Some(&digest),
        deleted: false,
    };
    quads.extend(projection::meta(base, &stored.key, &standing));
    let text = rdf::write(writing, &quads, base).map_err(Error::internal("writing a record as RDF"))?;
    Ok(HttpResponse::Ok().insert_header((header::ETAG, etag)).content_type(writing.content_type()).body(text))
}
