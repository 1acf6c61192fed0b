//! Reading payloads: original bytes or stored frames, whole or in part, verified on the way.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::ReadAt;
use super::error::ReadError;
use super::layout::ObjectId;
use super::open::{Archive, Inner};
use super::segment::PACK;
use crate::codec::{Frame, FrameReader, PAYLOAD_FRAME_BYTES, SeekTable, SeekTableError, Sha256Hasher, Sha512Hasher};
use crate::model::{PayloadLocation, Sha256, Sha512};

/// Name of a payload object's content file, stored as frames.
pub const COMPRESSED: &str = "payload.zst";
/// Name of a payload object's content file, stored as it is.
pub const RAW: &str = "payload.bin";

/// One payload in the archive, open for reading.
#[derive(Clone)]
pub struct Payload {
    object: String,
    sha256: Sha256,
    bytes: u64,
    file: Arc<dyn ReadAt>,
    /// Where its frames stand; `None` where it is stored as it is.
    frames: Option<Arc<[Frame]>>,
}

impl Archive {
    /// Opens a payload for reading.
    ///
    /// # Errors
    /// `Missing` or `Damaged` when nothing readable stands at the location; otherwise the disk's.
    pub fn payload(&self, sha256: &Sha256, location: &PayloadLocation) -> Result<Payload, ReadError> {
        self.inner.payload(sha256, location)
    }

    /// Reads a payload from end to end and compares its digest.
    ///
    /// # Errors
    /// `Missing` or `Damaged`; otherwise the disk's.
    pub fn verify_payload(&self, sha256: &Sha256, location: &PayloadLocation) -> Result<(), ReadError> {
        self.payload(sha256, location)?.read().try_for_each(|piece| piece.map(drop))
    }
}

impl Inner {
    pub fn payload(&self, sha256: &Sha256, location: &PayloadLocation) -> Result<Payload, ReadError> {
        let (object, name) = match location {
            PayloadLocation::Pack { segment, .. } => (self.segment_id(*segment)?, PACK),
            PayloadLocation::Object { compressed: true, .. } => (ObjectId::Payload(*sha256), COMPRESSED),
            PayloadLocation::Object { compressed: false, .. } => (ObjectId::Payload(*sha256), RAW),
        };
        let frames = match *location {
            PayloadLocation::Pack { offset, stored, bytes, .. } => Some(self.member(object, offset, stored, bytes)?),
            PayloadLocation::Object { compressed: true, .. } => Some(self.seek_table(object, name)?.frames().into()),
            PayloadLocation::Object { compressed: false, .. } => None,
        };
        let file = self.file(object, name)?;
        let payload = Payload { object: object.to_string(), sha256: *sha256, bytes: location.bytes(), file, frames };
        let held = payload.held()?;
        if held == payload.bytes {
            Ok(payload)
        } else {
            Err(payload.damaged(format!("it holds {held} bytes of {}", payload.bytes)))
        }
    }

    /// The frames of a pack member: the seek table is needed only where it has several.
    fn member(&self, object: ObjectId, offset: u64, stored: u64, bytes: u64) -> Result<Arc<[Frame]>, ReadError> {
        let damaged = |what: &str| ReadError::Damaged { object: object.to_string(), what: what.to_owned() };
        if bytes <= PAYLOAD_FRAME_BYTES as u64 {
            let stored = u32::try_from(stored).map_err(|_| damaged("a frame is longer than frames are"))?;
            return Ok([Frame { stored_offset: offset, stored, offset: 0, bytes: bytes as u32 }].into());
        }
        let table = self.seek_table(object, PACK)?;
        let frames = table.stored_range(offset, stored);
        let frames = frames.ok_or_else(|| damaged("its pack has no frames where a payload is said to be"))?;
        let before = frames.first().map_or(0, |frame| frame.offset);
        Ok(frames.iter().map(|frame| Frame { offset: frame.offset - before, ..*frame }).collect())
    }

