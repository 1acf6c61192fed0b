//! Writing: tantivy's index, writer and reader, and what a batch of events does to them.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tantivy::directory::error::LockError;
use tantivy::index::SegmentId;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, MergePolicy, NoMergePolicy};
use tantivy::store::Compressor;
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    Index, IndexReader, IndexSettings, IndexSortByField, IndexWriter, Order, ReloadPolicy, Searcher, SegmentMeta,
    TantivyError,
};

use crate::index::{Batch, Change, Holds};
use crate::model::Event;

use super::builder::SegmentBuilder;
use super::convert::document;
use super::document::IndexDocument;
use super::error::TextError;
use super::fields::{FORMAT, Fields, ORDER, TOKENIZER};
use super::folder::IndexFolder;
use super::stale::Stale;
use super::store::TextOptions;
use super::{terms, tokens};

/// Records that one thread indexes at a time.
pub(super) const RECORDS_PER_GROUP: usize = 8_192;

/// Most bytes of unsaved files: some 30,000 records, which a start after a crash indexes again in a second or two.
const MAX_UNSAVED: usize = 32 << 20;

/// tantivy's own indexing threads are not used; this is the least memory that it lets them have.
const UNUSED_WRITER_MEMORY: usize = 15 << 20;

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
    /// Tie breaker and last sequence of the records that may stand in the index already.
    pub known: Vec<(u64, u64)>,
}

/// Takes what lies behind `position` in the batches, and of each record only its last change.
pub(super) fn fold(batches: &[Arc<Batch>], position: u64, holds: Holds) -> Result<Folded<'_>, TextError> {
    let mut folded = Folded { position, changes: Vec::new(), known: Vec::new() };
    let mut place_of: HashMap<u64, usize> = HashMap::new();
    for batch in batches {
        if batch.first > folded.position + 1 {
            return Err(TextError::Gap { position: folded.position, first: batch.first });
        }
        let of_index = |change: &&Change| change.event.sequence > position && holds.holds(&change.event);
        for change in batch.changes.iter().filter(of_index) {
            let tie = terms::tie_of(&change.event.record_key());
            let place = *place_of.entry(tie).or_insert(folded.changes.len());
            match folded.changes.get_mut(place) {
                Some(earlier) => *earlier = (tie, &change.event),
                None => folded.changes.push((tie, &change.event)),
            }
        }
        folded.position = folded.position.max(batch.last);
    }
    let revised = folded.changes.iter().filter(|(_, event)| event.revision > 1);
    folded.known = revised.map(|(tie, event)| (*tie, event.sequence)).collect();
    Ok(folded)
}

/// An opened index with its writer.
pub(super) struct Engine {
    index: Index,
    folder: IndexFolder,
    reader: IndexReader,
    /// There until `close`.
    writer: Option<IndexWriter<IndexDocument>>,
    merge_threads: usize,
}

impl Engine {
    /// Opens the index of a folder, or makes an empty one; gives its position too.
    pub(super) fn open(path: &Path, fields: &Fields, merge_threads: usize) -> Result<(Self, u64), TextError> {
        std::fs::create_dir_all(path).map_err(|source| TextError::Folder { path: path.to_owned(), source })?;
        let failed = |error: TantivyError| open_error(path, &error);
        let folder = IndexFolder::open(path).map_err(|error| failed(error.into()))?;
        let (mut index, is_new) = open_or_create(&folder, fields).map_err(failed)?;
        if index.schema() != fields.schema {
            return Err(unusable(path, "its columns are those of another version"));
        }
        index.set_tokenizers(tokenizers());
        let writer = new_writer(&index, merge_threads).map_err(failed)?;
        let named = index.load_metas().map_err(failed)?.list_segment_files();
        folder.sweep(&named).map_err(|source| TextError::Folder { path: path.to_owned(), source })?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let mut engine = Self { index, folder, reader, writer: Some(writer), merge_threads };
        if is_new {
            engine.commit(0)?;
            engine.save()?;
            engine.reload()?;
        }
        let payload = engine.index.load_metas().map_err(failed)?.payload;
        match payload.as_deref().map(read_payload) {
            Some(Some((FORMAT, position))) => Ok((engine, position)),
            Some(Some((format, _))) => Err(unusable(path, &format!("its format is {format}, not {FORMAT}"))),
            _ => Err(unusable(path, "its last commit names no position")),
        }
    }

    /// The index that segments are built for.
    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    /// Searches the last reloaded commit.
    pub(super) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Makes the last commit searchable.
    pub(super) fn reload(&self) -> Result<(), TextError> {
        self.reader.reload().map_err(|source| TextError::Engine { doing: "open what was written", source })
    }

