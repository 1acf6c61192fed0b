//! For tests: a disk in memory that forgets what was not fsynced when its power is cut, that can lose any one fsync, and
//! that fails any operation. Stricter than any real file system: nothing becomes durable by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, Entry, EntryKind, Lock, LockError, ReadAt, WriteFile};

/// What is left after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survival {
    /// Only fsynced content and fsynced names.
    OnlySynced,
    /// All names, but only fsynced content: what a journal of metadata alone gives.
    NamesWithoutContent,
    /// Any part of what was not fsynced, content cut anywhere: chosen by this seed.
    SomeOfIt(u64),
    /// All of it: the process was killed, the machine went on.
    Everything,
}

/// An operation that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Number of the operation, as [`DiskDouble::operations`] counts them.
    pub at: usize,
    /// The error number: `ENOSPC` is 28, `EROFS` 30, `EIO` 5.
    pub errno: i32,
    /// Whether all later changes fail too.
    pub lasts: bool,
}

#[derive(Debug, Clone)]
enum Inode {
    File { content: Vec<u8>, durable: Vec<u8> },
    Directory { names: Names, durable: Names },
}

type Names = BTreeMap<String, usize>;

/// A rename is one step on every journalling file system: after a cut the name is at its old place or at its new one.
/// Here it is at the new one only after an fsync of the new directory.
#[derive(Debug, Clone)]
struct Rename {
    from: (usize, String),
    to: (usize, String),
    inode: usize,
}

#[derive(Default)]
struct State {
    inodes: Vec<Inode>,
    log: Vec<String>,
    syncs: usize,
    cut_after: Option<usize>,
    lost_sync: Option<usize>,
    /// Renames that no fsync of the new directory has made durable.
    renames: Vec<Rename>,
    fault: Option<Fault>,
    locks: BTreeSet<PathBuf>,
    free: Option<u64>,
}

/// The disk in memory. Clones are handles of the same one.
#[derive(Clone)]
pub struct DiskDouble {
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for DiskDouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DiskDouble after {} operations", self.operations())
    }
}

impl Default for DiskDouble {
    fn default() -> Self {
        let root = Inode::Directory { names: Names::new(), durable: Names::new() };
        Self { state: Arc::new(Mutex::new(State { inodes: vec![root], ..State::default() })) }
    }
}

impl DiskDouble {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes and fsyncs so far; reads are not counted.
    pub fn operations(&self) -> usize {
        self.state().log.len()
    }

    /// What was done so far, one text an operation.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    /// Fsyncs so far.
    pub fn syncs(&self) -> usize {
        self.state().syncs
    }

    /// Cuts the power after this many operations in all: everything later fails.
    pub fn cut_after(&self, operations: usize) {
        self.state().cut_after = Some(operations);
    }

    /// The fsync of this number (from 0) will say that it succeeded, and do nothing.
    pub fn lose_sync(&self, number: usize) {
        self.state().lost_sync = Some(number);
    }

    /// Makes an operation fail.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// What `free_bytes` says from now on.
    pub fn set_free_bytes(&self, free: u64) {
        self.state().free = Some(free);
    }

    /// The disk after a power cut: a new one, which shares nothing with this one.
    pub fn restart(&self, survival: Survival) -> Self {
        let state = self.state();
        let mut chance = Chance(match survival {
            Survival::SomeOfIt(seed) => seed,
            _ => 0,
        });
        let mut inodes = state.inodes.clone();
        if matches!(survival, Survival::SomeOfIt(_)) {
            let happened = state.renames.iter().take_while(|_| chance.below(2) == 0).count();
            for (number, Rename { from, to, inode }) in state.renames.iter().enumerate() {
                let (kept, other) = if number < happened { (to, from) } else { (from, to) };
                settle(&mut inodes, kept, Some(*inode));
                settle(&mut inodes, other, None);
            }
        }
        let inodes = inodes.iter().map(|inode| inode.after(survival, &mut chance)).collect();
        Self { state: Arc::new(Mutex::new(State { inodes, free: state.free, ..State::default() })) }
    }

