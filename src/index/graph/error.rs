//! What can go wrong while the graph is opened, written or asked. Knows nothing of HTTP.

use std::path::PathBuf;

use oxigraph::store::StorageError;

/// Why the graph could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    #[error("graph index cannot be read or written")]
    Storage(#[from] StorageError),
    /// Delete the folder and build it again from the archive: nothing in it is the only copy.
    #[error("graph index in {path} was made by another version of the projection")]
    Format { path: PathBuf },
    #[error("graph index stands at {position}, the batch begins at {first}")]
    Gap { position: u64, first: u64 },
    /// There is a graph, and it cannot be opened.
    #[error("graph index in {path} is broken")]
    Ruined {
        path: PathBuf,
        #[source]
        source: Box<Self>,
    },
    #[error("a thread that compares records with the graph panicked")]
    Panicked,
    #[error("folder {path} of the graph index cannot be made or emptied")]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl GraphError {
    /// Whether what is in the folder is broken: only making it anew helps.
    pub const fn is_ruin(&self) -> bool {
        matches!(self, Self::Storage(StorageError::Corruption(_)) | Self::Format { .. } | Self::Ruined { .. })
    }
}

/// Why a query has no answer, or no whole answer. Travels from the worker to its parent, so every variant is plain text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    /// The query is not SPARQL 1.1, or longer or deeper than anybody writes.
    #[error("{reason}")]
    Malformed { reason: String },
    /// The query asks for what is not done here: another service, an update.
    #[error("{reason}")]
    Denied { reason: String },
    /// Another endpoint that the query names gave no answer.
    #[error("{reason}")]
    Elsewhere { reason: String },
    /// None of the formats that the client takes can hold this form of result.
    #[error("the result of this query is {form}, which none of the media types asked for can hold")]
    NotAcceptable { form: String },
    #[error("the query ran longer than {seconds} s")]
    TooLong { seconds: u64 },
    #[error("the query needed more than {mebibytes} MiB of memory")]
    TooMuchMemory { mebibytes: u64 },
    #[error("the answer has more than {rows} rows; ask with LIMIT and OFFSET")]
    TooManyRows { rows: u64 },
    #[error("the answer has more than {bytes} bytes; ask with LIMIT and OFFSET")]
    TooManyBytes { bytes: u64 },
    /// More queries run than there are places for.
    #[error("{reason}")]
    Busy { reason: String },
    /// The graph is being built.
    #[error("{reason}")]
    NotReady { reason: String },
    /// The query cannot be evaluated, although it is well-formed.
    #[error("{reason}")]
    Unanswerable { reason: String },
    /// Something of ours failed; the log has the cause.
    #[error("the worker failed: {reason}")]
    Failed { reason: String },
}
