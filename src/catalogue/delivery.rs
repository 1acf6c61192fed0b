//! Folders as they were delivered: which file a label means, what was promised of it and whether that holds, and what
//! became of every file. Follows no link and reads nothing outside the folders.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::codec::{Algorithm, AnyHasher};

/// Bytes read at once.
pub(super) const PIECE: usize = 1 << 20;

/// Largest file that stands beside a document and is read whole, an inventory for example.
const MAX_BESIDE_BYTES: u64 = 64 << 20;

/// Longest line of a list of checksums.
const MAX_LIST_LINE: usize = 4_096;

/// The delivered files.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Folders that were named: nothing outside of them is read.
    roots: Vec<PathBuf>,
    files: HashSet<PathBuf>,
    /// By path without regard to case.
    folded: HashMap<String, Vec<PathBuf>>,
    promised: HashMap<PathBuf, Vec<Promise>>,
    /// File and the record that it belongs to.
    attached: Mutex<BTreeMap<PathBuf, String>>,
}

/// What a list of checksums says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    pub algorithm: Algorithm,
    /// Hexadecimal digits, lower case.
    pub value: String,
}

/// What was found where a label names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The file, as it is named.
    Exactly(PathBuf),
    /// A file whose name differs in case or in its separators.
    Nearly(PathBuf),
    Nothing,
    /// The name leads outside of the delivery.
    Outside,
}

/// Whether a file is what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fixity {
    /// Nothing was promised.
    Unchecked,
    Ok,
    /// Only its line endings were changed since.
    LineEndings,
    Differs,
    /// Shorter than its label says.
    Truncated,
    Absent,
}

impl Fixity {
    /// The name in records and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Ok => "ok",
            Self::LineEndings => "line_endings",
            Self::Differs => "differs",
            Self::Truncated => "truncated",
            Self::Absent => "absent",
        }
    }
}

impl Delivery {
    /// Takes folders and the files below them. Lists of checksums among the files are read.
    pub fn new(roots: Vec<PathBuf>, files: Vec<PathBuf>) -> Self {
        let mut delivery = Self { roots, ..Self::default() };
        for file in files {
            delivery.folded.entry(fold(&file)).or_default().push(file.clone());
            delivery.files.insert(file);
        }
        let mut lists: Vec<PathBuf> = delivery.files.iter().filter(|file| may_be_list(file)).cloned().collect();
        lists.sort();
        for list in lists {
            let entries = delivery.list(&list);
            let base = delivery.base_of(&list, &entries);
            for (name, promise) in entries {
                if let Found::Exactly(path) | Found::Nearly(path) = delivery.find(&base, &name) {
                    delivery.promised.entry(path).or_default().push(promise);
                }
            }
        }
        delivery
    }

    /// Looks for the file that a document names relative to itself.
    pub fn find(&self, document: &Path, name: &str) -> Found {
        let folder = document.parent().unwrap_or(Path::new(""));
        for (written, is_exact) in [(name.to_owned(), true), (name.replace('\\', "/"), false)] {
            let Some(path) = join(folder, &written) else { return Found::Outside };
            if !self.roots.iter().any(|root| path.starts_with(root)) {
                return Found::Outside;
            }
            if self.files.contains(&path) {
                return if is_exact { Found::Exactly(path) } else { Found::Nearly(path) };
            }
            if let Some([only]) = self.folded.get(&fold(&path)).map(Vec::as_slice) {
                return Found::Nearly(only.clone());
            }
        }
        Found::Nothing
    }

    /// The bytes of a small file beside a document.
    pub fn read_beside(&self, document: &Path, name: &str) -> Option<Vec<u8>> {
        let (Found::Exactly(path) | Found::Nearly(path)) = self.find(document, name) else { return None };
        let mut bytes = Vec::new();
        let read = File::open(path).ok()?.take(MAX_BESIDE_BYTES + 1).read_to_end(&mut bytes).ok()?;
        (read as u64 <= MAX_BESIDE_BYTES).then_some(bytes)
    }

    /// What lists of checksums say of a file.
    pub fn promises(&self, path: &Path) -> &[Promise] {
        self.promised.get(path).map_or(&[], Vec::as_slice)
    }

    /// Notes that a file belongs to a record.
    pub fn attach(&self, path: &Path, record: &str) {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.entry(path.to_owned()).or_insert_with(|| record.to_owned());
    }

