//! Opening a store: the lock, the root, the emptied `work/`, and the end of the log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use super::chain::{self, Known, Probe};
use super::disk::{self, Disk, EntryKind, Lock, LockError, ReadAt};
use super::error::{At, DiskError, OpenError};
use super::layout::{self, ObjectId, StorePaths};
use super::merkle::Frontier;
use super::place::{Parents, Places};
use super::recent::Recent;
use super::root;
use super::segment::Description;
use crate::codec::SeekTable;

/// Most open files that are kept for the next read, as far as the process may have so many.
const OPEN_FILES: usize = 8_192;
/// Share of the files that the process may open which are kept so: one in four.
const OPEN_FILES_SHARE: usize = 4;
/// Seek tables that are kept; that of 100 GiB has 2.4 MB.
const SEEK_TABLES: usize = 32;
/// Unpacked record frames that are kept: 5 MiB at the usual frame length, 16 MiB at that of imported records.
const UNPACKED_FRAMES: usize = 256;
/// Unpacked frames of small payloads that are kept: 4 MiB, for who reads neighbours one after the other.
const UNPACKED_SHARED_FRAMES: usize = 16;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// No lock, nothing is created, emptied or written.
    pub read_only: bool,
    /// Payloads of at least this many bytes get an OCFL object of their own; 0 means every payload.
    pub payload_object_threshold: u64,
    /// zstd level of records and payloads.
    pub compression_level: i32,
    /// zstd level of what comes in many small documents: frames that they share, and the event lines of their batch.
    pub document_level: i32,
    /// Writes are refused while fewer bytes than this are free on the disk.
    pub free_space_threshold: u64,
    /// Most unpacked bytes of a frame of event lines; a longer line has a frame of its own.
    pub record_frame_bytes: usize,
    /// The same in a batch that brings its source documents along: its records are long and much alike.
    pub document_record_frame_bytes: usize,
    /// First sequence of a segment near the end that an index knows: the chain is followed from there instead of from 1.
    pub hint: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            payload_object_threshold: 8 << 20,
            compression_level: 3,
            document_level: 6,
            free_space_threshold: 64 << 20,
            record_frame_bytes: 20 << 10,
            document_record_frame_bytes: 64 << 10,
            hint: None,
        }
    }
}

/// A segment that cannot be read. The others can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// OCFL id of the object.
    pub object: String,
    /// Where it stands, or should stand, within the storage root.
    pub path: PathBuf,
    pub what: String,
    pub what_to_do: String,
}

/// What was found and done while opening.
#[derive(Debug, Clone, Default)]
pub struct Recovery {
    /// Whether a new storage root was made.
    pub created: bool,
    /// Leftovers of interrupted work that were removed from `work/`.
    pub removed: Vec<String>,
    /// Segments that were looked at.
    pub segments: u64,
    /// Last committed sequence; 0 when there is none.
    pub last_sequence: u64,
    /// The hint named a segment that the archive does not hold: the index is not of this archive, or it lost its end.
    pub hint_is_unknown: bool,
    /// Segments that are damaged or missing.
    pub damages: Vec<Damage>,
}

pub(super) struct Inner {
    pub disk: Arc<dyn Disk>,
    pub paths: StorePaths,
    pub options: Options,
    pub lock: Option<Box<dyn Lock>>,
    pub chain: Mutex<Chain>,
    pub places: Places,
    pub writer_taken: AtomicBool,
    /// Held while payload objects come into the root or go.
    pub payload_moves: Mutex<()>,
    pub poison: Mutex<Option<DiskError>>,
    pub staged: AtomicU64,
    pub open_files: Recent<(ObjectId, &'static str), Arc<dyn ReadAt>>,
    pub seek_tables: Recent<(ObjectId, &'static str), Arc<SeekTable>>,
    pub frames: Recent<(u64, u32), Arc<Vec<u8>>>,
    /// By object, offset and stored length.
    pub shared_frames: Recent<(ObjectId, u64, u64), Arc<Vec<u8>>>,
    /// Whether the `recover.py` of the root reads frames that payloads share; of an older root it does not.
    pub shares_frames: bool,
}

/// The part of the log that was looked at.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub segments: BTreeMap<u64, Link>,
    /// Every segment from this sequence on is in `segments`.
    pub known_from: u64,
    pub last: u64,
    pub frontier: Frontier,
    /// Set when the end of the log is damaged so that nothing can be appended.
    pub damaged_tail: Option<Damage>,
}

/// One segment of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Link {
    Good { id: ObjectId, last: u64 },
    Bad(Damage),
}

