//! Compares the graph with what the records say now, by canonical digests, and mends what differs. Which record is current,
//! the caller says.

use std::collections::HashSet;

use oxigraph::model::{GraphNameRef, NamedNode, NamedOrBlankNode, Quad};
use oxigraph::store::Store;

use crate::codec::sha256;
use crate::index::Change;
use crate::model::{Key, Kind};
use crate::rdf::canonical;
use crate::rdf::projection::{self, Base};

use super::difference::{graph, stored};
use super::error::GraphError;
use super::fold::Last;
use super::store::GraphIndex;
use super::write;

/// Statements that the graph has too much, and too few, about one record or vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drift {
    pub too_much: usize,
    pub missing: usize,
}

impl Drift {
    /// None when the canonical digests are equal (RDFC-1.0).
    fn between(stored: &[Quad], right: &[Quad]) -> Option<Self> {
        let digest = |quads: &[Quad]| sha256(canonical::nquads(quads).as_bytes());
        if digest(stored) == digest(right) {
            return None;
        }
        let [stored, right] = [stored, right].map(|quads| quads.iter().collect::<HashSet<_>>());
        Some(Self { too_much: stored.difference(&right).count(), missing: right.difference(&stored).count() })
    }
}

impl GraphIndex {
    /// Whether the graph says of a record what its last event says; with `mend` it does so afterwards.
    ///
    /// # Errors
    /// `Storage`.
    pub fn audit(&mut self, key: &Key, change: &Change, mend: bool) -> Result<Option<Drift>, GraphError> {
        let record = Last { key: key.clone(), change, is_new: false };
        let right = as_stored(write::quads(&record))?;
        let store = self.opened()?;
        let drift = Drift::between(&stored(store, key)?, &right);
        if drift.is_some() && mend {
            let mut transaction = store.start_transaction()?;
            write::put_all(store, &mut transaction, &[&record])?;
            transaction.commit()?;
        }
        Ok(drift)
    }

    /// Graphs of what is no live record, standings of what never was one, and vocabularies that are not as this program
    /// brings them; with `mend` they are gone or right afterwards.
    ///
    /// # Errors
    /// `Storage`.
    pub fn audit_rest(
        &mut self,
        is_known: &dyn Fn(&Key) -> bool,
        is_live: &dyn Fn(&Key) -> bool,
        mend: bool,
    ) -> Result<Vec<(String, Drift)>, GraphError> {
        let base = Base::stored();
        let meta = projection::meta_graph(&base);
        let store = self.opened()?;
        let mut found = Vec::new();
        let vocabularies = projection::vocabularies(&base);
        for (name, quads) in &vocabularies {
            let right = as_stored(quads.clone())?;
            let Some(drift) = Drift::between(&graph(store, name)?, &right) else { continue };
            found.push((name.as_str().to_owned(), drift));
            if mend {
                store.clear_graph(name)?;
                store.extend(right)?;
            }
        }
        let names = store.named_graphs().collect::<Result<Vec<_>, _>>()?;
        for name in names {
            let iri = match &name {
                NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
                NamedOrBlankNode::BlankNode(node) => node.to_string(),
            };
            let is_ours = iri == meta.as_str() || vocabularies.iter().any(|(known, _)| known.as_str() == iri);
            if is_ours || owner(&base, &iri).is_some_and(|key| is_live(&key)) {
                continue;
            }
            let quads = store.quads_for_pattern(None, None, None, Some(GraphNameRef::from(&name))).count();
            found.push((iri, Drift { too_much: quads, missing: 0 }));
            if mend {
                store.remove_named_graph(&name)?;
            }
        }
        found.extend(strange_standings(store, &meta, is_known, mend)?);
        Ok(found)
    }
}

/// The record that keeps a graph.
fn owner(base: &Base, iri: &str) -> Option<Key> {
    let context = || projection::context_of(base, iri).map(|id| Key { kind: Kind::ContextGraph, collection: None, id });
    projection::key_of(base, iri).or_else(context)
}

/// Standings of keys that the archive does not know.
fn strange_standings(
    store: &Store,
    meta: &NamedNode,
    is_known: &dyn Fn(&Key) -> bool,
    mend: bool,
) -> Result<Vec<(String, Drift)>, GraphError> {
    let base = Base::stored();
    let mut strange: Vec<(String, Vec<Quad>)> = Vec::new();
    for quad in store.quads_for_pattern(None, None, None, Some(meta.into())) {
        let quad = quad?;
        let NamedOrBlankNode::NamedNode(subject) = &quad.subject else { continue };
        if subject == meta || projection::key_of(&base, subject.as_str()).is_some_and(|key| is_known(&key)) {
            continue;
        }
        let iri = subject.as_str().to_owned();
        match strange.last_mut() {
            Some((known, quads)) if *known == iri => quads.push(quad),
            _ => strange.push((iri, vec![quad])),
        }
    }
    if mend {
        for quad in strange.iter().flat_map(|(_, quads)| quads) {
            store.remove(quad)?;
        }
    }
    Ok(strange.into_iter().map(|(iri, quads)| (iri, Drift { too_much: quads.len(), missing: 0 })).collect())
}

/// Statements as a store gives them back: it keeps numbers and times by their value, `1.50` as `1.5`.
fn as_stored(quads: Vec<Quad>) -> Result<Vec<Quad>, GraphError> {
    let store = Store::new()?;
    store.extend(quads)?;
    Ok(store.iter().collect::<Result<_, _>>()?)
}
