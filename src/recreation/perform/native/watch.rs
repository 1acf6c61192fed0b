//! Starts the sandbox and watches it to its end. When this returns, no process of the run is left.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::cgroup::Group;
use super::inner::{SIGNALLED, STANDS};
use super::tree::{children_of, is_stopped, processes_below, written_below};
use crate::recreation::perform::cancel::Cancel;
use crate::recreation::perform::end::{End, LimitKind};
use crate::recreation::perform::job::{Job, PerformError, Usage};
use crate::recreation::perform::log::Tail;

/// Joins the groups of its arguments before `--`, sets the limits that the system has for each process, and becomes
/// bubblewrap. A shell does it: a thread of ours that did would take the service along.
const START: &str = r#"while [ "$1" != -- ]; do echo 0 >"$1" || exit 126; shift; done; shift
ulimit -c 0; ulimit -t "$1" || exit 126; ulimit -f "$2" || exit 126; ulimit -v "$3" || exit 126
if [ "$4" != - ]; then ulimit -u "$4" 2>/dev/null || ulimit -p "$4" || exit 126; fi
shift 4; exec bwrap "$@""#;

/// First pause between two looks, and the longest.
const SHORTEST_LOOK: Duration = Duration::from_millis(1);
const LONGEST_LOOK: Duration = Duration::from_millis(20);

/// How long a process may take to stop.
const STOP_PATIENCE: Duration = Duration::from_millis(500);

/// Signals by which the system ends a process at its own limits.
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

/// What was seen of a run.
pub(super) struct Watched {
    pub(super) end: End,
    pub(super) layers: Vec<String>,
    pub(super) log: String,
    pub(super) usage: Usage,
}

/// A sandbox that is ended when this is dropped: bubblewrap takes its namespaces along.
struct Sandbox(Child);

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Bubblewrap that is killed before it has tied its child to itself leaves the child behind. So it is stopped, and
        // what it has begun is ended first: process 1 of the new namespace, which takes all others along.
        if let Some(pid) = rustix::process::Pid::from_raw(self.0.id().cast_signed())
            && rustix::process::kill_process(pid, rustix::process::Signal::STOP).is_ok()
        {
            let until = Instant::now() + STOP_PATIENCE;
            while !is_stopped(self.0.id()) && Instant::now() < until {
                std::thread::sleep(SHORTEST_LOOK);
            }
            for child in children_of(self.0.id())
                .into_iter()
                .filter_map(|child| rustix::process::Pid::from_raw(child.cast_signed()))
            {
                let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
            }
        }
        // It may be gone already; waiting takes its entry from the table of processes either way.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> PerformError {
    let path = path.to_owned();
    move |source| PerformError::Disk { path, source }
}

/// Runs a job whose files are checked.
pub(super) fn run(
    job: &Job,
    arguments: &[OsString],
    out: &Path,
    group: &Group,
    (started, cancel): (Instant, &Cancel),
) -> Result<Watched, PerformError> {
    let mut sandbox = Sandbox(start(job, arguments, out, group)?);
    let (open, closed) = channel();
    let said = [
        sandbox.0.stderr.take().map(|pipe| read_apart(pipe, true, Some(open))),
        sandbox.0.stdout.take().map(|pipe| read_apart(pipe, false, None)),
    ];
    let mut usage = Usage::default();
    let ended = watch(&Watch { job, out, group, started, cancel, closed }, &mut sandbox.0, &mut usage);
    drop(sandbox);
    usage.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    usage.cpu_ms = group.cpu_ms().unwrap_or(usage.cpu_ms);
    usage.peak_memory_bytes = group.peak_memory().unwrap_or(usage.peak_memory_bytes);
    let mut said = said.into_iter().map(|thread| thread.and_then(|thread| thread.join().ok()).unwrap_or_default());
    let (error, output) = (said.next().unwrap_or_default(), said.next().unwrap_or_default());
    Ok(concluded(job, ended?, group, error, output, usage))
}

