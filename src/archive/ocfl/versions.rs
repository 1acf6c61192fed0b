//! Version numbers, version directories, and older inventories compared with the newest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::inventory::{self, Inventory};
use super::{ObjectReport, read_inventory};
use crate::archive::disk::{Disk, EntryKind};
use crate::archive::error::{At, DiskError};

/// The number in the name of a version directory.
pub fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix('v')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number > 0)
}

fn is_padded(name: &str) -> bool {
    name.starts_with("v0")
}

/// Checks the names of versions and `head`.
pub fn check_numbers<'a>(
    names: impl Iterator<Item = &'a String>,
    head: Option<&str>,
    add: &mut dyn FnMut(&'static str, String),
) {
    let names: Vec<&String> = names.collect();
    let mut numbers = BTreeMap::new();
    for name in &names {
        match number(name) {
            Some(number) => drop(numbers.insert(number, name.as_str())),
            None => add("E046", format!("{name:?} is no version number")),
        }
    }
    if names.is_empty() {
        return add("E008", "there is no version".into());
    }
    let is_contiguous = numbers.keys().copied().eq(1..=numbers.len() as u64);
    if !is_contiguous {
        add("E010", "the versions are not numbered from 1 without gaps".into());
    }
    let lengths: BTreeSet<usize> = numbers.values().filter(|name| is_padded(name)).map(|name| name.len()).collect();
    if !lengths.is_empty() {
        add("W001", "version numbers should not be padded with zeros".into());
        if lengths.len() > 1 {
            add("E012", "version numbers are padded to different lengths".into());
        }
        if numbers.values().any(|name| !is_padded(name)) {
            add("E011", "some version numbers are padded with zeros, others do not begin with one".into());
            add("E013", "version numbers are written in different ways".into());
        }
    }
    let newest = numbers.last_key_value().map(|(_, name)| *name);
    let Some(head) = head else { return };
    match number(head) {
        None => add("E040", format!("`head` is {head:?}, which is no version number")),
        Some(_) if newest != Some(head) => add("E040", format!("`head` is {head:?}, not the newest version")),
        Some(_) => {}
    }
}

/// Checks every version directory; returns the inventories in them, but for that of the head.
pub fn check(
    disk: &dyn Disk,
    object: &Path,
    head: &Inventory,
    report: &mut ObjectReport,
) -> Result<Vec<(String, Inventory)>, DiskError> {
    let mut older = Vec::new();
    let mut names: Vec<&String> = head.versions.keys().filter(|name| number(name).is_some()).collect();
    names.sort_by_key(|name| number(name));
    let mut last_specification = "1.0".to_owned();
    for name in names {
        let dir = object.join(name);
        if disk.status(&dir).at("look at", &dir)? != Some(EntryKind::Directory) {
            report.add("E010", name.as_str(), "the directory of this version is missing");
            continue;
        }
        let has_inventory = entries(disk, object, name, head, report)?;
        if !has_inventory {
            report.add("W010", name.as_str(), "the version has no inventory of its own");
            continue;
        }
        let Some(inventory) = read_inventory(disk, object, Path::new(name), report)? else { continue };
        let specification = inventory.specification().unwrap_or("1.1").to_owned();
        if specification < last_specification {
            report.add("E103", name.as_str(), "a later version follows an older specification");
        }
        last_specification = specification;
        if head.head.as_deref() == Some(name.as_str()) {
            if inventory.bytes() != head.bytes() {
                report.add("E064", name.as_str(), "the inventory of the newest version differs from that of the root");
            }
        } else {
            compare(name, &inventory, head, report);
            older.push((name.clone(), inventory));
        }
    }
    if head.specification().is_some_and(|specification| specification < last_specification.as_str()) {
        report.add("E103", inventory::NAME, "the root follows an older specification than a version");
    }
    Ok(older)
}

/// Checks the names in a version directory; whether it has an inventory.
fn entries(
    disk: &dyn Disk,
    object: &Path,
    name: &str,
    head: &Inventory,
    report: &mut ObjectReport,
) -> Result<bool, DiskError> {
    let dir = object.join(name);
    let mut has_inventory = false;
    for entry in disk.list(&dir).at("list", &dir)? {
        let path = Path::new(name).join(&entry.name);
        match entry.kind {
            EntryKind::Directory if entry.name == head.content_directory => {
                if disk.list(&dir.join(&entry.name)).at("list", &dir)?.is_empty() {
                    report.add("W003", path, "the content directory is empty");
                }
            }
            EntryKind::Directory => report.add("W002", path, "only the content directory should stand here"),
            _ if entry.name == inventory::NAME => has_inventory = true,
            _ if entry.name.starts_with("inventory.json.") => {}
            _ => report.add("E015", path, "content stands outside of the content directory"),
        }
    }
    Ok(has_inventory)
}

/// Compares an older inventory with what the newest says of the same versions.
fn compare(name: &str, older: &Inventory, head: &Inventory, report: &mut ObjectReport) {
    let path = Path::new(name).join(inventory::NAME);
    if older.id != head.id {
        report.add("E037", &path, "the versions have different ids");
    }
    if older.content_directory != head.content_directory {
        report.add("E019", &path, "the versions have different content directories");
    }
    if older.head.as_deref() != Some(name) {
        report.add("E040", &path, "`head` is not the version whose directory this is");
    }
    for (version, said) in &older.versions {
        let Some(now) = head.versions.get(version) else {
            report.add("E066", &path, format!("the root inventory does not know {version}"));
            if head.versions.keys().any(|known| number(known) == number(version)) {
                report.add("E013", &path, format!("the root inventory writes the number of {version} in another way"));
            }
            continue;
        };
        let digests_differ = older.algorithm == head.algorithm && digests(&said.state) != digests(&now.state);
        if digests_differ || state_content(older, &said.state) != state_content(head, &now.state) {
            report.add("E066", &path, format!("the state of {version} differs from that in the root inventory"));
        }
        if said.metadata != now.metadata {
            report.add("W011", &path, format!("created, message or user of {version} differ from the root inventory"));
        }
    }
}

fn digests(state: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    state.iter().map(|(path, digest)| (path.as_str(), digest.to_ascii_lowercase())).collect()
}

/// Logical path → content paths that hold it: comparable between inventories of different digest algorithms. Content
/// added by later versions is left out.
fn state_content<'a>(
    inventory: &'a Inventory,
    state: &'a BTreeMap<String, String>,
) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let first_paths = |digest: &String| {
        let paths = inventory.manifest.get(digest).into_iter().flatten().map(String::as_str);
        let version_of = |path: &&str| path.split('/').next().and_then(number);
        let first = paths.clone().filter_map(|path| version_of(&path)).min();
        paths.filter(|path| version_of(path) == first).collect()
    };
    state.iter().map(|(path, digest)| (path.as_str(), first_paths(digest))).collect()
}
