//! Opening a store: archive first, then the indexes, which catch up or are built again.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::changes::Pulse;
use super::graph::{Graph, GraphSettings, News};
use super::harvest::HarvestSettings;
use super::health::Health;
use super::mirror::Marker;
use super::rebuild::{self, CatchUpError};
use super::recreate::RecreationSettings;
use super::search::MAX_PAGE_BYTES;
use super::secrets::{Secrets, SecretsError};
use super::uploads::Uploads;
use super::writer::Writer;
use super::{Catalogue, follower, gate};
use crate::archive::disk::{Disk, RealDisk};
use crate::archive::{self, Archive, ReadError};
use crate::federation::outbound::{self, Outbound, OutboundError};
use crate::importer::{Names, Thesaurus};
use crate::index::records::Records;
use crate::index::text::{Synonyms, TextIndex, TextOptions};
use crate::index::{Holds, Projection};
use crate::model::{self, Kind};
use crate::schema::{BrokenSchema, Registry};

/// Submissions that may wait for the writer before their senders do.
const QUEUE: usize = 64;

/// How long closing waits for the last requests, and between two looks.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
const CLOSE_PAUSE: Duration = Duration::from_millis(1);

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Where all disk access of the archive goes; a double in tests.
    pub disk: Arc<dyn Disk>,
    pub settings: Settings,
}

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    pub read_only: bool,
    /// Payloads of at least this many bytes get an OCFL object of their own.
    pub payload_object_threshold: u64,
    /// Writes are refused while fewer bytes than this are free.
    pub free_space_threshold: u64,
    /// Folder of the indexes; `STORE/index` if absent.
    pub index: Option<PathBuf>,
    /// Most bytes of the records of a page.
    pub page_bytes: usize,
    /// Keeps the graph and answers SPARQL; `None` leaves it to those who serve.
    pub graph: Option<GraphSettings>,
    /// Runs recipes; `None` leaves it to those who do.
    pub recreation: Option<RecreationSettings>,
    /// What of the world may be asked: sources and their authorities.
    pub outbound: outbound::Settings,
    /// How sources are asked.
    pub harvest: HarvestSettings,
}

