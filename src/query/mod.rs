//! Exact geometry: candidates come from an index, this room decides. The one door of `geo`.

mod shape;

pub use shape::{Shape, ShapeError};
