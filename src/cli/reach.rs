//! Which addresses elsewhere are asked: the options that all verbs share which ask others.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::federation::outbound::Settings;

/// Options of what leaves this machine.
#[derive(Debug, Args, Default)]
pub struct Reach {
    /// Sources may be on this machine or its network.
    #[arg(long, env = "PERENNIAL_PRIVATE_SOURCES")]
    pub private_sources: bool,
    /// Certificates (PEM) of the authorities that are believed of sources, in place of those of the web.
    #[arg(long, env = "PERENNIAL_SOURCE_AUTHORITIES", value_name = "FILE")]
    pub source_authorities: Option<PathBuf>,
}

impl Reach {
    /// The settings of the outbound client.
    ///
    /// # Errors
    /// Wrong use, when the file cannot be read.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
        };
        let authorities = self.source_authorities.as_ref().map(read).transpose()?;
        Ok(Settings { allow_private: self.private_sources, authorities })
    }
}
