//! Runs native programs of this machine in bubblewrap: no network, no other files, nothing left behind. Gives no
//! frozen clock and no seeded chance, and refuses where the isolation is missing.

mod cgroup;
mod command;
mod inner;
mod tree;
mod watch;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

pub use inner::run_sandbox_exec;

use super::collect::collect;
use super::end::End;
use super::files::{all_of, job_is_sound, make_folder, open_checked};
use super::job::{EngineName, Executor, ExecutorKind, Job, PerformError, Performed, Usage};
use super::stamp::Stamps;
use watch::Watched;

/// Runs native programs.
#[derive(Debug)]
pub struct NativeExecutor {
    program: PathBuf,
    /// Version of bubblewrap, or why it cannot be used.
    probed: OnceLock<Result<String, String>>,
}

impl NativeExecutor {
    /// `program` is the perennial program, which stands inside the sandbox as `PROGRAM sandbox-exec`.
    pub fn new(program: PathBuf) -> Self {
        Self { program, probed: OnceLock::new() }
    }

    fn version(&self) -> &Result<String, String> {
        self.probed.get_or_init(command::version)
    }

    fn unstarted(&self, end: End) -> Performed {
        Performed {
            end,
            engine: self.name(),
            layers: Vec::new(),
            outputs: Vec::new(),
            others: Vec::new(),
            log: String::new(),
            usage: Usage::default(),
        }
    }

    /// What was seen becomes the answer; files count after exit 0 alone.
    fn conclude(&self, job: &Job, watched: Watched, out: &Path, stamps: &Stamps) -> Result<Performed, PerformError> {
        let mut performed = self.unstarted(watched.end);
        performed.layers = watched.layers;
        performed.log = watched.log;
        performed.usage = watched.usage;
        if let Some(changed) = stamps.changed(job) {
            performed.end = changed;
        }
        if performed.end.is_success() {
            match collect(job, out)? {
                Ok(collected) => (performed.outputs, performed.others) = (collected.outputs, collected.others),
                Err(end) => performed.end = end,
            }
        }
        Ok(performed)
    }
}

impl Executor for NativeExecutor {
    fn name(&self) -> EngineName {
        EngineName(match self.version() {
            Ok(version) => version.clone(),
            Err(_) => "bubblewrap (missing)".to_owned(),
        })
    }

    fn perform(&self, job: &Job, folder: &Path) -> Result<Performed, PerformError> {
        if job.executor != ExecutorKind::Native {
            return Err(PerformError::BadJob { reason: "the native executor is not what the job asks for".to_owned() });
        }
        job_is_sound(job)?;
        if job.limits.fuel > 0 {
            return Err(PerformError::BadJob { reason: "a native program has no limit of fuel".to_owned() });
        }
        if let Err(reason) = self.version() {
            return Ok(self.unstarted(End::NotIsolated { reason: reason.clone() }));
        }
        let started = Instant::now();
        let stamps = Stamps::take(job);
        if let Some(end) = all_of(job).find_map(|file| open_checked(file).err()) {
            return Ok(self.unstarted(end));
        }
        let out = make_folder(folder, "out")?;
        let group = cgroup::Group::make(&job.limits);
        let arguments: Vec<OsString> = match command::arguments(job, &self.program, &out) {
            Ok(arguments) => arguments,
            Err(reason) => return Ok(self.unstarted(End::NotIsolated { reason })),
        };
        let watched = watch::run(job, &arguments, &out, &group, started)?;
        drop(group);
        self.conclude(job, watched, &out, &stamps)
    }
}
