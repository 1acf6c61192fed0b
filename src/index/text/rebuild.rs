//! Builds a whole index from the event log as fast as the machine allows, beside the one in use.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tantivy::{Index, SegmentMeta, TantivyError};

use crate::index::{Batch, Holds};

use super::builder::SegmentBuilder;
use super::convert::document;
use super::document::IndexDocument;
use super::error::TextError;
use super::fields::Fields;
use super::store::TextOptions;
use super::terms::tie_of;
use super::writer::{Engine, RECORDS_PER_GROUP};

/// Batches that wait for an indexing thread.
const WAITING_BATCHES: usize = 4;

/// Segments that a rebuilt index has at most.
const SEGMENTS: usize = 2;

/// An index under construction: takes the whole log in order, and becomes usable with `finish`.
pub struct TextRebuild {
    engine: Engine,
    fields: Fields,
    sender: Option<SyncSender<Arc<Batch>>>,
    workers: Vec<JoinHandle<tantivy::Result<Built>>>,
    position: u64,
}

/// What one thread has made.
struct Built {
    segments: Vec<SegmentMeta>,
    /// Of records with more than one revision, by tie breaker, the last sequence that the thread has seen.
    revised: HashMap<u64, u64>,
}

impl TextRebuild {
    /// Begins in a folder that is empty or not there.
    ///
    /// # Errors
    /// `Folder` or `Unusable` when the folder cannot be used.
    pub fn create(folder: &Path, options: &TextOptions) -> Result<Self, TextError> {
        let fields = Fields::new();
        let threads = options.writer_threads.max(1);
        let (engine, position) = Engine::open(folder, &fields, threads)?;
        engine.merge_by_itself(false)?;
        if position > 0 {
            let reason = "a rebuild begins in an empty folder".to_owned();
            return Err(TextError::Unusable { path: folder.to_owned(), reason });
        }
        let (sender, receiver) = sync_channel(WAITING_BATCHES);
        let receiver = Arc::new(Mutex::new(receiver));
        let workers = (0..threads).map(|_| {
            let (index, fields) = (engine.index().clone(), fields.clone());
            let (receiver, options) = (Arc::clone(&receiver), (options.writer_memory, options.holds));
            std::thread::spawn(move || work(&index, &fields, &receiver, options))
        });
        Ok(Self { workers: workers.collect(), engine, fields, sender: Some(sender), position })
    }

    /// Takes the next batch of the log; waits while the indexing threads are behind.
    ///
    /// # Errors
    /// `Gap` when it does not follow the one before; `Engine` when an indexing thread has failed.
    pub fn add(&mut self, batch: Arc<Batch>) -> Result<(), TextError> {
        if batch.first > self.position + 1 {
            return Err(TextError::Gap { position: self.position, first: batch.first });
        }
        if batch.last <= self.position {
            return Ok(());
        }
        let last = batch.last;
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(batch).is_ok());
        if !sent {
            return Err(self.join().err().unwrap_or(TextError::Poisoned));
        }
        self.position = last;
        Ok(())
    }

    /// Finishes the index and brings it to disk; gives its position. Open it with `TextIndex::open` then.
    ///
    /// # Errors
    /// `Engine`; the folder is then of no use.
    pub fn finish(mut self) -> Result<u64, TextError> {
        let built = self.join()?;
        self.engine.add(built.segments)?;
        self.engine.delete(&self.fields, built.revised.into_iter().collect())?;
        self.engine.commit(self.position)?;
        self.engine.merge_into(SEGMENTS)?;
        self.engine.close()?;
        Ok(self.position)
    }

    /// Ends the threads and takes what they have made.
    fn join(&mut self) -> Result<Built, TextError> {
        self.sender = None;
        let mut all = Built { segments: Vec::new(), revised: HashMap::new() };
        for worker in self.workers.drain(..) {
            let stopped = |_| Err(TantivyError::ErrorInThread("an indexing thread panicked".to_owned()));
            let built = worker.join().unwrap_or_else(stopped);
            let built = built.map_err(|source| TextError::Engine { doing: "take in records", source })?;
            all.segments.extend(built.segments);
            for (tie, sequence) in built.revised {
                note(&mut all.revised, tie, sequence);
            }
        }
        Ok(all)
    }
}

fn note(revised: &mut HashMap<u64, u64>, tie: u64, sequence: u64) {
    let last = revised.entry(tie).or_default();
    *last = sequence.max(*last);
}

fn work(
    index: &Index,
    fields: &Fields,
    batches: &Mutex<Receiver<Arc<Batch>>>,
    (memory, holds): (usize, Holds),
) -> tantivy::Result<Built> {
    let mut builder = SegmentBuilder::new(index, memory);
    let mut revised = HashMap::new();
    let mut group: Vec<IndexDocument> = Vec::with_capacity(RECORDS_PER_GROUP);
    loop {
        // Held while waiting: the other threads wait for it instead of the channel.
        let received = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = received else { break };
        for change in batch.changes.iter().filter(|change| holds.holds(&change.event)) {
            let event = &change.event;
            let tie = tie_of(&event.record_key());
            if event.revision > 1 {
                note(&mut revised, tie, event.sequence);
            }
            if event.record.is_some() {
                group.push(document(fields, event, tie));
            }
            if group.len() >= RECORDS_PER_GROUP {
                builder.add(std::mem::take(&mut group))?;
            }
        }
    }
    builder.add(group)?;
    Ok(Built { segments: builder.finish()?, revised })
}
