//! Binding, running and ending the service.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use futures_util::future::{Either, select};

use super::state::State;
use super::{app, limits, trace};
use crate::catalogue::Catalogue;
use crate::catalogue::secrets::SecretsError;

/// How long a client may take to send its request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long running requests may take after SIGTERM.
const SHUTDOWN_SECONDS: u64 = 30;
/// Threads of each worker for what blocks: queries that wait for their turn hold one each, and must not hold all.
const BLOCKING_THREADS: usize = 512;
/// Connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 4_096;

/// Where and how to listen.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// `address:port`; port 0 takes a free one.
    pub listen: String,
    pub public_url: Option<String>,
    /// Threads that answer; 0 means one per core.
    pub workers: usize,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("{listen:?} is no address to listen on")]
    Address {
        listen: String,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "nobody may write yet, and {address} is not loopback: make an administrator with `perennial user add NAME` first"
    )]
    NoAdministrator { address: SocketAddr },
    #[error("whoever reaches {address} could run programs here: give a token with --token-file")]
    NoToken { address: SocketAddr },
    #[error("{url:?} is no public URL: give scheme and host such as https://archive.example.org")]
    PublicUrl { url: String },
    #[error("cannot listen on {listen}")]
    Bind {
        listen: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the users cannot be read")]
    Secrets(#[from] SecretsError),
    #[error("the service failed")]
    Run(#[source] std::io::Error),
}

/// A service that listens but does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    state: Data<State>,
    workers: usize,
}

/// Checks the options and takes the port.
///
/// # Errors
/// `NoAdministrator` beyond loopback without a user; the system's refusal to listen.
pub fn bind(catalogue: Arc<Catalogue>, options: &ServeOptions) -> Result<Server, ServeError> {
    let listen = options.listen.clone();
    let resolved = listen.to_socket_addrs().map_err(|source| ServeError::Address { listen: listen.clone(), source })?;
    let addresses: Vec<SocketAddr> = resolved.collect();
    let loopback = addresses.iter().all(|address| address.ip().is_loopback());
    // Behind a proxy every client arrives from loopback.
    let open = loopback && options.public_url.is_none();
    if !loopback && catalogue.secrets().users()?.is_empty() {
        let outside = addresses.iter().find(|address| !address.ip().is_loopback());
        return Err(ServeError::NoAdministrator {
            address: outside.copied().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0))),
        });
    }
    let public_url = options.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
    if let Some(url) = public_url.as_ref().filter(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(ServeError::PublicUrl { url: url.clone() });
    }
    let failed = |source| ServeError::Bind { listen: listen.clone(), source };
    let listener = TcpListener::bind(addresses.as_slice()).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let workers = match options.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        workers => workers,
    };
    Ok(Server {
        listener,
        address,
        state: Data::new(State {
            catalogue,
            public_url,
            open,
            stopping: AtomicBool::new(false),
            followers: Arc::default(),
        }),
        workers,
    })
}

impl Server {
    /// The address that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until SIGTERM or SIGINT; running requests are finished.
    ///
    /// # Errors
    /// `Run` when the system ends it otherwise.
    pub async fn run(self) -> Result<(), ServeError> {
        self.run_until(std::future::pending()).await
    }

    /// As `run`, and ends in the same way once `stop` is ready.
    ///
    /// # Errors
    /// As `run`.
    pub async fn run_until(self, stop: impl Future<Output = ()> + 'static) -> Result<(), ServeError> {
        let state = self.state;
        let ending = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(limits::limit))
                .wrap(from_fn(trace::trace))
                .configure(app::routes)
                .default_service(web::to(app::no_route))
        })
        .listen(self.listener)
        .map_err(ServeError::Run)?
        .workers(self.workers)
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .max_connections(MAX_CONNECTIONS)
        .client_request_timeout(HEAD_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(async move {
            let is_asked = {
                let (stop, signals) = (std::pin::pin!(stop), std::pin::pin!(signalled()));
                matches!(select(stop, signals).await, Either::Left(_))
            };
            ending.stopping.store(true, Ordering::Release);
            // The server hears the signals itself.
            if is_asked {
                handle.stop(true).await;
            }
        });
        server.await.map_err(ServeError::Run)
    }
}

/// Ready when the process is told to end.
async fn signalled() {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    let heard = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = heard else { return std::future::pending().await };
    select(std::pin::pin!(terminate.recv()), std::pin::pin!(interrupt.recv())).await;
}
