//! A recipe from a run: takes a command with its files, runs it twice in the sandbox, and writes down what it read and made.
//! What a run did not see cannot be in a recipe, so nothing runs outside of the sandbox.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::perform::{
    End, Executor, ExecutorKind, Job, JobFile, Limits, PerformError, Performed, Produced, WasiEngine,
};
use super::run::digest;

/// What is to be recorded.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub title: Option<String>,
    /// The command and its arguments, as they would be typed in the folder where the files are.
    pub command: Vec<String>,
    /// Files that it reads besides those that stand among the arguments.
    pub inputs: Vec<PathBuf>,
    /// Files that it writes, as they stand among the arguments.
    pub outputs: Vec<PathBuf>,
    /// The output that standard output makes.
    pub stdout: Option<PathBuf>,
    pub environment: BTreeMap<String, String>,
    /// RFC 3339, UTC, and the same in nanoseconds since 1970-01-01T00:00:00Z.
    pub clock: Option<(String, i64)>,
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The recipe without an id, and without `storage` of its files.
    pub recipe: Value,
    /// Files that are kept with the recipe, by the names in it.
    pub files: Vec<JobFile>,
    pub inputs: Vec<JobFile>,
    /// What the first run made, by the names in the recipe.
    pub outputs: Vec<Produced>,
    /// Whether the second run made the same bytes.
    pub is_deterministic: bool,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("give a command")]
    NoCommand,
    #[error("{0} is not found in /usr/local/bin, /usr/bin or /bin")]
    NoSuchCommand(String),
    #[error("two files are named {0:?}: their names within the sandbox would be the same")]
    SameName(String),
    #[error("{} cannot be read", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the command did not end well: {end}\n{log}")]
    Failed { end: String, log: String },
    #[error(transparent)]
    Perform(#[from] PerformError),
}

/// How the files of a command are seen in the sandbox.
struct Layout {
    executor: ExecutorKind,
    argv: Vec<String>,
    program: JobFile,
    /// The program is kept with the recipe; else it is a command of the machine.
    is_kept: bool,
    tools: Vec<JobFile>,
    inputs: Vec<JobFile>,
    outputs: Vec<String>,
}

/// Runs a command twice and writes its recipe. `folder` is empty and the caller's to remove.
///
/// # Errors
/// `RecordError`.
pub fn record(executor: &dyn Executor, wanted: &Wanted, folder: &Path) -> Result<Recorded, RecordError> {
    let layout = lay_out(wanted)?;
    let first = perform(executor, wanted, &layout, &folder.join("first"))?;
    let second = perform(executor, wanted, &layout, &folder.join("second"))?;
    let digests = |performed: &Performed| performed.outputs.iter().map(|output| output.sha256).collect::<Vec<_>>();
    let is_deterministic = digests(&first) == digests(&second);
    let recipe = recipe(wanted, &layout, &first, is_deterministic);
    let mut files = layout.tools;
    if layout.is_kept {
        files.insert(0, layout.program);
    }
    Ok(Recorded { recipe, files, inputs: layout.inputs, outputs: first.outputs, is_deterministic })
}

fn lay_out(wanted: &Wanted) -> Result<Layout, RecordError> {
    let (command, arguments) = wanted.command.split_first().ok_or(RecordError::NoCommand)?;
    let stdout = wanted.stdout.iter().cloned();
    let outputs: Vec<PathBuf> = wanted.outputs.iter().cloned().chain(stdout).collect();
    let is_output = |argument: &str| outputs.iter().any(|output| output == Path::new(argument));
    let mut inputs: Vec<JobFile> = wanted.inputs.iter().map(|path| file(path)).collect::<Result<_, _>>()?;
    let own = Path::new(command).is_file() && command.contains('/');
    let path = if own { PathBuf::from(command) } else { find_command(command)? };
    let mut program = file(&path)?;
    let is_module = program.name.ends_with(".wasm");
    let mut argv = vec![match (is_module, own) {
        (true, _) => program.name.clone(),
        (false, true) => format!("/program/{}", program.name),
        (false, false) => path.display().to_string(),
    }];
    let (mut is_kept, mut tools) = (own, Vec::new());
    for argument in arguments {
        let path = Path::new(argument);
        if is_output(argument) {
            argv.push(format!("/out/{}", name_of(path)));
        } else if path.is_file() {
            let read = file(path)?;
            let is_script = argv.len() == 1 && !own && wanted.inputs.iter().all(|input| input != path);
            if is_script {
                // The interpreter is the machine's; what it interprets is the program.
                argv.push(format!("/program/{}", read.name));
                (program, is_kept) = (read, true);
            } else {
                argv.push(format!("/in/{}", read.name));
                if !inputs.iter().any(|known| known.path == read.path) {
                    inputs.push(read);
                }
            }
        } else {
            argv.push(argument.clone());
        }
    }
    let names: Vec<String> = outputs.iter().map(|path| name_of(path)).collect();
    all_different(inputs.iter().map(|input| &input.name))?;
    all_different(names.iter())?;
    let executor = if is_module { ExecutorKind::Wasi { engine: WasiEngine::Cranelift } } else { ExecutorKind::Native };
    tools.retain(|tool: &JobFile| tool.name != program.name);
    Ok(Layout { executor, argv, program, is_kept, tools, inputs, outputs: names })
}