fn start(job: &Job, arguments: &[OsString], out: &Path, group: &Group) -> Result<Child, PerformError> {
    let limits = &job.limits;
    // A backstop for one process where no group bounds all of them; much is only reserved and never used.
    let address_kib = match group.bounds_memory() {
        true => "unlimited".to_owned(),
        false => (limits.memory_bytes.saturating_mul(4).saturating_add(1 << 30) / 1024).to_string(),
    };
    // The number of processes is that of the whole user in the table of processes: only a backstop, too.
    let processes = if group.bounds_processes() { "-".to_owned() } else { (limits.processes + 4_096).to_string() };
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(START).arg("sandbox").args(group.joined()).arg("--");
    command.arg(limits.cpu_ms.div_ceil(1000).to_string());
    // POSIX counts files in blocks of 512 bytes.
    command.arg((limits.output_bytes / 512 + 1).to_string()).arg(address_kib).arg(processes);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").current_dir("/");
    command.stdin(standard_input(job)?).stdout(standard_output(job, out)?).stderr(Stdio::piped());
    command.spawn().map_err(|error| PerformError::Worker { reason: format!("/bin/sh: {error}") })
}

fn standard_input(job: &Job) -> Result<Stdio, PerformError> {
    let wanted = job.stdin.as_ref().and_then(|name| job.inputs.iter().find(|file| file.name == *name));
    match wanted {
        Some(file) => Ok(File::open(&file.path).map_err(disk(&file.path))?.into()),
        None => Ok(Stdio::null()),
    }
}

fn standard_output(job: &Job, out: &Path) -> Result<Stdio, PerformError> {
    let Some(name) = &job.stdout else { return Ok(Stdio::piped()) };
    let path: PathBuf = out.join(name);
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o644).open(&path);
    Ok(opened.map_err(disk(&path))?.into())
}

/// What was said on one stream: its first line where asked for, and its last part.
#[derive(Default)]
struct Said {
    first: Option<String>,
    tail: Tail,
}

/// Reads a stream on a thread of its own; ends, and drops `open`, with the last process that holds it.
fn read_apart(
    mut pipe: impl Read + Send + 'static,
    has_first_line: bool,
    open: Option<Sender<()>>,
) -> JoinHandle<Said> {
    std::thread::spawn(move || {
        let _open = open;
        let mut said = Said::default();
        let mut head = has_first_line.then(Vec::new);
        let mut block = [0u8; 8192];
        while let Ok(read) = pipe.read(&mut block) {
            let bytes = block.get(..read).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            let Some(mut line) = head.take() else {
                said.tail.push(bytes);
                continue;
            };
            line.extend_from_slice(bytes);
            match line.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    said.first = Some(String::from_utf8_lossy(line.get(..end).unwrap_or_default()).into_owned());
                    said.tail.push(line.get(end + 1..).unwrap_or_default());
                }
                None if line.len() > 4096 => said.tail.push(&line),
                None => head = Some(line),
            }
        }
        if let Some(line) = head {
            said.tail.push(&line);
        }
        said
    })
}

/// How the watching ended.
enum Ended {
    Code(i32),
    Limit(LimitKind),
}

/// What is watched.
struct Watch<'a> {
    job: &'a Job,
    out: &'a Path,
    group: &'a Group,
    started: Instant,
    cancel: &'a Cancel,
    /// Disconnected when standard error is closed everywhere, so that the end is not seen a pause too late.
    closed: Receiver<()>,
}

fn watch(watch: &Watch<'_>, child: &mut Child, usage: &mut Usage) -> Result<Ended, PerformError> {
    let mut pause = SHORTEST_LOOK;
    loop {
        let waited = child.try_wait().map_err(|error| PerformError::Worker { reason: error.to_string() })?;
        if let Some(status) = waited {
            return Ok(Ended::Code(status.code().unwrap_or(SIGNALLED + 9)));
        }
        if watch.cancel.is_cancelled() {
            return Err(PerformError::Cancelled);
        }
        let looked = Instant::now();
        if let Some(which) = exceeded(watch, child.id(), usage) {
            return Ok(Ended::Limit(which));
        }
        // Looking shall cost a fifth of the time at most.
        let waited = watch.closed.recv_timeout(pause.max(looked.elapsed() * 4));
        pause = match waited {
            Err(RecvTimeoutError::Disconnected) => {
                std::thread::sleep(SHORTEST_LOOK / 4);
                SHORTEST_LOOK
            }
            _ => (pause * 2).min(LONGEST_LOOK),
        };
    }
}

