//! A service in this process over a temporary store, and a client that waits for its answers.

pub mod client;
pub mod delivery;
pub mod raw;
pub mod records;
pub mod source;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use perennial::catalogue::{Catalogue, GraphSettings, Options, ServiceSettings, Settings};
use perennial::http::{self, ServeOptions};
use perennial::index::graph::Limits;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub use client::{Answer, Client};

/// Options for tests: the real disk, and no threshold of free space that a small machine would miss.
pub fn options() -> Options {
    let settings = Settings { free_space_threshold: 0, ..Settings::default() };
    Options { settings, ..Options::default() }
}

/// Options with a graph whose workers have little room.
pub fn options_with_graph() -> Options {
    let limits = Limits { time: Duration::from_secs(3), memory: 256 << 20, ..Limits::for_cores(2) };
    options_with_limits(limits)
}

/// Options with a graph whose workers have these limits.
pub fn options_with_limits(limits: Limits) -> Options {
    let graph =
        GraphSettings { program: env!("CARGO_BIN_EXE_perennial").into(), limits, services: ServiceSettings::default() };
    let mut options = options();
    options.settings.graph = Some(graph);
    options
}

/// A store in a folder of its own, which goes with it.
pub struct Store {
    folder: TempDir,
}

impl Store {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Serves the store on loopback.
    pub fn serve(&self) -> Service {
        self.serve_with(&options())
    }

    pub fn serve_with(&self, options: &Options) -> Service {
        Service::start(&self.path(), options, "127.0.0.1:0")
    }
}

/// A running service. Dropping it ends it in order, so that the store can be opened again.
pub struct Service {
    address: SocketAddr,
    pub client: Client,
    pub catalogue: Option<Arc<Catalogue>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    pub fn start(store: &Path, options: &Options, listen: &str) -> Self {
        let catalogue = Catalogue::open(store, options).expect("the store opens");
        let serve = ServeOptions { listen: listen.to_owned(), public_url: None, workers: 2 };
        let (announce, announced) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&catalogue);
        let thread = std::thread::spawn(move || {
            let server = http::bind(shared, &serve).expect("a free port");
            announce.send(server.address()).expect("somebody waits for the address");
            let stopped = async { drop(stopped.await) };
            let run = actix_web::rt::System::new().block_on(server.run_until(stopped));
            run.expect("the service ends in order");
        });
        let mut address = announced.recv().expect("the service listens");
        if address.ip().is_unspecified() {
            address.set_ip([127, 0, 0, 1].into());
        }
        let client = Client::new(format!("http://{address}"));
        Self { address, client, catalogue: Some(catalogue), stop: Some(stop), thread: Some(thread) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn catalogue(&self) -> &Arc<Catalogue> {
        self.catalogue.as_ref().expect("open until it is dropped")
    }
}

impl std::ops::Deref for Service {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.client.close();
        if let Some(stop) = self.stop.take() {
            // Nobody listens any more when the service ended by itself: joining tells why.
            let _ = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(catalogue) = self.catalogue.take() {
            catalogue.close();
        }
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the service panicked");
        }
    }
}

/// A service over a new store with the collection `c`.
pub fn service() -> (Store, Service) {
    let store = Store::new();
    let service = store.serve();
    service.put("/api/v1/collections/c", records::collection("c")).expect_status(201);
    (store, service)
}

/// Whether programs can be isolated on this machine; says so where a test is skipped for it.
pub fn can_isolate() -> bool {
    let mut trial = Command::new("bwrap");
    trial.args([
        "--unshare-all",
        "--unshare-user",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "/bin/true",
    ]);
    let works = trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = works.is_ok_and(|status| status.success());
    if !works {
        eprintln!("skipped: bubblewrap cannot isolate here");
    }
    works
}
