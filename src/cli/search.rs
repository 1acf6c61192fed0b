//! `perennial search`: find records from the shell.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::client::{self, Way};
use super::reach::Reach;
use super::{Context, Failure};
use crate::catalogue::{Extent, Options, Writing};
use crate::export::Format;
use crate::http::Parameters;
use crate::http::faces::federation::question::Wanted;
use crate::http::faces::federation::wire;
use crate::http::faces::native::search as native;
use crate::model::uri::encode;

/// Find records by text, facets, time, space and properties.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial search mars radiometer
  perennial search --collection naip --bbox=-88,30.5,-87.5,30.8 --datetime 2019-01-01T00:00:00Z/2019-12-31T23:59:59Z
  perennial search --property 'eo:cloud_cover<5' --sort property:eo:cloud_cover --facets mission")]
pub struct Search {
    /// Free text: all words must occur; quotes make a phrase.
    text: Vec<String>,
    #[arg(long, value_name = "IDS")]
    collection: Option<String>,
    #[arg(long)]
    mission: Option<String>,
    #[arg(long)]
    platform: Option<String>,
    #[arg(long)]
    instrument: Option<String>,
    #[arg(long)]
    target: Option<String>,
    /// Kinds to find; default product.
    #[arg(long)]
    kind: Option<String>,
    /// RFC 3339 instant or interval start/end; .. for an open end.
    #[arg(long)]
    datetime: Option<String>,
    /// west,south,east,north in degrees.
    #[arg(long, allow_hyphen_values = true)]
    bbox: Option<String>,
    /// Body of the footprints, for example mars.
    #[arg(long)]
    body: Option<String>,
    /// Condition on a property, repeatable: eo:cloud_cover<5
    #[arg(long)]
    property: Vec<String>,
    /// relevance, time, title or any other sortable; - before a name descends. property:NAME for a property that has the name of a field.
    #[arg(long, allow_hyphen_values = true)]
    sort: Option<String>,
    /// Facets to count, with commas.
    #[arg(long)]
    facets: Option<String>,
    #[arg(long, default_value_t = 20)]
    limit: usize,
    /// Token of the next page.
    #[arg(long)]
    token: Option<String>,
    /// Write the whole result as a file: ndjson, csv, geojson, geoparquet or votable.
    #[arg(long, value_name = "FORMAT", requires = "output")]
    format: Option<String>,
    /// Where to write it; the file appears when it is complete.
    #[arg(long, value_name = "FILE", requires = "format")]
    output: Option<std::path::PathBuf>,
    /// Ask the sources of this archive too.
    #[arg(long, conflicts_with_all = ["format", "facets"])]
    federated: bool,
    /// With --federated: ids of the sources to ask, with commas; local is this archive.
    #[arg(long, value_name = "IDS", requires = "federated")]
    sources: Option<String>,
    /// With --federated: seconds to wait, at most and by default 5.
    #[arg(long, value_name = "SECONDS", requires = "federated")]
    timeout: Option<f64>,
    #[command(flatten)]
    reach: Reach,
}

impl Search {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let parameters = self.parameters();
        if let (Some(format), Some(output)) = (&self.format, &self.output) {
            return write_file(context, &parameters, format, output);
        }
        if self.federated {
            return self.ask_all(context, parameters);
        }
        let page = match client::way(&context.store, &Options::default())? {
            Way::Server(client) => client.get(&format!("/api/v1/search?{parameters}"))?,
            Way::Direct(catalogue) => {
                let mut read = Parameters::parse(&parameters)?;
                let token = read.one("token")?;
                let query = native::query(read)?;
                let page = native::render(&catalogue.search(query, token.as_deref())?, None, "", &parameters);
                catalogue.close();
                page
            }
        };
        if context.json {
            println!("{page}");
            return Ok(ExitCode::SUCCESS);
        }
        let page: serde_json::Value = serde_json::from_str(&page).map_err(|error| Failure::store(error.to_string()))?;
        print_page(&page);
        Ok(ExitCode::SUCCESS)
    }

    /// Asks this archive and its sources. Fails when none of them answered.
    fn ask_all(&self, context: &Context, mut parameters: String) -> Result<ExitCode, Failure> {
        let timeout = self.timeout.map(|seconds| seconds.to_string());
        for (name, value) in [("sources", &self.sources), ("timeout", &timeout)] {
            if let Some(value) = value {
                parameters.push_str(&format!("&{name}={}", encode(value)));
            }
        }
        let mut options = Options::default();
        options.settings.outbound = self.reach.settings()?;
        let page = match client::way(&context.store, &options)? {
            Way::Server(client) => client.get(&format!("/federation/search?{parameters}"))?,
            Way::Direct(catalogue) => {
                let mut read = Parameters::parse(&parameters)?;
                let wanted = Wanted::take(&mut read)?;
                let token = read.one("token")?;
                let answer = catalogue.federated(&wanted.of(native::query(read)?, token, Vec::new()))?;
                catalogue.close();
                let links = answer.next.iter().map(|token| ("next", format!("?token={token}"))).collect::<Vec<_>>();
                wire::answer(&answer, &links)
            }
        };
        if context.json {
            println!("{page}");
            return Ok(ExitCode::SUCCESS);
        }
        let page: serde_json::Value = serde_json::from_str(&page).map_err(|error| Failure::store(error.to_string()))?;
        print_federated(&page);
        Ok(ExitCode::SUCCESS)
    }

    fn parameters(&self) -> String {
        let mut parts = Vec::new();
        let mut add = |name: &str, value: &str| parts.push(format!("{name}={}", encode(value)));
        if !self.text.is_empty() {
            add("q", &self.text.join(" "));
        }
        let options = [
            ("collection", &self.collection),
            ("mission", &self.mission),
            ("platform", &self.platform),
            ("instrument", &self.instrument),
            ("target", &self.target),
            ("kind", &self.kind),
            ("datetime", &self.datetime),
            ("bbox", &self.bbox),
            ("body", &self.body),
            ("sort", &self.sort),
            ("facets", &self.facets),
            ("token", &self.token),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                add(name, value);
            }
        }
        self.property.iter().for_each(|condition| add("property", condition));
        // A file holds the whole result.
        if self.format.is_none() {
            add("limit", &self.limit.to_string());
        }
        parts.join("&")
    }
}

