//! The folder of the index, in which new files stay in memory until many are saved together.
//!
//! A commit of one record makes some ten small files that the next merge throws away. Here it costs no disk access at
//! all: what a crash loses is made again from the archive, because the position that is lost with the files says so.
//! What is on disk is always one whole saved state: its files are deleted only after the next one is complete.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::error::{DeleteError, LockError, OpenDirectoryError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};
use tantivy::{Directory, HasLen};

/// A file that grows beyond this is written to disk at once.
const LARGEST_IN_MEMORY: usize = 4 << 20;

/// tantivy's list of segments, and its list of files it may delete: written last, in this order.
const STATE_FILES: [&str; 2] = [".managed.json", "meta.json"];

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct IndexFolder {
    path: PathBuf,
    disk: MmapDirectory,
    state: Arc<Mutex<State>>,
}

#[derive(Default, Debug)]
struct State {
    /// Complete files that are not on disk.
    memory: HashMap<PathBuf, OwnedBytes>,
    /// Files that are being written.
    unfinished: HashSet<PathBuf>,
    /// Complete files on disk that the saved state does not name.
    unsaved: HashSet<PathBuf>,
    /// Deleted files on disk that the saved state still names.
    condemned: HashSet<PathBuf>,
}

impl IndexFolder {
    pub(super) fn open(path: &Path) -> Result<Self, OpenDirectoryError> {
        let disk = MmapDirectory::open(path)?;
        Ok(Self { path: path.to_owned(), disk, state: Arc::default() })
    }

    /// Bytes of files that are not on disk.
    pub(super) fn bytes_in_memory(&self) -> usize {
        self.lock().memory.values().map(HasLen::len).sum()
    }

    /// Names of the segments of which a file is not on disk.
    pub(super) fn segments_in_memory(&self) -> HashSet<String> {
        let state = self.lock();
        let stems = state.memory.keys().filter_map(|path| path.file_stem()?.to_str());
        stems.map(|stem| stem.split('.').next().unwrap_or(stem).to_owned()).collect()
    }

    /// Brings everything to disk; then a crash loses nothing up to here.
    pub(super) fn save(&self) -> io::Result<()> {
        let mut state = self.lock();
        let is_state = |path: &Path| STATE_FILES.iter().any(|name| Path::new(name) == path);
        if state.memory.is_empty() && state.unsaved.is_empty() && state.condemned.is_empty() {
            return Ok(());
        }
        for (path, bytes) in state.memory.iter().filter(|(path, _)| !is_state(path)) {
            let mut file = File::create(self.path.join(path))?;
            file.write_all(bytes)?;
            file.sync_data()?;
        }
        for path in &state.unsaved {
            File::open(self.path.join(path))?.sync_data()?;
        }
        self.disk.sync_directory()?;
        for name in STATE_FILES {
            if let Some(bytes) = state.memory.get(Path::new(name)) {
                self.disk.atomic_write(Path::new(name), bytes)?;
            }
        }
        self.disk.sync_directory()?;
        state.memory.clear();
        state.unsaved.clear();
        for path in std::mem::take(&mut state.condemned) {
            remove_if_there(&self.path.join(path))?;
        }
        Ok(())
    }

    /// Deletes files that a crash has left behind, all but these and tantivy's own.
    pub(super) fn sweep(&self, named: &HashSet<PathBuf>) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = PathBuf::from(entry.file_name());
            let is_own = name.extension().is_some_and(|extension| extension == "lock" || extension == "json");
            if !is_own && !named.contains(&name) && entry.file_type()?.is_file() {
                remove_if_there(&entry.path())?;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Directory for IndexFolder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let state = self.lock();
        if let Some(bytes) = state.memory.get(path) {
            return Ok(Arc::new(bytes.clone()));
        }
        if state.condemned.contains(path) || state.unfinished.contains(path) {
            return Err(OpenReadError::FileDoesNotExist(path.to_owned()));
        }
        drop(state);
        self.disk.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let mut state = self.lock();
        if state.memory.remove(path).is_some() {
            return Ok(());
        }
        if state.unsaved.remove(path) {
            return self.disk.delete(path);
        }
        let is_there = !state.condemned.contains(path) && self.path.join(path).is_file();
        if !is_there {
            return Err(DeleteError::FileDoesNotExist(path.to_owned()));
        }
        state.condemned.insert(path.to_owned());
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let state = self.lock();
        if state.memory.contains_key(path) || state.unfinished.contains(path) {
            return Ok(true);
        }
        Ok(!state.condemned.contains(path) && self.disk.exists(path)?)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let exists = self.exists(path).map_err(|_| OpenWriteError::FileAlreadyExists(path.to_owned()))?;
        let mut state = self.lock();
        // The saved state names a file of this name: to write another one would spoil it.
        let is_taken = exists || state.condemned.contains(path) || !state.unfinished.insert(path.to_owned());
        drop(state);
        if is_taken {
            return Err(OpenWriteError::FileAlreadyExists(path.to_owned()));
        }
        let writer = FileWriter { folder: self.clone(), path: path.to_owned(), bytes: Vec::new(), file: None };
        Ok(BufWriter::new(Box::new(writer)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.lock().memory.get(path) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => self.disk.atomic_read(path),
        }
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.lock().memory.insert(path.to_owned(), OwnedBytes::new(data.to_vec()));
        Ok(())
    }

    /// `save` does.
    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.disk.acquire_lock(lock)
    }

