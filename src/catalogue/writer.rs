//! The one writer: checks commands in order against the state plus the batch so far, commits those that hold as one
//! segment, applies the records index and hands the batch to the text index, which answers the callers.
//!
//! Whoever waits while one commit runs is in the next: there is no artificial delay.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::changes::Pulse;
use super::command::{Action, Command, Effect, Intent, Outcome, Precondition, Receipt};
use super::follower::Applied;
use super::graph::News;
use super::nearest::nearest;
use super::{Error, Health, rebuild, versions};
use crate::archive::{Archive, Commit, ReadError, StagedPayload};
use crate::codec;
use crate::index::records::Records;
use crate::index::{Batch, Change, Projection};
use crate::model::{Event, HARVESTED, IdempotencyKey, Instant, Key, Kind, Operation, RecordId, RecordLocation, Sha256};

/// Most commands in one segment: enough to amortise its fsyncs, few enough to answer soon.
const MAX_COMMANDS: usize = 4_096;
/// Most record bytes in one segment.
const MAX_BYTES: usize = 16 << 20;

/// Revisions that an import is compared with before it makes another.
const REMEMBERED_REVISIONS: usize = 64;

/// Commands that share one reply.
pub struct Submission {
    pub commands: Vec<Command>,
    pub reply: oneshot::Sender<Vec<Outcome>>,
}

/// Lines of another log, to be committed as they are.
pub struct Lines {
    /// The next ones of the log, without their newlines.
    pub lines: Vec<Vec<u8>>,
    pub payloads: Vec<Arc<StagedPayload>>,
    /// Gets nothing when they are durable and found, and one error otherwise.
    pub reply: oneshot::Sender<Vec<Outcome>>,
}

/// What the writer is asked for.
pub enum Order {
    Commands(Submission),
    Lines(Lines),
}

/// State of a key after the batch so far.
#[derive(Clone, Copy)]
struct State {
    sequence: u64,
    revision: u64,
    digest: Option<Sha256>,
}

impl State {
    fn is_live(&self) -> bool {
        self.digest.is_some()
    }
}

/// The batch being put together.
#[derive(Default)]
struct Draft {
    states: HashMap<Key, Option<State>>,
    receipts: HashMap<Sha256, (Sha256, u64)>,
    members: HashMap<RecordId, i64>,
    events: Vec<(Event, Option<Sha256>)>,
    payloads: Vec<Arc<StagedPayload>>,
    payload_digests: HashSet<Sha256>,
}

/// The writer's half of the catalogue; runs on a thread of its own.
pub struct Writer {
    pub archive: Archive,
    pub log: crate::archive::Writer,
    pub records: Records,
    pub collections: BTreeSet<RecordId>,
    pub last_time: Instant,
    pub followers: Sender<Applied>,
    /// Where the graphs take batches.
    pub graphs: Vec<SyncSender<News>>,
    pub health: Arc<Health>,
    /// Folder of the indexes, where the hint for the next start is kept.
    pub hint: PathBuf,
    /// Tells those who follow the log.
    pub pulse: Arc<Pulse>,
}

impl Writer {
    /// Takes orders until all senders are gone.
    pub fn run(mut self, orders: &Receiver<Order>) {
        let mut held = None;
        while let Some(order) = held.take().or_else(|| orders.recv().ok()) {
            let first = match order {
                Order::Commands(submission) => submission,
                Order::Lines(lines) => {
                    self.pulse.note_copies();
                    self.copy(lines);
                    self.pulse.end(self.records.position());
                    continue;
                }
            };
            let mut waiting = vec![first];
            let mut commands: usize = waiting.iter().map(|submission| submission.commands.len()).sum();
            let mut bytes: usize = waiting.iter().map(Submission::bytes).sum();
            while commands < MAX_COMMANDS && bytes < MAX_BYTES {
                let next = match orders.try_recv() {
                    Ok(Order::Commands(next)) => next,
                    Ok(other) => {
                        held = Some(other);
                        break;
                    }
                    Err(_) => break,
                };
                commands += next.commands.len();
                bytes += next.bytes();
                waiting.push(next);
            }
            // Events get times from now on, and are seen only when they are committed.
            self.pulse.begin(now());
            self.commit(waiting);
            self.pulse.end(self.records.position());
        }
    }

