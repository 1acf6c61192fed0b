//! `perennial serve` as a process of its own, so that its processor time and memory are not mixed with the client's.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::http::Connection;
use crate::cli::Failure;

/// A running service; ends with this value.
pub struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// Starts the service on a free port of this machine; returns once it listens. It keeps no graph, which would be
    /// built meanwhile.
    pub fn start(store: &Path) -> Result<Self, Failure> {
        Self::start_with(store, &["--no-graph"])
    }

    /// The same with a graph.
    pub fn start_with_graph(store: &Path) -> Result<Self, Failure> {
        Self::start_with(store, &[])
    }

    fn start_with(store: &Path, options: &[&str]) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        command.arg("--store").arg(store).args(["--log", "error", "serve", "--listen", "127.0.0.1:0"]);
        command.args(options);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().rsplit_once("//").map(|(_, address)| address.trim_end_matches('/').to_owned());
        match address {
            Some(address) => Ok(Self { child, address }),
            None => {
                let ended = child.wait()?;
                Err(Failure::store(format!("the service did not start: {ended}")))
            }
        }
    }

    /// Number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// A new connection to it.
    pub fn connect(&self) -> Result<Connection, Failure> {
        Ok(Connection::open(&self.address)?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let process = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let asked = process.map(|process| rustix::process::kill_process(process, rustix::process::Signal::TERM));
        if !matches!(asked, Some(Ok(()))) {
            // It may have ended by itself.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
