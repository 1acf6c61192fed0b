//! Errors as RFC 9457 problem details. Strangers never see our inside: the log gets the cause, both get the request id.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Error;

/// Media type of RFC 9457 § 3.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One broken rule of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViolationBody {
    /// JSON Pointer to the value; empty for the whole document.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `urn:perennial:problem:<code>`; docs/problems.md lists them.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, the same for every occurrence of the type.
    pub title: &'static str,
    /// HTTP status code.
    pub status: u16,
    /// What happened this time and what to do.
    pub detail: String,
    /// The id that the log has too; also in the header `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// All broken rules at once, for invalid submissions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<ViolationBody>,
    /// Names that resemble an unknown one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<String>,
}

/// An error on its way to the client.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error(transparent)]
    Catalogue(#[from] Error),
    /// A fault of the request itself, before any use case.
    #[error("{detail}")]
    Http { status: StatusCode, code: &'static str, title: &'static str, detail: String },
}

impl Problem {
    /// The body for an error that travels within another answer.
    pub fn body_of(error: &Error) -> ProblemBody {
        body(classify(error), error)
    }

    /// 401: a write without a valid bearer token where one is needed.
    pub fn unauthorised(detail: impl Into<String>) -> Self {
        let title = "A bearer token is needed";
        Self::Http { status: StatusCode::UNAUTHORIZED, code: "unauthorised", title, detail: detail.into() }
    }

    /// 400: a header or parameter that cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        let title = "The request cannot be understood";
        Self::Http { status: StatusCode::BAD_REQUEST, code: "bad-request", title, detail: detail.into() }
    }

    /// Any other fault of the request.
    pub fn http(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::Http { status, code, title, detail: detail.into() }
    }

    fn class(&self) -> Class {
        match self {
            Self::Http { status, code, title, .. } => (*status, code, title),
            Self::Catalogue(error) => classify(error),
        }
    }

    /// The body, without a request id.
    pub fn body(&self) -> ProblemBody {
        match self {
            Self::Catalogue(error) => Self::body_of(error),
            Self::Http { detail, .. } => plain_body(self.class(), detail.clone()),
        }
    }
}

/// Status, code and title.
type Class = (StatusCode, &'static str, &'static str);

/// The table of docs/problems.md.
fn classify(error: &Error) -> Class {
    use StatusCode as S;
    match error {
        Error::Invalid { .. } => (S::UNPROCESSABLE_ENTITY, "invalid", "The submission breaks rules"),
        Error::BadParameter { .. } => (S::BAD_REQUEST, "bad-parameter", "A parameter cannot be honoured"),
        Error::UnknownCollection { .. } => (S::NOT_FOUND, "unknown-collection", "There is no such collection"),
        Error::NotFound { .. } => (S::NOT_FOUND, "not-found", "There is no such record"),
        Error::NoSuch { .. } => (S::NOT_FOUND, "not-found", "There is no such thing"),
        Error::Gone { .. } => (S::GONE, "gone", "The record was deleted"),
        Error::CopyIsNotOurs { .. } => (S::CONFLICT, "copy", "The record is a copy of what its source holds"),
        Error::Exists { .. } => (S::CONFLICT, "exists", "The record exists already"),
        Error::PreconditionFailed { .. } => {
            (S::PRECONDITION_FAILED, "precondition-failed", "The record changed meanwhile")
        }
        Error::IdempotencyMismatch => {
            (S::UNPROCESSABLE_ENTITY, "idempotency-mismatch", "The Idempotency-Key belongs to another request")
        }
        Error::CollectionNotEmpty { .. } => (S::CONFLICT, "collection-not-empty", "The collection still has products"),
        Error::NotDroppable { .. } => (S::CONFLICT, "not-droppable", "The bytes must stay"),
        Error::NotRecreated { .. } => (S::SERVICE_UNAVAILABLE, "not-recreated", "The bytes could not be made again"),
        Error::RecipeInUse { .. } => (S::CONFLICT, "recipe-in-use", "Products name the recipe"),
        Error::AccessDenied { .. } => (S::FORBIDDEN, "access-denied", "The bytes are not open"),
        Error::DigestMismatch { .. } => {
            (S::UNPROCESSABLE_ENTITY, "digest-mismatch", "The bytes are not the promised ones")
        }
        Error::WrongOffset { .. } => (S::CONFLICT, "wrong-offset", "The upload stands elsewhere"),
        Error::TooLarge { .. } => (S::PAYLOAD_TOO_LARGE, "too-large", "The request is too large"),
        Error::BadToken => (S::BAD_REQUEST, "bad-token", "The page token is not valid for this search"),
        Error::ReadOnly { .. } => (S::SERVICE_UNAVAILABLE, "read-only", "Writes are refused for now"),
        Error::InsufficientStorage { .. } => {
            (S::INSUFFICIENT_STORAGE, "insufficient-storage", "The store is nearly full")
        }
        Error::TooExpensive { .. } => (S::SERVICE_UNAVAILABLE, "query-too-expensive", "The search takes too long"),
        Error::Unavailable { .. } => (S::SERVICE_UNAVAILABLE, "unavailable", "Not available now"),
        Error::Internal { .. } => (S::INTERNAL_SERVER_ERROR, "internal", "The service failed"),
    }
}

fn plain_body((status, code, title): Class, detail: String) -> ProblemBody {
    let kind = format!("urn:perennial:problem:{code}");
    let status = status.as_u16();
    ProblemBody { kind, title, status, detail, request_id: None, violations: Vec::new(), nearest: Vec::new() }
}

fn body(class: Class, error: &Error) -> ProblemBody {
    match error {
        Error::Internal { .. } => plain_body(
            class,
            "The cause is in the service's log under this request id; nothing that was acknowledged is lost."
                .to_owned(),
        ),
        Error::Invalid { violations } => {
            let bodies = violations
                .iter()
                .map(|each| ViolationBody { pointer: each.pointer.clone(), message: each.message.clone() });
            ProblemBody { violations: bodies.collect(), ..plain_body(class, error.to_string()) }
        }
        Error::UnknownCollection { nearest, .. } | Error::NotFound { nearest, .. } => {
            ProblemBody { nearest: nearest.clone(), ..plain_body(class, error.to_string()) }
        }
        _ => plain_body(class, error.to_string()),
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.class().0
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Catalogue(error @ Error::Internal { .. }) = self {
            tracing::error!(cause = error.chain(), request.id = super::trace::current_id(), "request failed");
        }
        let status = self.status_code();
        let mut body = self.body();
        body.request_id = super::trace::current_id();
        let mut response = HttpResponseBuilder::new(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "2"));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.body(serde_json::to_string(&body).unwrap_or_default())
    }
}

/// What a handler answers.
pub type Answer = Result<HttpResponse, Problem>;