fn exceeded(watch: &Watch<'_>, pid: u32, usage: &mut Usage) -> Option<LimitKind> {
    let (group, limits) = (watch.group, &watch.job.limits);
    if watch.started.elapsed() > Duration::from_millis(limits.wall_ms) {
        return Some(LimitKind::Wall);
    }
    let written = written_below(watch.out, limits.output_files);
    if written.files > limits.output_files {
        return Some(LimitKind::Files);
    }
    if written.bytes > limits.output_bytes {
        return Some(LimitKind::Output);
    }
    if group.refused_process() {
        return Some(LimitKind::Processes);
    }
    let is_grouped = group.bounds_memory() && group.bounds_processes() && group.cpu_ms().is_some();
    if !is_grouped {
        let processes = processes_below(pid);
        usage.cpu_ms = usage.cpu_ms.max(processes.cpu_ms);
        usage.peak_memory_bytes = usage.peak_memory_bytes.max(processes.resident_bytes);
        // Two of them are ours: bubblewrap and process 1.
        if processes.count > limits.processes + 2 {
            return Some(LimitKind::Processes);
        }
        if processes.resident_bytes > limits.memory_bytes + (64 << 20) {
            return Some(LimitKind::Memory);
        }
    }
    (group.cpu_ms().unwrap_or(usage.cpu_ms) > limits.cpu_ms).then_some(LimitKind::Cpu)
}

fn concluded(job: &Job, ended: Ended, group: &Group, error: Said, output: Said, usage: Usage) -> Watched {
    let mut log = output.tail;
    let stands = error.first.as_deref().and_then(|line| line.strip_prefix(STANDS)).map(str::to_owned);
    if let (None, Some(line)) = (&stands, &error.first) {
        log.push(line.as_bytes());
        log.push(b"\n");
    }
    log.push(error.tail.into_text().as_bytes());
    let log = log.into_text();
    let mut layers = vec!["bubblewrap: all namespaces, read-only root, no network".to_owned()];
    layers.extend(stands.clone().filter(|layer| !layer.is_empty()));
    layers.extend(group.layers());
    let end = match (ended, &stands) {
        (Ended::Limit(which), _) => End::Limit { which },
        (Ended::Code(_), None) => {
            return Watched { end: End::NotIsolated { reason: reason_of(&log) }, layers: Vec::new(), log, usage };
        }
        (Ended::Code(code), Some(_)) => end_of(job, code, group, &usage),
    };
    Watched { end, layers, log, usage }
}

/// Why there was no sandbox: the last line of what was said.
fn reason_of(log: &str) -> String {
    let last = log.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(|| "the sandbox could not be started".to_owned(), |line| line.trim().chars().take(500).collect())
}

/// What an exit code means, together with what the groups counted.
fn end_of(job: &Job, code: i32, group: &Group, usage: &Usage) -> End {
    let limit = |which| End::Limit { which };
    if group.killed_for_memory() {
        return limit(LimitKind::Memory);
    }
    match code {
        // A program that was refused a process may have done without it, and written something else.
        _ if group.refused_process() => limit(LimitKind::Processes),
        0 => End::Exited { code },
        code if code == SIGNALLED + SIGXCPU || usage.cpu_ms > job.limits.cpu_ms => limit(LimitKind::Cpu),
        code if code == SIGNALLED + SIGXFSZ => limit(LimitKind::Output),
        code if code > SIGNALLED && code < SIGNALLED + 65 => End::Signalled { signal: code - SIGNALLED },
        code => End::Exited { code },
    }
}
