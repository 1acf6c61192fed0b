//! Writing: tantivy's index, writer and reader, and what a batch of events does to them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, UserOperation};
use tantivy::store::Compressor;
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    Index, IndexReader, IndexSettings, IndexSortByField, IndexWriter, Order, ReloadPolicy, Searcher, TantivyError,
};

use crate::index::Batch;
use crate::model::Event;

use super::convert::document;
use super::document::IndexDocument;
use super::error::TextError;
use super::fields::{FORMAT, Fields, ORDER, TOKENIZER};
use super::store::TextOptions;
use super::{terms, tokens};

/// Records handed to the indexing threads at a time.
const HAND_OVER: usize = 64;

/// Segments of one size that are brought together: few enough that a search visits few, many enough that a record is
/// not rewritten often.
const SEGMENTS_PER_MERGE: usize = 6;

/// Segments below this many records count as one size.
const SMALL_SEGMENT: u32 = 4_096;

/// A segment with more deleted records than this share is rewritten.
const DELETED_SHARE: f32 = 0.25;

/// The last change of every record in a run of batches.
pub(super) struct Folded<'b> {
    /// Last sequence of the run.
    pub position: u64,
    /// Tie breaker and event; in the order of the run.
    pub changes: Vec<(u64, &'b Event)>,
    /// Records that may stand in the index already.
    pub known: Vec<u64>,
}

/// Takes what lies behind `position` in the batches, and of each record only its last change.
pub(super) fn fold(batches: &[Arc<Batch>], position: u64) -> Result<Folded<'_>, TextError> {
    let mut folded = Folded { position, changes: Vec::new(), known: Vec::new() };
    let mut place_of: HashMap<u64, usize> = HashMap::new();
    for batch in batches {
        if batch.first > folded.position + 1 {
            return Err(TextError::Gap { position: folded.position, first: batch.first });
        }
        for change in batch.changes.iter().filter(|change| change.event.sequence > position) {
            let tie = terms::tie_of(&change.event.record_key());
            let place = *place_of.entry(tie).or_insert(folded.changes.len());
            match folded.changes.get_mut(place) {
                Some(earlier) => *earlier = (tie, &change.event),
                None => {
                    folded.changes.push((tie, &change.event));
                    if change.event.revision > 1 {
                        folded.known.push(tie);
                    }
                }
            }
        }
        folded.position = folded.position.max(batch.last);
    }
    Ok(folded)
}

/// An opened index with its writer.
pub(super) struct Engine {
    index: Index,
    reader: IndexReader,
    writer: IndexWriter<IndexDocument>,
}

impl Engine {
    /// Opens the index of a folder, or makes an empty one; gives its position too.
    pub(super) fn open(folder: &Path, fields: &Fields, options: &TextOptions) -> Result<(Self, u64), TextError> {
        std::fs::create_dir_all(folder).map_err(|source| TextError::Folder { path: folder.to_owned(), source })?;
        let failed = |error: TantivyError| open_error(folder, &error);
        let (mut index, is_new) = open_or_create(folder, fields).map_err(failed)?;
        if index.schema() != fields.schema {
            return Err(unusable(folder, "its columns are those of another version"));
        }
        index.set_tokenizers(tokenizers());
        let writer_options = IndexWriterOptions::builder()
            .memory_budget_per_thread(options.writer_memory)
            .num_worker_threads(options.writer_threads)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter<IndexDocument> = index.writer_with_options(writer_options).map_err(failed)?;
        prepare(&writer).map_err(failed)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        // A killed process leaves files of the commit that it never made; their names would be taken when it is made again.
        if !is_new {
            writer.garbage_collect_files().wait().map_err(failed)?;
        }
        let mut engine = Self { index, reader, writer };
        if is_new {
            engine.commit(0)?;
            engine.reload()?;
        }
        let payload = engine.index.load_metas().map_err(failed)?.payload;
        match payload.as_deref().map(read_payload) {
            Some(Some((FORMAT, position))) => Ok((engine, position)),
            Some(Some((format, _))) => Err(unusable(folder, &format!("its format is {format}, not {FORMAT}"))),
            _ => Err(unusable(folder, "its last commit names no position")),
        }
    }

    /// Searches the last reloaded commit.
    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Makes the last commit searchable.
    pub(super) fn reload(&self) -> Result<(), TextError> {
        self.reader.reload().map_err(|source| TextError::Engine { doing: "open what was written", source })
    }

