//! Starts a worker, gives it its order, and waits within the limits. Nothing that the worker does outlives this call.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::wire::{Order, Ran, Reply};
use crate::recreation::perform::cancel::Cancel;
use crate::recreation::perform::end::LimitKind;
use crate::recreation::perform::job::{Limits, PerformError, Usage};

/// How often time and memory are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Time beyond the limit in which the worker should end itself, with a better answer than being killed.
const GRACE: Duration = Duration::from_millis(500);

/// Memory beyond the program's own: the engine, and the compiler at work.
const ENGINE_BYTES: u64 = 512 << 20;

/// Longest answer: the log and the names of a great many files.
const ANSWER_BYTES: u64 = 64 << 20;

/// Signal that the system sends when the processor time is used up.
const SIGXCPU: i32 = 24;

/// How a worker ended.
pub(super) enum Outcome {
    Answered(Box<Ran>),
    Killed { which: LimitKind, usage: Usage },
}

/// A worker that is ended when this is dropped.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already; waiting takes its entry from the table of processes either way.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn failed(reason: impl std::fmt::Display) -> PerformError {
    PerformError::Worker { reason: reason.to_string() }
}

/// Runs an order to its end.
pub(super) fn run(program: &Path, order: &Order, cancel: &Cancel) -> Result<Outcome, PerformError> {
    let started = Instant::now();
    let text = serde_json::to_vec(order).map_err(failed)?;
    let mut command = Command::new(program);
    command.arg("wasi-worker").env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut worker = Worker(command.spawn().map_err(failed)?);
    let answer = read_apart(&mut worker.0)?;
    give(&mut worker.0, &text);
    let limits = &order.job.limits;
    let mut peak = 0;
    loop {
        match answer.recv_timeout(LOOK) {
            Ok(bytes) => return concluded(&bytes, worker.0.wait().map_err(failed)?, peak),
            Err(RecvTimeoutError::Disconnected) => return Err(failed("its answer cannot be read")),
            Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => return Err(PerformError::Cancelled),
            Err(RecvTimeoutError::Timeout) => {}
        }
        peak = peak.max(memory_of(worker.0.id()));
        if let Some(which) = exceeded(limits, started.elapsed(), peak) {
            return Ok(Outcome::Killed { which, usage: Usage { peak_memory_bytes: peak, ..Usage::default() } });
        }
    }
}

/// Reads the answer on a thread of its own, which ends with the worker.
fn read_apart(child: &mut Child) -> Result<Receiver<Vec<u8>>, PerformError> {
    let stdout = child.stdout.take().ok_or_else(|| failed("it has no standard output"))?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if stdout.take(ANSWER_BYTES).read_to_end(&mut bytes).is_ok() {
            // Whoever waited may have given up.
            let _ = sender.send(bytes);
        }
    });
    Ok(receiver)
}

/// A worker that is gone before it read its order has no answer either, which is what is reported.
fn give(child: &mut Child, order: &[u8]) {
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(order);
    }
}

fn exceeded(limits: &Limits, elapsed: Duration, memory: u64) -> Option<LimitKind> {
    if elapsed > Duration::from_millis(limits.wall_ms).saturating_add(GRACE) {
        return Some(LimitKind::Wall);
    }
    (memory > limits.memory_bytes.saturating_add(ENGINE_BYTES)).then_some(LimitKind::Memory)
}

fn concluded(bytes: &[u8], status: ExitStatus, peak: u64) -> Result<Outcome, PerformError> {
    if status.signal() == Some(SIGXCPU) {
        let usage = Usage { peak_memory_bytes: peak, ..Usage::default() };
        return Ok(Outcome::Killed { which: LimitKind::Cpu, usage });
    }
    match serde_json::from_slice(bytes) {
        Ok(Reply::Ran(ran)) => Ok(Outcome::Answered(Box::new(ran))),
        Ok(Reply::Failed { reason }) => Err(failed(reason)),
        Err(_) => Err(failed(format!("it went away without an answer ({status})"))),
    }
}

/// Bytes of memory of its own that a process has; 0 when it is gone.
fn memory_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}
