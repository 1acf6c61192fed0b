//! Shapes on a sphere and how they relate: points, lines, polygons with holes, mixtures of them, boxes and circles, in
//! the plane of longitude and latitude (degrees), whose sides at ±180° are one line and whose poles are one point each.
//! Knows nothing of bodies: who compares shapes sees to it that both lie on the same one.
//!
//! Relations are those of DE-9IM (OGC 06-103r4 § 6.1.15). A straight edge is straight in this plane (RFC 7946 § 3.1.1).

mod boxes;
mod circle;
mod cylinder;
mod dissolve;
mod footprint;
mod matrix;
mod parts;
mod poles;
mod read;
mod rings;
#[cfg(test)]
mod tests;
mod unroll;

pub use boxes::PartBox;
pub use circle::Circle;
pub use read::{MAX_POSITIONS, ShapeError};
pub use rings::RingFault;

use geo::Intersects;

use crate::model::{BoundingBox, SpatialRelation};
use cylinder::Cylinder;
use matrix::Matrix;
use parts::Parts;
use poles::Poles;

/// A geometry ready to be compared with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// What it consists of, without what lies at a pole.
    parts: Parts,
    /// The same in the form that geo compares.
    geometry: geo::Geometry<f64>,
    poles: Poles,
    /// Set where the plane is no help: something lies at or beyond ±180° or at a pole.
    cylinder: Option<Cylinder>,
    circle: Option<Circle>,
    /// Lowest and highest height, metres; a shape without them has all heights.
    heights: Option<[f64; 2]>,
}

impl Shape {
    /// Reads a GeoJSON geometry that a query brings, as RFC 7946 says: edges are straight in the plane. What crosses
    /// ±180° is cut there, or its longitudes go on beyond (up to ±360).
    ///
    /// # Errors
    /// `ShapeError` names the rule that was broken.
    pub fn parse(text: &str) -> Result<Self, ShapeError> {
        read::query(text).map(Self::of_parts)
    }

    /// A box; `west > east` crosses ±180°. One without width or height is a line or a point.
    pub fn of_box(bbox: &BoundingBox) -> Self {
        let east = if bbox.west > bbox.east { bbox.east + 360.0 } else { bbox.east };
        Self::of_parts(Parts::of_sides(bbox.west, bbox.south, east, bbox.north))
    }

    /// All points within a distance of a centre on the sphere.
    pub fn of_circle(circle: Circle) -> Self {
        Self { circle: Some(circle), ..Self::of_parts(circle.outline()) }
    }

    fn of_parts(parts: Parts) -> Self {
        let heights = parts.heights;
        let poles = Poles::of(&parts);
        let parts = poles::without(parts);
        let cylinder = (parts.leaves_the_plane() || poles.are_touched()).then(|| Cylinder::of(&parts));
        Self { geometry: parts.geometry(), parts, poles, cylinder, circle: None, heights }
    }

    /// The same shape between two heights, metres.
    #[must_use]
    pub fn between_heights(mut self, low: f64, high: f64) -> Self {
        self.heights = Some([low.min(high), high.max(low)]);
        self
    }

    /// True for the geometry of no place, for example an empty collection.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && !self.poles.are_touched()
    }

    /// Whether the two shapes share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        if !self.heights_meet(other) {
            return false;
        }
        if self.poles.meet(&other.poles) {
            return true;
        }
        if let Some(decided) = circle::intersects(self, other) {
            return decided;
        }
        match (&self.cylinder, &other.cylinder) {
            (None, None) => self.geometry.intersects(&other.geometry),
            _ => Cylinder::intersects(&self.cylinder(), &other.cylinder()),
        }
    }

    /// Whether this shape stands in a relation to another: `self.relates(Within, other)` means that self lies within
    /// other. Heights that both have and that do not meet make shapes disjoint; they matter nowhere else.
    pub fn relates(&self, relation: SpatialRelation, other: &Self) -> bool {
        match relation {
            SpatialRelation::Intersects => return self.intersects(other),
            SpatialRelation::Disjoint => return !self.intersects(other),
            _ => {}
        }
        if self.is_empty() || other.is_empty() || !self.heights_meet(other) {
            return false;
        }
        let matrix = self.matrix(other);
        matrix.is_some_and(|matrix| matrix.fulfils(relation, self.dimensions(), other.dimensions()))
    }

    /// The DE-9IM matrix; none when the geometry library gave up on the two.
    fn matrix(&self, other: &Self) -> Option<Matrix> {
        let mut matrix = match (&self.cylinder, &other.cylinder) {
            (None, None) => Matrix::planar(&self.geometry, &other.geometry)?,
            _ => Cylinder::matrix(&self.cylinder(), &other.cylinder())?,
        };
        self.poles.enter(&other.poles, &mut matrix);
        Some(matrix)
    }

    fn cylinder(&self) -> Cylinder {
        self.cylinder.clone().unwrap_or_else(|| Cylinder::of(&self.parts))
    }

    fn dimensions(&self) -> geo::dimensions::Dimensions {
        self.parts.dimensions().max(self.poles.dimensions())
    }

    fn heights_meet(&self, other: &Self) -> bool {
        match (self.heights, other.heights) {
            (Some([low, high]), Some([other_low, other_high])) => low <= other_high && other_low <= high,
            _ => true,
        }
    }
}