    /// Writes changes and commits them with their position.
    pub(super) fn write(&mut self, fields: &Fields, folded: &Folded<'_>) -> Result<(), TextError> {
        self.add(fields, folded)?;
        self.commit(folded.position)
    }

    /// Hands changes to the indexing threads.
    pub(super) fn add(&self, fields: &Fields, folded: &Folded<'_>) -> Result<(), TextError> {
        for tie in &folded.known {
            self.writer.delete_term(terms::term(fields.terms, &terms::record(*tie)));
        }
        let present = folded.changes.iter().filter(|(_, event)| event.record.is_some());
        let mut documents: Vec<IndexDocument> = present.map(|(tie, event)| document(fields, event, *tie)).collect();
        // In the order of the index already, so that sorting a segment has nothing to do.
        documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.order));
        let mut documents = documents.into_iter();
        loop {
            let group: Vec<_> = documents.by_ref().take(HAND_OVER).map(UserOperation::Add).collect();
            if group.is_empty() {
                return Ok(());
            }
            self.writer.run(group).map_err(|source| TextError::Engine { doing: "take in records", source })?;
        }
    }

    /// Commits what was added.
    pub(super) fn commit(&mut self, position: u64) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "commit", source };
        let mut prepared = self.writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&format!("{FORMAT} {position}"));
        prepared.commit().map_err(failed)?;
        Ok(())
    }

    /// Forgets what was added since the last commit.
    pub(super) fn rollback(&mut self) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "roll back", source };
        self.writer.rollback().map_err(failed)?;
        prepare(&self.writer).map_err(failed)
    }

    /// Brings all segments into one.
    pub(super) fn merge_all(&mut self) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "merge", source };
        let segments = self.index.searchable_segment_metas().map_err(failed)?;
        let has_deleted = segments.iter().any(|segment| segment.num_deleted_docs() > 0);
        if segments.len() < 2 && !has_deleted {
            return Ok(());
        }
        let ids: Vec<_> = segments.iter().map(|segment| segment.id()).collect();
        self.writer.merge(&ids).wait().map_err(failed)?;
        Ok(())
    }

    /// Waits for merges in the background.
    pub(super) fn close(self) -> Result<(), TextError> {
        self.writer.wait_merging_threads().map_err(|source| TextError::Engine { doing: "finish merging", source })
    }
}

/// Makes a fresh writer ready.
fn prepare(writer: &IndexWriter<IndexDocument>) -> tantivy::Result<()> {
    writer.set_merge_policy(Box::new(merge_policy()));
    // tantivy 0.27 gives the first operation after opening the stamp of the last commit again. A merge then takes a first
    // deletion for done in those segments that this commit deleted from, and the deletion is lost. An empty run uses
    // that stamp up.
    writer.run(Vec::new())?;
    Ok(())
}

fn open_or_create(folder: &Path, fields: &Fields) -> tantivy::Result<(Index, bool)> {
    let directory = MmapDirectory::open(folder)?;
    if Index::exists(&directory)? {
        return Ok((Index::open(directory)?, false));
    }
    let settings = IndexSettings {
        sort_by_field: Some(IndexSortByField { field: ORDER.to_owned(), order: Order::Desc }),
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    };
    Ok((Index::create(directory, fields.schema.clone(), settings)?, true))
}

fn tokenizers() -> TokenizerManager {
    let manager = TokenizerManager::default();
    manager.register(TOKENIZER, tokens::analyzer());
    manager
}

fn merge_policy() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(SEGMENTS_PER_MERGE);
    policy.set_min_layer_size(SMALL_SEGMENT);
    policy.set_del_docs_ratio_before_merge(DELETED_SHARE);
    policy
}

fn read_payload(payload: &str) -> Option<(u32, u64)> {
    let (format, position) = payload.split_once(' ')?;
    Some((format.parse().ok()?, position.parse().ok()?))
}

fn unusable(folder: &Path, reason: &str) -> TextError {
    TextError::Unusable { path: folder.to_owned(), reason: reason.to_owned() }
}

fn open_error(folder: &Path, error: &TantivyError) -> TextError {
    match error {
        TantivyError::LockFailure(LockError::LockBusy, _) => TextError::Busy { path: folder.to_owned() },
        other => unusable(folder, &other.to_string()),
    }
}
