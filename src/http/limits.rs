//! How much at once: requests beyond the limit are answered 503 at once instead of queueing without end.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;

use super::problem::Problem;
use crate::catalogue::Error;

/// Requests answered at the same time: each may hold a page of records and a thread for a while.
pub const MAX_REQUESTS: usize = 512;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

struct Place;

impl Place {
    fn take() -> Option<Self> {
        if RUNNING.fetch_add(1, Ordering::AcqRel) < MAX_REQUESTS {
            return Some(Self);
        }
        RUNNING.fetch_sub(1, Ordering::AcqRel);
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Bodies are taken as they are: nothing is unpacked on a stranger's word, so no small body can become a large one.
fn refuse_encoding(request: &ServiceRequest) -> Option<Problem> {
    let encoding = request.headers().get(header::CONTENT_ENCODING)?.to_str().unwrap_or("unreadable");
    if encoding.eq_ignore_ascii_case("identity") {
        return None;
    }
    let detail = format!("Content-Encoding {encoding:?} is not taken; send the bytes as they are");
    let title = "The body is encoded";
    Some(Problem::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding", title, detail))
}

/// Refuses what is too much, and sets the headers that keep browsers from guessing.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(_place) = Place::take() else {
        let reason = format!("{MAX_REQUESTS} requests are being answered");
        // Answered here rather than returned as an error: so it carries its request id.
        return Ok(request.into_response(Problem::from(Error::Unavailable { reason }).error_response()));
    };
    if let Some(problem) = refuse_encoding(&request) {
        return Ok(request.into_response(problem.error_response()));
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    Ok(response)
}
