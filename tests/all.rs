//! The integration tests, in one binary: each further one would link every heavy crate again.

mod archive;
mod bench;
mod catalogue;
mod filters;
mod formats;
mod harvest;
mod http;
mod importers;
mod queries;
mod recreation;
mod support;
