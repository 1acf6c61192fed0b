//! Commits a batch of event lines and the payloads they name. Knows nothing of what the lines say.

use std::collections::HashMap;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::disk::{self, WriteFile};
use super::error::{At, CommitError, DiskError, ReadError, WriterError};
use super::layout::ObjectId;
use super::listing::{self, Located};
use super::object::{ObjectDraft, SealedObject};
use super::open::{Archive, Inner, Link};
use super::pack;
use super::payload::COMPRESSED;
use super::place::Parents;
use super::segment::{
    self, Description, FORMAT, FORMAT_VERSION, LineForm, MAX_BATCH_BYTES, RECORDS, SEGMENT, StoredFile, Tree,
};
use super::stage::{StagedPayload, StagedPlace};
use crate::codec::{self, Sha512Hasher};
use crate::model::{Instant, PayloadLocation, RecordLocation, Sha256, Sha512};

/// What a commit made readable.
#[derive(Debug, Clone)]
pub struct Commit {
    /// First and last sequence of the batch.
    pub first: u64,
    pub last: u64,
    /// Where the record of each line stands, in the order of the lines.
    pub records: Vec<RecordLocation>,
    /// Where each payload stands; one digest once.
    pub payloads: Vec<(Sha256, PayloadLocation)>,
    /// Root of the Merkle tree over all lines up to `last`.
    pub root: Sha256,
    /// Bytes written for the segment, inventories included.
    pub stored: u64,
}

/// The one writer of an archive.
pub struct Writer {
    archive: Archive,
}

impl Archive {
    /// The writer. There is one at a time.
    ///
    /// # Errors
    /// `WriterError` when there is one already, when the archive is read-only, or when the end of the log is damaged.
    pub fn writer(&self) -> Result<Writer, WriterError> {
        if self.inner.options.read_only {
            return Err(WriterError::ReadOnly);
        }
        if let Some(damage) = self.inner.chain().damaged_tail.clone() {
            return Err(WriterError::DamagedTail { object: damage.object, what: damage.what });
        }
        match self.inner.writer_taken.swap(true, Ordering::AcqRel) {
            true => Err(WriterError::Taken),
            false => Ok(Writer { archive: self.clone() }),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.archive.inner.writer_taken.store(false, Ordering::Release);
    }
}

impl Writer {
    /// The sequence that the first line of the next batch must have.
    pub fn next_sequence(&self) -> u64 {
        self.archive.next_sequence()
    }

    /// Commits event lines, made by `Event::to_line`, whose sequences begin at [`Self::next_sequence`], and the
    /// payloads that became needed with them. When this returns, all of it survives a power cut.
    ///
    /// Staged payloads are borrowed: after a failure they can be committed again.
    ///
    /// # Errors
    /// `CommitError`; but for `Poisoned`, nothing of the batch is then visible, ever.
    pub fn commit(&mut self, lines: &[Vec<u8>], payloads: &[Arc<StagedPayload>]) -> Result<Commit, CommitError> {
        let archive = &self.archive.inner;
        let first = self.next_sequence();
        archive.may_write()?;
        let _moves = archive.payload_moves.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let created = check_lines(lines, first)?;
        let mut plan = Plan::new(archive, first, created);
        let committed = plan.perform(lines, payloads);
        if committed.is_err() {
            plan.clean_up();
        }
        committed
    }
}

/// Checks that the lines are those of the next sequences; returns the time of the last one.
fn check_lines(lines: &[Vec<u8>], first: u64) -> Result<Instant, CommitError> {
    let Some(last) = lines.last() else { return Err(CommitError::Empty) };
    for (at, line) in lines.iter().enumerate() {
        let expected = first + at as u64;
        if !segment::is_line_of(line, expected) {
            return Err(CommitError::BadLine { at, expected });
        }
    }
    let bytes: u64 = lines.iter().map(|line| line.len() as u64 + 1).sum();
    if bytes > MAX_BATCH_BYTES {
        return Err(CommitError::TooLarge { bytes, limit: MAX_BATCH_BYTES });
    }
    let bad = CommitError::BadLine { at: lines.len() - 1, expected: first + lines.len() as u64 - 1 };
    let event = crate::model::Event::parse(last).ok();
    event.and_then(|event| Instant::parse(&event.time).ok()).ok_or(bad)
}

impl Inner {
    /// Refuses early what cannot succeed.
    fn may_write(&self) -> Result<(), CommitError> {
        let poison = self.poison.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(error) = poison.as_ref() {
            return Err(CommitError::Poisoned(error.clone()));
        }
        let threshold = self.options.free_space_threshold;
        let free = self.disk.free_bytes(&self.paths.archive).at("look at", &self.paths.archive)?;
        if free < threshold { Err(CommitError::LowSpace { free, threshold }) } else { Ok(()) }
    }
}

/// One commit on its way.
struct Plan<'a> {
    archive: &'a Inner,
    id: ObjectId,
    first: u64,
    created: Instant,
    parents: Parents,
    /// Objects whose parents were made, within the root.
    targets: Vec<PathBuf>,
}

