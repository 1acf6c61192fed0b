//! All routes, the same for the service and for tests.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{ServiceConfig, scope};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use utoipa_swagger_ui::SwaggerUi;

use super::faces::{dcat, federation, linked, native, oai, ops, pages, records, resourcesync, sparql, stac};
use super::openapi;
use super::problem::Problem;
use super::read;

/// Mounts every face.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(scope("/api/v1").configure(native::routes))
        .service(scope("/stac").configure(stac::routes))
        .service(scope("/records").configure(records::routes))
        .service(scope("/federation").configure(federation::routes))
        .service(scope("/sparql").configure(sparql::routes))
        .service(scope("/graphs").configure(sparql::graph_routes))
        .service(scope("/oai").configure(oai::routes))
        .route("/.well-known/void", read().to(sparql::description::void))
        .configure(dcat::routes)
        .configure(resourcesync::routes)
        .configure(pages::routes)
        .configure(linked::routes)
        .route("/health", read().to(ops::health))
        .route("/metrics", read().to(ops::metrics))
        .route("/openapi.json", read().to(description))
        .service(SwaggerUi::new("/docs/{_:.*}").config(utoipa_swagger_ui::Config::new(["/openapi.json"])))
        .route("/docs", read().to(docs));
}

/// What no route takes: 404, or 405 for a write on a readable path.
pub async fn no_route(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.method() == Method::OPTIONS {
        return Ok(preflight());
    }
    if let Some(pattern) = request.match_pattern() {
        return Ok(wrong_method(&request, &pattern));
    }
    let detail = format!("{} {} is no resource of this service; /docs lists them", request.method(), request.path());
    let problem = Problem::http(StatusCode::NOT_FOUND, "no-such-resource", "There is no such resource", detail);
    Ok(pages::no_route(&request, problem))
}

/// RFC 9110 § 15.5.6: the answer says which methods there are.
fn wrong_method(request: &HttpRequest, pattern: &str) -> HttpResponse {
    // A route may say which text a part takes; the description names the part alone.
    let path = pattern.replace(":.+}", "}").replace(":.*}", "}");
    let allowed = openapi::methods(&path).unwrap_or_else(|| "GET, HEAD".to_owned());
    let detail = format!("{} cannot be used on {}; {allowed} can", request.method(), request.path());
    let title = "This resource has no such method";
    let problem = Problem::http(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail);
    let mut response = problem.error_response();
    if let Ok(allowed) = HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// Lets pages of other origins ask (CORS): reading is open to everybody. Searches travel by POST too; writes by POST
/// from a foreign origin are refused where they arrive.
fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("access-control-allow-methods", "GET, HEAD, POST, OPTIONS"))
        .insert_header(("access-control-allow-headers", "*, authorization"))
        .insert_header(("access-control-max-age", "86400"))
        .finish()
}

async fn description() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi::json())
}

async fn docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header(("location", "/docs/")).finish()
}
