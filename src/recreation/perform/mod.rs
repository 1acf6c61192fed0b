//! Runs one job in isolation and says how it ended. Decides nothing about recipes, and compares nothing.

mod cancel;
mod collect;
mod confine;
mod end;
mod files;
mod job;
mod log;
mod native;
mod stamp;
mod wasi;

pub use cancel::Cancel;
pub use end::{End, LimitKind};
pub use job::{
    EngineName, Executor, ExecutorKind, Job, JobFile, Limits, PerformError, Performed, Produced, Usage, WasiEngine,
};
pub use native::{NativeExecutor, run_sandbox_exec};
pub use wasi::{WasiExecutor, run_wasi_worker};

use std::path::PathBuf;

/// All executors of this machine: where the program and its compiled modules are.
#[derive(Debug, Clone)]
pub struct Executors {
    /// The perennial program, which is started again as worker and inside sandboxes.
    pub program: PathBuf,
    /// Folder of compiled modules, made when missing, that nobody else may write.
    pub cache: PathBuf,
}

impl Executors {
    /// The executor of a kind.
    pub fn of(&self, kind: ExecutorKind) -> Box<dyn Executor> {
        match kind {
            ExecutorKind::Wasi { engine } => {
                Box::new(WasiExecutor::new(self.program.clone(), self.cache.clone(), engine))
            }
            ExecutorKind::Native => Box::new(NativeExecutor::new(self.program.clone())),
        }
    }
}
