//! Staging: payload bytes pass once, are digested and compressed on the way, and wait under `work/` for their commit.
//! Small ones wait in memory as they came: they are compressed together.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::disk::{self, ReadAt, WriteFile};
use super::error::{At, DiskError, StageError};
use super::layout::ObjectId;
use super::object::{ObjectDraft, SealedObject};
use super::open::{Archive, Inner};
use super::pack::{Member, SHARED_MEMBER_BYTES};
use super::payload::{COMPRESSED, RAW};
use super::spool::Spool;
use crate::codec::{FrameWriter, PAYLOAD_FRAME_BYTES, SeekTable, Sha256Hasher, decode_frame};
use crate::model::{Instant, Sha256, Sha512};

/// A payload object is stored as it is when its first frame shrinks by less than one part in this many (5 %).
const LEAST_GAIN: u64 = 20;

enum Form {
    Frames(Box<FrameWriter<Spool>>),
    Raw(Box<Spool>),
}

/// Takes the bytes of one payload, push by push. Dropped before the end, it leaves nothing behind.
pub struct Stager {
    archive: Arc<Inner>,
    now: Instant,
    original: Sha256Hasher,
    bytes: u64,
    form: Form,
}

/// A payload whose bytes are digested, stored under `work/` and ready for a commit. Dropped, its bytes go.
pub struct StagedPayload {
    pub(super) archive: Arc<Inner>,
    /// Digest of the original bytes: the payload's identity.
    pub sha256: Sha256,
    /// Length of the original, bytes.
    pub bytes: u64,
    /// Length as stored, bytes; a small payload is not compressed before its commit.
    pub stored: u64,
    pub(super) place: StagedPlace,
}

pub(super) enum StagedPlace {
    /// The bytes of a small payload, for a frame that it shares with others.
    Small { content: Vec<u8> },
    /// Frames for a pack.
    Member { memory: Vec<u8>, file: Option<PathBuf>, frames: SeekTable },
    /// A complete, durable, verified object under `work/`, until it is renamed into the root.
    Object { draft: PathBuf, compressed: bool },
}

impl Archive {
    /// Begins to stage a payload. `now` becomes the time of creation in the inventory of a payload object.
    ///
    /// # Errors
    /// `ReadOnly`, `LowSpace`, or zstd's want of memory.
    pub fn stage(&self, now: Instant) -> Result<Stager, StageError> {
        let inner = &self.inner;
        if inner.options.read_only {
            return Err(StageError::ReadOnly);
        }
        let (free, threshold) = (self.free_bytes()?, inner.options.free_space_threshold);
        if free < threshold {
            return Err(StageError::LowSpace { free, threshold });
        }
        let frames = frame_writer(inner)?;
        Ok(Stager { archive: inner.clone(), now, original: Sha256Hasher::default(), bytes: 0, form: frames })
    }
}

fn frame_writer(archive: &Arc<Inner>) -> Result<Form, StageError> {
    let writer = FrameWriter::new(Spool::new(archive), archive.options.compression_level, PAYLOAD_FRAME_BYTES)
        .map_err(StageError::Compression)?;
    Ok(Form::Frames(Box::new(writer)))
}

impl Stager {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StageError> {
        self.original.update(bytes);
        self.bytes += bytes.len() as u64;
        let path = self.spool().path.clone();
        match &mut self.form {
            Form::Frames(frames) => frames.write(bytes),
            Form::Raw(spool) => spool.write_all(bytes),
        }
        .at("write", &path)?;
        if self.is_object() { self.drop_useless_compression() } else { Ok(()) }
    }