/// Payload objects that have to be renamed into the root.
struct Moving<'a> {
    draft: &'a Path,
    target: PathBuf,
}

impl<'a> Plan<'a> {
    fn new(archive: &'a Inner, first: u64, created: Instant) -> Self {
        let id = ObjectId::segment(first);
        Self { archive, id, first, created, parents: Parents::default(), targets: Vec::new() }
    }

    fn perform(&mut self, lines: &[Vec<u8>], payloads: &[Arc<StagedPayload>]) -> Result<Commit, CommitError> {
        let archive = self.archive;
        let disk = archive.disk.as_ref();
        let mut draft = ObjectDraft::begin(disk, &archive.paths.work, self.id.to_string())?;
        let documents = payloads.iter().filter(|payload| payload.is_small()).count();
        let form = LineForm::of(&archive.options, lines.len(), documents);
        let framed = segment::frame_lines(lines, self.first, form);
        let framed = framed.map_err(CommitError::Compression)?;
        draft.put(disk, RECORDS, &framed.stored)?;
        let mut frontier = archive.chain().frontier.clone();
        segment::grow(&mut frontier, lines);

        let (moving, objects) = self.objects(payloads)?;
        let packed = pack::write(archive, self.first, &mut draft, payloads)?;
        let located: Vec<_> = packed.located.into_iter().chain(objects).collect();
        let version = if archive.shares_frames && !located.is_empty() { FORMAT_VERSION } else { 1 };
        let list = listing::put(archive, &mut draft, &located, version)?;
        let last = self.first + lines.len() as u64 - 1;
        let description = Description {
            format: FORMAT.into(),
            version,
            first: self.first,
            last,
            lines: lines.len() as u64,
            records: StoredFile { stored: framed.stored.len() as u64 },
            pack: packed.file,
            payloads: list,
            tree: Tree::of(&frontier),
            replaces: Vec::new(),
        };
        draft.put(disk, SEGMENT, &description.to_bytes())?;
        let message = format!("sequences {} to {last}", self.first);
        let sealed = draft.seal(disk, &message, self.created)?;
        let stored = sealed.stored;

        self.make_durable(&sealed)?;
        self.read_back(&sealed)?;
        self.move_payloads(&moving)?;
        self.publish(&sealed.root)?;

        let mut chain = archive.chain();
        chain.last = last;
        chain.segments.insert(self.first, Link::Good { id: self.id, last });
        let root = frontier.root();
        chain.frontier = frontier;
        drop(chain);
        Ok(Commit { first: self.first, last, records: framed.locations, payloads: located, root, stored })
    }
}

