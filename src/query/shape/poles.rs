//! A pole is one point, although the plane draws it as a line of all longitudes. What a shape has there is kept apart and
//! entered into the matrix as that one point; edges along the line stay with their polygons, where they do no harm: next
//! to each of their points the interiors tell the same.

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::{Coord, LineString, Polygon};

use super::matrix::Matrix;
use super::parts::Parts;

const NORTH: f64 = 90.0;
const SOUTH: f64 = -90.0;

/// Where the north pole and the south pole lie in a shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Poles([CoordPos; 2]);

impl Poles {
    pub(super) fn of(parts: &Parts) -> Self {
        Self([NORTH, SOUTH].map(|latitude| place(parts, latitude)))
    }

    pub(super) fn are_touched(&self) -> bool {
        self.0.iter().any(|place| *place != CoordPos::Outside)
    }

    /// Latitudes of the poles that belong to the shape.
    pub(super) fn touched(&self) -> impl Iterator<Item = f64> {
        [NORTH, SOUTH].into_iter().zip(self.0).filter(|(_, place)| *place != CoordPos::Outside).map(|(pole, _)| pole)
    }

    /// Whether a pole belongs to both.
    pub(super) fn meet(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(here, there)| *here != CoordPos::Outside && there != CoordPos::Outside)
    }

    /// A pole alone is a point.
    pub(super) fn dimensions(&self) -> Dimensions {
        if self.are_touched() { Dimensions::ZeroDimensional } else { Dimensions::Empty }
    }

    pub(super) fn enter(&self, other: &Self, matrix: &mut Matrix) {
        for (here, there) in self.0.into_iter().zip(other.0) {
            if (here, there) != (CoordPos::Outside, CoordPos::Outside) {
                matrix.enter_point(here, there);
            }
        }
    }
}

fn place(parts: &Parts, latitude: f64) -> CoordPos {
    let at_pole = |position: &Coord<f64>| position.y == latitude;
    let covered: f64 = parts.areas.iter().map(|area| along(area, at_pole)).sum();
    if covered >= 360.0 - 1e-9 || parts.points.iter().any(at_pole) {
        return CoordPos::Inside;
    }
    if parts.areas.iter().any(|area| area.exterior().coords().any(at_pole)) {
        return CoordPos::OnBoundary;
    }
    let lines = parts.lines.iter().filter(|line| line.coords().any(at_pole));
    let ends = |line: &LineString<f64>| {
        let tips = line.0.first().into_iter().chain(line.0.last()).filter(|tip| at_pole(tip)).count();
        // A line that lies at the pole altogether is the point itself.
        if line.coords().all(at_pole) { 0 } else { tips }
    };
    let mut touching = lines.map(ends).peekable();
    if touching.peek().is_none() {
        return CoordPos::Outside;
    }
    // An odd number of ends makes a boundary point (OGC 06-103r4 § 6.1.7.1).
    if touching.sum::<usize>() % 2 == 1 { CoordPos::OnBoundary } else { CoordPos::Inside }
}

/// Degrees of longitude that an area covers of a pole's line.
fn along(area: &Polygon<f64>, at_pole: impl Fn(&Coord<f64>) -> bool) -> f64 {
    let edges = area.exterior().lines().filter(|edge| at_pole(&edge.start) && at_pole(&edge.end));
    edges.map(|edge| (edge.end.x - edge.start.x).abs()).sum()
}

/// What is left when points and pieces of lines at the poles are taken away.
pub(super) fn without(parts: Parts) -> Parts {
    let at_pole = |position: &Coord<f64>| position.y.abs() >= NORTH;
    let mut lines = Vec::with_capacity(parts.lines.len());
    for line in parts.lines {
        let lies_there = |pair: &[Coord<f64>]| pair.iter().all(at_pole);
        if !line.0.windows(2).any(lies_there) {
            lines.push(line);
            continue;
        }
        let mut piece: Vec<Coord<f64>> = Vec::new();
        for pair in line.0.windows(2) {
            let [start, end] = pair else { continue };
            if lies_there(pair) {
                lines.extend((piece.len() > 1).then(|| LineString::new(std::mem::take(&mut piece))));
                piece.clear();
                continue;
            }
            if piece.is_empty() {
                piece.push(*start);
            }
            piece.push(*end);
        }
        lines.extend((piece.len() > 1).then(|| LineString::new(piece)));
    }
    let points = parts.points.into_iter().filter(|point| !at_pole(point)).collect();
    Parts { points, lines, ..parts }
}
