//! Runs one job in isolation and says how it ended. Decides nothing about recipes, and compares nothing.

mod job;

pub use end::{End, LimitKind};
pub use job::{
    EngineName, Executor, ExecutorKind, Job, JobFile, Limits, PerformError, Performed, Produced, Usage, WasiEngine,
};

mod end;
