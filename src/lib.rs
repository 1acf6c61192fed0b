//! Perennial: a long-term data preservation catalogue and search service for space missions.
//!
//! Start with `docs/ARCHITECTURE.md`. Rooms, from the ground up: [`model`]; [`codec`], [`rdf`], [`query`], [`schema`], [`export`];
//! [`importer`], [`archive`], [`index`], [`recreation`]; [`catalogue`]; [`http`]; [`cli`].

pub mod archive;
pub mod catalogue;
pub mod cli;
pub mod codec;
pub mod export;
pub mod federation;
pub mod http;
pub mod importer;
pub mod index;
pub mod model;
pub mod observe;
pub mod query;
pub mod rdf;
pub mod recreation;
pub mod schema;
