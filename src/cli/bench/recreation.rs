//! Programs of recipes: how long an engine or a sandbox takes to start, and what WebAssembly costs beside the same
//! C program natively. Needs the programs that `scripts/recipes.sh` builds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::figure::{Asked, Figure, Latencies};
use super::usage::processor_time_of_children;
use super::{Bed, Failure, store};
use crate::codec::sha256;
use crate::recreation::perform::{
    Executor, ExecutorKind, Job, JobFile, Limits, NativeExecutor, WasiEngine, WasiExecutor,
};

const NAME: &str = "recreation";

/// Starts of each kind.
const STARTS: u32 = 30;

/// Runs of the program that works, and its rounds: about a second natively.
const WORKS: usize = 5;
const ROUNDS: &str = "4000";

/// The programs of one folder.
struct Programs {
    wasi: PathBuf,
    native: PathBuf,
}

pub fn run(bed: &Bed) -> Result<Vec<Figure>, Failure> {
    let Some(folder) = &bed.programs else {
        return Err(Failure::usage("bench recreation needs --programs DIR, a folder that scripts/recipes.sh made"));
    };
    let programs = Programs { wasi: folder.join("hostile.wasm"), native: folder.join("native").join("hostile") };
    let scratch = store::scratch(bed, NAME)?;
    let own = std::env::current_exe()?;
    let wasi = |engine| WasiExecutor::new(own.clone(), scratch.join("cache"), engine);
    let native = NativeExecutor::new(own.clone());
    let bench = Runs { scratch: &scratch, next: std::cell::Cell::new(0) };
    let mut figures = Vec::new();
    for (engine, name) in [(WasiEngine::Cranelift, "cranelift"), (WasiEngine::Pulley, "pulley")] {
        let job = job(ExecutorKind::Wasi { engine }, &programs.wasi, &["nothing"])?;
        let first = bench.timed(&wasi(engine), &job)?;
        figures.push(Figure::new(NAME, format!("{name}, first run: compiled"), milliseconds(first), "ms"));
        figures.extend(bench.starts(&wasi(engine), &job, &format!("{name}, start after that"), 20.0)?);
    }
    let nothing = job(ExecutorKind::Native, &programs.native, &["nothing"])?;
    figures.extend(bench.starts(&native, &nothing, "sandbox, start of a native program", 10.0)?);
    let work = ["work", ROUNDS];
    let cranelift = ExecutorKind::Wasi { engine: WasiEngine::Cranelift };
    let compiled = bench.fastest(&wasi(WasiEngine::Cranelift), &job(cranelift, &programs.wasi, &work)?)?;
    let natively = bench.fastest(&native, &job(ExecutorKind::Native, &programs.native, &work)?)?;
    figures.push(Figure::new(NAME, "a program that works, natively in the sandbox", natively, "ms"));
    figures.push(Figure::new(NAME, "the same under WASI, cranelift", compiled, "ms"));
    let ratio = if natively > 0.0 { compiled / natively } else { f64::INFINITY };
    figures.push(Figure::new(NAME, "times the native time", ratio, "").asked(Asked::AtMost(4.0)));
    Ok(figures)
}

/// A job without inputs that may write `/out/result`.
fn job(executor: ExecutorKind, program: &Path, words: &[&str]) -> Result<Job, Failure> {
    let bytes = std::fs::read(program).map_err(|error| Failure::usage(format!("{}: {error}", program.display())))?;
    let path = program.canonicalize()?;
    let program = JobFile { name: "program".to_owned(), path, sha256: sha256(&bytes), bytes: bytes.len() as u64 };
    let argv = std::iter::once("/program/program").chain(words.iter().copied()).map(str::to_owned).collect();
    let outputs = if words.first() == Some(&"nothing") { Vec::new() } else { vec!["result".to_owned()] };
    Ok(Job {
        executor,
        program,
        argv,
        environment: BTreeMap::new(),
        clock_ns: 0,
        seed: 0,
        stdin: None,
        stdout: None,
        inputs: Vec::new(),
        tools: Vec::new(),
        outputs,
        root: None,
        limits: Limits::default(),
    })
}

/// Runs jobs, each in a folder of its own.
struct Runs<'a> {
    scratch: &'a Path,
    next: std::cell::Cell<u64>,
}

impl Runs<'_> {
    /// The time of one run, which must succeed.
    fn timed(&self, executor: &dyn Executor, job: &Job) -> Result<Duration, Failure> {
        let folder = self.scratch.join(format!("run{}", self.next.get()));
        self.next.set(self.next.get() + 1);
        std::fs::create_dir_all(&folder)?;
        let started = Instant::now();
        let performed = executor.perform(job, &folder).map_err(|error| Failure::usage(error.to_string()))?;
        let taken = started.elapsed();
        std::fs::remove_dir_all(&folder)?;
        match performed.end.is_success() {
            true => Ok(taken),
            false => Err(Failure::usage(format!("{}: {:?} {}", performed.engine, performed.end, performed.log))),
        }
    }

    /// Many starts: the clock on the wall, and the processor time of all processes of one.
    fn starts(&self, executor: &dyn Executor, job: &Job, what: &str, asked: f64) -> Result<[Figure; 2], Failure> {
        let mut latencies = Latencies::default();
        let before = processor_time_of_children();
        for _ in 0..STARTS {
            latencies.add(self.timed(executor, job)?);
        }
        let processor = processor_time_of_children().saturating_sub(before) / STARTS;
        let wall =
            Figure::new(NAME, format!("{what}, p50"), latencies.percentile(50), "ms").asked(Asked::AtMost(asked));
        Ok([wall, Figure::new(NAME, format!("{what}, processor time"), milliseconds(processor), "ms")])
    }

    /// The fastest of some runs: the machine is shared, and only ever makes a run slower.
    fn fastest(&self, executor: &dyn Executor, job: &Job) -> Result<f64, Failure> {
        let mut fastest = Duration::MAX;
        for _ in 0..WORKS {
            fastest = fastest.min(self.timed(executor, job)?);
        }
        Ok(milliseconds(fastest))
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
