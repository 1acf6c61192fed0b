//! A state of the graph that nobody writes any more, in a folder that goes when the last who uses it lets go.

use std::path::{Path, PathBuf};

/// A folder of hard links to the files of the store.
#[derive(Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    sequence: u64,
}

impl Checkpoint {
    pub(super) const fn new(folder: PathBuf, sequence: u64) -> Self {
        Self { folder, sequence }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Last event in it.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "a checkpoint of the graph was not removed");
        }
    }
}