    /// Bytes taken so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn spool(&self) -> &Spool {
        match &self.form {
            Form::Frames(frames) => frames.sink(),
            Form::Raw(spool) => spool,
        }
    }

    fn is_object(&self) -> bool {
        self.bytes >= self.archive.options.payload_object_threshold
    }

    /// Changes to raw bytes where the first frame shows that compression gains nothing.
    fn drop_useless_compression(&mut self) -> Result<(), StageError> {
        let Form::Frames(frames) = &self.form else { return Ok(()) };
        let Some(first) = frames.table().frames().first() else { return Ok(()) };
        let saved = u64::from(first.bytes).saturating_sub(u64::from(first.stored));
        if saved * LEAST_GAIN >= u64::from(first.bytes.max(1)) {
            return Ok(());
        }
        let mut raw = Spool::new(&self.archive);
        unpack(frames.sink(), frames.table(), &mut raw)?;
        let path = raw.path.clone();
        raw.write_all(frames.pending()).at("write", &path)?;
        self.form = Form::Raw(Box::new(raw));
        Ok(())
    }

    /// Ends the payload. Its digest must be the promised one, if one was promised. A payload object is durable and
    /// read back when this returns.
    ///
    /// # Errors
    /// `DigestMismatch`, or the disk's; nothing is left behind then.
    pub fn finish(mut self, promised: Option<Sha256>) -> Result<StagedPayload, StageError> {
        let actual = std::mem::take(&mut self.original).finish();
        if let Some(promised) = promised.filter(|promised| *promised != actual) {
            return Err(StageError::DigestMismatch { promised, actual });
        }
        if let Form::Frames(frames) = &self.form
            && self.bytes <= SHARED_MEMBER_BYTES
            && !self.is_object()
        {
            let (archive, bytes, content) = (self.archive.clone(), self.bytes, frames.pending().to_vec());
            let place = StagedPlace::Small { content };
            return Ok(StagedPayload { archive, sha256: actual, bytes, stored: bytes, place });
        }
        let path = self.spool().path.clone();
        if let Form::Frames(frames) = &mut self.form {
            frames.end_frame().at("write", &path)?;
        }
        let is_object = self.is_object();
        if is_object {
            self.drop_useless_compression()?;
        }
        let Self { archive, now, bytes, form, .. } = self;
        let staged = |stored, place| StagedPayload { archive: archive.clone(), sha256: actual, bytes, stored, place };
        match form {
            Form::Frames(mut frames) if is_object && bytes > 0 => {
                let table = frames.table().to_bytes();
                frames.sink_mut().write_all(&table).at("write", &path)?;
                let (spool, _) = frames.into_frames().at("write", &path)?;
                let stored = spool.stored;
                let draft = make_object(&archive, spool, actual, COMPRESSED, now)?;
                Ok(staged(stored, StagedPlace::Object { draft, compressed: true }))
            }
            Form::Frames(frames) if is_object => {
                let (spool, _) = frames.into_frames().at("write", &path)?;
                let draft = make_object(&archive, spool, actual, RAW, now)?;
                Ok(staged(0, StagedPlace::Object { draft, compressed: false }))
            }
            Form::Raw(spool) => {
                let draft = make_object(&archive, *spool, actual, RAW, now)?;
                Ok(staged(bytes, StagedPlace::Object { draft, compressed: false }))
            }
            Form::Frames(frames) => {
                let (mut spool, table) = frames.into_frames().at("write", &path)?;
                let memory = std::mem::take(&mut spool.memory);
                let file = spool.file.take().map(|_| spool.path.clone());
                Ok(staged(table.stored(), StagedPlace::Member { memory, file, frames: table }))
            }
        }
    }
}

fn unpack(spool: &Spool, table: &SeekTable, into: &mut Spool) -> Result<(), StageError> {
    let file = spool.reader().at("read back", &spool.path)?;
    for frame in table.frames() {
        let mut stored = vec![0; frame.stored as usize];
        file.read_exact_at(&mut stored, frame.stored_offset).at("read back", &spool.path)?;
        let content = decode_frame(&stored, PAYLOAD_FRAME_BYTES)
            .map_err(|_| StageError::ReadBack { path: spool.path.clone() })?;
        let path = into.path.clone();
        into.write_all(&content).at("write", &path)?;
    }
    Ok(())
}

