//! `perennial wasi-worker`: the process in which WebAssembly programs of recipes run. Started by the service alone, never
//! by people.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::recreation::perform::run_wasi_worker;

/// Runs one program that is described on standard input.
#[derive(Debug, Args)]
pub struct WasiWorker {}

impl WasiWorker {
    pub fn run(self) -> Result<ExitCode, Failure> {
        run_wasi_worker()?;
        Ok(ExitCode::SUCCESS)
    }
}
