//! The index on disk and the handle to search it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::index::{Batch, Holds, Projection, UNWRITTEN};
use crate::model::{Page, Query, Suggestion};

use super::deadline::Deadline;
use super::error::{SearchError, TextError};
use super::fields::Fields;
use super::inventory::{self, Properties};
use super::plan::SequenceTest;
use super::snapshot::Snapshot;
use super::synonyms::Synonyms;
use super::writer::{Engine, fold};
use super::{search, suggest};

/// How the index is written.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// Memory of a segment under construction, bytes per thread: about 1.5 kB a record.
    pub writer_memory: usize,
    /// Most threads that index; batches below some 8,000 records take one.
    pub writer_threads: usize,
    /// Whose records it holds.
    pub holds: Holds,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { writer_memory: 64 << 20, writer_threads: 2, holds: Holds::Local }
    }
}

impl TextOptions {
    /// For the copies of records of others.
    pub fn harvested() -> Self {
        Self { writer_memory: 32 << 20, writer_threads: 1, holds: Holds::Harvested }
    }

    /// For building a whole index at once: fewer and larger segments.
    pub const fn bulk(threads: usize) -> Self {
        Self { writer_memory: 256 << 20, writer_threads: threads, holds: Holds::Local }
    }
}

/// Searches the index; cheap to clone, used from many threads at once.
#[derive(Clone)]
pub struct TextSearcher {
    snapshot: Arc<RwLock<Arc<Snapshot>>>,
    synonyms: Arc<Synonyms>,
}

impl TextSearcher {
    /// The same searcher, which knows what else things are called.
    #[must_use]
    pub fn with_synonyms(self, synonyms: Synonyms) -> Self {
        Self { synonyms: Arc::new(synonyms), ..self }
    }

    /// Answers a question. `exact` decides on candidates that all other conditions let pass, by the sequence of their
    /// records; hits, counts and facets then hold only those. A region with a geometry needs it.
    ///
    /// # Errors
    /// `Unsupported`, `BadText` or `BadCursor` for what cannot be asked; `Engine` when the index fails.
    pub fn search(&self, query: &Query, exact: Option<SequenceTest<'_>>) -> Result<Page, SearchError> {
        self.search_within(query, exact, &Deadline::never())
    }

    /// As `search`, and gives up at a deadline.
    ///
    /// # Errors
    /// `TooLong` then; as `search`.
    pub fn search_within(
        &self,
        query: &Query,
        exact: Option<SequenceTest<'_>>,
        deadline: &Deadline,
    ) -> Result<Page, SearchError> {
        search::search(&self.current(), &self.synonyms, query, exact, deadline)
    }

    /// The likeliest ways to go on from what was typed, at most so many: labels, titles, then words.
    ///
    /// # Errors
    /// `Engine` when the index fails.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        suggest::suggest(&self.current(), typed, limit)
    }

    /// Paths of all properties that records of any kind have.
    ///
    /// # Errors
    /// `Engine` when the index fails.
    pub fn property_names(&self) -> Result<BTreeSet<String>, SearchError> {
        inventory::names(&self.current())
    }

    /// Whether a product of these collections, or any record when none is named, has the property.
    ///
    /// # Errors
    /// `Engine` when the index fails.
    pub fn has_property(&self, path: &str, collections: &[String]) -> Result<bool, SearchError> {
        inventory::has_property(&self.current(), path, collections)
    }

    /// Properties of the products of these collections, or of all, with types, ends and values.
    ///
    /// # Errors
    /// `Engine` when the index fails.
    pub fn properties(&self, collections: &[String]) -> Result<Properties, SearchError> {
        inventory::properties(&self.current(), collections)
    }

    /// Last sequence that a search sees.
    pub fn position(&self) -> u64 {
        self.current().position
    }

    /// Current records of all kinds.
    pub fn document_count(&self) -> u64 {
        self.current().documents()
    }

    /// Segments that a search visits; for metrics.
    pub fn segment_count(&self) -> usize {
        self.current().views.len()
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, snapshot: Snapshot) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }
}

/// The index, with the one right to write it.
pub struct TextIndex {
    folder: PathBuf,
    options: TextOptions,
    fields: Fields,
    /// Missing after a failure that could not be rolled back.
    engine: Option<Engine>,
    position: u64,
    /// Position of the last commit; behind `position` where what followed was not for this index.
    written: u64,
    searcher: TextSearcher,
}

impl TextIndex {
    /// Opens the index in a folder, or makes an empty one.
    ///
    /// # Errors
    /// `Unusable` when it is damaged or of another format: delete the folder and open it again. `Busy` when another
    /// process writes it.
    pub fn open(folder: &Path, options: TextOptions) -> Result<Self, TextError> {
        let fields = Fields::new();
        let (engine, position) = Engine::open(folder, &fields, 1)?;
        let unusable =
            |source: tantivy::TantivyError| TextError::Unusable { path: folder.to_owned(), reason: source.to_string() };
        let snapshot = Snapshot::new(engine.searcher(), position, &fields, None, &HashSet::new()).map_err(unusable)?;
        let searcher = TextSearcher { snapshot: Arc::new(RwLock::new(Arc::new(snapshot))), synonyms: Arc::default() };
        Ok(Self {
            folder: folder.to_owned(),
            options,
            fields,
            engine: Some(engine),
            position,
            written: position,
            searcher,
        })
    }

