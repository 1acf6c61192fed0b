//! Writes records into the store: of replaced ones what differs, by transactions; many new ones through the bulk loader.
//! What differs is found in `difference`.

use oxigraph::model::{GraphNameRef, NamedNode, Quad};
use oxigraph::store::{Store, Transaction};

use crate::model::{Event, Key, Kind};
use crate::rdf::projection::{self, Base, Standing};

use super::difference::{self, Difference};
use super::error::GraphError;
use super::fold::{Folded, Last};
use super::store::Notes;

/// New records from which on the bulk loader is worth its files.
const BULK_FROM: usize = 500;
/// Memory that the bulk loader is told of, MB: it takes a thousand quads for each, and then begins the next load. Each load
/// makes files that RocksDB merges with those before it, so small ones cost more than they spare; one of this size takes
/// some 150 MiB, and two of them exist at once.
const BULK_MEGABYTES: usize = 250;
/// Threads that make files of loaded quads, while the one that calls them projects the next records.
const BULK_THREADS: usize = 1;
/// Records in one transaction: RocksDB keeps its statements sorted, so more make it slower.
const TRANSACTION_RECORDS: usize = 500;

/// What a write did.
pub(super) struct Written {
    /// Last event of a write in several steps; 0 for one in a single step.
    pub begun: u64,
    /// Quads that RocksDB still holds in memory.
    pub in_memory: usize,
}

/// Makes an empty store ours: vocabularies, version and position 0.
pub(super) fn begin(store: &Store, notes: &Notes) -> Result<(), GraphError> {
    let mut loader = store.bulk_loader();
    for (_, quads) in projection::vocabularies(&Base::stored()) {
        loader.load_quads(quads)?;
    }
    loader.commit()?;
    // The version comes last: a store without it is begun again.
    store.extend([notes.quad(&notes.position, 0), notes.quad(&notes.version, u64::from(projection::VERSION))])?;
    Ok(())
}

/// Applies folded batches and moves the position. Few records go into one transaction together with it. Many take
/// several steps, and `begun` notes before the first of them how far they will reach.
pub(super) fn apply(store: &Store, notes: &Notes, folded: &Folded<'_>) -> Result<Written, GraphError> {
    let (new, replaced): (Vec<_>, Vec<_>) = folded.records.iter().partition(|record| record.is_new);
    if new.len() < BULK_FROM && folded.records.len() <= TRANSACTION_RECORDS {
        let mut transaction = store.start_transaction()?;
        let in_memory = put_all(store, &mut transaction, &folded.records.iter().collect::<Vec<_>>())?;
        move_position(&mut transaction, notes, folded.position)?;
        transaction.commit()?;
        return Ok(Written { begun: 0, in_memory });
    }
    store.insert(&notes.quad(&notes.begun, folded.position))?;
    // Loaded files are on disk at once, what transactions wrote is not: the note must not be lost before them.
    store.flush()?;
    let mut in_memory = 0;
    let (new, few) = if new.len() < BULK_FROM { (Vec::new(), new) } else { (new, Vec::new()) };
    let replaced = [few, replaced].concat();
    for chunk in replaced.chunks(TRANSACTION_RECORDS) {
        let mut transaction = store.start_transaction()?;
        in_memory += put_all(store, &mut transaction, chunk)?;
        transaction.commit()?;
    }
    if !new.is_empty() {
        // Loads need not be one: the note of what was begun covers them all.
        let loader = store.bulk_loader().with_num_threads(BULK_THREADS).without_atomicity();
        let mut loader = loader.with_max_memory_size_in_megabytes(BULK_MEGABYTES);
        loader.load_quads(new.iter().flat_map(|record| quads(record)))?;
        loader.commit()?;
    }
    let mut transaction = store.start_transaction()?;
    move_position(&mut transaction, notes, folded.position)?;
    transaction.commit()?;
    Ok(Written { begun: folded.position, in_memory })
}

