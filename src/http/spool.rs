//! Results that wait for a client who sends first and reads later: never blocks the writer, never fills the memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;
use tokio::sync::Notify;

/// Bytes kept in memory before the rest goes to a file.
const MEMORY_BYTES: usize = 1 << 20;
/// Bytes read back from the file at once.
const READ_BYTES: usize = 256 << 10;

#[derive(Default)]
struct Inner {
    memory: VecDeque<Bytes>,
    memory_bytes: usize,
    file: Option<File>,
    written: u64,
    read: u64,
    ended: bool,
    failure: Option<io::ErrorKind>,
}

/// A pipe without backpressure.
pub struct Spool {
    inner: Mutex<Inner>,
    news: Notify,
    folder: PathBuf,
}

impl Spool {
    /// An empty spool; its file, if one is needed, has no name and goes with the process.
    pub fn new(folder: &Path) -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), news: Notify::new(), folder: folder.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds bytes at the end.
    pub fn write(&self, bytes: Bytes) {
        let mut inner = self.lock();
        let spilling = inner.written > inner.read || inner.memory_bytes + bytes.len() > MEMORY_BYTES;
        if spilling {
            if let Err(error) = self.spill(&mut inner, &bytes) {
                tracing::warn!(%error, "results of an ingest cannot be spooled; its answer will break off");
                inner.failure = Some(error.kind());
            }
        } else {
            inner.memory_bytes += bytes.len();
            inner.memory.push_back(bytes);
        }
        drop(inner);
        self.news.notify_one();
    }

    fn spill(&self, inner: &mut Inner, bytes: &[u8]) -> io::Result<()> {
        let file = match inner.file.take() {
            Some(file) => file,
            None => unnamed_file(&self.folder)?,
        };
        let written = file.write_all_at(bytes, inner.written);
        inner.file = Some(file);
        written?;
        inner.written += bytes.len() as u64;
        Ok(())
    }

    /// Says that nothing more comes.
    pub fn end(&self) {
        self.lock().ended = true;
        self.news.notify_one();
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// When spooling failed: the answer breaks off instead of looking complete.
    pub async fn next(&self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(result) = self.take() {
                return result;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<io::Result<Option<Bytes>>> {
        let mut inner = self.lock();
        if let Some(bytes) = inner.memory.pop_front() {
            inner.memory_bytes -= bytes.len();
            return Some(Ok(Some(bytes)));
        }
        if let Some(file) = inner.file.as_ref().filter(|_| inner.read < inner.written) {
            let wanted = usize::try_from(inner.written - inner.read).unwrap_or(READ_BYTES).min(READ_BYTES);
            let mut bytes = vec![0; wanted];
            let read = file.read_exact_at(&mut bytes, inner.read);
            inner.read += wanted as u64;
            return Some(read.map(|()| Some(Bytes::from(bytes))));
        }
        match (inner.failure, inner.ended) {
            (Some(kind), _) => Some(Err(kind.into())),
            (None, true) => Some(Ok(None)),
            (None, false) => None,
        }
    }
}

fn unnamed_file(folder: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(_) => {
            // A file system without O_TMPFILE: made and unlinked.
            let path = folder.join(format!("spool-{}-{:x}", std::process::id(), crate::catalogue::now().micros()));
            let file = File::options().read(true).write(true).create_new(true).open(&path)?;
            std::fs::remove_file(&path)?;
            Ok(file)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_first_is_read_first_across_memory_and_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let spool = Spool::new(folder.path());
        let piece = |number: u32| Bytes::from(vec![(number % 251) as u8; 100_000]);
        (0..50).for_each(|number| spool.write(piece(number)));
        spool.end();
        let mut all = Vec::new();
        while let Some(result) = spool.take() {
            match result.expect("readable") {
                Some(bytes) => all.extend_from_slice(&bytes),
                None => break,
            }
        }
        let expected: Vec<u8> = (0..50).flat_map(|number| piece(number).to_vec()).collect();
        assert!(all == expected);
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
    }
}
