//! `perennial ingest`: files and folders into the store, with an account of every document.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::client::{self, Client, Way};
use super::failure::FINDINGS;
use super::sources::{self, Shape, Source};
use super::{Context, Failure, output};
use crate::catalogue::{Catalogue, Document, DocumentReport, Effect, Options, Ticket};
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
}

/// What became of everything.
#[derive(Debug, Default, Serialize)]
pub struct Account {
    pub files: u64,
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
        account.print(context.json);
        Ok(if account.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }
}

/// Ingests sources into an open catalogue.
pub fn ingest(
    catalogue: &Arc<Catalogue>,
    sources: &[Source],
    payloads: Option<&std::path::Path>,
    quiet: bool,
) -> Result<Account, Failure> {
    let progress = output::bar(sources.len() as u64, "files", quiet);
    let mut account = Account::default();
    let mut waiting: VecDeque<Ticket> = VecDeque::new();
    let mut batch = Vec::new();
    let mut bytes = 0;
    for source in sources {
        for document in source.documents()? {
            bytes += document.bytes.as_ref().map_or(0, Vec::len);
            batch.push(document);
            if batch.len() >= BATCH_DOCUMENTS || bytes >= BATCH_BYTES {
                submit(catalogue, std::mem::take(&mut batch), payloads, &mut waiting, &mut account);
                bytes = 0;
            }
        }
        account.files += 1;
        progress.inc(1);
    }
    submit(catalogue, batch, payloads, &mut waiting, &mut account);
    waiting.into_iter().for_each(|ticket| account.take(ticket.wait()));
    progress.finish_and_clear();
    Ok(account)
}

fn submit(
    catalogue: &Arc<Catalogue>,
    batch: Vec<Document>,
    payloads: Option<&std::path::Path>,
    waiting: &mut VecDeque<Ticket>,
    account: &mut Account,
) {
    let prepared = match payloads {
        Some(folder) => catalogue.prepare_with_files(batch, "local", folder),
        None => catalogue.prepare(batch, "local"),
    };
    waiting.push_back(catalogue.enqueue(prepared));
    if waiting.len() > WAITING
        && let Some(ticket) = waiting.pop_front()
    {
        account.take(ticket.wait());
    }
}

/// Sends sources through the server that holds the store.
fn send(client: &Client, sources: &[Source], quiet: bool) -> Result<Account, Failure> {
    let progress = output::bar(sources.len() as u64, "files", quiet);
    let mut account = Account::default();
    for source in sources {
        let file = std::fs::File::open(&source.path)?;
        let answer = match source.shape {
            Shape::Lines => client.post("/api/v1/ingest", "application/x-ndjson", file)?,
            Shape::Collection | Shape::Document => {
                client.post(&format!("/api/v1/documents?name={}", encode(&source.name)), "application/json", file)?
            }
        };
        answer.lines().for_each(|line| account.take_line(source, line));
        account.files += 1;
        progress.inc(1);
    }
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
            self.findings.extend(report.findings.into_iter().map(|finding| (report.name.clone(), finding)));
            for outcome in report.outcomes {
                match outcome {
                    Ok(receipt) => {
                        self.count(receipt.effect);
                        *self.records.entry(receipt.key.kind.as_str()).or_default() += 1;
                    }
                    Err(error) => {
                        self.refused += 1;
                        self.refusals.push((report.name.clone(), error.chain()));
                    }
                }
            }
        }
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
        match text("status") {
            Some("created") => self.count(Effect::Created),
            Some("replaced") => self.count(Effect::Replaced),
            Some("unchanged") => self.count(Effect::Unchanged),
            Some("noted") => self.noted += 1,
            _ => {
                self.refused += 1;
                let detail = line.pointer("/problem/detail").and_then(serde_json::Value::as_str);
                self.refusals.push((name.clone(), detail.unwrap_or("refused without a reason").to_owned()));
            }
        }
        if let Some(kind) = text("kind").and_then(crate::model::Kind::from_name) {
            *self.records.entry(kind.as_str()).or_default() += 1;
        }
        let findings = line.get("findings").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        self.findings.extend(findings.iter().filter_map(|finding| Some((name.clone(), finding.as_str()?.to_owned()))));
    }

    /// Writes the account to standard output.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
            return;
        }
        println!(
            "{} files, {} documents: {} created, {} replaced, {} unchanged, {} refused, {} without a record",
            self.files, self.documents, self.created, self.replaced, self.unchanged, self.refused, self.noted
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