    fn commit(&mut self, waiting: Vec<Submission>) {
        let mut draft = Draft::default();
        let mut answers = Vec::with_capacity(waiting.len());
        for submission in waiting {
            let outcomes: Vec<Outcome> =
                submission.commands.into_iter().map(|command| self.decide(&mut draft, command)).collect();
            answers.push((submission.reply, outcomes));
        }
        if draft.events.is_empty() {
            answers.into_iter().for_each(|(reply, outcomes)| drop(reply.send(outcomes)));
            return;
        }
        match self.write(draft) {
            Ok(batch) => self.hand_on(batch, answers),
            Err(error) => fail_all(answers, &error),
        }
    }

    /// Commits lines of another log as they are.
    fn copy(&mut self, order: Lines) {
        let Lines { lines, payloads, reply } = order;
        match self.write_lines(&lines, &payloads) {
            Ok(batch) => self.hand_on(batch, vec![(reply, Vec::new())]),
            Err(error) => drop(reply.send(vec![Err(error)])),
        }
    }

    fn write_lines(&mut self, lines: &[Vec<u8>], payloads: &[Arc<StagedPayload>]) -> Result<Arc<Batch>, Error> {
        let mut events = Vec::with_capacity(lines.len());
        for line in lines {
            let event = Event::parse(line).map_err(Error::internal("reading a line of another log"))?;
            let digest = event.record.as_ref().map(|record| codec::sha256(record.get().as_bytes()));
            events.push((event, digest));
        }
        let commit = match self.log.commit(lines, payloads) {
            Ok(commit) => commit,
            Err(error) => return Err(self.health.note_commit_failure(error)),
        };
        let time = events.last().and_then(|(event, _)| Instant::parse(&event.time).ok());
        self.last_time = time.map_or(self.last_time, |time| time.max(self.last_time));
        Ok(batch_of(commit, events))
    }

    /// What is durable goes to the indexes, the last of which answers.
    fn hand_on(&mut self, batch: Arc<Batch>, answers: Vec<(oneshot::Sender<Vec<Outcome>>, Vec<Outcome>)>) {
        rebuild::write_hint(&self.hint, batch.first);
        self.note_collections(&batch);
        let pending = self.apply_records(&batch);
        for graph in &self.graphs {
            // It reads from the archive what it has no room for.
            let _ = graph.try_send(News::Batch(Arc::clone(&batch)));
        }
        let applied = Applied { batch, answers, pending };
        if let Err(lost) = self.followers.send(applied) {
            // Only at shutdown: the batch is durable all the same.
            lost.0.answer();
        }
    }

    /// Checks one command against the state plus the batch so far, and adds its event.
    fn decide(&self, draft: &mut Draft, command: Command) -> Outcome {
        if let Some(earlier) = self.earlier_receipt(draft, &command)? {
            return Ok(earlier);
        }
        let state = self.state(draft, &command.key)?;
        let live = state.filter(State::is_live);
        check_precondition(&command, live)?;
        match command.action {
            Action::Put { record, intent, payloads } => {
                let digest = codec::sha256(record.as_bytes());
                let intent =
                    if command.key.is_immutable() && intent != Intent::Create { Intent::Ensure } else { intent };
                if let Some(live) = live {
                    match intent {
                        Intent::Create => return Err(Error::Exists { key: command.key }),
                        Intent::Ensure => return Ok(unchanged(command.key, live)),
                        Intent::Put | Intent::Replace | Intent::Import if live.digest == Some(digest) => {
                            return Ok(unchanged(command.key, live));
                        }
                        Intent::Import if self.was(draft, &command.key, digest)? => {
                            return Ok(unchanged(command.key, live));
                        }
                        Intent::Put | Intent::Replace | Intent::Import => {}
                    }
                } else if intent == Intent::Replace {
                    return Err(self.missing(command.key, state));
                }
                self.check_collection(draft, &command.key)?;
                let record = RawValue::from_string(record).map_err(Error::internal("storing a checked record"))?;
                self.keep_payloads(draft, payloads)?;
                let effect = if live.is_some() { Effect::Replaced } else { Effect::Created };
                let later = match live {
                    Some(live) if intent == Intent::Import => self.later_version(draft, &record, live)?,
                    _ => None,
                };
                let (key, agent) = (command.key.clone(), command.agent.clone());
                let parts = (command.key, command.idempotency, command.agent);
                let receipt = self.add(draft, parts, state, effect, Some((record, digest)));
                if let Some(later) = later {
                    let state = self.state(draft, &key)?;
                    self.add(draft, (key, None, agent), state, Effect::Replaced, Some(later));
                }
                Ok(receipt)
            }
            Action::Delete => {
                let Some(_) = live else { return Err(self.missing(command.key, state)) };
                self.check_empty(draft, &command.key)?;
                let parts = (command.key, command.idempotency, command.agent);
                Ok(self.add(draft, parts, state, Effect::Deleted, None))
            }
        }
    }

