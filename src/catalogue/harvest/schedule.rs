//! When sources are harvested by themselves: so long after the end of their last run as their record says, one at a time.

use std::collections::HashMap;
use std::sync::PoisonError;

use super::Harvests;
use super::report::Harvested;
use crate::catalogue::{Catalogue, HarvestWish, now};
use crate::federation::Source;
use crate::federation::harvest::window;
use crate::model::{Instant, RecordId};

/// When runs that were started here ended, kept so that nothing is read each second.
pub type Ended = HashMap<RecordId, Instant>;

impl Harvests {
    /// When the next run of a source is due; `None` when none begins by itself.
    pub(super) fn due(&self, source: &Source, last: Option<&Harvested>) -> Option<Instant> {
        let every = source.harvest.every.filter(|_| source.mode.is_harvested())?;
        let noted = self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(&source.id).copied();
        let ended = noted.or_else(|| window::read(&last?.ended));
        let every = i64::try_from(every).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        Some(ended.map_or(Instant::from_micros(0), |ended| Instant::from_micros(ended.micros().saturating_add(every))))
    }

    pub(super) fn note_end(&self, source: &RecordId, when: Instant) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(source.clone(), when);
    }

    fn knows_end(&self, source: &RecordId) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains_key(source)
    }
}

/// Harvests the sources that are due, one after the other.
pub fn run_due(catalogue: &Catalogue) {
    let ids = match catalogue.source_ids() {
        Ok(ids) => ids,
        Err(error) => return tracing::debug!(error = error.chain(), "sources cannot be listed now"),
    };
    for id in ids {
        if catalogue.copying.is_stopping() {
            return;
        }
        // A record of before its schema is no source; whoever asks for it hears why.
        let Ok(source) = catalogue.federation_source(&id) else { continue };
        if source.harvest.every.is_none() {
            continue;
        }
        let last = match catalogue.copying.knows_end(&id) {
            true => None,
            false => catalogue.standing_of(&source).ok().and_then(|standing| standing.last),
        };
        if catalogue.copying.due(&source, last.as_ref()).is_none_or(|due| due > now()) {
            continue;
        }
        if let Err(error) = catalogue.harvest(&id, HarvestWish::default()) {
            tracing::warn!(source.id = %id, error = error.chain(), "not harvested");
        }
        // Also after a failure: the next attempt waits its turn.
        catalogue.copying.note_end(&id, now());
    }
}
