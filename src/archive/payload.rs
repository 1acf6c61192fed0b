//! Reading payloads: original bytes or stored frames, whole or in part, verified on the way.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::disk::ReadAt;
use super::error::ReadError;
use super::layout::ObjectId;
use super::open::{Archive, Inner};
use super::segment::PACK;
use crate::codec::{self, Frame, FrameReader, PAYLOAD_FRAME_BYTES, SeekTable, SeekTableError, Sha256Hasher};
use crate::model::{PayloadLocation, Sha256};

/// Name of a payload object's content file, stored as frames.
pub const COMPRESSED: &str = "payload.zst";
/// Name of a payload object's content file, stored as it is.
pub const RAW: &str = "payload.bin";

/// Most stored bytes of a frame: content that does not shrink grows by less than its 256th part.
const MOST_STORED_BYTES: u64 = (PAYLOAD_FRAME_BYTES + PAYLOAD_FRAME_BYTES / 128) as u64;

/// One payload in the archive, open for reading.
#[derive(Clone)]
pub struct Payload {
    object: String,
    sha256: Sha256,
    bytes: u64,
    form: Form,
}

/// How a payload is stored.
#[derive(Clone)]
enum Form {
    /// Frames of its own.
    Frames { file: Arc<dyn ReadAt>, frames: Arc<[Frame]> },
    /// As it is.
    Raw { file: Arc<dyn ReadAt> },
    /// A part of a frame that it shares: small, taken out and verified when it was opened.
    Small { content: Arc<[u8]> },
}

impl Archive {
    /// Opens a payload for reading.
    ///
    /// # Errors
    /// `Missing` or `Damaged` when nothing readable stands at the location; otherwise the disk's.
    pub fn payload(&self, sha256: &Sha256, location: &PayloadLocation) -> Result<Payload, ReadError> {
        self.inner.payload(sha256, location)
    }

