//! `perennial reindex`: the indexes from nothing, beside the old ones.

use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure};
use crate::catalogue::{Options, rebuild};

/// Build the indexes and the graph anew from the archive, and swap them in when they are complete.
#[derive(Debug, Args)]
pub struct Reindex {
    /// Leave the graph as it is.
    #[arg(long)]
    no_graph: bool,
}

impl Reindex {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let started = std::time::Instant::now();
        let reindex = if self.no_graph { rebuild::reindex_without_graph } else { rebuild::reindex };
        let done = reindex(&context.store, &Options::default())?;
        let seconds = started.elapsed().as_secs_f64();
        if context.json {
            println!(
                "{}",
                serde_json::json!({ "events": done.events, "documents": done.documents, "statements": done.statements, "seconds": seconds })
            );
        } else {
            let statements = done.statements.map(|count| format!(", {count} statements")).unwrap_or_default();
            println!(
                "{} events, {} current records{statements} indexed in {seconds:.1} s",
                done.events, done.documents
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
