//! Reading the log: segments in order, each checked against its digest and taken apart into events.

use super::disk::{self};
use super::error::{At, ReadError};
use super::inventory::Inventory;
use super::layout::ObjectId;
use super::listing::{self, Located};
use super::object::{self, InventoryError};
use super::open::{Archive, Chain, Inner, Link, Recovery};
use super::read::MAX_FRAME_BYTES;
use super::segment::{self, RECORDS};
use crate::codec::{self, FrameReader, SeekTable};
use crate::model::{Event, PayloadLocation, RecordLocation, Sha256};

/// One event with where its record stands and what its digest is.
#[derive(Debug, Clone)]
pub struct Line {
    pub event: Event,
    pub location: RecordLocation,
    /// sha256 of the record's stored bytes; `None` for a tombstone.
    pub digest: Option<Sha256>,
}

/// One segment, verified and taken apart.
#[derive(Debug, Clone)]
pub struct SegmentContents {
    pub first: u64,
    pub last: u64,
    /// Events in order. The first may be later than `first` where reading began within the segment.
    pub lines: Vec<Line>,
    /// Payloads that became readable with this segment.
    pub payloads: Vec<(Sha256, PayloadLocation)>,
}

/// Segments in order of their sequences; a damaged or missing one is an error in its place, and the next follows.
pub struct Segments {
    archive: Archive,
    next: u64,
}

impl Archive {
    /// All segments that hold sequences from this one on; `first` of the first is then at least `from`. Segments that
    /// are committed while the iterator is used come too.
    ///
    /// # Errors
    /// The disk's, when the beginning of the log must be searched for.
    pub fn segments(&self, from: u64) -> Result<Segments, ReadError> {
        let from = from.max(1);
        self.inner.know_from(from)?;
        Ok(Segments { archive: self.clone(), next: from })
    }
}

impl Iterator for Segments {
    type Item = Result<SegmentContents, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (first, link) = self.archive.inner.link_of(self.next)?;
        match link {
            Link::Good { id, last } => {
                let from = self.next;
                self.next = last + 1;
                Some(self.archive.inner.contents(id, first, last, from))
            }
            Link::Bad(damage) => {
                self.next = self.archive.inner.after(first)?;
                Some(Err(ReadError::Damaged { object: damage.object, what: damage.what }))
            }
        }
    }
}

impl Inner {
    /// Looks at the part of the log that opening by a hint skipped, if it is wanted.
    fn know_from(&self, from: u64) -> Result<(), ReadError> {
        let mut chain = self.chain();
        if from < chain.known_from {
            let scanned = Chain::scan(self.disk.as_ref(), &self.paths.archive, &mut Recovery::default())?;
            chain.segments = scanned.segments;
            chain.known_from = 1;
        }
        Ok(())
    }

    /// The segment that holds this sequence, or the next one after it.
    pub(super) fn link_of(&self, sequence: u64) -> Option<(u64, Link)> {
        let chain = self.chain();
        let before = chain.segments.range(..=sequence).next_back().filter(|(_, link)| match link {
            Link::Good { last, .. } => *last >= sequence,
            Link::Bad(_) => true,
        });
        let found = before.or_else(|| chain.segments.range(sequence..).next());
        found.map(|(first, link)| (*first, link.clone()))
    }

    /// Where the segment after this one begins.
    fn after(&self, first: u64) -> Option<u64> {
        self.chain().segments.range(first + 1..).next().map(|(first, _)| *first)
    }

    /// Reads and verifies a segment.
    fn contents(&self, id: ObjectId, first: u64, last: u64, from: u64) -> Result<SegmentContents, ReadError> {
        let inventory = self.inventory(id)?;
        let records = self.verified(id, &inventory, RECORDS)?.unwrap_or_default();
        let damaged = |what: String| ReadError::Damaged { object: id.to_string(), what };
        let payloads = self.payload_list(id, &inventory)?;
        let lines = event_lines(&records, first, from).map_err(damaged)?;
        let ends_right = lines.last().is_some_and(|line| line.event.sequence == last);
        if !ends_right {
            return Err(damaged(format!("its lines do not end with the sequence {last}")));
        }
        Ok(SegmentContents { first: first.max(from), last, lines, payloads })
    }

