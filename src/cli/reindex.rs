//! `perennial reindex`: the indexes from nothing, beside the old ones.

use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure};
use crate::catalogue::{Options, rebuild};

/// Build the indexes anew from the archive, and swap them in when they are complete.
#[derive(Debug, Args)]
pub struct Reindex {}

impl Reindex {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let started = std::time::Instant::now();
        let done = rebuild::reindex(&context.store, &Options::default())?;
        let seconds = started.elapsed().as_secs_f64();
        if context.json {
            println!(
                "{}",
                serde_json::json!({ "events": done.events, "documents": done.documents, "seconds": seconds })
            );
        } else {
            println!("{} events, {} current records indexed in {seconds:.1} s", done.events, done.documents);
        }
        Ok(ExitCode::SUCCESS)
    }
}
