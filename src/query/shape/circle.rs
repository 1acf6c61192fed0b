//! Circles on the sphere: all points within an angle of a centre, as cones of the sky are given. Whether a circle meets
//! something is decided by angles; for the other relations it is the ring of `CORNERS` corners on its edge.

use geo::{Coord, Intersects, LineString, Polygon};

use super::Shape;
use super::parts::Parts;
use super::unroll;

/// Corners of the ring that stands for a circle: it lies at most 0.00008 of the radius within it.
const CORNERS: usize = 256;

/// Angles that differ by less are equal: a hundred times the error of their computation, degrees.
const TOLERANCE: f64 = 1e-9;

/// Longest piece of an edge that is looked at at once, degrees.
const STEP: f64 = 1.0;

/// A centre and the angle around it, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    longitude: f64,
    latitude: f64,
    radius: f64,
}

impl Circle {
    /// None unless the longitude is -360 to 360, the latitude -90 to 90 and the radius 0 to 90.
    pub fn new(longitude: f64, latitude: f64, radius: f64) -> Option<Self> {
        let fits = longitude.abs() <= 360.0 && latitude.abs() <= 90.0 && (0.0..=90.0).contains(&radius);
        let longitude = if longitude.abs() > 180.0 { longitude - 360.0 * longitude.signum() } else { longitude };
        fits.then_some(Self { longitude, latitude, radius })
    }

    /// West, south, east and north of the box around it; `west > east` crosses ±180°.
    pub fn sides(&self) -> [f64; 4] {
        let radius = self.radius + TOLERANCE;
        let (south, north) = ((self.latitude - radius).max(-90.0), (self.latitude + radius).min(90.0));
        if north >= 90.0 || south <= -90.0 {
            return [-180.0, south, 180.0, north];
        }
        let share = radius.to_radians().sin() / self.latitude.to_radians().cos();
        let half = share.clamp(-1.0, 1.0).asin().to_degrees() + TOLERANCE;
        let (west, east) = (self.longitude - half, self.longitude + half);
        let into_range = |longitude: f64| match longitude {
            longitude if longitude < -180.0 => longitude + 360.0,
            longitude if longitude > 180.0 => longitude - 360.0,
            longitude => longitude,
        };
        [into_range(west), south, into_range(east), north]
    }

    fn holds(&self, place: Coord<f64>) -> bool {
        self.angle_to(place) <= self.radius + TOLERANCE
    }

    /// Angle between the centre and a place, degrees (Vincenty's form, exact for small and for large angles).
    fn angle_to(&self, place: Coord<f64>) -> f64 {
        let (sin, cos) = self.latitude.to_radians().sin_cos();
        let (place_sin, place_cos) = place.y.to_radians().sin_cos();
        let (turn_sin, turn_cos) = (place.x - self.longitude).to_radians().sin_cos();
        let across = (place_cos * turn_sin).hypot(cos * place_sin - sin * place_cos * turn_cos);
        across.atan2(sin * place_sin + cos * place_cos * turn_cos).to_degrees()
    }

    /// The ring that stands for it; a point for a radius of nothing.
    pub(super) fn outline(&self) -> Parts {
        let mut parts = Parts::default();
        if self.radius == 0.0 {
            parts.points.push(Coord { x: self.longitude, y: self.latitude });
            return parts;
        }
        if self.radius == 90.0 && self.latitude == 0.0 {
            // The one circle through both poles: a hemisphere between two meridians.
            return Parts::of_sides(self.longitude - 90.0, -90.0, self.longitude + 90.0, 90.0);
        }
        let ring: Vec<Coord<f64>> = (0..=CORNERS).map(|corner| self.corner(corner % CORNERS)).collect();
        let run = unroll::unrolled(&ring);
        let holds_pole = self.latitude.abs() + self.radius >= 90.0;
        let run = match holds_pole {
            true if unroll::gap(&run) != 0.0 => unroll::over_the_pole(run, 90.0_f64.copysign(self.latitude)),
            _ => run,
        };
        parts.areas.push(Polygon::new(LineString::new(run), Vec::new()));
        parts
    }

    /// A corner on the edge, counted to the left from the north.
    fn corner(&self, corner: usize) -> Coord<f64> {
        // Half a step on, so that no corner lies on the meridian of the centre, where a pole may be.
        let bearing = -(corner as f64 + 0.5) / CORNERS as f64 * std::f64::consts::TAU;
        let (sin, cos) = self.latitude.to_radians().sin_cos();
        let (radius_sin, radius_cos) = self.radius.to_radians().sin_cos();
        let y = (sin * radius_cos + cos * radius_sin * bearing.cos()).clamp(-1.0, 1.0);
        let turn = (bearing.sin() * radius_sin * cos).atan2(radius_cos - sin * y);
        let x = self.longitude + turn.to_degrees();
        let in_range = if x > 180.0 {
            x - 360.0
        } else if x < -180.0 {
            x + 360.0
        } else {
            x
        };
        Coord { x: in_range, y: y.asin().to_degrees() }
    }

    /// Whether an edge, straight in the plane, comes within the circle.
    fn meets_edge(&self, start: Coord<f64>, end: Coord<f64>) -> bool {
        let at = |share: f64| Coord { x: start.x + share * (end.x - start.x), y: start.y + share * (end.y - start.y) };
        let angle = |share: f64| self.angle_to(at(share));
        if self.holds(start) || self.holds(end) {
            return true;
        }
        let length = (end.x - start.x).abs().max((end.y - start.y).abs());
        let pieces = (length / STEP).ceil().clamp(1.0, 1000.0);
        // Along the edge the angle changes by at most a degree for each degree: nearer pieces only can hold the least.
        let mut piece = 0.0;
        while piece < pieces {
            let (mut low, mut high) = (piece / pieces, (piece + 1.0) / pieces);
            if angle((low + high) / 2.0) - length / pieces <= self.radius {
                for _ in 0..60 {
                    let third = (high - low) / 3.0;
                    if angle(low + third) < angle(high - third) { high -= third } else { low += third }
                }
                if self.holds(at((low + high) / 2.0)) {
                    return true;
                }
            }
            piece += 1.0;
        }
        false
    }

    fn meets(&self, parts: &Parts) -> bool {
        if parts.points.iter().any(|point| self.holds(*point)) {
            return true;
        }
        let lines = parts
            .lines
            .iter()
            .chain(parts.areas.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors())));
        lines.flat_map(LineString::lines).any(|edge| self.meets_edge(edge.start, edge.end))
    }
}

/// Decides on two shapes of which one is a circle; none when neither is.
pub(super) fn intersects(one: &Shape, other: &Shape) -> Option<bool> {
    let (circle, other) = match (one.circle, other.circle) {
        (Some(one), Some(other)) => {
            let apart = one.angle_to(Coord { x: other.longitude, y: other.latitude });
            return Some(apart <= one.radius + other.radius + TOLERANCE);
        }
        (Some(circle), None) => (circle, other),
        (None, Some(circle)) => (circle, one),
        (None, None) => return None,
    };
    if other.poles.touched().any(|latitude| circle.holds(Coord { x: 0.0, y: latitude })) || circle.meets(&other.parts) {
        return Some(true);
    }
    // No edge comes near: the circle lies within an area or outside of all.
    let around = [-720.0, -360.0, 0.0, 360.0, 720.0];
    let centre_in = |shift: f64| {
        let centre = geo::Point::new(circle.longitude + shift, circle.latitude);
        other.parts.areas.iter().any(|area| area.intersects(&centre))
    };
    Some(around.into_iter().any(centre_in))
}
