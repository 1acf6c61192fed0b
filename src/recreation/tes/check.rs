//! Reads a task and refuses what cannot be honoured: after this it is known what would be run. Touches no file.

use std::path::PathBuf;

use super::files::Below;
use super::wire::{Executor, Resources, Task};
use crate::model::Sha256;
use crate::recreation::perform::{ExecutorKind, Limits, WasiEngine};

/// Names of `backend_parameters` that mean something here; each holds a whole number.
pub const BACKEND_PARAMETERS: [&str; 7] =
    ["wall_ms", "cpu_ms", "memory_bytes", "output_bytes", "output_files", "processes", "fuel"];

/// Longest run.
const MAX_WALL_MS: u64 = 24 * 3_600_000;
/// Memory and output of a run, bytes.
const MAX_BYTES: u64 = 16 << 30;
/// Files of a run, and processes.
const MAX_COUNT: u64 = 100_000;
/// Inputs and outputs of a task, each.
const MAX_FILES: usize = 1_000;

/// Why a task is not taken: the place in it, and what would be right.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct Refused {
    pub place: String,
    pub reason: String,
}

pub(super) fn refused(place: impl Into<String>, reason: impl Into<String>) -> Refused {
    Refused { place: place.into(), reason: reason.into() }
}

/// In which of the sandbox's read-only folders a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folder {
    In,
    Program,
}

/// Where the bytes of an input come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// `content` of the input with this number.
    Inline(usize),
    Shared(Below),
}

#[derive(Debug, Clone)]
pub(super) struct WantedInput {
    pub(super) folder: Folder,
    pub(super) name: String,
    pub(super) source: Source,
    /// What the client says that it is.
    pub(super) sha256: Option<Sha256>,
}

#[derive(Debug, Clone)]
pub(super) struct WantedOutput {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) to: Below,
}

/// What is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Program {
    /// The input with this digest is the module.
    Module(Sha256),
    /// A file among the inputs, or what the interpreter of the command reads.
    Input,
    /// A program of this machine, with its digest where the client says it.
    Machine { path: PathBuf, sha256: Option<Sha256> },
}

/// A task that can be run.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) executor: ExecutorKind,
    pub(super) program: Program,
    pub(super) inputs: Vec<WantedInput>,
    pub(super) outputs: Vec<WantedOutput>,
    pub(super) stdin: Option<String>,
    pub(super) stdout: Option<String>,
    pub(super) clock_ns: i64,
    pub(super) seed: u64,
    pub(super) limits: Limits,
    /// What has no meaning here and may be passed over by the standard; goes into the system logs.
    pub(super) remarks: Vec<String>,
}

/// Reads a task. `below` says which file of the shared folder a URL names.
pub(super) fn read(task: &Task, below: &dyn Fn(&str) -> Result<Below, String>) -> Result<Order, Refused> {
    let [executor] = task.executors.as_slice() else {
        return Err(refused("/executors", "exactly one is run; further steps are further tasks"));
    };
    if !task.volumes.is_empty() {
        return Err(refused("/volumes", "there are none: what a program shall keep it writes to /out"));
    }
    if task.inputs.len() > MAX_FILES || task.outputs.len() > MAX_FILES {
        return Err(refused("", format!("at most {MAX_FILES} inputs and as many outputs")));
    }
    unsupported(executor)?;
    let inputs = inputs(task, below)?;
    let outputs = outputs(task, below)?;
    let (limits, remarks) = limits(task.resources.as_ref())?;
    let kind = kind(&executor.image, task)?;
    let program = program(executor, task, &inputs)?;
    let stdin = named(executor.stdin.as_deref(), "/in/", "/executors/0/stdin")?;
    let stdout = named(executor.stdout.as_deref(), "/out/", "/executors/0/stdout")?;
    if stdin.as_ref().is_some_and(|name| !inputs.iter().any(|input| input.folder == Folder::In && input.name == *name))
    {
        return Err(refused("/executors/0/stdin", "is none of the inputs"));
    }
    let number = |name: &str| task.tags.get(name).map(|text| text.parse::<i64>());
    let clock_ns = number("clock_ns").unwrap_or(Ok(0)).map_err(|_| refused("/tags/clock_ns", "is no whole number"))?;
    let seed = task.tags.get("seed").map_or(Ok(0), |text| text.parse());
    let seed = seed.map_err(|_| refused("/tags/seed", "is no whole number of at least 0"))?;
    known_digests(task, executor, &inputs)?;
    Ok(Order { executor: kind, program, inputs, outputs, stdin, stdout, clock_ns, seed, limits, remarks })
}