    /// Changes a file's bytes behind the archive's back.
    ///
    /// # Errors
    /// `NotFound` when there is no such file.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.find(path)?;
        match state.inodes.get_mut(inode) {
            Some(Inode::File { content, durable }) => {
                change(content);
                durable.clone_from(content);
                Ok(())
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Every file there is.
    pub fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        let mut found = Vec::new();
        let mut open = vec![(PathBuf::from("/"), 0)];
        while let Some((path, inode)) = open.pop() {
            match state.inodes.get(inode) {
                Some(Inode::Directory { names, .. }) => {
                    open.extend(names.iter().map(|(name, inode)| (path.join(name), *inode)));
                }
                _ => found.push(path),
            }
        }
        found.sort();
        found
    }
}

/// Makes a name durable, or its absence.
fn settle(inodes: &mut [Inode], (directory, name): &(usize, String), inode: Option<usize>) {
    if let Some(Inode::Directory { names, durable }) = inodes.get_mut(*directory) {
        for list in [names, durable] {
            match inode {
                Some(inode) => drop(list.insert(name.clone(), inode)),
                None => drop(list.remove(name)),
            }
        }
    }
}

/// A small generator (splitmix64): the same seed, the same choices.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

impl Inode {
    fn after(&self, survival: Survival, chance: &mut Chance) -> Self {
        match self {
            Self::File { content, durable } => {
                let mut kept = match survival {
                    Survival::OnlySynced | Survival::NamesWithoutContent => durable.clone(),
                    Survival::Everything => content.clone(),
                    Survival::SomeOfIt(_) if chance.below(2) == 0 => durable.clone(),
                    Survival::SomeOfIt(_) => content.clone(),
                };
                if matches!(survival, Survival::SomeOfIt(_)) && kept != *durable {
                    let longest = kept.len() as u64 + 1;
                    kept.truncate((chance.below(longest) as usize).max(durable.len()));
                }
                Self::File { durable: kept.clone(), content: kept }
            }
            Self::Directory { names, durable } => {
                let kept = match survival {
                    Survival::OnlySynced => durable.clone(),
                    Survival::NamesWithoutContent | Survival::Everything => names.clone(),
                    Survival::SomeOfIt(_) => {
                        let all: BTreeSet<&String> = names.keys().chain(durable.keys()).collect();
                        let mut choose =
                            |name: &String| if chance.below(2) == 0 { names } else { durable }.get(name).copied();
                        all.into_iter().filter_map(|name| choose(name).map(|inode| (name.clone(), inode))).collect()
                    }
                };
                Self::Directory { durable: kept.clone(), names: kept }
            }
        }
    }
}

fn power_is_off() -> io::Error {
    io::Error::other("the power is off")
}

impl State {
    /// Counts a change and decides whether it happens.
    fn change(&mut self, what: String) -> io::Result<()> {
        self.check_power()?;
        let number = self.log.len();
        self.log.push(what);
        match self.fault {
            Some(fault) if fault.at == number || (fault.lasts && number > fault.at) => {
                Err(io::Error::from_raw_os_error(fault.errno))
            }
            _ => Ok(()),
        }
    }

    fn check_power(&self) -> io::Result<()> {
        match self.cut_after {
            Some(last) if self.log.len() >= last => Err(power_is_off()),
            _ => Ok(()),
        }
    }

    /// Counts an fsync; whether it shall do its work.
    fn sync(&mut self, what: String) -> io::Result<bool> {
        self.change(what)?;
        self.syncs += 1;
        Ok(self.lost_sync != Some(self.syncs - 1))
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        let names = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        });
        let mut inode = 0;
        for name in names {
            inode = *self.directory(inode)?.get(name.as_ref()).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(inode)
    }

