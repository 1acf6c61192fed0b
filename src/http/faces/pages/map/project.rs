//! From degrees to the plane of the drawing: 360 units wide, 180 high, the same for every projection.

use super::geometry::Position;

/// How a sphere is flattened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Longitude and latitude as they are (plate carrée); east is right.
    Plain,
    /// Hammer's equal-area projection of the whole sky, seen from inside: right ascension grows to the left.
    Sky,
}

/// Longest step, degrees, between drawn points where straight lines become curves.
const STEP: f64 = 4.0;

impl Projection {
    /// A position in the drawing.
    pub fn place(self, (longitude, latitude): Position) -> (f64, f64) {
        match self {
            Self::Plain => (longitude + 180.0, 90.0 - latitude),
            Self::Sky => {
                // Hammer 1892: x = 2√2 cosφ sin(λ/2) / √(1 + cosφ cos(λ/2)), y = √2 sinφ / √(1 + cosφ cos(λ/2)).
                let (half, latitude) = (longitude.to_radians() / 2.0, latitude.to_radians());
                let scale = (1.0 + latitude.cos() * half.cos()).max(1e-9).sqrt();
                let x = 2.0 * latitude.cos() * half.sin() / scale;
                let y = latitude.sin() / scale;
                (180.0 - x * 90.0, 90.0 - y * 90.0)
            }
        }
    }

    /// A path in the drawing, with points between where the projection bends it.
    pub fn path(self, path: &[Position], closed: bool) -> Vec<(f64, f64)> {
        if self == Self::Plain {
            return path.iter().map(|position| self.place(*position)).collect();
        }
        let mut placed = Vec::with_capacity(path.len());
        let mut before = if closed { path.last().copied() } else { None };
        for point in path {
            if let Some((x, y)) = before {
                let steps = ((point.0 - x).abs().max((point.1 - y).abs()) / STEP).ceil().clamp(1.0, 100.0) as usize;
                let between = (1..steps).map(|at| at as f64 / steps as f64);
                placed.extend(between.map(|share| self.place((x + share * (point.0 - x), y + share * (point.1 - y)))));
            }
            placed.push(self.place(*point));
            before = Some(*point);
        }
        placed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sky_fills_an_ellipse_and_right_ascension_grows_to_the_left() {
        let close =
            |(x, y): (f64, f64), (a, b): (f64, f64)| assert!((x - a).abs() < 1e-6 && (y - b).abs() < 1e-6, "{x} {y}");
        close(Projection::Sky.place((0.0, 0.0)), (180.0, 90.0));
        close(Projection::Sky.place((180.0, 0.0)), (0.0, 90.0));
        close(Projection::Sky.place((-180.0, 0.0)), (360.0, 90.0));
        close(Projection::Sky.place((0.0, 90.0)), (180.0, 0.0));
        assert!(Projection::Sky.place((30.0, 0.0)).0 < 180.0);
    }
}
