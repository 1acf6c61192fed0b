//! `perennial verify`: every byte of the archive, from the archive alone.

use std::process::ExitCode;

use clap::Args;

use super::failure::{FINDINGS, STORE};
use super::{Context, Failure, output};
use crate::archive::{Finding, Severity};
use crate::catalogue::offline::Offline;

/// Check every inventory, digest, record chain and Merkle root, and name what is wrong.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when everything is sound, 1 when something is wrong. Works beside a running server."
)]
pub struct Verify {}

impl Verify {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let offline = Offline::open(&context.store)?;
        let bar = output::bar(0, "objects", context.json);
        let verified = offline.archive().verify(&mut |progress| {
            bar.set_length(progress.of_objects);
            bar.set_position(progress.objects);
        });
        bar.finish_and_clear();
        let verified = verified.map_err(|error| Failure::of(STORE, &error))?;
        if context.json {
            println!("{}", serde_json::json!(verified));
        } else {
            verified.findings.iter().for_each(print);
            println!(
                "{} objects, {} files, {}, {} events, {} payloads: {}",
                verified.objects,
                verified.files,
                output::bytes(verified.bytes),
                verified.lines,
                verified.payloads,
                if verified.is_sound() { "sound" } else { "NOT sound" }
            );
            if let Some(root) = verified.root {
                println!("Merkle root over all events: {root}");
            }
        }
        Ok(if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(FINDINGS) })
    }
}

fn print(finding: &Finding) {
    let severity = match finding.severity {
        Severity::Error => "wrong",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let object = finding.object.as_deref().unwrap_or("the storage root");
    let code = finding.code.map(|code| format!(" [{code}]")).unwrap_or_default();
    println!("{severity}{code} {object} ({}): {}; {}", finding.path.display(), finding.what, finding.what_to_do);
}
