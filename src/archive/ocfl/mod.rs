//! Validates any OCFL 1.0 or 1.1 object, ours or not. Findings carry the specification's codes; knows nothing of what
//! objects mean.

mod content;
mod inventory;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, Disk, Entry, EntryKind};
use super::error::{At, DiskError};
use crate::codec::{self, Algorithm};
use inventory::Inventory;

/// Largest inventory that is read.
const MAX_INVENTORY_BYTES: u64 = 256 << 20;

/// Extensions registered with OCFL when this was written (W013 names others).
const REGISTERED_EXTENSIONS: [&str; 12] = [
    "0001-digest-algorithms",
    "0002-flat-direct-storage-layout",
    "0003-hash-and-id-n-tuple-storage-layout",
    "0004-hashed-n-tuple-storage-layout",
    "0005-mutable-head",
    "0006-flat-omit-prefix-storage-layout",
    "0007-n-tuple-omit-prefix-storage-layout",
    "0008-schema-registry",
    "0009-digest-algorithms",
    "0010-differential-n-tuple-omit-prefix-storage-layout",
    "0011-direct-clean-path-layout",
    "initial",
];

/// Something that breaks a rule of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The code of the specification's list: `E…` is an error, `W…` a warning.
    pub code: &'static str,
    /// The file or directory, from the object root.
    pub path: PathBuf,
    pub what: String,
}

/// What a validation found.
#[derive(Debug, Clone, Default)]
pub struct ObjectReport {
    /// The id, if an inventory could be read.
    pub id: Option<String>,
    pub problems: Vec<Problem>,
    /// Files whose digests were computed, and their bytes.
    pub files: u64,
    pub bytes: u64,
}

impl ObjectReport {
    /// Whether no error was found; warnings may have been.
    pub fn is_valid(&self) -> bool {
        self.problems.iter().all(|problem| problem.code.starts_with('W'))
    }

    fn add(&mut self, code: &'static str, path: impl Into<PathBuf>, what: impl Into<String>) {
        self.problems.push(Problem { code, path: path.into(), what: what.into() });
    }
}

/// Computes the digests of a file; a caller that must read the file anyway brings its own.
pub type DigestFile<'a> = dyn FnMut(&Path, &BTreeSet<Algorithm>) -> io::Result<BTreeMap<Algorithm, String>> + 'a;

/// Reads a file once and computes its digests.
///
/// # Errors
/// The disk's.
pub fn digest_file(
    disk: &dyn Disk,
    path: &Path,
    algorithms: &BTreeSet<Algorithm>,
) -> io::Result<BTreeMap<Algorithm, String>> {
    let file = disk.open(path)?;
    let length = file.length()?;
    let mut digests: Vec<_> = algorithms.iter().map(|algorithm| (*algorithm, algorithm.hasher())).collect();
    let mut piece = vec![0; length.min(codec::PAYLOAD_FRAME_BYTES as u64) as usize];
    let mut offset = 0;
    while offset < length {
        piece.truncate((length - offset).min(piece.len() as u64) as usize);
        file.read_exact_at(&mut piece, offset)?;
        digests.iter_mut().for_each(|(_, hasher)| hasher.update(&piece));
        offset += piece.len() as u64;
    }
    Ok(digests.into_iter().map(|(algorithm, hasher)| (algorithm, hasher.finish())).collect())
}

/// Validates the object at this path, every digest included.
///
/// # Errors
/// The disk's; whatever is wrong with the object is in the report.
pub fn validate_object(disk: &dyn Disk, object: &Path) -> Result<ObjectReport, DiskError> {
    validate_object_with(disk, object, &mut |path, algorithms| digest_file(disk, path, algorithms))
}

/// As [`validate_object`], with another way to compute digests.
///
/// # Errors
/// The disk's.
pub fn validate_object_with(
    disk: &dyn Disk,
    object: &Path,
    digests: &mut DigestFile<'_>,
) -> Result<ObjectReport, DiskError> {
    let mut report = ObjectReport::default();
    let entries = disk.list(object).at("list", object)?;
    let specification = declaration(disk, object, &entries, &mut report)?;
    let Some(head) = read_inventory(disk, object, Path::new(""), &mut report)? else {
        return Ok(report);
    };
    report.id.clone_from(&head.id);
    if specification.is_some_and(|version| head.specification().is_some_and(|said| said != version)) {
        report.add("E038", inventory::NAME, "`type` is of another version than the object's declaration");
    }
    root_entries(disk, object, &entries, &head, &mut report)?;
    let older = versions::check(disk, object, &head, &mut report)?;
    content::check(disk, object, &head, &older, digests, &mut report)?;
    Ok(report)
}

