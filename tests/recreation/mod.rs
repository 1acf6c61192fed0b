//! Executors of recreation against programs that are honest and programs that are not.

mod native;
mod wasi;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use perennial::codec::sha256;
use perennial::recreation::perform::{End, Executor, ExecutorKind, Job, JobFile, LimitKind, Limits, Performed};

/// The perennial program.
fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_perennial").into()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of a job as it is now.
fn file(name: &str, path: &Path) -> JobFile {
    let bytes = std::fs::read(path).unwrap();
    JobFile { name: name.to_owned(), path: path.to_owned(), sha256: sha256(&bytes), bytes: bytes.len() as u64 }
}

/// A job of a program with small limits, one argument and the output `result`.
fn job(executor: ExecutorKind, program: &Path, word: &str) -> Job {
    Job {
        executor,
        program: file("program", program),
        argv: vec!["/program/program".to_owned(), word.to_owned()],
        environment: BTreeMap::new(),
        clock_ns: 1_500_000_000_123_456_789,
        seed: 7,
        stdin: None,
        stdout: None,
        inputs: Vec::new(),
        tools: Vec::new(),
        outputs: vec!["result".to_owned()],
        root: None,
        limits: Limits {
            wall_ms: 20_000,
            cpu_ms: 20_000,
            memory_bytes: 64 << 20,
            output_bytes: 4 << 20,
            output_files: 50,
            processes: 20,
            fuel: 0,
        },
    }
}

/// Runs a job in a new folder, which is kept as long as the answer's second part.
fn perform(executor: &dyn Executor, job: &Job) -> (Performed, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let performed = executor.perform(job, folder.path()).unwrap();
    assert!(performed.end.is_success() || (performed.outputs.is_empty() && performed.others.is_empty()));
    (performed, folder)
}

fn limit(which: LimitKind) -> End {
    End::Limit { which }
}

/// The bytes of the first output.
fn output(performed: &Performed) -> Vec<u8> {
    assert!(performed.end.is_success(), "{:?}: {}", performed.end, performed.log);
    let produced = &performed.outputs[0];
    let bytes = std::fs::read(&produced.path).unwrap();
    assert_eq!((sha256(&bytes), bytes.len() as u64), (produced.sha256, produced.bytes));
    bytes
}

/// A file of the real records beside the project; none with a note where they are not.
fn shared(path: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("PERENNIAL_SHARED").map(PathBuf::from) else {
        eprintln!("skipped: PERENNIAL_SHARED is not set");
        return None;
    };
    Some(folder.join("corpus").join(path))
}

/// Processes of this machine whose command line has a word.
fn processes_with(word: &str) -> Vec<String> {
    let listed = std::fs::read_dir("/proc").unwrap();
    let commands = listed.filter_map(|found| std::fs::read(found.ok()?.path().join("cmdline")).ok());
    let commands = commands.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "));
    commands.filter(|command| command.contains(word)).collect()
}
