//! Takes away edges along meridians that two areas share from opposite sides, as those have that were cut at ±180°.
//! Only meridians are looked at, and only positions that are exactly equal.

use std::collections::HashMap;

use geo::coordinate_position::CoordPos;
use geo::{Area, BoundingRect, Coord, CoordinatePosition, Intersects, LineString, Polygon, Winding};

/// An edge of a ring, with its neighbours; the interior lies on its left.
#[derive(Debug, Clone, Copy)]
struct Edge {
    start: Coord<f64>,
    end: Coord<f64>,
    next: usize,
    before: usize,
    gone: bool,
}

/// The same areas without the edges that they share along meridians; none when there is no such edge.
pub(super) fn dissolved(areas: &[Polygon<f64>]) -> Option<Vec<Polygon<f64>>> {
    let mut edges = Edges::of(areas);
    edges.split_meridians();
    edges.cancel().then(|| assembled(edges.rings()))
}

struct Edges(Vec<Edge>);

impl Edges {
    fn of(areas: &[Polygon<f64>]) -> Self {
        let mut edges = Self(Vec::new());
        for area in areas {
            let mut exterior = area.exterior().clone();
            exterior.make_ccw_winding();
            edges.add(&exterior);
            for interior in area.interiors() {
                let mut hole = interior.clone();
                hole.make_cw_winding();
                edges.add(&hole);
            }
        }
        edges
    }

    fn add(&mut self, ring: &LineString<f64>) {
        let from = self.0.len();
        let lines: Vec<_> = ring.lines().filter(|line| line.start != line.end).collect();
        let count = lines.len();
        for (at, line) in lines.into_iter().enumerate() {
            let next = from + (at + 1) % count;
            let before = from + (at + count - 1) % count;
            self.0.push(Edge { start: line.start, end: line.end, next, before, gone: false });
        }
    }

    fn edge(&self, at: usize) -> Option<Edge> {
        self.0.get(at).copied()
    }

    /// Edges along meridians, by their longitude.
    fn meridians(&self) -> HashMap<u64, Vec<usize>> {
        let mut meridians: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, edge) in self.0.iter().enumerate() {
            if edge.start.x == edge.end.x && !edge.gone {
                meridians.entry(edge.start.x.to_bits()).or_default().push(at);
            }
        }
        meridians
    }

    /// Cuts edges where another one of the same meridian begins or ends.
    fn split_meridians(&mut self) {
        for found in self.meridians().into_values().filter(|found| found.len() > 1) {
            let mut latitudes: Vec<f64> =
                found.iter().filter_map(|at| self.edge(*at)).flat_map(|edge| [edge.start.y, edge.end.y]).collect();
            latitudes.sort_by(f64::total_cmp);
            latitudes.dedup();
            for at in found {
                self.split(at, &latitudes);
            }
        }
    }

    fn split(&mut self, at: usize, latitudes: &[f64]) {
        let Some(edge) = self.edge(at) else { return };
        let (low, high) = (edge.start.y.min(edge.end.y), edge.start.y.max(edge.end.y));
        let mut cuts: Vec<f64> = latitudes.iter().copied().filter(|cut| low < *cut && *cut < high).collect();
        if edge.start.y > edge.end.y {
            cuts.reverse();
        }
        let mut last = at;
        for cut in cuts {
            let made = self.0.len();
            let middle = Coord { x: edge.start.x, y: cut };
            let Some(before) = self.0.get_mut(last) else { return };
            let rest = Edge { start: middle, end: before.end, next: before.next, before: last, gone: false };
            (before.end, before.next) = (middle, made);
            if let Some(after) = self.0.get_mut(rest.next) {
                after.before = made;
            }
            self.0.push(rest);
            last = made;
        }
    }

    /// Takes pairs of opposite edges out of their rings. True when there was one.
    fn cancel(&mut self) -> bool {
        let mut any = false;
        for found in self.meridians().into_values() {
            let mut upward: HashMap<(u64, u64), Vec<usize>> = HashMap::new();
            let mut downward = Vec::new();
            for at in found {
                let Some(edge) = self.edge(at) else { continue };
                if edge.start.y < edge.end.y {
                    upward.entry((edge.start.y.to_bits(), edge.end.y.to_bits())).or_default().push(at);
                } else {
                    downward.push((at, (edge.end.y.to_bits(), edge.start.y.to_bits())));
                }
            }
            for (down, ends) in downward {
                if let Some(up) = upward.get_mut(&ends).and_then(Vec::pop) {
                    self.take_out(up, down);
                    any = true;
                }
            }
        }
        any
    }

    /// What came before one goes on behind the other.
    fn take_out(&mut self, up: usize, down: usize) {
        let (Some(one), Some(other)) = (self.edge(up), self.edge(down)) else { return };
        for at in [up, down] {
            if let Some(edge) = self.0.get_mut(at) {
                edge.gone = true;
            }
        }
        if one.before != down {
            self.connect(one.before, other.next);
        }
        if other.before != up {
            self.connect(other.before, one.next);
        }
    }

    fn connect(&mut self, before: usize, next: usize) {
        if let Some(edge) = self.0.get_mut(before) {
            edge.next = next;
        }
        if let Some(edge) = self.0.get_mut(next) {
            edge.before = before;
        }
    }

    fn rings(&self) -> Vec<LineString<f64>> {
        let mut seen = vec![false; self.0.len()];
        let mut rings = Vec::new();
        for first in 0..self.0.len() {
            let mut ring = Vec::new();
            let mut at = first;
            while let Some(edge) = self.edge(at).filter(|edge| !edge.gone) {
                match seen.get_mut(at) {
                    Some(done) if !*done => *done = true,
                    _ => break,
                }
                ring.push(edge.start);
                at = edge.next;
            }
            if ring.len() >= 3 {
                ring.extend(ring.first().copied());
                rings.push(LineString::new(ring));
            }
        }
        rings
    }
}

/// Rings to areas: those with the interior inside are outlines, the others holes of the outline around them.
fn assembled(rings: Vec<LineString<f64>>) -> Vec<Polygon<f64>> {
    let (mut areas, mut holes) = (Vec::new(), Vec::new());
    for ring in rings {
        let area = Polygon::new(ring, Vec::new());
        let size = area.signed_area();
        if size > 0.0 {
            areas.push(area);
        } else if size < 0.0 {
            holes.push(area.into_inner().0);
        }
    }
    for hole in holes {
        let around = areas.iter_mut().find(|area| holds(area, &hole));
        if let Some(area) = around {
            area.interiors_push(hole);
        }
    }
    areas
}

fn holds(area: &Polygon<f64>, hole: &LineString<f64>) -> bool {
    let apart = area.bounding_rect().zip(hole.bounding_rect()).is_none_or(|(one, other)| !one.intersects(&other));
    let outline = Polygon::new(area.exterior().clone(), Vec::new());
    !apart && hole.coords().all(|position| outline.coordinate_position(position) != CoordPos::Outside)
}
