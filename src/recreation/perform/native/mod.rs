//! Runs native programs of this machine in bubblewrap: no network, no other files, nothing left behind. Gives no
//! frozen clock and no seeded chance, and refuses where the isolation is missing.

mod cgroup;
mod command;
mod inner;
mod tree;
mod watch;

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

pub use inner::run_sandbox_exec;

use super::cancel::Cancel;
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

/// The job with a program that may be started: what comes out of an archive has lost the right, so a copy gets it.
fn with_executable_program(job: &Job, folder: &Path) -> Result<Job, PerformError> {
    let mut staged = job.clone();
    let is_started = job.argv.first().is_some_and(|first| *first == format!("/program/{}", job.program.name));
    let mode = std::fs::metadata(&job.program.path).map_or(0, |found| found.permissions().mode());
    if is_started && mode & 0o111 != 0o111 {
        let copy = make_folder(folder, "program")?.join(&job.program.name);
        let disk = |source| PerformError::Disk { path: copy.clone(), source };
        std::fs::copy(&job.program.path, &copy).map_err(disk)?;
        std::fs::set_permissions(&copy, Permissions::from_mode(0o555)).map_err(disk)?;
        staged.program.path = copy;
        if let Err(end) = open_checked(&staged.program) {
            return Err(PerformError::Worker { reason: format!("the program changed while it was copied: {end:?}") });
        }
    }
    Ok(staged)
}

impl Executor for NativeExecutor {
    fn name(&self) -> EngineName {
        EngineName(match self.version() {
            Ok(version) => version.clone(),
            Err(_) => "bubblewrap (missing)".to_owned(),
        })
    }

    fn perform_until(&self, job: &Job, folder: &Path, cancel: &Cancel) -> Result<Performed, PerformError> {
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
        let staged = with_executable_program(job, folder)?;
        let group = cgroup::Group::make(&job.limits);
        let arguments: Vec<OsString> = match command::arguments(&staged, &self.program, &out) {
            Ok(arguments) => arguments,
            Err(reason) => return Ok(self.unstarted(End::NotIsolated { reason })),
        };
        let watched = watch::run(job, &arguments, &out, &group, (started, cancel))?;
        drop(group);
        self.conclude(job, watched, &out, &stamps)
    }
}
