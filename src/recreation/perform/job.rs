//! What is run: a program, its files by digest, its limits. A job says nothing of products, recipes or comparison.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cancel::Cancel;
use super::end::End;
use crate::model::Sha256;

/// What evaluates a WebAssembly program. Both must give the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WasiEngine {
    /// Compiled to instructions of this machine.
    Cranelift,
    /// Interpreted: a second opinion, some twenty times slower.
    Pulley,
}

/// Who runs a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExecutorKind {
    /// A module of WASI preview 1 in the deterministic profile (docs/recreation-executors.md).
    Wasi { engine: WasiEngine },
    /// A process of this machine in a sandbox. Clock and chance are the machine's: the claim is weaker.
    Native,
}

/// A file that a run may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    /// One path segment; the program sees `/in/NAME` or `/program/NAME`.
    pub name: String,
    /// Where it lies on the host.
    pub path: PathBuf,
    pub sha256: Sha256,
    /// Length.
    pub bytes: u64,
}

/// Bounds of one run. Reaching one ends it with [`End::Limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Milliseconds on the wall, start and compilation included.
    pub wall_ms: u64,
    /// Milliseconds of the processor; natively all processes together, in whole seconds for each.
    pub cpu_ms: u64,
    /// Bytes of memory: linear memory of a WebAssembly program, or of all processes of a native one.
    pub memory_bytes: u64,
    /// Bytes in `/out`, all files together.
    pub output_bytes: u64,
    /// Files and folders in `/out`.
    pub output_files: u64,
    /// Native processes at once, threads included.
    pub processes: u64,
    /// Instructions of a WebAssembly program as wasmtime counts them; 0 is no limit. A budget, never a fingerprint.
    pub fuel: u64,
}

impl Default for Limits {
    /// Ten minutes, one gigabyte each of memory and output.
    fn default() -> Self {
        Self {
            wall_ms: 600_000,
            cpu_ms: 600_000,
            memory_bytes: 1 << 30,
            output_bytes: 1 << 30,
            output_files: 1_000,
            processes: 64,
            fuel: 0,
        }
    }
}

/// One run, wholly described. The program sees the fixed folders `/in`, `/program` (both read-only) and `/out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub executor: ExecutorKind,
    /// The module, or what stands at `/program/NAME`; it is checked like an input.
    pub program: JobFile,
    /// The arguments, the program's own name first. Natively the first is what is started, as a path in the sandbox:
    /// `/program/NAME`, or an interpreter such as `/usr/bin/python3` with `/program/NAME` as the second.
    pub argv: Vec<String>,
    /// All of the environment. Natively `LC_ALL=C`, `TZ=UTC` and a `PATH` are there unless given here.
    pub environment: BTreeMap<String, String>,
    /// Nanoseconds since 1970-01-01T00:00:00Z at which a WebAssembly program's clocks stand. Not given natively.
    pub clock_ns: i64,
    /// Seed of a WebAssembly program's random numbers. Not given natively.
    pub seed: u64,
    /// The input that is standard input; nothing otherwise.
    pub stdin: Option<String>,
    /// The output that standard output becomes; else standard output goes to the log.
    pub stdout: Option<String>,
    pub inputs: Vec<JobFile>,
    /// Further read-only files beside the program.
    pub tools: Vec<JobFile>,
    /// Names that must be files in `/out` after exit 0, each one path segment. Other files there are told apart.
    pub outputs: Vec<String>,
    /// Natively, the folder that stands for `/`; else the machine's own `/usr`, `/lib*`, `/bin` and a little of `/etc`.
    pub root: Option<PathBuf>,
    pub limits: Limits,
}

/// What ran a job, with versions, as evidence names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineName(pub String);

impl fmt::Display for EngineName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A file that a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    pub name: String,
    /// A plain file of one link in the folder that the caller gave.
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: Sha256,
}

/// What a run took. Zero where an executor cannot know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub wall_ms: u64,
    pub cpu_ms: u64,
    /// Largest linear memory, or largest resident set of all processes.
    pub peak_memory_bytes: u64,
    /// Instructions of a WebAssembly program.
    pub fuel: u64,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performed {
    pub end: End,
    /// Engine and layers of isolation that held in this very run, one entry each (evidence names them).
    pub engine: EngineName,
    pub layers: Vec<String>,
    /// The declared outputs, in the job's order; empty unless the end is a success.
    pub outputs: Vec<Produced>,
    /// Plain files that the program left in `/out` besides, sorted by name; empty unless the end is a success.
    pub others: Vec<Produced>,
    /// The last 64 KiB of standard error, and of standard output where that is no output.
    pub log: String,
    pub usage: Usage,
}

/// Why a run could not be tried at all. Says nothing about the recipe; whoever asks may try again.
#[derive(Debug, thiserror::Error)]
pub enum PerformError {
    /// A job that no executor could run: the caller made it wrongly.
    #[error("the job is not sound: {reason}")]
    BadJob { reason: String },
    /// The disk of the working folder.
    #[error("{path}")]
    Disk { path: PathBuf, source: std::io::Error },
    /// Our own worker process could not be started or went away without an answer.
    #[error("the worker process failed: {reason}")]
    Worker { reason: String },
    /// Called off by who wanted it; no process of it is left.
    #[error("called off")]
    Cancelled,
}

/// Something that runs jobs. One value may run several at once.
pub trait Executor: Send + Sync {
    /// Name and version for people and evidence.
    fn name(&self) -> EngineName;

    /// Runs a job. `folder` is empty, on a disk with room for the outputs, and the caller's to remove whatever comes
    /// back; an error or an end other than success leaves nothing in it that counts.
    ///
    /// # Errors
    /// `PerformError` when the run could not be tried; whatever the program itself does is an [`End`].
    fn perform(&self, job: &Job, folder: &Path) -> Result<Performed, PerformError> {
        self.perform_until(job, folder, &Cancel::default())
    }

    /// As `perform`, and ends the run when it is called off.
    ///
    /// # Errors
    /// As `perform`; `PerformError::Cancelled` once no process of the run is left.
    fn perform_until(&self, job: &Job, folder: &Path, cancel: &Cancel) -> Result<Performed, PerformError>;
}