fn unsupported(executor: &Executor) -> Result<(), Refused> {
    let at = |member: &str| format!("/executors/0/{member}");
    if executor.command.first().is_none_or(String::is_empty) {
        return Err(refused(at("command"), "is empty: the first word is what is started"));
    }
    if executor.workdir.as_ref().is_some_and(|folder| folder.trim_end_matches('/') != "/out") {
        return Err(refused(at("workdir"), "a program starts in /out"));
    }
    if executor.stderr.is_some() {
        return Err(refused(at("stderr"), "cannot be a file; its last 64 KiB are in the log"));
    }
    match executor.ignore_error {
        Some(true) => Err(refused(at("ignore_error"), "there is no further executor that could go on")),
        _ => Ok(()),
    }
}

/// One path segment below a folder of the sandbox.
fn segment(path: &str, folder: &str) -> Option<String> {
    let name = path.strip_prefix(folder)?;
    let is_plain = !name.is_empty() && name != "." && name != ".." && name.len() <= 255;
    (is_plain && !name.contains('/') && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

fn named(path: Option<&str>, folder: &str, place: &str) -> Result<Option<String>, Refused> {
    let name = |path| segment(path, folder).ok_or_else(|| refused(place, format!("is not {folder}NAME")));
    path.map(name).transpose()
}

fn is_file(kind: Option<&str>, place: &str) -> Result<(), Refused> {
    match kind {
        None | Some("FILE") => Ok(()),
        Some(_) => Err(refused(format!("{place}/type"), "only FILE: name each file of a folder")),
    }
}

fn inputs(task: &Task, below: &dyn Fn(&str) -> Result<Below, String>) -> Result<Vec<WantedInput>, Refused> {
    let mut wanted: Vec<WantedInput> = Vec::with_capacity(task.inputs.len());
    for (number, input) in task.inputs.iter().enumerate() {
        let place = format!("/inputs/{number}");
        is_file(input.kind.as_deref(), &place)?;
        let found = segment(&input.path, "/in/").map(|name| (Folder::In, name));
        let found = found.or_else(|| segment(&input.path, "/program/").map(|name| (Folder::Program, name)));
        let no_path = || refused(format!("{place}/path"), "is neither /in/NAME nor /program/NAME");
        let (folder, name) = found.ok_or_else(no_path)?;
        if wanted.iter().any(|other| (other.folder, &other.name) == (folder, &name)) {
            return Err(refused(format!("{place}/path"), "is named twice"));
        }
        let source = match (&input.content, &input.url) {
            (Some(_), None) => Source::Inline(number),
            (None, Some(url)) => Source::Shared(below(url).map_err(|reason| refused(format!("{place}/url"), reason))?),
            _ => return Err(refused(place, "has either a url or content")),
        };
        let sha256 = digest(task, &input.path)?;
        wanted.push(WantedInput { folder, name, source, sha256 });
    }
    Ok(wanted)
}

fn outputs(task: &Task, below: &dyn Fn(&str) -> Result<Below, String>) -> Result<Vec<WantedOutput>, Refused> {
    let mut wanted: Vec<WantedOutput> = Vec::with_capacity(task.outputs.len());
    for (number, output) in task.outputs.iter().enumerate() {
        let place = format!("/outputs/{number}");
        is_file(output.kind.as_deref(), &place)?;
        if output.path_prefix.is_some() {
            return Err(refused(format!("{place}/path_prefix"), "each output is named: there are no wildcards"));
        }
        let no_path = || refused(format!("{place}/path"), "is not /out/NAME");
        let name = segment(&output.path, "/out/").ok_or_else(no_path)?;
        let to = below(&output.url).map_err(|reason| refused(format!("{place}/url"), reason))?;
        if wanted.iter().any(|other| other.name == name || other.to == to) {
            return Err(refused(place, "is named twice"));
        }
        wanted.push(WantedOutput { name, url: output.url.clone(), to });
    }
    Ok(wanted)
}

fn digest(task: &Task, path: &str) -> Result<Option<Sha256>, Refused> {
    let key = format!("sha256:{path}");
    let parsed = task.tags.get(&key).map(|text| Sha256::parse(text));
    parsed.transpose().map_err(|error| refused(format!("/tags/{key}"), error.to_string()))
}

/// A digest of a file that is not there would be a check that never happens.
fn known_digests(task: &Task, executor: &Executor, inputs: &[WantedInput]) -> Result<(), Refused> {
    for path in task.tags.keys().filter_map(|key| key.strip_prefix("sha256:")) {
        let is_input = task.inputs.iter().any(|input| input.path == path);
        let is_command = executor.command.first().is_some_and(|command| command == path);
        let is_machine = is_command && !inputs.iter().any(|input| input.folder == Folder::Program);
        if !is_input && !is_machine {
            return Err(refused(format!("/tags/sha256:{path}"), "is no input, and not the command"));
        }
    }
    Ok(())
}

fn kind(image: &str, task: &Task) -> Result<ExecutorKind, Refused> {
    let engine = match task.tags.get("engine").map(String::as_str) {
        None | Some("cranelift") => WasiEngine::Cranelift,
        Some("pulley") => WasiEngine::Pulley,
        Some(_) => return Err(refused("/tags/engine", "is cranelift or pulley")),
    };
    match image {
        "native" if task.tags.contains_key("engine") => Err(refused("/tags/engine", "a native program has none")),
        "native" => Ok(ExecutorKind::Native),
        image if image.starts_with("wasi:sha256-") => Ok(ExecutorKind::Wasi { engine }),
        _ => {
            let reason = "is no image of this service: native, or wasi:sha256-HEX of a module among the inputs";
            Err(refused("/executors/0/image", reason))
        }
    }
}

fn program(executor: &Executor, task: &Task, inputs: &[WantedInput]) -> Result<Program, Refused> {
    if let Some(hex) = executor.image.strip_prefix("wasi:sha256-") {
        let sha256 = Sha256::parse(hex).map_err(|error| refused("/executors/0/image", error.to_string()))?;
        return Ok(Program::Module(sha256));
    }
    let command = executor.command.first().map_or("", String::as_str);
    if !command.starts_with('/') {
        return Err(refused("/executors/0/command/0", "a native program is named by its whole path"));
    }
    let has_input = |name: &str| inputs.iter().any(|input| input.folder == Folder::Program && input.name == name);
    if command.strip_prefix("/program/").is_some_and(|name| !has_input(name)) {
        return Err(refused("/executors/0/command/0", "is none of the inputs"));
    }
    if inputs.iter().any(|input| input.folder == Folder::Program) {
        return Ok(Program::Input);
    }
    Ok(Program::Machine { path: command.into(), sha256: digest(task, command)? })
}

/// The limits of a run, and remarks on parameters that mean nothing here.
fn limits(resources: Option<&Resources>) -> Result<(Limits, Vec<String>), Refused> {
    let (mut limits, mut remarks) = (Limits::default(), Vec::new());
    let Some(resources) = resources else { return Ok((limits, remarks)) };
    if !resources.zones.is_empty() {
        return Err(refused("/resources/zones", "there are none here"));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if resources.cpu_cores.is_some_and(|wanted| wanted < 0 || wanted.unsigned_abs() > cores as u64) {
        return Err(refused("/resources/cpu_cores", format!("this machine has {cores}")));
    }
    for (gigabytes, member, limit) in [
        (resources.ram_gb, "ram_gb", &mut limits.memory_bytes),
        (resources.disk_gb, "disk_gb", &mut limits.output_bytes),
    ] {
        let Some(gigabytes) = gigabytes else { continue };
        let bytes = gigabytes * 1e9;
        if !(bytes >= 1.0 && bytes <= MAX_BYTES as f64) {
            return Err(refused(
                format!("/resources/{member}"),
                format!("is not above 0 and at most {MAX_BYTES} bytes"),
            ));
        }
        *limit = bytes as u64;
    }
    let is_strict = resources.backend_parameters_strict.unwrap_or(false);
    for (name, value) in &resources.backend_parameters {
        let place = || format!("/resources/backend_parameters/{name}");
        let (limit, most) = match name.as_str() {
            "wall_ms" => (&mut limits.wall_ms, MAX_WALL_MS),
            "cpu_ms" => (&mut limits.cpu_ms, MAX_WALL_MS * 64),
            "memory_bytes" => (&mut limits.memory_bytes, MAX_BYTES),
            "output_bytes" => (&mut limits.output_bytes, MAX_BYTES),
            "output_files" => (&mut limits.output_files, MAX_COUNT),
            "processes" => (&mut limits.processes, MAX_COUNT),
            "fuel" => (&mut limits.fuel, u64::MAX),
            _ if is_strict => {
                return Err(refused(
                    place(),
                    format!("means nothing here; there are {}", BACKEND_PARAMETERS.join(", ")),
                ));
            }
            _ => {
                remarks.push(format!("backend parameter {name:?} means nothing here and was passed over"));
                continue;
            }
        };
        let number = value.parse().ok().filter(|number| *number <= most && (*number > 0 || name == "fuel"));
        *limit = number.ok_or_else(|| refused(place(), format!("is no whole number from 1 to {most}")))?;
    }
    Ok((limits, remarks))
}
