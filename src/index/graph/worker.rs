//! The worker process: opens checkpoints and answers questions until its parent closes the pipe. It may die of any
//! query; nothing else does. It writes no file and asks no network.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use oxigraph::store::Store;
use rustix::process::{Resource, Rlimit, getppid, setrlimit};

use super::error::Refusal;
use super::evaluate;
use super::frame::{Order, Reply, receive_order, send_reply};
use super::guard;
use super::store::Notes;

/// Stack of the thread that parses and evaluates, both of which recurse.
const STACK_BYTES: usize = 64 << 20;

/// How often the worker looks whether its parent is still there.
const PARENT_INTERVAL: Duration = Duration::from_millis(200);

/// Address space beyond the memory limit: stacks, the allocator's reserve, the program itself.
const RESERVE_BYTES: u64 = 3 << 30;

/// Runs the worker on standard input and output. `memory` is the limit that the parent watches, bytes; a single
/// allocation far beyond it fails here, and with it the process.
///
/// # Errors
/// When the pipe breaks or the thread cannot be started.
pub fn run(memory: u64) -> io::Result<()> {
    let most = Some(memory.saturating_mul(2).saturating_add(RESERVE_BYTES));
    setrlimit(Resource::As, Rlimit { current: most, maximum: most })?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // The kernel takes this process first when memory is short. Not every system lets it say so.
    let _ = std::fs::write("/proc/self/oom_score_adj", "900");
    let parent = getppid();
    std::thread::spawn(move || {
        while getppid() == parent {
            std::thread::sleep(PARENT_INTERVAL);
        }
        std::process::exit(0);
    });
    // Standard output itself would be cut at every line.
    let mut replies = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let work = move || serve(&mut io::stdin().lock(), &mut replies);
    let thread = std::thread::Builder::new().name("query".to_owned()).stack_size(STACK_BYTES).spawn(work)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the query thread panicked")))
}

/// Takes orders until there are no more.
pub(super) fn serve(orders: &mut impl Read, replies: &mut impl Write) -> io::Result<()> {
    let mut opened: Option<(Store, u64)> = None;
    while let Some(order) = receive_order(orders)? {
        match (order, &opened) {
            (Order::Open { folder }, _) => {
                // The old one is closed first: both together would be in memory.
                opened = None;
                match open(Path::new(&folder)) {
                    Ok((store, sequence)) => {
                        opened = Some((store, sequence));
                        send_reply(replies, &Reply::Opened { sequence })?;
                    }
                    Err(refusal) => send_reply(replies, &Reply::Refused(refusal))?,
                }
            }
            (Order::Ask(_), None) => {
                let reason = "no checkpoint is open".to_owned();
                send_reply(replies, &Reply::Refused(Refusal::NotReady { reason }))?;
            }
            (Order::Ask(question), Some((store, sequence))) => {
                match guard::check(&question.query, &question.services) {
                    Ok(()) => evaluate::answer(store, &question, *sequence, replies)?,
                    Err(refusal) => send_reply(replies, &Reply::Refused(refusal))?,
                }
            }
        }
    }
    Ok(())
}

fn open(folder: &Path) -> Result<(Store, u64), Refusal> {
    let failed = |error: &dyn std::fmt::Display| Refusal::Failed { reason: error.to_string() };
    let store = Store::open_read_only(folder).map_err(|error| failed(&error))?;
    let notes = Notes::new();
    let position = notes.read(&store, &notes.position).map_err(|error| failed(&error))?;
    Ok((store, position.unwrap_or(0)))
}
