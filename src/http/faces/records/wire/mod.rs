//! Stored records as records of OGC API Records (GeoJSON), and catalogues as its collections. Stored JSON is spliced in,
//! so that numbers stay as they were written.

mod catalogues;
mod record;

pub use catalogues::{catalogue, collection};
pub use record::record;

/// Type of a record that says none: of a collection, and of a product.
pub const DATASET: &str = "dataset";
pub const PRODUCT: &str = "product";

/// The class that a record says to conform to.
const RECORD_CORE: &str = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core";

/// The one coordinate reference system: longitude and latitude in degrees on WGS 84.
const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
const SCHEMA: &str = "application/schema+json";