/// An open archive. Clones are handles of the same one.
#[derive(Clone)]
pub struct Archive {
    pub(super) inner: Arc<Inner>,
}

impl Archive {
    /// Opens the store at this folder; unless read-only, takes its lock and makes what is missing.
    ///
    /// # Errors
    /// `OpenError`: the store is in use, is no archive of ours, or the disk refuses. Damaged segments are no error but
    /// part of the `Recovery`.
    pub fn open(store: &Path, disk: Arc<dyn Disk>, options: Options) -> Result<(Self, Recovery), OpenError> {
        let paths = StorePaths::new(store);
        let mut recovery = Recovery::default();
        let lock = if options.read_only { None } else { Some(prepare(disk.as_ref(), &paths, &mut recovery)?) };
        if disk.status(&paths.archive).at("look at", &paths.archive)?.is_none() {
            return Err(OpenError::NoArchive { path: paths.archive });
        }
        root::check(disk.as_ref(), &paths.archive)?;
        let chain = Chain::open(disk.as_ref(), &paths.archive, options.hint, &mut recovery)?;
        let shares_frames = root::reads_shared_frames(disk.as_ref(), &paths.archive);
        let places = Places::default();
        if !options.read_only {
            places.remove_empty_parents(disk.as_ref(), &paths.archive, &ObjectId::segment(chain.last + 1).path());
            make_tail_durable(disk.as_ref(), &paths, &chain, &places)?;
        }
        let inner = Inner {
            disk,
            paths,
            options,
            lock,
            chain: Mutex::new(chain),
            places,
            writer_taken: AtomicBool::new(false),
            payload_moves: Mutex::default(),
            poison: Mutex::new(None),
            staged: AtomicU64::new(0),
            open_files: Recent::new(OPEN_FILES.min(disk::most_open_files() / OPEN_FILES_SHARE)),
            seek_tables: Recent::new(SEEK_TABLES),
            frames: Recent::new(UNPACKED_FRAMES),
            shared_frames: Recent::new(UNPACKED_SHARED_FRAMES),
            shares_frames,
        };
        Ok((Self { inner: Arc::new(inner) }, recovery))
    }

    /// Writes who holds the lock and where it serves into the lock file.
    ///
    /// # Errors
    /// The disk's.
    pub fn announce(&self, holder: &str) -> Result<(), DiskError> {
        let lock = self.inner.lock.as_ref();
        lock.map_or(Ok(()), |lock| lock.describe(holder)).at("write", &self.inner.paths.lock)
    }

    /// The sequence that the next committed line gets.
    pub fn next_sequence(&self) -> u64 {
        self.last_sequence() + 1
    }

    /// The last committed sequence; 0 when there is none.
    pub fn last_sequence(&self) -> u64 {
        self.inner.chain().last
    }

    /// Size and root of the Merkle tree over all committed lines.
    pub fn tree(&self) -> Frontier {
        self.inner.chain().frontier.clone()
    }

    /// Whether the archive takes no writes by its options.
    pub fn is_read_only(&self) -> bool {
        self.inner.options.read_only
    }

