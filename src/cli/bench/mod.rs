//! `perennial bench`: measures the scenarios of docs/PERFORMANCE.md on made-up records. Processor time stands beside
//! the clock on the wall, because machines are rarely quiet.

mod archive;
mod federation;
mod figure;
mod graph;
mod http;
mod ingest;
mod payload;
mod post;
mod read;
mod recipes;
mod records;
mod recreation;
mod reindex;
mod relevance;
mod search;
mod service;
mod stac;
mod start;
mod store;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Context, Failure};
use figure::Figure;
use records::Records;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    All,
    /// One payload in a single pass: digests, compression, durable; and back.
    Payload,
    /// Records in batches of 1,000 into the archive alone.
    Archive,
    /// Records as a stream of lines over HTTP, until durable, readable and searchable.
    Ingest,
    /// Single POSTs, durable and visible to search when answered.
    Post,
    /// Both indexes from the archive.
    Reindex,
    /// Records by id over HTTP.
    Read,
    /// STAC search by collection, box and year.
    Stac,
    /// Searches of every kind over HTTP: after a rebuild, after single writes, and beside a store of a tenth.
    Search,
    /// Start of the service until its first answer.
    Start,
    /// Records as statements, and SPARQL over HTTP; asked for at 40,000 records, and no part of all.
    Graph,
    /// What others harvest from here. No part of all.
    Federation,
    /// Programs of recipes: starts of engines and sandbox, WebAssembly beside native; needs --programs, and is no part of all.
    Recreation,
    /// Recipes in an archive: a plan of 1,000 steps, 100 small recipes run and proved. No part of all.
    Recipes,
    /// Whether search ranks records as people judged: needs --judgements and --documents, and is no part of all.
    Relevance,
}

/// In an order in which each finds what it needs warm or made already.
const ORDER: &[Scenario] = &[
    Scenario::Payload,
    Scenario::Archive,
    Scenario::Ingest,
    Scenario::Post,
    Scenario::Reindex,
    Scenario::Start,
    Scenario::Read,
    Scenario::Stac,
    Scenario::Search,
    Scenario::Graph,
    Scenario::Federation,
    Scenario::Recreation,
    Scenario::Recipes,
    Scenario::Relevance,
];

/// Measure this machine; takes some minutes and some gigabytes with a million records.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial --store /var/tmp/bench bench
  perennial --store /var/tmp/bench bench reindex --records 100000 --json
  perennial --store /var/tmp/bench bench relevance --judgements tests.tsv --documents records
--store names a folder for the benchmark alone, which keeps the made-up records for the next run.")]
pub struct Bench {
    /// Scenarios to run.
    #[arg(value_enum, default_values_t = [Scenario::All], value_name = "SCENARIO")]
    scenarios: Vec<Scenario>,
    /// Records in the store of the large scenarios.
    #[arg(long, visible_alias = "items", default_value_t = 1_000_000, value_name = "N")]
    records: u64,
    /// The same seed makes the same records and asks the same questions.
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Records written over HTTP, and by the archive alone.
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    written: u64,
    /// Length of the payload.
    #[arg(long, default_value_t = 512, value_name = "MIB")]
    payload_mib: u64,
    /// Requests of each kind.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    requests: u64,
    /// Table of judgements with tabs: set, query and expected_order are its columns.
    #[arg(long, value_name = "FILE", requires = "documents")]
    judgements: Option<PathBuf>,
    /// Folder of the documents that the judgements are about.
    #[arg(long, value_name = "DIR", requires = "judgements")]
    documents: Option<PathBuf>,
    /// Folder of programs that scripts/recipes.sh built.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// What every scenario needs.
#[derive(Clone)]
struct Bed {
    folder: PathBuf,
    records: u64,
    written: u64,
    payload_mib: u64,
    requests: u64,
    seed: u64,
    made: Records,
    quiet: bool,
    judgements: Option<(PathBuf, PathBuf)>,
    programs: Option<PathBuf>,
}

impl Bench {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let bed = Bed {
            folder: context.store.clone(),
            records: self.records.max(1),
            written: self.written.clamp(1, self.records.max(1)),
            payload_mib: self.payload_mib.max(1),
            requests: self.requests.max(1),
            seed: self.seed,
            made: Records::new(self.seed),
            quiet: context.json,
            judgements: self.judgements.zip(self.documents),
            programs: self.programs,
        };
        store::prepare(&bed)?;
        let all = self.scenarios.contains(&Scenario::All);
        let is_wanted = |scenario: &&Scenario| self.scenarios.contains(scenario) || (all && scenario.is_part_of_all());
        let wanted = ORDER.iter().filter(is_wanted);
        let mut figures = Vec::new();
        if !context.json {
            println!("{}\n\n| scenario | figure | asked | measured |\n|---|---|---|---|", conditions(&bed));
        }
        for scenario in wanted {
            let measured = scenario.run(&bed)?;
            if !context.json {
                measured.iter().for_each(|figure| println!("{}", figure.row()));
            }
            figures.extend(measured);
        }
        store::remove_scratch(&bed)?;
        if context.json {
            let report = serde_json::json!({ "conditions": conditions(&bed), "records": bed.records, "seed": bed.seed, "figures": figures });
            println!("{report}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Scenario {
    /// Whether it runs when nothing is named: on made-up records alone, at any size.
    fn is_part_of_all(self) -> bool {
        !matches!(self, Self::Relevance | Self::Graph | Self::Federation | Self::Recreation | Self::Recipes)
    }

    fn run(self, bed: &Bed) -> Result<Vec<Figure>, Failure> {
        match self {
            Self::All => Ok(Vec::new()),
            Self::Payload => payload::run(bed),
            Self::Archive => archive::run(bed),
            Self::Ingest => ingest::run(bed),
            Self::Post => post::run(bed),
            Self::Reindex => reindex::run(bed),
            Self::Read => read::run(bed),
            Self::Stac => stac::run(bed),
            Self::Start => start::run(bed),
            Self::Search => search::run(bed),
            Self::Graph => graph::run(bed),
            Self::Federation => federation::run(bed),
            Self::Recreation => recreation::run(bed),
            Self::Recipes => recipes::run(bed),
            Self::Relevance => relevance::run(bed),
        }
    }
}

/// What the figures depend on: date, machine, and what else ran on it.
fn conditions(bed: &Bed) -> String {
    let now = crate::catalogue::now().to_string();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "perennial {} on {}, {cores} cores ({model}), load {load} before; {} records, seed {}",
        env!("CARGO_PKG_VERSION"),
        now.get(..10).unwrap_or_default(),
        bed.records,
        bed.seed
    )
}
