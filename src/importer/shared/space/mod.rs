//! Footprints on the Earth, on bodies and on the sky: as given when they can be searched; else as far as they can.

mod footprint;
mod region;
mod sphere;
mod wkt;

pub use crate::model::HELIOPROJECTIVE;
pub use footprint::{footprint, of_shape};
pub use region::stc_s;
pub use wkt::wkt;

/// A shape on one body, degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape<'a> {
    /// West may be greater than east: the box crosses the seam. Longitudes 0–360 or ±180, positive east.
    Box {
        west: f64,
        south: f64,
        east: f64,
        north: f64,
    },
    /// Longitude and latitude of corners, in order.
    Polygon(Vec<[f64; 2]>),
    Point([f64; 2]),
    /// Centre and radius, degrees.
    Circle {
        centre: [f64; 2],
        radius: f64,
    },
    /// GeoJSON text of a geometry.
    Geometry(&'a str),
}

impl Shape<'_> {
    /// The shape whose longitudes were counted positive to the west (planetographic, for most bodies), counted to the
    /// east. Geometries stay: GeoJSON counts to the east always.
    pub fn turned_east(self) -> Self {
        let turn = |[longitude, latitude]: [f64; 2]| [-longitude, latitude];
        match self {
            // What lies west in eastward counting has the larger number in westward counting.
            Self::Box { west, south, east, north } => Self::Box { west: -west, south, east: -east, north },
            Self::Polygon(corners) => Self::Polygon(corners.into_iter().map(turn).collect()),
            Self::Point(place) => Self::Point(turn(place)),
            Self::Circle { centre, radius } => Self::Circle { centre: turn(centre), radius },
            Self::Geometry(text) => Self::Geometry(text),
        }
    }
}

/// Body of footprints on the celestial sphere; longitude is right ascension, latitude declination, frame `ICRS`.
pub const SKY: &str = "sky";

#[cfg(test)]
mod tests;
