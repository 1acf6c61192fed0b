//! What a search sees: the segments of one commit, which of their documents are deleted, and counts over the living.
//! Searches that run while the index is written keep the snapshot that they began with.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tantivy::fastfield::AliveBitSet;
use tantivy::{DocId, Searcher};

use crate::model::{Bucket, Facet, Kind, Summary, Value};

use super::aggregate;
use super::expand::Expansions;
use super::fields::Fields;
use super::segment::Segment;
use super::shelf::Shelf;
use super::suggest::Suggestions;

/// A segment as one snapshot sees it.
pub(super) struct View {
    pub segment: Arc<Segment>,
    pub alive: Option<AliveBitSet>,
    deleted: OnceLock<Vec<DocId>>,
}

impl View {
    /// Deleted documents in their order.
    pub(super) fn deleted(&self) -> &[DocId] {
        self.deleted.get_or_init(|| match &self.alive {
            Some(alive) => (0..self.segment.documents).filter(|document| alive.is_deleted(*document)).collect(),
            None => Vec::new(),
        })
    }
}

/// How often each label of a facet occurs.
pub(super) struct Counted {
    /// Most frequent first, ties by label.
    pub buckets: Vec<Bucket>,
    /// Records without a label.
    pub missing: u64,
}

/// Counts that were asked for already.
type FacetCounts = HashMap<(Facet, KindSet), Arc<Counted>>;

/// All segments of one commit.
pub(super) struct Snapshot {
    pub position: u64,
    pub searcher: Searcher,
    pub views: Vec<View>,
    facets: Mutex<FacetCounts>,
    documents_with: Mutex<HashMap<(Shelf, Vec<u8>), u64>>,
    words: [OnceLock<u64>; 2],
    pub expansions: Expansions,
    pub suggestions: Suggestions,
    collections: OnceLock<Vec<String>>,
}

/// A set of kinds, one bit each in the order of `Kind::ALL`.
pub(super) type KindSet = u16;

/// Most distinct words whose frequency a snapshot remembers.
const MAX_REMEMBERED_WORDS: usize = 10_000;

impl Snapshot {
    /// Takes the searcher's segments; those that `previous` has too are not opened again, except for these: their
    /// files were in memory then and are on disk now.
    pub(super) fn new(
        searcher: Searcher,
        position: u64,
        fields: &Fields,
        previous: Option<&Self>,
        moved: &HashSet<String>,
    ) -> tantivy::Result<Self> {
        let known: HashMap<_, _> = previous
            .into_iter()
            .flat_map(|snapshot| snapshot.searcher.segment_readers().iter().zip(&snapshot.views))
            .map(|(reader, view)| (reader.segment_id(), &view.segment))
            .filter(|(id, _)| !moved.contains(&id.uuid_string()))
            .collect();
        let mut views = Vec::with_capacity(searcher.segment_readers().len());
        for reader in searcher.segment_readers() {
            let segment = match known.get(&reader.segment_id()) {
                Some(segment) => Arc::clone(segment),
                None => Arc::new(Segment::open(reader, fields)?),
            };
            views.push(View { segment, alive: reader.alive_bitset().cloned(), deleted: OnceLock::new() });
        }
        Ok(Self {
            position,
            searcher,
            views,
            facets: Mutex::default(),
            documents_with: Mutex::default(),
            words: Default::default(),
            expansions: Expansions::default(),
            suggestions: Suggestions::default(),
            collections: OnceLock::new(),
        })
    }

    /// Identifiers of collections that products name.
    pub(super) fn collections(&self) -> tantivy::Result<&Vec<String>> {
        if let Some(collections) = self.collections.get() {
            return Ok(collections);
        }
        let mut collections = BTreeSet::new();
        for view in &self.views {
            let column = view.segment.facet(Facet::Collection)?;
            for place in 0..column.num_terms() as u64 {
                let mut collection = String::new();
                column.ord_to_str(place, &mut collection)?;
                collections.insert(collection);
            }
        }
        Ok(self.collections.get_or_init(|| collections.into_iter().collect()))
    }

    /// Living documents.
    pub(super) fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    /// Words of all living documents on a shelf.
    pub(super) fn words(&self, shelf: Shelf) -> u64 {
        *self.words[shelf as usize].get_or_init(|| {
            let of_view = |view: &View| {
                let deleted = view.deleted().iter().map(|document| view.segment.words_of(shelf, *document));
                view.segment.word_count(shelf) - deleted.sum::<u64>()
            };
            self.views.iter().map(of_view).sum()
        })
    }

