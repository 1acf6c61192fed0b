//! Perennial: a long-term data preservation catalogue and search service for space missions.
//!
//! Start with `docs/ARCHITECTURE.md`. Rooms, from the ground up: [`model`], [`codec`], [`schema`], [`importer`],
//! [`archive`], [`index`].

pub mod archive;
pub mod codec;
pub mod importer;
pub mod index;
pub mod model;
pub mod schema;