    /// Writes changes and commits them with their position. Gives the segments whose files moved from memory to disk.
    pub(super) fn write(
        &mut self,
        fields: &Fields,
        folded: &Folded<'_>,
        options: &TextOptions,
    ) -> Result<HashSet<String>, TextError> {
        self.delete(fields, folded.known.clone())?;
        let segments = build(&self.index, fields, &folded.changes, options)?;
        self.add(segments)?;
        self.commit(folded.position)?;
        if self.folder.bytes_in_memory() < MAX_UNSAVED {
            return Ok(HashSet::new());
        }
        self.save()
    }

    /// Adds finished segments to the next commit.
    pub(super) fn add(&self, segments: Vec<SegmentMeta>) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "take in segments", source };
        segments.into_iter().try_for_each(|segment| self.writer()?.add_segment(segment).map_err(failed))
    }

    /// Deletes with the next commit what stands for these records from before their last sequences.
    pub(super) fn delete(&self, fields: &Fields, records: Vec<(u64, u64)>) -> Result<(), TextError> {
        if records.is_empty() {
            return Ok(());
        }
        let stale = Stale { terms: fields.terms, records: Arc::new(records) };
        let failed = |source| TextError::Engine { doing: "delete records", source };
        self.writer()?.delete_query(Box::new(stale)).map_err(failed)?;
        Ok(())
    }

    /// Commits what was added and deleted.
    pub(super) fn commit(&mut self, position: u64) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "commit", source };
        let writer = self.writer.as_mut().ok_or(TextError::Poisoned)?;
        let mut prepared = writer.prepare_commit().map_err(failed)?;
        prepared.set_payload(&format!("{FORMAT} {position}"));
        prepared.commit().map_err(failed)?;
        Ok(())
    }

    /// Brings the last commit to disk. Gives the segments whose files moved there.
    pub(super) fn save(&self) -> Result<HashSet<String>, TextError> {
        let moved = self.folder.segments_in_memory();
        let failed = |source: std::io::Error| TextError::Engine { doing: "save to disk", source: source.into() };
        self.folder.save().map_err(failed)?;
        Ok(moved)
    }

    /// Forgets what was added since the last commit.
    pub(super) fn rollback(&mut self) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "roll back", source };
        let writer = self.writer.as_mut().ok_or(TextError::Poisoned)?;
        writer.rollback().map_err(failed)?;
        prepare(writer).map_err(failed)?;
        // Files of the failed commit would be in the way of the next: stamps begin again.
        writer.garbage_collect_files().wait().map_err(failed)?;
        Ok(())
    }

    /// Brings segments together until there are at most so many, the groups of about equal size.
    pub(super) fn merge_into(&mut self, groups: usize) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "merge", source };
        // Merges that run already would take segments away: they end first, with the writer that began them.
        self.merge_by_itself(false)?;
        self.writer.take().map_or(Ok(()), IndexWriter::wait_merging_threads).map_err(failed)?;
        self.writer = Some(new_writer(&self.index, self.merge_threads).map_err(failed)?);
        let mut segments = self.index.searchable_segment_metas().map_err(failed)?;
        let has_deleted = segments.iter().any(|segment| segment.num_deleted_docs() > 0);
        if segments.len() <= groups && !has_deleted {
            return Ok(());
        }
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.num_docs()));
        let mut parts: Vec<(u64, Vec<SegmentId>)> = vec![(0, Vec::new()); groups];
        for segment in &segments {
            if let Some((documents, ids)) = parts.iter_mut().min_by_key(|(documents, _)| *documents) {
                *documents += u64::from(segment.num_docs());
                ids.push(segment.id());
            }
        }
        let writer = self.writer.as_mut().ok_or(TextError::Poisoned)?;
        let merges: Vec<_> =
            parts.iter().filter(|(_, ids)| !ids.is_empty()).map(|(_, ids)| writer.merge(ids)).collect();
        for merge in merges {
            merge.wait().map_err(failed)?;
        }
        Ok(())
    }

    /// Waits for merges in the background and saves.
    pub(super) fn close(mut self) -> Result<(), TextError> {
        let failed = |source| TextError::Engine { doing: "finish merging", source };
        self.writer.take().map_or(Ok(()), IndexWriter::wait_merging_threads).map_err(failed)?;
        self.save().map(|_| ())
    }

    /// Leaves merges to the policy, or to `merge_into` alone.
    pub(super) fn merge_by_itself(&self, by_itself: bool) -> Result<(), TextError> {
        let policy: Box<dyn MergePolicy> = if by_itself { Box::new(merge_policy()) } else { Box::new(NoMergePolicy) };
        self.writer()?.set_merge_policy(policy);
        Ok(())
    }

    fn writer(&self) -> Result<&IndexWriter<IndexDocument>, TextError> {
        self.writer.as_ref().ok_or(TextError::Poisoned)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = self.save() {
            tracing::warn!(%error, "the text index will catch up from its last saved state");
        }
    }
}