    /// Living documents on a shelf that contain a word. Remembered, because with deletions it is not just looked up.
    pub(super) fn documents_with(&self, shelf: Shelf, word: &[u8]) -> tantivy::Result<u64> {
        let key = (shelf, word.to_vec());
        let remembered = self.documents_with.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(count) = remembered {
            return Ok(count);
        }
        let mut count = 0;
        for view in &self.views {
            let text = view.segment.text(shelf);
            let Some(found) = text.terms().get(word)? else { continue };
            count += u64::from(found.doc_freq);
            if view.alive.is_some() {
                let postings = text.read_postings_from_terminfo(&found, tantivy::schema::IndexRecordOption::Basic)?;
                count -= super::segment::count_among(postings, view.deleted());
            }
        }
        let mut remembered = self.documents_with.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() < MAX_REMEMBERED_WORDS {
            remembered.insert(key, count);
        }
        Ok(count)
    }

    /// Living documents of these kinds.
    pub(super) fn count(&self, kinds: KindSet) -> u64 {
        let mut count = 0;
        for view in &self.views {
            count += of_kinds(&view.segment.kind_counts(), kinds);
            let deleted = view.deleted().iter().filter(|document| holds(kinds, view.segment.kind.first(**document)));
            count -= deleted.count() as u64;
        }
        count
    }

    /// Counts of a facet over all living documents of these kinds, most frequent first, ties by value.
    pub(super) fn facet(&self, facet: Facet, kinds: KindSet) -> tantivy::Result<Arc<Counted>> {
        let key = (facet, kinds);
        let remembered = self.facets.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(counts) = remembered {
            return Ok(counts);
        }
        let mut totals: HashMap<String, u64> = HashMap::new();
        let mut missing = 0;
        for view in &self.views {
            let counts = view.segment.label_counts(facet)?;
            missing += of_kinds(&counts.without, kinds);
            for (label, of_kind) in &counts.labels {
                let count = of_kinds(of_kind, kinds);
                if count > 0 {
                    *totals.entry(label.clone()).or_default() += count;
                }
            }
            missing -= self.subtract_deleted(view, facet, kinds, &mut totals)?;
        }
        let buckets = totals.into_iter().filter(|(_, count)| *count > 0);
        let buckets = buckets.map(|(label, count)| aggregate::bucket(Value::Text(label), count, false)).collect();
        let mut listed = Summary::empty("");
        aggregate::list(&mut listed, buckets, usize::MAX);
        let counts = Arc::new(Counted { buckets: listed.buckets, missing });
        self.facets.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&counts));
        Ok(counts)
    }

    /// Takes away the labels of deleted documents; gives the number of those without one.
    fn subtract_deleted(
        &self,
        view: &View,
        facet: Facet,
        kinds: KindSet,
        totals: &mut HashMap<String, u64>,
    ) -> tantivy::Result<u64> {
        let column = view.segment.facet(facet)?;
        let mut label = String::new();
        let mut without = 0;
        for document in view.deleted() {
            if !holds(kinds, view.segment.kind.first(*document)) {
                continue;
            }
            let mut has_label = false;
            for ordinal in column.term_ords(*document) {
                has_label = true;
                column.ord_to_str(ordinal, &mut label)?;
                if let Some(total) = totals.get_mut(&label) {
                    *total -= 1;
                }
            }
            without += u64::from(!has_label);
        }
        Ok(without)
    }
}

/// The bits of these kinds.
pub(super) fn kind_set(kinds: &[Kind]) -> KindSet {
    let bit = |kind: &Kind| Kind::ALL.iter().position(|other| other == kind).map_or(0, |at| 1 << at);
    kinds.iter().map(bit).fold(0, |set, bit| set | bit)
}

/// Whether a kind column's value is in the set.
pub(super) fn holds(kinds: KindSet, kind: Option<u64>) -> bool {
    kind.is_some_and(|kind| kinds & (1 << kind) != 0)
}

/// Sum of the counts of these kinds.
fn of_kinds(counts: &[u32; Kind::ALL.len()], kinds: KindSet) -> u64 {
    let wanted = counts.iter().enumerate().filter(|(kind, _)| kinds & (1 << kind) != 0);
    wanted.map(|(_, count)| u64::from(*count)).sum()
}
