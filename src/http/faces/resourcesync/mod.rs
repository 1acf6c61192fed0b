//! ResourceSync (ANSI/NISO Z39.99-2017) and sitemaps: what there is, when it changed, and what was deleted, as lists of
//! addresses. The records themselves are given by other faces.

mod capabilities;
mod changes;
mod document;
mod parts;
mod resources;
mod sitemap;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Data, ServiceConfig};

use super::version::Version;
use crate::catalogue::{Catalogue, Error};
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::http::{blocking, read};

const XML: &str = "application/xml; charset=utf-8";

/// Routes from the root.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/.well-known/resourcesync", read().to(source))
        .route("/resourcesync/capabilitylist.xml", read().to(capability_list))
        .route("/resourcesync/resourcelist.xml", read().to(resource_list))
        .route("/resourcesync/resourcelist/{snapshot}/{part}.xml", read().to(resource_part))
        .route("/resourcesync/changelist.xml", read().to(change_list))
        .route("/resourcesync/changelist/{part}.xml", read().to(change_part))
        .route("/sitemap.xml", read().to(sitemap_index))
        .route("/sitemaps/{part}.xml", read().to(sitemap_part))
        .route("/robots.txt", read().to(robots));
}

/// Writes a document, unless the client has it.
async fn give(
    request: &HttpRequest,
    state: &State,
    content_type: &str,
    write: impl FnOnce(&Catalogue, &str) -> Result<String, Error> + Send + 'static,
) -> Answer {
    Parameters::of(request)?.finish(&[])?;
    let base = state.base(request);
    let catalogue = Arc::clone(&state.catalogue);
    let asked = format!("{base}{}", request.path());
    let headers = request.headers().clone();
    let work = move || -> Result<_, Error> {
        let version = Version::of(&catalogue, &asked)?;
        let is_known = version.unchanged(&headers).is_some();
        let text = if is_known { None } else { Some(write(&catalogue, &base)?) };
        Ok((version, text))
    };
    let (version, text) = blocking(work).await?;
    match text {
        None => Ok(version.unchanged(request.headers()).unwrap_or_else(|| version.answer(content_type).finish())),
        Some(text) => Ok(version.answer(content_type).body(text)),
    }
}

/// Number of a part, from 1.
fn number(text: &str) -> Result<u64, Error> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Error::NoSuch { what: format!("part {text:.20?} of this list; parts are numbered from 1") })
}

/// The source description of ResourceSync: where its capabilities are.
#[utoipa::path(get, path = "/.well-known/resourcesync", tag = "harvesting",
    responses((status = 200, description = "a source description", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn source(request: HttpRequest, state: Data<State>) -> Answer {
    give(&request, &state, XML, |_, base| Ok(capabilities::source(base))).await
}

/// What this source offers: a resource list and a change list.
#[utoipa::path(get, path = "/resourcesync/capabilitylist.xml", tag = "harvesting",
    responses((status = 200, description = "a capability list", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn capability_list(request: HttpRequest, state: Data<State>) -> Answer {
    give(&request, &state, XML, |_, base| Ok(capabilities::list(base))).await
}

/// An index of the parts of the resource list, all of one snapshot.
#[utoipa::path(get, path = "/resourcesync/resourcelist.xml", tag = "harvesting",
    responses((status = 200, description = "a resource list index", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn resource_list(request: HttpRequest, state: Data<State>) -> Answer {
    give(&request, &state, XML, resources::index).await
}

/// A part of the resource list: each record with its digest, length and time.
#[utoipa::path(get, path = "/resourcesync/resourcelist/{snapshot}/{part}.xml", tag = "harvesting",
    params(("snapshot" = u64, Path, description = "last sequence of the snapshot"), ("part" = u64, Path, description = "number of the part, from 1")),
    responses((status = 200, description = "a resource list", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn resource_part(
    request: HttpRequest,
    state: Data<State>,
    path: actix_web::web::Path<(String, String)>,
) -> Answer {
    let (snapshot, part) = path.into_inner();
    let (snapshot, part) = (number(&snapshot)?, number(&part)?);
    give(&request, &state, XML, move |catalogue, base| resources::part(catalogue, base, snapshot, part)).await
}

/// An index of the parts of the change list.
#[utoipa::path(get, path = "/resourcesync/changelist.xml", tag = "harvesting",
    responses((status = 200, description = "a change list index", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn change_list(request: HttpRequest, state: Data<State>) -> Answer {
    give(&request, &state, XML, changes::index).await
}

/// A part of the change list: each event of the log, deletions included, in its order.
#[utoipa::path(get, path = "/resourcesync/changelist/{part}.xml", tag = "harvesting",
    params(("part" = u64, Path, description = "number of the part, from 1")),
    responses((status = 200, description = "a change list", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change_part(request: HttpRequest, state: Data<State>, path: actix_web::web::Path<String>) -> Answer {
    let part = number(&path.into_inner())?;
    give(&request, &state, XML, move |catalogue, base| changes::part(catalogue, base, part)).await
}

/// An index of sitemaps.
#[utoipa::path(get, path = "/sitemap.xml", tag = "harvesting",
    responses((status = 200, description = "a sitemap index", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn sitemap_index(request: HttpRequest, state: Data<State>) -> Answer {
    give(&request, &state, XML, sitemap::index).await
}

/// A sitemap: the pages of records, each with the time of its last change.
#[utoipa::path(get, path = "/sitemaps/{part}.xml", tag = "harvesting",
    params(("part" = u64, Path, description = "number of the part, from 1")),
    responses((status = 200, description = "a sitemap", content_type = "application/xml", body = String),
              (status = 304, description = "nothing was registered since"),
              (status = 404, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn sitemap_part(request: HttpRequest, state: Data<State>, path: actix_web::web::Path<String>) -> Answer {
    let part = number(&path.into_inner())?;
    give(&request, &state, XML, move |catalogue, base| sitemap::part(catalogue, base, part)).await
}

/// What robots may read: all pages of records, but not every search that could be asked (RFC 9309).
#[utoipa::path(get, path = "/robots.txt", tag = "harvesting",
    responses((status = 200, description = "rules for robots and the address of the sitemap", content_type = "text/plain", body = String),
              (status = 304, description = "nothing was registered since")))]
pub async fn robots(request: HttpRequest, state: Data<State>) -> Answer {
    let write = |_: &Catalogue, base: &str| {
        Ok(format!(
            "User-agent: *\nDisallow: /search\nDisallow: /api/v1/search\nDisallow: /sparql\n\nSitemap: {base}/sitemap.xml\n"
        ))
    };
    give(&request, &state, "text/plain; charset=utf-8", write).await
}