    /// The error after which the archive takes no writes until it is opened again.
    pub fn poison(&self) -> Option<DiskError> {
        self.inner.poison.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Bytes that are free on the disk.
    ///
    /// # Errors
    /// The disk's.
    pub fn free_bytes(&self) -> Result<u64, DiskError> {
        self.inner.disk.free_bytes(&self.inner.paths.archive).at("look at", &self.inner.paths.archive)
    }
}

impl Inner {
    pub fn chain(&self) -> std::sync::MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn poison(&self, error: &DiskError) {
        let mut poison = self.poison.lock().unwrap_or_else(PoisonError::into_inner);
        poison.get_or_insert_with(|| error.clone());
    }
}

/// Takes the lock, makes folders and root, empties `work/`.
fn prepare(disk: &dyn Disk, paths: &StorePaths, recovery: &mut Recovery) -> Result<Box<dyn Lock>, OpenError> {
    make_store(disk, &paths.store)?;
    let lock = disk.lock(&paths.lock).map_err(|error| match error {
        LockError::Held { holder } => OpenError::InUse { store: paths.store.clone(), holder },
        LockError::Io(error) => Err::<(), _>(error)
            .at("lock", &paths.lock)
            .err()
            .map_or(OpenError::NoArchive { path: paths.lock.clone() }, OpenError::Disk),
    })?;
    disk::ensure_dir(disk, &paths.work).at("create directory", &paths.work)?;
    recovery.removed = empty_work(disk, paths)?;
    let present = match disk.status(&paths.archive).at("look at", &paths.archive)? {
        None => false,
        Some(_) if disk.list(&paths.archive).at("list", &paths.archive)?.is_empty() => {
            disk.remove_dir(&paths.archive).at("remove", &paths.archive)?;
            false
        }
        Some(_) => true,
    };
    if !present {
        root::create(disk, paths)?;
        recovery.created = true;
    }
    if disk.same_file_system(&paths.archive, &paths.work).at("look at", &paths.work)? {
        Ok(lock)
    } else {
        Err(OpenError::TwoFileSystems { archive: paths.archive.clone(), work: paths.work.clone() })
    }
}

/// Removes what interrupted work left, and the empty directories that it made for payload objects in the root.
fn empty_work(disk: &dyn Disk, paths: &StorePaths) -> Result<Vec<String>, DiskError> {
    let mut removed = Vec::new();
    for leftover in disk.list(&paths.work).at("list", &paths.work)? {
        let path = paths.work.join(&leftover.name);
        let drafts =
            if leftover.kind == EntryKind::Directory { disk.list(&path).at("list", &path)? } else { Vec::new() };
        let ids = drafts.iter().filter_map(|draft| ObjectId::parse(&layout::decode(&draft.name)?));
        for id in ids.filter(|id| matches!(id, ObjectId::Payload(_))) {
            if let Some(changed) = Places::default().remove_empty_parents(disk, &paths.archive, &id.path()) {
                disk.sync_dir(&changed).at("make durable", &changed)?;
            }
        }
        disk::remove_tree(disk, &path).at("remove", &path)?;
        removed.push(leftover.name);
    }
    Ok(removed)
}

/// A process that was killed after its last rename may not have made it durable; what is read now is built upon.
fn make_tail_durable(disk: &dyn Disk, paths: &StorePaths, chain: &Chain, places: &Places) -> Result<(), DiskError> {
    let mut parents = Parents::default();
    parents.to_sync.insert(paths.store.clone());
    if let Some((_, Link::Good { id, .. })) = chain.segments.last_key_value() {
        let object = id.path();
        places.make_parents(disk, &paths.archive, &object, &mut parents)?;
        parents.to_sync.extend(paths.archive.join(object).parent().map(Path::to_path_buf));
    }
    let dirs: Vec<&Path> = parents.to_sync.iter().map(PathBuf::as_path).collect();
    disk.sync_all(&[], &dirs).at("make durable", &paths.archive)?;
    places.remember(&parents);
    Ok(())
}

/// Makes the folder of the store and those above it durable.
fn make_store(disk: &dyn Disk, store: &Path) -> Result<(), DiskError> {
    if disk.status(store).at("look at", store)?.is_some() {
        return Ok(());
    }
    let Some(parent) = store.parent() else { return Ok(()) };
    // `store` alone stands in the working directory, which is there.
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    make_store(disk, parent)?;
    disk::ensure_dir(disk, store).at("create directory", store)?;
    disk.sync_dir(parent).at("make durable", parent)
}

impl Chain {
    fn open(disk: &dyn Disk, root: &Path, hint: Option<u64>, recovery: &mut Recovery) -> Result<Self, DiskError> {
        if let Some(hint) = hint.filter(|hint| *hint > 1) {
            if let Probe::Known(known) = chain::probe(disk, root, hint)? {
                let mut chain = Self { known_from: hint, ..Self::default() };
                chain.take(*known, recovery);
                chain.follow(disk, root, recovery)?;
                return Ok(chain);
            }
            recovery.hint_is_unknown = true;
        }
        Self::scan(disk, root, recovery)
    }

