//! The content file of a payload object read once from end to end: both digests, and whether it is what it should be.

use std::io;

use super::disk::ReadAt;
use crate::codec::{FrameReader, PAYLOAD_FRAME_BYTES, SeekTable, SeekTableError, Sha256Hasher, Sha512Hasher};
use crate::model::{Sha256, Sha512};

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
