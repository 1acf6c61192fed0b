//! `perennial ingest`: files and folders into the store, with an account of every document.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::client::{self, Client, Way};
use super::failure::FINDINGS;
use super::sources::{self, Shape, Source, Sources};
use super::{Context, Failure, output};
use crate::catalogue::{Catalogue, Document, DocumentReport, Effect, Options, Ticket};
use crate::importer::Format;
use crate::model::uri::encode;

/// Documents and bytes checked together.
const BATCH_DOCUMENTS: usize = 1_000;
const BATCH_BYTES: usize = 8 << 20;
/// Batches that wait for the writer while the next is checked.
const WAITING: usize = 4;
/// Refusals and findings that the summary for people shows.
const SHOWN: usize = 20;

/// Register what files and folders hold; formats are told by content.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial ingest fixtures/missions
  perennial ingest items.ndjson --json
Sending the same again is harmless: what did not change answers unchanged.")]
pub struct Ingest {
    /// Files and folders.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder with the products' files, as COLLECTION/ID/NAME with COLLECTION and ID percent-encoded.
    #[arg(long, value_name = "DIR")]
    payloads: Option<PathBuf>,
    /// Write what became of every file to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

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

impl Ingest {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let sources = sources::find(&self.paths).map_err(|error| Failure::usage(error.to_string()))?;
        let account = match client::way(&context.store, &Options::default())? {
            Way::Direct(catalogue) => {
                let account = ingest(&catalogue, &sources, self.payloads.as_deref(), context.json)?;
                catalogue.close();
                account
            }
            Way::Server(_) if self.payloads.is_some() => {
                let advice =
                    "--payloads needs the store itself: stop the server, or send the files by PUT …/files/NAME";
                return Err(Failure::usage(advice));
            }
            Way::Server(client) => send(&client, &sources, context.json)?,
        };
        if let Some(path) = &self.report {
            account.write_report(path)?;
        }
        account.print(context.json);
        Ok(if account.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }
}

/// Ingests sources into an open catalogue.
pub fn ingest(
    catalogue: &Arc<Catalogue>,
    sources: &Sources,
    payloads: Option<&std::path::Path>,
    quiet: bool,
) -> Result<Account, Failure> {
    let progress = output::bar(sources.documents.len() as u64, "files", quiet);
    let mut intake = Intake { catalogue, sources, payloads, waiting: VecDeque::new(), account: Account::default() };
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut at_data = false;
    for source in &sources.documents {
        if source.is_data() {
            // By now every label has said which data files are its own.
            if !std::mem::replace(&mut at_data, true) {
                intake.submit(std::mem::take(&mut batch));
            }
            if let Some(record) = sources.delivery.attached_to(&source.path) {
                intake.account.note_attached(source.name.clone(), source.format, record);
                progress.inc(1);
                continue;
            }
        }
        for document in source.documents()? {
            bytes += document.bytes.as_ref().map_or(0, Vec::len);
            batch.push(document);
            if batch.len() >= BATCH_DOCUMENTS || bytes >= BATCH_BYTES {
                intake.submit(std::mem::take(&mut batch));
                bytes = 0;
            }
        }
        progress.inc(1);
    }
    intake.submit(batch);
    let account = intake.finish();
    progress.finish_and_clear();
    Ok(account)
}

/// Batches on their way into the catalogue.
struct Intake<'a> {
    catalogue: &'a Arc<Catalogue>,
    sources: &'a Sources,
    payloads: Option<&'a std::path::Path>,
    waiting: VecDeque<Ticket>,
    account: Account,
}

impl Intake<'_> {
    fn submit(&mut self, batch: Vec<Document>) {
        let prepared = match self.payloads {
            Some(folder) => self.catalogue.prepare_with_files(batch, "local", folder),
            None => self.catalogue.prepare_delivered(batch, "local", &self.sources.delivery),
        };
        self.waiting.push_back(self.catalogue.enqueue(prepared));
        if self.waiting.len() > WAITING
            && let Some(ticket) = self.waiting.pop_front()
        {
            self.account.take(ticket.wait());
        }
    }

    fn finish(mut self) -> Account {
        self.waiting.into_iter().for_each(|ticket| self.account.take(ticket.wait()));
        self.account.note_others(self.sources);
        self.account.count_files();
        self.account
    }
}

/// Sends sources through the server that holds the store.
fn send(client: &Client, sources: &Sources, quiet: bool) -> Result<Account, Failure> {
    let progress = output::bar(sources.documents.len() as u64, "files", quiet);
    let mut account = Account::default();
    for source in &sources.documents {
        let file = std::fs::File::open(&source.path)?;
        let answer = match source.shape {
            Shape::Lines => client.post("/api/v1/ingest", "application/x-ndjson", file)?,
            Shape::Collection | Shape::Document | Shape::Other => {
                client.post(&format!("/api/v1/documents?name={}", encode(&source.name)), "application/json", file)?
            }
        };
        answer.lines().for_each(|line| account.take_line(source, line));
        progress.inc(1);
    }
    account.note_unsent(sources);
    account.count_files();
    progress.finish_and_clear();
    Ok(account)
}

impl Account {
    fn take(&mut self, reports: Vec<DocumentReport>) {
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
                        entry.reasons.push(error.chain());
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

    fn note_attached(&mut self, name: String, format: Option<Format>, record: String) {
        let entry = self.entries.entry(name).or_default();
        entry.format = entry.format.or(format);
        entry.attached_to = Some(record);
    }

    /// Files that no importer reads belong to a record, or are refused by what they are.
    fn note_others(&mut self, sources: &Sources) {
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
    fn note_unsent(&mut self, sources: &Sources) {
        for path in &sources.others {
            let reason =
                "is no document; files beside their labels are taken while no server holds the store".to_owned();
            self.refused += 1;
            self.note(&path.display().to_string(), FileEntry { reasons: vec![reason], ..FileEntry::default() });
        }
    }

    /// Every file ends with one status.
    fn count_files(&mut self) {
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

    fn write_report(&self, path: &std::path::Path) -> Result<(), Failure> {
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

    fn take_line(&mut self, source: &Source, line: &str) {
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
        println!(
            "{} files: {} imported, {} attached, {} refused, {} without a record",
            self.files, self.imported_files, self.attached_files, self.refused_files, self.noted_files
        );
        println!(
            "{} documents: {} created, {} replaced, {} unchanged, {} refused, {} without a record",
            self.documents, self.created, self.replaced, self.unchanged, self.refused, self.noted
        );
        for (kind, count) in &self.records {
            println!("  {kind}: {count}");
        }
        show("refused", &self.refusals);
        show("noticed", &self.findings);
    }
}

fn show(what: &str, entries: &[(String, String)]) {
    for (name, reason) in entries.iter().take(SHOWN) {
        println!("{what} {name}: {reason}");
    }
    if entries.len() > SHOWN {
        println!("{what}: {} more; --json lists all", entries.len() - SHOWN);
    }
}
