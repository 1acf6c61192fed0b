//! The storage root and its directories: everything that stands there must belong there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{REMOVE, RESTORE, Verification};
use crate::archive::disk::{self, Entry, EntryKind};
use crate::archive::error::{At, DiskError};
use crate::archive::layout;
use crate::archive::open::Inner;
use crate::archive::root;
use crate::codec;

/// Directories above objects.
const TUPLES: usize = 3;

/// Files of the root are small.
const MAX_ROOT_FILE_BYTES: u64 = 16 << 20;

const EMPTY: &str = "an empty directory stands in the storage root";

/// Objects by their path in the storage root, with the id that their directory's name says.
pub type Found = BTreeMap<PathBuf, Option<String>>;

/// Looks at every directory above objects.
pub fn walk(archive: &Inner, verification: &mut Verification) -> Result<Found, DiskError> {
    check_root(archive, verification)?;
    let mut found = Found::new();
    descend(archive, Path::new(""), 0, &mut found, verification)?;
    Ok(found)
}

fn descend(
    archive: &Inner,
    within: &Path,
    depth: usize,
    found: &mut Found,
    verification: &mut Verification,
) -> Result<(), DiskError> {
    let dir = archive.paths.archive.join(within);
    let entries = archive.disk.list(&dir).at("list", &dir)?;
    if entries.is_empty() {
        verification.coded("E073", within, EMPTY, "remove it: it is left over from an interrupted commit");
    }
    for Entry { name, kind } in entries {
        let path = within.join(&name);
        let is_root_entry = depth == 0 && (name == "extensions" || root::is_root_file(&name));
        match kind {
            _ if is_root_entry => {}
            EntryKind::Directory if depth == TUPLES => {
                found.insert(path, layout::decode(&name));
            }
            EntryKind::Directory if is_tuple(&name) => descend(archive, &path, depth + 1, found, verification)?,
            EntryKind::Directory => {
                verification.coded("E084", path, "the layout has no directory of this name here", REMOVE);
            }
            _ => verification.coded("E072", path, "a file stands outside of all objects", REMOVE),
        }
    }
    Ok(())
}

fn is_tuple(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// A commit makes directories just before it fills them: what was empty a while ago is looked at again.
pub fn check_empty_again(archive: &Inner, verification: &mut Verification) -> Result<(), DiskError> {
    let mut checked = Vec::new();
    for finding in std::mem::take(&mut verification.findings) {
        let is_empty =
            || archive.disk.list(&archive.paths.archive.join(&finding.path)).map(|entries| entries.is_empty());
        if finding.what != EMPTY || is_empty().unwrap_or(false) {
            checked.push(finding);
        }
    }
    verification.findings = checked;
    Ok(())
}

/// The files that describe the root, each against the digest in the list of them.
fn check_root(archive: &Inner, verification: &mut Verification) -> Result<(), DiskError> {
    let read = |name: &str| {
        let path = archive.paths.archive.join(name);
        disk::read_file(archive.disk.as_ref(), &path, MAX_ROOT_FILE_BYTES)
    };
    if read(root::ROOT_DECLARATION).ok().as_deref() != Some(root::ROOT_DECLARATION_CONTENT) {
        verification.coded("E080", root::ROOT_DECLARATION, "the root's declaration is missing or changed", RESTORE);
    }
    let list = match read(root::LIST) {
        Ok(list) => String::from_utf8_lossy(&list).into_owned(),
        Err(error) => {
            verification.error(None, root::LIST, format!("the list of the root's files cannot be read: {error}"));
            return Ok(());
        }
    };
    if !list.ends_with('\n') {
        verification.error(None, root::LIST, "the list of the root's files is cut off");
    }
    let listed: BTreeMap<&str, &str> =
        list.lines().filter_map(|line| line.split_once("  ")).map(|(digest, name)| (name, digest)).collect();
    for name in root::listed_files() {
        let Some(expected) = listed.get(name.as_str()) else {
            verification.error(None, root::LIST, format!("{name} is not in the list of the root's files"));
            continue;
        };
        verification.files += 1;
        match read(&name) {
            Ok(content) if codec::sha512(&content).to_string() == *expected => {}
            Ok(_) => verification.error(None, name, format!("it does not have the digest in {}", root::LIST)),
            Err(error) => verification.error(None, name, format!("it cannot be read: {error}")),
        }
    }
    Ok(())
}