    fn directory(&self, inode: usize) -> io::Result<&Names> {
        match self.inodes.get(inode) {
            Some(Inode::Directory { names, .. }) => Ok(names),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The names of the directory above this path, and the path's last part.
    fn parent(&mut self, path: &Path) -> io::Result<(&mut Names, String)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        let inode = self.find(path.parent().unwrap_or(Path::new("/")))?;
        match self.inodes.get_mut(inode) {
            Some(Inode::Directory { names, .. }) => Ok((names, name)),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// The directory above this path, and the path's last part.
    fn place(&self, path: &Path) -> io::Result<(usize, String)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
        Ok((self.find(path.parent().unwrap_or(Path::new("/")))?, name))
    }

    fn add(&mut self, path: &Path, inode: usize) -> io::Result<()> {
        let (names, name) = self.parent(path)?;
        if names.contains_key(&name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        names.insert(name, inode);
        Ok(())
    }

    fn take(&mut self, path: &Path) -> io::Result<usize> {
        let (names, name) = self.parent(path)?;
        names.remove(&name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn make_names_durable(&mut self, directory: usize) {
        let settled: Vec<Rename> = self.renames.extract_if(.., |rename| rename.to.0 == directory).collect();
        for Rename { from, .. } in settled {
            if let Some(Inode::Directory { durable, .. }) = self.inodes.get_mut(from.0) {
                durable.remove(&from.1);
            }
        }
        let Some(Inode::Directory { names, durable }) = self.inodes.get_mut(directory) else { return };
        let before = std::mem::replace(durable, names.clone());
        // What was renamed away stays here until it is durable at its new place.
        let leaving = self.renames.iter().filter(|rename| rename.from.0 == directory).map(|rename| &rename.from.1);
        durable
            .extend(leaving.filter_map(|name| before.get_key_value(name).map(|(name, inode)| (name.clone(), *inode))));
    }

    fn kind(&self, inode: usize) -> EntryKind {
        match self.inodes.get(inode) {
            Some(Inode::File { content, .. }) => EntryKind::File { bytes: content.len() as u64 },
            Some(Inode::Directory { .. }) => EntryKind::Directory,
            None => EntryKind::Other,
        }
    }
}

struct DoubleFile {
    disk: DiskDouble,
    inode: usize,
    path: PathBuf,
}

impl Write for DoubleFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let changed = state.change(format!("write {} bytes to {}", bytes.len(), self.path.display()));
        // A write that fails may have written some of it.
        let written = if changed.is_ok() { bytes } else { bytes.get(..bytes.len() / 2).unwrap_or_default() };
        if let Some(Inode::File { content, .. }) = state.inodes.get_mut(self.inode) {
            content.extend_from_slice(written);
        }
        changed.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for DoubleFile {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let works = state.sync(format!("fsync file {}", self.path.display()))?;
        if let Some(Inode::File { content, durable }) = state.inodes.get_mut(self.inode).filter(|_| works) {
            durable.clone_from(content);
        }
        Ok(())
    }
}

impl ReadAt for DoubleFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        state.check_power()?;
        match state.inodes.get(self.inode) {
            Some(Inode::File { content, .. }) => content.read_exact_at(buffer, offset),
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn length(&self) -> io::Result<u64> {
        let state = self.disk.state();
        match state.inodes.get(self.inode) {
            Some(Inode::File { content, .. }) => Ok(content.len() as u64),
            _ => Err(io::ErrorKind::IsADirectory.into()),
        }
    }
}

struct DoubleLock {
    disk: DiskDouble,
    path: PathBuf,
}

impl fmt::Debug for DoubleLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "lock of {}", self.path.display())
    }
}

impl Drop for DoubleLock {
    fn drop(&mut self) {
        self.disk.state().locks.remove(&self.path);
    }
}

impl Lock for DoubleLock {
    fn describe(&self, _holder: &str) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for DiskDouble {
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let mut state = self.state();
        state.change(format!("create {}", path.display()))?;
        let inode = state.inodes.len();
        state.add(path, inode)?;
        state.inodes.push(Inode::File { content: Vec::new(), durable: Vec::new() });
        Ok(Box::new(DoubleFile { disk: self.clone(), inode, path: path.to_owned() }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn ReadAt>> {
        let state = self.state();
        state.check_power()?;
        let inode = state.find(path)?;
        Ok(Arc::new(DoubleFile { disk: self.clone(), inode, path: path.to_owned() }))
    }

    fn status(&self, path: &Path) -> io::Result<Option<EntryKind>> {
        let state = self.state();
        state.check_power()?;
        Ok(state.find(path).ok().map(|inode| state.kind(inode)))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let state = self.state();
        state.check_power()?;
        let names = state.directory(state.find(path)?)?;
        Ok(names.iter().map(|(name, inode)| Entry { name: name.clone(), kind: state.kind(*inode) }).collect())
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change(format!("make directory {}", path.display()))?;
        let inode = state.inodes.len();
        state.add(path, inode)?;
        state.inodes.push(Inode::Directory { names: Names::new(), durable: Names::new() });
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.find(path)?;
        let works = state.sync(format!("fsync directory {}", path.display()))?;
        if works {
            state.make_names_durable(inode);
        }
        Ok(())
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change(format!("rename {} to {}", from.display(), to.display()))?;
        let inode = state.find(from)?;
        let rename = Rename { from: state.place(from)?, to: state.place(to)?, inode };
        state.add(to, inode)?;
        state.take(from)?;
        state.renames.push(rename);
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change(format!("link {} to {}", from.display(), to.display()))?;
        let inode = state.find(from)?;
        state.add(to, inode)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change(format!("remove file {}", path.display()))?;
        state.take(path).map(drop)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.change(format!("remove directory {}", path.display()))?;
        if !state.directory(state.find(path)?)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.take(path).map(drop)
    }

    fn free_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.state().free.unwrap_or(u64::MAX))
    }

    fn same_file_system(&self, _one: &Path, _other: &Path) -> io::Result<bool> {
        Ok(true)
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn Lock>, LockError> {
        let mut state = self.state();
        state.check_power()?;
        if state.locks.insert(path.to_owned()) {
            Ok(Box::new(DoubleLock { disk: self.clone(), path: path.to_owned() }))
        } else {
            Err(LockError::Held { holder: "another process".into() })
        }
    }
}
