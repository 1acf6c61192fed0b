//! `perennial sandbox-exec`: process 1 of the sandbox in which native programs of recipes run. Started by the service
//! alone, never by people.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use crate::recreation::perform::run_sandbox_exec;

/// Starts a program as process 1 of a sandbox.
#[derive(Debug, Args)]
pub struct SandboxExec {
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl SandboxExec {
    pub fn run(self) -> ExitCode {
        ExitCode::from(u8::try_from(run_sandbox_exec(&self.command)).unwrap_or(u8::MAX))
    }
}
