//! Performs a plan: lays out the files of each step, runs it, passes outputs on to later steps and compares the last ones with
//! what is preserved. Keeps nothing: the folder is the caller's to remove.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::compare::{self, Comparison, Difference, Place, Rule};
use super::perform::{
    End, Executor, ExecutorKind, Job, JobFile, Limits, PerformError, Performed, Produced, WasiEngine,
};
use super::plan::{Obstacle, Origin, Plan, PlannedInput, Step};
use super::recipe::{ExecutorName, Must, NegativeCase, Recipe};
use super::verdict::{Attempt, NegativeReport, OutputReport, StepReport, Verdict, judge};
use crate::codec::Sha256Hasher;
use crate::model::Sha256;

/// Why preserved bytes cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BytesError {
    /// They are not what they were, or not there; a reason for people.
    #[error("{0}")]
    Damaged(String),
    /// They could not be written where they are needed.
    #[error("{}", path.display())]
    Disk {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Gives preserved bytes.
pub trait Bytes {
    /// Writes a payload into a new file, verified.
    ///
    /// # Errors
    /// `BytesError`.
    fn write(&self, sha256: &Sha256, to: &Path) -> Result<u64, BytesError>;
}

/// What performs plans, and where.
pub struct Workshop<'a> {
    pub executor: &'a dyn Executor,
    /// For WebAssembly programs.
    pub engine: WasiEngine,
    pub bytes: &'a dyn Bytes,
    /// Empty, on the file system of the archive.
    pub folder: &'a Path,
    /// Most bytes that a run may write, whatever its recipe says: what the disk has to spare.
    pub room: u64,
    /// Root file system of native programs, where one is pinned.
    pub root: Option<&'a Path>,
}

/// Why an attempt could not be made at all: our fault or the machine's, no verdict on the product.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Perform(#[from] PerformError),
    #[error("{} cannot be compared", path.display())]
    Compare {
        path: PathBuf,
        #[source]
        source: compare::CompareError,
    },
    #[error("{}", path.display())]
    Disk {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Why a run goes no further.
enum Halt {
    Verdict(Box<Verdict>),
    Fault(RunError),
}

impl From<RunError> for Halt {
    fn from(error: RunError) -> Self {
        Self::Fault(error)
    }
}

impl From<Verdict> for Halt {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(Box::new(verdict))
    }
}

impl From<Obstacle> for Halt {
    fn from(obstacle: Obstacle) -> Self {
        Verdict::Blocked { obstacles: vec![obstacle] }.into()
    }
}

