//! Runs modules of WASI preview 1 in a worker process of this very program. This side starts, watches and ends the
//! worker, and takes what it made; the engine is on the other side, and only in builds with the feature `wasi`.

#[cfg(feature = "wasi")]
mod engine;
#[cfg(feature = "wasi")]
mod host;
#[cfg(feature = "wasi")]
mod link;
#[cfg(feature = "wasi")]
mod run;
mod watch;
mod wire;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Instant;

pub use worker::run_wasi_worker;

use super::cancel::Cancel;
use super::collect::collect;
use super::end::End;
use super::files::{job_is_sound, make_folder};
use super::job::{EngineName, Executor, ExecutorKind, Job, PerformError, Performed, Usage, WasiEngine};
use super::stamp::Stamps;
use watch::Outcome;
use wire::{Order, Ran};

/// Version of wasmtime in `Cargo.lock`; a test keeps both the same.
const WASMTIME_VERSION: &str = "48.0.8";

/// What of the profile holds in every run; `docs/recreation-executors.md` says what it means.
const PROFILE: &str = "wasi-preview1-deterministic/1";

/// Runs modules on one engine.
#[derive(Debug)]
pub struct WasiExecutor {
    program: PathBuf,
    cache: PathBuf,
    engine: WasiEngine,
}

impl WasiExecutor {
    /// `program` is the perennial program, which is started as `PROGRAM wasi-worker`; `cache` a folder of compiled modules,
    /// made when missing, that nobody else may write: what lies there is run.
    pub fn new(program: PathBuf, cache: PathBuf, engine: WasiEngine) -> Self {
        Self { program, cache, engine }
    }

    fn order(&self, job: &Job, scratch: &Path) -> Result<Order, PerformError> {
        let disk = |source| PerformError::Disk { path: self.cache.clone(), source };
        std::fs::create_dir_all(&self.cache).map_err(disk)?;
        let cache = self.cache.canonicalize().map_err(disk)?;
        let scratch = scratch.canonicalize().map_err(|source| disk_error(scratch, source))?;
        Ok(Order { job: job.clone(), scratch, cache })
    }

    /// What came back from the worker becomes the answer; files count after exit 0 alone.
    fn conclude(&self, job: &Job, ran: Ran, folders: &Folders, stamps: &Stamps) -> Result<Performed, PerformError> {
        let mut performed = Performed {
            end: ran.end,
            engine: self.name(),
            layers: [vec![PROFILE.to_owned(), "worker process".to_owned()], ran.layers].concat(),
            outputs: Vec::new(),
            others: Vec::new(),
            log: ran.log,
            usage: ran.usage,
        };
        if performed.end.is_success() {
            publish(&ran.written, folders)?;
            match collect(job, &folders.out)? {
                Ok(collected) => (performed.outputs, performed.others) = (collected.outputs, collected.others),
                Err(end) => performed.end = end,
            }
        }
        if let Some(changed) = stamps.changed(job) {
            performed.end = changed;
        }
        if !performed.end.is_success() {
            performed.outputs.clear();
            performed.others.clear();
        }
        Ok(performed)
    }
}

/// The folders of one run: numbered files while it goes, named ones after it.
struct Folders {
    scratch: PathBuf,
    out: PathBuf,
}

impl Executor for WasiExecutor {
    fn name(&self) -> EngineName {
        let engine = match self.engine {
            WasiEngine::Cranelift => "cranelift",
            WasiEngine::Pulley => "pulley",
        };
        EngineName(format!("wasmtime {WASMTIME_VERSION} {engine}"))
    }

    fn perform_until(&self, job: &Job, folder: &Path, cancel: &Cancel) -> Result<Performed, PerformError> {
        if job.executor != (ExecutorKind::Wasi { engine: self.engine }) {
            return Err(PerformError::BadJob { reason: format!("{} is not what the job asks for", self.name()) });
        }
        job_is_sound(job)?;
        if job.root.is_some() {
            return Err(PerformError::BadJob { reason: "a WebAssembly program has no root file system".to_owned() });
        }
        let started = Instant::now();
        let stamps = Stamps::take(job);
        let folders = Folders { scratch: make_folder(folder, "scratch")?, out: make_folder(folder, "out")? };
        let order = self.order(job, &folders.scratch)?;
        let mut ran = match watch::run(&self.program, &order, cancel)? {
            Outcome::Answered(ran) => *ran,
            Outcome::Killed { which, usage } => Ran::ended(End::Limit { which }, usage),
        };
        ran.usage.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let performed = self.conclude(job, ran, &folders, &stamps);
        // What is left there counts for nothing, and the caller removes the folder.
        let _ = std::fs::remove_dir_all(&folders.scratch);
        performed
    }
}

impl Ran {
    fn ended(end: End, usage: Usage) -> Self {
        Self { end, layers: Vec::new(), log: String::new(), written: Vec::new(), usage }
    }
}

/// Gives the scratch files of `/out` their names. The worker is not believed: numbers and plain names only.
fn publish(written: &[(String, u64)], folders: &Folders) -> Result<(), PerformError> {
    for (name, number) in written {
        let is_plain = Path::new(name).file_name().is_some_and(|last| last == name.as_str());
        if !is_plain {
            return Err(PerformError::Worker { reason: format!("it wrote a file named {name:?}") });
        }
        let (from, to) = (folders.scratch.join(number.to_string()), folders.out.join(name));
        std::fs::rename(&from, &to).map_err(|source| disk_error(&to, source))?;
    }
    Ok(())
}

fn disk_error(path: &Path, source: std::io::Error) -> PerformError {
    PerformError::Disk { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_named_in_evidence_is_the_one_that_is_built() {
        let lock = include_str!("../../../../Cargo.lock");
        let wanted = format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"");
        assert!(lock.contains(&wanted), "{wanted}");
    }
}
