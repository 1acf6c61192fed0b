//! Binding, running and ending the service of tasks, and who may use it.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpRequest, HttpServer};

use super::handlers;
use crate::codec::sha256;
use crate::http::problem::Problem;
use crate::http::server::ServeError;
use crate::http::{auth, limits, trace};
use crate::model::Sha256;
use crate::recreation::tes::Queue;

/// How long a client may take to send its request head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long running requests may take after SIGTERM.
const SHUTDOWN_SECONDS: u64 = 10;
/// Connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 1_024;
/// Threads that answer: they only look things up.
const WORKERS: usize = 2;

/// Where to listen, and what clients must say.
#[derive(Debug, Clone)]
pub struct TesOptions {
    /// `address:port`; port 0 takes a free one.
    pub listen: String,
    /// Without one, programs of this machine alone may use the service, and it listens on loopback only.
    pub token: Option<String>,
}

/// What every handler needs.
pub(super) struct State {
    pub(super) queue: Arc<Queue>,
    token: Option<Sha256>,
}

impl State {
    /// Who may use the service: whoever knows the token, or this machine where there is none.
    ///
    /// # Errors
    /// 401 or 403.
    pub(super) fn admit(&self, request: &HttpRequest) -> Result<(), Problem> {
        let Some(token) = &self.token else { return auth::from_this_machine(request) };
        // Digests are compared: how long that takes says nothing of the token.
        match auth::bearer(request).map(|given| sha256(given.as_bytes())) {
            Some(given) if given == *token => Ok(()),
            Some(_) => Err(Problem::unauthorised("this is not the token of this service")),
            None => {
                Err(Problem::unauthorised("send `Authorization: Bearer <token>`; the operator of the service has it"))
            }
        }
    }
}

/// A service that listens but does not answer yet.
pub struct TesServer {
    listener: TcpListener,
    address: SocketAddr,
    state: Data<State>,
}

/// Checks the options and takes the port.
///
/// # Errors
/// `NoToken` beyond loopback without a token; the system's refusal to listen.
pub fn bind(queue: Arc<Queue>, options: &TesOptions) -> Result<TesServer, ServeError> {
    let listen = options.listen.clone();
    let resolved = listen.to_socket_addrs().map_err(|source| ServeError::Address { listen: listen.clone(), source })?;
    let addresses: Vec<SocketAddr> = resolved.collect();
    let outside = addresses.iter().find(|address| !address.ip().is_loopback());
    if let (Some(address), None) = (outside, &options.token) {
        return Err(ServeError::NoToken { address: *address });
    }
    let failed = |source| ServeError::Bind { listen: listen.clone(), source };
    let listener = TcpListener::bind(addresses.as_slice()).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let token = options.token.as_ref().map(|token| sha256(token.as_bytes()));
    Ok(TesServer { listener, address, state: Data::new(State { queue, token }) })
}

impl TesServer {
    /// The address that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers on this thread until SIGTERM, SIGINT, or `stop` is ready.
    ///
    /// # Errors
    /// `Run` when the system ends it otherwise.
    pub fn run_until(self, stop: impl Future<Output = ()> + 'static) -> Result<(), ServeError> {
        actix_web::rt::System::new().block_on(self.answer(stop))
    }

    async fn answer(self, stop: impl Future<Output = ()> + 'static) -> Result<(), ServeError> {
        let state = self.state;
        let server = HttpServer::new(move || {
            let app = App::new().app_data(state.clone()).wrap(from_fn(limits::limit)).wrap(from_fn(trace::trace));
            app.configure(handlers::routes)
        });
        let server = server.listen(self.listener).map_err(ServeError::Run)?.workers(WORKERS);
        let server = server.max_connections(MAX_CONNECTIONS).client_request_timeout(HEAD_TIMEOUT);
        let server = server.shutdown_timeout(SHUTDOWN_SECONDS).run();
        let handle = server.handle();
        actix_web::rt::spawn(async move {
            stop.await;
            handle.stop(true).await;
        });
        server.await.map_err(ServeError::Run)
    }
}
