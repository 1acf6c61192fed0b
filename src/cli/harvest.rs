//! `perennial harvest` and `perennial sources`: copies of what others hold, and where they come from.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::{self, Way};
use super::reach::Reach;
use super::{Context, Failure};
use crate::catalogue::{Address, Caller, Catalogue, Error, HarvestWish, Intent, Options, Settings};
use crate::http::faces::native::sources as native;
use crate::model::uri::encode;
use crate::model::{Key, Kind, RecordId};

/// Reports and ids of one question.
const MOST: usize = 100;

/// Copy what changed at a source, or at all of them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial harvest esa                 what changed since the last run
  perennial harvest esa --full          everything; what two such runs lack is deleted
  perennial harvest esa --approve       make the deletions that wait because they are many
  perennial harvest --all
Exit codes: 0 done, 1 when a source failed, was doubted, or deletions wait.")]
pub struct Harvest {
    /// Id of the source.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    source: Option<String>,
    /// Every source whose mode is harvest or both.
    #[arg(long)]
    all: bool,
    /// Ask for everything, not only for changes.
    #[arg(long)]
    full: bool,
    /// Make the deletions that wait for approval.
    #[arg(long, conflicts_with = "all")]
    approve: bool,
    /// Write nothing; only say what would be done.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Catalogues elsewhere: add, list, show, check, remove.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial sources add esa oai https://archive.example.org/oai --mode harvest --every 86400
  perennial sources
  perennial sources show esa
  perennial sources check esa           ask for one page, write nothing")]
pub struct Sources {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Register a source, or change one.
    Add(Box<Add>),
    /// All sources and how they stand.
    List,
    /// One source, its last runs, what is put aside and what waits.
    Show { id: String },
    /// Forget a source; what was copied from it stays.
    Remove { id: String },
    /// Ask a source for what it lists, and write nothing.
    Check {
        id: String,
        #[command(flatten)]
        reach: Reach,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// Lower case letters, digits, dots and dashes.
    id: String,
    /// stac, records, oai, csw, cmr, pds, opensearch, dcat, sparql or perennial.
    protocol: String,
    /// Its base address.
    url: String,
    /// live, harvest, both or off.
    #[arg(long, default_value = "harvest")]
    mode: String,
    #[arg(long)]
    title: Option<String>,
    /// Seconds between runs while the service runs; at least 60.
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
    /// Metadata prefix or output schema to ask for.
    #[arg(long)]
    format: Option<String>,
    /// Only this collection or set of it; may be repeated.
    #[arg(long, value_name = "ID")]
    collection: Vec<String>,
    /// Under which its records may be used.
    #[arg(long)]
    licence: Option<String>,
    /// Most requests per second.
    #[arg(long)]
    rate: Option<f64>,
}

/// What is asked of a catalogue that is open here.
type Direct<'q> = Box<dyn FnOnce(&Catalogue) -> Result<Value, Error> + 'q>;

/// Asks the server that has the store, or the store itself.
fn ask(context: &Context, reach: &Reach, path: &str, is_post: bool, direct: Direct<'_>) -> Result<Value, Failure> {
    let settings = Settings { outbound: reach.settings()?, ..Settings::default() };
    match client::way(&context.store, &Options { settings, ..Options::default() })? {
        Way::Server(client) => {
            let text = if is_post { client.post(path, "application/json", &b""[..])? } else { client.get(path)? };
            serde_json::from_str(&text).map_err(|error| Failure::store(error.to_string()))
        }
        Way::Direct(catalogue) => {
            let answer = direct(&catalogue);
            catalogue.close();
            Ok(answer?)
        }
    }
}

fn value(body: impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(body).map_err(Error::internal("writing an answer"))
}

fn id_of(text: &str) -> Result<RecordId, Failure> {
    RecordId::parse(text).map_err(|error| Failure::usage(format!("{text:?}: {error}")))
}

impl Harvest {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let ids = match &self.source {
            Some(id) => vec![id.clone()],
            None => self.harvested(context)?,
        };
        let mut is_well = true;
        for id in ids {
            let report = self.one(context, &id)?;
            is_well &= matches!(text(&report, "outcome"), "complete" | "unchanged") && report["doubt"].is_null();
            if context.json { println!("{report}") } else { print_report(&report) }
        }
        Ok(ExitCode::from(u8::from(!is_well)))
    }

    fn one(&self, context: &Context, id: &str) -> Result<Value, Failure> {
        let id = id_of(id)?;
        let wish = HarvestWish { full: self.full, approve: self.approve, dry_run: self.dry_run };
        let path = format!(
            "/api/v1/sources/{}/harvest?wait=true&full={}&approve={}&dry_run={}",
            encode(id.as_str()),
            self.full,
            self.approve,
            self.dry_run
        );
        ask(context, &self.reach, &path, true, Box::new(move |catalogue| value(catalogue.harvest(&id, wish)?)))
    }

