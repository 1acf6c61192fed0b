//! What the archive is about: identifiers, entities, events, queries and pages.
//! Knows no file, no clock, no network and no index; everything here is a value or a pure function.

mod aggregation;
mod digest;
mod draft;
mod entity;
mod event;
mod filter;
mod id;
pub mod json;
mod location;
mod query;
mod references;
pub mod scan;
mod scope;
mod space;
mod step;
mod time;
pub mod uri;

pub use aggregation::{
    Aggregation, AggregationKind, Bucket, MAX_AGGREGATIONS, MAX_BUCKETS, MAX_DEPTH, MAX_LISTED, MAX_RANGES, Statistics,
    Summary, TimeWidth, ValueRange, Width, path_levels,
};
pub use digest::{InvalidDigest, Sha256, Sha512};
pub use draft::Draft;
pub use entity::{Access, Checksum, Entity, File, Identifier, Keyword, Level, Link, Name, Source};
pub use event::{Event, IdempotencyKey, LineError, Operation};
pub use filter::{
    Arithmetic, ArrayRelation, Filter, Moment, MomentEnd, Operand, Place, PropertyName, SpatialRelation,
    TemporalRelation,
};
pub use id::{InvalidId, Key, Kind, RECREATION, RecordId};
pub use location::{PayloadLocation, RecordLocation};
pub use query::{
    Comparison, Cursor, Facet, Hit, Page, Query, Region, Searched, Snippet, SortKey, SortValue, Suggestion, TextMode,
    TextQuery, Value,
};
pub use references::{INPUT, MAKES, RECIPE, References};
pub use scope::{HARVEST_SOURCE, HARVESTED, Scope};
pub use space::{BoundingBox, HELIOPROJECTIVE, InvalidBox, Space};
pub use step::{InvalidStep, TimeStep};
pub use time::{Instant, InvalidTime, TimeRange, TimeSpan};
