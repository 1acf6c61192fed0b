//! What runs recipes for the verbs that do.

use std::path::Path;
use std::sync::Arc;

use super::Failure;
use crate::catalogue::{Options, RecreationSettings, Settings};
use crate::recreation::executors::Executors;

/// Options of a store whose recipes can be run here.
pub fn options(store: &Path) -> Result<Options, Failure> {
    let recreation = Some(settings(store)?);
    Ok(Options { settings: Settings { recreation, ..Settings::default() }, ..Options::default() })
}

/// What runs recipes: this very program, one run for each core. Compiled modules stand beside the indexes and may be deleted.
pub fn settings(store: &Path) -> Result<RecreationSettings, Failure> {
    let unknown = |error: std::io::Error| Failure::store(format!("this program does not know where it is: {error}"));
    let program = std::env::current_exe().map_err(unknown)?;
    let executor = Arc::new(Executors::new(program, store.join("index").join("modules")));
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(RecreationSettings { executor, root: None, at_once })
}
