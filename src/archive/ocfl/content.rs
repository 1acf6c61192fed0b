//! Content files: each stands where manifests say, has the digests that they say, and nothing else stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::inventory::{self, Inventory};
use super::versions;
use super::{DigestFile, ObjectReport};
use crate::archive::disk::{Disk, EntryKind};
use crate::archive::error::{At, DiskError};
use crate::codec::Algorithm;

/// A digest that some inventory expects of a file.
struct Expected {
    algorithm: Algorithm,
    digest: String,
    code: &'static str,
    /// The inventory that says so.
    by: PathBuf,
}

/// Checks all content files against the newest inventory, the older ones, and their fixity blocks.
pub fn check(
    disk: &dyn Disk,
    object: &Path,
    head: &Inventory,
    older: &[(String, Inventory)],
    digests: &mut DigestFile<'_>,
    report: &mut ObjectReport,
) -> Result<(), DiskError> {
    let mut present = BTreeMap::new();
    for version in head.versions.keys().filter(|name| versions::number(name).is_some()) {
        let content = Path::new(version).join(&head.content_directory);
        if disk.status(&object.join(&content)).at("look at", object)? == Some(EntryKind::Directory) {
            files(disk, object, &content, &mut present, report)?;
        }
    }
    let root = Path::new(inventory::NAME).to_path_buf();
    let mut expected: BTreeMap<String, Vec<Expected>> = BTreeMap::new();
    expect(head, &root, &mut expected);
    check_presence(head, &root, u64::MAX, &present, report);
    for (version, inventory) in older {
        let by = Path::new(version).join(inventory::NAME);
        expect(inventory, &by, &mut expected);
        check_presence(inventory, &by, versions::number(version).unwrap_or(0), &present, report);
    }
    for (path, expected) in &expected {
        let Some(bytes) = present.get(path) else { continue };
        let full = object.join(path);
        let algorithms: BTreeSet<Algorithm> = expected.iter().map(|expected| expected.algorithm).collect();
        let actual = digests(&full, &algorithms).at("read", &full)?;
        report.files += 1;
        report.bytes += bytes;
        for Expected { algorithm, digest, code, by } in expected {
            let found = actual.get(algorithm);
            if found.is_some_and(|found| !found.eq_ignore_ascii_case(digest)) {
                let found = found.map_or("", String::as_str);
                let what = format!("has the {} {found}, {} says {digest}", algorithm.name(), by.display());
                report.add(code, path.as_str(), what);
            }
        }
    }
    Ok(())
}

fn files(
    disk: &dyn Disk,
    object: &Path,
    within: &Path,
    present: &mut BTreeMap<String, u64>,
    report: &mut ObjectReport,
) -> Result<(), DiskError> {
    let dir = object.join(within);
    let entries = disk.list(&dir).at("list", &dir)?;
    if entries.is_empty() && within.components().count() > 2 {
        report.add("E024", within, "the directory is empty");
    }
    for entry in entries {
        let path = within.join(&entry.name);
        match entry.kind {
            EntryKind::Directory => files(disk, object, &path, present, report)?,
            EntryKind::File { bytes } => drop(present.insert(path.to_string_lossy().into_owned(), bytes)),
            EntryKind::Other => report.add("E090", path, "links and special files must not stand in an object"),
        }
    }
    Ok(())
}

/// Notes what an inventory says of its content.
fn expect(inventory: &Inventory, by: &Path, expected: &mut BTreeMap<String, Vec<Expected>>) {
    let mut note = |path: &str, algorithm, digest: &str, code| {
        let digest = digest.to_owned();
        let known = expected.entry(path.to_owned()).or_default();
        known.push(Expected { algorithm, digest, code, by: by.to_path_buf() });
    };
    for (path, digest) in inventory.content() {
        note(path, inventory.algorithm, digest, "E092");
    }
    for (algorithm, digests) in &inventory.fixity {
        // Other algorithms may stand here; whoever knows them may check them.
        let Some(algorithm) = Algorithm::from_name(algorithm) else { continue };
        for (digest, paths) in digests {
            paths.iter().for_each(|path| note(path, algorithm, digest, "E093"));
        }
    }
}

/// Every file is in the manifest (as far as the version knew it), and the other way round.
fn check_presence(
    inventory: &Inventory,
    by: &Path,
    newest: u64,
    present: &BTreeMap<String, u64>,
    report: &mut ObjectReport,
) {
    let listed = inventory.content();
    let version_of = |path: &str| path.split('/').next().and_then(versions::number);
    for path in present.keys().filter(|path| version_of(path).is_some_and(|version| version <= newest)) {
        if !listed.contains_key(path.as_str()) {
            report.add("E023", path.as_str(), format!("the manifest of {} does not list this file", by.display()));
        }
    }
    for path in listed.keys().filter(|path| !present.contains_key(**path)) {
        report.add("E092", *path, format!("the manifest of {} lists a file that is missing", by.display()));
    }
    let fixity = inventory.fixity.values().flat_map(BTreeMap::values).flatten();
    for path in fixity.filter(|path| !present.contains_key(*path)) {
        report.add("E093", path.as_str(), format!("fixity of {} lists a file that is missing", by.display()));
    }
}
