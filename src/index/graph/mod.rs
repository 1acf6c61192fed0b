//! The graph of all current records in oxigraph on RocksDB, and the evaluation of strangers' SPARQL queries in worker
//! processes. Holds nothing that the archive does not. The one door of oxigraph.
//!
//! `store` writes: one named graph for each current record, and `meta`; of a replaced one what differs. `pool` and `worker` read: a query is looked at
//! by `guard` before any parser sees it, travels in `frame`s to a process of its own, and is evaluated there on a
//! checkpoint that nobody writes. What a record says in RDF is decided in `rdf::projection`, not here.

mod audit;
mod checkpoint;
mod difference;
mod error;
mod evaluate;
mod fold;
mod frame;
mod guard;
mod lexer;
mod place;
mod pool;
mod process;
mod remote;
mod search;
mod standing;
mod store;
mod watch;
mod worker;
mod write;

pub use audit::Drift;
pub use checkpoint::Checkpoint;
pub use error::{GraphError, Refusal};
pub use frame::{Form, Head, Question, ResultFormat, TripleFormat};
pub use guard::{MAX_QUERY_BYTES, check};
pub use pool::{Limits, Piece, Pool};
pub use remote::{Remote, remotes};
pub use search::{Block, Cell, Output, Results, blocks};
pub use store::GraphIndex;
pub use worker::run as run_worker;

#[cfg(test)]
mod tests;
