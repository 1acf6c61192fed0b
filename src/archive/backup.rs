//! A consistent copy of the archive while it is written: every object that was committed when the copy began.
//!
//! Objects never change, and a payload object is committed before the segment that names it. So the copy is right when
//! it leaves out the segments that came after its beginning; what else arrives meanwhile is harmless.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, EntryKind};
use super::error::{At, DiskError};
use super::layout::{ObjectId, decode};
use super::open::Archive;

/// Bytes copied at once.
const PIECE: usize = 1 << 20;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Backup {
    /// Last event in the copy.
    pub last_sequence: u64,
    pub files: u64,
    pub bytes: u64,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} exists already: give a folder that does not", path.display())]
    Exists { path: PathBuf },
    #[error(transparent)]
    Disk(#[from] DiskError),
}

struct Copy<'a> {
    disk: &'a dyn Disk,
    done: Backup,
}

impl Archive {
    /// Copies the archive into a new folder, which is then a store of its own; durable when this returns.
    ///
    /// # Errors
    /// `Exists`, or the disk's; a copy that failed stays for a look and is no backup.
    pub fn backup(&self, target: &Path) -> Result<Backup, BackupError> {
        let disk = self.inner.disk.as_ref();
        let paths = &self.inner.paths;
        if disk.status(target).at("look at", target)?.is_some() {
            return Err(BackupError::Exists { path: target.to_owned() });
        }
        let done = Backup { last_sequence: self.last_sequence(), files: 0, bytes: 0 };
        let mut copy = Copy { disk, done };
        disk::ensure_dir(disk, target).at("create directory", target)?;
        copy.tree(&paths.archive, &target.join("archive"))?;
        disk.sync_dir(target).at("make durable", target)?;
        Ok(copy.done)
    }
}

impl Copy<'_> {
    fn tree(&mut self, from: &Path, to: &Path) -> Result<(), DiskError> {
        self.disk.make_dir(to).at("create directory", to)?;
        for entry in self.disk.list(from).at("list", from)? {
            if self.is_too_new(&entry.name) {
                continue;
            }
            let (source, target) = (from.join(&entry.name), to.join(&entry.name));
            match entry.kind {
                EntryKind::Directory => self.tree(&source, &target)?,
                EntryKind::File { bytes } => self.file(&source, &target, bytes)?,
                // Never part of an archive; verify names them.
                EntryKind::Other => {}
            }
        }
        self.disk.sync_dir(to).at("make durable", to)
    }

    fn is_too_new(&self, name: &str) -> bool {
        let id = decode(name).as_deref().and_then(ObjectId::parse);
        matches!(id, Some(ObjectId::Segment { first, .. }) if first > self.done.last_sequence)
    }

    fn file(&mut self, from: &Path, to: &Path, length: u64) -> Result<(), DiskError> {
        let source = self.disk.open(from).at("open", from)?;
        let mut target = self.disk.create(to).at("create", to)?;
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        while at < length {
            let wanted = usize::try_from(length - at).unwrap_or(PIECE).min(PIECE);
            let part = piece.get_mut(..wanted).unwrap_or_default();
            source.read_exact_at(part, at).at("read", from)?;
            target.write_all(part).at("write", to)?;
            at += wanted as u64;
        }
        target.sync().at("make durable", to)?;
        self.done.files += 1;
        self.done.bytes += length;
        Ok(())
    }
}
