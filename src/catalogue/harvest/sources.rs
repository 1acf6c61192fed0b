//! Sources as they stand: their records, their last runs, what is put aside. Also makes what is known of a source again from
//! the archive, when the notes under `index/` are gone.

use std::collections::BTreeMap;

use super::report::{Counts, Harvested, Quarantined};
use super::scope;
use super::state::{Folder, Known, KnownDocument, Standing};
use crate::catalogue::{Catalogue, Error};
use crate::federation::Source;
use crate::model::json::Fields;
use crate::model::{Key, Kind, RecordId, Sha256};

/// Reports that are looked at for the last checkpoint.
const REPORTS: usize = 100;

/// How a source stands.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SourceState {
    pub id: String,
    pub title: String,
    pub protocol: crate::federation::Protocol,
    pub url: String,
    pub mode: crate::federation::Mode,
    pub licence: Option<String>,
    pub trust: u8,
    /// Seconds between runs.
    pub every: Option<u64>,
    /// When the next run is due, RFC 3339; absent when none runs by itself.
    pub due: Option<String>,
    /// How far a run that goes on has come.
    pub running: Option<Counts>,
    /// Documents of it that are held.
    pub held: usize,
    pub checkpoint: Option<String>,
    pub last: Option<Harvested>,
    /// Deletions that wait to be approved.
    pub awaiting: usize,
    pub quarantined: usize,
}

/// A document that is put aside.
#[derive(Debug, Clone, serde::Serialize)]
pub struct QuarantineEntry {
    pub id: String,
    pub sha256: String,
    pub bytes: u64,
    pub reason: String,
}

impl From<&Quarantined> for QuarantineEntry {
    fn from(quarantined: &Quarantined) -> Self {
        let Quarantined { id, sha256, bytes, reason } = quarantined.clone();
        Self { id, sha256, bytes, reason }
    }
}

impl Catalogue {
    /// The source of this id, as its record says.
    ///
    /// # Errors
    /// `NotFound`, `Gone`; `Invalid` when its record is older than its schema.
    pub fn federation_source(&self, id: &RecordId) -> Result<Source, Error> {
        let stored = self.get(&key_of(id))?;
        let text = std::str::from_utf8(&stored.record).map_err(Error::internal("reading a source"))?;
        Source::read(text).map_err(|error| Error::invalid("", error.to_string()))
    }

    pub(super) fn source_to_harvest(&self, id: &RecordId) -> Result<Source, Error> {
        let source = self.federation_source(id)?;
        if source.mode.is_harvested() {
            return Ok(source);
        }
        Err(Error::invalid("/mode", "is neither harvest nor both: this source is not copied"))
    }

    /// All sources, in the order of their ids.
    ///
    /// # Errors
    /// The indexes' and the archive's.
    pub fn source_ids(&self) -> Result<Vec<RecordId>, Error> {
        self.check_ready()?;
        let keys = self.records.keys(Kind::Source, None, None);
        keys.map(|entry| entry.map(|(key, _)| key.id).map_err(Error::internal("listing sources"))).collect()
    }

    /// How a source stands.
    ///
    /// # Errors
    /// As `federation_source`.
    pub fn source_state(&self, id: &RecordId) -> Result<SourceState, Error> {
        let source = self.federation_source(id)?;
        let standing = self.standing_of(&source)?;
        let due = self.copying.due(&source, standing.last.as_ref());
        Ok(SourceState {
            id: source.id.to_string(),
            title: source.title.clone(),
            protocol: source.protocol,
            url: source.url.clone(),
            mode: source.mode,
            licence: source.licence.clone(),
            trust: source.trust,
            every: source.harvest.every,
            due: due.map(|due| due.to_string()),
            running: self.copying.counts(id),
            held: standing.held,
            checkpoint: standing.checkpoint,
            last: standing.last,
            awaiting: standing.awaiting.len(),
            quarantined: standing.quarantine.len(),
        })
    }

