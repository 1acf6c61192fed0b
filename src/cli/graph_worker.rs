//! `perennial graph-worker`: the process in which queries of strangers are evaluated. Started by the service alone, never
//! by people.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::index::graph;

/// Evaluates queries that come by standard input.
#[derive(Debug, Args)]
pub struct GraphWorker {
    /// Memory that it may use, bytes.
    #[arg(long)]
    memory: u64,
}

impl GraphWorker {
    pub fn run(self) -> Result<ExitCode, Failure> {
        graph::run_worker(self.memory)?;
        Ok(ExitCode::SUCCESS)
    }
}
