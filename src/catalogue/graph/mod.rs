//! The graph follows the archive on a thread of its own, some second behind at most, and never holds up whoever writes:
//! what it misses it reads again. Queries are answered by worker processes on checkpoints, which this thread makes.

mod beside;
mod follower;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::services::{ServiceSettings, Services};
use super::{Catalogue, Health};
use crate::archive::Archive;
use crate::index::graph::{Limits, Piece, Pool, Question, Refusal};
use crate::index::{Batch, Holds};
use beside::Folders;
pub(super) use follower::{Follower, is_ruin};

/// Batches that wait for the graph. When there are more it reads them from the archive later.
const WAITING_BATCHES: usize = 64;

/// Least time between two checkpoints: each brings to disk what RocksDB has in memory.
const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(900);

/// How long a question waits for a checkpoint when the last one is older than [`CHECKPOINT_INTERVAL`].
const FRESHNESS_PATIENCE: Duration = Duration::from_millis(1_500);

/// How long a question waits for everything that was committed before it, if it asks for that.
const WAIT_PATIENCE: Duration = Duration::from_secs(10);

/// How the graph is kept; without this there is none.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// The program that is started as a worker.
    pub program: PathBuf,
    pub limits: Limits,
    /// Endpoints elsewhere that queries may name.
    pub services: ServiceSettings,
}

impl GraphSettings {
    /// This very program, with limits for this machine.
    ///
    /// # Errors
    /// When the system does not say which program this is.
    pub fn of_this_program() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let limits = Limits::for_cores(cores);
        Ok(Self { program: std::env::current_exe()?, limits, services: ServiceSettings::default() })
    }
}

/// The name of a graph, in folders and in what operators see.
const fn name(holds: Holds) -> &'static str {
    match holds {
        Holds::Local => "graph",
        Holds::Harvested => "harvested-graph",
    }
}

/// What wakes the thread.
pub(super) enum News {
    Batch(Arc<Batch>),
    /// Somebody asks.
    Asked,
}

/// Shared by the thread and by those who ask.
struct Shared {
    pool: Pool,
    /// Whether there is anything for this graph.
    is_needed: AtomicBool,
    stop: AtomicBool,
    started: Instant,
    /// Milliseconds after `started` of the last question and of the last checkpoint.
    asked: AtomicU64,
    checked: AtomicU64,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self, moment: &AtomicU64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(moment.load(Ordering::Acquire)))
    }
}

/// The catalogue's hand on the graph.
pub(super) struct Graph {
    shared: Arc<Shared>,
    news: SyncSender<News>,
    services: Services,
}

impl Graph {
    /// Makes the graph; `Follower::run` is then to be called on a thread of its own.
    pub(super) fn new(
        settings: &GraphSettings,
        archive: &Archive,
        folder: &Path,
        health: &Arc<Health>,
        (holds, is_needed): (Holds, bool),
    ) -> (Self, Follower) {
        let (news, inbox) = sync_channel(WAITING_BATCHES);
        let shared = Arc::new(Shared {
            pool: Pool::new(&settings.program, settings.limits.clone()),
            is_needed: AtomicBool::new(is_needed),
            stop: AtomicBool::new(false),
            started: Instant::now(),
            asked: AtomicU64::new(0),
            checked: AtomicU64::new(0),
        });
        if is_needed {
            health.note_position(name(holds), 0);
        }
        // Workers are told the folders of checkpoints, and have another working directory.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let folders = Folders::within(&folder, name(holds));
        let follower = Follower::new(Arc::clone(&shared), inbox, archive, folders, health, holds);
        (Self { shared, news, services: Services::new(&settings.services) }, follower)
    }

    pub(super) const fn services(&self) -> &Services {
        &self.services
    }

    /// Where committed batches go.
    pub(super) fn sender(&self) -> SyncSender<News> {
        self.news.clone()
    }

    /// Ends the thread soon.
    pub(super) fn stop(self) {
        self.shared.stop.store(true, Ordering::Release);
    }

    fn freshen(&self, last: u64) {
        self.shared.asked.store(self.shared.now(), Ordering::Release);
        let seen = self.shared.pool.sequence();
        if seen.is_some_and(|seen| seen >= last) || self.shared.since(&self.shared.checked) < CHECKPOINT_INTERVAL {
            return;
        }
        // A full queue wakes the thread as well.
        let _ = self.news.try_send(News::Asked);
        let Some(seen) = seen else { return };
        self.shared.pool.wait_for(seen + 1, FRESHNESS_PATIENCE);
    }
}

impl Catalogue {
    /// Answers a SPARQL query about this archive's own records, or about what was harvested. `send` takes each piece, the head first, and says whether more is wanted. With `wait` the
    /// answer sees everything that was committed before the question. To be called on a thread that may wait.
    ///
    /// # Errors
    /// `Refusal`; what was sent until then is no whole answer.
    pub fn sparql(
        &self,
        mut question: Question,
        (holds, wait): (Holds, bool),
        send: &mut dyn FnMut(Piece) -> bool,
    ) -> Result<(), Refusal> {
        let none = || Refusal::NotReady { reason: "this process keeps no graph".to_owned() };
        let graph = self.graph_of(holds).ok_or_else(none)?;
        if !graph.shared.is_needed.load(Ordering::Acquire) {
            let reason = "nothing was harvested yet, so there is no graph of it".to_owned();
            return Err(Refusal::NotReady { reason });
        }
        let last = self.last_sequence();
        graph.freshen(last);
        if wait && !graph.shared.pool.wait_for(last, WAIT_PATIENCE) {
            let reason = format!("the graph does not hold event {last} yet; ask again, or without wait=graph");
            return Err(Refusal::NotReady { reason });
        }
        question.services = graph.services.endpoints().to_vec();
        graph.shared.pool.ask(question, send)
    }

    /// Last event that questions to the graph see; none while it is built.
    pub fn graph_sequence(&self, holds: Holds) -> Option<u64> {
        self.graph_of(holds)?.shared.pool.sequence()
    }

    /// Whether there is a graph of these records, or is going to be one soon.
    pub fn has_graph(&self, holds: Holds) -> bool {
        self.graph_of(holds).is_some_and(|graph| graph.shared.is_needed.load(Ordering::Acquire))
    }

    const fn graph_of(&self, holds: Holds) -> Option<&Graph> {
        match holds {
            Holds::Local => self.graph.as_ref(),
            Holds::Harvested => self.copies_graph.as_ref(),
        }
    }
}