    fn seek_table(&self, object: ObjectId, name: &'static str) -> Result<Arc<SeekTable>, ReadError> {
        if let Some(table) = self.seek_tables.get(&(object, name)) {
            return Ok(table);
        }
        let read = SeekTable::read(self.file(object, name)?.as_ref());
        let table = match read {
            Ok(table) => Arc::new(table),
            Err(SeekTableError::Io(error)) => return Err(ReadError::of_io(&object.to_string(), error)),
            Err(error) => {
                return Err(ReadError::Damaged { object: object.to_string(), what: format!("{name}: {error}") });
            }
        };
        self.seek_tables.put((object, name), table.clone());
        Ok(table)
    }
}

impl Payload {
    /// Length of the original, bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Digest of the original.
    pub const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Length of the stored frames, where it is stored as zstd frames.
    pub fn stored_bytes(&self) -> Option<u64> {
        self.frames.as_ref().map(|frames| frames.iter().map(|frame| u64::from(frame.stored)).sum())
    }

    /// Whether a range read is checked against a checksum; otherwise only a whole read is verified.
    pub const fn ranges_are_verified(&self) -> bool {
        self.frames.is_some()
    }

    /// The original bytes in pieces of at most 1 MiB. The last piece comes only when the digest of all is right.
    pub fn read(&self) -> Chunks {
        let hasher = Some(Sha256Hasher::default());
        Chunks { payload: self.clone(), range: 0..self.bytes, next: 0, stored: false, hasher, ended: false }
    }

    /// The stored frames, a valid zstd stream without the seek table, one frame at a time; unpacked and verified on
    /// the way, so that the last frame comes only when the digest of all is right. `None` where it is stored raw.
    pub fn read_stored(&self) -> Option<Chunks> {
        self.ranges_are_verified().then(|| Chunks { stored: true, ..self.read() })
    }

    /// Original bytes of a range, at most 1 MiB at a time: reads the frames that hold it and nothing else. Frames are
    /// checked against their checksums; a payload stored raw is not ([`Self::ranges_are_verified`]).
    ///
    /// # Errors
    /// `OutOfRange`.
    pub fn read_range(&self, range: Range<u64>) -> Result<Chunks, ReadError> {
        if range.start > range.end || range.end > self.bytes {
            return Err(ReadError::OutOfRange { bytes: self.bytes });
        }
        let next = match &self.frames {
            Some(frames) => frames.partition_point(|frame| frame.offset + u64::from(frame.bytes) <= range.start) as u64,
            None => range.start,
        };
        Ok(Chunks { payload: self.clone(), ended: range.is_empty(), range, next, stored: false, hasher: None })
    }

    fn held(&self) -> Result<u64, ReadError> {
        match &self.frames {
            Some(frames) => Ok(frames.last().map_or(0, |frame| frame.offset + u64::from(frame.bytes))),
            None => self.file.length().map_err(|error| self.unreadable(error)),
        }
    }

    fn damaged(&self, what: String) -> ReadError {
        ReadError::Damaged { object: self.object.clone(), what }
    }

    fn unreadable(&self, error: io::Error) -> ReadError {
        ReadError::of_io(&self.object, error)
    }

    fn read_at(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, ReadError> {
        let mut buffer = vec![0; bytes];
        self.file.read_exact_at(&mut buffer, offset).map_err(|error| self.unreadable(error))?;
        Ok(buffer)
    }
}

/// Pieces of a payload, in order. After an error nothing more comes: what came before is not the whole.
pub struct Chunks {
    payload: Payload,
    /// Original bytes that are wanted.
    range: Range<u64>,
    /// Number of the next frame, or offset of the next raw byte.
    next: u64,
    stored: bool,
    /// Set while the whole is read.
    hasher: Option<Sha256Hasher>,
    ended: bool,
}

#[derive(Default)]
struct Piece {
    bytes: Vec<u8>,
    /// What `bytes` unpack to, where they are stored ones.
    original: Option<Vec<u8>>,
    last: bool,
}

impl Chunks {
    /// The next piece, and whether it is the last one.
    fn piece(&mut self) -> Result<(Vec<u8>, bool), ReadError> {
        let Piece { bytes, original, last } = match self.payload.frames.clone() {
            Some(frames) => self.frame(&frames)?,
            None => self.raw()?,
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(original.as_deref().unwrap_or(&bytes));
        }
        if last && let Some(hasher) = self.hasher.take() {
            let actual = hasher.finish();
            if actual != self.payload.sha256 {
                return Err(self.payload.damaged(format!("its content has the sha256 {actual}")));
            }
        }
        Ok((bytes, last))
    }

