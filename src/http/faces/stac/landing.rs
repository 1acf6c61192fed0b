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
    let ogc = "http://www.opengis.net/def/rel/ogc/1.0";
    let schema = "application/schema+json";
    let address = |path: &str| format!("{base}/{path}");
    let mut links = vec![
        titled(link("self", &base, json), "This catalogue"),
        titled(link("root", &base, json), "This catalogue"),
        titled(link("conformance", &address("conformance"), json), "Conformance classes"),
        titled(link("data", &address("collections"), json), "All collections"),
        titled(link("children", &address("children"), json), "All collections as children"),
        titled(with_method(&link("search", &address("search"), GEOJSON), "GET"), "Search of Items"),
        titled(with_method(&link("search", &address("search"), GEOJSON), "POST"), "Search of Items"),
        titled(link("aggregations", &address("aggregations"), json), "What can be counted"),
        titled(with_method(&link("aggregate", &address("aggregate"), json), "GET"), "Counts of Items"),
        titled(with_method(&link("aggregate", &address("aggregate"), json), "POST"), "Counts of Items"),
        titled(link(&format!("{ogc}/sortables"), &address("sortables"), schema), "Properties to sort by"),
        titled(link(&format!("{ogc}/queryables"), &address("queryables"), schema), "Properties to filter by"),
        titled(link("service-desc", &address("api"), OPENAPI), "OpenAPI description"),
        titled(link("service-doc", &format!("{}/docs/", state.base(&request)), "text/html"), "Interface description"),
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

/// The link with a title in plain ASCII, which browsers of catalogues show.
fn titled(link: String, title: &str) -> String {
    format!("{},\"title\":\"{title}\"}}", link.trim_end_matches('}'))
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
