//! Reading records straight from their frames: one file read and one small unpacking each.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::ReadAt;
use super::error::{At, ReadError};
use super::layout::{MAX_GENERATION, ObjectId};
use super::open::{Archive, Inner};
use super::segment::{MAX_LINE_BYTES, RECORDS};
use crate::codec;
use crate::model::RecordLocation;

impl Archive {
    /// The stored bytes of a record. The frame's checksum is checked; who knows the record's digest compares it.
    ///
    /// # Errors
    /// `Missing` or `Damaged` when nothing readable stands at the location; otherwise the disk's.
    pub fn record(&self, location: &RecordLocation) -> Result<Vec<u8>, ReadError> {
        let frame = self.inner.frame(location)?;
        let (start, length) = (location.start as usize, location.length as usize);
        let record = frame.get(start..start + length);
        record.map(<[u8]>::to_vec).ok_or_else(|| outside(location))
    }

    /// The whole event line that holds the record, without its newline.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn line(&self, location: &RecordLocation) -> Result<Vec<u8>, ReadError> {
        let frame = self.inner.frame(location)?;
        let (before, after) = frame.split_at_checked(location.start as usize).ok_or_else(|| outside(location))?;
        let begin = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let rest = memchr::memchr(b'\n', after).ok_or_else(|| outside(location))?;
        let line = frame.get(begin..before.len() + rest);
        line.map(<[u8]>::to_vec).ok_or_else(|| outside(location))
    }

    /// The event line that holds the record and those behind it in the same frame, each without its newline, for whoever
    /// reads the log in its order. `take` says whether it wants more.
    ///
    /// # Errors
    /// As [`Self::record`], and what `take` gives.
    pub fn lines_from<E: From<ReadError>>(
        &self,
        location: &RecordLocation,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, E>,
    ) -> Result<(), E> {
        let frame = self.inner.frame(location)?;
        let (before, _) = frame.split_at_checked(location.start as usize).ok_or_else(|| outside(location))?;
        let begin = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let mut rest = frame.get(begin..).unwrap_or_default();
        while let Some(newline) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(newline);
            if !take(line)? {
                return Ok(());
            }
            rest = after.get(1..).unwrap_or_default();
        }
        Ok(())
    }
}

fn outside(location: &RecordLocation) -> ReadError {
    let object = ObjectId::segment(location.segment).to_string();
    ReadError::Damaged { object, what: "a record is said to stand outside of its frame".into() }
}

impl ReadError {
    /// What an I/O error while reading an object means.
    pub(super) fn of_io(object: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { object: object.to_owned() },
            io::ErrorKind::UnexpectedEof => Self::Damaged { object: object.to_owned(), what: "it is cut off".into() },
            _ => Self::Disk(super::DiskError { action: "read", path: object.into(), source: Arc::new(error) }),
        }
    }
}

impl Inner {
    /// The object that holds the segment beginning at this sequence: as committed, or consolidated.
    pub fn segment_id(&self, first: u64) -> Result<ObjectId, ReadError> {
        for generation in 0..=MAX_GENERATION {
            let id = ObjectId::Segment { first, generation };
            if self.open_files.get(&(id, RECORDS)).is_some() {
                return Ok(id);
            }
            let path = self.paths.archive.join(id.path());
            if self.disk.status(&path).at("look at", &path)?.is_some() {
                return Ok(id);
            }
        }
        Err(ReadError::Missing { object: ObjectId::segment(first).to_string() })
    }

    pub fn content_path(&self, object: ObjectId, name: &str) -> PathBuf {
        self.paths.archive.join(object.path()).join("v1/content").join(name)
    }

    /// An open content file, from the cache if it was read lately.
    pub fn file(&self, object: ObjectId, name: &'static str) -> Result<Arc<dyn ReadAt>, ReadError> {
        if let Some(file) = self.open_files.get(&(object, name)) {
            return Ok(file);
        }
        let opened = self.disk.open(&self.content_path(object, name));
        let file = opened.map_err(|error| ReadError::of_io(&object.to_string(), error))?;
        self.open_files.put((object, name), file.clone());
        Ok(file)
    }

    /// The event lines of a segment, opened where they are most likely without looking first: a page of hits touches as
    /// many segments as it has hits.
    fn records_file(&self, first: u64) -> Result<(ObjectId, Arc<dyn ReadAt>), ReadError> {
        let committed = ObjectId::segment(first);
        match self.file(committed, RECORDS) {
            Err(ReadError::Missing { .. }) => {
                let object = self.segment_id(first)?;
                Ok((object, self.file(object, RECORDS)?))
            }
            opened => Ok((committed, opened?)),
        }
    }

    /// The unpacked frame of a record.
    fn frame(&self, location: &RecordLocation) -> Result<Arc<Vec<u8>>, ReadError> {
        let key = (location.segment, location.frame_offset);
        if let Some(frame) = self.frames.get(&key) {
            return Ok(frame);
        }
        let (object, file) = self.records_file(location.segment)?;
        let mut stored = vec![0; location.frame_length as usize];
        let read = file.read_exact_at(&mut stored, u64::from(location.frame_offset));
        read.map_err(|error| ReadError::of_io(&object.to_string(), error))?;
        let content = codec::decode_frame(&stored, MAX_FRAME_BYTES);
        let damaged = |error| ReadError::Damaged { object: object.to_string(), what: format!("{RECORDS}: {error}") };
        let content = Arc::new(content.map_err(damaged)?);
        self.frames.put(key, content.clone());
        Ok(content)
    }
}

/// A frame holds one line of the greatest length, or several that are shorter together.
pub const MAX_FRAME_BYTES: usize = MAX_LINE_BYTES + 1;
