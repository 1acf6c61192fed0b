//! Why a verb ended early, as one line for people or one JSON object for scripts, and its exit code.

use std::process::ExitCode;

use crate::archive;
use crate::catalogue::{self, StartError};

/// Done, but something was found or refused.
pub const FINDINGS: u8 = 1;
/// Wrong use.
pub const USAGE: u8 = 2;
/// The store cannot be used.
pub const STORE: u8 = 3;
/// Nothing of that name.
pub const NOT_FOUND: u8 = 4;

/// A failure with its exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure of the caller's making.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into() }
    }

    /// A failure of the store or of the machine.
    pub fn store(message: impl Into<String>) -> Self {
        Self { code: STORE, message: message.into() }
    }

    /// Nothing has the name that was asked for.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { code: NOT_FOUND, message: message.into() }
    }

    /// An error with its causes behind it.
    pub fn of(code: u8, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !message.ends_with(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = inner.source();
        }
        Self { code, message }
    }

    /// Writes the failure to standard error.
    pub fn report(self, json: bool) -> ExitCode {
        if json {
            eprintln!("{}", serde_json::json!({ "error": self.message, "exit_code": self.code }));
        } else {
            eprintln!("perennial: {}", self.message);
        }
        ExitCode::from(self.code)
    }
}

impl From<catalogue::Error> for Failure {
    fn from(error: catalogue::Error) -> Self {
        use catalogue::Error as E;
        let code = match error {
            E::UnknownCollection { .. } | E::NotFound { .. } | E::NoSuch { .. } | E::Gone { .. } => NOT_FOUND,
            E::BadParameter { .. } | E::BadToken | E::Invalid { .. } => USAGE,
            _ => STORE,
        };
        Self::of(code, &error)
    }
}

impl From<crate::http::Problem> for Failure {
    fn from(problem: crate::http::Problem) -> Self {
        Self::usage(problem.to_string())
    }
}

macro_rules! store_failure {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::of(STORE, &error)
            }
        })*
    };
}

store_failure!(
    StartError,
    std::io::Error,
    archive::ReadError,
    archive::BackupError,
    catalogue::export::ExportError,
    catalogue::secrets::SecretsError,
    catalogue::rebuild::CatchUpError,
    crate::http::ServeError,
    crate::recreation::tes::StartError,
    crate::recreation::tes::ClientError
);
