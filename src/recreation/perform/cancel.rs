//! Calls a run off from another thread. Ends nothing itself: who watches the run looks here and ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a run shall go on. Copies are the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Calls the run off; it ends with `PerformError::Cancelled` as soon as it is looked at.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was called off.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
