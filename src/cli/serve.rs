//! `perennial serve`: the service.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::{Context, Failure, executor, mirror, reach};
use crate::catalogue::mirror::Marker;
use crate::catalogue::{Catalogue, GraphSettings, LEAST_FREE_SPACE, Options, ServiceSettings, Settings};
use crate::http::{self, ServeOptions};

/// How often the free space is read.
const SPACE_INTERVAL: Duration = Duration::from_secs(5);

/// How often it is looked whether a drill is due, and whether the service has ended.
const DRILL_PAUSE: Duration = Duration::from_millis(500);

/// Offer the store over HTTP.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  perennial serve                                              on loopback, everybody may write
  perennial user add alice && perennial serve --listen 0.0.0.0:8080 --public-url https://archive.example.org")]
pub struct Serve {
    /// Address and port; port 0 takes a free one.
    #[arg(long, env = "PERENNIAL_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: String,
    /// Address under which clients reach the service, behind a proxy.
    #[arg(long, env = "PERENNIAL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Take no writes and no lock; an index that is behind is built under --index.
    #[arg(long)]
    pub read_only: bool,
    /// Folder of the indexes, if not in the store.
    #[arg(long, value_name = "DIR")]
    pub index: Option<PathBuf>,
    /// Payloads of at least this many bytes get an OCFL object of their own; 0 means all.
    #[arg(long, default_value_t = 8 << 20, value_name = "BYTES")]
    pub payload_object_threshold: u64,
    /// Refuse writes (507) while fewer bytes than this are free; at least 32 MiB, which the indexes need to finish.
    #[arg(long, default_value_t = 64 << 20, value_name = "BYTES")]
    pub free_space_threshold: u64,
    /// Keep no graph and answer no SPARQL.
    #[arg(long)]
    pub no_graph: bool,
    /// Run no recipes: nothing is made again, and dropped bytes are not served.
    #[arg(long)]
    pub no_recreation: bool,
    /// Rebuild the product that deserves it most every so many seconds; 0 means never.
    #[arg(long, default_value_t = 0, value_name = "SECONDS", conflicts_with = "no_recreation")]
    pub drill_every: u64,
    #[command(flatten)]
    pub place: executor::Place,
    #[command(flatten)]
    pub reach: reach::Reach,
    /// For a mirror: seconds between two questions to its source when there is nothing new; 0 means never.
    #[arg(long, default_value_t = 2.0, value_name = "SECONDS")]
    pub mirror_every: f64,
    /// For a mirror: bearer token of a user of its source, for payloads.
    #[arg(long, env = "PERENNIAL_MIRROR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub mirror_token: Option<String>,
    /// An endpoint elsewhere that SPARQL queries may ask with SERVICE, by its whole address (https://…); may be repeated.
    #[arg(long, value_name = "URL", conflicts_with = "no_graph")]
    pub sparql_service: Vec<String>,
    /// Such endpoints may be on this machine or its network.
    #[arg(long, requires = "sparql_service")]
    pub private_services: bool,
    /// Threads that answer; 0 means one per core.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub workers: usize,
}

impl Serve {
    pub fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        if self.no_recreation && self.place.is_elsewhere() {
            return Err(Failure::usage("--tes says where recipes run, --no-recreation that none do"));
        }
        let mut graph = (!self.no_graph).then(GraphSettings::of_this_program).transpose()?;
        let is_http = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        if let Some(url) = self.sparql_service.iter().find(|url| !is_http(url)) {
            let reason = "it must begin with http:// or https://";
            return Err(Failure::usage(format!("{url} is no endpoint that can be asked: {reason}")));
        }
        if let Some(graph) = &mut graph {
            graph.services = ServiceSettings { endpoints: self.sparql_service, allow_private: self.private_services };
        }
        let settings = Settings {
            read_only: self.read_only,
            payload_object_threshold: self.payload_object_threshold,
            free_space_threshold: self.free_space_threshold.max(LEAST_FREE_SPACE),
            index: self.index,
            graph,
            outbound: self.reach.settings()?,
            recreation: (!self.no_recreation).then(|| self.place.settings(&context.store)).transpose()?,
            ..Settings::default()
        };
        let catalogue = Catalogue::open(&context.store, &Options { settings, ..Options::default() })?;
        let options = ServeOptions { listen: self.listen, public_url: self.public_url, workers: self.workers };
        if self.drill_every > 0 {
            drill_now_and_then(&catalogue, Duration::from_secs(self.drill_every))?;
        }
        let marker = Marker::read(&context.store).map_err(|error| Failure::store(format!("mirror.json: {error}")))?;
        if let Some(marker) = marker.filter(|_| self.mirror_every > 0.0 && !self.read_only) {
            let every = Duration::from_secs_f64(self.mirror_every.clamp(0.01, 86_400.0));
            mirror::follow_beside(&catalogue, marker.url, self.mirror_token, every)?;
        }
        run(catalogue, &options, |url| println!("listening on {url}"))
    }
}

/// Rebuilds a product in every interval, on a thread of its own that ends with the catalogue.
fn drill_now_and_then(catalogue: &Arc<Catalogue>, interval: Duration) -> Result<(), Failure> {
    let watched = Arc::downgrade(catalogue);
    let drill = move || {
        let mut next = Instant::now() + interval;
        while let Some(catalogue) = watched.upgrade() {
            if Instant::now() >= next {
                next = Instant::now() + interval;
                // What came of each product is logged and kept as evidence where it happens.
                if let Err(error) = catalogue.drill(1, None, "drill", &mut |_| true) {
                    tracing::warn!(%error, "no drill");
                }
            }
            drop(catalogue);
            std::thread::sleep(DRILL_PAUSE);
        }
    };
    let started = std::thread::Builder::new().name("drill".to_owned()).spawn(drill);
    started.map(drop).map_err(|error| Failure::store(format!("a thread cannot be started: {error}")))
}

/// Serves an open catalogue until SIGTERM; `announce` gets the address once it is taken.
pub fn run(
    catalogue: Arc<Catalogue>,
    options: &ServeOptions,
    announce: impl FnOnce(&str),
) -> Result<ExitCode, Failure> {
    let server = http::bind(Arc::clone(&catalogue), options)?;
    let url = format!("http://{}", server.address());
    if let Err(error) = catalogue.archive().announce(&format!("pid {} at {url}", std::process::id())) {
        tracing::warn!(%error, "the lock file does not name this service");
    }
    announce(&url);
    tracing::info!(url, sequence = catalogue.last_sequence(), "serving");
    let watched = Arc::downgrade(&catalogue);
    let served = actix_web::rt::System::new().block_on(async move {
        actix_web::rt::spawn(async move {
            while let Some(catalogue) = watched.upgrade() {
                catalogue.watch_free_space();
                drop(catalogue);
                tokio::time::sleep(SPACE_INTERVAL).await;
            }
        });
        server.run().await
    });
    served?;
    tracing::info!("stopped listening; finishing what was accepted");
    catalogue.close();
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
