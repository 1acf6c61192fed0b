//! A mirror: a store that follows the log of another one, line by line and payload by payload, and takes no writes of its own.
//! What marks it is a file beside the archive, so that every way to open the store knows.

mod follow;

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use follow::{Follower, MirrorError, Progress};

/// The file that marks a mirror.
const MARKER: &str = "mirror.json";

/// What a store mirrors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Base address of the service that it follows, without a `/` at its end.
    pub url: String,
    /// Public key that signs the checkpoints of the log, in hexadecimal digits; that of the first checkpoint seen.
    pub public_key: String,
}

impl Marker {
    /// What the store is a mirror of; `None` for a store that takes writes.
    ///
    /// # Errors
    /// When there is a marker that cannot be read: a store that may be a mirror must not be written.
    pub fn read(store: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::read(store.join(MARKER)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(std::io::Error::other),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Marks a store, durably.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&self, store: &Path) -> std::io::Result<()> {
        let path = store.join(MARKER);
        let beside: PathBuf = path.with_extension("json.new");
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        std::fs::File::open(store)?.sync_all()
    }

    /// Why such a store takes no writes.
    pub fn refusal(&self) -> String {
        format!("this store is a mirror of {}: write there", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_as_it_was_written_and_a_broken_one_is_no_absence() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Marker::read(folder.path()).expect("readable"), None);
        let marker = Marker { url: "http://a.example".to_owned(), public_key: "00".repeat(32) };
        marker.write(folder.path()).expect("written");
        assert_eq!(Marker::read(folder.path()).expect("readable"), Some(marker));
        std::fs::write(folder.path().join(MARKER), b"{").expect("written");
        assert!(Marker::read(folder.path()).is_err());
    }
}
