//! The content of a segment object: `segment.json`, framed event lines, and the list of payloads.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::disk::{self, Disk};
use super::error::{At, DiskError};
use super::merkle::{self, Frontier};
use super::open::Options;
use crate::codec::{FrameEncoder, SeekTable};
use crate::model::{RecordLocation, Sha256};

pub const SEGMENT: &str = "segment.json";
pub const RECORDS: &str = "records.ndjson.zst";
pub const PACK: &str = "pack-0000.zst";

/// `format` of every segment.json.
pub const FORMAT: &str = "perennial segment";
/// The highest version of the format that is read. Version 2 has shared frames and a compressed list of payloads; a
/// segment that needs neither is written as version 1.
pub const FORMAT_VERSION: u32 = 2;

/// A frontier has at most 64 nodes; a consolidated segment lists the roots of those it replaces.
const MAX_SEGMENT_JSON_BYTES: u64 = 64 << 20;

/// Longest event line: far above any record that the service takes, and what a reader must be able to hold.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// Longest batch of lines, so that frame offsets fit 32 bits.
pub const MAX_BATCH_BYTES: u64 = 1 << 30;

/// `segment.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub format: String,
    pub version: u32,
    /// First sequence.
    pub first: u64,
    /// Last sequence.
    pub last: u64,
    /// Number of lines: `last - first + 1`.
    pub lines: u64,
    pub records: StoredFile,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack: Option<StoredFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payloads: Option<StoredFile>,
    /// The Merkle tree over all lines up to `last`.
    pub tree: Tree,
    /// Consolidated segments: what this one replaces, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Replaced>,
}

/// Length of a content file, so that a truncated one is seen without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    pub stored: u64,
}

/// State of the Merkle tree after the segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    pub size: u64,
    pub root: Sha256,
    pub frontier: Vec<Sha256>,
}

/// A segment that a consolidated one took over, with the root after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    pub first: u64,
    pub last: u64,
    pub root: Sha256,
}

impl Tree {
    pub fn of(frontier: &Frontier) -> Self {
        Self { size: frontier.size(), root: frontier.root(), frontier: frontier.nodes().to_vec() }
    }
}

impl Description {
    /// Reads `segment.json` text and checks it against itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let description: Self = serde_json::from_slice(bytes).map_err(|error| format!("segment.json: {error}"))?;
        if description.format != FORMAT || description.version > FORMAT_VERSION {
            let (format, version) = (&description.format, description.version);
            return Err(format!("segment.json has the format {format:?} version {version}: use a newer program"));
        }
        let is_contiguous = description.first > 0
            && description.last >= description.first
            && description.last - description.first + 1 == description.lines
            && description.tree.size == description.last;
        let root_fits = description.frontier().is_some_and(|frontier| frontier.root() == description.tree.root);
        if is_contiguous && root_fits {
            Ok(description)
        } else {
            Err("segment.json contradicts itself in its sequences or its Merkle frontier".into())
        }
    }

    /// The frontier after the segment.
    pub fn frontier(&self) -> Option<Frontier> {
        Frontier::from_parts(self.tree.size, self.tree.frontier.clone())
    }

    /// The file as it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and integers into memory: serde_json has no failure for these.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads the description of the segment object at this path; `None` when there is no such object.
    pub fn read(disk: &dyn Disk, object: &Path) -> Result<Option<Result<Self, String>>, DiskError> {
        let path = object.join("v1/content").join(SEGMENT);
        match disk::read_file(disk, &path, MAX_SEGMENT_JSON_BYTES) {
            Ok(bytes) => Ok(Some(Self::parse(&bytes))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let object_exists = disk.status(object).at("look at", object)?.is_some();
                Ok(object_exists.then(|| Err("segment.json is missing".into())))
            }
            Err(error) => Err(error).at("read", &path),
        }
    }
}

/// A batch with a small payload for at least one line in this many is one of imported records.
const DOCUMENT_SHARE: usize = 2;

