//! Random access to the content of a file of frames, one frame at a time.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::{Frame, FrameError, SeekTable, SeekTableError, decode_frame};

/// A file that can be read anywhere, by many threads at once.
pub trait ReadAt: Send + Sync {
    /// Fills the buffer from this offset.
    ///
    /// # Errors
    /// `UnexpectedEof` past the end; otherwise the disk's.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Length in bytes.
    ///
    /// # Errors
    /// The disk's.
    fn length(&self) -> io::Result<u64>;
}

impl ReadAt for Vec<u8> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let end = start.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let content = self.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(content);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}

/// Reads a file of frames by its seek table.
#[derive(Clone)]
pub struct FrameReader {
    file: Arc<dyn ReadAt>,
    table: Arc<SeekTable>,
}

impl FrameReader {
    /// Reads the seek table.
    ///
    /// # Errors
    /// `SeekTableError` when the file has none or a damaged one.
    pub fn open(file: Arc<dyn ReadAt>) -> Result<Self, SeekTableError> {
        let table = Arc::new(SeekTable::read(file.as_ref())?);
        Ok(Self { file, table })
    }

    /// The frames.
    pub fn table(&self) -> &SeekTable {
        &self.table
    }

    /// The frames that hold some of the unpacked `range`.
    pub fn frames_of(&self, range: &Range<u64>) -> &[Frame] {
        let frames = self.table.frames();
        let first = frames.partition_point(|frame| frame.offset + u64::from(frame.bytes) <= range.start);
        let past = frames.partition_point(|frame| frame.offset < range.end);
        frames.get(first..past).unwrap_or_default()
    }

    /// The stored bytes of a frame.
    ///
    /// # Errors
    /// The disk's.
    pub fn stored(&self, frame: &Frame) -> io::Result<Vec<u8>> {
        let mut stored = vec![0; frame.stored as usize];
        self.file.read_exact_at(&mut stored, frame.stored_offset)?;
        Ok(stored)
    }

    /// Unpacks a frame, which must hold exactly what the table says.
    ///
    /// # Errors
    /// `FrameError` when it does not.
    pub fn unpack(frame: &Frame, stored: &[u8]) -> Result<Vec<u8>, FrameError> {
        let content = decode_frame(stored, frame.bytes as usize)?;
        if content.len() == frame.bytes as usize { Ok(content) } else { Err(FrameError::NotAFrame) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::FrameWriter;

    fn stored(content: &[u8], frame_bytes: usize) -> Vec<u8> {
        let mut writer = FrameWriter::new(Vec::new(), 3, frame_bytes).expect("level 3");
        content.chunks(7).for_each(|chunk| writer.write(chunk).expect("memory"));
        writer.finish().expect("memory").0
    }

    proptest::proptest! {
        #[test]
        fn a_range_is_read_from_the_frames_that_hold_it(
            content in proptest::collection::vec(0u8..4, 0..3000),
            frame_bytes in 1usize..500,
            start in 0u64..3000,
            length in 0u64..3000,
        ) {
            let reader = FrameReader::open(Arc::new(stored(&content, frame_bytes))).expect("own file");
            proptest::prop_assert_eq!(reader.table().bytes(), content.len() as u64);
            let range = start.min(content.len() as u64)..(start + length).min(content.len() as u64);
            let mut unpacked = Vec::new();
            let frames = reader.frames_of(&range);
            for frame in frames {
                unpacked.extend(FrameReader::unpack(frame, &reader.stored(frame).expect("memory")).expect("own frame"));
            }
            let skipped = frames.first().map_or(range.start, |frame| frame.offset);
            let (from, to) = ((range.start - skipped) as usize, (range.end - skipped) as usize);
            if range.start < range.end {
                proptest::prop_assert_eq!(&unpacked[from..to], &content[range.start as usize..range.end as usize]);
            }
        }
    }

    #[test]
    fn other_tools_read_the_file_as_plain_zstd() {
        let content = b"plain text ".repeat(1000);
        assert_eq!(zstd::stream::decode_all(&stored(&content, 1000)[..]).expect("plain zstd"), content);
    }
}
