//! Payloads of the log: every one where the list of its segment says it is, and nothing else in the packs.

use std::collections::HashSet;
use std::path::Path;

use super::log::Log;
use crate::archive::disk;
use crate::archive::layout::ObjectId;
use crate::archive::listing;
use crate::archive::segment::{Description, MAX_BATCH_BYTES, PACK};
use crate::codec::SeekTable;
use crate::model::{PayloadLocation, Sha256};

/// What a list says of the pack of its own segment, bytes.
#[derive(Default)]
struct Listed {
    /// Offsets of frames that are shared: they count once.
    shared: HashSet<u64>,
    stored: u64,
    bytes: u64,
}

impl Listed {
    fn note(&mut self, own: u64, location: &PayloadLocation) {
        let PayloadLocation::Pack { segment, offset, stored, start, bytes } = *location else { return };
        if segment == own {
            let is_first = start.is_none() || self.shared.insert(offset);
            self.stored = self.stored.saturating_add(if is_first { stored } else { 0 });
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }
}

impl Log<'_> {
    /// Checks that every payload that this segment lists is there and is what it says.
    pub(super) fn payloads(&mut self, id: ObjectId, path: &Path, description: &Description) {
        if description.payloads.is_none() {
            return;
        }
        // What was unpacked before is no proof of what stands on the disk now.
        self.archive.shared_frames.clear();
        let full = self.archive.paths.archive.join(path).join("v1/content");
        let name = listing::name(description.version);
        if self.has_other_list(&full, name) {
            self.error(id, path, name, "another list of payloads stands beside it");
        }
        let list = disk::read_file(self.archive.disk.as_ref(), &full.join(name), MAX_BATCH_BYTES);
        let list = match list.map_err(|error| error.to_string()).and_then(|list| listing::read(name, list)) {
            Ok(list) => list,
            Err(what) => return self.error(id, path, name, what),
        };
        let mut listed = Listed::default();
        for (sha256, location) in list {
            self.named.insert(sha256);
            match location {
                PayloadLocation::Object { .. } if self.held.get(&sha256) == Some(&location) => {}
                PayloadLocation::Object { bytes, .. } if self.is_dropped(&sha256, bytes) => {
                    self.verification.dropped += 1
                }
                PayloadLocation::Object { .. } => {
                    let object = ObjectId::Payload(sha256);
                    let what = format!("{id} lists this payload, but no object holds it as it says");
                    self.verification.error(Some(&object.to_string()), object.path(), what);
                }
                PayloadLocation::Pack { .. } => {
                    listed.note(description.first, &location);
                    let read = self.archive.payload(&sha256, &location);
                    let read = read.and_then(|payload| payload.read().try_for_each(|piece| piece.map(drop)));
                    if let Err(error) = read {
                        self.error(id, path, PACK, format!("payload {sha256}: {error}"));
                    }
                }
            }
        }
        self.pack_is_covered(id, path, description, &listed);
    }

    /// Whether the bytes were given up on purpose.
    fn is_dropped(&mut self, sha256: &Sha256, bytes: u64) -> bool {
        match self.archive.dropped_note(sha256) {
            Ok(note) => note.is_some_and(|note| note.bytes == bytes),
            Err(error) => {
                let object = ObjectId::Dropped(*sha256);
                self.verification.error(Some(&object.to_string()), object.path(), error.to_string());
                false
            }
        }
    }

    fn has_other_list(&self, content: &Path, name: &str) -> bool {
        let others = [listing::PLAIN, listing::COMPRESSED].into_iter().filter(|other| *other != name);
        let mut there = others.map(|other| self.archive.disk.status(&content.join(other)));
        there.any(|status| status.is_ok_and(|status| status.is_some()))
    }

    /// Every byte of a pack belongs to a listed payload or to the seek table.
    fn pack_is_covered(&mut self, id: ObjectId, path: &Path, description: &Description, listed: &Listed) {
        if description.pack.is_none() {
            return;
        }
        let full = self.archive.paths.archive.join(path).join("v1/content").join(PACK);
        let table = self.archive.disk.open(&full).map_err(|error| error.to_string());
        match table.and_then(|file| SeekTable::read(file.as_ref()).map_err(|error| error.to_string())) {
            Ok(table) if table.stored() == listed.stored && table.bytes() == listed.bytes => {}
            Ok(table) => {
                let Listed { stored, bytes, .. } = listed;
                let (stored_all, all) = (table.stored(), table.bytes());
                let what =
                    format!("its frames have {stored_all} bytes for {all}, the listed payloads {stored} for {bytes}");
                self.error(id, path, PACK, what);
            }
            Err(what) => self.error(id, path, PACK, what),
        }
    }
}
