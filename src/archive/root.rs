//! The storage root itself: made in one step, recognised when it is there.

use std::io::Write;
use std::path::Path;

use super::disk::{self, Disk, WriteFile};
use super::error::{At, DiskError, OpenError};
use super::layout::{LAYOUT, StorePaths};
use super::listing;
use crate::codec;

pub const ROOT_DECLARATION: &str = "0=ocfl_1.1";
pub const ROOT_DECLARATION_CONTENT: &[u8] = b"ocfl_1.1\n";
pub const OCFL_LAYOUT: &str = "ocfl_layout.json";

/// Largest descriptive file of a root that is read.
const MAX_ROOT_FILE_BYTES: u64 = 1 << 20;

const LAYOUT_JSON: &str = r#"{
  "extension": "0003-hash-and-id-n-tuple-storage-layout",
  "description": "Objects stand in three levels of directories named after the sha256 of their id, in a directory named after the id itself."
}
"#;

const LAYOUT_CONFIG: &str = r#"{
  "extensionName": "0003-hash-and-id-n-tuple-storage-layout",
  "digestAlgorithm": "sha256",
  "tupleSize": 3,
  "numberOfTuples": 3
}
"#;

/// `sha512sum -c` checks the files that describe the root with this list.
pub const LIST: &str = "root-files.sha512";

/// Whether a file of this name belongs into the root.
pub fn is_root_file(name: &str) -> bool {
    name == LIST || files().iter().any(|(file, _)| file == name)
}

/// The paths of the files in the list.
pub fn listed_files() -> impl Iterator<Item = String> {
    files().into_iter().map(|(name, _)| name)
}

/// The list of the files of a new root.
fn list() -> Vec<u8> {
    files().iter().flat_map(|(name, content)| format!("{}  {name}\n", codec::sha512(content)).into_bytes()).collect()
}

/// Files of a new root, by their path.
fn files() -> [(String, &'static [u8]); 6] {
    [
        (ROOT_DECLARATION.into(), ROOT_DECLARATION_CONTENT),
        (OCFL_LAYOUT.into(), LAYOUT_JSON.as_bytes()),
        (format!("extensions/{LAYOUT}/config.json"), LAYOUT_CONFIG.as_bytes()),
        ("README.txt".into(), include_bytes!("README.txt")),
        ("RECOVER.md".into(), include_bytes!("RECOVER.md")),
        ("recover.py".into(), include_bytes!("recover.py")),
    ]
}

/// Makes a new root at `paths.archive`: drafted under `work/`, then renamed, so that half a root is never seen.
pub fn create(disk: &dyn Disk, paths: &StorePaths) -> Result<(), DiskError> {
    let draft = paths.work.join("new-archive");
    disk::remove_tree(disk, &draft).at("remove", &draft)?;
    let extensions = draft.join("extensions");
    let layout = extensions.join(LAYOUT);
    let dirs = [draft.clone(), extensions, layout];
    for dir in &dirs {
        disk.make_dir(dir).at("create directory", dir)?;
    }
    let mut written = Vec::new();
    let list = list();
    for (name, content) in files().iter().map(|(name, content)| (name.as_str(), *content)).chain([(LIST, &list[..])]) {
        let path = draft.join(name);
        let mut file = disk.create(&path).at("create", &path)?;
        file.write_all(content).at("write", &path)?;
        written.push(file);
    }
    let files: Vec<&dyn WriteFile> = written.iter().map(AsRef::as_ref).collect();
    let dirs: Vec<&Path> = dirs.iter().map(AsRef::as_ref).collect();
    disk.sync_all(&files, &dirs).at("make durable", &draft)?;
    disk.rename_new(&draft, &paths.archive).at("rename", &paths.archive)?;
    disk.sync_dir(&paths.store).at("make durable", &paths.store)
}

/// Recognises a root that this version reads and writes.
pub fn check(disk: &dyn Disk, archive: &Path) -> Result<(), OpenError> {
    let refuse = |why: &str| OpenError::NotAnArchive { path: archive.to_owned(), why: why.to_owned() };
    let read = |name: &str| {
        let path = archive.join(name);
        match disk::read_file(disk, &path, MAX_ROOT_FILE_BYTES) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            read => read.at("read", &path).map(Some),
        }
    };
    if read(ROOT_DECLARATION)?.as_deref() != Some(ROOT_DECLARATION_CONTENT) {
        return Err(refuse("0=ocfl_1.1 is missing or has another content"));
    }
    let config = read(&format!("extensions/{LAYOUT}/config.json"))?
        .ok_or_else(|| refuse("extensions/0003-hash-and-id-n-tuple-storage-layout/config.json is missing"))?;
    let meaning = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    if meaning(&config).is_some() && meaning(&config) == meaning(LAYOUT_CONFIG.as_bytes()) {
        Ok(())
    } else {
        Err(refuse("its layout 0003 has other parameters than sha256, 3, 3"))
    }
}

/// Whether the `recover.py` beside the objects reads segments with shared frames. Files of a root never change, and that
/// program must read all of its archive: a root of before, or one whose program cannot be read, gets the form that every
/// version of it knows.
pub fn reads_shared_frames(disk: &dyn Disk, archive: &Path) -> bool {
    let program = disk::read_file(disk, &archive.join("recover.py"), MAX_ROOT_FILE_BYTES);
    program.is_ok_and(|program| memchr::memmem::find(&program, listing::COMPRESSED.as_bytes()).is_some())
}
