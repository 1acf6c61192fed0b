//! What can go wrong while the text index is opened, written or asked. Knows nothing of HTTP.

use std::path::PathBuf;

/// Why the index could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Delete the folder and build it again from the archive: nothing in it is the only copy.
    #[error("text index in {path} cannot be used and must be rebuilt: {reason}")]
    Unusable { path: PathBuf, reason: String },
    #[error("text index in {path} is in use by another process")]
    Busy { path: PathBuf },
    #[error("text index folder {path} cannot be made or emptied")]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("batch starts at sequence {first}, but the text index stands at {position}")]
    Gap { position: u64, first: u64 },
    /// An earlier write failed and could not be rolled back; `reset` makes the index writable again.
    #[error("text index must be reset after a failed write")]
    Poisoned,
    #[error("text index failed to {doing}")]
    Engine {
        doing: &'static str,
        #[source]
        source: tantivy::TantivyError,
    },
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The index cannot answer this; it never leaves a part of a question out instead.
    #[error("search does not support {what}")]
    Unsupported { what: String },
    /// A misspelt name is never shown as an empty answer.
    #[error("no record has a property {path:?}")]
    UnknownProperty { path: String },
    #[error("search text {reason}")]
    BadText { reason: String },
    #[error("page cursor does not belong to this question: {reason}")]
    BadCursor { reason: &'static str },
    /// The deadline passed before everything was looked at.
    #[error("search took too long")]
    TooLong,
    #[error("text index failed while searching")]
    Engine(#[source] tantivy::TantivyError),
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(source: tantivy::TantivyError) -> Self {
        Self::Engine(source)
    }
}

impl From<std::io::Error> for SearchError {
    fn from(source: std::io::Error) -> Self {
        Self::Engine(source.into())
    }
}