    /// A request that was answered before gets the same receipt; another request under its key is refused.
    fn earlier_receipt(&self, draft: &Draft, command: &Command) -> Result<Option<Receipt>, Error> {
        let Some(idempotency) = command.idempotency else { return Ok(None) };
        let Some((body, sequence)) = draft.receipts.get(&idempotency.key) else {
            return durable_receipt(&self.archive, &self.records, &idempotency);
        };
        if *body != idempotency.body {
            return Err(Error::IdempotencyMismatch);
        }
        let drafted = draft.events.iter().find(|(event, _)| event.sequence == *sequence);
        Ok(drafted.map(|(event, digest)| receipt_of(event, *digest)))
    }

    fn state(&self, draft: &Draft, key: &Key) -> Result<Option<State>, Error> {
        if let Some(state) = draft.states.get(key) {
            return Ok(*state);
        }
        let current = self.records.current(key).map_err(Error::internal("reading the state of a record"))?;
        let Some(current) = current else { return Ok(None) };
        let digest = if current.deleted {
            None
        } else {
            let location = self.records.location(current.sequence).map_err(Error::internal("finding a record"))?;
            let location = location.ok_or_else(|| Error::Unavailable { reason: format!("{key} has no location") })?;
            let record = self.archive.record(&location).map_err(Error::internal("reading a record"))?;
            Some(codec::sha256(&record))
        };
        Ok(Some(State { sequence: current.sequence, revision: current.revision, digest }))
    }

    /// Whether a revision since the last deletion had this digest; the last [`REMEMBERED_REVISIONS`] are looked at.
    fn was(&self, draft: &Draft, key: &Key, digest: Sha256) -> Result<bool, Error> {
        if draft.events.iter().any(|(event, known)| *known == Some(digest) && event.record_key() == *key) {
            return Ok(true);
        }
        let revisions = self.records.revisions(key).map_err(Error::internal("listing revisions"))?;
        for (_, sequence) in revisions.into_iter().rev().take(REMEMBERED_REVISIONS) {
            let location = self.records.location(sequence).map_err(Error::internal("finding a revision"))?;
            let Some(location) = location else { continue };
            let (event, known) = event_at(&self.archive, &location).map_err(Error::internal("reading a revision"))?;
            if event.record.is_none() || known == Some(digest) {
                return Ok(event.record.is_some());
            }
        }
        Ok(false)
    }

    /// The live record again, if what arrives says that it is an earlier version: both are kept, the later one stays current.
    fn later_version(
        &self,
        draft: &Draft,
        arriving: &RawValue,
        live: State,
    ) -> Result<Option<(Box<RawValue>, Sha256)>, Error> {
        let drafted = draft.events.iter().find(|(event, _)| event.sequence == live.sequence);
        let current = match drafted.and_then(|(event, _)| event.record.as_ref()) {
            Some(record) => record.get().to_owned(),
            None => {
                let location = self.records.location(live.sequence).map_err(Error::internal("finding a record"))?;
                let Some(location) = location else { return Ok(None) };
                let record = self.archive.record(&location).map_err(Error::internal("reading a record"))?;
                String::from_utf8(record).map_err(Error::internal("reading a record"))?
            }
        };
        if !versions::is_earlier(arriving.get().as_bytes(), current.as_bytes()) {
            return Ok(None);
        }
        let digest = codec::sha256(current.as_bytes());
        let record = RawValue::from_string(current).map_err(Error::internal("keeping a later version"))?;
        Ok(Some((record, digest)))
    }

    fn missing(&self, key: Key, state: Option<State>) -> Error {
        match state {
            Some(state) => Error::Gone { key, revision: state.revision, sequence: state.sequence, time: String::new() },
            None => Error::NotFound { key, nearest: Vec::new() },
        }
    }