    /// Readers are reloaded by hand.
    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// Writes one file, in memory while it is small.
struct FileWriter {
    folder: IndexFolder,
    path: PathBuf,
    bytes: Vec<u8>,
    file: Option<File>,
}

impl Write for FileWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            return file.write(data);
        }
        self.bytes.extend_from_slice(data);
        if self.bytes.len() > LARGEST_IN_MEMORY {
            let mut file = File::create(self.folder.path.join(&self.path))?;
            file.write_all(&self.bytes)?;
            self.bytes = Vec::new();
            self.file = Some(file);
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for FileWriter {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        let mut state = self.folder.lock();
        state.unfinished.remove(&self.path);
        if self.file.is_some() {
            state.unsaved.insert(self.path.clone());
        } else {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.shrink_to_fit();
            state.memory.insert(self.path.clone(), OwnedBytes::new(bytes));
        }
        Ok(())
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        let mut state = self.folder.lock();
        if state.unfinished.remove(&self.path) && self.file.is_some() {
            // Given up half-way; the next sweep deletes what cannot be deleted now.
            let _ = remove_if_there(&self.folder.path.join(&self.path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &IndexFolder, name: &str, length: usize) {
        let mut writer = folder.open_write(Path::new(name)).expect("opens");
        writer.write_all(&vec![7; length]).expect("writes");
        writer.terminate().expect("terminates");
    }

    fn on_disk(path: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(path).expect("lists").filter_map(Result::ok);
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_reach_the_disk_with_save_and_leave_it_after_the_next() {
        let path = tempfile::tempdir().expect("temporary folder");
        let folder = IndexFolder::open(path.path()).expect("opens");
        let names = [Path::new("a.fast"), Path::new("b.fast")];
        write(&folder, "a.fast", 10);
        write(&folder, "b.fast", LARGEST_IN_MEMORY + 1);
        folder.atomic_write(Path::new("meta.json"), b"1").expect("writes");
        assert_eq!(on_disk(path.path()), ["b.fast"]);
        assert_eq!(folder.bytes_in_memory(), 11);
        assert_eq!(folder.open_read(names[0]).expect("reads").len(), 10);
        assert_eq!(folder.open_read(names[1]).expect("reads").len(), LARGEST_IN_MEMORY + 1);
        assert!(folder.open_write(names[0]).is_err());
        folder.save().expect("saves");
        assert_eq!(on_disk(path.path()), ["a.fast", "b.fast", "meta.json"]);
        assert_eq!(folder.bytes_in_memory(), 0);

        folder.delete(names[0]).expect("deletes");
        assert!(folder.delete(names[0]).is_err());
        assert!(!folder.exists(names[0]).expect("looks"));
        assert!(folder.open_read(names[0]).is_err());
        assert_eq!(on_disk(path.path()), ["a.fast", "b.fast", "meta.json"]);
        folder.save().expect("saves");
        assert_eq!(on_disk(path.path()), ["b.fast", "meta.json"]);

        write(&folder, "c.fast", LARGEST_IN_MEMORY + 1);
        folder.delete(Path::new("c.fast")).expect("deletes");
        drop(folder.open_write(Path::new("d.fast")).expect("opens"));
        assert!(!folder.exists(Path::new("d.fast")).expect("looks"));
        assert_eq!(on_disk(path.path()), ["b.fast", "meta.json"]);
        folder.sweep(&HashSet::new()).expect("sweeps");
        assert_eq!(on_disk(path.path()), ["meta.json"]);
    }
}
