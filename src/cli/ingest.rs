//! `perennial ingest`: files and folders into the store, with an account of every document.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::account::Account;
use super::client::{self, Client, Way};
use super::failure::FINDINGS;
use super::sources::{self, Shape, Sources};
use super::{Context, Failure, output};
use crate::catalogue::{Catalogue, Document, Options, Settings, Ticket};
use crate::model::uri::encode;

/// Documents and bytes checked together.
const BATCH_DOCUMENTS: usize = 1_000;
const BATCH_BYTES: usize = 8 << 20;
/// Batches that wait for the writer while the next is checked.
const WAITING: usize = 4;

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
    /// Give every file an OCFL object of its own, so that its bytes can be dropped one day.
    #[arg(long)]
    own_object: bool,
}

impl Ingest {
    fn options(&self) -> Options {
        let usual = Settings::default();
        let threshold = if self.own_object { 0 } else { usual.payload_object_threshold };
        Options { settings: Settings { payload_object_threshold: threshold, ..usual }, ..Options::default() }
    }

    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let sources = sources::find(&self.paths).map_err(|error| Failure::usage(error.to_string()))?;
        let account = match client::way(&context.store, &self.options())? {
            Way::Server(_) if self.own_object => {
                let advice = "--own-object needs the store itself: stop the server, or start it with --payload-object-threshold 0";
                return Err(Failure::usage(advice));
            }
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
