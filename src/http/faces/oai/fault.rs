//! The errors of OAI-PMH 2.0 § 3.6. They travel in answers with status 200; what is no fault of the request is a problem.

use crate::catalogue::Error;
use crate::http::problem::Problem;

/// A code of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    BadArgument,
    BadResumptionToken,
    BadVerb,
    CannotDisseminateFormat,
    IdDoesNotExist,
    NoRecordsMatch,
    NoSetHierarchy,
}

impl Code {
    /// The code as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadArgument => "badArgument",
            Self::BadResumptionToken => "badResumptionToken",
            Self::BadVerb => "badVerb",
            Self::CannotDisseminateFormat => "cannotDisseminateFormat",
            Self::IdDoesNotExist => "idDoesNotExist",
            Self::NoRecordsMatch => "noRecordsMatch",
            Self::NoSetHierarchy => "noSetHierarchy",
        }
    }
}

/// Why a request has no answer.
#[derive(Debug)]
pub enum Fault {
    Protocol { code: Code, message: String },
    Service(Problem),
}

impl Fault {
    /// A fault of the protocol.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Protocol { code, message: message.into() }
    }

    /// An argument that is missing, unknown, given twice or not as it must be.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(Code::BadArgument, message)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::BadToken => Self::new(
                Code::BadResumptionToken,
                "this is no token of this repository; begin again without one, with the date of the last record that you have",
            ),
            other => Self::Service(other.into()),
        }
    }
}
