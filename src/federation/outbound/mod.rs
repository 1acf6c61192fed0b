//! The one client for what leaves this machine at somebody's wish. It connects to the addresses that it has checked and to no
//! others: not to this machine, its network or a host's own interfaces, whatever a name says a moment later. It knows http and
//! https, no proxy, and looks at each redirect as at a first address. What it reads is bounded in time, in bytes as they come
//! and in bytes unpacked. Which endpoints may be asked at all is the caller's to say.

mod address;
mod name;
mod unpack;

#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{HeaderMap, Response as Answer, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::DefaultConnector;

pub use address::is_public;
use name::{Checked, Refused};

/// Redirects that one request follows.
const MOST_REDIRECTS: usize = 5;
/// How long a name may take to be looked up and a connection to be made, at most.
const CONNECT: Duration = Duration::from_secs(10);

/// What one request may use, redirects included.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first look-up to the last byte.
    pub time: Duration,
    /// Of the body, as it comes and unpacked.
    pub bytes: u64,
}

/// How the client is set up.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether addresses of this machine and its network may be called.
    pub allow_private: bool,
    /// Certificates (PEM) of the authorities that are believed, in place of those of the web.
    pub authorities: Option<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("{0} is no address that begins with http:// or https://")]
    NotHttp(String),
    /// The name stands for an address that is not asked from here.
    #[error("{host} is {address}, which is no public address: the operator may allow such (--private-sources)")]
    NotPublic { host: String, address: std::net::IpAddr },
    #[error("it answered {status} and names an address that is not followed: {reason}")]
    Redirected { status: u16, reason: String },
    #[error("it answered {status}")]
    Status { status: u16 },
    #[error("its answer is longer than {bytes} bytes")]
    TooLong { bytes: u64 },
    #[error("its answer cannot be unpacked: {reason}")]
    Packed { reason: String },
    #[error("it did not answer within {} s", time.as_secs_f64())]
    TooSlow { time: Duration },
    #[error("there is no secure connection to it: {reason}")]
    Insecure { reason: String },
    #[error("it cannot be reached: {reason}")]
    Unreachable { reason: String },
    #[error("the certificates of the authorities cannot be read: {reason}")]
    Authorities { reason: String },
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub url: &'a str,
    /// Names and values, beside those of HTTP itself.
    pub headers: &'a [(&'a str, &'a str)],
    /// Media type and bytes: makes it a POST, which follows no redirect.
    pub body: Option<(&'a str, &'a [u8])>,
    pub limits: Limits,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Where it came from in the end.
    pub url: String,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, if it has one that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Its media type without parameters, in lower case; empty when it does not say.
    pub fn media_type(&self) -> String {
        let said = self.header("content-type").unwrap_or_default();
        said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// What came back, with a body that is still to be read; reading it ends at the limits of its request.
pub struct Stream {
    pub status: u16,
    headers: HeaderMap,
    body: Box<dyn Read + Send>,
}

impl Stream {
    /// The value of a header, if it has one that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.body.read(into)
    }
}

/// The client. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    agent: Agent,
}

impl Outbound {
    /// A client that believes the authorities of the web; with `allow_private` it calls addresses of this machine and its
    /// network too.
    pub fn new(allow_private: bool) -> Self {
        Self::with(RootCerts::WebPki, allow_private, DefaultResolver::default())
    }

    /// A client as it was set up.
    ///
    /// # Errors
    /// `Authorities` when the certificates are none.
    pub fn of(settings: &Settings) -> Result<Self, OutboundError> {
        let roots = settings.authorities.as_deref().map_or(Ok(RootCerts::WebPki), authorities)?;
        Ok(Self::with(roots, settings.allow_private, DefaultResolver::default()))
    }

    fn with(roots: RootCerts, allow_private: bool, names: impl Resolver) -> Self {
        Self::built(roots, Checked::new(names, allow_private))
    }

