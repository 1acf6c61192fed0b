//! `perennial export`: the whole catalogue as files, read from the archive alone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure};
use crate::catalogue::export;
use crate::catalogue::offline::Offline;

/// Write the whole catalogue: records.ndjson, tombstones.ndjson, and payloads by sha256 on request.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  perennial export --output out --payloads\nThe same bytes as `recover.py export out` makes without this program."
)]
pub struct Export {
    /// Folder to write to; made when it does not exist.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Write the payloads' original bytes too.
    #[arg(long)]
    payloads: bool,
}

impl Export {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let offline = Offline::open(&context.store)?;
        let exported = export::export(offline.archive(), &self.output, self.payloads)?;
        if context.json {
            println!("{}", serde_json::json!(exported));
        } else {
            let export::Exported { records, tombstones, payloads } = exported;
            println!("{records} records, {tombstones} tombstones, {payloads} payloads in {}", self.output.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}
