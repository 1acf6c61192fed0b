//! The door to the disk: every file access of the archive goes through [`Disk`], so that a test can cut the power after
//! any operation, lose any fsync, or fail any call. Knows nothing of OCFL, segments or payloads.

pub mod double;
mod real;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use crate::codec::ReadAt;
pub use real::{RealDisk, most_open_files, raise_open_files};

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File {
        bytes: u64,
    },
    Directory,
    /// A link, socket or device: never part of an archive.
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name within the directory; a name that is no UTF-8 has U+FFFD in place of what is wrong.
    pub name: String,
    pub kind: EntryKind,
}

/// A new file that is being written.
pub trait WriteFile: io::Write + Send + Sync {
    /// Makes the file's content durable.
    ///
    /// # Errors
    /// The disk's. What was written before is then lost: the caller must not try again.
    fn sync(&self) -> io::Result<()>;
}

/// An exclusive lock that ends when it is dropped, or with its process.
pub trait Lock: Send + Sync + fmt::Debug {
    /// Replaces what the lock file says.
    ///
    /// # Errors
    /// The disk's.
    fn describe(&self, holder: &str) -> io::Result<()>;
}

/// Why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("held by {holder:?}")]
    Held { holder: String },
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What the archive needs of a file system. Paths are absolute. Reads are safe from many threads.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Creates a file that must not exist.
    ///
    /// # Errors
    /// The disk's; `AlreadyExists`.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// The disk's; `NotFound`.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadAt>>;

    /// What stands at the path (links are not followed), `None` when nothing does.
    ///
    /// # Errors
    /// The disk's.
    fn status(&self, path: &Path) -> io::Result<Option<EntryKind>>;

    /// The names in a directory, sorted bytewise.
    ///
    /// # Errors
    /// The disk's; `NotFound`.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;

    /// Makes one directory whose parent exists.
    ///
    /// # Errors
    /// The disk's; `AlreadyExists`.
    fn make_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// The disk's.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes files and directories durable, in any order. All have been tried when this returns an error.
    ///
    /// # Errors
    /// The first error of the disk.
    fn sync_all(&self, files: &[&dyn WriteFile], dirs: &[&Path]) -> io::Result<()> {
        let files = files.iter().map(|file| file.sync());
        let dirs = dirs.iter().map(|dir| self.sync_dir(dir));
        files.chain(dirs).fold(Ok(()), io::Result::and)
    }

    /// Renames a file or directory; nothing may stand at the new path.
    ///
    /// # Errors
    /// The disk's; `AlreadyExists`.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    ///
    /// # Errors
    /// The disk's, as when the new name is on another file system.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The disk's; `NotFound`.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// The disk's; `DirectoryNotEmpty`, `NotFound`.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Bytes that may still be written to the file system of this path.
    ///
    /// # Errors
    /// The disk's.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;

    /// Whether two directories are on one file system, so that a rename between them is one step.
    ///
    /// # Errors
    /// The disk's.
    fn same_file_system(&self, one: &Path, other: &Path) -> io::Result<bool>;

    /// Takes the exclusive lock of a file, which is created if need be.
    ///
    /// # Errors
    /// `LockError::Held` with what its holder wrote; otherwise the disk's.
    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError>;
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// The disk's; `FileTooLarge`.
pub fn read_file(disk: &dyn Disk, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let bytes = file.length()?;
    if bytes > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{bytes} bytes, at most {limit} expected")));
    }
    let mut content = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    file.read_exact_at(&mut content, 0)?;
    Ok(content)
}

/// Removes a file or a whole directory; nothing there is success.
///
/// # Errors
/// The disk's.
pub fn remove_tree(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.status(path)? {
        None => Ok(()),
        Some(EntryKind::Directory) => {
            for entry in disk.list(path)? {
                remove_tree(disk, &path.join(entry.name))?;
            }
            disk.remove_dir(path)
        }
        Some(_) => disk.remove_file(path),
    }
}

/// Makes a directory that may exist already.
///
/// # Errors
/// The disk's.
pub fn ensure_dir(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
