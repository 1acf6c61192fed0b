//! What is given to those who harvest: each record of a snapshot once, in the order of the log, page after page, however the
//! catalogue changes meanwhile. Knows no protocol.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::catalogue::{Catalogue, Error};
use crate::codec;
use crate::model::{Event, Key, Kind, Name, RecordId, Sha256};

/// Most bytes of the records of a page, unless its first record alone has more.
const MAX_BYTES: usize = 8 << 20;
/// How long a page may look for its records.
const PATIENCE: Duration = Duration::from_secs(20);

/// Kinds that are given to those who harvest. Left out is what only this archive's own work is about: where it harvests
/// itself, holds, evidence, and what users posted beside the records.
pub const KINDS: [Kind; 9] = [
    Kind::Product,
    Kind::Collection,
    Kind::Recipe,
    Kind::Agent,
    Kind::Mission,
    Kind::Platform,
    Kind::Instrument,
    Kind::Target,
    Kind::Document,
];

/// A part of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Set {
    /// The collection and its products.
    Collection(RecordId),
    /// Records of a mission, by its label.
    Mission(String),
}

/// Which records are wanted.
#[derive(Debug, Clone)]
pub struct Selection<'k> {
    pub kinds: &'k [Kind],
    pub set: Option<Set>,
    /// Where this page begins, and where the last one ends.
    pub first: u64,
    pub last: u64,
    /// Last sequence of the snapshot.
    pub snapshot: u64,
    /// Whether deletions are wanted.
    pub deletions: bool,
    /// Whether `Entry::sets` is wanted.
    pub sets: bool,
}

/// A record as it is in the snapshot, or that it was deleted.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: Key,
    pub sequence: u64,
    pub revision: u64,
    /// RFC 3339, UTC, microseconds.
    pub time: String,
    /// The stored text; none when it was deleted.
    pub record: Option<Box<str>>,
    pub sets: Vec<Set>,
}

impl Entry {
    /// sha256 of the stored text.
    pub fn digest(&self) -> Option<Sha256> {
        self.record.as_ref().map(|record| codec::sha256(record.as_bytes()))
    }
}

/// A page of records.
#[derive(Debug, Default)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// Where the next page begins; none at the end.
    pub next: Option<u64>,
}

/// The only part of a record that sets need.
#[derive(Deserialize)]
struct Missions<'a> {
    #[serde(borrow, default)]
    missions: Vec<Name<'a>>,
}

impl Catalogue {
    /// The next records of a selection. A page that looked for its records in vain for too long is refused; asked for again it
    /// goes on where it was.
    ///
    /// # Errors
    /// `Unavailable` while starting or when nothing was found in time; when the archive cannot be read.
    pub fn publish(&self, selection: &Selection<'_>, limit: usize) -> Result<Page, Error> {
        let until = Instant::now() + PATIENCE;
        let (mut page, mut bytes) = (Page::default(), 0);
        let begun = Selection { first: self.barren.beyond(selection), ..selection.clone() };
        let late = self.each_published(&begun, Some(until), &mut |entry| {
            let length = entry.record.as_ref().map_or(0, |record| record.len());
            if page.entries.len() >= limit || (bytes + length > MAX_BYTES && !page.entries.is_empty()) {
                page.next = Some(entry.sequence);
                return Ok(false);
            }
            bytes += length;
            page.entries.push(entry);
            Ok(true)
        })?;
        if let Some(late) = late {
            if page.entries.is_empty() {
                self.barren.note(selection, late);
                let reason =
                    format!("nothing was found up to sequence {late}; ask again, and the search goes on there");
                return Err(Error::Unavailable { reason });
            }
            page.next = Some(late);
        }
        Ok(page)
    }

    /// Calls `take` with each record of a selection; it says whether it wants more. Past the time, if there is one, the walk
    /// ends, and the answer is the sequence where it would go on.
    ///
    /// # Errors
    /// `Unavailable` while starting; when the archive cannot be read; those of `take`.
    pub fn each_published(
        &self,
        selection: &Selection<'_>,
        until: Option<Instant>,
        take: &mut dyn FnMut(Entry) -> Result<bool, Error>,
    ) -> Result<Option<u64>, Error> {
        self.check_ready()?;
        let _place = self.harvesters.enter()?;
        let mut late = None;
        self.each_event(selection.first, selection.last, &mut |event| {
            if event.sequence.is_multiple_of(256) && until.is_some_and(|until| Instant::now() > until) {
                late = Some(event.sequence);
                return Ok(false);
            }
            match self.chosen(event, selection)? {
                Some(entry) => take(entry),
                None => Ok(true),
            }
        })?;
        Ok(late)
    }

