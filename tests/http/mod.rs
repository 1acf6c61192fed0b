//! The service as its clients see it.

mod aggregation;
mod bad_searches;
mod exports;
mod federation;
mod files;
mod filters;
mod graph_store;
mod ingest;
mod input;
mod linked;
mod ogc_records;
mod pages;
mod records;
mod recreation;
mod safety;
mod search;
mod sorting;
mod space;
mod sparql;
mod sparql_hostile;
mod sparql_protocol;
mod sparql_services;
mod stac;
mod stac_extensions;
mod tes;
mod times;
