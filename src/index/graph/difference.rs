//! What the graph says of a record beside what it should say. A replacement writes no more than that: RocksDB holds each
//! statement in six orders, and most of them are the same in both revisions. Writes nothing itself.

use std::collections::HashSet;
use std::thread;

use oxigraph::model::{GraphNameRef, NamedNode, Quad};
use oxigraph::store::Store;

use crate::model::Key;
use crate::rdf::projection::{self, Base};

use super::error::GraphError;
use super::fold::Last;
use super::write;

/// Records from which on a second thread is worth its start.
const SHARED_FROM: usize = 16;
/// Threads that look for differences, the calling one included.
const THREADS: usize = 2;

/// Statements to remove and to insert, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    pub too_much: Vec<Quad>,
    pub missing: Vec<Quad>,
}

impl Difference {
    fn between(stored: Vec<Quad>, right: Vec<Quad>) -> Self {
        let known: HashSet<&Quad> = stored.iter().collect();
        let wanted: HashSet<&Quad> = right.iter().collect();
        let is_right: Vec<bool> = stored.iter().map(|quad| wanted.contains(quad)).collect();
        let is_known: Vec<bool> = right.iter().map(|quad| known.contains(quad)).collect();
        let others = |quads: Vec<Quad>, same: Vec<bool>| {
            quads.into_iter().zip(same).filter(|(_, same)| !same).map(|(quad, _)| quad).collect()
        };
        Self { too_much: others(stored, is_right), missing: others(right, is_known) }
    }
}

/// The differences of records, in their order.
///
/// # Errors
/// `Storage`.
pub(super) fn all(store: &Store, records: &[&Last<'_>]) -> Result<Vec<Difference>, GraphError> {
    if records.len() < SHARED_FROM {
        return records.iter().map(|record| of(store, record)).collect();
    }
    let part = |records: &[&Last<'_>]| records.iter().map(|record| of(store, record)).collect::<Result<Vec<_>, _>>();
    let (mine, others) = records.split_at(records.len() / THREADS);
    let (first, second) = thread::scope(|scope| {
        let other = scope.spawn(|| part(others));
        (part(mine), other.join().unwrap_or(Err(GraphError::Panicked)))
    });
    let mut differences = first?;
    differences.extend(second?);
    Ok(differences)
}

fn of(store: &Store, record: &Last<'_>) -> Result<Difference, GraphError> {
    Ok(Difference::between(stored(store, &record.key)?, write::quads(record)))
}

/// Everything that the graph says of a record: its own graph, what it keeps beside that, and its standing in `meta`.
pub(super) fn stored(store: &Store, key: &Key) -> Result<Vec<Quad>, GraphError> {
    let base = Base::stored();
    let mut quads = graph(store, &projection::graph(&base, key))?;
    if let Some(context) = write::context(key) {
        quads.extend(graph(store, &context)?);
    }
    let (thing, meta) = (projection::thing(&base, key), projection::meta_graph(&base));
    let standing = store.quads_for_pattern(Some((&thing).into()), None, None, Some((&meta).into()));
    for quad in standing {
        quads.push(quad?);
    }
    Ok(quads)
}

/// The statements of a graph.
pub(super) fn graph(store: &Store, name: &NamedNode) -> Result<Vec<Quad>, GraphError> {
    let quads = store.quads_for_pattern(None, None, None, Some(GraphNameRef::from(name.as_ref())));
    Ok(quads.collect::<Result<_, _>>()?)
}