impl Default for Settings {
    fn default() -> Self {
        let archive = archive::Options::default();
        Self {
            read_only: false,
            payload_object_threshold: archive.payload_object_threshold,
            free_space_threshold: archive.free_space_threshold,
            index: None,
            page_bytes: MAX_PAGE_BYTES,
            graph: None,
            recreation: None,
            outbound: outbound::Settings::default(),
            harvest: HarvestSettings::default(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { disk: Arc::new(RealDisk), settings: Settings::default() }
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the archive cannot be opened")]
    Archive(#[from] archive::OpenError),
    #[error("the archive cannot be read")]
    Read(#[from] ReadError),
    #[error("the archive cannot be written")]
    Writer(#[from] archive::WriterError),
    #[error("private/ cannot be used")]
    Secrets(#[from] SecretsError),
    #[error("the {index} index at {} cannot be made", path.display())]
    Index {
        index: &'static str,
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("an index cannot catch up")]
    CatchUp(#[from] CatchUpError),
    #[error("a schema of this binary is broken")]
    Schema(#[from] BrokenSchema),
    #[error("{} is no table of names that can be read", path.display())]
    Names {
        path: PathBuf,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("mirror.json, which says what this store is a copy of, cannot be read")]
    Marker(#[source] std::io::Error),
    #[error("nobody elsewhere can be asked")]
    Outbound(#[from] OutboundError),
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// The folder of the indexes of a store.
pub fn index_folder(store: &Path, settings: &Settings) -> PathBuf {
    settings.index.clone().unwrap_or_else(|| store.join("index"))
}

/// Least free space that is kept: the indexes must be able to finish what the archive accepted.
pub const LEAST_FREE_SPACE: u64 = 32 << 20;

/// Opens the archive, with the hint that the indexes keep.
///
/// # Errors
/// `StartError::Archive`: in use, not ours, or unreadable.
pub fn open_archive(store: &Path, options: &Options) -> Result<Archive, StartError> {
    let settings = &options.settings;
    let hint = rebuild::read_hint(&index_folder(store, settings));
    let archive_options = archive::Options {
        read_only: settings.read_only,
        payload_object_threshold: settings.payload_object_threshold,
        free_space_threshold: settings.free_space_threshold,
        hint,
        ..archive::Options::default()
    };
    let (archive, recovery) = Archive::open(store, Arc::clone(&options.disk), archive_options)?;
    for damage in &recovery.damages {
        tracing::error!(
            object = damage.object,
            path = %damage.path.display(),
            what = damage.what,
            what_to_do = damage.what_to_do,
            "damaged segment; everything else is served"
        );
    }
    if recovery.created {
        tracing::info!(store = %store.display(), "made a new archive");
    }
    if !recovery.removed.is_empty() {
        tracing::info!(leftovers = recovery.removed.len(), "removed what an interrupted run left in work/");
    }
    Ok(archive)
}

impl Catalogue {
    /// Opens a store, making a new one in an empty folder. The indexes stand at the archive's last sequence when this
    /// returns.
    ///
    /// # Errors
    /// `StartError` names the part that cannot be used and why.
    pub fn open(store: &Path, options: &Options) -> Result<Arc<Self>, StartError> {
        match Self::open_as_asked(store, options) {
            Err(StartError::Archive(error)) if !options.settings.read_only && is_read_only(&error) => {
                tracing::warn!(%error, "the store cannot be written; opening it read-only");
                let settings = Settings { read_only: true, ..options.settings.clone() };
                Self::open_as_asked(store, &Options { settings, ..options.clone() })
            }
            opened => opened,
        }
    }

    fn open_as_asked(store: &Path, options: &Options) -> Result<Arc<Self>, StartError> {
        let archive = open_archive(store, options)?;
        let secrets = Secrets::open(store, options.settings.read_only)?;
        let (folder, temporary) = match &options.settings {
            // The index of a store that others may write, or that nobody can, is not touched.
            Settings { read_only: true, index: None, .. } => {
                let folder = std::env::temp_dir().join(format!("perennial-index-{}", std::process::id()));
                tracing::info!(folder = %folder.display(), "building the indexes anew; --index DIR keeps them");
                (folder.clone(), Some(folder))
            }
            settings => (index_folder(store, settings), None),
        };
        let last = archive.last_sequence();
        let (mut records, mut text) = open_indexes(&folder, last)?;
        bring_up(&archive, &mut records, last)?;
        bring_up(&archive, &mut text, last)?;
        let harvested = open_copies(&archive, &folder, &records, last)?;
        let health = Arc::new(Health::default());
        let pulse = Arc::new(Pulse::new(records.position()));
        let mirrored = Marker::read(store).map_err(StartError::Marker)?;
        if let Some(marker) = &mirrored {
            health.refuse_writes(marker.refusal());
            pulse.note_copies();
        }
        health.note_position("records", records.position());
        health.note_position("text", text.position());
        health.note_position("harvested", harvested.position());
        let (submissions, queue) = mpsc::sync_channel(QUEUE);
        let searcher = text.searcher().with_synonyms(synonyms(store)?);
        let copies = harvested.searcher().with_synonyms(synonyms(store)?);
        let threads = Mutex::new(Vec::new());
        let uploads = Arc::new(Uploads::new(archive.clone(), *secrets.token_key()));
        let settings = options.settings.graph.as_ref();
        let graph_of = |kind| settings.map(|settings| Graph::new(settings, &archive, &folder, &health, kind)).unzip();
        let has_copies = records.has_copies().map_err(|error| copies_failed(Box::new(error)))?;
        let (graph, graph_follower) = graph_of((Holds::Local, true));
        let (copies_graph, copies_follower) = graph_of((Holds::Harvested, has_copies));
        let mut started = Vec::new();
        if options.settings.read_only {
            health.refuse_writes("the service was started with --read-only");
        } else {
            let news = [&graph, &copies_graph].into_iter().flatten().map(Graph::sender).collect();
            started = start_threads(&archive, &records, ([text, harvested], news), &folder, queue, (&health, &pulse))?;
        }
        for follower in [graph_follower, copies_follower].into_iter().flatten() {
            started.push(spawn("graph", Box::new(move || follower.run()))?);
        }
        *threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = started;
        health.set_ready();
        Ok(Arc::new(Self {
            store: store.to_owned(),
            archive,
            records,
            searcher,
            copies,
            outbound: Outbound::of(&options.settings.outbound)?,
            federation: super::federated::Federation::default(),
            graph,
            copies_graph,
            runs: gate::Gate::new(options.settings.recreation.as_ref().map_or(1, |settings| settings.at_once.max(1))),
            tally: super::recreate::Tally::default(),
            rebuilds: super::dropping::Rebuilds::default(),
            harvesters: gate::Gate::for_cores(std::thread::available_parallelism().map_or(1, usize::from)),
            gate: gate::Gate::for_cores(std::thread::available_parallelism().map_or(1, usize::from)),
            schemas: Registry::new()?,
            names: names(store)?,
            secrets,
            uploads,
            copying: super::harvest::Harvests::default(),
            health,
            pulse,
            barren: super::changes::Barren::default(),
            submissions,
            settings: options.settings.clone(),
            temporary,
            threads,
        }))
    }

    /// Ends the writer once all submissions are answered. To be called when no handler runs any more; the threads that
    /// answered may take a moment to let go.
    pub fn close(self: Arc<Self>) {
        self.stop_harvests();
        let deadline = Instant::now() + CLOSE_PATIENCE;
        let mut shared = self;
        let catalogue = loop {
            match Arc::try_unwrap(shared) {
                Ok(catalogue) => break catalogue,
                Err(_) if Instant::now() > deadline => return tracing::warn!("closed while requests still ran"),
                Err(still_shared) => shared = still_shared,
            }
            std::thread::sleep(CLOSE_PAUSE);
        };
        let Self { submissions, threads, temporary, records, searcher, copies, graph, copies_graph, .. } = catalogue;
        for graph in [graph, copies_graph].into_iter().flatten() {
            graph.stop();
        }
        drop((submissions, records, searcher, copies));
        let threads = threads.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the catalogue panicked");
            }
        }
        if let Some(folder) = temporary
            && let Err(error) = std::fs::remove_dir_all(&folder)
        {
            tracing::warn!(%error, folder = %folder.display(), "the temporary index was not removed");
        }
    }

    /// Reads the free space, so that writes are refused before the disk is full, and taken again when it is not.
    pub fn watch_free_space(&self) {
        match self.archive.free_bytes() {
            Ok(free) => self.health.note_free_space(free, self.settings.free_space_threshold),
            Err(error) => tracing::warn!(%error, "free space cannot be read"),
        }
    }
}

fn is_read_only(error: &archive::OpenError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<archive::DiskError>().is_some_and(archive::DiskError::is_read_only) {
            return true;
        }
        cause = inner.source();
    }
    matches!(error, archive::OpenError::Disk(disk) if disk.is_read_only())
}

/// Opens both indexes; one that is unreadable, of another format or ahead of the archive is deleted and made again.
fn open_indexes(folder: &Path, last: u64) -> Result<(Records, TextIndex), StartError> {
    let text = open_index("text", &folder.join("text"), last, |path| TextIndex::open(path, TextOptions::default()))?;
    Ok((open_records(folder, last)?, text))
}

/// Opens the text index of copies from elsewhere, at the archive's last sequence. Where there are none it need not look at
/// what the archive holds.
pub(super) fn open_copies(
    archive: &Archive,
    folder: &Path,
    records: &Records,
    last: u64,
) -> Result<TextIndex, StartError> {
    let path = folder.join("harvested");
    let mut text = open_index("harvested", &path, last, |path| TextIndex::open(path, TextOptions::harvested()))?;
    if records.has_copies().map_err(|error| copies_failed(Box::new(error)))? {
        bring_up(archive, &mut text, last)?;
    } else {
        text.pass_over(last).map_err(|error| copies_failed(Box::new(error)))?;
    }
    Ok(text)
}

fn copies_failed(source: Box<dyn std::error::Error + Send + Sync>) -> CatchUpError {
    CatchUpError::Index { index: "harvested", source }
}

/// As `open_indexes`, the records alone.
pub(super) fn open_records(folder: &Path, last: u64) -> Result<Records, StartError> {
    open_index("records", &folder.join("records"), last, Records::open)
}

/// Catches an index up; one that cannot take what the archive holds is emptied and built again.
fn bring_up<P: Projection>(archive: &Archive, index: &mut P, last: u64) -> Result<(), StartError> {
    let Err(error) = rebuild::catch_up_logged(archive, index, last) else { return Ok(()) };
    let CatchUpError::Index { index: name, source } = error else { return Err(error.into()) };
    tracing::warn!(index = name, cause = source.to_string(), "index cannot catch up; building it again");
    index.reset().map_err(|error| CatchUpError::Index { index: name, source: Box::new(error) })?;
    Ok(rebuild::catch_up_logged(archive, index, last)?)
}

pub(super) fn open_index<P: Projection, E: std::error::Error + Send + Sync + 'static>(
    index: &'static str,
    path: &Path,
    last: u64,
    open: impl Fn(&Path) -> Result<P, E>,
) -> Result<P, StartError> {
    let failed =
        |source: Box<dyn std::error::Error + Send + Sync>| StartError::Index { index, path: path.into(), source };
    if path.is_file() {
        tracing::warn!(index, "index is a file, not a folder; rebuilding it from the archive");
        std::fs::remove_file(path).map_err(|source| failed(Box::new(source)))?;
    }
    std::fs::create_dir_all(path).map_err(|source| failed(Box::new(source)))?;
    match open(path) {
        Ok(projection) if projection.position() <= last => return Ok(projection),
        Ok(projection) => {
            tracing::warn!(
                index,
                position = projection.position(),
                last,
                "index is ahead of the archive; rebuilding it"
            );
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::warn!(index, %error, cause, "index cannot be used; rebuilding it from the archive");
        }
    }
    std::fs::remove_dir_all(path).map_err(|source| failed(Box::new(source)))?;
    std::fs::create_dir_all(path).map_err(|source| failed(Box::new(source)))?;
    open(path).map_err(|source| failed(Box::new(source)))
}

/// What else things are called, by the bundled vocabularies and those under `STORE/ontologies/*.ttl`.
fn synonyms(store: &Path) -> Result<Synonyms, StartError> {
    let mut thesaurus = Thesaurus::bundled();
    for (path, bytes) in tables(store)? {
        let failed = |error: String| StartError::Names { path: path.clone(), source: error.into() };
        thesaurus = thesaurus.with(&bytes).map_err(|error| failed(error.to_string()))?;
    }
    Ok(Synonyms::new(thesaurus.groups()))
}

/// The bundled tables of names, and those under `STORE/ontologies/*.ttl`: an archivist adds a spelling there.
fn names(store: &Path) -> Result<Names, StartError> {
    let mut names = Names::bundled().clone();
    for (path, bytes) in tables(store)? {
        let failed = |error: String| StartError::Names { path: path.clone(), source: error.into() };
        names = names.with(&bytes).map_err(|error| failed(error.to_string()))?;
    }
    Ok(names)
}

/// The tables that an archivist added, in the order of their names.
fn tables(store: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, StartError> {
    let Ok(entries) = std::fs::read_dir(store.join("ontologies")) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ttl"));
    paths.sort();
    let mut tables = Vec::with_capacity(paths.len());
    for path in paths {
        match std::fs::read(&path) {
            Ok(bytes) => tables.push((path, bytes)),
            Err(error) => return Err(StartError::Names { path, source: Box::new(error) }),
        }
    }
    Ok(tables)
}

fn start_threads(
    archive: &Archive,
    records: &Records,
    (text, news): ([TextIndex; 2], Vec<mpsc::SyncSender<News>>),
    folder: &Path,
    queue: mpsc::Receiver<super::writer::Order>,
    (health, pulse): (&Arc<Health>, &Arc<Pulse>),
) -> Result<Vec<std::thread::JoinHandle<()>>, StartError> {
    let (followers, batches) = mpsc::channel();
    let collections =
        records.keys(Kind::Collection, None, None).filter_map(Result::ok).map(|(key, _)| key.id).collect();
    let writer = Writer {
        archive: archive.clone(),
        log: archive.writer()?,
        records: records.clone(),
        collections,
        last_time: last_time(archive, records)?,
        followers,
        graphs: news,
        health: Arc::clone(health),
        hint: folder.to_owned(),
        pulse: Arc::clone(pulse),
    };
    let (archive, health) = (archive.clone(), Arc::clone(health));
    Ok(vec![
        spawn("writer", Box::new(move || writer.run(&queue)))?,
        spawn("text", Box::new(move || follower::run(&archive, text, &batches, &health)))?,
    ])
}

fn spawn(name: &str, run: Box<dyn FnOnce() + Send>) -> Result<std::thread::JoinHandle<()>, StartError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StartError::Thread)
}

/// The time of the last event: the next one is later, whatever the clock says.
fn last_time(archive: &Archive, records: &Records) -> Result<model::Instant, StartError> {
    let location = records.location(archive.last_sequence()).ok().flatten();
    let Some(location) = location else { return Ok(model::Instant::from_micros(0)) };
    let (event, _) = super::writer::event_at(archive, &location)?;
    Ok(model::Instant::parse(&event.time).unwrap_or(model::Instant::from_micros(0)))
}
