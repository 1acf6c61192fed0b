//! What works at the moment: readiness, why writes are refused, which index failed. Read by `/health` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Error;
use crate::archive::CommitError;

/// State of the service, shared by all threads.
#[derive(Debug, Default)]
pub struct Health {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default, Clone)]
struct Inner {
    ready: bool,
    /// Why writes are refused, if they are.
    refusal: Option<Refusal>,
    /// Index by name: last applied sequence and the failure that stands.
    indexes: BTreeMap<&'static str, IndexState>,
}

#[derive(Debug, Clone)]
enum Refusal {
    ReadOnly(String),
    Space { free: u64, threshold: u64 },
}

/// How one index stands.
#[derive(Debug, Default, Clone, serde::Serialize)]
pub struct IndexState {
    /// Last applied sequence.
    pub position: u64,
    /// The failure that stands, if one does.
    pub failure: Option<String>,
}

/// A reading of everything.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Reading {
    /// `ok`, `degraded` or `starting`.
    pub status: &'static str,
    /// Why writes are refused, if they are.
    pub writes_refused: Option<String>,
    pub indexes: BTreeMap<&'static str, IndexState>,
}

impl Health {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked cannot have left half a value here.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything at once.
    pub fn read(&self) -> Reading {
        let inner = self.lock().clone();
        let failing = inner.indexes.values().any(|index| index.failure.is_some()) || inner.refusal.is_some();
        let status = match (inner.ready, failing) {
            (false, _) => "starting",
            (true, true) => "degraded",
            (true, false) => "ok",
        };
        let writes_refused = inner.refusal.as_ref().map(|refusal| refusal.error().to_string());
        Reading { status, writes_refused, indexes: inner.indexes }
    }

    /// Records and text stand at the archive's last sequence.
    pub fn set_ready(&self) {
        self.lock().ready = true;
    }

    /// Whether questions can be answered.
    pub fn is_ready(&self) -> bool {
        self.lock().ready
    }

    /// Refuses writes from now on.
    pub fn refuse_writes(&self, reason: impl Into<String>) {
        self.lock().refusal = Some(Refusal::ReadOnly(reason.into()));
    }

    /// Follows the free space of the store: too little refuses writes, enough allows them again.
    pub fn note_free_space(&self, free: u64, threshold: u64) {
        let mut inner = self.lock();
        match (&inner.refusal, free < threshold) {
            (None | Some(Refusal::Space { .. }), true) => inner.refusal = Some(Refusal::Space { free, threshold }),
            (Some(Refusal::Space { .. }), false) => inner.refusal = None,
            _ => {}
        }
    }

    /// Whether writes are taken.
    ///
    /// # Errors
    /// `ReadOnly` or `InsufficientStorage` with the reason.
    pub fn check_writable(&self) -> Result<(), Error> {
        self.lock().refusal.as_ref().map_or(Ok(()), |refusal| Err(refusal.error()))
    }

    /// What a failed commit means: a full disk refuses writes until there is space, a lost write until a restart.
    pub fn note_commit_failure(&self, error: CommitError) -> Error {
        match error {
            CommitError::LowSpace { free, threshold } => {
                self.note_free_space(free, threshold);
                Error::InsufficientStorage { free, threshold }
            }
            CommitError::Poisoned(source) => {
                let reason = format!("the disk lost a write ({source}); mend it and restart the service");
                tracing::error!(%source, "the disk lost a write; nothing more is accepted before a restart");
                self.refuse_writes(reason.clone());
                Error::ReadOnly { reason }
            }
            CommitError::Disk(source) if source.is_full() => {
                tracing::error!(%source, "the disk is full");
                Error::InsufficientStorage { free: 0, threshold: 0 }
            }
            CommitError::Disk(source) if source.is_read_only() => {
                tracing::error!(%source, "the disk is read-only");
                Error::ReadOnly { reason: source.to_string() }
            }
            other => Error::Internal { doing: "committing to the archive", source: Box::new(other) },
        }
    }

    /// An index failed; it stays noted until it recovered.
    pub fn note_index_failure(&self, index: &'static str, error: &dyn std::error::Error) {
        tracing::error!(index, error = error.to_string(), "index failed; the records are safe in the archive");
        self.lock().indexes.entry(index).or_default().failure = Some(error.to_string());
    }

    /// Whether a failure of an index stands.
    pub fn has_failure(&self, index: &'static str) -> bool {
        self.lock().indexes.get(index).is_some_and(|index| index.failure.is_some())
    }

    /// An index works again.
    pub fn note_index_recovery(&self, index: &'static str) {
        tracing::warn!(index, "index recovered");
        self.lock().indexes.entry(index).or_default().failure = None;
    }

    /// How far an index is.
    pub fn note_position(&self, index: &'static str, position: u64) {
        self.lock().indexes.entry(index).or_default().position = position;
    }
}

impl Refusal {
    fn error(&self) -> Error {
        match self {
            Self::ReadOnly(reason) => Error::ReadOnly { reason: reason.clone() },
            Self::Space { free, threshold } => Error::InsufficientStorage { free: *free, threshold: *threshold },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_come_back_when_space_does_but_not_after_a_failed_fsync() {
        let health = Health::default();
        health.note_free_space(10, 100);
        assert!(matches!(health.check_writable(), Err(Error::InsufficientStorage { free: 10, threshold: 100 })));
        health.note_free_space(200, 100);
        assert!(health.check_writable().is_ok());
        health.refuse_writes("fsync failed");
        health.note_free_space(200, 100);
        assert!(matches!(health.check_writable(), Err(Error::ReadOnly { .. })));
    }
}
