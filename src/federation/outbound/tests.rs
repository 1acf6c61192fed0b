//! Tests of the client against servers of a thread each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ureq::config::Config;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 1_000 };

fn get(url: &str) -> Request<'_> {
    Request { url, headers: &[], body: None, limits: LIMITS }
}

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
    let outbound = Outbound::new(false);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    listener.set_nonblocking(true).expect("settable");
    for host in ["127.0.0.1", "localhost", "169.254.169.254", "[::ffff:127.0.0.1]", "[::1]", "0x7f.1", "0", "10.0.0.1"]
    {
        let asked = outbound.post(&format!("http://{host}:{port}/"), "text/plain", "*/*", b"x", LIMITS);
        assert!(
            matches!(asked, Err(OutboundError::NotPublic { .. } | OutboundError::Unreachable { .. })),
            "{host}: {asked:?}"
        );
    }
    for url in [
        "http://",
        "http://user:word@a.example/",
        "http:///x",
        "file:///etc/passwd",
        "ftp://a.example/",
        "//a.example",
        "",
    ] {
        assert!(
            matches!(outbound.post(url, "text/plain", "*/*", b"x", LIMITS), Err(OutboundError::NotHttp(_))),
            "{url}"
        );
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
    assert!(
        Outbound::with(RootCerts::WebPki, false, names)
            .post("http://a.example/", "text/plain", "*/*", b"x", limits)
            .is_err()
    );
    assert_eq!(lookups.load(Ordering::SeqCst), 1);
    let both = Rebinding(Arc::new(AtomicUsize::new(0)), vec![vec![public, here]]);
    let asked =
        Outbound::with(RootCerts::WebPki, false, both).post("http://a.example/", "text/plain", "*/*", b"x", limits);
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
    let outbound = Outbound::new(true);
    let ask = |answer: Vec<u8>| outbound.post(&answering(answer), "text/plain", "*/*", b"x", LIMITS);
    assert_eq!(ask(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec()).expect("an answer"), b"ok");
    let redirect = b"HTTP/1.1 307 X\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n".to_vec();
    assert!(matches!(ask(redirect), Err(OutboundError::Redirected { status: 307, .. })));
    let failed = b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n".to_vec();
    assert!(matches!(ask(failed), Err(OutboundError::Status { status: 500 })));
    let long = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &[b'x'; 2_000]].concat();
    assert!(matches!(ask(long), Err(OutboundError::TooLong { bytes: 1_000 })));
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf".to_vec();
    assert!(ask(cut).is_err(), "a part is no answer");
}

/// Answers requests with these, one after the other; each is closed after.
fn answering_all(answers: Vec<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("a client");
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(&answer);
        }
    });
    (url, asked)
}

fn redirect(to: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 X\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into_bytes()
}

#[test]
fn each_redirect_is_looked_at_like_a_first_address() {
    let outbound = Outbound::new(true);
    let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok".to_vec();
    let (url, _) = answering_all(vec![redirect("/elsewhere?a=1"), ok]);
    let response = outbound.send(&get(&url)).expect("an answer");
    assert_eq!((response.status, response.body.as_slice()), (200, b"ok".as_slice()));
    assert_eq!(response.url, format!("{url}elsewhere?a=1"));
    let (cyclic, asked) = answering_all(vec![redirect("/"); 20]);
    assert!(matches!(outbound.send(&get(&cyclic)), Err(OutboundError::Redirected { .. })));
    assert_eq!(asked.load(Ordering::SeqCst), MOST_REDIRECTS + 1);
    for to in ["file:///etc/passwd", "gopher://a.example/", "", "http://a:b@127.0.0.1/"] {
        let (url, _) = answering_all(vec![redirect(to); 8]);
        let asked = outbound.send(&get(&url));
        assert!(matches!(asked, Err(OutboundError::NotHttp(_) | OutboundError::Redirected { .. })), "{to}: {asked:?}");
    }
}

/// Lets one name through, whoever it stands for, as if it were of the internet.
#[derive(Debug)]
struct Outside(SocketAddr, Checked<DefaultResolver>);

impl Resolver for Outside {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if uri.host() != Some("outside.example") {
            return self.1.resolve(uri, config, timeout);
        }
        let mut found = self.empty();
        found.push(self.0);
        Ok(found)
    }
}