    /// The record that a file belongs to.
    pub fn attached_to(&self, path: &Path) -> Option<String> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    /// The path below the folder that was named, with `/`.
    pub fn relative(&self, path: &Path) -> String {
        let below = self.roots.iter().filter_map(|root| path.strip_prefix(root.parent().unwrap_or(root)).ok()).next();
        let parts = below.unwrap_or(path).components().map(|part| part.as_os_str().to_string_lossy());
        parts.collect::<Vec<_>>().join("/")
    }

    /// The document place that the names of a list are relative to: the list's own, or one further up in the delivery
    /// that has more of them, as lists in the `index` folder of a volume do.
    pub fn base_of(&self, list: &Path, entries: &[(String, Promise)]) -> PathBuf {
        let file = list.file_name().unwrap_or_default();
        let folders = list.ancestors().skip(1);
        let places = folders.take_while(|folder| self.roots.iter().any(|root| folder.starts_with(root)));
        let found = |place: &PathBuf| {
            let is_there = |name: &str| matches!(self.find(place, name), Found::Exactly(_) | Found::Nearly(_));
            entries.iter().filter(|(name, _)| is_there(name)).count()
        };
        let mut best = (list.to_owned(), 0);
        for place in places.map(|folder| folder.join(file)) {
            let count = found(&place);
            if count > best.1 {
                best = (place, count);
            }
        }
        best.0
    }

    /// Whether a file is a list of checksums.
    pub fn is_list(&self, path: &Path) -> bool {
        may_be_list(path) && !self.list(path).is_empty()
    }

    /// The entries of a list of checksums; empty for what is none. Lines are `digest name` or `name digest`, as
    /// md5sum, BagIt manifests (RFC 8493 § 2.1.3) and PDS volumes have them.
    pub fn list(&self, path: &Path) -> Vec<(String, Promise)> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_BESIDE_BYTES).read_to_end(&mut bytes));
        if read.is_err() || bytes.contains(&0) {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.iter().any(|line| line.len() > MAX_LIST_LINE) {
            return Vec::new();
        }
        let entries: Vec<_> = lines.iter().filter_map(|line| entry(line)).collect();
        // A comment or two may stand between; other texts that hold a digest somewhere are no list.
        if entries.len() * 10 >= lines.len() * 9 { entries } else { Vec::new() }
    }
}

fn may_be_list(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_manifest = name.starts_with("manifest-") || name.starts_with("tagmanifest-");
    is_manifest || ["md5", "sha256", "sha512", "checksum"].iter().any(|part| name.contains(part))
}

fn entry(line: &str) -> Option<(String, Promise)> {
    let (first, rest) = line.split_once(char::is_whitespace)?;
    let (before, last) = line.rsplit_once(char::is_whitespace)?;
    let (value, name) = if let Some(algorithm) = algorithm(first) {
        ((algorithm, first), rest.trim_start().trim_start_matches('*'))
    } else {
        ((algorithm(last)?, last), before.trim_end())
    };
    let promise = Promise { algorithm: value.0, value: value.1.to_ascii_lowercase() };
    // Lists of PDS volumes write names from the root of the volume: `\\bundle.xml`.
    let name = name.trim_start_matches("./").trim_start_matches(['\\', '/']);
    (!name.is_empty()).then(|| (name.to_owned(), promise))
}

fn algorithm(digits: &str) -> Option<Algorithm> {
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match digits.len() {
        32 if is_hexadecimal => Some(Algorithm::Md5),
        64 if is_hexadecimal => Some(Algorithm::Sha256),
        128 if is_hexadecimal => Some(Algorithm::Sha512),
        _ => None,
    }
}

