//! The use cases, free of HTTP: register, ingest, search, read, verify, rebuild. Carries events between the archive and
//! the indexes, which do not know each other.

mod attach;
pub mod audit;
pub mod changes;
mod command;
mod companions;
mod context;
mod delivery;
mod drill;
mod dropping;
mod error;
pub mod export;
pub mod federated;
mod filters;
mod fixity;
mod follower;
mod gate;
mod graph;
mod harvest;
mod health;
mod hits;
mod holdings;
mod impact;
mod ingest;
mod lineage;
mod log;
pub mod mirror;
mod nearest;
pub mod offline;
mod open;
mod queryables;
mod read;
pub mod rebuild;
mod recipes;
mod recreate;
mod register;
mod reimport;
mod resolve;
mod run_crate;
mod search;
pub mod secrets;
mod services;
mod snippets;
mod together;
mod token;
mod uploads;
mod versions;
mod walk;
mod writer;

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use tokio::sync::oneshot;

pub use command::{Effect, Intent, Outcome, Precondition, Receipt};
pub use context::{ContextDocument, ContextWrite, MAX_DOCUMENT_BYTES as MAX_CONTEXT_BYTES, context_key, statements};
pub use delivery::{Delivery, Fixity};
pub use drill::{Drilled, Rebuildability};
pub use dropping::{DropWish, DroppedFile, Dropping};
pub use error::{Error, Violation};
pub use graph::GraphSettings;
pub use harvest::{
    Counts as HarvestCounts, HarvestOutcome, HarvestSettings, HarvestWish, Harvested, Patience, QuarantineEntry,
    Quarantined, RunFault, SourceState, harvest_due,
};
pub use health::{Health, Reading};
pub use hits::Hits;
pub use impact::{Impact, Impacted};
pub use ingest::{Document, DocumentReport, MAX_DOCUMENT_BYTES, Prepared, Ticket};
pub use lineage::{Lineage, LineageNode, Reach};
pub use open::{LEAST_FREE_SPACE, Options, Settings, StartError};
pub use queryables::Queryable;
pub use read::{HeldFile, Revision, Stored};
pub use recreate::{Recreated, RecreationSettings, Wish};
pub use register::{Address, Caller};
pub use reimport::{Reimported, Reimporter, Verdict};
pub use resolve::{Match, Member, Naming, Referrer, Standing};
pub use search::{Found, MAX_LIMIT, Results};
pub use services::ServiceSettings;
pub use snippets::snippets;
pub use uploads::{Chunk, UploadState, Uploads};
pub use walk::{Extent, View, Walked, Writing};
pub use writer::now;

use crate::archive::{Archive, StageError, Stager};
use crate::federation::outbound::Outbound;
use crate::importer::Names;
use crate::index::records::Records;
use crate::index::text::TextSearcher;
use crate::schema::Registry;
use command::Command;
use secrets::Secrets;
use writer::{Order, Submission};

/// The open catalogue of one store. Shared by all threads of the service.
pub struct Catalogue {
    store: std::path::PathBuf,
    archive: Archive,
    records: Records,
    searcher: TextSearcher,
    /// Asks others.
    outbound: Outbound,
    federation: federated::Federation,
    /// Searches what was harvested from elsewhere.
    copies: TextSearcher,
    /// None where nobody asks it.
    graph: Option<graph::Graph>,
    /// The graph of what was harvested.
    copies_graph: Option<graph::Graph>,
    /// How many searches run at once.
    gate: gate::Gate,
    /// How many pages are put together at once for those who harvest: they may take long, and searches do not wait for them.
    harvesters: gate::Gate,
    /// How many recipes run at once.
    runs: gate::Gate,
    tally: recreate::Tally,
    /// Dropped bytes that were made again for readers.
    rebuilds: dropping::Rebuilds,
    schemas: Registry,
    /// Canonical names, those that an archivist added included.
    names: Names,
    secrets: Secrets,
    uploads: Arc<Uploads>,
    copying: harvest::Harvests,
    health: Arc<Health>,
    /// How far the log can be read, for those who follow it.
    pulse: Arc<changes::Pulse>,
    barren: changes::Barren,
    submissions: SyncSender<Order>,
    settings: Settings,
    /// Folder of indexes that go with the process.
    temporary: Option<std::path::PathBuf>,
    threads: std::sync::Mutex<Vec<std::thread::JoinHandle<()>>>,
}

/// A record that passed its schema.
struct Checked {
    key: crate::model::Key,
    text: String,
}

impl Catalogue {
    /// What works at the moment.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// What came of recreations since the start.
    pub fn tally(&self) -> &recreate::Tally {
        &self.tally
    }

    /// Users and keys.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Payloads on their way in.
    pub fn uploads(&self) -> Arc<Uploads> {
        Arc::clone(&self.uploads)
    }

    /// The archive, for reading.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Last sequence that is durable.
    pub fn last_sequence(&self) -> u64 {
        self.archive.last_sequence()
    }

