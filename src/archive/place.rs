//! Directories of the storage root that objects are renamed into, and which of them are known to be durable.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::disk::{self, Disk};
use super::error::{At, DiskError};

/// Directories remembered as durable. Forgetting one costs an fsync, nothing else.
const REMEMBERED: usize = 100_000;

/// Makes the parents of objects and remembers which were made durable by this process. A directory that is merely
/// there may come from a process that was killed before its fsync.
#[derive(Debug, Default)]
pub struct Places {
    durable: Mutex<HashSet<PathBuf>>,
}

/// Parents that were made or found, and the directories to fsync so that they stay.
#[derive(Debug, Default)]
pub struct Parents {
    made: Vec<PathBuf>,
    pub to_sync: BTreeSet<PathBuf>,
}

impl Places {
    /// Makes the directories above `object` (a path within `root`).
    pub fn make_parents(
        &self,
        disk: &dyn Disk,
        root: &Path,
        object: &Path,
        parents: &mut Parents,
    ) -> Result<(), DiskError> {
        let durable = self.durable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut above = root.to_owned();
        for name in object.parent().into_iter().flat_map(Path::iter) {
            let dir = above.join(name);
            if !durable.contains(&dir) {
                disk::ensure_dir(disk, &dir).at("create directory", &dir)?;
                parents.to_sync.insert(above);
                parents.made.push(dir.clone());
            }
            above = dir;
        }
        Ok(())
    }

    /// Remembers parents after their fsync.
    pub fn remember(&self, parents: &Parents) {
        let mut durable = self.durable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if durable.len() > REMEMBERED {
            durable.clear();
        }
        durable.extend(parents.made.iter().cloned());
    }

    /// Removes the directories above `object` that are empty: a validator would flag them. Returns the directory that
    /// a name was removed from, if one was: to be fsynced before the reason for the removal is forgotten.
    pub fn remove_empty_parents(&self, disk: &dyn Disk, root: &Path, object: &Path) -> Option<PathBuf> {
        let mut durable = self.durable.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut changed = None;
        for parent in object.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
            let dir = root.join(parent);
            durable.remove(&dir);
            match disk.remove_dir(&dir) {
                Ok(()) => changed = dir.parent().map(Path::to_path_buf),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => break,
            }
        }
        changed
    }
}
