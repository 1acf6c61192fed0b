//! The seek table of a file of zstd frames, in zstd's seekable format 0.1.0: a skippable frame at the end of the file.

use super::ReadAt;

/// Magic number of the skippable frame that holds the table.
const SKIPPABLE_MAGIC: u32 = 0x184D_2A5E;
/// Magic number that ends the file.
const SEEKABLE_MAGIC: u32 = 0x8F92_EAB1;
/// Skippable frame header: magic and length.
const HEADER_BYTES: u64 = 8;
/// Number of frames, descriptor, magic.
const FOOTER_BYTES: u64 = 9;
/// Stored and unpacked length; we write no checksum here because each frame carries its own.
const ENTRY_BYTES: u64 = 8;
/// Entries of foreign tables may have a checksum.
const ENTRY_BYTES_WITH_CHECKSUM: u64 = 12;
/// The format's own limit of frames in one table.
const MAX_FRAMES: u64 = 0x800_0000;

/// Where one frame stands in the stored file and in the unpacked content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Offset of the frame in the stored file, bytes.
    pub stored_offset: u64,
    /// Length of the stored frame, bytes.
    pub stored: u32,
    /// Offset of the frame's content in the unpacked whole, bytes.
    pub offset: u64,
    /// Length of the unpacked content, bytes.
    pub bytes: u32,
}

/// Why the end of a file is no seek table.
#[derive(Debug, thiserror::Error)]
pub enum SeekTableError {
    #[error("the file does not end in a zstd seek table")]
    Absent,
    #[error("the zstd seek table contradicts itself or the length of the file")]
    Damaged,
    #[error("cannot read the zstd seek table")]
    Io(#[from] std::io::Error),
}

/// Frames in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeekTable {
    frames: Vec<Frame>,
}

impl SeekTable {
    /// Adds the next frame.
    pub fn push(&mut self, stored: u32, bytes: u32) {
        let (stored_offset, offset) = (self.stored(), self.bytes());
        self.frames.push(Frame { stored_offset, stored, offset, bytes });
    }

    /// All frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// Length of all stored frames, without the table.
    pub fn stored(&self) -> u64 {
        self.frames.last().map_or(0, |frame| frame.stored_offset + u64::from(frame.stored))
    }

    /// Length of the unpacked content.
    pub fn bytes(&self) -> u64 {
        self.frames.last().map_or(0, |frame| frame.offset + u64::from(frame.bytes))
    }

    /// The frames of the stored range `offset..offset + length`, if it begins and ends at frames' ends.
    pub fn stored_range(&self, offset: u64, length: u64) -> Option<&[Frame]> {
        let end = offset.checked_add(length)?;
        let first = self.frames.partition_point(|frame| frame.stored_offset < offset);
        let past = self.frames.partition_point(|frame| frame.stored_offset < end);
        let frames = self.frames.get(first..past)?;
        let stored: u64 = frames.iter().map(|frame| u64::from(frame.stored)).sum();
        let begins = frames.first().is_none_or(|frame| frame.stored_offset == offset);
        (begins && stored == length).then_some(frames)
    }

