//! `perennial backup`: a consistent copy while serving.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure, output};
use crate::catalogue::offline::Offline;
use crate::catalogue::secrets;

/// Copy the archive and private/ into a folder, also while a server writes; a second time adds what is new.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  perennial backup /mnt/backup/2026-11-22\nThe copy is a store: `perennial --store DIR verify` checks it, `serve` offers it."
)]
pub struct Backup {
    /// New folder, or one that an earlier backup made.
    #[arg(value_name = "DIR")]
    target: PathBuf,
}

impl Backup {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let offline = Offline::open(&context.store)?;
        let done = offline.archive().backup(&self.target)?;
        secrets::copy(&context.store, &self.target)?;
        if context.json {
            println!("{}", serde_json::json!(done));
        } else {
            let (size, last) = (output::bytes(done.bytes), done.last_sequence);
            println!("{} files, {size}, up to event {last} in {}", done.files, self.target.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
