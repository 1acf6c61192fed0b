//! The whole catalogue as files: what `recover.py` makes of the archive, made faster. Specified in docs/formats/export.md.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::archive::{Archive, ReadError};
use crate::model::{Key, Operation, PayloadLocation, RecordLocation, Sha256};

/// What an export wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    pub records: u64,
    pub tombstones: u64,
    pub payloads: u64,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the archive cannot be read; `perennial verify` names what is damaged")]
    Archive(#[from] ReadError),
    #[error("{} cannot be written", path.display())]
    Output {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Writes `records.ndjson` (the stored bytes of each current record, one a line, by collection and id bytewise) and
/// `tombstones.ndjson` (the event lines of deletions that stand), and on request `payloads/<sha256>`.
///
/// # Errors
/// `ExportError`; what was written until then stays.
pub fn export(archive: &Archive, folder: &Path, payloads: bool) -> Result<Exported, ExportError> {
    let catalogue = fold(archive)?;
    let mut keys: Vec<(&Key, &(Operation, RecordLocation))> = catalogue.current.iter().collect();
    keys.sort_by(|(left, _), (right, _)| left.export_order().cmp(&right.export_order()));
    std::fs::create_dir_all(folder).map_err(|source| ExportError::Output { path: folder.to_owned(), source })?;
    let mut exported = Exported::default();
    let mut records = Output::create(&folder.join("records.ndjson"))?;
    let mut tombstones = Output::create(&folder.join("tombstones.ndjson"))?;
    for (_, (operation, location)) in keys {
        match operation {
            Operation::Put => {
                records.line(&archive.record(location)?)?;
                exported.records += 1;
            }
            Operation::Delete => {
                tombstones.line(&archive.line(location)?)?;
                exported.tombstones += 1;
            }
        }
    }
    records.finish()?;
    tombstones.finish()?;
    if payloads {
        exported.payloads = write_payloads(archive, &folder.join("payloads"), &catalogue.payloads)?;
    }
    Ok(exported)
}

struct Folded {
    current: HashMap<Key, (Operation, RecordLocation)>,
    payloads: BTreeMap<Sha256, PayloadLocation>,
}

/// The catalogue is the fold of all lines by sequence.
fn fold(archive: &Archive) -> Result<Folded, ReadError> {
    let mut folded = Folded { current: HashMap::new(), payloads: BTreeMap::new() };
    for segment in archive.segments(1)? {
        let segment = segment?;
        for line in segment.lines {
            folded.current.insert(line.event.record_key(), (line.event.operation, line.location));
        }
        folded.payloads.extend(segment.payloads);
    }
    Ok(folded)
}

fn write_payloads(
    archive: &Archive,
    folder: &Path,
    payloads: &BTreeMap<Sha256, PayloadLocation>,
) -> Result<u64, ExportError> {
    std::fs::create_dir_all(folder).map_err(|source| ExportError::Output { path: folder.to_owned(), source })?;
    for (digest, location) in payloads {
        let mut output = Output::create(&folder.join(digest.to_string()))?;
        for piece in archive.payload(digest, location)?.read() {
            output.write(&piece?)?;
        }
        output.finish()?;
    }
    Ok(payloads.len() as u64)
}

struct Output {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Output {
    fn create(path: &Path) -> Result<Self, ExportError> {
        let failed = |source| ExportError::Output { path: path.to_owned(), source };
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(1 << 20, File::create(path).map_err(failed)?) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.file.write_all(bytes).map_err(|source| ExportError::Output { path: self.path.clone(), source })
    }

    fn line(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.write(bytes)?;
        self.write(b"\n")
    }

    fn finish(mut self) -> Result<(), ExportError> {
        self.file.flush().map_err(|source| ExportError::Output { path: self.path, source })
    }
}
