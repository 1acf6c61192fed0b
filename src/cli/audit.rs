//! `perennial audit`: compares what is derived with the archive.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Context, Failure, failure};
use crate::catalogue::{Options, audit};
use crate::index::graph::Drift;

/// Compare what is derived with the archive, and mend it.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Graph(Graph),
}

/// Compare the statements of every record with those that it would give now.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial audit graph             exit code 1 when something differs
  perennial audit graph --repair    the same, and it is right afterwards
No server may run on the store meanwhile.")]
struct Graph {
    /// Mend what differs.
    #[arg(long)]
    repair: bool,
}

impl Audit {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let What::Graph(graph) = self.what;
        let found = audit::graph(&context.store, &Options::default(), graph.repair)?;
        if context.json {
            let row = |(name, drift): &(String, Drift)| serde_json::json!({ "name": name, "too_much": drift.too_much, "missing": drift.missing });
            let rows: Vec<_> = found.found.iter().map(row).collect();
            println!(
                "{}",
                serde_json::json!({ "records": found.records, "drifted": found.drifted, "ruined": found.ruined, "repaired": graph.repair, "found": rows })
            );
        } else {
            for (name, drift) in &found.found {
                println!("{name}\t{} statements too much, {} missing", drift.too_much, drift.missing);
            }
            let done = if graph.repair { ", repaired" } else { "" };
            if found.ruined {
                println!("the files of the graph are broken{}", if graph.repair { "; it was made anew" } else { "" });
            }
            println!("{} records compared, {} differ{done}", found.records, found.drifted);
        }
        Ok(if found.drifted == 0 && !found.ruined { ExitCode::SUCCESS } else { ExitCode::from(failure::FINDINGS) })
    }
}
