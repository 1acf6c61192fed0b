//! `perennial demo`: the shipped missions in a new store, served, with three things to try.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use super::{Context, Failure, ingest, serve, sources};
use crate::catalogue::{Catalogue, GraphSettings, Options, Settings};
use crate::http::ServeOptions;

/// Ingest the shipped missions into a new store and serve it.
#[derive(Debug, Args)]
pub struct Demo {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: String,
    /// Folder with the missions' records.
    #[arg(long, default_value = "fixtures/missions", value_name = "DIR")]
    missions: PathBuf,
    /// Only fill the store; serve nothing.
    #[arg(long)]
    no_serve: bool,
}

impl Demo {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        if !self.missions.is_dir() {
            let advice = format!(
                "{} is no folder: run this in the source tree, or name it with --missions",
                self.missions.display()
            );
            return Err(Failure::usage(advice));
        }
        let payloads = tempfile_folder(&context.store)?;
        make_payloads(&self.missions, &payloads)?;
        let mut sources = sources::find(std::slice::from_ref(&self.missions))?;
        sources.documents.retain(|source| source.shape == sources::Shape::Lines);
        sources.others.clear();
        let graph = (!self.no_serve).then(GraphSettings::of_this_program).transpose()?;
        let options = Options { settings: Settings { graph, ..Settings::default() }, ..Options::default() };
        let catalogue = Catalogue::open(&context.store, &options)?;
        let account = ingest::ingest(&catalogue, &sources, Some(&payloads), context.json)?;
        std::fs::remove_dir_all(&payloads)?;
        account.print(context.json);
        if self.no_serve {
            catalogue.close();
            return Ok(ExitCode::SUCCESS);
        }
        let options = ServeOptions { listen: self.listen, public_url: None, workers: 0 };
        serve::run(catalogue, &options, |url| {
            println!("listening on {url}\n");
            println!("Three things to try:");
            println!("  1. Search:   curl '{url}/api/v1/search?q=mars&facets=mission,instrument&limit=3'");
            println!("  2. STAC:     curl '{url}/stac/search?bbox=170,-30,-170,0&limit=2'   (a box across 180°)");
            println!("  3. Look:     {url}/   and the interface description at {url}/docs/");
            println!(
                "\nThe store is {}; its truth is plain files under archive/. Ctrl-C ends this.",
                context.store.display()
            );
        })
    }
}

fn tempfile_folder(store: &Path) -> Result<PathBuf, Failure> {
    std::fs::create_dir_all(store)?;
    let folder = store.join("demo-payloads");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The payloads are made by a script in the tree, so that the tree holds no binary files.
fn make_payloads(missions: &Path, folder: &Path) -> Result<(), Failure> {
    let script = missions.join("make_payloads.py");
    let status = Command::new("python3").arg(&script).arg(folder).stdout(std::process::Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::store(format!("{} ended with {status}", script.display()))),
        Err(error) => Err(Failure::store(format!("python3 cannot be run for {}: {error}", script.display()))),
    }
}
