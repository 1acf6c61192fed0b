//! What became of asking one source. A source that failed is told as failed, never as one that had nothing; whether that is
//! worth another attempt is for `breaker` to say.

use super::protocol::Fault;

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It answered, and what it gave was taken.
    Ok,
    /// It answered, but not all that it was asked for was read: a budget of rows or of time was used up before.
    Truncated,
    /// It did not answer within its time.
    Timeout,
    /// It answered with a status that is no success.
    HttpError {
        status: u16,
        reason: Option<String>,
        /// Seconds after which it wants to be asked again.
        retry_after: Option<u64>,
    },
    /// No connection, or one that broke.
    Unreachable { reason: String },
    /// It answered with something that its protocol does not have.
    ParseError { reason: String },
    /// It cannot answer this question, and what it would give cannot be made to.
    Unsupported { reason: String },
    /// It failed lately and is left alone for so many seconds.
    BreakerOpen { seconds: u64 },
    /// The question came from there already, or has gone through as many archives as it may.
    Loop,
    /// It is not asked from here: too many questions at once, an address that is not called, a limit of this archive.
    Refused { reason: String },
}

impl Outcome {
    /// Its name in answers.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Truncated => "truncated",
            Self::Timeout => "timeout",
            Self::HttpError { .. } => "http_error",
            Self::Unreachable { .. } => "unreachable",
            Self::ParseError { .. } => "parse_error",
            Self::Unsupported { .. } => "unsupported",
            Self::BreakerOpen { .. } => "breaker_open",
            Self::Loop => "loop",
            Self::Refused { .. } => "refused",
        }
    }

    /// Whether what it gave is part of the answer.
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Ok | Self::Truncated)
    }

    /// What went wrong, in words; nothing for what did not.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Ok | Self::Truncated => None,
            Self::Timeout => Some("it did not answer in time".to_owned()),
            Self::HttpError { status, reason: None, .. } => Some(format!("it answered {status}")),
            Self::HttpError { status, reason: Some(reason), .. } => Some(format!("it answered {status}: {reason}")),
            Self::Unreachable { reason }
            | Self::ParseError { reason }
            | Self::Unsupported { reason }
            | Self::Refused { reason } => Some(reason.clone()),
            Self::BreakerOpen { seconds } => Some(format!("it failed lately; it is asked again in {seconds} s")),
            Self::Loop => Some("the question has passed it already, or has no hop left".to_owned()),
        }
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Timeout => Self::Timeout,
            // What another archive of this kind answers to a question that it has seen.
            Fault::Loop | Fault::HttpError { status: 508, .. } => Self::Loop,
            Fault::HttpError { status, reason, retry_after } => Self::HttpError { status, reason, retry_after },
            Fault::TooLong { .. } => Self::ParseError { reason: fault.to_string() },
            Fault::ParseError { reason } => Self::ParseError { reason },
            Fault::Unreachable { reason } => Self::Unreachable { reason },
            Fault::Refused { reason } => Self::Refused { reason },
            Fault::Unsupported { what } => Self::Unsupported { reason: format!("it cannot be asked for {what}") },
        }
    }
}
