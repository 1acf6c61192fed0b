//! The service as its clients see it.

mod aggregation;
mod files;
mod ingest;
mod input;
mod pages;
mod records;
mod safety;
mod search;
mod stac;
