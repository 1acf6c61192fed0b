//! Where bytes stand in the archive, as small values that an index can keep.

use serde::{Deserialize, Serialize};

/// Where a record's bytes stand: one frame of one segment's `records.ndjson.zst`, and a range of the unpacked frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLocation {
    /// First sequence of the segment: its object is `segment:<first>`.
    pub segment: u64,
    /// Offset of the frame in the stored file, bytes.
    pub frame_offset: u32,
    /// Length of the stored frame, bytes.
    pub frame_length: u32,
    /// Where the record starts in the unpacked frame, bytes.
    pub start: u32,
    /// Length of the record, bytes; 0 for a tombstone.
    pub length: u32,
}

/// Where a payload's stored bytes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum PayloadLocation {
    /// Zstd frames within `pack-0000.zst` of a segment: its own, or one that it shares with other small payloads.
    Pack {
        /// First sequence of the segment.
        segment: u64,
        /// Offset of the first frame in the pack, bytes.
        offset: u64,
        /// Length of all frames, bytes.
        stored: u64,
        /// Where the payload begins in the unpacked frame that it shares, bytes; nothing where the frames are its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<u32>,
        /// Length of the original, bytes.
        bytes: u64,
    },
    /// An OCFL object of its own, `payload:sha256:<hex>`.
    Object {
        /// Length of the original, bytes.
        bytes: u64,
        /// Whether the stored file is zstd frames (else the original bytes).
        compressed: bool,
    },
}

impl PayloadLocation {
    /// Length of the original, bytes.
    pub const fn bytes(&self) -> u64 {
        match self {
            Self::Pack { bytes, .. } | Self::Object { bytes, .. } => *bytes,
        }
    }
}
