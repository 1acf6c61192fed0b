//! Inside the sandbox: process 1. Confines itself once more, starts the program, reaps what is orphaned, and ends with
//! the program's own end; with process 1 the kernel ends everything else. `perennial sandbox-exec` is started by the
//! service alone.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use crate::recreation::perform::confine::{Allowed, confine};

/// First line on standard error, before the program can write there: the sandbox stands. Followed by its layers.
pub(super) const STANDS: &str = "perennial-sandbox: ";

/// What a shell answers when a program cannot be started.
const CANNOT_START: i32 = 127;

/// What a shell adds to the number of the signal that ended a program.
pub(super) const SIGNALLED: i32 = 128;

/// Runs a command line as process 1 of a sandbox; the answer is the exit code for bubblewrap.
pub fn run_sandbox_exec(command: &[OsString]) -> i32 {
    let layer = match confine(&allowed()) {
        Ok(layer) => layer.unwrap_or_default(),
        Err(reason) => {
            eprintln!("{reason}");
            return CANNOT_START;
        }
    };
    eprintln!("{STANDS}{layer}");
    let Some((program, arguments)) = command.split_first() else { return CANNOT_START };
    let child = match Command::new(program).args(arguments).spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{}: {error}", Path::new(program).display());
            return CANNOT_START;
        }
    };
    let status = i32::try_from(child.id()).ok().and_then(Pid::from_raw).and_then(wait_for);
    status.map_or(CANNOT_START, |status| code_of(ExitStatus::from_raw(status)))
}

/// All may be read, which is little here; only the program's own folders and devices may be written.
fn allowed() -> Allowed<'static> {
    let write = ["/out", "/tmp", "/dev", "/proc"].into_iter().map(Path::new);
    Allowed { read: vec![Path::new("/")], write: write.collect() }
}

/// Waits for one process, and for every orphan that ends before it.
fn wait_for(program: Pid) -> Option<i32> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == program => return Some(raw(status)),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

fn raw(status: WaitStatus) -> i32 {
    status.as_raw()
}

fn code_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or(0))
}
