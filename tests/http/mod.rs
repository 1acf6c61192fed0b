//! The service as its clients see it.

mod aggregation;
mod files;
mod filters;
mod ingest;
mod input;
mod records;
mod safety;
mod search;
mod stac;