    fn check_collection(&self, draft: &Draft, key: &Key) -> Result<(), Error> {
        let Some(collection) = &key.collection else { return Ok(()) };
        let drafted = draft.states.get(&Key::collection(collection.clone()));
        let exists = match drafted {
            Some(state) => state.is_some_and(|state| state.is_live()),
            None => self.collections.contains(collection),
        };
        if exists {
            return Ok(());
        }
        let nearest = nearest(
            collection.as_str(),
            self.collections.iter().map(RecordId::as_str).filter(|id| !id.starts_with(HARVESTED)),
        );
        Err(Error::UnknownCollection { id: collection.to_string(), nearest })
    }

    fn check_empty(&self, draft: &Draft, key: &Key) -> Result<(), Error> {
        if key.kind != Kind::Collection {
            return Ok(());
        }
        let stored = self.records.members(&key.id).map_err(Error::internal("counting the products of a collection"))?;
        let products = stored.saturating_add_signed(draft.members.get(&key.id).copied().unwrap_or(0));
        if products == 0 { Ok(()) } else { Err(Error::CollectionNotEmpty { id: key.id.to_string(), products }) }
    }

    fn keep_payloads(&self, draft: &mut Draft, payloads: Vec<Arc<StagedPayload>>) -> Result<(), Error> {
        for payload in payloads {
            let digest = payload.sha256;
            let location = self.records.payload(&digest).map_err(Error::internal("looking for a payload"))?;
            // One that was dropped has a place and no bytes.
            let held = location.map(|location| self.archive.holds(&digest, &location)).transpose();
            let held = held.map_err(Error::internal("looking for a payload"))?.unwrap_or(false);
            if !held && draft.payload_digests.insert(digest) {
                draft.payloads.push(payload);
            }
        }
        Ok(())
    }

    fn add(
        &self,
        draft: &mut Draft,
        (key, idempotency, agent): (Key, Option<IdempotencyKey>, String),
        before: Option<State>,
        effect: Effect,
        record: Option<(Box<RawValue>, Sha256)>,
    ) -> Receipt {
        let sequence = self.archive.last_sequence() + 1 + draft.events.len() as u64;
        let revision = before.map_or(0, |state| state.revision) + 1;
        let (record, digest) = record.unzip();
        if let Some(collection) = &key.collection {
            let was_live = before.is_some_and(|state| state.is_live());
            *draft.members.entry(collection.clone()).or_default() += i64::from(record.is_some()) - i64::from(was_live);
        }
        if let Some(idempotency) = idempotency {
            draft.receipts.insert(idempotency.key, (idempotency.body, sequence));
        }
        draft.states.insert(key.clone(), Some(State { sequence, revision, digest }));
        let event = Event {
            sequence,
            operation: if record.is_some() { Operation::Put } else { Operation::Delete },
            kind: key.kind,
            collection: key.collection.clone(),
            id: key.id.clone(),
            revision,
            time: String::new(),
            agent,
            scope: key.scope().to_string(),
            key: idempotency,
            previous: before.and_then(|state| state.digest),
            record,
        };
        draft.events.push((event, digest));
        Receipt { key, effect, sequence, revision, digest, pending: false }
    }

    /// Gives the events their times and commits them.
    fn write(&mut self, draft: Draft) -> Result<Arc<Batch>, Error> {
        self.health.check_writable()?;
        let mut events = draft.events;
        for (event, _) in &mut events {
            self.last_time = Instant::from_micros(now().micros().max(self.last_time.micros() + 1));
            event.time = self.last_time.to_string();
        }
        let lines: Vec<Vec<u8>> = events.iter().map(|(event, _)| event.to_line()).collect();
        let commit = match self.log.commit(&lines, &draft.payloads) {
            Ok(commit) => commit,
            Err(error) => return Err(self.health.note_commit_failure(error)),
        };
        Ok(batch_of(commit, events))
    }

    fn note_collections(&mut self, batch: &Batch) {
        for change in batch.changes.iter().filter(|change| change.event.kind == Kind::Collection) {
            match change.event.operation {
                Operation::Put => self.collections.insert(change.event.id.clone()),
                Operation::Delete => self.collections.remove(&change.event.id),
            };
        }
    }

