//! All executors of this program behind one: each job goes to the one that it asks for.

use std::path::{Path, PathBuf};

use super::perform::{
    Cancel, EngineName, Executor, ExecutorKind, Job, NativeExecutor, PerformError, Performed, WasiEngine, WasiExecutor,
};

/// The sandbox, and both engines of WebAssembly.
#[derive(Debug)]
pub struct Executors {
    native: NativeExecutor,
    cranelift: WasiExecutor,
    pulley: WasiExecutor,
}

impl Executors {
    /// `program` is the perennial program itself, which is started as worker and as sandbox; `cache` a folder of compiled
    /// modules that may be deleted at any time.
    pub fn new(program: PathBuf, cache: PathBuf) -> Self {
        let wasi = |engine| WasiExecutor::new(program.clone(), cache.clone(), engine);
        let (cranelift, pulley) = (wasi(WasiEngine::Cranelift), wasi(WasiEngine::Pulley));
        Self { native: NativeExecutor::new(program), cranelift, pulley }
    }

    fn of(&self, kind: ExecutorKind) -> &dyn Executor {
        match kind {
            ExecutorKind::Native => &self.native,
            ExecutorKind::Wasi { engine: WasiEngine::Cranelift } => &self.cranelift,
            ExecutorKind::Wasi { engine: WasiEngine::Pulley } => &self.pulley,
        }
    }
}

impl Executor for Executors {
    fn name(&self) -> EngineName {
        EngineName(format!("{}; {}; {}", self.native.name(), self.cranelift.name(), self.pulley.name()))
    }

    fn perform_until(&self, job: &Job, folder: &Path, cancel: &Cancel) -> Result<Performed, PerformError> {
        self.of(job.executor).perform_until(job, folder, cancel)
    }
}
