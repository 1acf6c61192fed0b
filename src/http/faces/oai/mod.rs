//! OAI-PMH 2.0 at `/oai`: the records of this archive for those who harvest, each exactly once however the catalogue changes
//! meanwhile. Records that were harvested from elsewhere are not given on.

mod envelope;
mod fault;
mod formats;
mod identifier;
mod lists;
mod request;
mod verbs;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::catalogue::Catalogue;
use crate::catalogue::changes::Horizon;
use crate::http::parameters::{MAX_QUERY_BYTES, Parameters};
use crate::http::problem::{Answer, Problem, ProblemBody};
use crate::http::state::State;
use crate::http::{body, read};
use envelope::Context;
use fault::{Code, Fault};
pub use identifier::namespace;
use request::{Arguments, Asked, Verb};

/// Routes under `/oai`.
pub fn routes(config: &mut ServiceConfig) {
    config.route("", read().to(get)).route("", web::post().to(post)).route("/perennial.xsd", read().to(schema));
}

/// A request of OAI-PMH 2.0. Faults of the request are answered with 200 and an `error` element, as the protocol has it.
#[utoipa::path(get, path = "/oai", tag = "harvesting",
    params(("verb" = String, Query, description = "Identify, ListMetadataFormats, ListSets, GetRecord, ListIdentifiers or ListRecords"),
           ("identifier" = Option<String>, Query, description = "oai:{host}:{kind}/{id} or oai:{host}:product/{collection}/{id}"),
           ("metadataPrefix" = Option<String>, Query, description = "oai_dc, oai_datacite, iso19139, dcat or perennial"),
           ("from" = Option<String>, Query, description = "YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ, inclusive"),
           ("until" = Option<String>, Query, description = "the same, inclusive"),
           ("set" = Option<String>, Query, description = "collection:{id} or mission:{label}; ListSets lists them"),
           ("resumptionToken" = Option<String>, Query, description = "of the page before; stands alone beside verb")),
    responses((status = 200, description = "an OAI-PMH document", content_type = "text/xml", body = String),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn get(request: HttpRequest, state: Data<State>) -> Answer {
    answer(&request, &state, Parameters::of(&request)).await
}

/// The same by POST, with the arguments in the body (§ 3.1.1.2).
#[utoipa::path(post, path = "/oai", tag = "harvesting",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "the arguments of GET"),
    responses((status = 200, description = "an OAI-PMH document", content_type = "text/xml", body = String),
              (status = 415, body = ProblemBody, content_type = "application/problem+json"),
              (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post(request: HttpRequest, state: Data<State>, mut payload: Payload) -> Answer {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let detail = "arguments come as application/x-www-form-urlencoded";
        let status = actix_web::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::http(status, "unsupported-media-type", "The body is of another type", detail));
    }
    let text = body::read(&mut payload, MAX_QUERY_BYTES).await?;
    let in_body = std::str::from_utf8(&text).map_err(|_| Problem::bad_request("the body is not UTF-8"));
    let arguments = in_body.and_then(Parameters::parse).and_then(|given| Ok(given.and(Parameters::of(&request)?)));
    answer(&request, &state, arguments).await
}

/// The schema of the format `perennial`.
#[utoipa::path(get, path = "/oai/perennial.xsd", tag = "harvesting",
    responses((status = 200, description = "an XML schema", content_type = "text/xml", body = String)))]
pub async fn schema(request: HttpRequest) -> Answer {
    Parameters::of(&request)?.finish(&[])?;
    Ok(HttpResponse::Ok().content_type("text/xml; charset=utf-8").body(formats::NATIVE_SCHEMA))
}

async fn answer(request: &HttpRequest, state: &State, given: Result<Parameters, Problem>) -> Answer {
    let context = Context::new(state.base(request));
    let catalogue = Arc::clone(&state.catalogue);
    let text = crate::http::blocking(move || Ok(document(&catalogue, &context, given))).await??;
    Ok(HttpResponse::Ok()
        .content_type("text/xml; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text))
}

/// The document that answers a request.
fn document(catalogue: &Catalogue, context: &Context, given: Result<Parameters, Problem>) -> Result<String, Problem> {
    let horizon = catalogue.horizon()?;
    let (arguments, content) = match given {
        Ok(given) => {
            let arguments = Arguments::new(given.rest());
            let content = request::read(&arguments).and_then(|verb| content(catalogue, context, &verb, horizon));
            (arguments, content)
        }
        Err(problem) => (Arguments::new(Vec::new()), Err(Fault::argument(problem.to_string()))),
    };
    match content {
        Ok(content) => Ok(context.answer(horizon.time, &arguments.attributes(), &content)),
        Err(Fault::Service(problem)) => Err(problem),
        Err(Fault::Protocol { code, message }) => {
            // § 3.2: what could not be understood is not repeated.
            let is_understood = !matches!(code, Code::BadVerb | Code::BadArgument);
            let attributes = if is_understood { arguments.attributes() } else { Vec::new() };
            Ok(context.answer(horizon.time, &attributes, &envelope::error(code, &message)))
        }
    }
}

fn content(catalogue: &Catalogue, context: &Context, verb: &Verb, horizon: Horizon) -> Result<String, Fault> {
    match verb {
        Verb::Identify => Ok(verbs::identify(catalogue, context, horizon)?),
        Verb::ListMetadataFormats { identifier } => verbs::formats(catalogue, context, identifier.as_deref()),
        Verb::ListSets { token } => lists::sets(catalogue, token.as_deref()),
        Verb::GetRecord { identifier, format } => verbs::record(catalogue, context, identifier, *format),
        Verb::List { content, asked } => {
            if let Asked::Begin { set: Some(set), .. } = asked
                && !lists::is_known(catalogue, set)?
            {
                return Err(Fault::new(Code::NoRecordsMatch, "there is no such set; ListSets lists them"));
            }
            lists::records(catalogue, context, *content, asked, horizon)
        }
    }
}
