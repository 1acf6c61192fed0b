//! What can be wrong with an answer of a source, as a caller tells it apart.

use serde::Serialize;

use crate::federation::outbound::OutboundError;

/// Why a source gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Fault {
    #[error("it did not answer in time")]
    Timeout,
    #[error("it answered {status}{}", reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default())]
    HttpError {
        status: u16,
        reason: Option<String>,
        /// Seconds after which it wants to be asked again.
        retry_after: Option<u64>,
    },
    #[error("it cannot be reached: {reason}")]
    Unreachable { reason: String },
    /// Its address, or one that it redirects to, is not asked from here.
    #[error("it is not asked: {reason}")]
    Refused { reason: String },
    #[error("its answer is longer than {bytes} bytes")]
    TooLong { bytes: u64 },
    #[error("its answer cannot be read: {reason}")]
    ParseError { reason: String },
    #[error("it cannot be asked for {what}")]
    Unsupported { what: String },
    /// The question has been here before.
    #[error("the question comes back to where it has been")]
    Loop,
}

impl Fault {
    /// What is not supported.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// What is wrong with the answer.
    pub fn unreadable(reason: impl std::fmt::Display) -> Self {
        Self::ParseError { reason: reason.to_string().chars().take(300).collect() }
    }
}

impl From<OutboundError> for Fault {
    fn from(error: OutboundError) -> Self {
        match error {
            OutboundError::TooSlow { .. } => Self::Timeout,
            OutboundError::Status { status } => Self::HttpError { status, reason: None, retry_after: None },
            OutboundError::TooLong { bytes } => Self::TooLong { bytes },
            OutboundError::Packed { .. } => Self::unreadable(error),
            OutboundError::NotHttp(_) | OutboundError::NotPublic { .. } | OutboundError::Redirected { .. } => {
                Self::Refused { reason: error.to_string() }
            }
            OutboundError::Unreachable { reason } => Self::Unreachable { reason },
            OutboundError::Insecure { .. } | OutboundError::Authorities { .. } => {
                Self::Unreachable { reason: error.to_string() }
            }
        }
    }
}
