//! Footprints on the Earth, on bodies and on the sky.

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

/// Body of footprints on the celestial sphere; longitude is right ascension, latitude declination, frame `ICRS`.
pub const SKY: &str = "sky";
