//! `perennial recipe`: registers a recipe together with its files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::client::{self, Client, Way};
use super::run::record_and_register;
use super::{Context, Failure, executor};
use crate::model::Sha256;
use crate::recreation::cwl::{self, Tool};
use crate::recreation::record::Wanted;
use crate::recreation::ro_crate_import;
use crate::recreation::run::digest;

/// Register a recipe: a JSON file whose `files` lie beside it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  perennial recipe sclk2utc/recipe.json
  perennial recipe tool.cwl.json --job job.json     a CWL CommandLineTool with its inputs: run twice, recorded, registered
  perennial recipe crate/ro-crate-metadata.json     the run of a tool in a Workflow Run RO-Crate: run again, compared, registered
Prints the id: the sha256 of the recipe's content. The same recipe again changes nothing.")]
pub struct Recipe {
    /// A recipe, a CWL CommandLineTool in its JSON form, or the metadata of a Workflow Run RO-Crate.
    recipe: PathBuf,
    /// The job object of a CommandLineTool, as JSON.
    #[arg(long, value_name = "FILE")]
    job: Option<PathBuf>,
}

/// What a foreign description says is to be run, and the digests that must come of it, where it tells them.
type Foreign = (Wanted, Option<Vec<Sha256>>);

impl Recipe {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", self.recipe.display()));
        let text = std::fs::read_to_string(&self.recipe).map_err(unreadable)?;
        let folder = self.recipe.parent().map(PathBuf::from).unwrap_or_default();
        if let Some((wanted, expected)) = self.of_tool(&text, &folder)? {
            return record_and_register(context, &wanted, None, expected.as_deref());
        }
        let (id, effect) = match client::way(&context.store, &executor::options(&context.store)?)? {
            Way::Server(client) => register(&client, &text, &folder)?,
            Way::Direct(catalogue) => {
                let receipt = catalogue.register_recipe(&text, &folder, "local");
                catalogue.close();
                let receipt = receipt?;
                (receipt.key.id.to_string(), format!("{:?}", receipt.effect).to_lowercase())
            }
        };
        if context.json {
            println!("{}", serde_json::json!({"id": id, "effect": effect}));
        } else {
            println!("{id}\t{effect}");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The command that a CWL tool with its job, or a crate, describes, if the document is one; with the digests that must come of it.
    fn of_tool(&self, text: &str, folder: &Path) -> Result<Option<Foreign>, Failure> {
        let document: Value = serde_json::from_str(text).unwrap_or_default();
        let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", self.recipe.display()));
        if ro_crate_import::is_crate(&document) && self.job.is_none() {
            let imported = ro_crate_import::import(&document).map_err(|error| refused(&error))?;
            let path = folder.join(&imported.tool);
            let tool = read_json(&path)?;
            let tool_folder = path.parent().unwrap_or(folder);
            let tool = Tool { tool: cwl::main_tool(&tool), tool_folder, job: &imported.job, job_folder: folder };
            let wanted = tool.wanted().map_err(|error| refused(&error))?;
            let digests = imported.results.iter().map(|result| digest_of(&folder.join(result)));
            return Ok(Some((wanted, Some(digests.collect::<Result<_, _>>()?))));
        }
        let tool = cwl::main_tool(&document);
        match (cwl::is_tool(tool), self.job.as_deref()) {
            (true, None) => Err(Failure::usage("a CommandLineTool needs its inputs: --job FILE".to_owned())),
            (false, Some(_)) => Err(Failure::usage("--job is for a CWL CommandLineTool".to_owned())),
            (false, None) => Ok(None),
            (true, Some(path)) => {
                let job = read_json(path)?;
                let job_folder = path.parent().unwrap_or(Path::new(""));
                let tool = Tool { tool, tool_folder: folder, job: &job, job_folder };
                Ok(Some((tool.wanted().map_err(|error| refused(&error))?, None)))
            }
        }
    }
}

fn read_json(path: &Path) -> Result<Value, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    serde_json::from_str(&text).map_err(|error| unreadable(&error))
}

fn digest_of(path: &Path) -> Result<Sha256, Failure> {
    let found = digest(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    Ok(found.0)
}

/// Uploads the files that lie beside the recipe, then registers it.
pub(super) fn register(client: &Client, text: &str, folder: &Path) -> Result<(String, String), Failure> {
    let mut recipe: Value = serde_json::from_str(text).map_err(|error| Failure::usage(error.to_string()))?;
    for file in recipe.get_mut("files").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(name) = file.get("name").and_then(Value::as_str).filter(|name| !name.contains(['/', '\\'])) else {
            continue;
        };
        let Ok(content) = std::fs::File::open(folder.join(name)) else { continue };
        let upload: Value = parse(&client.post("/api/v1/uploads", "application/octet-stream", content)?)?;
        let upload = upload.get("upload").and_then(Value::as_str).unwrap_or_default().to_owned();
        client.post(&format!("/api/v1/uploads/{upload}"), "application/octet-stream", std::io::empty())?;
        if let Some(file) = file.as_object_mut() {
            file.insert("upload".to_owned(), upload.into());
        }
    }
    let receipt = parse(&client.post("/api/v1/records/recipe", "application/json", recipe.to_string().as_bytes())?)?;
    let field = |name: &str| receipt.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok((field("id"), field("status")))
}

fn parse(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::store(error.to_string()))
}
