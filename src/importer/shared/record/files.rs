//! The files of a record, each name once.

use std::collections::HashSet;

use crate::importer::Reason;
use crate::model::{Draft, RecordId};

/// A file of the product as its label describes it.
#[derive(Debug, Clone, Default)]
pub struct File<'a> {
    /// Path relative to the document, as written.
    pub name: &'a str,
    pub role: Option<&'a str>,
    pub bytes: Option<u64>,
    /// Algorithm (`md5`, `sha1`, `sha256`, `crc32`) and value that the producer promised.
    pub checksum: Option<(&'a str, &'a str)>,
    pub media_type: Option<&'a str>,
    /// Where it is elsewhere, if the document gives an address.
    pub href: Option<&'a str>,
}

#[derive(Debug)]
pub(super) struct Files {
    names: HashSet<String>,
    list: Draft,
}

impl Default for Files {
    fn default() -> Self {
        Self { names: HashSet::new(), list: Draft::array() }
    }
}

impl Files {
    /// Adds a file, or says why not.
    pub(super) fn push(&mut self, file: &File<'_>) -> Vec<Reason> {
        let name = file.name.trim();
        let unusable = |message: String| Reason::FieldUnusable { field: format!("file {name:.100?}"), message };
        if let Err(error) = RecordId::parse(name) {
            return vec![unusable(error.to_string())];
        }
        if !self.names.insert(name.to_owned()) {
            let message = "is named more than once; the first description counts".to_owned();
            return vec![Reason::FieldNoted { field: format!("file {name:?}"), message }];
        }
        let mut findings = Vec::new();
        let mut entry = Draft::object();
        entry.string("name", name);
        entry.optional("role", file.role);
        if let Some(bytes) = file.bytes {
            entry.raw("bytes", &bytes.to_string());
        }
        if let Some((algorithm, value)) = file.checksum.filter(|(_, value)| !value.trim().is_empty()) {
            let (algorithm, value) = (algorithm_of(algorithm), value.trim());
            let fits = digits_of(&algorithm)
                .is_none_or(|digits| value.len() == digits && value.bytes().all(|digit| digit.is_ascii_hexdigit()));
            if !fits {
                findings.push(unusable(format!("{value:.200?} is no {algorithm}")));
            }
            let algorithm = if fits { algorithm } else { format!("{algorithm}/malformed") };
            entry.part("checksums", checksums(&algorithm, value));
        }
        entry.optional("media_type", file.media_type);
        entry.optional("href", file.href);
        self.list.element(&entry.finish());
        findings
    }

    pub(super) fn finish(self) -> Draft {
        self.list
    }
}

fn checksums(algorithm: &str, value: &str) -> Draft {
    let mut checksum = Draft::object();
    checksum.string("algorithm", algorithm);
    checksum.string("value", value);
    checksum.string("source", "producer");
    let mut checksums = Draft::array();
    checksums.element(&checksum.finish());
    checksums
}

/// `MD5` → `md5`, `SHA-256` → `sha256`, `CRC32` → `crc32`.
fn algorithm_of(written: &str) -> String {
    let lower = written.trim().to_ascii_lowercase();
    let kept: String = lower.chars().filter(|sign| sign.is_ascii_alphanumeric() || "-_/.".contains(*sign)).collect();
    let plain = match kept.strip_prefix("sha-") {
        Some(digits) => format!("sha{digits}"),
        None => kept.trim_start_matches(['-', '_', '/', '.']).to_owned(),
    };
    if plain.is_empty() { "unknown".to_owned() } else { plain }
}

/// Hexadecimal digits of the algorithms that the schema knows.
fn digits_of(algorithm: &str) -> Option<usize> {
    match algorithm {
        "md5" => Some(32),
        "sha1" => Some(40),
        "sha256" => Some(64),
        "sha512" => Some(128),
        _ => None,
    }
}
