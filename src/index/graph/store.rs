//! The graph on disk, with the one right to write it. Opened by one process only; who asks does so on a checkpoint.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxigraph::model::{GraphName, GraphNameRef, Literal, NamedNode, Quad, Term};
use oxigraph::store::{Store, StoreOptions};

use crate::index::{Batch, Holds, Projection, UNWRITTEN};
use crate::rdf::projection::{self, Base};

use super::checkpoint::Checkpoint;
use super::error::GraphError;
use super::fold::fold;
use super::write;

/// Files that RocksDB keeps open: those of a store of a million records.
const OPEN_FILES: u32 = 512;

/// Quads written by transactions before they are brought to disk: they wait in memory until then, some 300 bytes each.
const QUADS_IN_MEMORY: usize = 200_000;

const LTDP: &str = "https://w3id.org/perennial/ltdp#";

/// Terms in which the graph notes where it stands, all about the graph `meta`.
pub(super) struct Notes {
    pub meta: NamedNode,
    /// Last event that the graph holds.
    pub position: NamedNode,
    /// Version of the projection that wrote it.
    pub version: NamedNode,
    /// Last event of a write that was begun: up to it, records may be in the graph although the position is before them.
    pub begun: NamedNode,
}

impl Notes {
    pub(super) fn new() -> Self {
        let term = |name: &str| NamedNode::new_unchecked(format!("{LTDP}{name}"));
        Self {
            meta: projection::meta_graph(&Base::stored()),
            position: term("position"),
            version: term("projectionVersion"),
            begun: term("begun"),
        }
    }

    pub(super) fn quad(&self, predicate: &NamedNode, number: u64) -> Quad {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        Quad::new(self.meta.clone(), predicate.clone(), Literal::from(number), GraphName::from(self.meta.clone()))
    }

    /// The greatest number noted; none where there is none.
    pub(super) fn read(&self, store: &Store, predicate: &NamedNode) -> Result<Option<u64>, GraphError> {
        let graph = GraphNameRef::from(self.meta.as_ref());
        let noted = store.quads_for_pattern(Some(self.meta.as_ref().into()), Some(predicate.into()), None, Some(graph));
        let mut greatest = None;
        for quad in noted {
            let Term::Literal(literal) = quad?.object else { continue };
            greatest = greatest.max(literal.value().parse().ok());
        }
        Ok(greatest)
    }
}

/// The graph of all current records.
pub struct GraphIndex {
    folder: PathBuf,
    /// Missing while the folder is made anew.
    store: Option<Store>,
    notes: Notes,
    holds: Holds,
    position: u64,
    /// The position on disk; behind `position` where what followed was not for this graph.
    noted: u64,
    /// Events up to this one may have been written before a crash: their graphs are cleared first, new or not.
    begun: u64,
    unsaved: usize,
}

