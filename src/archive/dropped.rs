//! Payload objects whose bytes were given up on purpose, because they can be made again. A small object takes their place in
//! the books: the payload stays listed, is not missing, and says why. What may be dropped is decided by who calls.
//!
//! `dropped:sha256:<hex>` is durable before the payload object goes, so that a power cut leaves both at worst. Where both
//! stand, the bytes count.

use serde::{Deserialize, Serialize};

use super::disk;
use super::error::{At, DiskError, ReadError};
use super::layout::ObjectId;
use super::object::{ObjectDraft, SealedObject};
use super::open::{Archive, Inner};
use super::payload::{COMPRESSED, RAW};
use super::place::Parents;
use crate::model::{Instant, PayloadLocation, Sha256};

/// The content file of such an object.
pub const DROPPED: &str = "dropped.json";
/// `format` of every dropped.json.
const FORMAT: &str = "perennial dropped payload";
const VERSION: u32 = 1;
/// A few identifiers and a sentence.
const MAX_BYTES: u64 = 1 << 20;

/// `dropped.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    pub format: String,
    pub version: u32,
    pub sha256: Sha256,
    /// Length of the original, bytes.
    pub bytes: u64,
    /// How it was stored.
    pub compressed: bool,
    /// RFC 3339, UTC.
    pub time: String,
    /// Who dropped it.
    pub agent: String,
    /// The recipe that makes it again.
    pub recipe: String,
    /// Evidence that it does.
    pub evidence: Vec<String>,
}

/// Why a payload was dropped, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub agent: String,
    pub recipe: String,
    pub evidence: Vec<String>,
}

/// Why a payload was not dropped. Its bytes are still there, unless the error is the disk's: then a restart tells.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    #[error("the payload shares a pack with others: only one that has an object of its own can be dropped")]
    InPack,
    #[error("the archive is open read-only")]
    ReadOnly,
    #[error("the disk did not keep what was written to {path}")]
    ReadBack { path: String },
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl Archive {
    /// Removes the bytes of a payload object and leaves a note. Returns how many stored bytes went.
    ///
    /// # Errors
    /// `DropError`.
    pub fn drop_payload(
        &self,
        sha256: &Sha256,
        location: &PayloadLocation,
        reason: Reason,
        now: Instant,
    ) -> Result<u64, DropError> {
        let inner = &self.inner;
        let PayloadLocation::Object { bytes, compressed } = *location else { return Err(DropError::InPack) };
        if inner.options.read_only {
            return Err(DropError::ReadOnly);
        }
        let _moves = inner.payload_moves.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Reason { agent, recipe, evidence } = reason;
        let (format, time) = (FORMAT.to_owned(), now.to_string());
        let note =
            Dropped { format, version: VERSION, sha256: *sha256, bytes, compressed, time, agent, recipe, evidence };
        let stored = stored_bytes(inner, sha256, compressed)?;
        leave_note(inner, &note, now)?;
        remove_object(inner, ObjectId::Payload(*sha256))?;
        Ok(stored)
    }

    /// Why a payload has no bytes; nothing where it has, or where it was lost.
    ///
    /// # Errors
    /// `Damaged`, or the disk's.
    pub fn dropped(&self, sha256: &Sha256) -> Result<Option<Dropped>, ReadError> {
        let payload = self.inner.paths.archive.join(ObjectId::Payload(*sha256).path());
        if self.inner.disk.status(&payload).at("look at", &payload)?.is_some() {
            return Ok(None);
        }
        self.inner.dropped_note(sha256)
    }

    /// Takes the note away once the bytes are back.
    ///
    /// # Errors
    /// The disk's.
    pub fn forget_dropped(&self, sha256: &Sha256) -> Result<(), DiskError> {
        let (inner, id) = (&self.inner, ObjectId::Dropped(*sha256));
        let path = inner.paths.archive.join(id.path());
        match inner.disk.status(&path).at("look at", &path)? {
            Some(_) => remove_object(inner, id),
            None => Ok(()),
        }
    }
}