/// Writes beside the file first, so that a part never has its name.
fn write_file(context: &Context, parameters: &str, format: &str, output: &Path) -> Result<ExitCode, Failure> {
    let known = Format::from_name(format).ok_or_else(|| {
        let names = Format::ALL.map(Format::as_str).join(", ");
        Failure::usage(format!("{format:?} is none of {names}"))
    })?;
    let mut partial = output.as_os_str().to_owned();
    partial.push(".part");
    let partial = std::path::PathBuf::from(partial);
    let unwritten = |error: std::io::Error| Failure::store(format!("{} cannot be written: {error}", output.display()));
    let mut file = BufWriter::new(File::create(&partial).map_err(unwritten)?);
    match client::way(&context.store, &Options::default())? {
        Way::Server(client) => {
            client.download(&format!("/api/v1/search?{parameters}&f={format}"), &mut file)?;
        }
        Way::Direct(catalogue) => {
            let mut read = Parameters::parse(parameters)?;
            let token = read.one("token")?;
            let query = native::query(read)?;
            let mut failure = None;
            let mut write = |piece: Vec<u8>| match file.write_all(&piece) {
                Ok(()) => true,
                Err(error) => {
                    failure = Some(error);
                    false
                }
            };
            let writing = Writing { format: known, extent: Extent::Whole, base: String::new(), view: None };
            let walked = catalogue.export(query, token, &writing, &mut write)?;
            catalogue.close();
            if let Some(error) = failure {
                return Err(unwritten(error));
            }
            eprintln!("{} records", walked.records);
        }
    }
    file.flush().map_err(unwritten)?;
    std::fs::rename(&partial, output).map_err(unwritten)?;
    Ok(ExitCode::SUCCESS)
}

/// One line for each hit, with its source; what became of the sources goes to the other stream.
fn print_federated(page: &serde_json::Value) {
    let list = |name: &str| page.get(name).and_then(|list| list.as_array()).cloned().unwrap_or_default();
    let text = |value: &serde_json::Value, place: &str| {
        value.pointer(place).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    for hit in list("hits") {
        let place = match text(&hit, "/collection") {
            collection if collection.is_empty() => text(&hit, "/id"),
            collection => format!("{collection}/{}", text(&hit, "/id")),
        };
        let (start, title) = (text(&hit, "/record/time/start"), text(&hit, "/record/title"));
        println!("{}\t{place}\t{start}\t{title}", text(&hit, "/source"));
    }
    for source in list("sources") {
        let matched = source.get("matched").and_then(serde_json::Value::as_u64);
        let matched = matched.map_or_else(|| "unknown".to_owned(), |matched| matched.to_string());
        let (name, outcome, detail) = (text(&source, "/source"), text(&source, "/outcome"), text(&source, "/detail"));
        eprintln!("{name}: {outcome}, {matched} matches{}{detail}", if detail.is_empty() { "" } else { ": " });
    }
    if page.get("complete").and_then(serde_json::Value::as_bool) == Some(false) {
        eprintln!("not all sources answered: there may be more");
    }
    for link in list("links").iter().filter(|link| text(link, "/rel") == "next") {
        if let Some((_, token)) = text(link, "/href").split_once("token=") {
            eprintln!("more: --token {token}");
        }
    }
}

fn print_page(page: &serde_json::Value) {
    let text =
        |value: &serde_json::Value, name: &str| value.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
    let records = page.get("records").and_then(|records| records.as_array()).cloned().unwrap_or_default();
    for record in &records {
        let start = record.pointer("/time/start").and_then(|start| start.as_str()).unwrap_or("");
        let place = match text(record, "collection") {
            collection if collection.is_empty() => text(record, "id"),
            collection => format!("{collection}/{}", text(record, "id")),
        };
        println!("{place}\t{start}\t{}", text(record, "title"));
    }
    let matched = page.get("matched").and_then(serde_json::Value::as_u64).unwrap_or(0);
    eprintln!("{} of {matched} shown", records.len());
    if let Some(facets) = page.get("facets").and_then(|facets| facets.as_object()) {
        for (facet, counts) in facets {
            let buckets = counts.get("buckets").and_then(|buckets| buckets.as_array()).cloned().unwrap_or_default();
            let value = |bucket: &serde_json::Value| match bucket.get("value") {
                Some(serde_json::Value::String(value)) => value.clone(),
                value => value.cloned().unwrap_or_default().to_string(),
            };
            let shown = buckets.iter().take(12);
            let shown: Vec<String> = shown
                .map(|bucket| format!("{} {}", value(bucket), bucket.get("count").cloned().unwrap_or_default()))
                .collect();
            println!("{facet}: {}", shown.join(", "));
        }
    }
    let links = page.get("links").and_then(|links| links.as_array()).cloned().unwrap_or_default();
    let next = links.iter().find(|link| text(link, "rel") == "next").map(|link| text(link, "href"));
    if let Some((_, token)) = next.as_deref().and_then(|href| href.split_once("token=")) {
        eprintln!("more: --token {token}");
    }
}