/// Builds segments of the changes that have a record, in as many threads as it is worth.
fn build(
    index: &Index,
    fields: &Fields,
    changes: &[(u64, &Event)],
    options: &TextOptions,
) -> Result<Vec<SegmentMeta>, TextError> {
    let failed = |source| TextError::Engine { doing: "take in records", source };
    let next = AtomicUsize::new(0);
    let work = || -> tantivy::Result<Vec<SegmentMeta>> {
        let mut builder = SegmentBuilder::new(index, options.writer_memory);
        let groups = changes.chunks(RECORDS_PER_GROUP);
        while let Some(group) = groups.clone().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let present = group.iter().filter(|(_, event)| event.record.is_some());
            builder.add(present.map(|(tie, event)| document(fields, event, *tie)).collect())?;
        }
        builder.finish()
    };
    let threads = options.writer_threads.min(changes.len().div_ceil(RECORDS_PER_GROUP));
    if threads < 2 {
        return work().map_err(failed);
    }
    let built: Vec<tantivy::Result<Vec<SegmentMeta>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let stopped = || Err(TantivyError::ErrorInThread("an indexing thread panicked".to_owned()));
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| stopped())).collect()
    });
    let mut segments = Vec::new();
    for of_thread in built {
        segments.extend(of_thread.map_err(failed)?);
    }
    Ok(segments)
}

/// Our segments are built by `builder`; the writer merges, deletes and commits.
fn new_writer(index: &Index, merge_threads: usize) -> tantivy::Result<IndexWriter<IndexDocument>> {
    let options = IndexWriterOptions::builder()
        .memory_budget_per_thread(UNUSED_WRITER_MEMORY)
        .num_worker_threads(1)
        .num_merge_threads(merge_threads)
        .build();
    let writer = index.writer_with_options(options)?;
    prepare(&writer)?;
    Ok(writer)
}

/// Makes a fresh writer ready.
fn prepare(writer: &IndexWriter<IndexDocument>) -> tantivy::Result<()> {
    writer.set_merge_policy(Box::new(merge_policy()));
    // tantivy 0.27 gives the first operation after opening the stamp of the last commit again. A merge then takes a
    // first deletion for done in those segments that this commit deleted from, and the deletion is lost. An empty run
    // uses that stamp up.
    writer.run(Vec::new())?;
    Ok(())
}

fn open_or_create(folder: &IndexFolder, fields: &Fields) -> tantivy::Result<(Index, bool)> {
    if Index::exists(folder)? {
        return Ok((Index::open(folder.clone())?, false));
    }
    let settings = IndexSettings {
        sort_by_field: Some(IndexSortByField { field: ORDER.to_owned(), order: Order::Desc }),
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    };
    Ok((Index::create(folder.clone(), fields.schema.clone(), settings)?, true))
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

#[cfg(test)]
mod tests {
    use super::super::tests::{batches, product};
    use super::*;

    #[test]
    fn a_deletion_right_after_opening_is_not_lost_to_a_merge() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (fields, options) = (Fields::new(), TextOptions::default());
        let changes = ["a", "b", "c", "d"].iter().zip(1..).map(|(id, at)| product(at, id, "")).collect::<Vec<_>>();
        let mut revised = product(5, "a", "");
        revised.event.revision = 2;
        let (mut engine, _) = Engine::open(folder.path(), &fields, 1).expect("opens");
        for changes in [&changes[..2], &changes[2..], &[revised]] {
            let batch = batches(changes, 2);
            let folded = fold(&batch, batch[0].first - 1, Holds::Local).expect("follows");
            engine.write(&fields, &folded, &options).expect("writes");
        }
        drop(engine);

        let (mut engine, position) = Engine::open(folder.path(), &fields, 1).expect("opens");
        let mut segments = engine.index.searchable_segment_metas().expect("has segments");
        // The segment that the last commit deleted from comes last.
        segments.sort_by_key(SegmentMeta::num_deleted_docs);
        let ids: Vec<_> = segments.iter().map(SegmentMeta::id).collect();
        engine.delete(&fields, vec![(terms::tie_of(&changes[1].event.record_key()), 6)]).expect("deletes");
        let writer = engine.writer.as_mut().expect("has a writer");
        writer.merge(&ids).wait().expect("merges");
        engine.commit(position + 1).expect("commits");
        engine.reload().expect("reloads");
        assert_eq!(engine.searcher().num_docs(), 3);
    }
}
