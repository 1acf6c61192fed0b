//! Harvesting: a source's records are copied into a scope of their own, again and again, and what changed is all that is
//! written. The rules are `federation::harvest`'s; here bytes go from the source to the importers and to the writer.

mod document;
mod fetch;
mod report;
mod run;
mod schedule;
mod scope;
mod sources;
mod state;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Catalogue, Error};
use crate::model::RecordId;

pub use fetch::Patience;
pub use report::{Counts, Harvested, Outcome as HarvestOutcome, Quarantined, RunFault};
pub use run::HarvestWish;
pub use schedule::run_due as harvest_due;
pub use sources::{QuarantineEntry, SourceState};

/// How harvests go about it.
#[derive(Debug, Clone, Default)]
pub struct HarvestSettings {
    pub patience: Patience,
}

/// Runs under way, and what every run shares.
#[derive(Default)]
pub struct Harvests {
    running: Mutex<BTreeMap<RecordId, Counts>>,
    ended: Mutex<schedule::Ended>,
    stop: Arc<AtomicBool>,
}

/// A run's place: while it is held, no other run of the source begins.
struct Place<'h> {
    harvests: &'h Harvests,
    source: RecordId,
}

impl Harvests {
    fn take(&self, source: &RecordId) -> Result<Place<'_>, Error> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.contains_key(source) {
            return Err(Error::Unavailable { reason: format!("{source} is being harvested already") });
        }
        running.insert(source.clone(), Counts::default());
        Ok(Place { harvests: self, source: source.clone() })
    }

    /// How far a run of this source is, if there is one.
    fn counts(&self, source: &RecordId) -> Option<Counts> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(source).copied()
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Ends all runs at their next page; they go on when they are started again.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

impl Place<'_> {
    fn note(&self, counts: Counts) {
        let mut running = self.harvests.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(self.source.clone(), counts);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.harvests.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.source);
    }
}

impl Catalogue {
    /// The folder of what is derived.
    fn index_path(&self) -> PathBuf {
        super::open::index_folder(&self.store, &self.settings)
    }

    /// Ends harvests at their next page.
    pub fn stop_harvests(&self) {
        self.copying.stop();
    }
}
