//! `perennial import`: importers run again over the sources that the archive keeps.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::client::{self, Way};
use super::failure::FINDINGS;
use super::{Context, Failure, output};
use crate::catalogue::{Catalogue, Options, Reimported, Verdict};
use crate::model::{Kind, RecordId};

/// Changed records that go to the writer together.
const BATCH: usize = 500;
/// Records that the summary for people names.
const SHOWN: usize = 20;

/// Import the kept source documents again, and say which records would change.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial import                                what this version would change
  perennial import --collection naip --write      register it as new revisions
What was edited by hand since the ingest differs from its source too, and --write takes the edit back.
Exit code 0 when every record is as its source gives it, 1 otherwise.")]
pub struct Import {
    /// Only the products of this collection.
    #[arg(long, value_name = "ID")]
    collection: Option<String>,
    /// Only records of this kind.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Register what changed as new revisions.
    #[arg(long)]
    write: bool,
}

/// What became of all records.
#[derive(Debug, Default, Serialize)]
struct Account {
    /// Records that were made from a source.
    records: u64,
    /// Records that were registered without one.
    native: u64,
    identical: u64,
    changed: u64,
    refused: u64,
    no_importer: u64,
    /// Changed ones that were registered.
    written: u64,
    /// Key → the first member that differs.
    changes: BTreeMap<String, String>,
    /// Key → the reason.
    refusals: BTreeMap<String, String>,
}

impl Import {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let collection = self
            .collection
            .as_deref()
            .map(|id| RecordId::parse(id).map_err(|error| Failure::usage(format!("{id:?}: {error}"))));
        let collection = collection.transpose()?;
        let kinds = match (&self.kind, &collection) {
            (Some(kind), _) => {
                vec![Kind::from_name(kind).ok_or_else(|| Failure::usage(format!("{kind:?} is no kind")))?]
            }
            (None, Some(_)) => vec![Kind::Product],
            (None, None) => Kind::ALL.to_vec(),
        };
        let Way::Direct(catalogue) = client::way(&context.store, &Options::default())? else {
            return Err(Failure::usage("import needs the store itself: stop the server"));
        };
        if let Some(collection) = &collection {
            catalogue.check_collections(&[collection.to_string()])?;
        }
        let account = self.import(&catalogue, &kinds, collection.as_ref(), context.json);
        catalogue.close();
        let account = account?;
        account.print(context.json);
        let is_settled = account.changed == account.written && account.refused == 0 && account.no_importer == 0;
        Ok(if is_settled { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }

    fn import(
        &self,
        catalogue: &Catalogue,
        kinds: &[Kind],
        collection: Option<&RecordId>,
        quiet: bool,
    ) -> Result<Account, Failure> {
        let progress = output::bar(catalogue.last_sequence(), "records", quiet);
        let mut account = Account::default();
        let mut importer = catalogue.reimporter();
        let mut changed = Vec::new();
        for kind in kinds {
            for key in catalogue.live_keys(*kind, collection) {
                progress.inc(1);
                let Some(reimported) = importer.judge(&key?)? else {
                    account.native += 1;
                    continue;
                };
                account.take(&reimported);
                if self.write && matches!(reimported.verdict, Verdict::Changed { .. }) {
                    changed.push(reimported);
                }
                if changed.len() >= BATCH {
                    account.write(catalogue, std::mem::take(&mut changed));
                }
            }
        }
        account.write(catalogue, changed);
        progress.finish_and_clear();
        Ok(account)
    }
}

impl Account {
    fn take(&mut self, reimported: &Reimported) {
        self.records += 1;
        let key = reimported.key.to_string();
        match &reimported.verdict {
            Verdict::Identical => self.identical += 1,
            Verdict::NoImporter => self.no_importer += 1,
            Verdict::Changed { pointer, .. } => {
                self.changed += 1;
                self.changes.insert(key, pointer.clone());
            }
            Verdict::Refused { reason } => {
                self.refused += 1;
                self.refusals.insert(key, reason.clone());
            }
        }
    }

    fn write(&mut self, catalogue: &Catalogue, changed: Vec<Reimported>) {
        let keys: Vec<String> = changed.iter().map(|changed| changed.key.to_string()).collect();
        for (key, outcome) in keys.into_iter().zip(catalogue.take_reimported(changed)) {
            match outcome {
                Ok(_) => self.written += 1,
                Err(error) => {
                    self.refused += 1;
                    self.refusals.insert(key, error.chain());
                }
            }
        }
    }

    fn print(&self, json: bool) {
        if json {
            println!("{}", serde_json::json!(self));
            return;
        }
        for (key, pointer) in self.changes.iter().take(SHOWN) {
            let place = if pointer.is_empty() { "the order of members" } else { pointer.as_str() };
            println!("changed {key}: {place}");
        }
        self.refusals.iter().take(SHOWN).for_each(|(key, reason)| println!("refused {key}: {reason}"));
        if self.changes.len().max(self.refusals.len()) > SHOWN {
            println!("… and more; --json lists all");
        }
        println!(
            "{} records with a source: {} identical, {} changed ({} written), {} refused, {} of no known format; {} without",
            self.records, self.identical, self.changed, self.written, self.refused, self.no_importer, self.native
        );
    }
}
