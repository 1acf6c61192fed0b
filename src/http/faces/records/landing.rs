//! The landing page of `/records`, its conformance declaration and its interface description.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::format::{Format, add, own_links};
use crate::http::faces::conformance::{self, Face};
use crate::http::openapi30;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, ProblemBody};
use crate::http::state::State;
use crate::model::Draft;

const JSON: &str = "application/json";

/// Media type of an OpenAPI 3.0 document.
pub const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// `GET /records`.
#[utoipa::path(get, path = "/records", tag = "records-api", operation_id = "records_landing",
    params(("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn landing(request: HttpRequest, state: Data<State>) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let base = state.base(&request);
    let root = format!("{base}/records");
    let mut links = Draft::array();
    own_links(&root, "", JSON, format, &mut links);
    add(&mut links, "service-desc", &format!("{root}/api"), OPENAPI, Some("Interface description"));
    add(&mut links, "service-doc", &format!("{base}/docs/"), "text/html", Some("Interface documentation"));
    add(&mut links, "conformance", &format!("{root}/conformance"), JSON, Some("What is implemented"));
    add(&mut links, "data", &format!("{root}/collections"), JSON, Some("Catalogues"));
    let catalogues = "http://www.opengis.net/def/rel/ogc/1.0/ogc-catalog";
    add(
        &mut links,
        catalogues,
        &format!("{root}/collections/{}", super::CATALOGUE),
        JSON,
        Some("All collections as records"),
    );
    add(
        &mut links,
        "search",
        &format!("{root}/collections/{}/items", super::CATALOGUE),
        "application/geo+json",
        Some("Search among all collections"),
    );
    let mut page = Draft::object();
    page.string("title", "Perennial");
    page.string("description", "Long-term data preservation catalogue of space missions");
    page.raw("conformsTo", &conformance::json(Face::Records));
    page.raw("links", &links.finish());
    Ok(format.answer(page.finish(), JSON, "Perennial: OGC API Records"))
}

/// `GET /records/conformance`.
#[utoipa::path(get, path = "/records/conformance", tag = "records-api", operation_id = "records_conformance",
    params(("f" = Option<String>, Query, description = "json or html")),
    responses((status = 200, body = Object),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn conformance(request: HttpRequest) -> Answer {
    let mut parameters = Parameters::of(&request)?;
    let format = Format::take(&request, &mut parameters)?;
    parameters.finish(&["f"])?;
    let text = format!("{{\"conformsTo\":{}}}", conformance::json(Face::Records));
    Ok(format.answer(text, JSON, "What is implemented"))
}

/// `GET /records/api`: OpenAPI 3.0, as this standard's class has it; `/openapi.json` is the 3.1 of all faces.
#[utoipa::path(get, path = "/records/api", tag = "records-api", operation_id = "records_api",
    responses((status = 200, body = Object, content_type = "application/vnd.oai.openapi+json;version=3.0"),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn api(request: HttpRequest) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    Ok(HttpResponse::Ok().content_type(OPENAPI).body(openapi30::json("/records")))
}
