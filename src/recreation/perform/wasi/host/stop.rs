//! Why a program is stopped from our side: carried through the engine as an error, read again at its other end.

use crate::recreation::perform::end::LimitKind;

/// The end of a run, decided inside a call of the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::recreation::perform::wasi) enum Stop {
    #[error("the program ended with {0}")]
    Exit(i32),
    #[error("the program raised signal {0}")]
    Raised(i32),
    #[error("limit reached: {0:?}")]
    Limit(LimitKind),
    /// The disk of the host, not the program.
    #[error("the working folder cannot be written: {0}")]
    Disk(String),
}