/// Makes a durable and verified OCFL object of spooled bytes; returns where it stands under `work/`.
fn make_object(
    archive: &Arc<Inner>,
    mut spool: Spool,
    digest: Sha256,
    name: &'static str,
    now: Instant,
) -> Result<PathBuf, StageError> {
    let disk = archive.disk.as_ref();
    // Two uploads of the same content may be staged at once: each drafts in its own directory.
    let number = archive.staged.fetch_add(1, Ordering::Relaxed);
    let above = archive.paths.work.join(format!("object-{number}"));
    let made = (|| {
        disk.make_dir(&above).at("create directory", &above)?;
        let mut draft = ObjectDraft::begin(disk, &above, ObjectId::Payload(digest).to_string())?;
        spool.spill().map(drop).at("write", &spool.path)?;
        let path = draft.content_path(name);
        disk.rename_new(&spool.path, &path).at("rename", &path)?;
        let sha512 = std::mem::take(&mut spool.sha512).finish();
        if let Some(file) = spool.file.take() {
            draft.add(name, sha512, spool.stored, file);
        }
        let sealed = draft.seal(disk, "payload stored", now)?;
        make_durable(archive, &sealed, &above)?;
        verify_object(archive, &sealed, &path, name, digest, sha512)?;
        Ok(sealed.root)
    })();
    if made.is_err() {
        let _ = disk::remove_tree(disk, &above);
    }
    made
}

/// The names under `work/` are made durable too: by them an interrupted commit's empty directories are found again.
fn make_durable(archive: &Inner, sealed: &SealedObject, above: &Path) -> Result<(), DiskError> {
    let files: Vec<&dyn WriteFile> = sealed.files.iter().map(AsRef::as_ref).collect();
    let names = [above, archive.paths.work.as_path()];
    let dirs: Vec<&Path> = sealed.dirs.iter().map(PathBuf::as_path).chain(names).collect();
    archive.disk.sync_all(&files, &dirs).at("make durable", &sealed.root).inspect_err(|error| archive.poison(error))
}

fn verify_object(
    archive: &Inner,
    sealed: &SealedObject,
    path: &Path,
    name: &str,
    digest: Sha256,
    sha512: Sha512,
) -> Result<(), StageError> {
    let disk = archive.disk.as_ref();
    if let Some(path) = sealed.read_back(disk)? {
        return Err(StageError::ReadBack { path });
    }
    let file = disk.open(path).at("read back", path)?;
    let streams = super::streams::digest_streams(file.as_ref(), name == COMPRESSED).at("read back", path)?;
    let is_kept = streams.stored == sha512 && streams.original.is_ok_and(|(original, _)| original == digest);
    if is_kept { Ok(()) } else { Err(StageError::ReadBack { path: path.to_path_buf() }) }
}

impl StagedPayload {
    /// What goes into a pack; nothing of a payload object.
    pub(super) fn member(&self) -> Result<Option<Member<'_>>, DiskError> {
        match &self.place {
            StagedPlace::Object { .. } => Ok(None),
            StagedPlace::Small { content } => Ok(Some(Member::Small(content))),
            StagedPlace::Member { memory, file, frames } => {
                let reader = match file {
                    Some(path) => self.archive.disk.open(path).at("read", path)?,
                    None => Arc::new(memory.clone()) as Arc<dyn ReadAt>,
                };
                Ok(Some(Member::Frames { reader, frames: frames.frames() }))
            }
        }
    }

    /// Whether the payload shares a frame with others.
    pub(super) fn is_small(&self) -> bool {
        matches!(self.place, StagedPlace::Small { .. })
    }
}

impl Drop for StagedPayload {
    fn drop(&mut self) {
        let leftover = match &self.place {
            StagedPlace::Small { .. } => None,
            StagedPlace::Member { file, .. } => file.clone(),
            StagedPlace::Object { draft, .. } => draft.parent().map(PathBuf::from),
        };
        // Whatever is left under work/ goes when the store is opened next.
        let _ = leftover.map(|path| disk::remove_tree(self.archive.disk.as_ref(), &path));
    }
}
