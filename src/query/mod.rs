//! Query languages and exact geometry: candidates come from an index, this room decides. The one door of `geo` and
//! `cql2`. No I/O.

pub mod cql2;
pub mod evaluate;
mod shape;

pub use shape::{Circle, MAX_POSITIONS, PartBox, RingFault, Shape, ShapeError};
