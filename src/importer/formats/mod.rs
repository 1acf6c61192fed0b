//! One file per foreign format: bytes to records. What each field becomes stands in `docs/importers/`.

pub mod cdf;
pub mod cmr;
pub mod dcat;
pub mod ecs;
pub mod envisat;
pub mod fits;
pub mod iso;
pub mod landsat;
pub mod metakernel;
pub mod netcdf;
pub mod opus;
pub mod pds3;
pub mod pds4;
pub mod records;
pub mod safe;
pub mod spase;
pub mod vo;
