//! What a stored record says, as RDF: a pure function of its text, its key and `VERSION`. Other records are never looked
//! at, so a projection made again is the same one. Every subject is the record or a part of it (`…#file-1`), and there are no
//! blank nodes: graphs of several records have no statement in common.

mod base;
mod concepts;
mod describe;
mod feed;
mod files;
mod kinds;
mod links;
mod meta;
mod observed;
mod place;
mod provenance;
mod quality;
mod recreation;
mod sink;
pub mod words;

use std::sync::OnceLock;

use oxrdf::{NamedNode, Quad};

pub use base::{
    Base, context_graph, context_of, decode, doi, graph, harvested_graph, key_of, meta_graph, name, thing,
    vocabulary_graph,
};
pub use concepts::{CONCEPTS, Role, concept, known};
pub use feed::{FeedPage, deletion, feed};
pub use meta::{Standing, meta};

use super::{Syntax, ontologies};
use crate::model::json::Fields;
use crate::model::{Entity, Key, Kind};
use sink::Sink;

/// Changes whenever the same record gives other statements: what was stored by another version is made again.
pub const VERSION: u32 = 4;

/// What a record says, all in its own graph. A text that is no record of the schema says only what kind it is and its id.
pub fn record(base: &Base, key: &Key, record: &str) -> Vec<Quad> {
    let mut sink = Sink::new(base, thing(base, key), graph(base, key));
    let entity = Entity::view(record.as_bytes()).ok();
    let fields = entity.as_ref().and_then(|_| Fields::of_valid(record)).unwrap_or_default();
    kinds::describe(&mut sink, key, &fields);
    describe::name(&mut sink, key.id.as_str());
    if let Some(entity) = &entity {
        describe::describe(&mut sink, key, entity, &fields);
        observed::describe(&mut sink, entity);
        place::describe(&mut sink, entity, &fields);
        quality::describe(&mut sink, entity);
        files::describe(&mut sink, key, entity);
        provenance::describe(&mut sink, key, entity, &fields);
        recreation::describe(&mut sink, key, &fields);
        links::describe(&mut sink, entity);
    }
    sink.finish()
}

/// What the record of a context graph keeps, in the graph that it is about; nothing for records of other kinds.
pub fn context(key: &Key, record: &str) -> Vec<Quad> {
    if key.kind != Kind::ContextGraph {
        return Vec::new();
    }
    let fields = Fields::of_valid(record).unwrap_or_default();
    let statements = fields.string("statements").unwrap_or_default();
    super::context::quads(&statements, &context_graph(&Base::stored(), key.id.as_str()))
}

/// The vocabularies that the binary brings: each graph with its statements.
pub fn vocabularies(base: &Base) -> Vec<(NamedNode, Vec<Quad>)> {
    let of = |(name, quads): &(&str, Vec<Quad>)| {
        let graph = vocabulary_graph(base, name);
        let moved = |quad: &Quad| Quad { graph_name: graph.clone().into(), ..quad.clone() };
        (graph.clone(), quads.iter().map(moved).collect())
    };
    vocabulary().iter().map(of).collect()
}

/// The vocabularies by name, in graphs of the stored base; read once.
pub fn vocabulary() -> &'static [(&'static str, Vec<Quad>)] {
    static READ: OnceLock<Vec<(&'static str, Vec<Quad>)>> = OnceLock::new();
    READ.get_or_init(|| {
        let read = |ontology: &ontologies::Ontology| {
            let graph = vocabulary_graph(&Base::stored(), ontology.name);
            let parsed = super::parse(Syntax::Turtle, ontology.turtle.as_bytes(), CONCEPTS, &[]);
            // One that cannot be read is found by a test.
            let quads =
                parsed.unwrap_or_default().into_iter().filter_map(|triple| super::convert::quad(triple, &graph));
            (ontology.name, quads.collect())
        };
        ontologies::ALL.iter().map(read).collect()
    })
}

#[cfg(test)]
mod tests;
