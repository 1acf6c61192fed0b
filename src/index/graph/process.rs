//! One worker process as its parent sees it: started, told which checkpoint to use, asked, ended.

use std::io::{self, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;

use super::checkpoint::Checkpoint;
use super::error::Refusal;
use super::frame::{Order, Question, Reply, receive_reply, send_order};

/// Bytes of an answer read from the pipe at once.
const READ_BYTES: usize = 64 << 10;

/// A running worker. Dropping it ends it.
pub(super) struct Process {
    child: Child,
    orders: ChildStdin,
    replies: BufReader<ChildStdout>,
    /// Kept as long as the worker reads in it.
    checkpoint: Option<Arc<Checkpoint>>,
}

impl Process {
    /// Starts `program graph-worker`.
    pub(super) fn start(program: &Path, memory: u64) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg("graph-worker").arg("--memory").arg(memory.to_string());
        command.env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (Some(orders), Some(replies)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        Ok(Self { child, orders, replies: BufReader::with_capacity(READ_BYTES, replies), checkpoint: None })
    }

    pub(super) fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Whether it reads in this checkpoint.
    pub(super) fn has(&self, checkpoint: &Arc<Checkpoint>) -> bool {
        self.checkpoint.as_ref().is_some_and(|open| Arc::ptr_eq(open, checkpoint))
    }

    /// Has it use a checkpoint.
    pub(super) fn open(&mut self, checkpoint: &Arc<Checkpoint>) -> Result<(), Refusal> {
        let folder = checkpoint.folder().to_str();
        let folder = folder.ok_or_else(|| failed("the path of the index is not UTF-8"))?.to_owned();
        send_order(&mut self.orders, &Order::Open { folder }).map_err(|error| failed(&error))?;
        match self.reply()? {
            Some(Reply::Opened { .. }) => {
                self.checkpoint = Some(Arc::clone(checkpoint));
                Ok(())
            }
            Some(Reply::Refused(refusal)) => Err(refusal),
            Some(_) => Err(failed("the worker answered something else than it was asked")),
            None => Err(failed("the worker went away")),
        }
    }

    pub(super) fn ask(&mut self, question: Question) -> Result<(), Refusal> {
        send_order(&mut self.orders, &Order::Ask(Box::new(question))).map_err(|error| failed(&error))
    }

    /// The next reply; none when the worker is gone.
    pub(super) fn reply(&mut self) -> Result<Option<Reply>, Refusal> {
        match receive_reply(&mut self.replies) {
            // Killed in the middle of a frame.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            reply => reply.map_err(|error| failed(&error)),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already; waiting takes its entry from the table of processes either way.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn failed(reason: &(impl std::fmt::Display + ?Sized)) -> Refusal {
    Refusal::Failed { reason: reason.to_string() }
}

/// Bytes of memory of its own that a process has; 0 when it is gone.
pub(super) fn memory_of(pid: Pid) -> u64 {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let status = std::fs::read_to_string(path).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}

/// The kernel's `USER_HZ` is 100 wherever Linux runs.
const MILLISECONDS_A_TICK: u64 = 10;

/// Time that a process has worked on processors; zero when it is gone.
pub(super) fn worked(pid: Pid) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    // The name, in parentheses, may hold anything. Behind it user and system time are the 12th and 13th field.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks.saturating_mul(MILLISECONDS_A_TICK))
}
