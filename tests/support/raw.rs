//! What no well-behaved client sends: bytes on a connection, written and cut as the test says.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// Longest wait for an answer before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Raw(pub TcpStream);

impl Raw {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the service listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self(stream)
    }

    /// Sends the head of a request with these header lines.
    pub fn head(&mut self, method_and_path: &str, headers: &[&str]) -> &mut Self {
        let head = format!("{method_and_path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n\r\n", headers.join("\r\n"));
        self.bytes(head.as_bytes())
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.write_all(bytes).expect("the service reads");
        self
    }

    /// One chunk of `Transfer-Encoding: chunked`; an empty one ends the body.
    pub fn chunk(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes(format!("{:x}\r\n", bytes.len()).as_bytes()).bytes(bytes).bytes(b"\r\n")
    }

    /// Everything until the service closes the connection.
    pub fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).expect("an answer in time");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads until this text has come.
    pub fn until(&mut self, text: &str) -> String {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let read = self.0.read(&mut piece).expect("an answer in time");
            assert!(read > 0, "closed before {text:?} came: {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&piece[..read]);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Cuts the connection.
    pub fn cut(self) {
        self.0.shutdown(Shutdown::Both).expect("connected");
    }
}