    /// Calls `take` with each event about a published record from one sequence to another, and whether the record is new with
    /// it; `take` says whether it wants more.
    ///
    /// # Errors
    /// `Unavailable` while starting; when the archive cannot be read; those of `take`.
    pub fn each_change(
        &self,
        first: u64,
        last: u64,
        take: &mut dyn FnMut(Entry, bool) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.check_ready()?;
        let _place = self.harvesters.enter()?;
        self.each_event(first, last, &mut |event| {
            if event.scope != "local" || !KINDS.contains(&event.kind) {
                return Ok(true);
            }
            let is_new = event.previous.is_none();
            take(entry(event, Vec::new()), is_new)
        })
    }

    /// One record, or that it was deleted; none where there is nothing to publish.
    ///
    /// # Errors
    /// `Unavailable` while starting; when the archive cannot be read.
    pub fn published(&self, key: &Key) -> Result<Option<Entry>, Error> {
        self.check_ready()?;
        let current = self.records.current(key).map_err(Error::internal("reading the state of a record"))?;
        let Some(current) = current else { return Ok(None) };
        let (event, _) = self.event_at(current.sequence)?;
        let at = current.sequence;
        let selection =
            Selection { kinds: &KINDS, set: None, first: at, last: at, snapshot: at, deletions: true, sets: true };
        self.chosen(event, &selection)
    }

    /// The entry of an event, if it is wanted.
    fn chosen(&self, event: Event, selection: &Selection<'_>) -> Result<Option<Entry>, Error> {
        let is_deletion = event.record.is_none();
        let is_kind = event.scope == "local" && selection.kinds.contains(&event.kind);
        if !is_kind || (is_deletion && !selection.deletions) || !may_be_in(&event, selection.set.as_ref()) {
            return Ok(None);
        }
        if !self.is_current_at(&event, selection.snapshot)? {
            return Ok(None);
        }
        let is_mission = matches!(selection.set, Some(Set::Mission(_)));
        let sets = if selection.sets || is_mission { self.sets_of(&event)? } else { Vec::new() };
        if is_mission && !sets.iter().any(|set| Some(set) == selection.set.as_ref()) {
            return Ok(None);
        }
        Ok(Some(entry(event, sets)))
    }

    /// The sets of a record; those of a deleted one are the sets that it had.
    fn sets_of(&self, event: &Event) -> Result<Vec<Set>, Error> {
        let key = event.record_key();
        let before = match &event.record {
            Some(_) => None,
            None => {
                let revision = event.revision.saturating_sub(1);
                let sequence = self.records.revision(&key, revision).map_err(Error::internal("finding a revision"))?;
                sequence.map(|sequence| self.record_at(sequence)).transpose()?
            }
        };
        let record = event.record.as_ref().map(|record| record.get().as_bytes()).or(before.as_deref());
        let missions = record.and_then(|record| serde_json::from_slice::<Missions<'_>>(record).ok());
        let mut sets: Vec<Set> = collection_of(event).into_iter().cloned().map(Set::Collection).collect();
        for mission in missions.map(|found| found.missions).unwrap_or_default() {
            let set = Set::Mission(mission.label.into_owned());
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        Ok(sets)
    }
}

fn entry(event: Event, sets: Vec<Set>) -> Entry {
    let key = event.record_key();
    let Event { sequence, revision, time, record, .. } = event;
    Entry { key, sequence, revision, time, record: record.map(Into::into), sets }
}

/// A collection is in its own set, so that whoever harvests one gets its description too.
fn collection_of(event: &Event) -> Option<&RecordId> {
    if event.kind == Kind::Collection { Some(&event.id) } else { event.collection.as_ref() }
}

/// Whether the event can be in a set, as far as that shows without its record.
fn may_be_in(event: &Event, set: Option<&Set>) -> bool {
    match set {
        Some(Set::Collection(id)) => collection_of(event) == Some(id),
        Some(Set::Mission(_)) | None => true,
    }
}
