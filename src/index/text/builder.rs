//! Builds segments from documents in the calling thread.

use tantivy::Index;
use tantivy::indexer::{AddOperation, SegmentWriter};

use super::document::IndexDocument;

/// Memory that tantivy's tables begin with for so many documents; they grow by themselves.
const BYTES_PER_DOCUMENT: usize = 4 << 10;
const LEAST_BYTES: usize = 128 << 10;

/// Segments below this would be mostly tables.
const LEAST_SEGMENT: usize = 8 << 20;

/// A segment under construction, and those that are finished.
pub(super) struct SegmentBuilder<'i> {
    index: &'i Index,
    /// Memory at which a segment is finished and the next one begun.
    memory: usize,
    open: Option<(tantivy::index::Segment, SegmentWriter)>,
    finished: Vec<tantivy::SegmentMeta>,
}

impl<'i> SegmentBuilder<'i> {
    pub(super) fn new(index: &'i Index, memory: usize) -> Self {
        Self { index, memory: memory.max(LEAST_SEGMENT), open: None, finished: Vec::new() }
    }

    /// Adds documents, each group in the order of the index, so that sorting a segment has little to do.
    pub(super) fn add(&mut self, mut documents: Vec<IndexDocument>) -> tantivy::Result<()> {
        documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.order));
        let expected = (documents.len() * BYTES_PER_DOCUMENT).clamp(LEAST_BYTES, self.memory);
        for document in documents {
            let (_, writer) = match &mut self.open {
                Some(open) => open,
                closed => {
                    let segment = self.index.new_segment();
                    let writer = SegmentWriter::for_segment(expected, segment.clone())?;
                    closed.insert((segment, writer))
                }
            };
            // Stamps order additions and deletions within one writer; here whoever calls orders them.
            writer.add_document(AddOperation { opstamp: 0, document })?;
            if writer.mem_usage() >= self.memory {
                self.finish_open()?;
            }
        }
        Ok(())
    }

    /// The finished segments, which no commit names yet.
    pub(super) fn finish(mut self) -> tantivy::Result<Vec<tantivy::SegmentMeta>> {
        self.finish_open()?;
        Ok(self.finished)
    }

    fn finish_open(&mut self) -> tantivy::Result<()> {
        let Some((segment, writer)) = self.open.take() else { return Ok(()) };
        let documents = writer.max_doc();
        writer.finalize()?;
        let meta = segment.with_max_doc(documents).meta().clone();
        meta.untrack_temp_docstore();
        self.finished.push(meta);
        Ok(())
    }
}
