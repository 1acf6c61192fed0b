//! Runs one task: fetches and checks its inputs, runs it in the sandbox, and hands over its outputs. Whatever happens, its
//! folder goes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::board::{Outcome, Taken};
use super::check::{Folder, Order, Program, Source, WantedInput};
use super::files::{Beside, CopyError, copy};
use super::queue::Inner;
use super::wire::{OutputLog, State};
use crate::model::Sha256;
use crate::recreation::perform::{Cancel, End, Job, JobFile, PerformError, Performed};
use crate::recreation::run::digest;

/// Bytes of all inputs of a task.
const MAX_INPUT_BYTES: u64 = 16 << 30;

/// Why a task goes no further.
enum Halt {
    /// As the sandbox would say it.
    End(End),
    Cancelled,
    Failed(String),
}

impl From<PerformError> for Halt {
    fn from(error: PerformError) -> Self {
        match error {
            PerformError::Cancelled => Self::Cancelled,
            error => Self::Failed(error.to_string()),
        }
    }
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the folder of a task is left");
        }
    }
}

/// What ended the program, in the log for people and for our own client.
pub(super) const END_PREFIX: &str = "end: ";

fn outcome(state: State, system_logs: Vec<String>) -> Outcome {
    let (said, outputs, metadata) = (String::new(), Vec::new(), BTreeMap::new());
    Outcome { state, exit_code: None, said, outputs, system_logs, metadata }
}

fn end_line(end: &End) -> String {
    format!("{END_PREFIX}{}", serde_json::to_string(end).unwrap_or_default())
}

/// Runs a task to its end.
pub(super) fn run(inner: &Inner, taken: &Taken) -> Outcome {
    let mut logs = taken.order.remarks.clone();
    match perform(inner, taken) {
        Ok(mut outcome) => {
            logs.append(&mut outcome.system_logs);
            outcome.system_logs = logs;
            outcome
        }
        Err(Halt::Cancelled) => outcome(State::Canceled, logs),
        Err(Halt::End(end)) => {
            logs.push(end_line(&end));
            outcome(State::SystemError, logs)
        }
        Err(Halt::Failed(reason)) => {
            tracing::warn!(task = taken.id, reason, "a task could not be run");
            logs.push(reason);
            outcome(State::SystemError, logs)
        }
    }
}

fn perform(inner: &Inner, taken: &Taken) -> Result<Outcome, Halt> {
    let folder = inner.work.join("runs").join(&taken.id);
    let failed = |error: std::io::Error| Halt::Failed(format!("the working folder: {error}"));
    std::fs::create_dir(&folder).map_err(failed)?;
    let scratch = Scratch(folder);
    let job = job(inner, taken, &scratch.0)?;
    let out = scratch.0.join("work");
    std::fs::create_dir(&out).map_err(failed)?;
    inner.board().0.started(taken.number, inner.now());
    let performed = inner.executor.perform_until(&job, &out, &taken.cancel)?;
    let mut outcome = concluded(&performed);
    if performed.end.is_success() {
        match hand_over(inner, &taken.order, &performed, &taken.cancel) {
            Ok(outputs) => {
                outcome.outputs = outputs;
                let digests = performed
                    .outputs
                    .iter()
                    .map(|made| (format!("sha256:/out/{}", made.name), made.sha256.to_string()));
                outcome.metadata.extend(digests);
            }
            Err(Halt::Failed(reason)) => {
                outcome.state = State::SystemError;
                outcome.system_logs.push(reason);
            }
            Err(halt) => return Err(halt),
        }
    }
    Ok(outcome)
}

/// How the sandbox says it went, in words of TES.
fn concluded(performed: &Performed) -> Outcome {
    let state = match performed.end {
        End::Exited { code: 0 } => State::Complete,
        End::InputChanged { .. } | End::InputMissing { .. } | End::NotIsolated { .. } => State::SystemError,
        _ => State::ExecutorError,
    };
    let mut made = outcome(state, vec![end_line(&performed.end)]);
    made.exit_code = match performed.end {
        End::Exited { code } => Some(code),
        // As a shell says it.
        End::Signalled { signal } => Some(128 + signal),
        _ => None,
    };
    made.said = performed.log.clone();
    let usage = serde_json::to_string(&performed.usage).unwrap_or_default();
    let layers = serde_json::to_string(&performed.layers).unwrap_or_default();
    made.metadata = BTreeMap::from([
        ("engine".to_owned(), performed.engine.to_string()),
        ("layers".to_owned(), layers),
        ("usage".to_owned(), usage),
    ]);
    made
}

