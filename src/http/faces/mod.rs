//! One folder per protocol face. A face reads the request, calls the catalogue and speaks its own wire types.

pub mod conformance;
pub mod dcat;
pub mod federation;
pub mod filter;
pub mod linked;
pub mod native;
pub mod oai;
pub mod ops;
pub mod pages;
pub mod queryables;
pub mod records;
pub mod resourcesync;
pub mod sparql;
pub mod stac;
pub mod version;
pub mod xml;
