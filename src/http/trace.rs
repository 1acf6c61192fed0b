//! A request id for each request, and one log line when it ends.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;

tokio::task_local! {
    static REQUEST: RefCell<String>;
}

static NUMBER: AtomicU64 = AtomicU64::new(0);
static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a client.
const MAX_ID: usize = 100;

/// The id of the request that this task serves.
pub fn current_id() -> Option<String> {
    REQUEST.try_with(|id| id.borrow().clone()).ok()
}

/// Takes the client's `X-Request-Id` if it is harmless, else makes one; logs the answer.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = given_id(&request).unwrap_or_else(make_id);
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let answered = REQUEST.scope(RefCell::new(id.clone()), next.call(request)).await;
    let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    match answered {
        Ok(mut response) => {
            let status = response.status().as_u16();
            super::metrics::count(status, duration_us);
            if status >= 500 {
                tracing::warn!(request.id = id, %method, path, status, duration_us, "answered");
            } else {
                tracing::debug!(request.id = id, %method, path, status, duration_us, "answered");
            }
            if let Ok(value) = HeaderValue::from_str(&id) {
                response.headers_mut().insert(X_REQUEST_ID.clone(), value);
            }
            Ok(response)
        }
        Err(error) => {
            let status = error.as_response_error().status_code().as_u16();
            super::metrics::count(status, duration_us);
            tracing::debug!(request.id = id, %method, path, status, duration_us, "refused");
            Err(error)
        }
    }
}

fn given_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get(&X_REQUEST_ID)?.to_str().ok()?;
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (!id.is_empty() && id.len() <= MAX_ID && id.bytes().all(harmless)).then(|| id.to_owned())
}

fn make_id() -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let micros = crate::catalogue::now().micros();
    format!("{micros:x}-{number:x}")
}