/// Joins and takes `.` and `..` out; nothing for an absolute name and for one that climbs above everything.
fn join(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut path = folder.to_owned();
    if name.is_empty() || name.contains('\0') {
        return None;
    }
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !path.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

fn fold(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

/// The digest of a stream beside the one that was promised.
pub struct Checker {
    promise: Promise,
    hasher: AnyHasher,
}

impl Checker {
    pub fn new(promise: Promise) -> Self {
        Self { hasher: promise.algorithm.hasher(), promise }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
    }

    /// Whether the promise holds for the file at `path`, whose bytes these were. One that differs is read once more:
    /// perhaps it is the line endings alone.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(self, path: &Path) -> io::Result<Fixity> {
        if self.hasher.finish() == self.promise.value {
            return Ok(Fixity::Ok);
        }
        let mut endings = Endings::new(self.promise.algorithm);
        read(path, |bytes| endings.update(bytes))?;
        Ok(if endings.finish(&self.promise.value) { Fixity::LineEndings } else { Fixity::Differs })
    }
}

/// The digests of a stream with either kind of line endings.
struct Endings {
    with_lf: AnyHasher,
    with_crlf: AnyHasher,
    /// The last byte was a carriage return, which may belong to a line ending.
    pending: bool,
}

impl Endings {
    fn new(algorithm: Algorithm) -> Self {
        Self { with_lf: algorithm.hasher(), with_crlf: algorithm.hasher(), pending: false }
    }

    fn update(&mut self, bytes: &[u8]) {
        let mut unix = Vec::with_capacity(bytes.len() + 1);
        let mut dos = Vec::with_capacity(bytes.len() + 1);
        for byte in bytes {
            if *byte != b'\n' && std::mem::take(&mut self.pending) {
                unix.push(b'\r');
                dos.push(b'\r');
            }
            self.pending = *byte == b'\r';
            match byte {
                b'\r' => {}
                b'\n' => {
                    unix.push(b'\n');
                    dos.extend_from_slice(b"\r\n");
                }
                other => {
                    unix.push(*other);
                    dos.push(*other);
                }
            }
        }
        self.with_lf.update(&unix);
        self.with_crlf.update(&dos);
    }

    fn finish(self, promised: &str) -> bool {
        promised == self.with_lf.finish() || promised == self.with_crlf.finish()
    }
}

/// Checks a whole file against a promise.
///
/// # Errors
/// The disk's.
pub fn check(path: &Path, promise: Promise) -> io::Result<Fixity> {
    let mut checker = Checker::new(promise);
    read(path, |bytes| checker.update(bytes))?;
    checker.finish(path)
}

fn read(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        take(piece.get(..read).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_finds_its_files_and_nothing_outside() {
        let path = |text: &str| PathBuf::from(text);
        let files = ["/d/a/X.IMG", "/d/a/label.lbl", "/d/data/t.tab", "/d/a/s.txt"].map(path);
        let delivery = Delivery::new(vec![path("/d")], files.to_vec());
        let find = |name| delivery.find(Path::new("/d/a/label.lbl"), name);
        assert_eq!(find("X.IMG"), Found::Exactly(path("/d/a/X.IMG")));
        assert_eq!(find("x.img"), Found::Nearly(path("/d/a/X.IMG")));
        assert_eq!(find("..\\data\\T.TAB"), Found::Nearly(path("/d/data/t.tab")));
        assert_eq!(find("../data/t.tab"), Found::Exactly(path("/d/data/t.tab")));
        assert_eq!(find("missing"), Found::Nothing);
        assert_eq!(find(".."), Found::Nothing);
        for name in ["../../etc/passwd", "/etc/passwd", "../..", "../../../../../../x", "", "a\0b"] {
            assert_eq!(find(name), Found::Outside, "{name}");
        }
        assert_eq!(delivery.relative(Path::new("/d/a/X.IMG")), "d/a/X.IMG");
    }

    #[test]
    fn lists_of_checksums_are_read_in_either_order() {
        let digest = "0123456789abcdef0123456789ABCDEF";
        let promise = Promise { algorithm: Algorithm::Md5, value: digest.to_lowercase() };
        for line in [format!("{digest}  a b.txt"), format!("a b.txt {digest}"), format!("{digest} *./a b.txt")] {
            assert_eq!(entry(&line), Some(("a b.txt".to_owned(), promise.clone())), "{line}");
        }
        assert_eq!(entry("no digest here"), None);
    }

    #[test]
    fn a_difference_in_line_endings_alone_is_told_from_others() {
        let digest = |bytes: &[u8]| {
            let mut hasher = Algorithm::Md5.hasher();
            hasher.update(bytes);
            hasher.finish()
        };
        let only_endings_differ = |promised: &[u8], delivered: &[u8]| {
            let mut endings = Endings::new(Algorithm::Md5);
            delivered.chunks(1).for_each(|piece| endings.update(piece));
            endings.finish(&digest(promised))
        };
        assert!(only_endings_differ(b"a\r\nb\r\n", b"a\nb\n"));
        assert!(only_endings_differ(b"a\nb\n", b"a\r\nb\r\n"));
        assert!(!only_endings_differ(b"a\nb\n", b"a\r\nc\r\n"));
        assert!(!only_endings_differ(b"a\rb\n", b"ab\n"));
    }
}
