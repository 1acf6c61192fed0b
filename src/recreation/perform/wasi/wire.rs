//! What is said between the service and its worker: one order as JSON on standard input, one answer on standard output.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::recreation::perform::end::End;
use crate::recreation::perform::job::{Job, Usage};

/// One run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) job: Job,
    /// Empty folder for numbered files; absolute.
    pub(super) scratch: PathBuf,
    /// Folder of compiled modules; absolute.
    pub(super) cache: PathBuf,
}

/// How it went.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ran {
    pub(super) end: End,
    pub(super) layers: Vec<String>,
    pub(super) log: String,
    /// Names of plain files in `/out`, each with the number of its scratch file.
    pub(super) written: Vec<(String, u64)>,
    pub(super) usage: Usage,
}

/// The worker's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Ran(Ran),
    /// Not the program's fault.
    Failed {
        reason: String,
    },
}
