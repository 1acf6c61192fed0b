//! The landing page: a STAC Catalog with links to everything, and the conformance declaration.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::{GEOJSON, link};
use crate::http::faces::conformance::{self, Face};
use crate::http::faces::records::landing::OPENAPI;
use crate::http::openapi30;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::uri::encode;

/// Child links on the landing page; `/stac/collections` has all.
const MAX_CHILDREN: usize = 1_000;

/// `GET /stac`.
#[utoipa::path(get, path = "/stac", tag = "stac",
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn landing(request: HttpRequest, state: Data<State>) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    let base = format!("{}/stac", state.base(&request));
    let json = "application/json";
    let mut links = vec![
        link("self", &base, json),
        link("root", &base, json),
        link("conformance", &format!("{base}/conformance"), json),
        link("data", &format!("{base}/collections"), json),
        link("children", &format!("{base}/children"), json),
        with_method(&link("search", &format!("{base}/search"), GEOJSON), "GET"),
        with_method(&link("search", &format!("{base}/search"), GEOJSON), "POST"),
        link("aggregations", &format!("{base}/aggregations"), json),
        with_method(&link("aggregate", &format!("{base}/aggregate"), json), "GET"),
        with_method(&link("aggregate", &format!("{base}/aggregate"), json), "POST"),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/sortables",
            &format!("{base}/sortables"),
            "application/schema+json",
        ),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            &format!("{base}/queryables"),
            "application/schema+json",
        ),
        link("service-desc", &format!("{base}/api"), OPENAPI),
        link("service-doc", &format!("{}/docs/", state.base(&request)), "text/html"),
    ];
    let collections = state.catalogue.collections(None, MAX_CHILDREN)?;
    let children = collections
        .iter()
        .map(|stored| link("child", &format!("{base}/collections/{}", encode(stored.key.id.as_str())), json));
    links.extend(children);
    let text = format!(
        concat!(
            "{{\"type\":\"Catalog\",\"id\":\"perennial\",\"title\":\"Perennial\",\"stac_version\":\"1.1.0\",",
            "\"description\":\"Long-term data preservation catalogue of space missions\",\"conformsTo\":{},\"links\":[{}]}}"
        ),
        conformance::json(Face::Stac),
        links.join(",")
    );
    Ok(HttpResponse::Ok().content_type(json).body(text))
}

fn with_method(link: &str, method: &str) -> String {
    format!("{},\"method\":\"{method}\"}}", link.trim_end_matches('}'))
}

/// `GET /stac/api`: OpenAPI 3.0, as OGC's class has it; `/openapi.json` is the 3.1 of all faces.
#[utoipa::path(get, path = "/stac/api", tag = "stac", operation_id = "stac_api",
    responses((status = 200, body = Object, content_type = "application/vnd.oai.openapi+json;version=3.0")))]
pub async fn api() -> HttpResponse {
    HttpResponse::Ok().content_type(OPENAPI).body(openapi30::json("/stac"))
}

/// `GET /stac/conformance`.
#[utoipa::path(get, path = "/stac/conformance", tag = "stac",
    responses((status = 200, body = Object)))]
pub async fn conformance() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(format!("{{\"conformsTo\":{}}}", conformance::json(Face::Stac)))
}
