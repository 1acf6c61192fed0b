//! Which segments there are: each begins where the one before ends, at a path that its first sequence gives.

use std::collections::BTreeMap;
use std::path::Path;

use super::disk::{Disk, Entry, EntryKind};
use super::error::{At, DiskError};
use super::layout::{self, MAX_GENERATION, ObjectId};
use super::listing;
use super::segment::{Description, PACK, RECORDS, StoredFile};

/// What is known of a segment without reading its lines.
#[derive(Debug, Clone)]
pub struct Known {
    pub id: ObjectId,
    pub description: Description,
}

/// What stands where a segment is looked for.
pub enum Probe {
    Absent,
    Known(Box<Known>),
    /// With its description where that is intact: the log goes on after it.
    Damaged {
        id: ObjectId,
        what: String,
        description: Option<Box<Description>>,
    },
}

/// Looks for the segment that begins at this sequence, as committed or consolidated.
pub fn probe(disk: &dyn Disk, root: &Path, first: u64) -> Result<Probe, DiskError> {
    for generation in 0..=MAX_GENERATION {
        let id = ObjectId::Segment { first, generation };
        let read = Description::read(disk, &root.join(id.path()))?;
        match read {
            None => {}
            Some(Err(what)) => return Ok(Probe::Damaged { id, what, description: None }),
            Some(Ok(description)) => return check(disk, root, id, description),
        }
    }
    Ok(Probe::Absent)
}

/// Compares a description with the object's name and the lengths of its files.
fn check(disk: &dyn Disk, root: &Path, id: ObjectId, description: Description) -> Result<Probe, DiskError> {
    let ObjectId::Segment { first, .. } = id else { return Ok(Probe::Absent) };
    if description.first != first {
        let what = format!("segment.json is that of the segment beginning at {}", description.first);
        return Ok(Probe::Damaged { id, what, description: None });
    }
    let content = root.join(id.path()).join("v1/content");
    let list = listing::name(description.version);
    let files = [(RECORDS, Some(description.records)), (PACK, description.pack), (list, description.payloads)];
    for (name, expected) in files {
        let Some(StoredFile { stored }) = expected else { continue };
        let path = content.join(name);
        let what = match disk.status(&path).at("look at", &path)? {
            Some(EntryKind::File { bytes }) if bytes == stored => continue,
            Some(EntryKind::File { bytes }) => format!("{name} has {bytes} bytes instead of {stored}"),
            _ => format!("{name} is missing"),
        };
        return Ok(Probe::Damaged { id, what, description: Some(Box::new(description)) });
    }
    Ok(Probe::Known(Box::new(Known { id, description })))
}

/// First sequences of all segment objects under the root, found by their directory names.
pub fn scan(disk: &dyn Disk, root: &Path) -> Result<BTreeMap<u64, u8>, DiskError> {
    let mut found = BTreeMap::new();
    let directories = |path: &Path| -> Result<Vec<Entry>, DiskError> {
        let mut entries = disk.list(path).at("list", path)?;
        entries.retain(|entry| entry.kind == EntryKind::Directory);
        Ok(entries)
    };
    let is_tuple = |entry: &Entry| entry.name.len() == 3;
    for one in directories(root)?.into_iter().filter(is_tuple) {
        let one = root.join(one.name);
        for two in directories(&one)? {
            let two = one.join(two.name);
            for three in directories(&two)? {
                for object in directories(&two.join(three.name))? {
                    let id = layout::decode(&object.name).as_deref().and_then(ObjectId::parse);
                    let Some(ObjectId::Segment { first, generation }) = id else { continue };
                    let lowest = found.entry(first).or_insert(generation);
                    *lowest = generation.min(*lowest);
                }
            }
        }
    }
    Ok(found)
}
