//! `perennial run`: runs a command in the sandbox and registers the recipe of what it did.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::client::{self, Way};
use super::failure::FINDINGS;
use super::{Context, Failure, executor, recipe};
use crate::model::{Instant, Sha256};
use crate::recreation::perform::Produced;
use crate::recreation::record::{RecordError, Recorded, Wanted, record};

/// Run a command in the sandbox, keep what it makes, and register a recipe that makes it again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial run --stdout utc.csv -- python3 sclk2utc.py raw.tab kernel.tsc leap.tls
  perennial run --output image.png -- ./fits2png.wasm image.fits image.png
Files among the arguments are inputs, what --output and --stdout name are outputs; the command sees nothing else. It is run twice, and the recipe says
whether both runs made the same bytes.")]
pub struct Run {
    /// A file that the command reads and that is not among its arguments; it is seen as /in/NAME.
    #[arg(long, value_name = "FILE")]
    input: Vec<PathBuf>,
    /// A file that the command writes, as it stands among the arguments.
    #[arg(long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// The file that standard output makes.
    #[arg(long, value_name = "FILE")]
    stdout: Option<PathBuf>,
    #[arg(long)]
    title: Option<String>,
    /// NAME=VALUE in the command's environment.
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<String>,
    /// What the clock of a WebAssembly program shows.
    #[arg(long, value_name = "TIME")]
    clock: Option<String>,
    /// Seed of a WebAssembly program's random numbers.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the recipe to this file and register nothing.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// A new folder that only its owner reads; one that stands there already is not used.
    fn make() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("perennial-run-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left in the folder for temporary files goes with the machine's next clean-up.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Run {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        record_and_register(context, &self.wanted()?, self.recipe.as_deref(), None)
    }

    fn wanted(&self) -> Result<Wanted, Failure> {
        let pair = |text: &String| {
            let pair = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
            pair.ok_or_else(|| Failure::usage(format!("--env {text:?} is not NAME=VALUE")))
        };
        let clock = self.clock.as_deref().map(|text| {
            let instant = Instant::parse(text).map_err(|error| Failure::usage(format!("--clock: {error}")))?;
            Ok::<_, Failure>((instant.to_string(), instant.micros().saturating_mul(1_000)))
        });
        Ok(Wanted {
            title: self.title.clone(),
            command: self.command.clone(),
            inputs: self.input.clone(),
            outputs: self.output.clone(),
            stdout: self.stdout.clone(),
            environment: self.env.iter().map(pair).collect::<Result<_, _>>()?,
            clock: clock.transpose()?,
            seed: self.seed,
        })
    }
}

/// Runs a command twice, puts what it made where the command would have, and registers the recipe, or writes it to a file.
///
/// With `expected`, the bytes must be the ones with these digests, or nothing is registered.
pub(super) fn record_and_register(
    context: &Context,
    wanted: &Wanted,
    recipe_file: Option<&Path>,
    expected: Option<&[Sha256]>,
) -> Result<ExitCode, Failure> {
    let settings = executor::settings(&context.store)?;
    let scratch = Scratch::make()?;
    let recorded = record(settings.executor.as_ref(), wanted, &scratch.0).map_err(refused)?;
    let is_other = |made: &&Produced| expected.is_some_and(|expected| !expected.contains(&made.sha256));
    if let Some(made) = recorded.outputs.iter().find(is_other) {
        let reason = format!(
            "{} came out with other bytes than were preserved (sha256 {}): no recipe is registered",
            made.name, made.sha256
        );
        return Err(Failure::of(FINDINGS, &std::io::Error::other(reason)));
    }
    if expected.is_none() {
        give_outputs(wanted, &recorded)?;
    }
    if !recorded.is_deterministic {
        eprintln!("two runs made different bytes: the recipe claims nothing about them");
    }
    for file in &recorded.files {
        std::fs::copy(&file.path, scratch.0.join(&file.name))?;
    }
    let text = serde_json::to_string_pretty(&recorded.recipe).map_err(|error| Failure::store(error.to_string()))?;
    if let Some(path) = recipe_file {
        std::fs::write(path, text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (id, effect) = match client::way(&context.store, &executor::options(&context.store)?)? {
        Way::Server(client) => recipe::register(&client, &text, &scratch.0)?,
        Way::Direct(catalogue) => {
            let receipt = catalogue.register_recipe(&text, &scratch.0, "local");
            catalogue.close();
            let receipt = receipt?;
            (receipt.key.id.to_string(), format!("{:?}", receipt.effect).to_lowercase())
        }
    };
    if context.json {
        println!("{}", serde_json::json!({"id": id, "effect": effect, "recipe": recorded.recipe}));
    } else {
        println!("{id}\t{effect}");
        recorded.inputs.iter().for_each(|input| println!("read\t{}\tsha256 {}", input.name, input.sha256));
        recorded.outputs.iter().for_each(|made| println!("made\t{}\tsha256 {}", made.name, made.sha256));
    }
    Ok(ExitCode::SUCCESS)
}

/// Puts what was made where the command would have put it.
fn give_outputs(wanted: &Wanted, recorded: &Recorded) -> Result<(), Failure> {
    let named = |path: &&PathBuf, name: &str| path.file_name().is_some_and(|own| own == name);
    for made in &recorded.outputs {
        let target = wanted.outputs.iter().chain(&wanted.stdout).find(|path| named(path, &made.name));
        let target = target.map_or(Path::new(&made.name), PathBuf::as_path);
        std::fs::copy(&made.path, target)?;
    }
    Ok(())
}

fn refused(error: RecordError) -> Failure {
    match error {
        RecordError::Perform(error) => Failure::store(error.to_string()),
        error => Failure::usage(error.to_string()),
    }
}
