//! Runs one job in isolation and says how it ended. Decides nothing about recipes, and compares nothing.

mod collect;
mod confine;
mod end;
mod files;
mod job;
mod log;
mod native;
mod stamp;
mod wasi;

pub use end::{End, LimitKind};
pub use job::{
    EngineName, Executor, ExecutorKind, Job, JobFile, Limits, PerformError, Performed, Produced, Usage, WasiEngine,
};
pub use native::{NativeExecutor, run_sandbox_exec};
pub use wasi::{WasiExecutor, run_wasi_worker};
