//! What can go wrong in the archive, by what the caller does next. Knows nothing of HTTP.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::Sha256;

/// The disk refused an operation at a path.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct DiskError {
    pub action: &'static str,
    pub path: PathBuf,
    #[source]
    pub source: Arc<io::Error>,
}

impl DiskError {
    /// Whether the disk or the quota is full.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Whether the file system does not take writes.
    pub fn is_read_only(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
    }
}

/// Names what was tried on which path.
pub(super) trait At<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, DiskError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, DiskError> {
        self.map_err(|error| DiskError { action, path: path.to_owned(), source: Arc::new(error) })
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the store {} is in use by {holder:?}: stop that process, or open the store read-only", store.display())]
    InUse { store: PathBuf, holder: String },
    #[error("{} holds files but no OCFL 1.1 storage root that this program reads: {why}", path.display())]
    NotAnArchive { path: PathBuf, why: String },
    #[error("there is no archive at {}", path.display())]
    NoArchive { path: PathBuf },
    #[error("{} and {} must be on one file system", archive.display(), work.display())]
    TwoFileSystems { archive: PathBuf, work: PathBuf },
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why bytes could not be read from the archive.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing stands where the location says: `verify` tells what else is lost.
    #[error("{object} is missing from the archive")]
    Missing { object: String },
    /// The stored bytes are not what was committed.
    #[error("{object} is damaged: {what}")]
    Damaged { object: String, what: String },
    /// The range asked for is not within the content.
    #[error("the range is not within the {bytes} bytes of the content")]
    OutOfRange { bytes: u64 },
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why bytes could not be staged. Nothing of them is left behind.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("the content has the digest {actual}, promised was {promised}")]
    DigestMismatch { promised: Sha256, actual: Sha256 },
    #[error("{free} bytes are free on the disk, fewer than the {threshold} that must stay free")]
    LowSpace { free: u64, threshold: u64 },
    #[error("the archive is open read-only")]
    ReadOnly,
    /// What was read back is not what was written.
    #[error("the disk did not keep what was written to {}", path.display())]
    ReadBack { path: PathBuf },
    #[error("zstd failed")]
    Compression(#[source] io::Error),
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why no writer is given out.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    #[error("the archive is open read-only")]
    ReadOnly,
    #[error("the archive has a writer already")]
    Taken,
    /// The end of the log cannot be read, so that nothing can be appended to it.
    #[error("the last segment {object} is damaged: {what}")]
    DamagedTail { object: String, what: String },
}

/// Why a batch was not committed. Nothing of it is visible, then or after a restart, except where
/// [`CommitError::Poisoned`] says so.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("line {at} of the batch is no event line with the sequence {expected}")]
    BadLine { at: usize, expected: u64 },
    #[error("an empty batch cannot be committed")]
    Empty,
    #[error("the batch has {bytes} bytes of lines, at most {limit} are allowed")]
    TooLarge { bytes: u64, limit: u64 },
    #[error("{free} bytes are free on the disk, fewer than the {threshold} that must stay free")]
    LowSpace { free: u64, threshold: u64 },
    /// An object that must be reused does not hold what its name says: see `perennial verify`.
    #[error("the existing {object} is damaged: {what}")]
    DamagedObject { object: String, what: String },
    /// An fsync or the final rename failed: what is durable is unknown until the store is opened again. The batch may
    /// then be wholly there or wholly absent; the writer takes no more.
    #[error("the disk lost a write, nothing more is accepted before a restart")]
    Poisoned(#[source] DiskError),
    #[error("the disk did not keep what was written to {}", path.display())]
    ReadBack { path: PathBuf },
    #[error("zstd failed")]
    Compression(#[source] io::Error),
    #[error(transparent)]
    Disk(#[from] DiskError),
}
