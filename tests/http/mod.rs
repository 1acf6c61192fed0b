//! The service as its clients see it.

mod files;
mod ingest;
mod input;
mod records;
mod safety;
mod search;
mod space;
mod stac;
