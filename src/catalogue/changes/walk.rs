//! The log in its order, event after event, read frame by frame. Nothing is skipped silently: a place that cannot be read ends
//! the walk with an error.

use crate::archive::ReadError;
use crate::catalogue::{Catalogue, Error};
use crate::codec;
use crate::model::{Event, Key, Operation, Sha256};

/// Most events of a page of the log.
pub const MAX_EVENTS: usize = 10_000;
/// Most bytes of records on a page of the log.
const MAX_BYTES: usize = 16 << 20;

/// An event without its record.
#[derive(Debug, Clone)]
pub struct Change {
    pub sequence: u64,
    pub operation: Operation,
    pub key: Key,
    pub revision: u64,
    /// RFC 3339, UTC, microseconds.
    pub time: String,
    /// `local`, or where it was harvested from.
    pub scope: String,
    /// Record digest; none for a tombstone.
    pub digest: Option<Sha256>,
}

/// What a walk ends with, apart from its end.
enum Stop {
    Read(ReadError),
    Told(Error),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl Catalogue {
    /// Events after a sequence, of one scope or of all. The second value is the last sequence that was looked at: there the
    /// next page goes on.
    ///
    /// # Errors
    /// `Unavailable` while starting; when the archive cannot be read.
    pub fn changes(&self, since: u64, limit: usize, scope: Option<&str>) -> Result<(Vec<Change>, u64), Error> {
        self.check_ready()?;
        let (mut changes, mut bytes, mut seen) = (Vec::new(), 0, since);
        let last = self.readable().min(since.saturating_add(MAX_EVENTS as u64));
        self.each_event(since.saturating_add(1), last, &mut |event| {
            seen = event.sequence;
            bytes += event.record.as_ref().map_or(0, |record| record.get().len());
            if scope.is_none_or(|scope| scope == event.scope) {
                changes.push(change(event));
            }
            Ok(changes.len() < limit.min(MAX_EVENTS) && bytes < MAX_BYTES)
        })?;
        Ok((changes, seen))
    }

    /// Calls `take` with each event from one sequence to another; it says whether it wants more.
    pub(in crate::catalogue) fn each_event(
        &self,
        first: u64,
        last: u64,
        take: &mut dyn FnMut(Event) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let mut next = first.max(1);
        let mut wanted = true;
        while wanted && next <= last {
            let location = self.records.location(next).map_err(Error::internal("finding an event"))?;
            let location = location.ok_or_else(|| Error::Unavailable {
                reason: format!("the records index does not hold sequence {next} yet"),
            })?;
            let begun = next;
            let walked = self.archive.lines_from::<Stop>(&location, &mut |line| {
                if next > last {
                    return Ok(false);
                }
                let event = read(line, next).map_err(Stop::Told)?;
                next += 1;
                wanted = take(event).map_err(Stop::Told)?;
                Ok(wanted)
            });
            match walked {
                Err(Stop::Read(error)) => return Err(Error::internal("reading the log")(error)),
                Err(Stop::Told(error)) => return Err(error),
                Ok(()) if next == begun => {
                    return Err(Error::Unavailable {
                        reason: format!("the line of sequence {next} is not in its frame"),
                    });
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Whether the event is the last one of its record in a snapshot that ends with this sequence.
    pub(in crate::catalogue) fn is_current_at(&self, event: &Event, snapshot: u64) -> Result<bool, Error> {
        let failed = || Error::internal("reading the state of a record");
        let key = event.record_key();
        match self.records.current(&key).map_err(failed())? {
            Some(current) if current.sequence == event.sequence => Ok(true),
            Some(current) if current.sequence <= snapshot => Ok(false),
            Some(_) => {
                let next = self.records.revision(&key, event.revision + 1).map_err(failed())?;
                Ok(next.is_none_or(|next| next > snapshot))
            }
            None => Err(Error::Unavailable { reason: format!("the records index does not hold {key} yet") }),
        }
    }
}

fn read(line: &[u8], sequence: u64) -> Result<Event, Error> {
    let event = Event::parse(line).map_err(Error::internal("reading a line of the log"))?;
    if event.sequence == sequence {
        return Ok(event);
    }
    let reason = format!("where the sequence {sequence} belongs stands {}", event.sequence);
    Err(Error::Unavailable { reason })
}

/// An event without its record.
fn change(event: Event) -> Change {
    let digest = event.record.as_ref().map(|record| codec::sha256(record.get().as_bytes()));
    let key = event.record_key();
    let Event { sequence, operation, revision, time, scope, .. } = event;
    Change { sequence, operation, key, revision, time, scope, digest }
}
