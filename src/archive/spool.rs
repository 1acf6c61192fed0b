//! Where the stored bytes of one payload go while it is staged: memory first, then a file under `work/`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::disk::{ReadAt, WriteFile};
use super::open::Inner;
use crate::codec::Sha512Hasher;

/// Stored bytes of a staged payload that are kept in memory; more go to a file under `work/`.
const MEMORY_BYTES: usize = 256 << 10;

/// Where stored bytes go while they are staged, with their sha512.
pub(super) struct Spool {
    archive: Arc<Inner>,
    pub path: PathBuf,
    pub memory: Vec<u8>,
    pub file: Option<Box<dyn WriteFile>>,
    pub sha512: Sha512Hasher,
    pub stored: u64,
}

impl Spool {
    pub fn new(archive: &Arc<Inner>) -> Self {
        let number = archive.staged.fetch_add(1, Ordering::Relaxed);
        let path = archive.paths.work.join(format!("upload-{number}"));
        Self {
            archive: archive.clone(),
            path,
            memory: Vec::new(),
            file: None,
            sha512: Sha512Hasher::default(),
            stored: 0,
        }
    }

    /// Moves what is in memory to the file, if there is none yet.
    pub fn spill(&mut self) -> io::Result<&mut Box<dyn WriteFile>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = self.archive.disk.create(&self.path)?;
                file.write_all(&std::mem::take(&mut self.memory))?;
                file
            }
        };
        Ok(self.file.insert(file))
    }

    pub fn reader(&self) -> io::Result<Arc<dyn ReadAt>> {
        match &self.file {
            Some(_) => self.archive.disk.open(&self.path),
            None => Ok(Arc::new(self.memory.clone())),
        }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.memory.len() + bytes.len() <= MEMORY_BYTES {
            self.memory.extend_from_slice(bytes);
        } else {
            self.spill()?.write_all(bytes)?;
        }
        self.sha512.update(bytes);
        self.stored += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Whatever is left under work/ goes when the store is opened next.
            let _ = self.archive.disk.remove_file(&self.path);
        }
    }
}
