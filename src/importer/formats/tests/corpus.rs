//! Runs an importer over real files, when they are there, and holds what comes out to the schema.

use std::path::{Path, PathBuf};

use crate::importer::{Context, Format, Imported, Outcome, import, recognise};
use crate::model::Sha256;
use crate::schema::Registry;

/// What became of a folder.
#[derive(Debug, Default)]
pub struct Tally {
    pub files: usize,
    pub records: usize,
    pub refused: usize,
    pub unrecognised: usize,
    /// Messages that refused a file.
    pub reasons: Vec<String>,
}

fn digest(bytes: &[u8]) -> Sha256 {
    crate::codec::sha256(bytes)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
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

/// Imports what is of a format in a folder of the corpus; `None` where there is no corpus.
pub fn run(folder: &str, format: Format) -> Option<Tally> {
    let shared = std::env::var("PERENNIAL_SHARED").ok().map(|shared| PathBuf::from(shared).join("corpus/data"));
    let Some(folder) = shared.map(|data| data.join(folder)).filter(|folder| folder.is_dir()) else {
        eprintln!("SKIPPED: no corpus at $PERENNIAL_SHARED/corpus/data/{folder}");
        return None;
    };
    let registry = Registry::new().expect("schemas compile");
    let mut tally = Tally::default();
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    for path in paths {
        let bytes = std::fs::read(&path).expect("readable");
        if recognise(&path.to_string_lossy(), &bytes) != Some(format) {
            tally.unrecognised += 1;
            continue;
        }
        let imported = import_file(&path, format, &bytes);
        assert_eq!(imported, import_file(&path, format, &bytes), "{} imports differently twice", path.display());
        tally.files += 1;
        for entity in &imported.entities {
            tally.records += 1;
            if let Err(violations) = registry.check(&entity.record) {
                panic!("{}: {violations:?}\n{}", path.display(), entity.record);
            }
        }
        let refusals = imported.findings.iter().filter(|finding| finding.reason.outcome() == Outcome::Refused);
        let refusals: Vec<_> = refusals.map(|finding| format!("{}: {finding}", path.display())).collect();
        assert!(!(imported.entities.is_empty() && refusals.is_empty()), "{} is lost", path.display());
        tally.refused += refusals.len();
        tally.reasons.extend(refusals);
    }
    Some(tally)
}

/// Imports a text of a format.
pub fn import_text(format: Format, text: &str) -> Imported {
    import(format, text.as_bytes(), &Context::new(&digest))
}

/// The first record of a text, for looking at.
pub fn record(format: Format, text: &str) -> serde_json::Value {
    let imported = import_text(format, text);
    let entity = imported.entities.first().unwrap_or_else(|| panic!("no record: {:?}", imported.findings));
    Registry::new().expect("schemas compile").check(&entity.record).expect("a valid record");
    serde_json::from_str(&entity.record).expect("JSON")
}

/// Broken forms of a document: each must give one refusal or a valid record, and never panic.
pub fn survives_damage(format: Format, text: &str) {
    let registry = Registry::new().expect("schemas compile");
    let crlf = text.replace('\n', "\r\n");
    let marked = format!("\u{feff}{text}");
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    for whole in [crlf.as_bytes(), marked.as_bytes(), &wide] {
        assert_eq!(recognise("x", whole), Some(format));
        assert!(!import(format, whole, &Context::new(&digest)).entities.is_empty());
    }
    let mut latin = text.as_bytes().to_vec();
    latin.push(0xe9);
    let deep = text.replacen('>', &format!(">{}", "<a>".repeat(5000)), 2);
    let mut damaged: Vec<Vec<u8>> = vec![latin, deep.into_bytes(), Vec::new(), vec![0; 1000], b"<".to_vec()];
    damaged.extend((0..text.len()).step_by(7).filter_map(|end| Some(text.as_bytes().get(..end)?.to_vec())));
    for start in (0..text.len()).step_by(11) {
        let mut without = text.as_bytes().to_vec();
        without.drain(start..(start + 9).min(text.len()));
        damaged.push(without);
    }
    for bytes in damaged {
        let imported = import(format, &bytes, &Context::new(&digest));
        let refused = imported.findings.iter().filter(|finding| finding.reason.outcome() == Outcome::Refused).count();
        let head = String::from_utf8_lossy(&bytes);
        assert!(!imported.entities.is_empty() || refused == 1, "{refused} refusals of {head:.2000}");
        for entity in &imported.entities {
            registry.check(&entity.record).unwrap_or_else(|violations| panic!("{violations:?}\n{}", entity.record));
        }
    }
}
