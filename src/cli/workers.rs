//! `perennial wasi-worker` and `perennial sandbox-exec`: the processes in which programs of recipes run, or process 1 of
//! their sandbox. Started by the service alone, and for milliseconds: they do without the table of verbs.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::archive::disk::raise_open_files;
use crate::recreation::perform::{run_sandbox_exec, run_wasi_worker};

/// Runs as a worker, when the command line is exactly that of one; `None` for people.
pub fn started_as_worker() -> Option<ExitCode> {
    let mut words = std::env::args_os().skip(1);
    let (verb, next) = (words.next()?, words.next());
    match (verb.to_str()?, next) {
        ("wasi-worker", None) => Some(wasi_worker()),
        ("sandbox-exec", Some(dashes)) if dashes == "--" => {
            let command: Vec<OsString> = words.collect();
            Some(ExitCode::from(u8::try_from(run_sandbox_exec(&command)).unwrap_or(u8::MAX)))
        }
        _ => None,
    }
}

fn wasi_worker() -> ExitCode {
    // Fewer files than wished are an answer of their own, for the job that has too many.
    let _ = raise_open_files();
    match run_wasi_worker() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
