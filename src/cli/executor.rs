//! What runs recipes for the verbs that do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::Failure;
use crate::catalogue::{Options, RecreationSettings, Settings};
use crate::recreation::executors::Executors;
use crate::recreation::perform::Executor;
use crate::recreation::tes::TesExecutor;

/// Where recipes are run.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// Run recipes on this GA4GH TES service instead of in the sandbox of this machine.
    #[arg(long, value_name = "URL", requires = "tes_files")]
    pub tes: Option<String>,
    /// Folder that the TES service sees under the same path; for files on their way.
    #[arg(long, value_name = "DIR", requires = "tes")]
    pub tes_files: Option<PathBuf>,
    /// File of the token that the TES service wants.
    #[arg(long, value_name = "FILE", requires = "tes")]
    pub tes_token_file: Option<PathBuf>,
}

impl Place {
    /// Whether recipes are run elsewhere.
    pub fn is_elsewhere(&self) -> bool {
        self.tes.is_some()
    }

    /// Options of a store whose recipes are run there.
    pub fn options(&self, store: &Path) -> Result<Options, Failure> {
        let recreation = Some(self.settings(store)?);
        Ok(Options { settings: Settings { recreation, ..Settings::default() }, ..Options::default() })
    }

    /// What runs recipes there, one run for each core.
    pub fn settings(&self, store: &Path) -> Result<RecreationSettings, Failure> {
        let executor: Arc<dyn Executor> = match (&self.tes, &self.tes_files) {
            (Some(url), Some(files)) => {
                let token = read_token(self.tes_token_file.as_deref())?;
                Arc::new(TesExecutor::new(url, files, token)?)
            }
            _ => Arc::new(here(store)?),
        };
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(RecreationSettings { executor, root: None, at_once })
    }
}

/// Options of a store whose recipes can be run here.
pub fn options(store: &Path) -> Result<Options, Failure> {
    Place::default().options(store)
}

/// What runs recipes on this machine.
pub fn settings(store: &Path) -> Result<RecreationSettings, Failure> {
    Place::default().settings(store)
}

/// This very program. Compiled modules stand beside the indexes and may be deleted.
fn here(store: &Path) -> Result<Executors, Failure> {
    let unknown = |error: std::io::Error| Failure::store(format!("this program does not know where it is: {error}"));
    let program = std::env::current_exe().map_err(unknown)?;
    Ok(Executors::new(program, store.join("index").join("modules")))
}

/// The token in a file, without the white space around it.
pub fn read_token(path: Option<&Path>) -> Result<Option<String>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let token = text.trim();
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    match is_token {
        true => Ok(Some(token.to_owned())),
        false => Err(Failure::usage(format!("{}: a token is one word of printable characters", path.display()))),
    }
}
