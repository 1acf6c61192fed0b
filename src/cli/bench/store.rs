//! The folder of a benchmark: a marker, the large store that is made once, and scratch stores.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Bed;
use super::records::{Made, Records, VERSION};
use crate::archive::disk::RealDisk;
use crate::archive::{self, Archive};
use crate::cli::{Failure, output};
use crate::model::{Event, Instant, Key, Operation, RecordId};

const MARKER: &str = "bench.json";

/// Records in one segment.
pub const BATCH: u64 = 1_000;

/// What the large store holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    records: u64,
    seed: u64,
    /// Of the records that were made up.
    version: u32,
    /// The store was made to its end.
    complete: bool,
}

/// Makes the folder, or refuses one that is not ours.
pub fn prepare(bed: &Bed) -> Result<(), Failure> {
    std::fs::create_dir_all(&bed.folder)?;
    let is_ours = bed.folder.join(MARKER).exists();
    if !is_ours && std::fs::read_dir(&bed.folder)?.next().is_some() {
        let folder = bed.folder.display();
        return Err(Failure::usage(format!("{folder} is not empty: name a folder for the benchmark by --store DIR")));
    }
    if !is_ours {
        write_marker(bed, false)?;
    }
    remove_scratch(bed)
}

/// Removes the scratch stores.
pub fn remove_scratch(bed: &Bed) -> Result<(), Failure> {
    match std::fs::remove_dir_all(bed.folder.join("scratch")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// A new folder for a store that one scenario writes.
pub fn scratch(bed: &Bed, name: &str) -> Result<PathBuf, Failure> {
    let folder = bed.folder.join("scratch").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Opens an archive to write it directly.
pub fn open_archive(store: &std::path::Path) -> Result<Archive, Failure> {
    let (archive, _) = Archive::open(store, Arc::new(RealDisk), archive::Options::default())
        .map_err(crate::catalogue::StartError::Archive)?;
    Ok(archive)
}

/// The large store; its archive is made if it is not there yet, its indexes are whatever was built last.
pub fn large(bed: &Bed) -> Result<PathBuf, Failure> {
    let store = bed.folder.join("store");
    let wanted = Marker { records: bed.records, seed: bed.seed, version: VERSION, complete: true };
    let text = std::fs::read_to_string(bed.folder.join(MARKER)).unwrap_or_default();
    if serde_json::from_str::<Marker>(&text).is_ok_and(|marker| marker == wanted) {
        return Ok(store);
    }
    write_marker(bed, false)?;
    if store.exists() {
        std::fs::remove_dir_all(&store)?;
    }
    std::fs::create_dir_all(&store)?;
    let archive = open_archive(&store)?;
    let mut writer = archive.writer().map_err(crate::catalogue::StartError::Writer)?;
    let progress = output::bar(bed.records, "made-up records", bed.quiet);
    let mut next = 0;
    while next < bed.records {
        let wanted = next..bed.records.min(next + BATCH);
        let collections: Vec<Made> = if next == 0 { Records::collection_records().collect() } else { Vec::new() };
        next = wanted.end;
        let made = collections.into_iter().chain(wanted.map(|number| bed.made.product(number)));
        let lines = lines(writer.next_sequence(), made)?;
        writer.commit(&lines, &[]).map_err(|error| Failure::store(format!("the archive refused: {error}")))?;
        progress.set_position(next);
    }
    progress.finish_and_clear();
    drop(writer);
    drop(archive);
    write_marker(bed, true)?;
    Ok(store)
}

fn write_marker(bed: &Bed, complete: bool) -> Result<(), Failure> {
    let marker = Marker { records: bed.records, seed: bed.seed, version: VERSION, complete };
    let text = serde_json::to_string(&marker).unwrap_or_default();
    Ok(std::fs::write(bed.folder.join(MARKER), text)?)
}

/// Event lines of new records, as the writer of the catalogue makes them.
pub fn lines(first: u64, made: impl Iterator<Item = Made>) -> Result<Vec<Vec<u8>>, Failure> {
    let line = |(sequence, made): (u64, Made)| {
        let key = key(&made)?;
        let record = RawValue::from_string(made.text).map_err(std::io::Error::from)?;
        // Ascending, as the archive wants it, and the same in every run.
        let time = Instant::from_micros(1_700_000_000_000_000 + sequence as i64).to_string();
        let event = Event {
            sequence,
            operation: Operation::Put,
            kind: key.kind,
            collection: key.collection,
            id: key.id,
            revision: 1,
            time,
            agent: "local".to_owned(),
            scope: "local".to_owned(),
            key: None,
            previous: None,
            record: Some(record),
        };
        Ok(event.to_line())
    };
    (first..).zip(made).map(line).collect()
}

fn key(made: &Made) -> Result<Key, Failure> {
    let parse = |text: &str| RecordId::parse(text).map_err(|error| Failure::store(error.to_string()));
    let id = parse(&made.id)?;
    Ok(if made.id == made.collection { Key::collection(id) } else { Key::product(parse(made.collection)?, id) })
}
