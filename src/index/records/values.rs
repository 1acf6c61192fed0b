//! Values of the tree as bytes: small, fixed layouts, big-endian. `FORMAT` changes with any of them, and an index of
//! another format is rebuilt.

use crate::model::{PayloadLocation, RecordLocation, Sha256};

/// Version of keys and values together.
pub const FORMAT: u32 = 3;

/// Reads integers off the front of a value.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    /// The next `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    /// The next 8 bytes as an integer.
    pub fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_be_bytes)
    }

    /// The next 4 bytes as an integer.
    pub fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }
}

/// Lines of one frame: where the frame is, and for each line where its record starts and how long it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub segment: u64,
    pub frame_offset: u32,
    pub frame_length: u32,
    pub records: Vec<(u32, u32)>,
}

impl Frame {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 8 * self.records.len());
        bytes.extend_from_slice(&self.segment.to_be_bytes());
        bytes.extend_from_slice(&self.frame_offset.to_be_bytes());
        bytes.extend_from_slice(&self.frame_length.to_be_bytes());
        for (start, length) in &self.records {
            bytes.extend_from_slice(&start.to_be_bytes());
            bytes.extend_from_slice(&length.to_be_bytes());
        }
        bytes
    }

    /// The location of the `nth` line's record, straight from the stored bytes.
    pub fn location(bytes: &[u8], nth: u64) -> Option<RecordLocation> {
        let mut reader = Reader(bytes);
        let (segment, frame_offset, frame_length) = (reader.u64()?, reader.u32()?, reader.u32()?);
        let at = usize::try_from(nth).ok()?.checked_mul(8)?;
        let mut record = Reader(reader.0.get(at..)?);
        Some(RecordLocation { segment, frame_offset, frame_length, start: record.u32()?, length: record.u32()? })
    }
}

pub fn payload_to_bytes(location: &PayloadLocation) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(37);
    match *location {
        PayloadLocation::Pack { segment, offset, stored, start, bytes: original } => {
            bytes.push(if start.is_some() { 3 } else { 0 });
            [segment, offset, stored, original]
                .iter()
                .for_each(|number| bytes.extend_from_slice(&number.to_be_bytes()));
            bytes.extend(start.iter().flat_map(|start| start.to_be_bytes()));
        }
        PayloadLocation::Object { bytes: original, compressed } => {
            bytes.push(if compressed { 2 } else { 1 });
            bytes.extend_from_slice(&original.to_be_bytes());
        }
    }
    bytes
}

pub fn payload_from_bytes(bytes: &[u8]) -> Option<PayloadLocation> {
    let (tag, rest) = bytes.split_first()?;
    let mut reader = Reader(rest);
    match tag {
        0 | 3 => {
            let (segment, offset, stored, bytes) = (reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?);
            let start = if *tag == 3 { Some(reader.u32()?) } else { None };
            Some(PayloadLocation::Pack { segment, offset, stored, start, bytes })
        }
        1 | 2 => Some(PayloadLocation::Object { bytes: reader.u64()?, compressed: *tag == 2 }),
        _ => None,
    }
}

pub fn receipt_to_bytes(body: &Sha256, sequence: u64) -> Vec<u8> {
    [body.as_bytes().as_slice(), &sequence.to_be_bytes()].concat()
}

pub fn receipt_from_bytes(bytes: &[u8]) -> Option<(Sha256, u64)> {
    let mut reader = Reader(bytes);
    Some((Sha256::from_bytes(reader.bytes()?), reader.u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_location_comes_back_and_a_short_one_is_refused() {
        let pack = |start| PayloadLocation::Pack { segment: 1, offset: 1 << 40, stored: 3, start, bytes: u64::MAX };
        let object = |compressed| PayloadLocation::Object { bytes: 9 << 20, compressed };
        for location in [pack(None), pack(Some(0)), pack(Some(u32::MAX)), object(true), object(false)] {
            let bytes = payload_to_bytes(&location);
            assert_eq!(payload_from_bytes(&bytes), Some(location));
            assert_eq!(payload_from_bytes(bytes.get(..bytes.len() - 1).unwrap_or_default()), None);
        }
        assert_eq!(payload_from_bytes(&[4; 40]), None);
    }
}
