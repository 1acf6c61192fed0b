//! `perennial recipe`: registers a recipe together with its files.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::client::{self, Client, Way};
use super::{Context, Failure, executor};

/// Register a recipe: a JSON file whose `files` lie beside it.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  perennial recipe sclk2utc/recipe.json
Prints the id: the sha256 of the recipe's content. The same recipe again changes nothing.")]
pub struct Recipe {
    recipe: PathBuf,
}

impl Recipe {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", self.recipe.display()));
        let text = std::fs::read_to_string(&self.recipe).map_err(unreadable)?;
        let folder = self.recipe.parent().map(PathBuf::from).unwrap_or_default();
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
}

/// Uploads the files that lie beside the recipe, then registers it.
pub(super) fn register(client: &Client, text: &str, folder: &std::path::Path) -> Result<(String, String), Failure> {
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
    Ok((field("id"), field("effect")))
}

fn parse(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::store(error.to_string()))
}
