//! Maps of footprints as SVG: Earth with its land, other bodies with a graticule, the sky as a whole. Broken geometry
//! draws nothing; very large geometry is thinned.

mod draw;
mod geometry;
mod project;

pub use draw::{Footprint, View, footprints};
pub use geometry::Outline;
