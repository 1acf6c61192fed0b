//! For tests of importers: documents in, records that passed their schema out; spoiled documents; the corpus of real files,
//! when it is there.

use std::path::{Path, PathBuf};

use crate::importer::{Context, Format, Imported, Outcome, import, recognise};
use crate::model::Sha256;
use crate::schema::Registry;

/// What became of the files of folders.
#[derive(Debug, Default)]
pub struct Tally {
    pub files: usize,
    pub records: usize,
    pub findings: usize,
    pub refused: usize,
    pub unrecognised: usize,
    /// Messages that refused a file.
    pub reasons: Vec<String>,
}

fn digest(bytes: &[u8]) -> Sha256 {
    crate::codec::sha256(bytes)
}

/// Fails for a record that its schema refuses.
fn check(registry: &Registry, name: &str, made: &Imported) {
    for entity in &made.entities {
        if let Err(violations) = registry.check(&entity.record) {
            panic!("{name}: {violations:?}\n{}", entity.record);
        }
    }
}

fn registry() -> Registry {
    Registry::new().expect("schemas compile")
}

/// Imports a text of a format, of which nothing else is known.
pub fn import_text(format: Format, text: &str) -> Imported {
    import(format, text.as_bytes(), &Context::new(&digest))
}

/// Imports a document that must be recognised as a format, twice with the same result.
pub fn imported(format: Format, path: &str, bytes: &[u8]) -> Imported {
    assert_eq!(recognise(path, bytes), Some(format), "{path}");
    let again = || import(format, bytes, &Context { path, ..Context::new(&digest) });
    let made = again();
    assert_eq!(made, again(), "{path}: not the same twice");
    made
}

/// The only record of a document, which passes its schema, and what was found.
pub fn one(format: Format, text: &str) -> (String, Vec<String>) {
    let mut made = imported(format, "folder/file", text.as_bytes());
    check(&registry(), "file", &made);
    let record = made.entities.pop().map(|entity| entity.record);
    assert!(made.entities.is_empty(), "more than one record");
    let findings = made.findings.iter().map(ToString::to_string).collect();
    (record.unwrap_or_default(), findings)
}

/// The first record of a text, for looking at.
pub fn record(format: Format, text: &str) -> serde_json::Value {
    let made = import_text(format, text);
    check(&registry(), "text", &made);
    let entity = made.entities.first().unwrap_or_else(|| panic!("no record: {:?}", made.findings));
    serde_json::from_str(&entity.record).expect("JSON")
}

/// Fails where a part of a record is missing.
pub fn holds(record: &str, parts: &[&str]) {
    for part in parts {
        assert!(record.contains(part), "{part}\nis not in\n{record}");
    }
}

/// The same document in other clothes is read all the same. Cut, spoiled, gutted and too deep, it never makes anything
/// panic: each gives records that pass their schema, or is told.
pub fn survives(format: Format, text: &str) {
    let bytes = text.as_bytes();
    let mut dressed = vec![text.replace('\n', "\r\n").into_bytes(), format!("\u{feff}{text}").into_bytes()];
    if text.starts_with('<') {
        let wide = text.encode_utf16().flat_map(u16::to_le_bytes);
        dressed.push([0xff, 0xfe].into_iter().chain(wide).collect());
    }
    for whole in dressed {
        assert_eq!(recognise("x", &whole), Some(format), "{:.40}", String::from_utf8_lossy(&whole));
        assert!(!import(format, &whole, &Context::new(&digest)).entities.is_empty());
    }
    let mut damaged = vec![
        Vec::new(),
        vec![0; 1000],
        b"<".to_vec(),
        "<a>".repeat(100_000).into_bytes(),
        text.replacen('>', &format!(">{}", "<a>".repeat(5000)), 2).into_bytes(),
        format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes(),
        "x".repeat(4_000_000).into_bytes(),
        [bytes, b"\xe9"].concat(),
    ];
    for at in (0..bytes.len()).step_by((bytes.len() / 150).max(1)) {
        damaged.push(bytes[..at].to_vec());
        damaged.push([&bytes[..at], &bytes[(at + 9).min(bytes.len())..]].concat());
        for sign in [0xff, b'<'] {
            let mut spoiled = bytes.to_vec();
            spoiled[at] = sign;
            damaged.push(spoiled);
        }
    }
    let registry = registry();
    for bytes in damaged {
        let made = import(format, &bytes, &Context::new(&digest));
        let head = String::from_utf8_lossy(&bytes);
        check(&registry, &format!("{head:.2000}"), &made);
        let is_told = made.findings.iter().any(|finding| finding.reason.outcome() == Outcome::Refused);
        assert!(!made.entities.is_empty() || is_told, "{:?} {head:.2000}", made.findings);
    }
}

/// Imports one file as a folder delivers it.
pub fn import_file(path: &Path, format: Format, bytes: &[u8]) -> Imported {
    let folder = path.parent().expect("in a folder").to_owned();
    let beside = |name: &str| std::fs::read(folder.join(name)).ok().filter(|_| !name.contains(".."));
    let path = path.to_string_lossy();
    let context = Context { beside: &beside, path: &path, ..Context::new(&digest) };
    import(format, bytes, &context)
}

/// Imports what is of a format in folders of the corpus: the same twice, valid, and nothing lost. `None`, said aloud,
/// where there is no corpus.
pub fn run(format: Format, folders: &[&str]) -> Option<Tally> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("PERENNIAL_SHARED").map_or_else(beside, PathBuf::from);
    let data = shared.join("corpus/data");
    if !data.is_dir() {
        eprintln!("SKIPPED: no corpus at {}", data.display());
        return None;
    }
    let registry = registry();
    let mut tally = Tally::default();
    for path in folders.iter().flat_map(|folder| files(&data.join(folder))) {
        let bytes = std::fs::read(&path).expect("readable");
        let name = path.display().to_string();
        if recognise(&name, &bytes) != Some(format) {
            tally.unrecognised += 1;
            continue;
        }
        let made = import_file(&path, format, &bytes);
        assert_eq!(made, import_file(&path, format, &bytes), "{name}: not the same twice");
        check(&registry, &name, &made);
        let refusals = made.findings.iter().filter(|finding| finding.reason.outcome() == Outcome::Refused);
        let refusals: Vec<_> = refusals.map(|finding| format!("{name}: {finding}")).collect();
        assert!(!(made.entities.is_empty() && refusals.is_empty()), "{name} is lost");
        tally.files += 1;
        tally.records += made.entities.len();
        tally.findings += made.findings.len();
        tally.refused += refusals.len();
        tally.reasons.extend(refusals);
    }
    Some(tally)
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
