//! Looks names up, once for each connection, and lets no address pass that is not to be called.

use std::net::IpAddr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::is_public;

/// An address that is not called.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {address}")]
pub struct Refused {
    pub host: String,
    pub address: IpAddr,
}

/// Looks a name up once. The connection is made to what it gives, so a name that changes its mind changes nothing.
#[derive(Debug)]
pub struct Checked<R> {
    names: R,
    allow_private: bool,
}

impl<R> Checked<R> {
    pub const fn new(names: R, allow_private: bool) -> Self {
        Self { names, allow_private }
    }
}

impl<R: Resolver> Resolver for Checked<R> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.names.resolve(uri, config, timeout)?;
        // One that is not public makes the name suspect as a whole.
        match found.iter().map(|address| address.ip()).find(|address| !self.allow_private && !is_public(*address)) {
            Some(address) => {
                let host = uri.host().unwrap_or_default().to_owned();
                Err(ureq::Error::Other(Box::new(Refused { host, address })))
            }
            None => Ok(found),
        }
    }
}
