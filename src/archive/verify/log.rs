//! The log as a whole: sequences without gaps, revisions and digests that follow each other, and Merkle roots.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use super::objects::Held;
use super::walk::Found;
use super::{Finding, Severity, Verification};
use crate::archive::contents;
use crate::archive::disk;
use crate::archive::layout::ObjectId;
use crate::archive::merkle::{self, Frontier};
use crate::archive::open::Inner;
use crate::archive::segment::{Description, MAX_BATCH_BYTES, RECORDS};
use crate::codec;
use crate::model::{Entity, Event, Sha256};

/// Findings of one kind that are listed for one segment; the rest is counted.
const LISTED: usize = 20;

/// What is known of a record's last revision.
struct LastRevision {
    revision: u64,
    digest: Option<Sha256>,
}

pub(super) struct Log<'a> {
    pub(super) archive: &'a Inner,
    pub(super) held: &'a Held,
    pub(super) verification: &'a mut Verification,
    /// Leaf hash of each line from sequence 1; none where it is lost.
    leaves: Vec<Option<Sha256>>,
    /// Set while no line is missing.
    frontier: Option<Frontier>,
    /// By the sha256 of the key.
    revisions: HashMap<Sha256, LastRevision>,
    pub(super) named: HashSet<Sha256>,
    last_time: String,
    /// Set while the revisions before are all known.
    is_complete: bool,
}

/// Checks all segments in order.
pub fn check(archive: &Inner, found: &Found, held: &Held, last: u64, verification: &mut Verification) {
    let segments: BTreeMap<(u64, u8), &Path> = found
        .iter()
        .filter_map(|(path, name)| match name.as_deref().and_then(ObjectId::parse) {
            Some(ObjectId::Segment { first, generation }) => Some(((first, generation), path.as_path())),
            _ => None,
        })
        .collect();
    let mut log = Log {
        archive,
        held,
        verification,
        leaves: Vec::new(),
        frontier: Some(Frontier::default()),
        revisions: HashMap::new(),
        named: HashSet::new(),
        last_time: String::new(),
        is_complete: true,
    };
    for ((first, generation), path) in segments {
        if first <= last.max(log.leaves.len() as u64) {
            log.segment(ObjectId::Segment { first, generation }, first, path);
        }
    }
    log.tail(last);
    log.orphans(found);
    let Log { leaves, frontier, named, .. } = log;
    verification.lines = leaves.iter().flatten().count() as u64;
    verification.payloads = named.len() as u64;
    verification.root = frontier.map(|frontier| frontier.root());
}