    pub(super) fn inventory(&self, id: ObjectId) -> Result<Inventory, ReadError> {
        let object = self.paths.archive.join(id.path());
        object::read_inventory(self.disk.as_ref(), &object, &id.to_string()).map_err(|error| match error {
            InventoryError::Disk(error) => ReadError::Disk(error),
            error => ReadError::Damaged { object: id.to_string(), what: error.to_string() },
        })
    }

    /// The payloads that a segment lists, in whichever form; none where it has no list.
    pub(super) fn payload_list(&self, id: ObjectId, inventory: &Inventory) -> Result<Vec<Located>, ReadError> {
        let damaged = |what: String| ReadError::Damaged { object: id.to_string(), what };
        let plain = self.verified(id, inventory, listing::PLAIN)?;
        let compressed = self.verified(id, inventory, listing::COMPRESSED)?;
        match (plain, compressed) {
            (None, None) => Ok(Vec::new()),
            (Some(list), None) => listing::read(listing::PLAIN, list).map_err(damaged),
            (None, Some(list)) => listing::read(listing::COMPRESSED, list).map_err(damaged),
            (Some(_), Some(_)) => Err(damaged("it lists its payloads twice".into())),
        }
    }

    /// A content file whose sha512 is that of the inventory; `None` when the inventory names none.
    pub(super) fn verified(
        &self,
        id: ObjectId,
        inventory: &Inventory,
        name: &str,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let damaged = |what: String| ReadError::Damaged { object: id.to_string(), what };
        let Some(digest) = inventory.digest_of(name) else { return Ok(None) };
        let path = self.content_path(id, name);
        let content = disk::read_file(self.disk.as_ref(), &path, segment::MAX_BATCH_BYTES * 2);
        let content = match content {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(damaged(format!("{name} is missing")));
            }
            content => content.at("read", &path)?,
        };
        if codec::sha512(&content) == digest {
            Ok(Some(content))
        } else {
            Err(damaged(format!("{name} does not have the digest in its inventory")))
        }
    }
}

/// Takes `records.ndjson.zst` apart, from the sequence `from` on.
fn event_lines(stored: &Vec<u8>, first: u64, from: u64) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    let mut sequence = first;
    each_line(stored, |line, mut location| {
        if sequence >= from {
            location.segment = first;
            let event = Event::parse(line).map_err(|error| format!("line of sequence {sequence}: {error}"))?;
            if event.sequence != sequence {
                return Err(format!("where the sequence {sequence} belongs stands {}", event.sequence));
            }
            let digest = event.record.as_ref().map(|record| codec::sha256(record.get().as_bytes()));
            lines.push(Line { event, location, digest });
        }
        sequence += 1;
        Ok(())
    })?;
    Ok(lines)
}

/// Calls `take` with every line of `records.ndjson.zst`, without its newline, and its location but for the segment.
pub fn each_line(
    stored: &Vec<u8>,
    mut take: impl FnMut(&[u8], RecordLocation) -> Result<(), String>,
) -> Result<(), String> {
    let table = SeekTable::read(stored).map_err(|error| format!("{RECORDS}: {error}"))?;
    for frame in table.frames() {
        let begin = frame.stored_offset as usize;
        let bytes = stored.get(begin..begin + frame.stored as usize).unwrap_or_default();
        if frame.bytes as usize > MAX_FRAME_BYTES {
            return Err(format!("{RECORDS}: a frame is longer than frames are"));
        }
        let content = FrameReader::unpack(frame, bytes).map_err(|error| format!("{RECORDS}: {error}"))?;
        let mut start = 0;
        for newline in memchr::memchr_iter(b'\n', &content) {
            let line = content.get(start..newline).unwrap_or_default();
            let record = segment::record_range(line);
            let location = RecordLocation {
                segment: 0,
                frame_offset: frame.stored_offset as u32,
                frame_length: frame.stored,
                start: (start + record.start) as u32,
                length: record.len() as u32,
            };
            take(line, location)?;
            start = newline + 1;
        }
        if start != content.len() {
            return Err(format!("{RECORDS}: a line is not whole within its frame"));
        }
    }
    Ok(())
}
