//! `perennial resolve`: from any name to the records that have it.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::client::{self, Way};
use super::{Context, Failure};
use crate::catalogue::Options;
use crate::http::faces::native::resolve as native;
use crate::model::uri::encode;

/// Find the records that have a name: an id, a native identifier, a DOI, a LID, a retired name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial resolve urn:nasa:pds:insight_rad::3.0
  perennial resolve doi:10.17189/1517568 --json
Exit code 4 when nothing has the name.")]
pub struct Resolve {
    name: String,
}

impl Resolve {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let broken = |error: serde_json::Error| Failure::store(error.to_string());
        let answer: Option<Value> = match client::way(&context.store, &Options::default())? {
            Way::Server(client) => {
                let answer = client.find(&format!("/api/v1/resolve?id={}", encode(&self.name)))?;
                answer.map(|text| serde_json::from_str(&text)).transpose().map_err(broken)?
            }
            Way::Direct(catalogue) => {
                let found = catalogue.resolve(&self.name);
                catalogue.close();
                let found = Some(found?).filter(|found| !found.is_empty());
                let body = found.map(|found| serde_json::to_value(native::body("", self.name.clone(), found)));
                body.transpose().map_err(broken)?
            }
        };
        let answer = answer.ok_or_else(|| Failure::not_found(format!("nothing is named {:?}", self.name)))?;
        if context.json {
            println!("{answer}");
        } else {
            let matches = answer.get("matches").and_then(Value::as_array);
            matches.into_iter().flatten().for_each(print);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(found: &Value) {
    let text = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or("");
    let place = match text("collection") {
        "" => text("id").to_owned(),
        collection => format!("{collection}/{}", text("id")),
    };
    let by = match text("scheme") {
        "" => text("matched").to_owned(),
        scheme => format!("{} {scheme}", text("matched")),
    };
    let revision = found.get("revision").and_then(Value::as_u64).unwrap_or(0);
    println!("{}\t{place}\t{by}\trevision {revision}\t{}", text("kind"), text("status"));
}
