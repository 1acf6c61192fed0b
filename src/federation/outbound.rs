//! The one client for what leaves this machine at somebody's wish. It connects to the addresses that it has checked and to no
//! others: not to this machine, its network or a host's own interfaces, whatever a name says a moment later. It follows no
//! redirect and no proxy, and what it reads is bounded. Which endpoints may be asked at all is the caller's to say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// What one request may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first look-up to the last byte.
    pub time: Duration,
    /// Of the body.
    pub bytes: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("{0} is no address that begins with http://")]
    NotHttp(String),
    /// The name stands for an address that is not asked from here.
    #[error("{host} is {address}, which is no public address")]
    NotPublic { host: String, address: IpAddr },
    #[error("it answered {status} and names another address; redirects are not followed")]
    Redirected { status: u16 },
    #[error("it answered {status}")]
    Status { status: u16 },
    #[error("its answer is longer than {bytes} bytes")]
    TooLong { bytes: u64 },
    #[error("it did not answer within {} s", time.as_secs())]
    TooSlow { time: Duration },
    #[error("it cannot be reached: {reason}")]
    Unreachable { reason: String },
}

/// The client.
#[derive(Debug, Clone)]
pub struct Outbound {
    agent: Agent,
    limits: Limits,
}

impl Outbound {
    /// A client; with `allow_private` it calls addresses of this machine and its network too.
    pub fn new(limits: Limits, allow_private: bool) -> Self {
        Self::with(limits, allow_private, DefaultResolver::default())
    }

    fn with(limits: Limits, allow_private: bool, names: impl Resolver) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(limits.time))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("perennial/", env!("CARGO_PKG_VERSION")))
            .build();
        let checked = Checked { names, allow_private };
        Self { agent: Agent::with_parts(config, DefaultConnector::default(), checked), limits }
    }

    /// Sends a body and gets one; any status but 2xx is an error.
    ///
    /// # Errors
    /// Whatever stands between us and the whole answer.
    pub fn post(&self, url: &str, media_type: &str, accept: &str, body: &[u8]) -> Result<Vec<u8>, OutboundError> {
        if !url.starts_with("http://") {
            return Err(OutboundError::NotHttp(url.to_owned()));
        }
        let request = self.agent.post(url).header("content-type", media_type).header("accept", accept);
        let response = request.send(body).map_err(|error| self.failed(error))?;
        self.read(response)
    }

    fn read(&self, mut response: Response<ureq::Body>) -> Result<Vec<u8>, OutboundError> {
        let status = response.status();
        if status.is_redirection() {
            return Err(OutboundError::Redirected { status: status.as_u16() });
        }
        if !status.is_success() {
            return Err(OutboundError::Status { status: status.as_u16() });
        }
        let body = response.body_mut().with_config().limit(self.limits.bytes).read_to_vec();
        body.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: ureq::Error) -> OutboundError {
        match error {
            ureq::Error::Timeout(_) => OutboundError::TooSlow { time: self.limits.time },
            ureq::Error::BodyExceedsLimit(bytes) => OutboundError::TooLong { bytes },
            ureq::Error::Other(reason) => match reason.downcast::<Refused>() {
                Ok(refused) => OutboundError::NotPublic { host: refused.host, address: refused.address },
                Err(reason) => OutboundError::Unreachable { reason: reason.to_string() },
            },
            other => OutboundError::Unreachable { reason: other.to_string() },
        }
    }
}

/// An address that is not called.
#[derive(Debug, thiserror::Error)]
#[error("{host} is {address}")]
struct Refused {
    host: String,
    address: IpAddr,
}

