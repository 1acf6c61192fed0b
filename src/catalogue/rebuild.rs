//! Bringing an index to the archive's last sequence: at start, after a failure, and from nothing.

use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::open::{self, StartError};
use super::{Options, together};
use crate::archive::{Archive, ReadError};
use crate::index::graph::{GraphError, GraphIndex};
use crate::index::text::{TextError, TextIndex, TextOptions, TextRebuild};
use crate::index::{Batch, Change, Projection};
use crate::model::Kind;

/// Records applied in one commit of an index while it catches up.
const RECORDS_AT_ONCE: usize = 20_000;

/// Why an index could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("the archive cannot be read")]
    Archive(#[from] ReadError),
    #[error("index {index} cannot be written")]
    Index {
        index: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("the thread for {what} panicked")]
    Panicked { what: &'static str },
}

/// Applies all segments after the index's position, up to and including `last`.
///
/// # Errors
/// `CatchUpError`; the index then stands at the last batch that it took.
pub fn catch_up<P: Projection>(archive: &Archive, index: &mut P, last: u64) -> Result<(), CatchUpError> {
    let mut waiting: Vec<Arc<Batch>> = Vec::new();
    let mut records = 0;
    if index.position() >= last {
        return Ok(());
    }
    for segment in archive.segments(index.position() + 1)? {
        let batch = batch_of(segment?);
        let done = batch.last >= last;
        records += batch.changes.len();
        waiting.push(Arc::new(batch));
        if records >= RECORDS_AT_ONCE || done {
            apply(index, &waiting)?;
            waiting.clear();
            records = 0;
        }
        if done {
            break;
        }
    }
    apply(index, &waiting)
}

pub(super) fn apply<P: Projection>(index: &mut P, batches: &[Arc<Batch>]) -> Result<(), CatchUpError> {
    let name = index.name();
    index.apply(batches).map_err(|error| CatchUpError::Index { index: name, source: Box::new(error) })
}

/// What the archive read, as an index takes it.
pub fn batch_of(segment: crate::archive::SegmentContents) -> Batch {
    let lines = segment.lines.into_iter();
    let changes = lines.map(|line| Change { event: line.event, location: line.location, digest: line.digest });
    Batch { first: segment.first, last: segment.last, changes: changes.collect(), payloads: segment.payloads }
}

/// As `catch_up`, and says so in the log when there is something to do.
///
/// # Errors
/// As `catch_up`.
pub fn catch_up_logged<P: Projection>(archive: &Archive, index: &mut P, last: u64) -> Result<(), CatchUpError> {
    let position = index.position();
    if position >= last {
        return Ok(());
    }
    tracing::info!(index = index.name(), from = position + 1, to = last, "index catches up with the archive");
    catch_up(archive, index, last)
}

/// First sequence of a segment near the end of the log, as the writer noted it: spares a start the whole chain.
pub fn read_hint(folder: &Path) -> Option<u64> {
    std::fs::read_to_string(folder.join("hint")).ok()?.trim().parse().ok()
}

/// Notes the hint. Losing it costs time at the next start and nothing else.
pub fn write_hint(folder: &Path, first: u64) {
    if let Err(error) = std::fs::write(folder.join("hint"), format!("{first}\n")) {
        tracing::debug!(%error, "the hint for the next start was not written");
    }
}

/// What a reindex did.
#[derive(Debug, Clone, Copy)]
pub struct Reindexed {
    /// Events applied.
    pub events: u64,
    /// Current records that can be found.
    pub documents: u64,
    /// Statements of the graph; none where it was left as it is.
    pub statements: Option<u64>,
}

/// Builds all indexes beside the old ones, checks that they agree with each other and with the archive, and swaps them.
/// The store's lock is held meanwhile.
///
/// # Errors
/// `StartError`; the old indexes are then untouched.
pub fn reindex(store: &Path, options: &Options) -> Result<Reindexed, StartError> {
    exchange(store, options, true)
}

/// As `reindex`, but the graph stays the one that it was: to build it takes as long as all the rest.
///
/// # Errors
/// As `reindex`.
pub fn reindex_without_graph(store: &Path, options: &Options) -> Result<Reindexed, StartError> {
    exchange(store, options, false)
}

fn exchange(store: &Path, options: &Options, builds_graph: bool) -> Result<Reindexed, StartError> {
    let archive = open::open_archive(store, options)?;
    let folder = open::index_folder(store, &options.settings);
    let (beside, old) = (folder.with_extension("new"), folder.with_extension("old"));
    let failed = |index, path: &Path| {
        let path = path.to_owned();
        move |source: std::io::Error| StartError::Index { index, path, source: Box::new(source) }
    };
    for leftover in [&beside, &old] {
        if leftover.exists() {
            std::fs::remove_dir_all(leftover).map_err(failed("old", leftover))?;
        }
    }
    let last = archive.last_sequence();
    let documents = build(&archive, &beside, last)?;
    let statements = if builds_graph { Some(build_graph(&archive, &beside, last)?) } else { None };
    if folder.exists() {
        std::fs::rename(&folder, &old).map_err(failed("old", &folder))?;
    }
    std::fs::rename(&beside, &folder).map_err(failed("new", &beside))?;
    let kept = old.join("graph");
    if !builds_graph && kept.exists() {
        std::fs::rename(&kept, folder.join("graph")).map_err(failed("graph", &kept))?;
    }
    if old.exists() {
        std::fs::remove_dir_all(&old).map_err(failed("old", &old))?;
    }
    Ok(Reindexed { events: last, documents, statements })
}

/// Builds the graph in a folder of indexes; gives the number of its statements.
fn build_graph(archive: &Archive, folder: &Path, last: u64) -> Result<u64, StartError> {
    let failed = |error: GraphError| CatchUpError::Index { index: "graph", source: Box::new(error) };
    let mut graph = open::open_index("graph", &folder.join("graph"), last, GraphIndex::open)?;
    catch_up(archive, &mut graph, last)?;
    let statements = graph.quad_count().map_err(failed)? as u64;
    graph.close().map_err(failed)?;
    Ok(statements)
}

/// Builds both indexes in a folder, at the same time on a machine with several cores.
fn build(archive: &Archive, folder: &Path, last: u64) -> Result<u64, StartError> {
    let failed = |error: TextError| CatchUpError::Index { index: "text", source: Box::new(error) };
    let mut records = open::open_records(folder, last)?;
    let (path, threads) = (folder.join("text"), available_parallelism().map_or(1, usize::from));
    let mut text = TextRebuild::create(&path, &TextOptions::bulk(threads)).map_err(failed)?;
    if let Some(first) = together::build(archive, &mut records, &mut text, last)? {
        write_hint(folder, first);
    }
    text.finish().map_err(failed)?;
    let text = TextIndex::open(&path, TextOptions::default()).map_err(failed)?;
    let live: u64 = Kind::ALL.iter().map(|kind| records.keys(*kind, None, None).count() as u64).sum();
    let copies = open::open_copies(archive, folder, &records, last)?;
    let documents = text.document_count() + copies.document_count();
    if records.position() != last || text.position() != last || live != documents {
        let reason = format!(
            "records stand at {} with {live} live records, text at {} with {documents}, the archive at {last}",
            records.position(),
            text.position()
        );
        let source = reason.into();
        return Err(StartError::CatchUp(CatchUpError::Index { index: "new", source }));
    }
    text.close().map_err(failed)?;
    copies.close().map_err(failed)?;
    Ok(documents)
}
