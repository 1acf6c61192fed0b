//! The resources of TES: reads a request, asks the queue, answers. A parameter that is not known is refused.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, Payload, ServiceConfig, scope};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::server::State as Service;
use crate::catalogue::Error;
use crate::http::parameters::Parameters;
use crate::http::problem::{Answer, Problem};
use crate::http::{body, read};
use crate::recreation::tes::{BACKEND_PARAMETERS, Filter, State, SubmitError, Task, VERSION, View};

/// Longest task, bytes.
const MAX_TASK_BYTES: usize = 8 << 20;
/// Tasks of a page, as the standard has it.
const PAGE_SIZE: usize = 256;
const MAX_PAGE_SIZE: usize = 2_048;

const LIST_PARAMETERS: [&str; 7] = ["name_prefix", "state", "tag_key", "tag_value", "page_size", "page_token", "view"];

/// Mounts the service.
pub(super) fn routes(config: &mut ServiceConfig) {
    let tes = scope("/ga4gh/tes/v1")
        .route("/service-info", read().to(service_info))
        .route("/tasks", web::post().to(create))
        .route("/tasks", read().to(list))
        .route("/tasks/{id}:cancel", web::post().to(cancel))
        .route("/tasks/{id}", read().to(get));
    config.service(tes).route("/health", read().to(health)).default_service(web::to(no_route));
}

fn ok(value: &impl serde::Serialize) -> Answer {
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(value))
}

fn no_such_task(id: &str) -> Problem {
    Error::NoSuch { what: format!("task {:?}", id.chars().take(100).collect::<String>()) }.into()
}

fn no_parameters(request: &HttpRequest) -> Result<(), Problem> {
    Ok(Parameters::of(request)?.finish(&[])?)
}

async fn no_route(request: HttpRequest) -> Answer {
    let detail =
        format!("{} {} is no resource of this service; docs/tes.md lists them", request.method(), request.path());
    Err(Problem::http(StatusCode::NOT_FOUND, "no-such-resource", "There is no such resource", detail))
}

async fn health() -> Answer {
    ok(&json!({"status": "ok"}))
}

async fn service_info(request: HttpRequest, service: Data<Service>) -> Answer {
    service.admit(&request)?;
    no_parameters(&request)?;
    ok(&json!({
        "id": "perennial.tes",
        "name": "Perennial TES",
        "type": {"group": "org.ga4gh", "artifact": "tes", "version": VERSION},
        "description": "Runs tasks in the sandbox of Perennial. Images: native (programs of this machine), wasi:sha256-HEX (a WebAssembly module among the inputs).",
        "organization": {"name": "Perennial", "url": "urn:perennial"},
        "version": env!("CARGO_PKG_VERSION"),
        "storage": [format!("file://{}", service.queue.files().display())],
        "tesResources_backend_parameters": BACKEND_PARAMETERS,
    }))
}

async fn create(request: HttpRequest, mut payload: Payload, service: Data<Service>) -> Answer {
    service.admit(&request)?;
    no_parameters(&request)?;
    let body = body::read(&mut payload, MAX_TASK_BYTES).await?;
    let task: Task =
        serde_json::from_slice(&body).map_err(|error| Problem::bad_request(format!("this is no task: {error}")))?;
    let id = service.queue.submit(task, body.len()).map_err(refused)?;
    ok(&json!({ "id": id }))
}

fn refused(error: SubmitError) -> Problem {
    match error {
        SubmitError::Refused(refused) => Problem::bad_request(refused.to_string()),
        SubmitError::Full | SubmitError::Closing => Error::Unavailable { reason: error.to_string() }.into(),
        SubmitError::Chance(source) => Error::internal("making an id")(source).into(),
    }
}

fn view(parameters: &mut Parameters) -> Result<View, Error> {
    let Some(text) = parameters.one("view")? else { return Ok(View::default()) };
    View::parse(&text).ok_or_else(|| Error::parameter("view", "is MINIMAL, BASIC or FULL"))
}

async fn get(request: HttpRequest, id: Path<String>, service: Data<Service>) -> Answer {
    service.admit(&request)?;
    let mut parameters = Parameters::of(&request)?;
    let view = view(&mut parameters)?;
    parameters.finish(&["view"])?;
    ok(&service.queue.get(&id, view).ok_or_else(|| no_such_task(&id))?)
}

async fn cancel(request: HttpRequest, id: Path<String>, service: Data<Service>) -> Answer {
    service.admit(&request)?;
    no_parameters(&request)?;
    if service.queue.cancel(&id) { ok(&json!({})) } else { Err(no_such_task(&id)) }
}

async fn list(request: HttpRequest, service: Data<Service>) -> Answer {
    service.admit(&request)?;
    let page = service.queue.list(&filter(Parameters::of(&request)?)?);
    let mut answer = json!({ "tasks": page.tasks });
    if let (Some(next), Some(members)) = (page.next, answer.as_object_mut()) {
        members.insert("next_page_token".to_owned(), next.to_string().into());
    }
    ok(&answer)
}

fn filter(mut parameters: Parameters) -> Result<Filter, Problem> {
    let view = view(&mut parameters)?;
    let state = match parameters.one("state")? {
        Some(text) => Some(State::parse(&text).ok_or_else(|| Error::parameter("state", "is no state of TES 1.1"))?),
        None => None,
    };
    let page_size = match parameters.one("page_size")? {
        Some(text) => text.parse().ok().filter(|size| (1..=MAX_PAGE_SIZE).contains(size)),
        None => Some(PAGE_SIZE),
    };
    let page_size =
        page_size.ok_or_else(|| Error::parameter("page_size", format!("is not from 1 to {MAX_PAGE_SIZE}")))?;
    let before = parameters.one("page_token")?.filter(|token| !token.is_empty());
    let before = before.map(|token| token.parse().map_err(|_| Error::BadToken)).transpose()?;
    let (keys, values) = (parameters.all("tag_key"), parameters.all("tag_value"));
    if values.len() > keys.len() {
        return Err(Error::parameter("tag_value", "has no tag_key").into());
    }
    let values = values.into_iter().chain(std::iter::repeat(String::new()));
    let tags = keys.into_iter().zip(values).collect();
    let name_prefix = parameters.one("name_prefix")?;
    parameters.finish(&LIST_PARAMETERS)?;
    Ok(Filter { name_prefix, state, tags, page_size, before, view })
}