    /// The table as it stands at the end of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = self.frames.len() as u64 * ENTRY_BYTES + FOOTER_BYTES;
        let mut table = Vec::with_capacity((HEADER_BYTES + content) as usize);
        table.extend_from_slice(&SKIPPABLE_MAGIC.to_le_bytes());
        table.extend_from_slice(&(content as u32).to_le_bytes());
        for frame in &self.frames {
            table.extend_from_slice(&frame.stored.to_le_bytes());
            table.extend_from_slice(&frame.bytes.to_le_bytes());
        }
        table.extend_from_slice(&(self.frames.len() as u32).to_le_bytes());
        table.push(0);
        table.extend_from_slice(&SEEKABLE_MAGIC.to_le_bytes());
        table
    }

    /// Reads the table at the end of a file; it must account for every byte of the file.
    ///
    /// # Errors
    /// `SeekTableError` when there is none, when it is damaged, or when the file cannot be read.
    pub fn read(file: &dyn ReadAt) -> Result<Self, SeekTableError> {
        let length = file.length()?;
        let footer_at = length.checked_sub(FOOTER_BYTES).ok_or(SeekTableError::Absent)?;
        let mut footer = [0; FOOTER_BYTES as usize];
        file.read_exact_at(&mut footer, footer_at)?;
        let [f0, f1, f2, f3, descriptor, m0, m1, m2, m3] = footer;
        if u32::from_le_bytes([m0, m1, m2, m3]) != SEEKABLE_MAGIC {
            return Err(SeekTableError::Absent);
        }
        let count = u64::from(u32::from_le_bytes([f0, f1, f2, f3]));
        let entry_bytes = if descriptor & 0x80 == 0 { ENTRY_BYTES } else { ENTRY_BYTES_WITH_CHECKSUM };
        let table_bytes = HEADER_BYTES + count * entry_bytes + FOOTER_BYTES;
        let reserved_bits = descriptor & 0x7C;
        if count > MAX_FRAMES || reserved_bits != 0 || table_bytes > length {
            return Err(SeekTableError::Damaged);
        }
        let mut stored = vec![0; table_bytes as usize];
        file.read_exact_at(&mut stored, length - table_bytes)?;
        let table = Self::parse(&stored, entry_bytes as usize).ok_or(SeekTableError::Damaged)?;
        let complete = table.frames.len() as u64 == count && table.stored() + table_bytes == length;
        if complete { Ok(table) } else { Err(SeekTableError::Damaged) }
    }

    fn parse(stored: &[u8], entry_bytes: usize) -> Option<Self> {
        let word = |bytes: &[u8]| bytes.first_chunk::<4>().copied().map(u32::from_le_bytes);
        let (header, rest) = stored.split_at_checked(HEADER_BYTES as usize)?;
        let magic_is_right = word(header)? == SKIPPABLE_MAGIC;
        let length_is_right = word(header.get(4..)?)? as usize == rest.len();
        if !magic_is_right || !length_is_right {
            return None;
        }
        let entries = rest.get(..rest.len().checked_sub(FOOTER_BYTES as usize)?)?;
        let mut table = Self::default();
        for entry in entries.chunks_exact(entry_bytes) {
            table.push(word(entry)?, word(entry.get(4..)?)?);
        }
        Some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(frames: &[(u32, u32)]) -> SeekTable {
        let mut table = SeekTable::default();
        frames.iter().for_each(|(stored, bytes)| table.push(*stored, *bytes));
        table
    }

    #[test]
    fn a_stored_range_is_found_only_at_frame_ends() {
        let table = table(&[(10, 100), (20, 100), (5, 50)]);
        let cases = [(0, 10, Some(1)), (10, 25, Some(2)), (0, 35, Some(3)), (0, 11, None), (5, 5, None), (35, 1, None)];
        for (offset, length, expected) in cases {
            assert_eq!(table.stored_range(offset, length).map(<[Frame]>::len), expected, "{offset}+{length}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_table_survives_the_file(frames: Vec<(u16, u32)>) {
            let frames: Vec<_> = frames.into_iter().map(|(stored, bytes)| (u32::from(stored), bytes)).collect();
            let table = table(&frames);
            let mut file = vec![7; table.stored() as usize];
            file.extend(table.to_bytes());
            proptest::prop_assert_eq!(SeekTable::read(&file).expect("own table"), table);
            file.remove(0);
            proptest::prop_assert!(SeekTable::read(&file).is_err());
        }

        #[test]
        fn any_end_of_a_file_is_read_or_refused(mut file: Vec<u8>) {
            file.extend(SEEKABLE_MAGIC.to_le_bytes());
            let _ = SeekTable::read(&file);
        }
    }
}