/// How the event lines of a batch are stored.
#[derive(Debug, Clone, Copy)]
pub struct LineForm {
    /// Of zstd.
    pub level: i32,
    /// Most unpacked bytes of a frame; a longer line has one of its own.
    pub frame_bytes: usize,
}

impl LineForm {
    /// Imported records come with their source documents, are long and much alike, and are read less often than they are
    /// kept: longer frames. Records without documents have short ones, so that a page of them is fast.
    pub const fn of(options: &Options, lines: usize, documents: usize) -> Self {
        if documents * DOCUMENT_SHARE >= lines {
            Self { level: options.document_level, frame_bytes: options.document_record_frame_bytes }
        } else {
            Self { level: options.compression_level, frame_bytes: options.record_frame_bytes }
        }
    }
}

/// Event lines in frames of whole lines, with what is known of each.
pub struct FramedLines {
    /// `records.ndjson.zst`.
    pub stored: Vec<u8>,
    pub locations: Vec<RecordLocation>,
}

/// Packs lines into frames of at least one line and at most about `frame_bytes`.
pub fn frame_lines(lines: &[Vec<u8>], first: u64, form: LineForm) -> std::io::Result<FramedLines> {
    let LineForm { level, frame_bytes } = form;
    let mut encoder = FrameEncoder::new(level)?;
    let mut table = SeekTable::default();
    let mut framed = FramedLines { stored: Vec::new(), locations: Vec::with_capacity(lines.len()) };
    let mut content = Vec::with_capacity(frame_bytes + 4096);
    let mut rest = lines;
    while let Some((line, _)) = rest.split_first() {
        content.clear();
        let frame_start = framed.locations.len();
        let mut next = Some(line);
        while let Some(line) = next {
            let start = content.len();
            let record = record_range(line);
            framed.locations.push(RecordLocation {
                segment: first,
                frame_offset: framed.stored.len() as u32,
                frame_length: 0,
                start: (start + record.start) as u32,
                length: record.len() as u32,
            });
            content.extend_from_slice(line);
            content.push(b'\n');
            rest = rest.get(1..).unwrap_or_default();
            next = rest.first().filter(|line| content.len() + line.len() < frame_bytes);
        }
        let frame = encoder.encode(&content)?;
        table.push(frame.len() as u32, content.len() as u32);
        framed.stored.extend_from_slice(frame);
        let in_frame = framed.locations.get_mut(frame_start..).unwrap_or_default();
        in_frame.iter_mut().for_each(|location| location.frame_length = frame.len() as u32);
    }
    framed.stored.extend(table.to_bytes());
    Ok(framed)
}

/// Where the record stands in its line; empty and at the line's start for a tombstone.
///
/// `record` is the last member. The search text cannot occur earlier: within a string its quotes would be escaped, and
/// no nested member of that name stands before it.
pub fn record_range(line: &[u8]) -> std::ops::Range<usize> {
    const MEMBER: &[u8] = br#","record":"#;
    match memchr::memmem::find(line, MEMBER) {
        Some(at) => at + MEMBER.len()..line.len().saturating_sub(1),
        None => 0..0,
    }
}

/// Whether bytes look like the event line of this sequence: one line, one object, `sequence` first.
pub fn is_line_of(line: &[u8], sequence: u64) -> bool {
    let begins = line.strip_prefix(br#"{"sequence":"#).and_then(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = rest.split_at_checked(digits)?;
        let is_same = std::str::from_utf8(number).ok()?.parse() == Ok(sequence);
        (is_same && rest.starts_with(b",")).then_some(())
    });
    begins.is_some() && line.ends_with(b"}") && line.len() <= MAX_LINE_BYTES && memchr::memchr(b'\n', line).is_none()
}

/// Appends every line to the tree.
pub fn grow(frontier: &mut Frontier, lines: &[Vec<u8>]) {
    lines.iter().for_each(|line| frontier.push(merkle::leaf_hash(line)));
}
