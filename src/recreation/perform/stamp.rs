//! Whether the files of a job were changed on the host while it ran. Complements the digests taken before it.

use std::os::unix::fs::MetadataExt;

use super::end::End;
use super::files::{all_of, open_checked};
use super::job::{Job, JobFile};

/// What a file system changes with the bytes: device, inode, length, both times that a write moves.
type Stamp = (u64, u64, u64, i64, i64, i64, i64);

/// The state of all files before a run.
pub(super) struct Stamps(Vec<Option<Stamp>>);

fn stamp(file: &JobFile) -> Option<Stamp> {
    let found = std::fs::symlink_metadata(&file.path).ok()?;
    let times = (found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec());
    Some((found.dev(), found.ino(), found.len(), times.0, times.1, times.2, times.3))
}

impl Stamps {
    /// To be taken before the digests are.
    pub(super) fn take(job: &Job) -> Self {
        Self(all_of(job).map(stamp).collect())
    }

    /// The end of a run during which a file became another one. A file that was only touched is digested again.
    pub(super) fn changed(&self, job: &Job) -> Option<End> {
        let touched = all_of(job).zip(&self.0).filter(|(file, before)| stamp(file) != **before);
        touched.into_iter().find_map(|(file, _)| open_checked(file).err())
    }
}