    fn frame(&mut self, frames: &[Frame]) -> Result<Piece, ReadError> {
        let Some(frame) = frames.get(self.next as usize) else { return Ok(Piece { last: true, ..Piece::default() }) };
        self.next += 1;
        let end = frame.offset + u64::from(frame.bytes);
        let last = end >= self.range.end && (self.hasher.is_none() || self.next as usize == frames.len());
        if frame.bytes as usize > PAYLOAD_FRAME_BYTES {
            return Err(self.payload.damaged("a frame is longer than frames are".into()));
        }
        let stored = self.payload.read_at(frame.stored_offset, frame.stored as usize)?;
        let mut content =
            FrameReader::unpack(frame, &stored).map_err(|error| self.payload.damaged(error.to_string()))?;
        if self.stored {
            return Ok(Piece { bytes: stored, original: Some(content), last });
        }
        content.truncate((self.range.end.min(end) - frame.offset) as usize);
        content.drain(..self.range.start.saturating_sub(frame.offset) as usize);
        Ok(Piece { bytes: content, original: None, last })
    }

    fn raw(&mut self) -> Result<Piece, ReadError> {
        let bytes = (self.range.end - self.next).min(PAYLOAD_FRAME_BYTES as u64);
        let piece = self.payload.read_at(self.next, bytes as usize)?;
        self.next += bytes;
        Ok(Piece { bytes: piece, original: None, last: self.next >= self.range.end })
    }
}

impl Iterator for Chunks {
    type Item = Result<Vec<u8>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let piece = self.piece();
        self.ended = piece.as_ref().map_or(true, |(_, last)| *last);
        Some(piece.map(|(piece, _)| piece))
    }
}

/// What one reading of a payload object's content file tells.
pub struct Streams {
    /// Digest of the stored bytes.
    pub stored: Sha512,
    /// Digest and length of the original bytes, or why they cannot be had.
    pub original: Result<(Sha256, u64), String>,
}

/// Reads a payload object's content file once from end to end.
///
/// # Errors
/// The disk's.
pub fn digest_streams(file: &dyn ReadAt, compressed: bool) -> io::Result<Streams> {
    let length = file.length()?;
    let table = match compressed.then(|| SeekTable::read(file)).transpose() {
        Ok(table) => Ok(table.unwrap_or_default()),
        Err(SeekTableError::Io(error)) => return Err(error),
        Err(error) => Err(error.to_string()),
    };
    let (mut original, mut stored) = (Sha256Hasher::default(), Sha512Hasher::default());
    let (mut original_bytes, mut offset) = (0, 0);
    let mut problem = table.as_ref().err().cloned();
    let mut bytes = Vec::new();
    for frame in table.iter().flat_map(|table| table.frames()) {
        bytes.resize(frame.stored as usize, 0);
        file.read_exact_at(&mut bytes, frame.stored_offset)?;
        stored.update(&bytes);
        offset = frame.stored_offset + u64::from(frame.stored);
        if frame.bytes as usize > PAYLOAD_FRAME_BYTES {
            problem.get_or_insert_with(|| "a frame is longer than frames are".into());
            continue;
        }
        match FrameReader::unpack(frame, &bytes) {
            Ok(content) => {
                original.update(&content);
                original_bytes += content.len() as u64;
            }
            Err(error) => drop(problem.get_or_insert_with(|| error.to_string())),
        }
    }
    while offset < length {
        bytes.resize((length - offset).min(PAYLOAD_FRAME_BYTES as u64) as usize, 0);
        file.read_exact_at(&mut bytes, offset)?;
        stored.update(&bytes);
        offset += bytes.len() as u64;
        if !compressed {
            original.update(&bytes);
            original_bytes += bytes.len() as u64;
        }
    }
    let original = problem.map_or_else(|| Ok((original.finish(), original_bytes)), Err);
    Ok(Streams { stored: stored.finish(), original })
}