/// Looks a name up once. The connection is made to what it gives, so a name that changes its mind changes nothing.
#[derive(Debug)]
struct Checked<R> {
    names: R,
    allow_private: bool,
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

/// Whether an address is one that anybody on the internet has (the registries of RFC 6890, as of 2025).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, shared (CGNAT), link-local.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks, documentation.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast, reserved, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let embedded = match (a, b) {
        // ::ffff:a.b.c.d, ::a.b.c.d and 64:ff9b::a.b.c.d hold the address in their last four bytes, 2002:… in the next four.
        (0, _) | (0x64, 0xff9b) => {
            let [.., w, x, y, z] = address.octets();
            Some(Ipv4Addr::new(w, x, y, z))
        }
        (0x2002, _) => {
            let [_, _, w, x, y, z, ..] = address.octets();
            Some(Ipv4Addr::new(w, x, y, z))
        }
        _ => None,
    };
    if let Some(embedded) = embedded {
        return is_public_v4(embedded);
    }
    // Of what is global unicast: Teredo and other protocol assignments, documentation.
    let is_special = matches!((a, b), (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff));
    a & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 1_000 };

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
        for text in
            ["8.8.8.8", "100.63.255.255", "172.32.0.1", "192.0.1.1", "::ffff:8.8.8.8", "2a00:1450::1", "2001:4860::8"]
        {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn nothing_of_this_machine_or_its_network_is_called() {
        let outbound = Outbound::new(LIMITS, false);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        listener.set_nonblocking(true).expect("settable");
        for host in
            ["127.0.0.1", "localhost", "169.254.169.254", "[::ffff:127.0.0.1]", "[::1]", "0x7f.1", "0", "10.0.0.1"]
        {
            let asked = outbound.post(&format!("http://{host}:{port}/"), "text/plain", "*/*", b"x");
            assert!(
                matches!(asked, Err(OutboundError::NotPublic { .. } | OutboundError::Unreachable { .. })),
                "{host}: {asked:?}"
            );
        }
        for url in ["https://a.example/", "file:///etc/passwd", "ftp://a.example/", "//a.example", ""] {
            assert!(matches!(outbound.post(url, "text/plain", "*/*", b"x"), Err(OutboundError::NotHttp(_))), "{url}");
        }
        assert!(listener.accept().is_err(), "somebody called");
    }

    /// A name that stands for other addresses each time it is looked up.
    #[derive(Debug, Clone)]
    struct Rebinding(Arc<AtomicUsize>, Vec<Vec<SocketAddr>>);

    impl Resolver for Rebinding {
        fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
            let mut found = self.empty();
            let turn = self.0.fetch_add(1, Ordering::SeqCst).min(self.1.len() - 1);
            self.1[turn].iter().for_each(|address| found.push(*address));
            Ok(found)
        }
    }

    #[test]
    fn a_name_is_looked_up_once_and_one_bad_address_spoils_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("settable");
        let here = listener.local_addr().expect("bound");
        let public: SocketAddr = "192.88.98.1:9".parse().expect("an address");
        let limits = Limits { time: Duration::from_millis(300), ..LIMITS };
        let lookups = Arc::new(AtomicUsize::new(0));
        let names = Rebinding(Arc::clone(&lookups), vec![vec![public], vec![here]]);
        // Nobody is at the first address; that the second look-up would give another one is not seen.
        assert!(Outbound::with(limits, false, names).post("http://a.example/", "text/plain", "*/*", b"x").is_err());
        assert_eq!(lookups.load(Ordering::SeqCst), 1);
        let both = Rebinding(Arc::new(AtomicUsize::new(0)), vec![vec![public, here]]);
        let asked = Outbound::with(limits, false, both).post("http://a.example/", "text/plain", "*/*", b"x");
        assert!(matches!(asked, Err(OutboundError::NotPublic { address, .. }) if address == here.ip()), "{asked:?}");
        assert!(listener.accept().is_err(), "somebody called");
    }

    /// Answers one request with these bytes.
    fn answering(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/", listener.local_addr().expect("bound"));
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(&answer);
        });
        url
    }

    #[test]
    fn redirects_failures_and_long_answers_are_errors() {
        let outbound = Outbound::new(LIMITS, true);
        let ask = |answer: Vec<u8>| outbound.post(&answering(answer), "text/plain", "*/*", b"x");
        assert_eq!(ask(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec()).expect("an answer"), b"ok");
        let redirect = b"HTTP/1.1 307 X\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n".to_vec();
        assert!(matches!(ask(redirect), Err(OutboundError::Redirected { status: 307 })));
        let failed = b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n".to_vec();
        assert!(matches!(ask(failed), Err(OutboundError::Status { status: 500 })));
        let long = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &[b'x'; 2_000]].concat();
        assert!(matches!(ask(long), Err(OutboundError::TooLong { bytes: 1_000 })));
        let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf".to_vec();
        assert!(ask(cut).is_err(), "a part is no answer");
    }
}