impl GraphIndex {
    /// As `open`, for whose records it is.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_of(folder: &Path, holds: Holds) -> Result<Self, GraphError> {
        Ok(Self { holds, ..Self::open(folder)? })
    }

    /// Opens the graph of this archive's own records in a folder, or makes an empty one with the vocabularies.
    ///
    /// # Errors
    /// `Storage` or `Format` when it cannot be used: delete the folder and open it again.
    pub fn open(folder: &Path) -> Result<Self, GraphError> {
        let notes = Notes::new();
        let store = open(folder)?;
        match notes.read(&store, &notes.version)? {
            None => write::begin(&store, &notes)?,
            Some(version) if version == u64::from(projection::VERSION) => {}
            Some(_) => return Err(GraphError::Format { path: folder.to_owned() }),
        }
        Self::of(folder, store, notes)
    }

    /// Opens a graph that another version of the projection made: for a checkpoint, not to be written.
    ///
    /// # Errors
    /// `Storage`.
    pub fn open_outdated(folder: &Path) -> Result<Self, GraphError> {
        Self::of(folder, open(folder)?, Notes::new())
    }

    /// Brings everything to disk and lets go of the folder.
    ///
    /// # Errors
    /// `Storage`.
    pub fn close(self) -> Result<(), GraphError> {
        Ok(self.opened()?.flush()?)
    }

    fn of(folder: &Path, store: Store, notes: Notes) -> Result<Self, GraphError> {
        let position = notes.read(&store, &notes.position)?.unwrap_or(0);
        let begun = notes.read(&store, &notes.begun)?.unwrap_or(0);
        Ok(Self {
            folder: folder.to_owned(),
            store: Some(store),
            notes,
            holds: Holds::Local,
            position,
            noted: position,
            begun,
            unsaved: 0,
        })
    }

    /// Puts the state of now into a folder that is not there yet, by links. Whoever asks opens that.
    ///
    /// # Errors
    /// `Storage`, for example on a file system without links.
    pub fn checkpoint(&mut self, folder: &Path) -> Result<Checkpoint, GraphError> {
        let store = self.opened()?;
        store.backup(folder)?;
        self.unsaved = 0;
        Ok(Checkpoint::new(folder.to_owned(), self.position))
    }

    pub(super) fn opened(&self) -> Result<&Store, GraphError> {
        self.store.as_ref().ok_or_else(|| closed(&self.folder))
    }

    /// Statements of all graphs; counts them one by one.
    ///
    /// # Errors
    /// `Storage`.
    pub fn quad_count(&self) -> Result<usize, GraphError> {
        Ok(self.opened()?.len()?)
    }

    /// Every statement as a line of N-Quads, in no order.
    pub fn statements(&self) -> impl Iterator<Item = Result<String, GraphError>> + use<> {
        let quads = self.store.as_ref().map(Store::iter);
        quads.into_iter().flatten().map(|quad| Ok(format!("{} .", quad?)))
    }

    /// As a crash in the middle of a write leaves it: at a position, with a write begun up to another.
    #[cfg(test)]
    pub(super) fn forget_position(&mut self, position: u64, begun: u64) -> Result<(), GraphError> {
        let store = self.opened()?;
        store.remove(&self.notes.quad(&self.notes.position, self.position))?;
        store.extend([self.notes.quad(&self.notes.position, position), self.notes.quad(&self.notes.begun, begun)])?;
        Ok(())
    }

    /// As another version of the projection leaves it.
    #[cfg(test)]
    pub(super) fn forget_version(&self) -> Result<(), GraphError> {
        let store = self.opened()?;
        store.remove(&self.notes.quad(&self.notes.version, u64::from(projection::VERSION)))?;
        store.insert(&self.notes.quad(&self.notes.version, u64::from(projection::VERSION) - 1))?;
        Ok(())
    }

    /// Whether the position is no place in the middle of a write that a crash cut off.
    pub const fn is_settled(&self) -> bool {
        self.position >= self.begun
    }

    fn write(&mut self, batches: &[Arc<Batch>]) -> Result<(), GraphError> {
        let mut folded = fold(batches, self.position, self.holds)?;
        if folded.position == self.position {
            return Ok(());
        }
        if !self.is_settled() {
            folded.records.iter_mut().for_each(|record| record.is_new = false);
        }
        if folded.records.is_empty() && folded.position - self.noted < UNWRITTEN {
            self.position = folded.position;
            return Ok(());
        }
        let store = self.store.as_ref().ok_or_else(|| closed(&self.folder))?;
        let written = write::apply(store, &self.notes, &folded)?;
        self.position = folded.position;
        self.noted = folded.position;
        self.begun = self.begun.max(written.begun);
        self.unsaved += written.in_memory;
        if self.unsaved > QUADS_IN_MEMORY {
            store.flush()?;
            self.unsaved = 0;
        }
        Ok(())
    }
}

fn open(folder: &Path) -> Result<Store, GraphError> {
    Ok(Store::open_with_options(folder, StoreOptions::default().with_max_open_files(OPEN_FILES))?)
}

fn closed(folder: &Path) -> GraphError {
    let source = std::io::Error::other("the graph is closed");
    GraphError::Folder { path: folder.to_owned(), source }
}

impl Projection for GraphIndex {
    type Error = GraphError;

    fn name(&self) -> &'static str {
        match self.holds {
            Holds::Local => "graph",
            Holds::Harvested => "harvested-graph",
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn apply(&mut self, batches: &[Arc<Batch>]) -> Result<(), GraphError> {
        self.write(batches)
    }

    fn reset(&mut self) -> Result<(), GraphError> {
        // RocksDB holds a lock until it is closed.
        self.store = None;
        let failed = |source| GraphError::Folder { path: self.folder.clone(), source };
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        *self = Self::open_of(&self.folder, self.holds)?;
        Ok(())
    }
}
