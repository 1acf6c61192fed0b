//! The archive as the catalogue uses it, over the real disk and over the test double.

mod damage;
mod disk_faults;
mod ocfl_fixtures;
mod power_loss;
mod round_trip;
mod shared_frames;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use perennial::archive::disk::double::DiskDouble;
use perennial::archive::{
    Archive, Commit, CommitError, OpenError, Options, Recovery, StageError, StagedPayload, Writer,
};
use perennial::codec::sha256;
use perennial::model::{Event, Instant, Kind, Operation, RecordId, Sha256};
use serde_json::value::RawValue;

/// Where the store stands on a disk in memory.
const STORE: &str = "/store";
const NOW: Instant = Instant::from_micros(1_700_000_000_000_000);

/// Makes event lines as the catalogue does: sequences, revisions and digests follow each other.
#[derive(Default, Clone)]
struct Lines {
    last: u64,
    revisions: HashMap<String, (u64, Option<Sha256>)>,
}

impl Lines {
    fn put(&mut self, id: &str, record: &str) -> Vec<u8> {
        self.line(id, Some(record))
    }

    fn delete(&mut self, id: &str) -> Vec<u8> {
        self.line(id, None)
    }

    fn line(&mut self, id: &str, record: Option<&str>) -> Vec<u8> {
        self.last += 1;
        let digest = record.map(|record| sha256(record.as_bytes()));
        let (revision, previous) = self.revisions.get(id).copied().unwrap_or_default();
        self.revisions.insert(id.to_owned(), (revision + 1, digest));
        let event = Event {
            sequence: self.last,
            operation: if record.is_some() { Operation::Put } else { Operation::Delete },
            kind: Kind::Product,
            collection: RecordId::parse("c").ok(),
            id: RecordId::parse(id).expect("valid"),
            revision: revision + 1,
            time: Instant::from_micros(NOW.micros() + self.last as i64).to_string(),
            agent: "local".into(),
            scope: "local".into(),
            key: None,
            previous,
            record: record.map(|record| RawValue::from_string(record.to_owned()).expect("JSON")),
        };
        event.to_line()
    }
}

/// Payloads of 1 KiB and more become objects.
fn options() -> Options {
    Options { payload_object_threshold: 1024, free_space_threshold: 1000, ..Options::default() }
}

fn open(disk: &DiskDouble) -> Result<(Archive, Recovery), OpenError> {
    Archive::open(Path::new(STORE), Arc::new(disk.clone()), options())
}

fn stage(archive: &Archive, payload: &[u8]) -> Result<Arc<StagedPayload>, StageError> {
    let mut stager = archive.stage(NOW)?;
    stager.write(payload)?;
    stager.finish(None).map(Arc::new)
}

/// What one commit of the tests brings: two records, a small payload and a large one.
#[derive(Clone)]
struct Delivery {
    lines: Vec<Vec<u8>>,
    payloads: [Vec<u8>; 2],
}

impl Delivery {
    fn make(lines: &mut Lines, number: u8) -> Self {
        let large: Vec<u8> = (0..3000u32).map(|n| (n / 7) as u8 ^ number).collect();
        let payloads = [format!("small payload {number}").into_bytes(), large];
        let [small, large] = payloads.each_ref().map(|payload| sha256(payload));
        let record = |n: u32| {
            format!(
                r#"{{"kind":"product","id":"p{n}","n":{number},"files":[{{"name":"s","storage":"payload:sha256:{small}"}},{{"name":"l","storage":"payload:sha256:{large}"}}]}}"#
            )
        };
        Self { lines: vec![lines.put("p1", &record(1)), lines.put("p2", &record(2))], payloads }
    }

    fn last(&self) -> u64 {
        Event::parse(self.lines.last().expect("a line")).expect("an event").sequence
    }

    fn commit(&self, archive: &Archive, writer: &mut Writer) -> Result<Commit, Failure> {
        let staged: Result<Vec<_>, StageError> = self.payloads.iter().map(|payload| stage(archive, payload)).collect();
        Ok(writer.commit(&self.lines, &staged?)?)
    }

    /// Asserts that the archive holds all of it.
    fn is_held(&self, archive: &Archive, what: &str) {
        let first = self.last() + 1 - self.lines.len() as u64;
        let segment = archive.segments(first).expect("readable").next().expect(what).expect(what);
        for (line, held) in self.lines.iter().zip(&segment.lines) {
            assert_eq!(archive.line(&held.location).expect(what), *line, "{what}");
        }
        for payload in &self.payloads {
            let digest = sha256(payload);
            let (_, location) = segment.payloads.iter().find(|(known, _)| *known == digest).expect(what);
            let read = archive.payload(&digest, location).expect(what).read();
            let read: Vec<u8> = read.flat_map(|piece| piece.expect(what)).collect();
            assert_eq!(read, *payload, "{what}");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Stage(#[from] StageError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Asserts that a verification finds no error.
fn is_sound(archive: &Archive, what: &str) {
    let verification = archive.verify(&mut |_| {}).expect(what);
    assert!(verification.is_sound(), "{what}: {:#?}", verification.findings);
}