/// Reads the declaration; returns the version of the specification.
fn declaration(
    disk: &dyn Disk,
    object: &Path,
    entries: &[Entry],
    report: &mut ObjectReport,
) -> Result<Option<&'static str>, DiskError> {
    let mut found = None;
    for (name, version, content) in
        [("0=ocfl_object_1.0", "1.0", "ocfl_object_1.0\n"), ("0=ocfl_object_1.1", "1.1", "ocfl_object_1.1\n")]
    {
        if !entries.iter().any(|entry| entry.name == name) {
            continue;
        }
        found = Some(version);
        let path = object.join(name);
        if disk::read_file(disk, &path, 1024).at("read", &path)? != content.as_bytes() {
            report.add("E007", name, "the declaration has another content than its name");
        }
    }
    if found.is_none() {
        report.add("E003", "", "there is no declaration of an OCFL object");
    }
    Ok(found)
}

/// Checks which names stand in the object root.
fn root_entries(
    disk: &dyn Disk,
    object: &Path,
    entries: &[Entry],
    head: &Inventory,
    report: &mut ObjectReport,
) -> Result<(), DiskError> {
    let sidecar = head.sidecar_name();
    for Entry { name, kind } in entries {
        let is_directory = *kind == EntryKind::Directory;
        let is_file = matches!(kind, EntryKind::File { .. });
        let is_known_file = name.starts_with("0=ocfl_object_") || name == inventory::NAME || *name == sidecar;
        match name.as_str() {
            _ if is_known_file && is_file => {}
            "logs" if is_directory => {}
            "extensions" if is_directory => extensions(disk, &object.join(name), report)?,
            _ if is_directory && versions::number(name).is_some() => {
                if !head.versions.contains_key(name) {
                    report.add("E046", name.as_str(), "the root inventory does not know this version");
                }
            }
            _ => report.add("E001", name.as_str(), "this must not stand in the root of an object"),
        }
    }
    Ok(())
}

fn extensions(disk: &dyn Disk, path: &Path, report: &mut ObjectReport) -> Result<(), DiskError> {
    for entry in disk.list(path).at("list", path)? {
        let inside = Path::new("extensions").join(&entry.name);
        if entry.kind != EntryKind::Directory {
            report.add("E067", inside, "only directories may stand in extensions/");
        } else if !REGISTERED_EXTENSIONS.contains(&entry.name.as_str()) {
            report.add("W013", inside, "this extension is not registered");
        }
    }
    Ok(())
}

/// Reads and checks the inventory and its sidecar in the directory `within` the object.
fn read_inventory(
    disk: &dyn Disk,
    object: &Path,
    within: &Path,
    report: &mut ObjectReport,
) -> Result<Option<Inventory>, DiskError> {
    let path = object.join(within).join(inventory::NAME);
    let bytes = match disk::read_file(disk, &path, MAX_INVENTORY_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.add("E063", within.join(inventory::NAME), "there is no inventory");
            return Ok(None);
        }
        read => read.at("read", &path)?,
    };
    let inventory = Inventory::parse(bytes, within, report);
    let Some(inventory) = inventory else { return Ok(None) };
    let name = inventory.sidecar_name();
    let sidecar_path = object.join(within).join(&name);
    match disk::read_file(disk, &sidecar_path, 4096) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.add("E058", within.join(&name), "the inventory has no sidecar");
        }
        read => sidecar(&read.at("read", &sidecar_path)?, &inventory, &within.join(name), report),
    }
    Ok(Some(inventory))
}

fn sidecar(bytes: &[u8], inventory: &Inventory, path: &Path, report: &mut ObjectReport) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [digest, inventory::NAME] = words.as_slice() else {
        report.add("E061", path, "the sidecar must hold a digest, white space and `inventory.json`");
        return;
    };
    let actual = inventory.own_digest();
    if !actual.eq_ignore_ascii_case(digest) {
        report.add("E060", path, format!("the inventory has the digest {actual}"));
    }
}
