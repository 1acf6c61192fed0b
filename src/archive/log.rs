//! The log as it is, for those who copy it: whole segments from a sequence on, byte for byte, with the root of the tree after
//! them. Parses no line.

use super::contents::each_line;
use super::error::ReadError;
use super::layout::ObjectId;
use super::open::{Archive, Inner, Link};
use super::segment::{Description, RECORDS};
use crate::model::Sha256;

/// A run of lines that ends where a segment ends.
#[derive(Debug, Clone)]
pub struct LogPage {
    pub first: u64,
    pub last: u64,
    /// Lines as they were committed, each with its newline.
    pub lines: Vec<u8>,
    /// Root of the Merkle tree after `last`.
    pub root: Sha256,
}

impl Archive {
    /// Lines from a sequence on: so many whole segments as it takes to reach one of the two measures. `None` behind the end.
    ///
    /// # Errors
    /// `Damaged` or `Missing` for a segment that cannot be read; the disk's.
    pub fn log_page(&self, from: u64, lines: u64, bytes: usize) -> Result<Option<LogPage>, ReadError> {
        let from = from.max(1);
        self.segments(from)?;
        let mut page: Option<LogPage> = None;
        loop {
            let next = page.as_ref().map_or(from, |page| page.last + 1);
            let Some((first, id, last)) = self.inner.segment_with(next)? else { return Ok(page) };
            let root = self.inner.description(id)?.tree.root;
            let taken = page.get_or_insert(LogPage { first: next, last, lines: Vec::new(), root });
            self.inner.raw_lines(id, first, next, &mut taken.lines)?;
            (taken.last, taken.root) = (last, root);
            if taken.last + 1 - taken.first >= lines || taken.lines.len() >= bytes {
                return Ok(page);
            }
        }
    }

    /// Digests of the payloads that became readable with the segments of a run of sequences, each once.
    ///
    /// # Errors
    /// As [`Self::log_page`].
    pub fn log_payloads(&self, from: u64, last: u64) -> Result<Vec<Sha256>, ReadError> {
        self.segments(from.max(1))?;
        let (mut found, mut next) = (Vec::new(), from.max(1));
        while next <= last {
            let Some((_, id, end)) = self.inner.segment_with(next)? else { break };
            let inventory = self.inner.inventory(id)?;
            found.extend(self.inner.payload_list(id, &inventory)?.into_iter().map(|(digest, _)| digest));
            next = end + 1;
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

impl Inner {
    /// First sequence, object and last sequence of the segment that holds a sequence.
    fn segment_with(&self, sequence: u64) -> Result<Option<(u64, ObjectId, u64)>, ReadError> {
        match self.link_of(sequence) {
            None => Ok(None),
            Some((first, Link::Good { id, last })) if first <= sequence => Ok(Some((first, id, last))),
            Some((first, Link::Good { .. })) => {
                Err(ReadError::Missing { object: format!("what holds the sequences {sequence} to {}", first - 1) })
            }
            Some((_, Link::Bad(damage))) => Err(ReadError::Damaged { object: damage.object, what: damage.what }),
        }
    }

    fn description(&self, id: ObjectId) -> Result<Description, ReadError> {
        let read = Description::read(self.disk.as_ref(), &self.paths.archive.join(id.path()))?;
        let object = id.to_string();
        match read {
            None => Err(ReadError::Missing { object }),
            Some(description) => description.map_err(|what| ReadError::Damaged { object, what }),
        }
    }

    /// Appends the lines of a segment from a sequence on.
    fn raw_lines(&self, id: ObjectId, first: u64, from: u64, lines: &mut Vec<u8>) -> Result<(), ReadError> {
        let inventory = self.inventory(id)?;
        let stored = self.verified(id, &inventory, RECORDS)?.unwrap_or_default();
        let mut sequence = first;
        let taken = each_line(&stored, |line, _| {
            if sequence >= from {
                lines.extend_from_slice(line);
                lines.push(b'\n');
            }
            sequence += 1;
            Ok(())
        });
        taken.map_err(|what| ReadError::Damaged { object: id.to_string(), what })
    }
}