impl Log<'_> {
    pub(super) fn error(&mut self, id: ObjectId, path: &Path, name: &str, what: impl Into<String>) {
        self.verification.error(Some(&id.to_string()), path.join("v1/content").join(name), what);
    }

    fn segment(&mut self, id: ObjectId, first: u64, path: &Path) {
        let expected = self.leaves.len() as u64 + 1;
        if first > expected {
            let missing = ObjectId::segment(expected);
            let what = format!("no segment holds the sequences {expected} to {}", first - 1);
            self.verification.error(Some(&missing.to_string()), missing.path(), what);
            self.lose_until(first - 1);
        }
        let full = self.archive.paths.archive.join(path);
        let description = match Description::read(self.archive.disk.as_ref(), &full) {
            Ok(Some(Ok(description))) if description.first == first => description,
            Ok(Some(Ok(_))) => return self.error(id, path, "segment.json", "it is that of another segment"),
            Ok(Some(Err(what))) => return self.error(id, path, "segment.json", what),
            Ok(None) => return,
            Err(error) => return self.error(id, path, "segment.json", error.source.to_string()),
        };
        self.payloads(id, path, &description);
        self.lines(id, path, &description);
        self.tree(id, path, &description);
    }

    /// Fills the log with lost lines up to this sequence.
    fn lose_until(&mut self, last: u64) {
        if last > self.leaves.len() as u64 {
            self.leaves.resize(usize::try_from(last).unwrap_or(usize::MAX), None);
            self.frontier = None;
            self.is_complete = false;
        }
    }

    fn lines(&mut self, id: ObjectId, path: &Path, description: &Description) {
        let full = self.archive.paths.archive.join(path).join("v1/content").join(RECORDS);
        let stored = match disk::read_file(self.archive.disk.as_ref(), &full, MAX_BATCH_BYTES * 2) {
            Ok(stored) => stored,
            Err(error) => {
                self.error(id, path, RECORDS, format!("it cannot be read: {error}"));
                return self.lose_until(description.last);
            }
        };
        let mut sequence = description.first;
        let mut problems = Vec::new();
        let read = contents::each_line(&stored, |line, _| {
            if sequence > description.last {
                return Err(format!("it has more lines than its {}", description.lines));
            }
            problems.extend(self.line(sequence, line));
            sequence += 1;
            Ok(())
        });
        if let Err(what) = read {
            self.error(id, path, RECORDS, what);
        } else if sequence != description.last + 1 {
            self.error(id, path, RECORDS, format!("it ends before the sequence {}", description.last));
        }
        self.lose_until(description.last);
        let more = problems.len().saturating_sub(LISTED);
        for what in problems.into_iter().take(LISTED) {
            self.error(id, path, RECORDS, what);
        }
        if more > 0 {
            self.error(id, path, RECORDS, format!("and {more} more of the like"));
        }
    }

    /// Takes one line; says what is wrong with it.
    fn line(&mut self, sequence: u64, line: &[u8]) -> Vec<String> {
        let leaf = merkle::leaf_hash(line);
        if let Some(known) = self.leaves.get(sequence as usize - 1) {
            // A consolidated segment and those it replaces may both be there: their lines must be the same.
            let differs = known.is_some_and(|known| known != leaf);
            return if differs {
                vec![format!("two segments hold different lines of sequence {sequence}")]
            } else {
                vec![]
            };
        }
        self.leaves.push(Some(leaf));
        if let Some(frontier) = &mut self.frontier {
            frontier.push(leaf);
        }
        let event = match Event::parse(line) {
            Ok(event) => event,
            Err(error) => {
                self.is_complete = false;
                return vec![format!("sequence {sequence}: {error}")];
            }
        };
        let mut problems = Vec::new();
        if event.sequence != sequence {
            problems.push(format!("where the sequence {sequence} belongs stands {}", event.sequence));
        }
        if event.time <= self.last_time {
            problems.push(format!("sequence {sequence}: its time is not later than that of the line before"));
        }
        self.last_time.clone_from(&event.time);
        problems.extend(self.revision(&event));
        problems.extend(self.named_payloads(&event));
        problems
    }

    fn revision(&mut self, event: &Event) -> Option<String> {
        let key = event.record_key();
        let (collection, id) = (key.collection.as_ref().map_or("", |id| id.as_str()), key.id.as_str());
        // Identifiers hold no control characters.
        let name = codec::sha256(format!("{}\n{collection}\n{id}", key.kind).as_bytes());
        let digest = event.record.as_ref().map(|record| codec::sha256(record.get().as_bytes()));
        let before = self.revisions.insert(name, LastRevision { revision: event.revision, digest });
        if before.is_none() && !self.is_complete {
            return None;
        }
        let before = before.unwrap_or(LastRevision { revision: 0, digest: None });
        let follows = event.revision == before.revision + 1 && event.previous == before.digest;
        let sequence = event.sequence;
        (!follows && self.is_complete).then(|| {
            format!(
                "sequence {sequence}: revision {} of {key} does not follow revision {}",
                event.revision, before.revision
            )
        })
    }

    fn named_payloads(&self, event: &Event) -> Vec<String> {
        let Some(record) = &event.record else { return Vec::new() };
        // A cheap test first: most records name no payload.
        if memchr::memmem::find(record.get().as_bytes(), b"payload:sha256:").is_none() {
            return Vec::new();
        }
        let Ok(entity) = Entity::view(record.get().as_bytes()) else { return Vec::new() };
        let missing = entity.files.iter().filter_map(crate::model::File::payload).filter(|it| !self.named.contains(it));
        let sequence = event.sequence;
        missing
            .map(|digest| format!("sequence {sequence} names payload:sha256:{digest}, which no segment lists"))
            .collect()
    }

    fn tree(&mut self, id: ObjectId, path: &Path, description: &Description) {
        if (self.leaves.len() as u64) > description.last {
            // A consolidated segment went further: its own root was compared.
            return;
        }
        match &self.frontier {
            Some(frontier) if frontier.root() == description.tree.root => {}
            Some(_) => {
                self.error(id, path, "segment.json", "its Merkle root is not that of the lines up to its last");
                self.frontier = description.frontier();
            }
            // After a loss the tree goes on from what the segment says.
            None => self.frontier = description.frontier(),
        }
    }

    fn tail(&mut self, last: u64) {
        let held = self.leaves.len() as u64;
        if held < last {
            let missing = ObjectId::segment(held + 1);
            let what = format!("no segment holds the sequences {} to {last}", held + 1);
            self.verification.error(Some(&missing.to_string()), missing.path(), what);
        }
        if self.leaves.iter().any(Option::is_none) {
            self.frontier = None;
        }
    }

    fn orphans(&mut self, found: &Found) {
        for (path, name) in found {
            let Some(ObjectId::Payload(sha256)) = name.as_deref().and_then(ObjectId::parse) else { continue };
            if !self.named.contains(&sha256) {
                self.verification.findings.push(Finding {
                    severity: Severity::Note,
                    code: None,
                    object: name.clone(),
                    path: path.clone(),
                    what: "an orphan: no segment names this payload".into(),
                    what_to_do: "nothing: the next upload of the same content uses it".into(),
                });
            }
        }
    }
}
