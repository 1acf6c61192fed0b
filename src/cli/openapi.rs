//! `perennial openapi`: the interface description.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Context, Failure};
use crate::http::openapi;

/// Print the OpenAPI description of the native interface.
#[derive(Debug, Args)]
pub struct Openapi {
    /// Write it to this file instead.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Openapi {
    pub fn run(self, _context: &Context) -> Result<ExitCode, Failure> {
        match self.output {
            Some(path) => std::fs::write(path, openapi::json())?,
            None => print!("{}", openapi::json()),
        }
        Ok(ExitCode::SUCCESS)
    }
}
