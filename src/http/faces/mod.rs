//! One folder per protocol face. A face reads the request, calls the catalogue and speaks its own wire types.

pub mod conformance;
pub mod federation;
pub mod filter;
pub mod linked;
pub mod native;
pub mod ops;
pub mod pages;
pub mod queryables;
pub mod records;
pub mod sparql;
pub mod stac;