#[test]
fn a_redirect_inward_is_refused() {
    for inward in
        ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/", "http://localhost/"]
    {
        let (url, asked) = answering_all(vec![redirect(inward); 8]);
        let address = url.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address");
        let names = Outside(address, Checked::new(DefaultResolver::default(), false));
        let outbound = Outbound::built(RootCerts::WebPki, names);
        let answer = outbound.send(&get("http://outside.example/"));
        assert!(matches!(answer, Err(OutboundError::NotPublic { .. })), "{inward}: {answer:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("into memory");
    packed.finish().expect("into memory")
}

fn packed(body: &[u8], encoding: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn packed_answers_are_unpacked_within_bounds() {
    let outbound = Outbound::new(true);
    let limits = Limits { bytes: 64 << 20, ..LIMITS };
    let ask = |answer: Vec<u8>| {
        let url = answering(answer);
        outbound.send(&Request { limits, ..get(&url) })
    };
    assert_eq!(ask(packed(&gzip(b"hello"), "gzip")).expect("an answer").body, b"hello");
    let bomb = ask(packed(&gzip(&vec![0; 48 << 20]), "gzip"));
    assert!(matches!(bomb, Err(OutboundError::Packed { .. })), "{bomb:?}");
    let cut = gzip(&[7; 5_000]);
    assert!(ask(packed(cut.get(..cut.len() - 9).expect("longer"), "gzip")).is_err(), "a part is no answer");
    assert!(matches!(ask(packed(b"no gzip at all", "gzip")), Err(OutboundError::Packed { .. })));
    assert!(matches!(ask(packed(b"x", "br")), Err(OutboundError::Packed { .. })));
    let url = answering(packed(&gzip(&[b'x'; 2_000]), "gzip"));
    assert!(matches!(outbound.send(&get(&url)), Err(OutboundError::TooLong { bytes: 1_000 })));
}

#[test]
fn one_that_never_ends_and_one_that_never_begins_are_given_up() {
    let outbound = Outbound::new(true);
    let limits = Limits { time: Duration::from_millis(300), bytes: 1 << 30 };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let silent = outbound.send(&Request { limits, ..get(&url) });
    assert!(matches!(silent, Err(OutboundError::TooSlow { .. })), "{silent:?}");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(b"drip").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let endless = outbound.send(&Request { limits, ..get(&url) });
    assert!(matches!(endless, Err(OutboundError::TooSlow { .. })), "{endless:?}");
}

fn tls(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name)
}

/// Answers one request over TLS with this certificate.
fn secure(name: &str) -> String {
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(tls(&format!("{name}.pem")))
        .expect("a file")
        .map(|certificate| certificate.expect("a certificate"))
        .collect();
    let key = PrivateKeyDer::from_pem_file(tls(&format!("{name}.key"))).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("a pair");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut connection = rustls::ServerConnection::new(Arc::new(config)).expect("a connection");
        let mut secure = rustls::Stream::new(&mut connection, &mut stream);
        let _ = secure.read(&mut [0; 4_096]);
        let _ = secure.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
        connection.send_close_notify();
        let _ = connection.write_tls(&mut stream);
    });
    url
}

#[test]
fn certificates_are_checked() {
    let authorities = std::fs::read(tls("authority.pem")).expect("a file");
    let settings = Settings { allow_private: true, authorities: Some(authorities) };
    let knowing = Outbound::of(&settings).expect("certificates");
    assert_eq!(knowing.send(&get(&secure("localhost"))).expect("an answer").body, b"secret");
    let expired = knowing.send(&get(&secure("expired")));
    assert!(matches!(expired, Err(OutboundError::Insecure { .. })), "{expired:?}");
    let unknown = Outbound::new(true).send(&get(&secure("localhost")));
    assert!(matches!(unknown, Err(OutboundError::Insecure { .. })), "{unknown:?}");
    for wrong in [b"".as_slice(), b"no certificate", b"-----BEGIN CERTIFICATE-----\nAA\n"] {
        let settings = Settings { allow_private: true, authorities: Some(wrong.to_vec()) };
        assert!(Outbound::of(&settings).is_err());
    }
}
