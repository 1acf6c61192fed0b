//! One run inside the worker: files checked, module compiled, program run, end read. Publishes nothing.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use wasmtime::{Engine, Error, InstancePre, Module, ResourceLimiter, Store, Trap, UpdateDeadline};

use super::engine::engine;
use super::host::{Host, Opened, Stop};
use super::link::{linker, why_not};
use super::wire::{Order, Ran};
use crate::codec::sha256;
use crate::recreation::perform::confine::{Allowed, confine};
use crate::recreation::perform::end::{End, LimitKind};
use crate::recreation::perform::files::{open_checked, open_plain};
use crate::recreation::perform::job::{ExecutorKind, Job, JobFile, Limits, Usage};

/// Largest module: a hundred times what such programs have.
const MODULE_BYTES: u64 = 64 << 20;

/// How often the limits of time are looked at.
const TICK: Duration = Duration::from_millis(10);

/// Entries of a table of functions.
const TABLE_ENTRIES: usize = 1 << 20;

/// What one program has while it runs.
pub(super) struct Run {
    pub(super) host: Host,
    memory: MemoryBound,
    cpu: CpuClock,
}

/// Bounds linear memory; asking for more ends the run, so that no output depends on how much there was.
struct MemoryBound {
    limit: u64,
    peak: u64,
}

impl ResourceLimiter for MemoryBound {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.limit {
            return Err(Error::new(Stop::Limit(LimitKind::Memory)));
        }
        self.peak = self.peak.max(desired as u64);
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        match desired > TABLE_ENTRIES {
            true => Err(Error::new(Stop::Limit(LimitKind::Memory))),
            false => Ok(true),
        }
    }
}

/// Processor time of the thread that asks. Its file is opened before anything is forbidden.
struct CpuClock(Option<File>);

impl CpuClock {
    fn open() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    /// Zero where the system does not say; the limit of the whole process holds all the same.
    fn used(&self) -> Duration {
        let mut text = [0u8; 64];
        let read = self.0.as_ref().and_then(|file| file.read_at(&mut text, 0).ok()).unwrap_or(0);
        let first = text.get(..read).and_then(|text| std::str::from_utf8(text).ok()).and_then(|t| t.split(' ').next());
        Duration::from_nanos(first.and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0))
    }
}

/// A run that ended before a program was started.
fn unstarted(end: End, layers: Vec<String>) -> Ran {
    Ran { end, layers, log: String::new(), written: Vec::new(), usage: Usage::default() }
}

/// Runs an order.
///
/// # Errors
/// A reason that lies in this machine and not in the program.
pub(super) fn run(order: &Order) -> Result<Ran, String> {
    let started = Instant::now();
    let cpu = CpuClock::open();
    let job = &order.job;
    let (bytes, opened) = match open_all(job) {
        Ok(all) => all,
        Err(end) => return Ok(unstarted(end, Vec::new())),
    };
    let allowed = Allowed { read: Vec::new(), write: vec![&order.scratch, &order.cache] };
    let layers: Vec<String> = confine(&allowed)?.into_iter().collect();
    let ExecutorKind::Wasi { engine: kind } = job.executor else { return Err("not a job for WASI".to_owned()) };
    let engine = engine(kind, job.limits.fuel > 0, &order.cache).map_err(|error| error.to_string())?;
    let module = match Module::new(&engine, &bytes) {
        Ok(module) => module,
        Err(error) => return Ok(unstarted(End::Refused { reason: format!("no module: {error:#}") }, layers)),
    };
    drop(bytes);
    if let Some(reason) = why_not(&module) {
        return Ok(unstarted(End::Refused { reason }, layers));
    }
    let host = Host::new(job, opened, order.scratch.clone()).map_err(|stop| stop.to_string())?;
    let run = Run { host, memory: MemoryBound { limit: job.limits.memory_bytes, peak: 0 }, cpu };
    let mut store = Store::new(&engine, run);
    bound(&mut store, &job.limits, started)?;
    let pre = match linker(&engine).map_err(|error| error.to_string())?.instantiate_pre(&module) {
        Ok(pre) => pre,
        Err(error) => return Ok(unstarted(End::Refused { reason: format!("{error:#}") }, layers)),
    };
    let result = start(&engine, &pre, &mut store);
    concluded(result, store, &job.limits, layers)
}