impl Workshop<'_> {
    /// Performs a plan, compares what its last step made, and tries the negative cases if that is wanted.
    ///
    /// # Errors
    /// `RunError`; whatever the programs do is a verdict.
    pub fn perform(&self, plan: &Plan, with_negative_cases: bool) -> Result<Attempt, RunError> {
        if !plan.obstacles.is_empty() {
            return Ok(Attempt::blocked(plan.obstacles.clone()));
        }
        let mut attempt = Attempt::blocked(Vec::new());
        match self.perform_into(plan, with_negative_cases, &mut attempt) {
            Ok(()) => {}
            Err(Halt::Verdict(verdict)) => attempt.verdict = *verdict,
            Err(Halt::Fault(error)) => return Err(error),
        }
        Ok(attempt)
    }

    fn perform_into(&self, plan: &Plan, with_negative_cases: bool, attempt: &mut Attempt) -> Result<(), Halt> {
        let Some((last, before)) = plan.steps.split_last() else { return Ok(()) };
        let mut made = Vec::with_capacity(before.len());
        for (at, step) in before.iter().enumerate() {
            let performed = self.step(step, &made, &self.folder.join(format!("step-{at}")), attempt)?;
            let outputs = self.compare(&step.recipe, &performed.outputs)?;
            // A later step names its input by digest: near is not enough.
            let exact = outputs.iter().all(|report| report.comparison == Comparison::Identical);
            if !exact {
                attempt.outputs = outputs;
                return Err(judge(&attempt.outputs).into());
            }
            made.push(performed.outputs);
        }
        let performed = self.step(last, &made, &self.folder.join("last"), attempt)?;
        attempt.outputs = self.compare(&last.recipe, &performed.outputs)?;
        attempt.verdict = judge(&attempt.outputs);
        let cases: &[NegativeCase] = if with_negative_cases { &last.recipe.negative_cases } else { &[] };
        for (number, case) in cases.iter().enumerate() {
            attempt.negative_cases.push(self.negative(last, &made, (number, case))?);
        }
        Ok(())
    }

    /// Runs a step; anything but a good end halts.
    fn step(
        &self,
        step: &Step,
        made: &[Vec<Produced>],
        folder: &Path,
        attempt: &mut Attempt,
    ) -> Result<Performed, Halt> {
        let performed = self.execute(&step.recipe, &step.inputs, made, folder)?;
        attempt.steps.push(StepReport {
            recipe: step.recipe.id.clone(),
            engine: performed.engine.clone(),
            layers: performed.layers.clone(),
            end: performed.end.clone(),
            usage: performed.usage,
        });
        if performed.end.is_success() {
            return Ok(performed);
        }
        let (step, end, log) = (step.recipe.id.clone(), performed.end, performed.log);
        Err(Verdict::Failed { step, end, log }.into())
    }

    /// Lays out the files of a run in `folder` and runs it.
    fn execute(
        &self,
        recipe: &Recipe,
        inputs: &[PlannedInput],
        made: &[Vec<Produced>],
        folder: &Path,
    ) -> Result<Performed, Halt> {
        let (own, kept) = inputs.split_at(recipe.inputs.len().min(inputs.len()));
        let inputs = self.lay_out(own, made, &folder.join("in"))?;
        let mut tools = self.lay_out(kept, made, &folder.join("program"))?;
        let program = match program_at(recipe, &tools) {
            Some(at) => tools.remove(at),
            None => self.command(recipe)?,
        };
        let output = folder.join("out");
        make_folder(&output)?;
        let executor = match recipe.executor {
            ExecutorName::Wasi => ExecutorKind::Wasi { engine: self.engine },
            ExecutorName::Native => ExecutorKind::Native,
        };
        let job = Job {
            executor,
            program,
            argv: recipe.argv.clone(),
            environment: recipe.environment.clone(),
            clock_ns: recipe.clock_ns,
            seed: recipe.seed,
            stdin: recipe.stdin.clone(),
            stdout: recipe.stdout.clone(),
            inputs,
            tools,
            outputs: recipe.outputs.iter().map(|output| output.name.clone()).collect(),
            root: self.root.map(Path::to_owned),
            limits: Limits { output_bytes: recipe.limits.output_bytes.min(self.room), ..recipe.limits },
        };
        Ok(self.executor.perform(&job, &output).map_err(RunError::from)?)
    }

    fn lay_out(&self, inputs: &[PlannedInput], made: &[Vec<Produced>], folder: &Path) -> Result<Vec<JobFile>, Halt> {
        make_folder(folder)?;
        inputs.iter().map(|input| self.lay_one(input, made, folder)).collect()
    }

    fn lay_one(&self, input: &PlannedInput, made: &[Vec<Produced>], folder: &Path) -> Result<JobFile, Halt> {
        let path = folder.join(&input.name);
        let of_step = |step: usize| made.get(step)?.iter().find(|produced| produced.sha256 == input.sha256);
        let produced = match input.origin {
            Origin::Step(step) => of_step(step),
            Origin::Held | Origin::Missing => None,
        };
        let (name, sha256) = (input.name.clone(), input.sha256);
        let bytes = match produced {
            Some(produced) => fs::copy(&produced.path, &path).map_err(disk(&path))?,
            None => self.fetch(&input.name, &sha256, &path)?,
        };
        Ok(JobFile { name, path, sha256, bytes })
    }

    fn fetch(&self, name: &str, sha256: &Sha256, to: &Path) -> Result<u64, Halt> {
        self.bytes.write(sha256, to).map_err(|error| match error {
            BytesError::Damaged(reason) => Obstacle::Damaged { name: name.to_owned(), sha256: *sha256, reason }.into(),
            BytesError::Disk { path, source } => RunError::Disk { path, source }.into(),
        })
    }

    /// A program that the root file system has. Without a digest in the recipe it is taken as it is.
    fn command(&self, recipe: &Recipe) -> Result<JobFile, Halt> {
        let command = recipe.program.command.as_deref().or_else(|| recipe.argv.first().map(String::as_str));
        let command = command.unwrap_or_default();
        let within = Path::new(command.trim_start_matches('/'));
        let path = self.root.unwrap_or(Path::new("/")).join(within);
        let missing = |reason: String| {
            let (step, log) = (recipe.id.clone(), String::new());
            Halt::from(Verdict::Failed { step, end: End::InputMissing { name: command.to_owned(), reason }, log })
        };
        // A link such as python3 leads to the program of today; the executor follows none.
        let path = path.canonicalize().map_err(|error| missing(error.to_string()))?;
        let (found, bytes) = digest(&path).map_err(|error| missing(error.to_string()))?;
        let name = within.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(JobFile { name, path, sha256: recipe.program.sha256.unwrap_or(found), bytes })
    }

    /// Every output beside the preserved one.
    fn compare(&self, recipe: &Recipe, made: &[Produced]) -> Result<Vec<OutputReport>, Halt> {
        let mut reports = Vec::with_capacity(recipe.outputs.len());
        for (output, produced) in recipe.outputs.iter().zip(made) {
            let comparison = if produced.sha256 == output.sha256 {
                Comparison::Identical
            } else {
                self.compare_bytes(&output.compare, (&output.name, &output.sha256), produced)?
            };
            let (name, expected) = (output.name.clone(), output.sha256);
            let (found, bytes, path) = (produced.sha256, produced.bytes, produced.path.clone());
            reports.push(OutputReport { name, expected, found, bytes, comparison, path });
        }
        Ok(reports)
    }

    fn compare_bytes(&self, rule: &Rule, (name, sha256): (&str, &Sha256), made: &Produced) -> Result<Comparison, Halt> {
        let preserved = made.path.with_extension("preserved");
        match self.fetch(name, sha256, &preserved) {
            Ok(_) => {}
            // What was dropped can still be told apart by its digest, but not looked into.
            Err(Halt::Verdict(_)) if *rule == Rule::Bytes => {
                let (expected, found) = (format!("sha256 {sha256}"), format!("sha256 {}", made.sha256));
                let first = Difference { place: Place::Whole, expected, found };
                return Ok(Comparison::Different { rule: rule.clone(), first });
            }
            Err(Halt::Verdict(_)) => {
                return Err(Obstacle::NothingToCompare { output: name.to_owned(), sha256: *sha256 }.into());
            }
            Err(fault) => return Err(fault),
        }
        let open = |path: &Path| fs::File::open(path).map(std::io::BufReader::new).map_err(disk(path));
        let (mut expected, mut found) = (open(&preserved)?, open(&made.path)?);
        let comparison = compare::compare(rule, &mut expected, &mut found).map_err(|source| {
            let path = made.path.clone();
            RunError::Compare { path, source }
        })?;
        fs::remove_file(&preserved).map_err(disk(&preserved))?;
        Ok(comparison)
    }

    /// Runs the last step with other inputs. It must not give the preserved outputs.
    fn negative(
        &self,
        step: &Step,
        made: &[Vec<Produced>],
        (number, case): (usize, &NegativeCase),
    ) -> Result<NegativeReport, Halt> {
        let mut inputs = step.inputs.clone();
        for input in inputs.iter_mut().take(step.recipe.inputs.len()) {
            if let Some(replacement) = case.replace.get(&input.name) {
                (input.sha256, input.origin) = (replacement.sha256, Origin::Held);
            }
        }
        let folder = self.folder.join(format!("case-{number}"));
        let performed = match self.execute(&step.recipe, &inputs, made, &folder) {
            Ok(performed) => performed,
            Err(Halt::Verdict(verdict)) => {
                return Ok(NegativeReport {
                    case: number,
                    passed: false,
                    verdict: verdict.name(),
                    unexpected: Vec::new(),
                });
            }
            Err(fault) => return Err(fault),
        };
        if !performed.end.is_success() {
            let passed = case.must != Must::Differ;
            return Ok(NegativeReport { case: number, passed, verdict: "failed", unexpected: Vec::new() });
        }
        let verdict = judge(&self.compare(&step.recipe, &performed.outputs)?);
        let observed =
            |produced: &&Produced| case.observed.get(&produced.name).is_some_and(|seen| *seen != produced.sha256);
        let unexpected: Vec<String> =
            performed.outputs.iter().filter(observed).map(|produced| produced.name.clone()).collect();
        let differs = matches!(verdict, Verdict::Different { .. });
        let passed = differs && case.must != Must::Fail && unexpected.is_empty();
        Ok(NegativeReport { case: number, passed, verdict: verdict.name(), unexpected })
    }
}

fn program_at(recipe: &Recipe, kept: &[JobFile]) -> Option<usize> {
    let name = recipe.program.file.as_deref()?;
    kept.iter().position(|file| file.name == name)
}

/// Digest and length of a file.
pub fn digest(path: &Path) -> std::io::Result<(Sha256, u64)> {
    let mut file = fs::File::open(path)?;
    let (mut hasher, mut bytes, mut piece) = (Sha256Hasher::default(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut piece)?;
        let Some(read) = piece.get(..read).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
        bytes += read.len() as u64;
    }
    Ok((hasher.finish(), bytes))
}

fn make_folder(path: &Path) -> Result<(), RunError> {
    fs::create_dir_all(path).map_err(disk(path))
}

fn disk(path: &Path) -> impl FnOnce(std::io::Error) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Disk { path, source }
}