impl Inner {
    /// The note of a payload that was dropped.
    pub fn dropped_note(&self, sha256: &Sha256) -> Result<Option<Dropped>, ReadError> {
        let object = ObjectId::Dropped(*sha256);
        let path = self.content_path(object, DROPPED);
        let bytes = match disk::read_file(self.disk.as_ref(), &path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReadError::of_io(&object.to_string(), error)),
        };
        let damaged = |what: String| ReadError::Damaged { object: object.to_string(), what };
        let note: Dropped = serde_json::from_slice(&bytes).map_err(|error| damaged(format!("{DROPPED}: {error}")))?;
        if note.format != FORMAT || note.version > VERSION || note.sha256 != *sha256 {
            return Err(damaged(format!("{DROPPED} is of another payload, or of a newer program")));
        }
        Ok(Some(note))
    }
}

fn stored_bytes(archive: &Inner, sha256: &Sha256, compressed: bool) -> Result<u64, DiskError> {
    let path = archive.content_path(ObjectId::Payload(*sha256), if compressed { COMPRESSED } else { RAW });
    archive.disk.open(&path).and_then(|file| file.length()).at("look at", &path)
}

fn leave_note(archive: &Inner, note: &Dropped, now: Instant) -> Result<(), DropError> {
    let (disk, root) = (archive.disk.as_ref(), &archive.paths.archive);
    let id = ObjectId::Dropped(note.sha256);
    let target = root.join(id.path());
    if disk.status(&target).at("look at", &target)?.is_some() {
        // Dropped before, and the bytes came back: the note is written anew.
        remove_object(archive, id)?;
    }
    let mut draft = ObjectDraft::begin(disk, &archive.paths.work, id.to_string())?;
    // Strings and integers into memory: serde_json has no failure for these.
    draft.put(disk, DROPPED, &serde_json::to_vec_pretty(note).unwrap_or_default())?;
    let sealed = draft.seal(disk, "bytes dropped: they can be made again", now)?;
    let mut parents = Parents::default();
    archive.places.make_parents(disk, root, &id.path(), &mut parents)?;
    make_durable(archive, &sealed, &parents)?;
    if let Some(path) = sealed.read_back(disk)? {
        return Err(DropError::ReadBack { path: path.display().to_string() });
    }
    disk.rename_new(&sealed.root, &target).at("rename", &target)?;
    sync_parent(archive, &target)?;
    Ok(())
}

fn make_durable(archive: &Inner, sealed: &SealedObject, parents: &Parents) -> Result<(), DiskError> {
    let files: Vec<_> = sealed.files.iter().map(AsRef::as_ref).collect();
    let dirs: Vec<_> = sealed.dirs.iter().chain(parents.to_sync.iter()).map(AsRef::as_ref).collect();
    let synced = archive.disk.sync_all(&files, &dirs).at("make durable", &archive.paths.archive);
    synced.inspect_err(|error| archive.poison(error))?;
    archive.places.remember(parents);
    Ok(())
}

/// Takes an object out of the root in one step, then removes it at leisure.
fn remove_object(archive: &Inner, id: ObjectId) -> Result<(), DiskError> {
    let (disk, paths) = (archive.disk.as_ref(), &archive.paths);
    let target = paths.archive.join(id.path());
    let aside = paths.work.join(format!("{}-gone", super::layout::encode(&id.to_string())));
    disk::remove_tree(disk, &aside).at("remove", &aside)?;
    disk.rename_new(&target, &aside).at("rename", &target)?;
    sync_parent(archive, &target)?;
    for name in [COMPRESSED, RAW, DROPPED] {
        archive.open_files.forget(&(id, name));
        archive.seek_tables.forget(&(id, name));
    }
    disk::remove_tree(disk, &aside).at("remove", &aside)?;
    if let Some(changed) = archive.places.remove_empty_parents(disk, &paths.archive, &id.path()) {
        disk.sync_dir(&changed).at("make durable", &changed)?;
    }
    Ok(())
}

fn sync_parent(archive: &Inner, path: &std::path::Path) -> Result<(), DiskError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let synced = archive.disk.sync_dir(parent).at("make durable", parent);
    synced.inspect_err(|error| archive.poison(error))
}
