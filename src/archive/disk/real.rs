//! The operating system's file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{CWD, FlockOperation, RenameFlags};

use super::{Disk, Entry, EntryKind, Lock, LockError, ReadAt, WriteFile};

/// Most threads that wait for one `sync_all`. A journalling file system makes all of them durable in one write of its
/// journal: 14 files and directories took 1.5 ms this way on ext4, and up to 38 ms one after the other.
const SYNC_THREADS: usize = 16;

/// Longest text of a lock file that is shown.
const LOCK_TEXT_BYTES: u64 = 1024;

/// Files that the process may have open at once.
pub fn most_open_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// Lets the process open as many files as its system allows: a page of hits reads as many segments as it has hits, and
/// files that stay open need not be looked for again.
///
/// # Errors
/// The system's; the limit is then as it was.
pub fn raise_open_files() -> io::Result<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    Ok(rustix::process::setrlimit(rustix::process::Resource::Nofile, raised)?)
}

/// The real disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for RealFile {
    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

impl ReadAt for RealFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

#[derive(Debug)]
struct RealLock(File);

impl Lock for RealLock {
    fn describe(&self, holder: &str) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.write_all_at(holder.as_bytes(), 0)
    }
}

fn kind_of(metadata: &fs::Metadata) -> EntryKind {
    match metadata.file_type() {
        kind if kind.is_dir() => EntryKind::Directory,
        kind if kind.is_file() => EntryKind::File { bytes: metadata.len() },
        _ => EntryKind::Other,
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadAt>> {
        Ok(Arc::new(RealFile(File::open(path)?)))
    }

    fn status(&self, path: &Path) -> io::Result<Option<EntryKind>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(kind_of(&metadata))),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_directory = entry.file_type()?.is_dir();
            let kind = if is_directory { EntryKind::Directory } else { kind_of(&entry.metadata()?) };
            entries.push(Entry { name, kind });
        }
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(entries)
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_all(&self, files: &[&dyn WriteFile], dirs: &[&Path]) -> io::Result<()> {
        type Sync<'a> = Box<dyn FnOnce() -> io::Result<()> + Send + 'a>;
        let files = files.iter().map(|file| Box::new(|| file.sync()) as Sync<'_>);
        let dirs = dirs.iter().map(|dir| Box::new(|| self.sync_dir(dir)) as Sync<'_>);
        let mut tasks: Vec<Sync<'_>> = files.chain(dirs).collect();
        let share = tasks.len().div_ceil(SYNC_THREADS).max(1);
        std::thread::scope(|scope| {
            let mut threads = Vec::new();
            while tasks.len() > share {
                let mine = tasks.split_off(tasks.len() - share);
                let sync_mine = move || mine.into_iter().map(|task| task()).fold(Ok(()), io::Result::and);
                threads.push(std::thread::Builder::new().spawn_scoped(scope, sync_mine)?);
            }
            let own = tasks.into_iter().map(|task| task()).fold(Ok(()), io::Result::and);
            let joined = |thread: std::thread::ScopedJoinHandle<'_, io::Result<()>>| {
                thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread that waited for the disk died")))
            };
            threads.into_iter().map(joined).fold(own, io::Result::and)
        })
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(()),
            // Some network file systems cannot: under the store's lock nobody else creates the target.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => {
                match self.status(to)? {
                    Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
                    None => fs::rename(from, to),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let status = rustix::fs::statvfs(path)?;
        Ok(status.f_bavail.saturating_mul(status.f_frsize))
    }

    fn same_file_system(&self, one: &Path, other: &Path) -> io::Result<bool> {
        Ok(fs::metadata(one)?.dev() == fs::metadata(other)?.dev())
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Box::new(RealLock(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = vec![0; file.metadata()?.len().min(LOCK_TEXT_BYTES) as usize];
                file.read_exact_at(&mut text, 0)?;
                Err(LockError::Held { holder: String::from_utf8_lossy(&text).trim().to_owned() })
            }
            Err(error) => Err(io::Error::from(error).into()),
        }
    }
}
