//! What every handler needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use actix_web::HttpRequest;

use crate::catalogue::Catalogue;

/// Shared by all handlers.
pub struct State {
    pub catalogue: Arc<Catalogue>,
    /// Address under which clients reach the service, without a slash at its end; derived from the request if absent.
    pub public_url: Option<String>,
    /// Every program of this machine may write: the service listens on loopback and stands behind no proxy.
    pub open: bool,
    /// Answers that go on are to end.
    pub stopping: AtomicBool,
    /// Clients that wait for changes or follow them.
    pub followers: Arc<AtomicUsize>,
}

impl State {
    /// Whether the service is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// The base address of links in an answer.
    pub fn base(&self, request: &HttpRequest) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            None => {
                let connection = request.connection_info();
                format!("{}://{}", connection.scheme(), connection.host())
            }
        }
    }
}
