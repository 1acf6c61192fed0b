//! What went wrong, told so that people can go on: a search box, the nearest names, the tombstone, what to change.
//! Programs get the same as a problem (RFC 9457).

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use maud::{Markup, html};

use super::layout::Frame;
use super::{negotiate, words};
use crate::catalogue::Error;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::trace;

/// Seconds after which a service that starts or is busy may be asked again, as `Retry-After` says.
const RETRY_SECONDS: &str = "2";

/// A place to go on.
pub struct Near {
    pub href: String,
    pub text: String,
    /// What it is.
    pub note: String,
}

/// An error with what helps to go on.
pub struct Trouble {
    pub problem: Problem,
    /// What was looked for: it stands in the search box.
    pub tried: String,
    pub near: Vec<Near>,
}

impl<P: Into<Problem>> From<P> for Trouble {
    fn from(problem: P) -> Self {
        let problem = problem.into();
        let near = match &problem {
            Problem::Catalogue(Error::UnknownCollection { nearest, .. } | Error::NotFound { nearest, .. }) => {
                let near = |id: &String| Near {
                    href: super::address::collection(id),
                    text: id.clone(),
                    note: "collection".to_owned(),
                };
                nearest.iter().map(near).collect()
            }
            _ => Vec::new(),
        };
        let tried = match &problem {
            Problem::Catalogue(Error::UnknownCollection { id, .. }) => id.clone(),
            Problem::Catalogue(Error::NotFound { key, .. } | Error::Gone { key, .. }) => key.id.to_string(),
            _ => String::new(),
        };
        Self { problem, tried, near }
    }
}

/// The trouble as a page or as a problem, as the client takes it.
pub fn respond(request: &HttpRequest, trouble: Trouble) -> HttpResponse {
    let plain = trouble.problem.error_response();
    if !negotiate::is_browser(request) {
        return plain;
    }
    let status = plain.status();
    let body = trouble.problem.body();
    let frame = Frame { search_box: false, ..Frame::new(body.title) };
    let mut response = frame.answer(status, &content(request, status, &body, &trouble));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

fn content(request: &HttpRequest, status: StatusCode, body: &ProblemBody, trouble: &Trouble) -> Markup {
    html! {
        article.error {
            p.kicker { "Error " (status.as_u16()) }
            h1 { (body.title) }
            p.lead dir="auto" { (words::label_start(&words::shortened(&body.detail, 600))) }
            (advice(request, status, &trouble.problem))
            @if !trouble.near.is_empty() {
                h2 { "Perhaps you meant" }
                ul.near {
                    @for near in &trouble.near {
                        li { a href=(near.href) { bdi { (words::shortened(&near.text, 160)) } } " " span.note { (near.note) } }
                    }
                }
            }
            h2 { "Search the archive" }
            form.big action="/search" role="search" {
                label.unseen for="q" { "Words, names or identifiers" }
                input #q type="search" name="q" value=(words::shortened(&trouble.tried, 200));
                button { "Search" }
            }
            p { a href="/" { "Start page" } " · " a href="/collections" { "All collections" } }
            @if let Some(id) = trace::current_id() {
                p.note { "If you report this, name the request " code { (id) } "." }
            }
        }
    }
}

/// What to do, by what happened.
fn advice(request: &HttpRequest, status: StatusCode, problem: &Problem) -> Markup {
    match problem {
        Problem::Catalogue(Error::Gone { key, revision, time, .. }) => html! {
            dl.facts {
                dt { "Deleted" } dd { (words::moment(time)) " UTC" }
                dt { "Tombstone" } dd { "revision " (revision) " of " bdi { (key) } }
            }
            p { "Its identifier stays resolvable, and its earlier revisions are kept: "
                @for earlier in (1..*revision).rev().take(5) {
                    a href=(super::address::revision(key, earlier)) { "revision " (earlier) } " "
                }
            }
        },
        Problem::Catalogue(Error::BadParameter { parameter, .. }) => html! {
            p { "Change " code { (parameter) } " in the address, or "
                a href=(without(request, parameter)) { "ask again without it" } "." }
        },
        Problem::Catalogue(Error::BadToken) => html! {
            p { a href=(without(request, "token")) { "Go to the first page of this search" } "." }
        },
        Problem::Catalogue(Error::AccessDenied { .. }) => html! {
            p { "The description of the record is open; who may read the bytes is said by its producer." }
        },
        _ if status == StatusCode::SERVICE_UNAVAILABLE => html! {
            p { "Nothing is lost. " a href=(request.uri().to_string()) { "Try again" } " in some seconds." }
        },
        _ => html! {},
    }
}

/// The address that was asked for, less one parameter. A filter by place or time may come from fields of other names.
fn without(request: &HttpRequest, parameter: &str) -> String {
    let also: &[&str] = match parameter {
        "datetime" => &["datetime", "from", "to"],
        "bbox" => &["bbox", "west", "south", "east", "north"],
        _ => &[],
    };
    let kept = request.query_string().split('&').filter(|part| {
        let name = part.split('=').next().unwrap_or("");
        !part.is_empty() && name != parameter && name != "token" && !also.contains(&name)
    });
    let kept: Vec<&str> = kept.collect();
    if kept.is_empty() { request.path().to_owned() } else { format!("{}?{}", request.path(), kept.join("&")) }
}
