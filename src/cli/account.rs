//! The account of an ingest: every file and every document with what became of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Failure;
use super::sources::{self, Source, Sources};
use crate::catalogue::{DocumentReport, Effect, Error};
use crate::importer::Format;

/// Kinds of refusals and findings that the summary for people shows.
const SHOWN: usize = 20;

/// What became of everything.
#[derive(Debug, Default, Serialize)]
pub struct Account {
    pub files: u64,
    /// Files that made a record.
    pub imported_files: u64,
    /// Files that became a file of a record whose label names them.
    pub attached_files: u64,
    /// Files that were refused, with a reason each.
    pub refused_files: u64,
    /// Files that were understood and make no record, with a reason each.
    pub noted_files: u64,
    pub documents: u64,
    pub created: u64,
    pub replaced: u64,
    pub unchanged: u64,
    pub refused: u64,
    /// Documents that make no record (a STAC Catalog, for example), with a finding each.
    pub noted: u64,
    /// Kind of record → created, replaced and unchanged ones together.
    pub records: BTreeMap<&'static str, u64>,
    /// Name of the document and why it was refused.
    pub refusals: Vec<(String, String)>,
    /// Name of the document and what was noticed.
    pub findings: Vec<(String, String)>,
    /// Format → what its documents gave.
    pub formats: BTreeMap<Format, FormatAccount>,
    /// What became of every file, by name; written with `--report` alone.
    #[serde(skip)]
    pub entries: BTreeMap<String, FileEntry>,
}

/// What the documents of one format gave.
#[derive(Debug, Default, Serialize)]
pub struct FormatAccount {
    pub documents: u64,
    pub records: u64,
    pub refused: u64,
    pub findings: u64,
    /// Fields that went into records.
    pub mapped: u64,
    /// Fields that are only in the kept sources.
    pub kept: u64,
}

/// What became of one file.
#[derive(Debug, Default, Serialize)]
pub struct FileEntry {
    /// `imported`, `attached`, `refused` or `noted`.
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Keys of its records.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attached_to: Option<String>,
    pub mapped: u64,
    pub kept: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Why it, or some of its lines, were refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

impl Account {
    pub(super) fn take(&mut self, reports: Vec<DocumentReport>) {
        for report in reports {
            self.documents += 1;
            if report.outcomes.is_empty() {
                self.noted += 1;
            }
            let mut entry = FileEntry { format: report.format, findings: report.findings, ..FileEntry::default() };
            (entry.mapped, entry.kept) = (report.fields.mapped, report.fields.kept);
            for outcome in report.outcomes {
                match outcome {
                    Ok(receipt) => {
                        self.count(receipt.effect);
                        *self.records.entry(receipt.key.kind.as_str()).or_default() += 1;
                        entry.records.push(receipt.key.to_string());
                    }
                    Err(error) => {
                        self.refused += 1;
                        entry.reasons.push(reason(&error));
                    }
                }
            }
            self.note(&report.name, entry);
        }
    }

    /// Adds what a document gave to the account of its format and of its file.
    fn note(&mut self, name: &str, entry: FileEntry) {
        self.findings.extend(entry.findings.iter().map(|finding| (name.to_owned(), finding.clone())));
        self.refusals.extend(entry.reasons.iter().map(|reason| (name.to_owned(), reason.clone())));
        if let Some(format) = entry.format {
            let account = self.formats.entry(format).or_default();
            account.documents += 1;
            account.records += entry.records.len() as u64;
            account.refused += entry.reasons.len() as u64;
            account.findings += entry.findings.len() as u64;
            account.mapped += entry.mapped;
            account.kept += entry.kept;
        }
        // A line of a file is named `FILE:LINE`.
        let is_line =
            |file: &&str, number: &str| number.bytes().all(|digit| digit.is_ascii_digit()) && !file.is_empty();
        let file = match name.rsplit_once(':') {
            Some((file, number)) if is_line(&file, number) => file,
            _ => name,
        };
        let known = self.entries.entry(file.to_owned()).or_default();
        known.format = known.format.or(entry.format);
        known.records.extend(entry.records);
        known.mapped += entry.mapped;
        known.kept += entry.kept;
        known.findings.extend(entry.findings);
        known.reasons.extend(entry.reasons);
        known.attached_to = known.attached_to.take().or(entry.attached_to);
    }

    pub(super) fn note_attached(&mut self, name: String, format: Option<Format>, record: String) {
        let entry = self.entries.entry(name).or_default();
        entry.format = entry.format.or(format);
        entry.attached_to = Some(record);
    }

    /// Files that no importer reads belong to a record, or are refused by what they are.
    pub(super) fn note_others(&mut self, sources: &Sources) {
        for path in &sources.others {
            let name = path.display().to_string();
            match sources.delivery.attached_to(path) {
                Some(record) => self.note_attached(name, None, record),
                None => {
                    let what = sources::what_is(path);
                    self.refused += 1;
                    self.note(&name, FileEntry { reasons: vec![what], ..FileEntry::default() });
                }
            }
        }
    }

    /// A running server takes documents alone.
    pub(super) fn note_unsent(&mut self, sources: &Sources) {
        for path in &sources.others {
            let reason =
                "is no document; files beside their labels are taken while no server holds the store".to_owned();
            self.refused += 1;
            self.note(&path.display().to_string(), FileEntry { reasons: vec![reason], ..FileEntry::default() });
        }
    }

