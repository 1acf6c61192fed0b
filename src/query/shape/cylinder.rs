//! Shapes where ±180° is no end: the plane rolled up. One shape is held still and the other is laid beside itself, a turn
//! apart, as often as needed; each entry of the matrix is read where the seams of neither shape show.
//!
//! An area cut at ±180° has edges there that are no boundary. Laid beside itself they cancel (`dissolve`), so that the
//! repeated form is right everywhere; in the single form they show, and those entries are read from the other pairing.

use geo::coordinate_position::CoordPos;
use geo::{Coord, Geometry, Intersects};

use super::dissolve::dissolved;
use super::matrix::Matrix;
use super::parts::Parts;

/// Positions are rounded to multiples of this, 2^-40 degrees or a tenth of a micrometre on the Earth, so that adding a
/// turn is exact: two spellings of one place are equal.
const GRAIN: f64 = 1.0 / 1_099_511_627_776.0;

/// Most turns that a shape is laid out over.
const MAX_TURNS: f64 = 64.0;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cylinder {
    single: Parts,
    /// Least and greatest longitude.
    reach: Option<[f64; 2]>,
    /// Whether edges of the single form are no boundary.
    seamed: bool,
}

impl Cylinder {
    pub(super) fn of(parts: &Parts) -> Self {
        // Adding zero makes -0 to 0.
        let on_grain = |degrees: f64| (degrees / GRAIN).round() * GRAIN + 0.0;
        let single = parts.map(|position| Coord { x: on_grain(position.x), y: on_grain(position.y) });
        let reach = single.reach();
        let mut made = Self { single, reach, seamed: false };
        let touches_a_seam =
            made.reach.is_some_and(|[west, east]| east - west >= 180.0 || west.abs().max(east.abs()) >= 180.0);
        if touches_a_seam && !made.single.areas.is_empty() {
            let beside = made.single.map(|position| Coord { x: position.x + 360.0, ..position });
            let both: Vec<_> = made.single.areas.iter().chain(&beside.areas).cloned().collect();
            made.seamed = dissolved(&both).is_some();
        }
        let closes = made.single.lines.iter().any(|line| {
            let ends = line.0.first().zip(line.0.last());
            ends.is_some_and(|(start, end)| start.y == end.y && start.x != end.x && (end.x - start.x) % 360.0 == 0.0)
        });
        made.seamed |= closes;
        made
    }

    pub(super) fn intersects(&self, other: &Self) -> bool {
        let still = self.single.geometry();
        self.turns(other).into_iter().any(|turn| still.intersects(&other.turned(turn).geometry()))
    }

    pub(super) fn matrix(&self, other: &Self) -> Option<Matrix> {
        let by_one = Matrix::planar(&self.single.geometry(), &other.repeated(self))?;
        let by_other = Matrix::planar(&self.repeated(other), &other.single.geometry())?;
        let choose = |here: CoordPos, there: CoordPos| {
            let from_one = match (here, there) {
                (_, CoordPos::Outside) => true,
                (CoordPos::Outside, _) => false,
                // A point of the other's boundary that lies inside this shape.
                (CoordPos::OnBoundary, CoordPos::Inside) if self.seamed => false,
                _ => !self.seamed || other.seamed,
            };
            if from_one { by_one.get(here, there) } else { by_other.get(here, there) }
        };
        Some(Matrix::combined(choose))
    }

    /// Turns (in degrees) by which the other must be moved to meet this shape's longitudes.
    fn turns(&self, other: &Self) -> Vec<f64> {
        let (Some([west, east]), Some([other_west, other_east])) = (self.reach, other.reach) else { return Vec::new() };
        let first = ((west - other_east) / 360.0).ceil().max(-MAX_TURNS);
        let last = ((east - other_west) / 360.0).floor().min(MAX_TURNS);
        std::iter::successors(Some(first), |turn| Some(turn + 1.0))
            .take_while(|turn| *turn <= last)
            .map(|turn| turn * 360.0)
            .collect()
    }

    fn turned(&self, degrees: f64) -> Parts {
        self.single.map(|position| Coord { x: position.x + degrees, ..position })
    }

    /// This shape beside itself wherever it can meet the other, which stands still.
    fn repeated(&self, still: &Self) -> Geometry<f64> {
        let mut all = Parts::default();
        for turn in still.turns(self) {
            all.join(self.turned(turn));
        }
        if self.seamed
            && let Some(areas) = dissolved(&all.areas)
        {
            all.areas = areas;
        }
        all.geometry()
    }
}
