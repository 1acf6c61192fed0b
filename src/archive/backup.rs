//! A consistent copy of the archive while it is written: every object that was committed when the copy began.
//!
//! Objects never change, and a payload object is committed before the segment that names it. So the copy is right when
//! it leaves out the segments that came after its beginning; what else arrives meanwhile is harmless. A second backup
//! into the same folder adds what is missing there.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, EntryKind};
use super::error::{At, DiskError};
use super::layout::{ObjectId, decode};
use super::open::Archive;

/// Names the storage root of an archive (OCFL 1.1 § 4).
const DECLARATION: &str = "0=ocfl_1.1";
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
    #[error("{} exists and is no backup: give a new folder, or one that an earlier backup made", path.display())]
    Exists { path: PathBuf },
    #[error(transparent)]
    Disk(#[from] DiskError),
}

struct Copy<'a> {
    disk: &'a dyn Disk,
    done: Backup,
}

impl Archive {
    /// Copies the archive into a folder, which is then a store of its own; durable when this returns. A folder that an
    /// earlier backup made gets what it lacks.
    ///
    /// # Errors
    /// `Exists` for a folder of something else, or the disk's; a copy that failed is completed by the next.
    pub fn backup(&self, target: &Path) -> Result<Backup, BackupError> {
        let disk = self.inner.disk.as_ref();
        let declaration = target.join("archive").join(DECLARATION);
        let is_new = disk.status(target).at("look at", target)?.is_none();
        if !is_new && disk.status(&declaration).at("look at", &declaration)?.is_none() {
            return Err(BackupError::Exists { path: target.to_owned() });
        }
        let done = Backup { last_sequence: self.last_sequence(), files: 0, bytes: 0 };
        let mut copy = Copy { disk, done };
        disk::ensure_dir(disk, target).at("create directory", target)?;
        copy.tree(&self.inner.paths.archive, &target.join("archive"))?;
        disk.sync_dir(target).at("make durable", target)?;
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_dir(parent).at("make durable", parent)?;
        Ok(copy.done)
    }
}

impl Copy<'_> {
    fn tree(&mut self, from: &Path, to: &Path) -> Result<(), DiskError> {
        if self.disk.status(to).at("look at", to)?.is_none() {
            self.disk.make_dir(to).at("create directory", to)?;
        }
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
        if self.disk.list(to).at("list", to)?.is_empty() {
            // Made for a segment that came too late: an archive has no empty directories.
            return self.disk.remove_dir(to).at("remove", to);
        }
        self.disk.sync_dir(to).at("make durable", to)
    }

    fn is_too_new(&self, name: &str) -> bool {
        let id = decode(name).as_deref().and_then(ObjectId::parse);
        matches!(id, Some(ObjectId::Segment { first, .. }) if first > self.done.last_sequence)
    }

    /// Small files are compared, large ones are known by their name and length: objects never change.
    fn is_same(&self, one: &Path, other: &Path, length: u64) -> Result<bool, DiskError> {
        if length > PIECE as u64 {
            return Ok(true);
        }
        let one_bytes = disk::read_file(self.disk, one, length).at("read", one)?;
        Ok(one_bytes == disk::read_file(self.disk, other, length).at("read", other)?)
    }

    fn file(&mut self, from: &Path, to: &Path, length: u64) -> Result<(), DiskError> {
        let source = self.disk.open(from).at("open", from)?;
        match self.disk.status(to).at("look at", to)? {
            None => {}
            Some(EntryKind::File { bytes }) if bytes == length && self.is_same(from, to, length)? => return Ok(()),
            // Half a file of an interrupted backup.
            Some(_) => self.disk.remove_file(to).at("remove", to)?,
        }
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