/// All files of a job, checked: the module's bytes, and what the program sees.
fn open_all(job: &Job) -> Result<(Vec<u8>, Opened), End> {
    let bytes = module_bytes(&job.program)?;
    let mut program = vec![held(&job.program)?];
    for tool in &job.tools {
        program.push(held(tool)?);
    }
    let inputs = job.inputs.iter().map(held).collect::<Result<Vec<_>, End>>()?;
    Ok((bytes, Opened { inputs, program }))
}

fn held(wanted: &JobFile) -> Result<(String, File, u64), End> {
    let file = open_checked(wanted)?;
    let length = file.metadata().map_err(|error| missing(wanted, &error))?.len();
    Ok((wanted.name.clone(), file, length))
}

fn missing(wanted: &JobFile, error: &std::io::Error) -> End {
    End::InputMissing { name: wanted.name.clone(), reason: error.to_string() }
}

/// The very bytes that are digested are compiled.
fn module_bytes(program: &JobFile) -> Result<Vec<u8>, End> {
    let file = open_plain(&program.path).map_err(|error| missing(program, &error))?;
    let mut bytes = Vec::new();
    file.take(MODULE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| missing(program, &error))?;
    if bytes.len() as u64 > MODULE_BYTES {
        return Err(End::Refused { reason: format!("the module is larger than {MODULE_BYTES} bytes") });
    }
    let found = sha256(&bytes);
    match found == program.sha256 {
        true => Ok(bytes),
        false => Err(End::InputChanged { name: program.name.clone(), expected: program.sha256, found }),
    }
}

/// Puts the limits on a program that has not begun. Time that compiling took is part of it.
fn bound(store: &mut Store<Run>, limits: &Limits, started: Instant) -> Result<(), String> {
    store.limiter(|run| &mut run.memory);
    if limits.fuel > 0 {
        store.set_fuel(limits.fuel).map_err(|error| error.to_string())?;
    }
    let (wall, processor) = (Duration::from_millis(limits.wall_ms), Duration::from_millis(limits.cpu_ms));
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |context| {
        if started.elapsed() > wall {
            return Err(Error::new(Stop::Limit(LimitKind::Wall)));
        }
        if context.data().cpu.used() > processor {
            return Err(Error::new(Stop::Limit(LimitKind::Cpu)));
        }
        Ok(UpdateDeadline::Continue(1))
    });
    Ok(())
}

fn start(engine: &Engine, pre: &InstancePre<Run>, store: &mut Store<Run>) -> wasmtime::Result<()> {
    let ticking = engine.clone();
    // Ends with the process: the worker has one run.
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TICK);
            ticking.increment_epoch();
        }
    });
    let instance = pre.instantiate(&mut *store)?;
    instance.get_typed_func::<(), ()>(&mut *store, "_start")?.call(&mut *store, ())
}

fn concluded(
    result: wasmtime::Result<()>,
    store: Store<Run>,
    limits: &Limits,
    layers: Vec<String>,
) -> Result<Ran, String> {
    let end = match result {
        Ok(()) => End::Exited { code: 0 },
        Err(error) => end_of(&error)?,
    };
    let fuel = if limits.fuel > 0 { limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0)) } else { 0 };
    let run = store.into_data();
    let cpu_ms = u64::try_from(run.cpu.used().as_millis()).unwrap_or(0);
    let usage = Usage { wall_ms: 0, cpu_ms, peak_memory_bytes: run.memory.peak, fuel };
    let (written, log) = run.host.finish();
    let number = |path: &std::path::Path| path.file_name()?.to_str()?.parse().ok();
    let written = written.into_iter().filter_map(|(name, scratch)| Some((name, number(&scratch)?))).collect();
    Ok(Ran { end, layers, log, written, usage })
}

/// What an error of the engine means.
fn end_of(error: &Error) -> Result<End, String> {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Exit(code) => Ok(End::Exited { code: *code }),
            Stop::Limit(which) => Ok(End::Limit { which: *which }),
            Stop::Raised(signal) => Ok(End::Signalled { signal: *signal }),
            Stop::Disk(reason) => Err(reason.clone()),
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Ok(End::Limit { which: LimitKind::Fuel }),
        Some(trap) => Ok(End::Trapped { reason: trap.to_string() }),
        // Such as no room for its memory: types and names were right before it began.
        None => Err(format!("{error:#}")),
    }
}
