//! The command line: one file per verb.

mod account;
mod audit;
mod backup;
mod bench;
mod client;
mod demo;
mod executor;
mod export;
mod failure;
mod get;
mod graph_worker;
mod import;
mod ingest;
mod mirror;
mod openapi;
mod output;
mod reach;
mod recipe;
mod recreate;
mod reindex;
mod resolve;
mod run;
mod search;
mod serve;
mod sources;
mod sparql;
mod tes;
mod user;
mod verify;
mod workers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::archive::disk::raise_open_files;
use crate::observe::{self, LogFormat};
use failure::Failure;

/// Long-term data preservation catalogue of space missions: register, preserve, find.
#[derive(Debug, Parser)]
#[command(name = "perennial", version, max_term_width = 110, after_help = AFTER_HELP)]
struct Arguments {
    /// Folder of the store; made when it does not exist.
    #[arg(long, global = true, env = "PERENNIAL_STORE", default_value = "./store", value_name = "DIR")]
    store: PathBuf,
    /// Answers for scripts: JSON on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// What to log, for example info or perennial=debug.
    #[arg(long, global = true, env = "PERENNIAL_LOG", default_value = "warn", value_name = "FILTER")]
    log: String,
    /// How to log.
    #[arg(long, global = true, env = "PERENNIAL_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "Examples:
  perennial ingest fixtures/missions                  register what the folder holds
  perennial search mars --facets mission,instrument   find it again
  perennial serve                                     offer it on http://127.0.0.1:8080
  perennial verify                                    check every byte

Exit codes: 0 done, 1 done with findings or refusals, 2 wrong use, 3 the store cannot be used, 4 not found.
While a server runs on the store, ingest, search and resolve go through it; get, verify, export and backup read the archive.";

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Demo),
    Serve(serve::Serve),
    Ingest(ingest::Ingest),
    Import(import::Import),
    Mirror(mirror::Mirror),
    Search(Box<search::Search>),
    Get(get::Get),
    Resolve(resolve::Resolve),
    Sparql(sparql::Sparql),
    Verify(verify::Verify),
    Audit(audit::Audit),
    Run(run::Run),
    Recipe(recipe::Recipe),
    Recreate(recreate::Recreate),
    Drill(recreate::Drill),
    Impact(recreate::Impact),
    Drop(recreate::Drop),
    Keep(recreate::Keep),
    Reindex(reindex::Reindex),
    Export(export::Export),
    Backup(backup::Backup),
    Openapi(openapi::Openapi),
    Bench(bench::Bench),
    Tes(tes::Tes),
    User(user::User),
    #[command(hide = true)]
    GraphWorker(graph_worker::GraphWorker),
}

/// What a shell shows for a program that a closed pipe ended: 128 and SIGPIPE.
const READER_GONE: i32 = 141;

/// What every verb needs.
struct Context {
    store: PathBuf,
    json: bool,
}

/// Who reads our output may stop, as `head` does: that is no failure of ours, and nothing to tell.
fn end_quietly_with_the_reader() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to stdout") && text.contains("Broken pipe") {
            std::process::exit(READER_GONE);
        }
        usual(panic);
    }));
}

/// Reads the arguments, runs the verb, and says what went wrong in one line with its causes.
pub fn main() -> ExitCode {
    if let Some(code) = workers::started_as_worker() {
        return code;
    }
    end_quietly_with_the_reader();
    let arguments = Arguments::parse();
    let long_running = matches!(arguments.verb, Verb::Serve(_) | Verb::Demo(_) | Verb::Tes(_) | Verb::Mirror(_));
    let filter =
        if long_running && arguments.log == "warn" { "info,actix_server=warn".to_owned() } else { arguments.log };
    observe::init(arguments.log_format, &filter);
    if let Err(error) = raise_open_files() {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    let context = Context { store: arguments.store, json: arguments.json };
    let done = match arguments.verb {
        Verb::Demo(verb) => verb.run(&context),
        Verb::Serve(verb) => verb.run(&context),
        Verb::Ingest(verb) => verb.run(&context),
        Verb::Import(verb) => verb.run(&context),
        Verb::Mirror(verb) => verb.run(&context),
        Verb::Search(verb) => verb.run(&context),
        Verb::Get(verb) => verb.run(&context),
        Verb::Resolve(verb) => verb.run(&context),
        Verb::Sparql(verb) => verb.run(&context),
        Verb::Verify(verb) => verb.run(&context),
        Verb::Audit(verb) => verb.run(&context),
        Verb::Run(verb) => verb.run(&context),
        Verb::Recipe(verb) => verb.run(&context),
        Verb::Recreate(verb) => verb.run(&context),
        Verb::Drill(verb) => verb.run(&context),
        Verb::Impact(verb) => verb.run(&context),
        Verb::Drop(verb) => verb.run(&context),
        Verb::Keep(verb) => verb.run(&context),
        Verb::Reindex(verb) => verb.run(&context),
        Verb::Export(verb) => verb.run(&context),
        Verb::Backup(verb) => verb.run(&context),
        Verb::Openapi(verb) => verb.run(&context),
        Verb::Bench(verb) => verb.run(&context),
        Verb::Tes(verb) => verb.run(),
        Verb::User(verb) => verb.run(&context),
        Verb::GraphWorker(verb) => verb.run(),
    };
    match done {
        Ok(code) => code,
        Err(failure) => failure.report(context.json),
    }
}
