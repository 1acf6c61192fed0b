//! What may be asked of the writer, and what it answers.

use std::sync::Arc;

use crate::archive::StagedPayload;
use crate::model::{IdempotencyKey, Key, Sha256};

use super::Error;

/// When a put is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Intent {
    /// Creates or replaces.
    #[default]
    Put,
    /// Only creates; a live record of the key is a conflict.
    Create,
    /// Only replaces a live record.
    Replace,
    /// As `Put`, for what a document was turned into: a revision that stood before is not made again, so that reading old
    /// documents once more takes no newer one back. A record that says it is an earlier version becomes a revision, and the
    /// later one another after it.
    Import,
    /// Creates when absent; leaves a live record alone (answers `Unchanged`).
    Ensure,
}

/// `If-Match` (RFC 9110 § 13.1.1) as record digests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    #[default]
    None,
    /// `*`: the record exists.
    Exists,
    /// One of these digests is the current one.
    OneOf(Vec<Sha256>),
}

/// What to do with a key.
pub enum Action {
    Put {
        /// The stored bytes of the record: checked, one line.
        record: String,
        intent: Intent,
        /// Payloads that the record names and the archive may not hold yet.
        payloads: Vec<Arc<StagedPayload>>,
    },
    Delete,
}

/// One operation of a submission.
pub struct Command {
    pub key: Key,
    pub action: Action,
    pub precondition: Precondition,
    pub idempotency: Option<IdempotencyKey>,
    /// User name, or `local`.
    pub agent: String,
}

/// What an operation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Created,
    Replaced,
    /// The record already had exactly these bytes: nothing was written.
    Unchanged,
    Deleted,
}

/// The receipt of an operation that is durable.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub key: Key,
    pub effect: Effect,
    pub sequence: u64,
    pub revision: u64,
    /// sha256 of the stored record; `None` for a tombstone.
    pub digest: Option<Sha256>,
    /// An index failed after the commit: the record is durable and will be found once the index caught up.
    pub pending: bool,
}

/// The answer to one operation.
pub type Outcome = Result<Receipt, Error>;