    fn built(roots: RootCerts, names: impl Resolver) -> Self {
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("gzip")
            .build();
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), names) }
    }

    /// Sends a request and reads the whole answer; any status is one.
    ///
    /// # Errors
    /// Whatever stands between us and the whole answer.
    pub fn send(&self, request: &Request<'_>) -> Result<Response, OutboundError> {
        let deadline = Instant::now() + request.limits.time;
        let (answer, url) = self.follow(request, deadline)?;
        let (parts, body) = answer.into_parts();
        let packed = parts.headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let mut reader = body.into_reader().take(request.limits.bytes.saturating_add(1));
        let read = unpack::read(&mut reader, packed, request.limits.bytes);
        let body = read.map_err(|error| error.told(request.limits))?;
        Ok(Response { status: parts.status.as_u16(), url, headers: parts.headers, body })
    }

    /// Sends a request for bytes as they are (no encoding) and hands over the answer as soon as its head is there.
    ///
    /// # Errors
    /// Whatever stands between us and the head of the answer; what comes later is an error of reading.
    pub fn open(&self, request: &Request<'_>) -> Result<Stream, OutboundError> {
        let deadline = Instant::now() + request.limits.time;
        let mut headers = request.headers.to_vec();
        headers.push(("accept-encoding", "identity"));
        let (answer, _) = self.follow(&Request { headers: &headers, ..*request }, deadline)?;
        let (parts, body) = answer.into_parts();
        let body = Box::new(body.into_reader().take(request.limits.bytes));
        Ok(Stream { status: parts.status.as_u16(), headers: parts.headers, body })
    }

    /// Sends a body and gets one; any status but 2xx is an error.
    ///
    /// # Errors
    /// Whatever stands between us and the whole answer.
    pub fn post(
        &self,
        url: &str,
        media_type: &str,
        accept: &str,
        body: &[u8],
        limits: Limits,
    ) -> Result<Vec<u8>, OutboundError> {
        let request = Request { url, headers: &[("accept", accept)], body: Some((media_type, body)), limits };
        let response = self.send(&request)?;
        match response.status {
            200..300 => Ok(response.body),
            status => Err(OutboundError::Status { status }),
        }
    }

    /// The answer after redirects, and where it came from.
    fn follow(&self, request: &Request<'_>, deadline: Instant) -> Result<(Answer<ureq::Body>, String), OutboundError> {
        let mut url = request.url.to_owned();
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.once(&url, request, deadline)?;
            let status = answer.status();
            if !status.is_redirection() || status.as_u16() == 304 {
                return Ok((answer, url));
            }
            let refused =
                |reason: &str| OutboundError::Redirected { status: status.as_u16(), reason: reason.to_owned() };
            if request.body.is_some() {
                return Err(refused("what is sent is sent to the address that was named"));
            }
            let named = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = named.and_then(|named| crate::model::uri::join(&url, named));
            let next = next.ok_or_else(|| refused("it names none"))?;
            if url.starts_with("https://") && !next.starts_with("https://") {
                return Err(refused("it would leave the secure connection"));
            }
            url = next;
        }
        Err(OutboundError::Redirected { status: 310, reason: format!("there were more than {MOST_REDIRECTS}") })
    }

    fn once(&self, url: &str, request: &Request<'_>, deadline: Instant) -> Result<Answer<ureq::Body>, OutboundError> {
        check(url)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(OutboundError::TooSlow { time: request.limits.time });
        }
        let sent = match request.body {
            None => {
                let mut asked = self.agent.get(url).config().timeout_global(Some(left)).build();
                for (name, value) in request.headers {
                    asked = asked.header(*name, *value);
                }
                asked.call()
            }
            Some((media_type, body)) => {
                let mut asked = self.agent.post(url).config().timeout_global(Some(left)).build();
                for (name, value) in request.headers {
                    asked = asked.header(*name, *value);
                }
                asked.header(header::CONTENT_TYPE, media_type).send(body)
            }
        };
        sent.map_err(|error| failed(error, request.limits))
    }
}

/// An address of http or https with a host and without a name and password.
fn check(url: &str) -> Result<(), OutboundError> {
    let uri: Option<Uri> = url.parse().ok();
    let authority = uri.as_ref().and_then(Uri::authority);
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    match authority {
        Some(authority) if is_http && !authority.as_str().contains('@') && !authority.host().is_empty() => Ok(()),
        _ => Err(OutboundError::NotHttp(url.chars().take(200).collect())),
    }
}

fn authorities(pem: &[u8]) -> Result<RootCerts, OutboundError> {
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(pem) {
        match item {
            Ok(ureq::tls::PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(OutboundError::Authorities { reason: error.to_string() }),
        }
    }
    match found.is_empty() {
        true => Err(OutboundError::Authorities { reason: "there is none in the file".to_owned() }),
        false => Ok(RootCerts::new_with_certs(&found)),
    }
}

fn failed(error: ureq::Error, limits: Limits) -> OutboundError {
    match error {
        ureq::Error::Timeout(_) => OutboundError::TooSlow { time: limits.time },
        ureq::Error::BodyExceedsLimit(bytes) => OutboundError::TooLong { bytes },
        ureq::Error::Other(reason) => match reason.downcast::<Refused>() {
            Ok(refused) => OutboundError::NotPublic { host: refused.host, address: refused.address },
            Err(reason) => OutboundError::Unreachable { reason: reason.to_string() },
        },
        ureq::Error::Rustls(reason) => OutboundError::Insecure { reason: reason.to_string() },
        ureq::Error::Tls(reason) => OutboundError::Insecure { reason: reason.to_owned() },
        // What TLS finds wrong with the other side comes as invalid data of the connection.
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            OutboundError::Insecure { reason: error.to_string() }
        }
        other => OutboundError::Unreachable { reason: other.to_string() },
    }
}