/// Writes records; says how many statements that took, removed ones included.
pub(super) fn put_all(
    store: &Store,
    transaction: &mut Transaction<'_>,
    records: &[&Last<'_>],
) -> Result<usize, GraphError> {
    let (new, replaced): (Vec<&Last<'_>>, Vec<&Last<'_>>) = records.iter().partition(|record| record.is_new);
    let mut written = 0;
    for quad in new.iter().flat_map(|record| quads(record)) {
        transaction.insert(&quad);
        written += 1;
    }
    for (record, difference) in replaced.iter().zip(difference::all(store, &replaced)?) {
        let Difference { too_much, missing } = difference;
        // What is removed may be what is inserted in another spelling, so that comes after.
        too_much.iter().for_each(|quad| transaction.remove(quad));
        missing.iter().for_each(|quad| transaction.insert(quad));
        written += too_much.len() + missing.len();
        if record.change.event.record.is_none() {
            transaction.remove_named_graph(&projection::graph(&Base::stored(), &record.key))?;
        }
        if let Some(context) = context(&record.key) {
            remove_empty(transaction, &context)?;
        }
    }
    Ok(written)
}

/// A graph without statements is none.
fn remove_empty(transaction: &mut Transaction<'_>, graph: &NamedNode) -> Result<(), GraphError> {
    let name = GraphNameRef::from(graph.as_ref());
    if transaction.quads_for_pattern(None, None, None, Some(name)).next().is_none() {
        transaction.remove_named_graph(graph)?;
    }
    Ok(())
}

/// The graph of statements that a record keeps beside its own, for the one kind that does.
pub(super) fn context(key: &Key) -> Option<NamedNode> {
    (key.kind == Kind::ContextGraph).then(|| projection::context_graph(&Base::stored(), key.id.as_str()))
}

/// What is said about a subject in a graph, with one predicate or any.
fn said(
    transaction: &Transaction<'_>,
    subject: &NamedNode,
    predicate: Option<&NamedNode>,
    graph: &NamedNode,
) -> Result<Vec<Quad>, GraphError> {
    let graph = GraphNameRef::from(graph.as_ref());
    let predicate = predicate.map(NamedNode::as_ref);
    let found = transaction.quads_for_pattern(Some(subject.as_ref().into()), predicate, None, Some(graph));
    Ok(found.collect::<Result<_, _>>()?)
}

fn move_position(transaction: &mut Transaction<'_>, notes: &Notes, position: u64) -> Result<(), GraphError> {
    for quad in said(transaction, &notes.meta, Some(&notes.position), &notes.meta)? {
        transaction.remove(&quad);
    }
    for quad in said(transaction, &notes.meta, Some(&notes.begun), &notes.meta)? {
        // A write that a crash cut off may reach further than this one: its note stays until the position is there.
        if number(&quad).is_none_or(|begun| begun <= position) {
            transaction.remove(&quad);
        }
    }
    transaction.insert(&notes.quad(&notes.position, position));
    Ok(())
}

fn number(quad: &Quad) -> Option<u64> {
    match &quad.object {
        oxigraph::model::Term::Literal(literal) => literal.value().parse().ok(),
        _ => None,
    }
}

/// Everything that the graph says about a record: its own graph, and its standing in `meta`.
pub(super) fn quads(record: &Last<'_>) -> Vec<Quad> {
    let base = Base::stored();
    let event = &record.change.event;
    let digest = record.change.digest.map(|digest| digest.to_string());
    let standing = standing(event, digest.as_deref());
    let mut quads = match &event.record {
        Some(text) => projection::record(&base, &record.key, text.get()),
        None => Vec::new(),
    };
    quads.extend(event.record.iter().flat_map(|text| projection::context(&record.key, text.get())));
    quads.extend(projection::meta(&base, &record.key, &standing));
    quads
}

fn standing<'e>(event: &'e Event, digest: Option<&'e str>) -> Standing<'e> {
    Standing {
        sequence: event.sequence,
        revision: event.revision,
        time: &event.time,
        agent: &event.agent,
        scope: &event.scope,
        digest,
        deleted: event.record.is_none(),
    }
}
