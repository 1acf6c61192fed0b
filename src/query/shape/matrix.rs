//! The nine intersections of interiors, boundaries and exteriors (DE-9IM, OGC 06-103r4 § 6.1.15), and what each relation
//! asks of them. `geo` fills in the matrix of two shapes in the plane.

use std::panic::{AssertUnwindSafe, catch_unwind};

use geo::coordinate_position::CoordPos;
use geo::dimensions::Dimensions;
use geo::{Geometry, Relate};

use crate::model::SpatialRelation;

const PLACES: [CoordPos; 3] = [CoordPos::Inside, CoordPos::OnBoundary, CoordPos::Outside];

/// Dimension of each intersection, by the place in the one shape and in the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Matrix([[Dimensions; 3]; 3]);

fn index(place: CoordPos) -> usize {
    match place {
        CoordPos::Inside => 0,
        CoordPos::OnBoundary => 1,
        CoordPos::Outside => 2,
    }
}

impl Matrix {
    /// As geo finds it. It is written for valid geometries: on others it may panic, which is answered with none.
    pub(super) fn planar(one: &Geometry<f64>, other: &Geometry<f64>) -> Option<Self> {
        let found = catch_unwind(AssertUnwindSafe(|| one.relate(other))).ok()?;
        Some(Self(PLACES.map(|here| PLACES.map(|there| found.get(here, there)))))
    }

    /// Takes each entry from one of two matrices.
    pub(super) fn combined(choose: impl Fn(CoordPos, CoordPos) -> Dimensions) -> Self {
        Self(PLACES.map(|here| PLACES.map(|there| choose(here, there))))
    }

    pub(super) fn get(&self, here: CoordPos, there: CoordPos) -> Dimensions {
        let row = self.0.get(index(here)).copied().unwrap_or([Dimensions::Empty; 3]);
        row.get(index(there)).copied().unwrap_or(Dimensions::Empty)
    }

    /// A point has been found that lies at these places.
    pub(super) fn enter_point(&mut self, here: CoordPos, there: CoordPos) {
        if let Some(entry) = self.0.get_mut(index(here)).and_then(|row| row.get_mut(index(there))) {
            *entry = (*entry).max(Dimensions::ZeroDimensional);
        }
    }

    /// Whether shapes of these dimensions with this matrix stand in the relation.
    pub(super) fn fulfils(&self, relation: SpatialRelation, one: Dimensions, other: Dimensions) -> bool {
        use CoordPos::{Inside, OnBoundary, Outside};
        let holds = |here, there| self.get(here, there) != Dimensions::Empty;
        let meet = || [Inside, OnBoundary].iter().any(|here| holds(*here, Inside) || holds(*here, OnBoundary));
        let inside = holds(Inside, Inside);
        match relation {
            SpatialRelation::Intersects => meet(),
            SpatialRelation::Disjoint => !meet(),
            SpatialRelation::Touches => !inside && meet(),
            SpatialRelation::Within => inside && !holds(Inside, Outside) && !holds(OnBoundary, Outside),
            SpatialRelation::Contains => inside && !holds(Outside, Inside) && !holds(Outside, OnBoundary),
            SpatialRelation::Equals => {
                let beyond = [(Inside, Outside), (OnBoundary, Outside), (Outside, Inside), (Outside, OnBoundary)];
                inside && !beyond.iter().any(|(here, there)| holds(*here, *there))
            }
            SpatialRelation::Overlaps => {
                let depth = if one == Dimensions::OneDimensional {
                    self.get(Inside, Inside) == Dimensions::OneDimensional
                } else {
                    inside
                };
                one == other && depth && holds(Inside, Outside) && holds(Outside, Inside)
            }
            SpatialRelation::Crosses => match one.cmp(&other) {
                std::cmp::Ordering::Less => inside && holds(Inside, Outside),
                std::cmp::Ordering::Greater => inside && holds(Outside, Inside),
                std::cmp::Ordering::Equal => {
                    one == Dimensions::OneDimensional && self.get(Inside, Inside) == Dimensions::ZeroDimensional
                }
            },
        }
    }
}
