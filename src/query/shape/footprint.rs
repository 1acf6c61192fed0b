//! The footprint of a record as a shape. It is the geometry; where there is none, the circle; where there is none, the box.
//!
//! A geometry with faulty polygons (self-crossing, not closed) counts with its valid parts. If there is none, the box of
//! the record stands for it, and without one the box around its positions: what is stored never becomes unfindable.

use super::parts::Parts;
use super::read::{self, Sides};
use super::{Circle, Shape};
use crate::model::{HELIOPROJECTIVE, Space};

impl Shape {
    /// The shape of one footprint; none without a place, and for angles around the disk of the Sun, which are none.
    pub fn of_footprint(space: &Space<'_>) -> Option<Self> {
        if space.frame.as_deref().is_some_and(|frame| frame.eq_ignore_ascii_case(HELIOPROJECTIVE)) {
            return None;
        }
        let numbers = space.bbox.as_deref().unwrap_or_default();
        let sides = sides_of(numbers);
        let shape = of_geometry(space, sides).or_else(|| of_circle(space)).or_else(|| sides.map(of_sides))?;
        Some(match (shape.heights, numbers) {
            (None, [_, _, low, _, _, high]) if low.is_finite() && high.is_finite() => {
                shape.between_heights(*low, *high)
            }
            _ => shape,
        })
    }

    /// All footprints on a body as one shape; none without any.
    pub fn of_footprints(spaces: &[Space<'_>], body: &str) -> Option<Self> {
        let mut shapes = spaces.iter().filter(|space| space.body == body).filter_map(Self::of_footprint);
        let first = shapes.next()?;
        let Some(second) = shapes.next() else { return Some(first) };
        let mut parts = first.whole();
        std::iter::once(second).chain(shapes).for_each(|shape| parts.join(shape.whole()));
        Some(Self::of_parts(parts))
    }

    /// Whether the shape touches a footprint.
    pub fn intersects_footprint(&self, space: &Space<'_>) -> bool {
        Self::of_footprint(space).is_some_and(|footprint| self.intersects(&footprint))
    }

    /// Everything that the shape consists of, a pole that was taken out included.
    fn whole(&self) -> Parts {
        let mut parts = self.parts.clone();
        parts.points.extend(self.poles.touched().map(|latitude| geo::Coord { x: 0.0, y: latitude }));
        parts.heights = self.heights;
        parts
    }
}

fn of_geometry(space: &Space<'_>, sides: Option<Sides>) -> Option<Shape> {
    let text = space.geometry.map(|geometry| geometry.get()).filter(|text| *text != "null")?;
    let read = read::stored(text, sides).ok()?;
    if !read.parts.is_empty() {
        return Some(Shape::of_parts(read.parts));
    }
    let around = if sides.is_none() { read.faulty } else { None };
    around.map(of_sides)
}

fn of_circle(space: &Space<'_>) -> Option<Shape> {
    let (Some([longitude, latitude, ..]), Some(radius)) = (space.centre.as_deref(), space.radius) else { return None };
    Circle::new(*longitude, *latitude, radius).map(Shape::of_circle)
}

/// West, south, east and north of a stored box.
fn sides_of(numbers: &[f64]) -> Option<Sides> {
    let sides = match *numbers {
        [west, south, east, north] | [west, south, _, east, north, _] => [west, south, east, north],
        _ => return None,
    };
    let [west, south, east, north] = sides;
    let fits = west.abs() <= 360.0 && east.abs() <= 360.0 && south >= -90.0 && north <= 90.0 && south <= north;
    fits.then_some(sides)
}

/// A box read liberally: longitudes up to ±360, `west > east` crosses the seam.
fn of_sides([west, south, east, north]: Sides) -> Shape {
    let east = if east < west { east + 360.0 } else { east };
    // What was 190 to 200 is -170 to -160: the plane's own range where it can be.
    let turn = if west >= 180.0 && east > 180.0 {
        -360.0
    } else if east <= -180.0 && west < -180.0 {
        360.0
    } else {
        0.0
    };
    Shape::of_parts(Parts::of_sides(west + turn, south, east + turn, north))
}