    /// Every file ends with one status.
    pub(super) fn count_files(&mut self) {
        for entry in self.entries.values_mut() {
            let (status, count) = match entry {
                FileEntry { records, .. } if !records.is_empty() => ("imported", &mut self.imported_files),
                FileEntry { attached_to: Some(_), .. } => ("attached", &mut self.attached_files),
                FileEntry { reasons, .. } if !reasons.is_empty() => ("refused", &mut self.refused_files),
                _ => ("noted", &mut self.noted_files),
            };
            entry.status = status;
            *count += 1;
        }
        self.files = self.entries.len() as u64;
    }

    pub(super) fn write_report(&self, path: &std::path::Path) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Report<'a> {
            summary: &'a Account,
            files: &'a BTreeMap<String, FileEntry>,
        }
        let file = std::fs::File::create(path)?;
        let report = Report { summary: self, files: &self.entries };
        serde_json::to_writer_pretty(std::io::BufWriter::new(file), &report).map_err(std::io::Error::from)?;
        Ok(())
    }

    fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Created => self.created += 1,
            Effect::Replaced => self.replaced += 1,
            Effect::Unchanged => self.unchanged += 1,
            Effect::Deleted => {}
        }
    }

    pub(super) fn take_line(&mut self, source: &Source, line: &str) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let text = |name: &str| line.get(name).and_then(serde_json::Value::as_str);
        let number = line.get("line").and_then(serde_json::Value::as_u64).unwrap_or(0);
        let name = format!("{}:{number}", source.name);
        self.documents += 1;
        let mut entry = FileEntry { format: source.format, ..FileEntry::default() };
        match text("status") {
            Some("created") => self.count(Effect::Created),
            Some("replaced") => self.count(Effect::Replaced),
            Some("unchanged") => self.count(Effect::Unchanged),
            Some("noted") => self.noted += 1,
            _ => {
                self.refused += 1;
                let detail = line.pointer("/problem/detail").and_then(serde_json::Value::as_str);
                entry.reasons.push(detail.unwrap_or("refused without a reason").to_owned());
            }
        }
        if let Some(kind) = text("kind").and_then(crate::model::Kind::from_name) {
            *self.records.entry(kind.as_str()).or_default() += 1;
            entry.records.extend(text("id").map(str::to_owned));
        }
        let findings = line.get("findings").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        entry.findings.extend(findings.iter().filter_map(|finding| Some(finding.as_str()?.to_owned())));
        self.note(&name, entry);
    }

    /// Writes the account to standard output.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        self.print_counts();
        show("refused", &self.refusals);
        show("noticed", &self.findings);
        if self.refusals.len() + self.findings.len() > 0 {
            println!("--report FILE writes what became of every file, --json lists everything");
        }
    }

    fn print_counts(&self) {
        println!(
            "{} files: {} imported, {} attached to records, {} refused, {} without a record",
            self.files, self.imported_files, self.attached_files, self.refused_files, self.noted_files
        );
        println!(
            "{} documents: {} created, {} replaced, {} unchanged, {} refused, {} without a record",
            self.documents, self.created, self.replaced, self.unchanged, self.refused, self.noted
        );
        let kinds: Vec<String> = self.records.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        if !kinds.is_empty() {
            println!("answers by kind: {}", kinds.join(", "));
        }
        if self.formats.len() > 1 {
            println!(
                "{:<22}{:>10}{:>10}{:>10}{:>12}{:>12}",
                "format", "documents", "records", "refused", "mapped", "only kept"
            );
            for (format, account) in &self.formats {
                let FormatAccount { documents, records, refused, mapped, kept, .. } = account;
                let name = serde_json::to_value(format).unwrap_or_default();
                let name = name.as_str().unwrap_or_default();
                println!("{name:<22}{documents:>10}{records:>10}{refused:>10}{mapped:>12}{kept:>12}");
            }
        }
    }
}

/// A single violation of a whole document speaks for itself.
fn reason(error: &Error) -> String {
    match error {
        Error::Invalid { violations } => match violations.as_slice() {
            [only] if only.pointer.is_empty() => only.message.clone(),
            _ => error.chain(),
        },
        _ => error.chain(),
    }
}

/// Reasons that differ in names and numbers alone are told once, with how often and where first.
fn show(what: &str, entries: &[(String, String)]) {
    let mut groups: BTreeMap<String, (usize, &str, &str)> = BTreeMap::new();
    for (name, reason) in entries {
        groups.entry(pattern(reason)).or_insert((0, name, reason)).0 += 1;
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    for (count, name, reason) in groups.iter().take(SHOWN) {
        match count {
            1 => println!("{what}: {name}: {reason}"),
            _ => println!("{what} {count} times: {reason} (first: {name})"),
        }
    }
    if groups.len() > SHOWN {
        let more: usize = groups.iter().skip(SHOWN).map(|(count, ..)| count).sum();
        println!("{what}: {more} more of {} other kinds", groups.len() - SHOWN);
    }
}

/// A reason without the id that it begins with, what stands in quotes, and its numbers.
fn pattern(reason: &str) -> String {
    let reason = match reason.split_once(": ") {
        Some((id, rest)) if !id.contains(' ') => rest,
        _ => reason,
    };
    let outside = reason.split('"').step_by(2);
    let without_numbers = |text: &str| text.replace(|character: char| character.is_ascii_digit(), "");
    outside.map(without_numbers).collect()
}
