//! For tests of importers: documents in, records that passed their schema out; the corpus as a whole.

use std::path::{Path, PathBuf};

use crate::importer::{Context, Format, Imported, import, recognise};
use crate::model::Sha256;
use crate::schema::Registry;

fn digest(bytes: &[u8]) -> Sha256 {
    crate::codec::sha256(bytes)
}

/// Imports a document that must be recognised as a format, twice; the records must pass their schema.
pub fn imported(format: Format, path: &str, bytes: &[u8]) -> Imported {
    assert_eq!(recognise(path, bytes), Some(format), "{path}");
    let again = || import(format, bytes, &Context { path, ..Context::new(&digest) });
    let made = again();
    assert_eq!(made, again(), "{path}: not the same twice");
    made
}

/// Fails for a record that its schema refuses.
pub fn check(registry: &Registry, path: &str, made: &Imported) {
    for entity in &made.entities {
        if let Err(violations) = registry.check(&entity.record) {
            panic!("{path}: {violations:?}\n{}", entity.record);
        }
    }
}

/// The only record of a document, which passes its schema, and what was found.
pub fn one(format: Format, text: &str) -> (String, Vec<String>) {
    let mut made = imported(format, "folder/file", text.as_bytes());
    check(&Registry::new().expect("schemas"), "file", &made);
    let record = made.entities.pop().map(|entity| entity.record);
    assert!(made.entities.is_empty(), "more than one record");
    let findings = made.findings.iter().map(ToString::to_string).collect();
    (record.unwrap_or_default(), findings)
}

/// Fails where a part of a record is missing.
pub fn holds(record: &str, parts: &[&str]) {
    for part in parts {
        assert!(record.contains(part), "{part}\nis not in\n{record}");
    }
}

/// Cuts, doubles and spoils a document in many places: nothing panics, and what makes no record is told.
pub fn survives(format: Format, text: &str) {
    let digest = |_: &[u8]| Sha256::from_bytes([0; 32]);
    let context = Context::new(&digest);
    let bytes = text.as_bytes();
    let step = (bytes.len() / 97).max(1);
    let tell = |bytes: &[u8]| {
        let made = import(format, bytes, &context);
        assert!(!made.entities.is_empty() || !made.findings.is_empty(), "{}", String::from_utf8_lossy(bytes));
    };
    for at in (0..bytes.len()).step_by(step) {
        tell(&bytes[..at]);
        let mut spoiled = bytes.to_vec();
        spoiled[at] = 0xff;
        tell(&spoiled);
        spoiled[at] = b'<';
        tell(&spoiled);
    }
    let with_line_ends = text.replace('\n', "\r\n");
    assert_eq!(import(format, with_line_ends.as_bytes(), &context).entities.len(), 1);
    let with_mark = format!("\u{feff}{text}");
    assert_eq!(recognise("x", with_mark.as_bytes()), Some(format));
    assert_eq!(import(format, with_mark.as_bytes(), &context).entities.len(), 1);
    tell(b"");
    tell(&"<a>".repeat(100_000).into_bytes());
    tell(format!("{{\"a\":{}", "[".repeat(100_000)).as_bytes());
    tell("x".repeat(4_000_000).as_bytes());
}

/// Imports all files of folders of the corpus that are of a format: how many files, records and findings. `None`, said
/// aloud, where there is no corpus.
pub fn corpus(format: Format, folders: &[&str]) -> Option<(usize, usize, usize)> {
    let shared = std::env::var("PERENNIAL_SHARED").unwrap_or_else(|_| "/work/shared".to_owned());
    let data = Path::new(&shared).join("corpus/data");
    if !data.is_dir() {
        eprintln!("SKIPPED: no corpus at {}", data.display());
        return None;
    }
    let registry = Registry::new().expect("schemas");
    let mut counts = (0, 0, 0);
    for path in folders.iter().flat_map(|folder| files(&data.join(folder))) {
        let bytes = std::fs::read(&path).expect("readable");
        let name = path.display().to_string();
        if recognise(&name, &bytes) != Some(format) {
            continue;
        }
        let made = imported(format, &name, &bytes);
        check(&registry, &name, &made);
        assert!(!made.entities.is_empty() || !made.findings.is_empty(), "{name}: nothing");
        counts = (counts.0 + 1, counts.1 + made.entities.len(), counts.2 + made.findings.len());
    }
    Some(counts)
}

fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| files(path)).collect()
}