    /// The commit stands whatever happens here; a failing index is reset and caught up from the archive.
    fn apply_records(&mut self, batch: &Arc<Batch>) -> bool {
        let Err(error) = self.records.apply(std::slice::from_ref(batch)) else {
            self.health.note_position("records", batch.last);
            return false;
        };
        self.health.note_index_failure("records", &error);
        if let Err(error) = rebuild::catch_up(&self.archive, &mut self.records, batch.last) {
            self.health.note_index_failure("records", &error);
            return true;
        }
        self.health.note_index_recovery("records");
        self.health.note_position("records", batch.last);
        false
    }
}

impl Submission {
    fn bytes(&self) -> usize {
        let size = |command: &Command| match &command.action {
            Action::Put { record, .. } => record.len(),
            Action::Delete => 0,
        };
        self.commands.iter().map(size).sum()
    }
}

/// What a commit made of events.
fn batch_of(commit: Commit, events: Vec<(Event, Option<Sha256>)>) -> Arc<Batch> {
    let changes = events.into_iter().zip(commit.records);
    let changes = changes.map(|((event, digest), location)| Change { event, location, digest }).collect();
    Arc::new(Batch { first: commit.first, last: commit.last, changes, payloads: commit.payloads })
}

fn check_precondition(command: &Command, live: Option<State>) -> Result<(), Error> {
    let current = live.and_then(|state| state.digest);
    let holds = match &command.precondition {
        Precondition::None => true,
        Precondition::Exists => current.is_some(),
        Precondition::OneOf(digests) => current.is_some_and(|current| digests.contains(&current)),
    };
    if holds { Ok(()) } else { Err(Error::PreconditionFailed { key: command.key.clone(), current }) }
}

fn unchanged(key: Key, state: State) -> Receipt {
    Receipt {
        key,
        effect: Effect::Unchanged,
        sequence: state.sequence,
        revision: state.revision,
        digest: state.digest,
        pending: false,
    }
}

fn receipt_of(event: &Event, digest: Option<Sha256>) -> Receipt {
    let effect = match event.operation {
        Operation::Delete => Effect::Deleted,
        Operation::Put if event.previous.is_some() => Effect::Replaced,
        Operation::Put => Effect::Created,
    };
    let (sequence, revision) = (event.sequence, event.revision);
    Receipt { key: event.record_key(), effect, sequence, revision, digest, pending: false }
}

fn fail_all(answers: Vec<(oneshot::Sender<Vec<Outcome>>, Vec<Outcome>)>, error: &Error) {
    for (reply, outcomes) in answers {
        // What was refused for its own reasons keeps them; nothing else was written.
        let failed = outcomes.into_iter().map(|outcome| match outcome {
            Ok(receipt) if receipt.effect == Effect::Unchanged => Ok(receipt),
            Ok(_) => Err(error.for_another()),
            Err(refusal) => Err(refusal),
        });
        drop(reply.send(failed.collect()));
    }
}

/// The receipt of a request that was answered before under the same Idempotency-Key.
///
/// # Errors
/// `IdempotencyMismatch` when the key came with another request.
pub fn durable_receipt(
    archive: &Archive,
    records: &Records,
    idempotency: &IdempotencyKey,
) -> Result<Option<Receipt>, Error> {
    let stored = records.receipt(&idempotency.key).map_err(Error::internal("reading a receipt"))?;
    let Some(stored) = stored else { return Ok(None) };
    if stored.body != idempotency.body {
        return Err(Error::IdempotencyMismatch);
    }
    let location = records.location(stored.sequence).map_err(Error::internal("finding an earlier receipt"))?;
    let Some(location) = location else { return Ok(None) };
    let (event, digest) = event_at(archive, &location).map_err(Error::internal("reading an earlier receipt"))?;
    Ok(Some(receipt_of(&event, digest)))
}

/// The event whose record stands at a location, and its record digest.
pub fn event_at(archive: &Archive, location: &RecordLocation) -> Result<(Event, Option<Sha256>), ReadError> {
    let line = archive.line(location)?;
    let event = Event::parse(&line).map_err(|error| ReadError::Damaged {
        object: format!("segment:{}", location.segment),
        what: error.to_string(),
    })?;
    let digest = event.record.as_ref().map(|record| codec::sha256(record.get().as_bytes()));
    Ok((event, digest))
}

/// The clock of the writer.
pub fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
