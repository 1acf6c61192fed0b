//! The worker's side: reads its order, runs it, answers. `perennial wasi-worker` is started by the service alone.

use std::io::{Read, Write};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

#[cfg(not(feature = "wasi"))]
use super::wire::Ran;
use super::wire::{Order, Reply};
use crate::recreation::perform::job::Limits;

/// Longest order: 20,000 files with their paths.
const ORDER_BYTES: u64 = 64 << 20;

/// Reads one order from standard input and writes its answer to standard output.
///
/// # Errors
/// `std::io::Error` when neither can be used: then nobody is there who could be told.
pub fn run_wasi_worker() -> std::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut text = Vec::new();
    std::io::stdin().lock().take(ORDER_BYTES).read_to_end(&mut text)?;
    let reply = match serde_json::from_slice::<Order>(&text) {
        Ok(order) => match bound(&order.job.limits) {
            Ok(()) => reply_of(order),
            Err(error) => Reply::Failed { reason: format!("limits: {error}") },
        },
        Err(error) => Reply::Failed { reason: format!("the order: {error}") },
    };
    let mut stdout = std::io::stdout().lock();
    serde_json::to_writer(&mut stdout, &reply)?;
    stdout.flush()
}

/// Processor time is bounded by the system as well, should the engine hang; a crash leaves no core file.
fn bound(limits: &Limits) -> std::io::Result<()> {
    let seconds = limits.cpu_ms.div_ceil(1000).saturating_add(1);
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds.saturating_add(1)) })?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

#[cfg(feature = "wasi")]
fn reply_of(order: Order) -> Reply {
    match super::run::run(&order) {
        Ok(ran) => Reply::Ran(ran),
        Err(reason) => Reply::Failed { reason },
    }
}

#[cfg(not(feature = "wasi"))]
fn reply_of(_order: Order) -> Reply {
    use crate::recreation::perform::{End, Usage};
    let reason = "this build has no WASI executor (it was built without the feature wasi)".to_owned();
    Reply::Ran(Ran::ended(End::NotIsolated { reason }, Usage::default()))
}