    /// Begins to stream a payload in.
    ///
    /// # Errors
    /// `ReadOnly` or `InsufficientStorage`, or what the disk says.
    pub fn stage(&self) -> Result<Stager, Error> {
        self.health.check_writable()?;
        stage_error(self.archive.stage(now()))
    }

    /// Folder for what is on its way, on the file system of the store.
    pub fn work_folder(&self) -> std::path::PathBuf {
        self.store.join("work")
    }

    fn check_ready(&self) -> Result<(), Error> {
        if self.health.is_ready() {
            return Ok(());
        }
        Err(Error::Unavailable { reason: "the indexes are catching up with the archive".to_owned() })
    }

    fn check(&self, text: &str) -> Result<Checked, Error> {
        let checked = self.check_any(text)?;
        refuse_copy(&checked.key)?;
        Ok(checked)
    }

    /// As `check`, for what is harvested too.
    fn check_any(&self, text: &str) -> Result<Checked, Error> {
        match self.schemas.check(text) {
            Ok(checked) => {
                let checked = Checked { key: checked.key, text: checked.text.into_owned() };
                self.check_recreation(&checked)?;
                Ok(checked)
            }
            Err(violations) => {
                let violations = violations.into_iter();
                let violations = violations.map(|each| Violation { pointer: each.pointer, message: each.message });
                Err(Error::Invalid { violations: violations.collect() })
            }
        }
    }

    /// Hands commands to the writer; the receiver yields one outcome for each, in order.
    fn submit(&self, commands: Vec<Command>) -> Result<oneshot::Receiver<Vec<Outcome>>, Error> {
        self.submit_as(commands, false)
    }

    /// As `submit`; a harvest may write copies.
    fn submit_as(&self, commands: Vec<Command>, is_harvest: bool) -> Result<oneshot::Receiver<Vec<Outcome>>, Error> {
        self.health.check_writable()?;
        let (reply, outcomes) = oneshot::channel();
        let stopped = |_| Error::Unavailable { reason: "the service is stopping".to_owned() };
        self.submissions.send(Order::Commands(Submission { commands, is_harvest, reply })).map_err(stopped)?;
        Ok(outcomes)
    }

    /// Commits lines of the log that this store follows; when it returns they are durable and found.
    fn copy_lines(&self, lines: Vec<Vec<u8>>, payloads: Vec<Arc<crate::archive::StagedPayload>>) -> Result<(), Error> {
        let stopped = || Error::Unavailable { reason: "the service is stopping".to_owned() };
        let (reply, outcomes) = oneshot::channel();
        let order = Order::Lines(writer::Lines { lines, payloads, reply });
        self.submissions.send(order).map_err(|_| stopped())?;
        let failed = outcomes.blocking_recv().map_err(|_| stopped())?.pop();
        failed.map_or(Ok(()), |failed| failed.map(|_| ()))
    }

    async fn submit_one(&self, command: Command) -> Outcome {
        let outcomes = self.submit(vec![command])?.await;
        let stopped =
            || Error::Unavailable { reason: "the service is stopping; ask again whether this was kept".into() };
        let outcome = outcomes.ok().and_then(|mut outcomes| outcomes.pop()).ok_or_else(stopped)?;
        outcome.map_err(|error| self.explained(error))
    }

    /// Adds what the writer does not look up: names that resemble an unknown one, and when a record was deleted.
    fn explained(&self, error: Error) -> Error {
        match error {
            Error::NotFound { key, .. } => self.not_found(&key),
            Error::Gone { ref key, .. } => self.get(key).err().unwrap_or(error),
            other => other,
        }
    }
}

/// What a failed staging means to the caller.
///
/// # Errors
/// `DigestMismatch`, `InsufficientStorage`, `ReadOnly` or `Internal`.
pub fn stage_error<T>(staged: Result<T, StageError>) -> Result<T, Error> {
    staged.map_err(|error| match error {
        StageError::DigestMismatch { promised, actual } => Error::DigestMismatch {
            algorithm: crate::model::Sha256::ALGORITHM,
            promised: promised.to_string(),
            computed: actual.to_string(),
        },
        StageError::LowSpace { free, threshold } => Error::InsufficientStorage { free, threshold },
        StageError::Disk(source) if source.is_full() => Error::InsufficientStorage { free: 0, threshold: 0 },
        StageError::Disk(source) if source.is_read_only() => Error::ReadOnly { reason: source.to_string() },
        StageError::ReadOnly => Error::ReadOnly { reason: "the store is opened read-only".to_owned() },
        other => Error::Internal { doing: "staging a payload", source: Box::new(other) },
    })
}

/// Copies of what is elsewhere change with their source, and only so.
///
/// # Errors
/// `Invalid` for the key of a copy.
fn refuse_copy(key: &crate::model::Key) -> Result<(), Error> {
    if key.is_local() {
        return Ok(());
    }
    let pointer = if key.collection.is_some() { "/collection" } else { "/id" };
    Err(Error::invalid(
        pointer,
        "begins with `harvested:`: such records are copies, which change with their source alone",
    ))
}