impl<'a> Plan<'a> {
    /// Decides which payload objects are to be moved and which exist already, verified.
    fn objects<'p>(
        &mut self,
        payloads: &'p [Arc<StagedPayload>],
    ) -> Result<(Vec<Moving<'p>>, Vec<Located>), CommitError> {
        let archive = self.archive;
        let mut located: HashMap<Sha256, PayloadLocation> = HashMap::new();
        let mut order = Vec::new();
        let mut moving = Vec::new();
        for payload in payloads {
            let StagedPlace::Object { draft, compressed } = &payload.place else { continue };
            if located.contains_key(&payload.sha256) {
                continue;
            }
            let id = ObjectId::Payload(payload.sha256);
            let target = id.path();
            let full = archive.paths.archive.join(&target);
            let location = match archive.disk.status(&full).at("look at", &full)? {
                Some(_) => {
                    let location = existing(archive, payload)?;
                    // It may come from a process that was killed before its last fsync.
                    self.make_parents(&target)?;
                    self.parents.to_sync.extend(full.parent().map(Path::to_path_buf));
                    location
                }
                None => {
                    self.make_parents(&target)?;
                    moving.push(Moving { draft, target });
                    PayloadLocation::Object { bytes: payload.bytes, compressed: *compressed }
                }
            };
            located.insert(payload.sha256, location);
            order.push(payload.sha256);
        }
        let located = order.into_iter().filter_map(|digest| located.get(&digest).map(|found| (digest, *found)));
        Ok((moving, located.collect()))
    }

    fn make_parents(&mut self, target: &Path) -> Result<(), DiskError> {
        self.targets.push(target.to_owned());
        let (disk, root) = (self.archive.disk.as_ref(), &self.archive.paths.archive);
        self.archive.places.make_parents(disk, root, target, &mut self.parents)
    }

    /// The segment's files and directories, and the parents of everything that will be renamed.
    fn make_durable(&mut self, sealed: &SealedObject) -> Result<(), CommitError> {
        self.make_parents(&self.id.path())?;
        let archive = self.archive;
        let files: Vec<&dyn WriteFile> = sealed.files.iter().map(AsRef::as_ref).collect();
        let mut dirs: Vec<&Path> = sealed.dirs.iter().map(AsRef::as_ref).collect();
        dirs.extend(self.parents.to_sync.iter().map(PathBuf::as_path));
        self.sync(&files, &dirs)?;
        archive.places.remember(&self.parents);
        Ok(())
    }

    fn sync(&self, files: &[&dyn WriteFile], dirs: &[&Path]) -> Result<(), CommitError> {
        let synced = self.archive.disk.sync_all(files, dirs).at("make durable", &self.archive.paths.archive);
        synced.inspect_err(|error| self.archive.poison(error)).map_err(CommitError::Poisoned)
    }

    fn read_back(&self, sealed: &SealedObject) -> Result<(), CommitError> {
        let disk = self.archive.disk.as_ref();
        if let Some(path) = sealed.read_back(disk)? {
            return Err(CommitError::ReadBack { path });
        }
        for (name, digest) in &sealed.content {
            let path = sealed.root.join("v1/content").join(name);
            if file_digest(disk, &path)? != *digest {
                return Err(CommitError::ReadBack { path });
            }
        }
        Ok(())
    }

    fn move_payloads(&self, moving: &[Moving<'_>]) -> Result<(), CommitError> {
        let (disk, root) = (self.archive.disk.as_ref(), &self.archive.paths.archive);
        let mut parents: Vec<PathBuf> = Vec::new();
        for Moving { draft, target, .. } in moving {
            let target = root.join(target);
            disk.rename_new(draft, &target).at("rename", &target)?;
            parents.extend(target.parent().map(Path::to_path_buf));
        }
        let parents: Vec<&Path> = parents.iter().map(PathBuf::as_path).collect();
        if parents.is_empty() { Ok(()) } else { self.sync(&[], &parents) }
    }

    /// The commit point.
    fn publish(&self, draft: &Path) -> Result<(), CommitError> {
        let target = self.archive.paths.archive.join(self.id.path());
        self.archive.disk.rename_new(draft, &target).at("rename", &target)?;
        match target.parent() {
            Some(parent) => self.sync(&[], &[parent]),
            None => Ok(()),
        }
    }

    /// Removes what a failed commit left; whatever cannot be removed goes when the store is opened next.
    fn clean_up(&self) {
        let (disk, paths) = (self.archive.disk.as_ref(), &self.archive.paths);
        let _ = disk::remove_tree(disk, &paths.work.join(super::layout::encode(&self.id.to_string())));
        for target in &self.targets {
            if let Some(changed) = self.archive.places.remove_empty_parents(disk, &paths.archive, target) {
                let _ = disk.sync_dir(&changed);
            }
        }
    }
}

/// The payload object of this digest that exists already, if it holds what it should.
fn existing(archive: &Inner, payload: &StagedPayload) -> Result<PayloadLocation, CommitError> {
    let (sha256, bytes) = (payload.sha256, payload.bytes);
    let compressed = archive
        .disk
        .status(&archive.content_path(ObjectId::Payload(sha256), COMPRESSED))
        .at("look at", &archive.paths.archive)?
        .is_some();
    let location = PayloadLocation::Object { bytes, compressed };
    let object = ObjectId::Payload(sha256).to_string();
    let read =
        archive.payload(&sha256, &location).and_then(|payload| payload.read().try_for_each(|piece| piece.map(drop)));
    match read {
        Ok(()) => Ok(location),
        Err(ReadError::Disk(error)) => Err(CommitError::Disk(error)),
        Err(error) => Err(CommitError::DamagedObject { object, what: error.to_string() }),
    }
}

/// sha512 of a file, read in pieces.
fn file_digest(disk: &dyn disk::Disk, path: &Path) -> Result<Sha512, DiskError> {
    let file = disk.open(path).at("read back", path)?;
    let length = file.length().at("read back", path)?;
    let mut hasher = Sha512Hasher::default();
    let mut offset = 0;
    while offset < length {
        let mut piece = vec![0; (length - offset).min(codec::PAYLOAD_FRAME_BYTES as u64) as usize];
        file.read_exact_at(&mut piece, offset).at("read back", path)?;
        hasher.update(&piece);
        offset += piece.len() as u64;
    }
    Ok(hasher.finish())
}