/// Fetches the inputs and says what is run.
fn job(inner: &Inner, taken: &Taken, folder: &Path) -> Result<Job, Halt> {
    let order = &*taken.order;
    let (mut inputs, mut tools, mut left) = (Vec::new(), Vec::new(), MAX_INPUT_BYTES);
    for (number, wanted) in order.inputs.iter().enumerate() {
        let file = fetch(inner, taken, wanted, (folder.join(number.to_string()), left))?;
        left = left.saturating_sub(file.bytes);
        match wanted.folder {
            Folder::In => inputs.push(file),
            Folder::Program => tools.push(file),
        }
    }
    let program = program(order, &mut tools)?;
    let executor = taken.task.executors.first();
    Ok(Job {
        executor: order.executor,
        program,
        argv: executor.map(|executor| executor.command.clone()).unwrap_or_default(),
        environment: executor.map(|executor| executor.env.clone()).unwrap_or_default(),
        clock_ns: order.clock_ns,
        seed: order.seed,
        stdin: order.stdin.clone(),
        stdout: order.stdout.clone(),
        inputs,
        tools,
        outputs: order.outputs.iter().map(|output| output.name.clone()).chain(hidden_stdout(order)).collect(),
        root: None,
        limits: order.limits,
    })
}

/// Standard output that goes to a file which nobody fetches.
fn hidden_stdout(order: &Order) -> Option<String> {
    let name = order.stdout.as_ref()?;
    (!order.outputs.iter().any(|output| output.name == *name)).then(|| name.clone())
}

/// Copies an input into the folder of the run, where nobody else can change it.
fn fetch(inner: &Inner, taken: &Taken, wanted: &WantedInput, (path, left): (PathBuf, u64)) -> Result<JobFile, Halt> {
    let missing = |reason: String| Halt::End(End::InputMissing { name: wanted.name.clone(), reason });
    let mut to = File::create_new(&path).map_err(|error| Halt::Failed(format!("the working folder: {error}")))?;
    let copied = match &wanted.source {
        Source::Inline(number) => {
            let content = taken.task.inputs.get(*number).and_then(|input| input.content.as_deref()).unwrap_or_default();
            copy(&mut content.as_bytes(), &mut to, left, &taken.cancel)
        }
        Source::Shared(file) => {
            let mut from = inner.shared.read(file).map_err(|error| missing(error.to_string()))?;
            copy(&mut from, &mut to, left, &taken.cancel)
        }
    };
    let (found, bytes) = copied.map_err(|error| match error {
        CopyError::Cancelled => Halt::Cancelled,
        error => missing(error.to_string()),
    })?;
    if let Some(expected) = wanted.sha256.filter(|expected| *expected != found) {
        return Err(Halt::End(End::InputChanged { name: wanted.name.clone(), expected, found }));
    }
    Ok(JobFile { name: wanted.name.clone(), path, sha256: found, bytes })
}

/// What is started, taken from the files beside it or found on this machine.
fn program(order: &Order, tools: &mut Vec<JobFile>) -> Result<JobFile, Halt> {
    let missing = |name: &str, reason: String| Halt::End(End::InputMissing { name: name.to_owned(), reason });
    match &order.program {
        Program::Module(sha256) => {
            let at = tools.iter().position(|tool| tool.sha256 == *sha256);
            let at =
                at.ok_or_else(|| missing("the module", format!("no input below /program has the sha256 {sha256}")))?;
            Ok(tools.remove(at))
        }
        Program::Input if tools.is_empty() => Err(missing("the program", "no input is below /program".to_owned())),
        Program::Input => Ok(tools.remove(0)),
        Program::Machine { path, sha256 } => machine(path, *sha256),
    }
}

/// A program of this machine; where none of its digests is promised it is taken as it is.
fn machine(path: &Path, expected: Option<Sha256>) -> Result<JobFile, Halt> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let missing =
        |error: std::io::Error| Halt::End(End::InputMissing { name: name.clone(), reason: error.to_string() });
    // Such paths are often links, as /bin/sh; the executor follows none.
    let path = path.canonicalize().map_err(missing)?;
    if !path.is_file() {
        return Err(missing(std::io::Error::other("not a plain file")));
    }
    let (found, bytes) = digest(&path).map_err(missing)?;
    Ok(JobFile { name, path, sha256: expected.unwrap_or(found), bytes })
}

/// Copies the outputs to where the client wants them: all of them, or none under its name.
fn hand_over(inner: &Inner, order: &Order, performed: &Performed, cancel: &Cancel) -> Result<Vec<OutputLog>, Halt> {
    let mut made: Vec<(Beside, OutputLog)> = Vec::with_capacity(order.outputs.len());
    for (wanted, produced) in order.outputs.iter().zip(&performed.outputs) {
        let failed = |error: CopyError| match error {
            CopyError::Cancelled => Halt::Cancelled,
            error => Halt::Failed(format!("output {}: {error}", wanted.name)),
        };
        let mut from = File::open(&produced.path).map_err(|error| failed(error.into()))?;
        let beside = inner.shared.write_beside(&wanted.to, &mut from, cancel).map_err(failed)?;
        if beside.sha256 != Some(produced.sha256) {
            return Err(Halt::Failed(format!("output {}: the bytes changed while they were copied", wanted.name)));
        }
        let (url, path, size_bytes) = (wanted.url.clone(), format!("/out/{}", wanted.name), beside.bytes.to_string());
        made.push((beside, OutputLog { url, path, size_bytes }));
    }
    for (beside, log) in &mut made {
        beside.publish().map_err(|error| Halt::Failed(format!("output {}: {error}", log.path)))?;
    }
    Ok(made.into_iter().map(|(_, log)| log).collect())
}