    /// Whether the bytes of a payload are there; looks, and reads nothing of them.
    ///
    /// # Errors
    /// The disk's.
    pub fn holds(&self, sha256: &Sha256, location: &PayloadLocation) -> Result<bool, ReadError> {
        if let PayloadLocation::Pack { .. } = location {
            // A pack is never dropped, and unpacking a frame of it is no look.
            return Ok(true);
        }
        match self.payload(sha256, location) {
            Ok(_) => Ok(true),
            Err(ReadError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A payload in a file that is not of the archive, such as one that was made again. Its digest is checked by whoever
    /// reads all of it.
    ///
    /// # Errors
    /// `Missing`, `Damaged` when it has another length; otherwise the disk's.
    pub fn payload_at(&self, path: &std::path::Path, sha256: &Sha256, bytes: u64) -> Result<Payload, ReadError> {
        let object = path.display().to_string();
        let file = self.inner.disk.open(path).map_err(|error| ReadError::of_io(&object, error))?;
        let payload = Payload { object, sha256: *sha256, bytes, form: Form::Raw { file } };
        let held = payload.held()?;
        if held == bytes { Ok(payload) } else { Err(payload.damaged(format!("it holds {held} bytes of {bytes}"))) }
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
        let object = match location {
            PayloadLocation::Pack { segment, .. } => self.segment_id(*segment)?,
            PayloadLocation::Object { .. } => ObjectId::Payload(*sha256),
        };
        let form = match *location {
            PayloadLocation::Pack { offset, stored, start: Some(start), bytes, .. } => {
                let frame = self.shared_frame(object, offset, stored)?;
                Form::Small { content: small(object, sha256, &frame, start, bytes)? }
            }
            PayloadLocation::Pack { offset, stored, start: None, bytes, .. } => {
                let frames = self.member(object, offset, stored, bytes)?;
                Form::Frames { file: self.file(object, PACK)?, frames }
            }
            PayloadLocation::Object { compressed: true, .. } => {
                let frames = self.seek_table(object, COMPRESSED)?.frames().into();
                Form::Frames { file: self.file(object, COMPRESSED)?, frames }
            }
            PayloadLocation::Object { compressed: false, .. } => Form::Raw { file: self.file(object, RAW)? },
        };
        let payload = Payload { object: object.to_string(), sha256: *sha256, bytes: location.bytes(), form };
        let held = payload.held()?;
        if held == payload.bytes {
            Ok(payload)
        } else {
            Err(payload.damaged(format!("it holds {held} bytes of {}", payload.bytes)))
        }
    }

    /// The content of a frame that payloads share.
    fn shared_frame(&self, object: ObjectId, offset: u64, stored: u64) -> Result<Arc<Vec<u8>>, ReadError> {
        let key = (object, offset, stored);
        if let Some(content) = self.shared_frames.get(&key) {
            return Ok(content);
        }
        let damaged = |what: String| ReadError::Damaged { object: object.to_string(), what };
        if stored > MOST_STORED_BYTES {
            return Err(damaged("a frame is longer than frames are".into()));
        }
        let mut frame = vec![0; stored as usize];
        let read = self.file(object, PACK)?.read_exact_at(&mut frame, offset);
        read.map_err(|error| ReadError::of_io(&object.to_string(), error))?;
        let content = codec::decode_frame(&frame, PAYLOAD_FRAME_BYTES);
        let content = Arc::new(content.map_err(|error| damaged(format!("{PACK}: {error}")))?);
        self.shared_frames.put(key, content.clone());
        Ok(content)
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

/// Takes a small payload out of the frame that it shares, if that is what its digest says.
fn small(object: ObjectId, sha256: &Sha256, frame: &[u8], start: u32, bytes: u64) -> Result<Arc<[u8]>, ReadError> {
    let damaged = |what: String| ReadError::Damaged { object: object.to_string(), what };
    let end = u64::from(start).checked_add(bytes).and_then(|end| usize::try_from(end).ok());
    let content = end.and_then(|end| frame.get(start as usize..end));
    let content = content.ok_or_else(|| damaged("a payload is said to stand outside of its frame".into()))?;
    let actual = codec::sha256(content);
    if actual == *sha256 { Ok(content.into()) } else { Err(damaged(format!("its content has the sha256 {actual}"))) }
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

    /// Length of the stored frames, where it is stored as zstd frames of its own.
    pub fn stored_bytes(&self) -> Option<u64> {
        let Form::Frames { frames, .. } = &self.form else { return None };
        Some(frames.iter().map(|frame| u64::from(frame.stored)).sum())
    }

    /// Whether a range read is checked against a checksum; otherwise only a whole read is verified.
    pub const fn ranges_are_verified(&self) -> bool {
        !matches!(self.form, Form::Raw { .. })
    }

    /// The original bytes in pieces of at most 1 MiB. The last piece comes only when the digest of all is right.
    pub fn read(&self) -> Chunks {
        // A small payload was verified when it was opened.
        let hasher = (!matches!(self.form, Form::Small { .. })).then(Sha256Hasher::default);
        Chunks { payload: self.clone(), range: 0..self.bytes, next: 0, stored: false, hasher, ended: false }
    }

    /// The stored frames, a valid zstd stream without the seek table, one frame at a time; unpacked and verified on
    /// the way, so that the last frame comes only when the digest of all is right. `None` where it has no frames of its own.
    pub fn read_stored(&self) -> Option<Chunks> {
        matches!(self.form, Form::Frames { .. }).then(|| Chunks { stored: true, ..self.read() })
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
        let ends_before = |frame: &Frame| frame.offset + u64::from(frame.bytes) <= range.start;
        let next = match &self.form {
            Form::Frames { frames, .. } => frames.partition_point(ends_before) as u64,
            Form::Raw { .. } | Form::Small { .. } => range.start,
        };
        Ok(Chunks { payload: self.clone(), ended: range.is_empty(), range, next, stored: false, hasher: None })
    }

    fn held(&self) -> Result<u64, ReadError> {
        match &self.form {
            Form::Frames { frames, .. } => Ok(frames.last().map_or(0, |frame| frame.offset + u64::from(frame.bytes))),
            Form::Raw { file } => file.length().map_err(|error| self.unreadable(error)),
            Form::Small { content } => Ok(content.len() as u64),
        }
    }

    fn damaged(&self, what: String) -> ReadError {
        ReadError::Damaged { object: self.object.clone(), what }
    }

    fn unreadable(&self, error: io::Error) -> ReadError {
        ReadError::of_io(&self.object, error)
    }

    fn read_at(&self, file: &dyn ReadAt, offset: u64, bytes: usize) -> Result<Vec<u8>, ReadError> {
        let mut buffer = vec![0; bytes];
        file.read_exact_at(&mut buffer, offset).map_err(|error| self.unreadable(error))?;
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
        let Piece { bytes, original, last } = match self.payload.form.clone() {
            Form::Frames { file, frames } => self.frame(file.as_ref(), &frames)?,
            Form::Raw { file } => self.raw(file.as_ref())?,
            Form::Small { content } => self.small(&content),
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

    fn frame(&mut self, file: &dyn ReadAt, frames: &[Frame]) -> Result<Piece, ReadError> {
        let Some(frame) = frames.get(self.next as usize) else { return Ok(Piece { last: true, ..Piece::default() }) };
        self.next += 1;
        let end = frame.offset + u64::from(frame.bytes);
        let last = end >= self.range.end && (self.hasher.is_none() || self.next as usize == frames.len());
        if frame.bytes as usize > PAYLOAD_FRAME_BYTES {
            return Err(self.payload.damaged("a frame is longer than frames are".into()));
        }
        let stored = self.payload.read_at(file, frame.stored_offset, frame.stored as usize)?;
        let mut content =
            FrameReader::unpack(frame, &stored).map_err(|error| self.payload.damaged(error.to_string()))?;
        if self.stored {
            return Ok(Piece { bytes: stored, original: Some(content), last });
        }
        content.truncate((self.range.end.min(end) - frame.offset) as usize);
        content.drain(..self.range.start.saturating_sub(frame.offset) as usize);
        Ok(Piece { bytes: content, original: None, last })
    }

    fn raw(&mut self, file: &dyn ReadAt) -> Result<Piece, ReadError> {
        let bytes = (self.range.end - self.next).min(PAYLOAD_FRAME_BYTES as u64);
        let piece = self.payload.read_at(file, self.next, bytes as usize)?;
        self.next += bytes;
        Ok(Piece { bytes: piece, original: None, last: self.next >= self.range.end })
    }
}

impl Chunks {
    fn small(&self, content: &[u8]) -> Piece {
        let wanted = content.get(self.range.start as usize..self.range.end as usize);
        Piece { bytes: wanted.unwrap_or_default().to_vec(), original: None, last: true }
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
