//! GA4GH Task Execution Service 1.1, both sides: tasks that strangers send are run in the sandbox, and jobs of recipes can be
//! sent to such a service. Knows no HTTP server: `http::tes` gives these values a face.

mod board;
mod check;
mod client;
mod files;
mod queue;
mod runner;
mod wire;

pub use board::{Filter, Page};
pub use check::{BACKEND_PARAMETERS, Refused};
pub use client::{ClientError, TesExecutor};
pub use queue::{Queue, QueueSettings, StartError, SubmitError};
pub use wire::{State, Task, View};

/// Version of the specification.
pub const VERSION: &str = "1.1.0";
