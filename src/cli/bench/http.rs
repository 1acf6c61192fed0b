//! A small blocking HTTP/1.1 client over one connection that is kept: what it costs is little against what it measures.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take before a measurement is given up.
const PATIENCE: Duration = Duration::from_secs(600);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// One connection to a server.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects to `address:port`.
    pub fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::with_capacity(64 << 10, stream), host: address.to_owned() })
    }

    /// Address and port that it is connected to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks for a path and reads the whole answer.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(head.as_bytes())?;
        self.answer()
    }

    /// Sends a body and reads the whole answer.
    pub fn post(&mut self, path: &str, media_type: &str, body: &[u8]) -> io::Result<Answer> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat())?;
        self.answer()
    }

    /// Begins to send a body of unknown length; the answer may come while it is sent.
    pub fn stream(&mut self, path: &str, media_type: &str) -> io::Result<BodyWriter> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\n\r\n",
            self.host
        );
        let mut stream = self.stream.get_ref().try_clone()?;
        stream.write_all(head.as_bytes())?;
        Ok(BodyWriter { stream })
    }

    /// Reads an answer whole.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut body = Vec::new();
        let status = self.read_answer(|piece| body.extend_from_slice(piece))?;
        Ok(Answer { status, body })
    }

    /// Reads an answer in pieces; gives its status.
    pub fn read_answer(&mut self, mut take: impl FnMut(&[u8])) -> io::Result<u16> {
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| broken("no status"))?;
        let mut length = Some(0);
        loop {
            self.line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                length = None;
            }
        }
        match length {
            Some(length) => self.piece(length, &mut take)?,
            None => self.chunks(&mut take)?,
        }
        Ok(status)
    }

    fn chunks(&mut self, take: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut line = String::new();
        loop {
            self.line(&mut line)?;
            let length = u64::from_str_radix(line.trim(), 16).map_err(|_| broken("no chunk length"))?;
            self.piece(length, take)?;
            self.line(&mut line)?;
            if length == 0 {
                return Ok(());
            }
        }
    }

    fn piece(&mut self, mut length: u64, take: &mut impl FnMut(&[u8])) -> io::Result<()> {
        while length > 0 {
            let buffered = self.stream.fill_buf()?;
            let usable = buffered.len().min(usize::try_from(length).unwrap_or(usize::MAX));
            if usable == 0 {
                return Err(broken("the answer broke off"));
            }
            take(buffered.get(..usable).unwrap_or_default());
            self.stream.consume(usable);
            length -= usable as u64;
        }
        Ok(())
    }

    fn line(&mut self, line: &mut String) -> io::Result<()> {
        line.clear();
        let limit = 64 << 10;
        if (&mut self.stream).take(limit).read_line(line)? == 0 {
            return Err(broken("the connection was closed"));
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(())
    }
}

/// The sending half of a request whose body is streamed.
pub struct BodyWriter {
    stream: TcpStream,
}

impl BodyWriter {
    /// Sends a piece.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        write!(self.stream, "{:x}\r\n", piece.len())?;
        self.stream.write_all(piece)?;
        self.stream.write_all(b"\r\n")
    }

    /// Ends the body.
    pub fn end(mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
