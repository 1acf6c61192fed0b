//! `perennial sparql`: asks the graph from the shell. Without a server it keeps the graph itself for as long as it runs.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::client::{self, Client, Way};
use super::{Context, Failure};
use crate::catalogue::{Catalogue, GraphSettings, Options, Settings};
use crate::http::faces::sparql::{accept, search};
use crate::index::Holds;
use crate::index::graph::{Piece, Question, ResultFormat, TripleFormat};
use crate::model::uri::encode;

/// Between two looks whether the graph is there.
const PAUSE: Duration = Duration::from_millis(100);

/// Ask the graph in SPARQL 1.1.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial sparql 'SELECT ?mission (COUNT(*) AS ?n) { ?p ltdp:mission ?mission } GROUP BY ?mission'
  perennial sparql --file lineage.rq --format csv
  perennial sparql 'SELECT ?t { SERVICE <urn:perennial:search> { ?p search:q \"sea ice\" } ?p dcterms:title ?t }'
Prefixes that docs/sparql.md lists need not be declared.")]
pub struct Sparql {
    /// The query; - reads it from standard input.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    query: Option<String>,
    /// File with the query.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Ask the graph of what was harvested, not that of this archive's own records.
    #[arg(long)]
    harvested: bool,
    /// json, xml, csv, tsv, turtle, ntriples, rdf or json-ld; without it a table is tsv and a graph is turtle.
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
}

impl Sparql {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let query = self.text()?;
        let holds = if self.harvested { Holds::Harvested } else { Holds::Local };
        let format = self.format.or_else(|| context.json.then(|| "json".to_owned()));
        let wanted = match &format {
            Some(name) => accept::by_name(name).map_err(|error| Failure::usage(error.to_string()))?,
            None => accept::by_header("text/tab-separated-values, text/turtle"),
        };
        let settings = Settings { graph: Some(GraphSettings::of_this_program()?), ..Settings::default() };
        let mut output = std::io::stdout().lock();
        match client::way(&context.store, &Options { settings, ..Options::default() })? {
            Way::Server(client) => ask_server(&client, (&query, holds), format.as_deref(), &mut output)?,
            Way::Direct(catalogue) => {
                let results = wanted.results.map(|(format, _)| format);
                let triples = wanted.triples.map(|(format, _)| format);
                let asked = ask_here(&catalogue, (query, holds), (results, triples), &mut output);
                catalogue.close();
                asked?;
            }
        }
        output.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self) -> Result<String, Failure> {
        match (&self.query, &self.file) {
            (_, Some(path)) => std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display()))),
            (Some(query), None) if query == "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                Ok(text)
            }
            (query, None) => Ok(query.clone().unwrap_or_default()),
        }
    }
}

fn ask_server(
    client: &Client,
    (query, holds): (&str, Holds),
    format: Option<&str>,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let scope = if holds == Holds::Harvested { "harvested" } else { "local" };
    let path = format!("/sparql?wait=graph&scope={scope}");
    let (path, accept) = match format {
        Some(format) => (format!("{path}&format={}", encode(format)), "*/*"),
        None => (path, "text/tab-separated-values, text/turtle"),
    };
    client.post_into(&path, ("application/sparql-query", accept), query.as_bytes(), output)
}

/// Waits until the graph holds everything, and asks it.
fn ask_here(
    catalogue: &Catalogue,
    (query, holds): (String, Holds),
    (results, triples): (Option<ResultFormat>, Option<TripleFormat>),
    output: &mut impl Write,
) -> Result<(), Failure> {
    let refused = |reason: &dyn std::error::Error| Failure::of(super::failure::USAGE, reason);
    let searches = search::answer_all(catalogue, &query).map_err(|problem| refused(&problem))?;
    let last = catalogue.last_sequence();
    let name = if holds == Holds::Harvested { "harvested-graph" } else { "graph" };
    while catalogue.has_graph(holds) && catalogue.graph_sequence(holds).is_none_or(|sequence| sequence < last) {
        if let Some(failure) = catalogue.health().read().indexes.get(name).and_then(|graph| graph.failure.clone()) {
            return Err(Failure::store(format!("the graph cannot be built: {failure}")));
        }
        std::thread::sleep(PAUSE);
    }
    let question = Question { query, searches, results, triples, ..Question::default() };
    let mut written = Ok(());
    let mut send = |piece: Piece| {
        if let Piece::Bytes(bytes) = piece {
            written = output.write_all(&bytes);
        }
        written.is_ok()
    };
    catalogue.sparql(question, (holds, false), &mut send).map_err(|refusal| refused(&refusal))?;
    Ok(written?)
}