fn all_different<'n>(names: impl Iterator<Item = &'n String>) -> Result<(), RecordError> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(RecordError::SameName(name.clone()));
        }
    }
    Ok(())
}

fn find_command(name: &str) -> Result<PathBuf, RecordError> {
    let named = Path::new(name);
    if named.is_absolute() && named.is_file() {
        return Ok(named.to_owned());
    }
    let folders = ["/usr/local/bin", "/usr/bin", "/bin"];
    let found = folders.into_iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    found.ok_or_else(|| RecordError::NoSuchCommand(name.to_owned()))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn file(path: &Path) -> Result<JobFile, RecordError> {
    let unreadable = |source| RecordError::Unreadable { path: path.to_owned(), source };
    let (sha256, bytes) = digest(path).map_err(unreadable)?;
    Ok(JobFile { name: name_of(path), path: path.canonicalize().map_err(unreadable)?, sha256, bytes })
}

fn perform(executor: &dyn Executor, wanted: &Wanted, layout: &Layout, folder: &Path) -> Result<Performed, RecordError> {
    let unreadable = |source| RecordError::Unreadable { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(unreadable)?;
    let job = Job {
        executor: layout.executor,
        program: layout.program.clone(),
        argv: layout.argv.clone(),
        environment: wanted.environment.clone(),
        clock_ns: wanted.clock.as_ref().map_or(0, |(_, clock)| *clock),
        seed: wanted.seed,
        stdin: None,
        stdout: wanted.stdout.as_deref().map(name_of),
        inputs: layout.inputs.clone(),
        tools: layout.tools.clone(),
        outputs: layout.outputs.clone(),
        root: None,
        limits: Limits::default(),
    };
    let performed = executor.perform(&job, folder)?;
    if performed.end.is_success() {
        return Ok(performed);
    }
    let end = match &performed.end {
        End::Exited { code } => format!("exit code {code}"),
        // Strings and numbers: serde_json has no failure for these.
        end => serde_json::to_string(end).unwrap_or_default(),
    };
    Err(RecordError::Failed { end, log: performed.log })
}

fn recipe(wanted: &Wanted, layout: &Layout, made: &Performed, is_deterministic: bool) -> Value {
    let input = |file: &JobFile| json!({"name": file.name, "sha256": file.sha256, "bytes": file.bytes});
    let output = |made: &Produced| json!({"name": made.name, "sha256": made.sha256, "bytes": made.bytes, "compare": {"rule": "bytes"}});
    let kept = layout.is_kept.then_some(&layout.program).into_iter().chain(&layout.tools);
    let program = match layout.is_kept {
        true => json!({"file": layout.program.name}),
        false => json!({"command": layout.argv.first(), "sha256": layout.program.sha256}),
    };
    let (kind, profile) = match layout.executor {
        ExecutorKind::Wasi { .. } => ("wasi", "wasi-preview1/1"),
        ExecutorKind::Native => ("native", "sandbox/1"),
    };
    let claim = if is_deterministic { "bytes" } else { "none" };
    let mut recipe = json!({
        "kind": "recipe",
        "executor": {"kind": kind, "profile": profile},
        "program": program,
        "argv": layout.argv,
        "inputs": layout.inputs.iter().map(input).collect::<Vec<_>>(),
        "outputs": made.outputs.iter().map(output).collect::<Vec<_>>(),
        "files": kept.map(|file| json!({"name": file.name, "role": "program"})).collect::<Vec<_>>(),
        "built_with": {"engine": made.engine},
        "determinism": {"claim": claim, "why": "two runs were compared when the recipe was recorded"},
    });
    let Some(members) = recipe.as_object_mut() else { return recipe };
    if let Some(title) = &wanted.title {
        members.insert("title".to_owned(), title.clone().into());
    }
    if let Some(stdout) = &wanted.stdout {
        members.insert("stdout".to_owned(), name_of(stdout).into());
    }
    if !wanted.environment.is_empty() {
        members.insert("environment".to_owned(), json!(wanted.environment));
    }
    if let Some((clock, _)) = &wanted.clock {
        members.insert("clock".to_owned(), clock.clone().into());
    }
    if wanted.seed != 0 {
        members.insert("seed".to_owned(), wanted.seed.into());
    }
    recipe
}