    /// A handle for searching, which follows all later writes.
    pub fn searcher(&self) -> TextSearcher {
        self.searcher.clone()
    }

    /// Current records of all kinds.
    pub fn document_count(&self) -> u64 {
        self.searcher.document_count()
    }

    /// Brings all segments into one and forgets deleted records. Changes no answer.
    ///
    /// # Errors
    /// `Engine`; the index is as it was.
    pub fn merge(&mut self) -> Result<(), TextError> {
        let engine = self.engine.as_mut().ok_or(TextError::Poisoned)?;
        engine.merge_into(1)?;
        self.refresh(&HashSet::new())
    }

    /// Brings to disk what is committed. Without it a crash loses the last commits, which then are made again from the
    /// archive; it happens by itself after some 30,000 records and at the end.
    ///
    /// # Errors
    /// `Engine`, for example on a full disk; the saved state is then the one before.
    pub fn save(&mut self) -> Result<(), TextError> {
        let moved = self.engine.as_ref().ok_or(TextError::Poisoned)?.save()?;
        if moved.is_empty() { Ok(()) } else { self.refresh(&moved) }
    }

    /// Says that nothing up to this position is for this index.
    ///
    /// # Errors
    /// `Engine`; the position is then as it was.
    pub fn pass_over(&mut self, position: u64) -> Result<(), TextError> {
        if position <= self.position {
            return Ok(());
        }
        let engine = self.engine.as_mut().ok_or(TextError::Poisoned)?;
        engine.commit(position)?;
        self.position = position;
        self.written = position;
        self.refresh(&HashSet::new())
    }

    /// Commits the position where what followed the last commit was not for this index.
    fn keep_position(&mut self) {
        if self.written < self.position
            && let Some(engine) = &mut self.engine
        {
            // Without it the next start looks at the same events again.
            let _ = engine.commit(self.position);
        }
    }

    /// Waits for merges that run in the background and ends.
    ///
    /// # Errors
    /// `Engine` when a merge failed; nothing is lost.
    pub fn close(mut self) -> Result<(), TextError> {
        self.keep_position();
        match self.engine.take() {
            Some(engine) => engine.close(),
            None => Ok(()),
        }
    }

    /// The writer's lock is gone afterwards, and no merge in the background writes to the folder any more.
    fn end_engine(&mut self) {
        // A merge that failed leaves the index as it was, or the index is about to be deleted.
        let _ = self.engine.take().map(Engine::close);
    }

    fn refresh(&mut self, moved: &HashSet<String>) -> Result<(), TextError> {
        let engine = self.engine.as_ref().ok_or(TextError::Poisoned)?;
        let doing = "open what was written";
        engine.reload()?;
        let previous = self.searcher.current();
        let snapshot = Snapshot::new(engine.searcher(), self.position, &self.fields, Some(&previous), moved)
            .map_err(|source| TextError::Engine { doing, source })?;
        self.searcher.replace(snapshot);
        Ok(())
    }
}

impl Drop for TextIndex {
    fn drop(&mut self) {
        self.keep_position();
        self.end_engine();
    }
}

impl Projection for TextIndex {
    type Error = TextError;

    fn name(&self) -> &'static str {
        match self.options.holds {
            Holds::Local => "text",
            Holds::Harvested => "harvested",
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    /// When it returns, every search sees the batches.
    fn apply(&mut self, batches: &[Arc<Batch>]) -> Result<(), TextError> {
        let folded = fold(batches, self.position, self.options.holds)?;
        if folded.position == self.position {
            return Ok(());
        }
        if folded.changes.is_empty() && folded.position - self.written < UNWRITTEN {
            self.position = folded.position;
            return Ok(());
        }
        let engine = self.engine.as_mut().ok_or(TextError::Poisoned)?;
        match engine.write(&self.fields, &folded, &self.options) {
            Ok(moved) => {
                self.position = folded.position;
                self.written = folded.position;
                self.refresh(&moved)
            }
            Err(error) => {
                if engine.rollback().is_err() {
                    self.engine = None;
                }
                Err(error)
            }
        }
    }

    fn reset(&mut self) -> Result<(), TextError> {
        self.end_engine();
        let made = std::fs::remove_dir_all(&self.folder).or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        made.map_err(|source| TextError::Folder { path: self.folder.clone(), source })?;
        let (engine, position) = Engine::open(&self.folder, &self.fields, 1)?;
        self.engine = Some(engine);
        self.position = position;
        self.written = position;
        self.refresh(&HashSet::new())
    }
}