    /// Reads every segment there is, whatever gaps lie between.
    pub fn scan(disk: &dyn Disk, root: &Path, recovery: &mut Recovery) -> Result<Self, DiskError> {
        let mut chain = Self { known_from: 1, ..Self::default() };
        let found = chain::scan(disk, root)?;
        for first in found.into_keys() {
            if first <= chain.last {
                // Covered by a consolidated segment that begins earlier.
                continue;
            }
            let is_explained = chain.segments.contains_key(&(chain.last + 1));
            if first > chain.last + 1 && !is_explained {
                let damage = missing(chain.last + 1, first - 1);
                chain.bad(chain.last + 1, damage, recovery);
            }
            match chain::probe(disk, root, first)? {
                Probe::Known(known) => chain.take(*known, recovery),
                Probe::Damaged { id, what, description } => {
                    chain.bad(first, damaged(&id, what), recovery);
                    if let Some(description) = description {
                        chain.pass(&description, recovery);
                    }
                }
                Probe::Absent => {}
            }
        }
        Ok(chain)
    }

    fn follow(&mut self, disk: &dyn Disk, root: &Path, recovery: &mut Recovery) -> Result<(), DiskError> {
        loop {
            match chain::probe(disk, root, self.last + 1)? {
                Probe::Known(known) => self.take(*known, recovery),
                Probe::Absent => return Ok(()),
                Probe::Damaged { .. } => {
                    // Where the next one begins is unknown: look at everything.
                    *recovery = Recovery { segments: 0, damages: Vec::new(), ..recovery.clone() };
                    *self = Self::scan(disk, root, recovery)?;
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, known: Known, recovery: &mut Recovery) {
        let Known { id, description } = known;
        self.segments.insert(description.first, Link::Good { id, last: description.last });
        self.pass(&description, recovery);
    }

    /// The log goes on after a segment that says where it ends.
    fn pass(&mut self, description: &Description, recovery: &mut Recovery) {
        self.last = description.last;
        self.frontier = description.frontier().unwrap_or_default();
        self.damaged_tail = None;
        recovery.segments += 1;
        recovery.last_sequence = description.last;
    }

    fn bad(&mut self, first: u64, damage: Damage, recovery: &mut Recovery) {
        self.damaged_tail = Some(damage.clone());
        self.segments.insert(first, Link::Bad(damage.clone()));
        recovery.damages.push(damage);
    }
}

const RESTORE: &str = "restore this folder from a backup or a replica, then run `perennial verify`; \
                       the other segments can be read meanwhile";

fn damaged(id: &ObjectId, what: String) -> Damage {
    Damage { object: id.to_string(), path: id.path(), what, what_to_do: RESTORE.into() }
}

fn missing(first: u64, last: u64) -> Damage {
    let id = ObjectId::segment(first);
    let what = format!("no segment holds the sequences {first} to {last}");
    Damage { object: id.to_string(), path: id.path(), what, what_to_do: RESTORE.into() }
}