    /// Documents of a source that are put aside, by their ids after this one.
    ///
    /// # Errors
    /// As `federation_source`.
    pub fn quarantine(&self, id: &RecordId, after: &str, most: usize) -> Result<Vec<QuarantineEntry>, Error> {
        let standing = self.standing_of(&self.federation_source(id)?)?;
        let later = standing.quarantine.values().filter(|quarantined| quarantined.id.as_str() > after);
        Ok(later.take(most).map(QuarantineEntry::from).collect())
    }

    /// Ids of deletions that wait, after this one.
    ///
    /// # Errors
    /// As `federation_source`.
    pub fn awaiting(&self, id: &RecordId, after: &str, most: usize) -> Result<Vec<String>, Error> {
        let standing = self.standing_of(&self.federation_source(id)?)?;
        Ok(standing.awaiting.into_iter().filter(|id| id.as_str() > after).take(most).collect())
    }

    /// What is noted; failing that, what the last report says.
    pub(super) fn standing_of(&self, source: &Source) -> Result<Standing, Error> {
        let folder = Folder::of(&self.index_path(), source.id.as_str());
        match folder.standing(self.last_sequence()) {
            Some(standing) => Ok(standing),
            None => self.reported_standing(source),
        }
    }

    /// How the source stood by the reports in the archive.
    pub(super) fn reported_standing(&self, source: &Source) -> Result<Standing, Error> {
        let reports = self.harvests_of(source.id.as_str(), REPORTS)?;
        let last = reports.first().cloned();
        let reached = reports.into_iter().find(|report| report.checkpoint.is_some());
        Ok(Standing {
            listed_as: reached.as_ref().map(|report| report.listed_as.clone()).unwrap_or_default(),
            checkpoint: reached.and_then(|report| report.checkpoint),
            reported: last.as_ref().map(|last| last.ended.clone()),
            held: last.as_ref().map_or(0, |last| last.held),
            last,
            ..Standing::default()
        })
    }

    /// What is held of a source, read from its records in the archive, and how it stood.
    pub(super) fn remember(&self, source: &Source, folder: &Folder, write: bool) -> Result<(Known, Standing), Error> {
        let standing = self.reported_standing(source)?;
        let mut documents: BTreeMap<String, KnownDocument> = BTreeMap::new();
        for key in self.keys_in_scope(source.id.as_str())? {
            let stored = self.get(&key)?;
            let Some((id, sha256)) = origin_of(&stored.record) else { continue };
            let fresh = || KnownDocument { id: id.clone(), sha256: Some(sha256), keys: Vec::new() };
            documents.entry(id.clone()).or_insert_with(fresh).keys.push(key);
        }
        let mut known = Known::default();
        documents.values().for_each(|document| known.note(document));
        if write {
            folder.forget();
            folder.write_known(documents.into_values()).map_err(Error::internal("noting what is known of a source"))?;
        }
        Ok((known, standing))
    }

    /// Keys of all live records that were harvested from a source.
    ///
    /// # Errors
    /// The index's.
    pub fn keys_in_scope(&self, source: &str) -> Result<Vec<Key>, Error> {
        let prefix = scope::prefix(source);
        let mut found = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Product) {
            let Ok(id) = RecordId::parse(&prefix) else { continue };
            let after = Key { kind, collection: None, id };
            for entry in self.records.keys(kind, None, Some(&after)) {
                let (key, _) = entry.map_err(Error::internal("listing harvested records"))?;
                if !key.id.as_str().starts_with(&prefix) {
                    break;
                }
                if kind == Kind::Collection {
                    for entry in self.records.keys(Kind::Product, Some(&key.id), None) {
                        found.push(entry.map_err(Error::internal("listing harvested records"))?.0);
                    }
                }
                found.push(key);
            }
        }
        Ok(found)
    }
}

/// The key of a source.
pub fn key_of(id: &RecordId) -> Key {
    Key { kind: Kind::Source, collection: None, id: id.clone() }
}

/// Which document a harvested record was made from; `None` for a collection that no document describes.
fn origin_of(record: &[u8]) -> Option<(String, Sha256)> {
    let text = std::str::from_utf8(record).ok()?;
    let harvested = Fields::of_valid(Fields::of_valid(text)?.get("harvested")?)?;
    Some((harvested.string("id")?.into_owned(), Sha256::parse(&harvested.string("sha256")?).ok()?))
}
