//! The pack of a segment: payloads that are too small for objects of their own. The smallest share frames, since
//! documents of one delivery are much alike and compress well only together.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{ReadAt, WriteFile};
use super::error::{At, CommitError, DiskError};
use super::listing::Located;
use super::object::ObjectDraft;
use super::open::Inner;
use super::segment::{PACK, StoredFile};
use super::stage::StagedPayload;
use crate::codec::{Frame, FrameEncoder, SeekTable, Sha512Hasher};
use crate::model::{PayloadLocation, Sha256};

/// Longest payload that shares a frame, bytes: two always fit, and a longer one gains little by company.
pub const SHARED_MEMBER_BYTES: u64 = 128 << 10;

/// Most unpacked bytes of a shared frame: what reading one small payload costs at most, a fifth of a millisecond.
const SHARED_FRAME_BYTES: usize = 256 << 10;

/// What a staged payload gives to a pack.
pub enum Member<'a> {
    /// The bytes of a small payload.
    Small(&'a [u8]),
    /// Frames that are copied as they are.
    Frames { reader: Arc<dyn ReadAt>, frames: &'a [Frame] },
}

/// What a commit put into its pack.
pub struct Packed {
    pub located: Vec<Located>,
    /// `None` where no payload needed a pack.
    pub file: Option<StoredFile>,
}

/// Writes the pack of a segment into its draft; one digest once, payload objects left out.
pub fn write(
    archive: &Inner,
    segment: u64,
    draft: &mut ObjectDraft,
    payloads: &[Arc<StagedPayload>],
) -> Result<Packed, CommitError> {
    let mut seen = HashSet::new();
    let mut pack: Option<Pack> = None;
    for payload in payloads {
        let Some(member) = payload.member()? else { continue };
        if !seen.insert(payload.sha256) {
            continue;
        }
        let pack = match &mut pack {
            Some(pack) => pack,
            empty => empty.insert(Pack::create(archive, segment, draft.content_path(PACK))?),
        };
        match member {
            Member::Small(content) => pack.take_small(payload.sha256, content)?,
            Member::Frames { reader, frames } => pack.copy(payload, reader.as_ref(), frames)?,
        }
    }
    match pack {
        Some(pack) => pack.finish(draft),
        None => Ok(Packed { located: Vec::new(), file: None }),
    }
}

/// A payload in the shared frame that is being filled.
struct Waiting {
    sha256: Sha256,
    start: u32,
    bytes: u64,
}

/// A pack that is being written.
struct Pack {
    segment: u64,
    path: PathBuf,
    file: Box<dyn WriteFile>,
    table: SeekTable,
    sha512: Sha512Hasher,
    stored: u64,
    encoder: FrameEncoder,
    /// Most bytes of a frame that payloads share; 0 where every payload has frames of its own.
    shared_bytes: usize,
    content: Vec<u8>,
    waiting: Vec<Waiting>,
    located: Vec<Located>,
}

impl Pack {
    fn create(archive: &Inner, segment: u64, path: PathBuf) -> Result<Self, CommitError> {
        let file = archive.disk.create(&path).at("create", &path)?;
        Ok(Self {
            segment,
            path,
            file,
            table: SeekTable::default(),
            sha512: Sha512Hasher::default(),
            stored: 0,
            encoder: FrameEncoder::new(archive.options.document_level).map_err(CommitError::Compression)?,
            shared_bytes: if archive.shares_frames { SHARED_FRAME_BYTES } else { 0 },
            content: Vec::new(),
            waiting: Vec::new(),
            located: Vec::new(),
        })
    }

    /// Adds a small payload to the frame that is being filled, or to the next one.
    fn take_small(&mut self, sha256: Sha256, content: &[u8]) -> Result<(), CommitError> {
        if !self.waiting.is_empty() && self.content.len() + content.len() > self.shared_bytes {
            self.end_frame()?;
        }
        self.waiting.push(Waiting { sha256, start: self.content.len() as u32, bytes: content.len() as u64 });
        self.content.extend_from_slice(content);
        Ok(())
    }

    /// Writes the frame that is being filled; its payloads have their place then. An empty payload alone makes a frame
    /// too: `zstd -d` of its range gives nothing, not an error.
    fn end_frame(&mut self) -> Result<(), CommitError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let frame = self.encoder.encode(&self.content).map_err(CommitError::Compression)?.to_vec();
        let (segment, offset, stored) = (self.segment, self.stored, frame.len() as u64);
        let is_shared = self.shared_bytes > 0;
        self.put_frame(&frame, self.content.len() as u32)?;
        for Waiting { sha256, start, bytes } in self.waiting.drain(..) {
            let start = is_shared.then_some(start);
            self.located.push((sha256, PayloadLocation::Pack { segment, offset, stored, start, bytes }));
        }
        self.content.clear();
        Ok(())
    }

    /// Copies the frames of a larger payload.
    fn copy(&mut self, payload: &StagedPayload, reader: &dyn ReadAt, frames: &[Frame]) -> Result<(), CommitError> {
        let offset = self.stored;
        for frame in frames {
            let mut stored = vec![0; frame.stored as usize];
            reader.read_exact_at(&mut stored, frame.stored_offset).at("read", &self.path)?;
            self.put_frame(&stored, frame.bytes)?;
        }
        let (segment, stored, bytes) = (self.segment, self.stored - offset, payload.bytes);
        let location = PayloadLocation::Pack { segment, offset, stored, start: None, bytes };
        self.located.push((payload.sha256, location));
        Ok(())
    }

    fn put_frame(&mut self, stored: &[u8], bytes: u32) -> Result<(), DiskError> {
        self.table.push(stored.len() as u32, bytes);
        self.put(stored)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all(bytes).at("write", &self.path)?;
        self.sha512.update(bytes);
        self.stored += bytes.len() as u64;
        Ok(())
    }

    fn finish(mut self, draft: &mut ObjectDraft) -> Result<Packed, CommitError> {
        self.end_frame()?;
        let table = self.table.to_bytes();
        self.put(&table)?;
        let file = Some(StoredFile { stored: self.stored });
        draft.add(PACK, self.sha512.finish(), self.stored, self.file);
        Ok(Packed { located: self.located, file })
    }
}
