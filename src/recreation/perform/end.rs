//! How a run ended. A program that fails, cheats or runs over is an answer, not an error of ours.

use serde::{Deserialize, Serialize};

use crate::model::Sha256;

/// The limit that ended a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// Time on the wall.
    Wall,
    /// Time of the processor.
    Cpu,
    Memory,
    /// Bytes written to `/out`, to one file or to all of them.
    Output,
    /// Files and folders made in `/out`.
    Files,
    Processes,
    /// Instructions of a WebAssembly program.
    Fuel,
}

/// How a run ended; only `Exited { code: 0 }` has outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// The program ended by itself.
    Exited { code: i32 },
    /// The system ended the program, for a reason that is none of our limits.
    Signalled { signal: i32 },
    /// A limit was reached.
    Limit { which: LimitKind },
    /// A WebAssembly program did what it must not: divided by zero, left its memory, ran out of stack.
    Trapped { reason: String },
    /// The program cannot be run at all: no module, not WASI preview 1, an import that nobody gives.
    Refused { reason: String },
    /// A file of the job is not the one that the recipe names; nothing was started.
    InputChanged { name: String, expected: Sha256, found: Sha256 },
    /// A file of the job is not there or cannot be read; nothing was started.
    InputMissing { name: String, reason: String },
    /// The program said that it succeeded and did not write this.
    OutputMissing { name: String },
    /// An output is a link, folder, pipe, socket or device.
    OutputForeign { name: String, reason: String },
    /// This machine or this build cannot isolate the run; nothing was started.
    NotIsolated { reason: String },
}

impl End {
    /// Whether the program ended well; what it wrote is in [`super::Performed::outputs`].
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Exited { code: 0 })
    }
}