    fn harvested(&self, context: &Context) -> Result<Vec<String>, Failure> {
        let all = states(context)?;
        let copied = list(&all, "sources").filter(|source| matches!(text(source, "mode"), "harvest" | "both"));
        Ok(copied.map(|source| text(source, "id").to_owned()).collect())
    }
}

fn states(context: &Context) -> Result<Value, Failure> {
    let direct: Direct<'_> = Box::new(|catalogue| Ok(json!({"sources": native::states(catalogue)?})));
    ask(context, &Reach::default(), "/api/v1/sources", false, direct)
}

impl Sources {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self.what.unwrap_or(What::List) {
            What::List => {
                let all = states(context)?;
                show(context, &all, |all| list(all, "sources").for_each(print_state));
            }
            What::Add(add) => add.run(context)?,
            What::Show { id } => show_one(context, &id)?,
            What::Remove { id } => remove(context, &id)?,
            What::Check { id, reach } => {
                let harvest =
                    Harvest { source: Some(id), all: false, full: true, approve: false, dry_run: true, reach };
                return harvest.run(context);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn record(&self) -> Value {
        let mut record = json!({
            "kind": "source", "id": self.id, "protocol": self.protocol, "url": self.url, "mode": self.mode,
        });
        let mut harvest = json!({});
        let optional = [("title", json!(self.title)), ("licence", json!(self.licence)), ("rate", json!(self.rate))];
        optional.into_iter().filter(|(_, value)| !value.is_null()).for_each(|(name, value)| record[name] = value);
        let optional = [("every", json!(self.every)), ("format", json!(self.format))];
        optional.into_iter().filter(|(_, value)| !value.is_null()).for_each(|(name, value)| harvest[name] = value);
        if harvest != json!({}) {
            record["harvest"] = harvest;
        }
        if !self.collection.is_empty() {
            record["collections"] = json!(self.collection);
        }
        record
    }

    fn run(&self, context: &Context) -> Result<(), Failure> {
        let key = Key { kind: Kind::Source, collection: None, id: id_of(&self.id)? };
        let record = self.record().to_string();
        match client::way(&context.store, &Options::default())? {
            Way::Server(client) => {
                let path = format!("/api/v1/records/source/{}", encode(&self.id));
                client.put(&path, "application/json", record.as_bytes())?;
            }
            Way::Direct(catalogue) => {
                let address = Address::of(&key);
                let put = catalogue.put(&address, &record, Intent::Put, Caller::default());
                let outcome = block_on(put);
                catalogue.close();
                outcome??;
            }
        }
        if context.json {
            println!("{record}")
        } else {
            println!("registered\t{}\t{}", self.id, self.url)
        }
        Ok(())
    }
}

fn remove(context: &Context, id: &str) -> Result<(), Failure> {
    let key = Key { kind: Kind::Source, collection: None, id: id_of(id)? };
    match client::way(&context.store, &Options::default())? {
        Way::Server(client) => drop(client.delete(&format!("/api/v1/records/source/{}", encode(id)))?),
        Way::Direct(catalogue) => {
            let outcome = block_on(catalogue.delete(&key, Caller::default()));
            catalogue.close();
            outcome??;
        }
    }
    if context.json {
        println!("{}", json!({"removed": id}))
    } else {
        println!("removed\t{id}")
    }
    Ok(())
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.map(|runtime| runtime.block_on(work)).map_err(|error| Failure::store(error.to_string()))
}

fn show_one(context: &Context, id: &str) -> Result<(), Failure> {
    let source = id_of(id)?;
    let part = |what: &str| format!("/api/v1/sources/{}{what}", encode(id));
    let asked = |path: String, direct: Direct<'_>| ask(context, &Reach::default(), &path, false, direct);
    let state = asked(part(""), Box::new(|catalogue| value(catalogue.source_state(&source)?)))?;
    let runs =
        asked(part("/runs"), Box::new(|catalogue| Ok(json!({"runs": catalogue.harvests_of(source.as_str(), MOST)?}))))?;
    let aside = asked(
        part("/quarantine"),
        Box::new(|catalogue| Ok(json!({"quarantined": catalogue.quarantine(&source, "", MOST)?}))),
    )?;
    let waiting = asked(
        part("/awaiting"),
        Box::new(|catalogue| Ok(json!({"awaiting": catalogue.awaiting(&source, "", MOST)?}))),
    )?;
    let all = json!({"source": state, "runs": runs["runs"], "quarantined": aside["quarantined"], "awaiting": waiting["awaiting"]});
    show(context, &all, |all| {
        print_state(&all["source"]);
        list(all, "runs").for_each(print_report);
        for document in list(all, "quarantined") {
            println!("put aside\t{}\t{}", text(document, "id"), text(document, "reason"));
        }
        for id in list(all, "awaiting").filter_map(Value::as_str) {
            println!("would be deleted\t{id}");
        }
    });
    Ok(())
}

fn show(context: &Context, answer: &Value, print: impl FnOnce(&Value)) {
    if context.json { println!("{answer}") } else { print(answer) }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn print_state(state: &Value) {
    let last = state.pointer("/last/outcome").and_then(Value::as_str).unwrap_or("never harvested");
    let running = if state["running"].is_null() { "" } else { " (running)" };
    println!(
        "{}\t{}\t{}\t{}\t{} held\t{last}{running}\t{}",
        text(state, "id"),
        text(state, "protocol"),
        text(state, "mode"),
        text(state, "url"),
        state["held"],
        state.pointer("/last/ended").and_then(Value::as_str).unwrap_or("")
    );
}

fn print_report(report: &Value) {
    let counts = &report["counts"];
    println!(
        "{}\t{}\t{}\t{} new, {} changed, {} unchanged, {} deleted, {} waiting, {} put aside\t{} ms",
        text(report, "source"),
        text(report, "started"),
        text(report, "outcome"),
        counts["new"],
        counts["changed"],
        counts["unchanged"],
        counts["deleted"],
        counts["awaiting"],
        counts["quarantined"],
        report["elapsed_ms"]
    );
    if let Some(reason) = report.pointer("/fault/reason").and_then(Value::as_str) {
        println!("  fault: {reason}");
    }
    if let Some(doubt) = report["doubt"].as_str() {
        println!("  doubt: {doubt}");
    }
    for document in list(report, "quarantine").take(10) {
        println!("  put aside: {}: {}", text(document, "id"), text(document, "reason"));
    }
}
