//! What can stand between a caller and what they asked for. Knows nothing of HTTP: variants say what to do next.

use crate::model::{Key, Sha256};

/// One thing that is wrong with a submitted record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the value; empty for the whole document.
    pub pointer: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// Why the catalogue did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The submission breaks rules; all of them are listed.
    #[error("the submission breaks {} rule(s): {}", violations.len(), first_of(violations))]
    Invalid { violations: Vec<Violation> },
    /// A parameter or its value is not understood.
    #[error("{parameter}: {reason}")]
    BadParameter { parameter: String, reason: String },
    #[error("there is no collection {id:?}{}", suggest(nearest))]
    UnknownCollection { id: String, nearest: Vec<String> },
    #[error("there is no {key}{}", suggest(nearest))]
    NotFound { key: Key, nearest: Vec<String> },
    #[error("there is no {what}")]
    NoSuch { what: String },
    /// The record was deleted; its tombstone stands.
    #[error("{key} was deleted at {time}")]
    Gone { key: Key, revision: u64, sequence: u64, time: String },
    /// What was harvested is changed at its source; here only the next harvest changes it.
    #[error("{key} is a copy of what its source holds; only a harvest changes it")]
    CopyIsNotOurs { key: Key },
    #[error("{key} exists already")]
    Exists { key: Key },
    #[error("{key} is not as If-Match says: its digest is {}", current.map_or_else(|| "none".to_owned(), |digest| digest.to_string()))]
    PreconditionFailed { key: Key, current: Option<Sha256> },
    #[error("this Idempotency-Key came with another request before")]
    IdempotencyMismatch,
    #[error("collection {id:?} still has {products} product(s); delete them first")]
    CollectionNotEmpty { id: String, products: u64 },
    /// Bytes stay: every reason is named.
    #[error("the bytes of {key} cannot be dropped: {}", reasons.join("; "))]
    NotDroppable { key: Key, reasons: Vec<String> },
    /// Bytes that were dropped and cannot be made again just now.
    #[error("the bytes with sha256 {sha256} were dropped, and making them again failed: {reason}")]
    NotRecreated { sha256: Sha256, reason: String },
    #[error("recipe {id} makes {product} again; a recipe that products name cannot be deleted")]
    RecipeInUse { id: String, product: Key },
    #[error("the bytes of {key} are {access}; its metadata are open")]
    AccessDenied { key: Key, access: &'static str },
    #[error("the bytes received have {algorithm} {computed}, promised was {promised}")]
    DigestMismatch { algorithm: &'static str, promised: String, computed: String },
    #[error("the upload stands at byte {expected}, the chunk begins at {given}")]
    WrongOffset { expected: u64, given: u64 },
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("the page token is not one of this service for this search")]
    BadToken,
    /// Writes are refused for now; reading goes on.
    #[error("the store cannot be written: {reason}")]
    ReadOnly { reason: String },
    #[error("the store has too little free space: {free} bytes, the threshold is {threshold}")]
    InsufficientStorage { free: u64, threshold: u64 },
    /// The search would take longer than any may.
    #[error(
        "the search was given up after {seconds} s: ask for less by naming a collection, a time or a smaller area, or leave out counts and facets"
    )]
    TooExpensive { seconds: u64 },
    /// Not ready yet, or too busy: try again later.
    #[error("not available now: {reason}")]
    Unavailable { reason: String },
    /// Ours, not the caller's: the log has the cause.
    #[error("internal error while {doing}")]
    Internal {
        doing: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Wraps an inner failure, to be used with `map_err`.
    pub fn internal<E: std::error::Error + Send + Sync + 'static>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Internal { doing, source: Box::new(source) }
    }

    /// The same failure told to another caller of the same batch; the log has the cause once.
    pub fn for_another(&self) -> Self {
        match self {
            Self::ReadOnly { reason } => Self::ReadOnly { reason: reason.clone() },
            Self::InsufficientStorage { free, threshold } => {
                Self::InsufficientStorage { free: *free, threshold: *threshold }
            }
            other => Self::Internal { doing: "committing to the archive", source: other.chain().into() },
        }
    }

    /// One violation at a pointer.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { violations: vec![Violation { pointer: pointer.into(), message: message.into() }] }
    }

    /// A parameter that cannot be honoured.
    pub fn parameter(parameter: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::BadParameter { parameter: parameter.into(), reason: reason.into() }
    }

    /// The error with all its causes in one line, for logs and for `Internal` kept across threads.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }
}

fn first_of(violations: &[Violation]) -> String {
    let first = violations.first().map(|violation| format!("{} {}", violation.pointer, violation.message));
    first.unwrap_or_default().trim_start().to_owned()
}

fn suggest(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; nearest names: {}", nearest.join(", ")) }
}
