//! What a shape consists of: points, lines and areas side by side. Longitudes may run beyond ±180°, so that no line and
//! no area jumps.

use geo::dimensions::Dimensions;
use geo::{
    Coord, CoordsIter, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};

/// Points, lines and areas.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Parts {
    pub points: Vec<Coord<f64>>,
    pub lines: Vec<LineString<f64>>,
    pub areas: Vec<Polygon<f64>>,
    /// Lowest and highest height of all positions that have one.
    pub heights: Option<[f64; 2]>,
}

impl Parts {
    /// A rectangle, or the line or point that is left of one without width or height. `west <= east`.
    pub(super) fn of_sides(west: f64, south: f64, east: f64, north: f64) -> Self {
        let east = east.min(west + 360.0);
        let corner = |x: f64, y: f64| Coord { x, y };
        let mut parts = Self::default();
        match (west < east, south < north) {
            (false, false) => parts.points.push(corner(west, south)),
            (true, true) => {
                let ring = vec![
                    corner(west, south),
                    corner(east, south),
                    corner(east, north),
                    corner(west, north),
                    corner(west, south),
                ];
                parts.areas.push(Polygon::new(LineString::new(ring), Vec::new()));
            }
            _ => parts.lines.push(LineString::new(vec![corner(west, south), corner(east, north)])),
        }
        parts
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty() && self.lines.is_empty() && self.areas.is_empty()
    }

    /// Takes in what another consists of.
    pub(super) fn join(&mut self, other: Self) {
        self.points.extend(other.points);
        self.lines.extend(other.lines);
        self.areas.extend(other.areas);
        for [low, high] in other.heights.into_iter() {
            self.see_height(low);
            self.see_height(high);
        }
    }

    pub(super) fn see_height(&mut self, height: f64) {
        let [low, high] = self.heights.unwrap_or([height, height]);
        self.heights = Some([low.min(height), high.max(height)]);
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = Coord<f64>> {
        let of_lines = self.lines.iter().flat_map(|line| line.coords().copied());
        let of_areas = self.areas.iter().flat_map(CoordsIter::coords_iter);
        self.points.iter().copied().chain(of_lines).chain(of_areas)
    }

    /// Whether something lies at or beyond ±180°, where one point has two longitudes.
    pub(super) fn leaves_the_plane(&self) -> bool {
        self.positions().any(|position| position.x.abs() >= 180.0)
    }

    /// Least and greatest longitude.
    pub(super) fn reach(&self) -> Option<[f64; 2]> {
        let reach = |reach: Option<[f64; 2]>, position: Coord<f64>| {
            let [west, east] = reach.unwrap_or([position.x, position.x]);
            Some([west.min(position.x), east.max(position.x)])
        };
        self.positions().fold(None, reach)
    }

    pub(super) fn dimensions(&self) -> Dimensions {
        match (self.areas.is_empty(), self.lines.is_empty(), self.points.is_empty()) {
            (false, _, _) => Dimensions::TwoDimensional,
            (true, false, _) => Dimensions::OneDimensional,
            (true, true, false) => Dimensions::ZeroDimensional,
            (true, true, true) => Dimensions::Empty,
        }
    }

    /// Each position moved.
    pub(super) fn map(&self, place: impl Fn(Coord<f64>) -> Coord<f64> + Copy) -> Self {
        let line = |line: &LineString<f64>| LineString::new(line.coords().map(|position| place(*position)).collect());
        let area =
            |area: &Polygon<f64>| Polygon::new(line(area.exterior()), area.interiors().iter().map(line).collect());
        Self {
            points: self.points.iter().map(|position| place(*position)).collect(),
            lines: self.lines.iter().map(line).collect(),
            areas: self.areas.iter().map(area).collect(),
            heights: self.heights,
        }
    }

    /// The plainest geometry that holds all of it.
    pub(super) fn geometry(&self) -> Geometry<f64> {
        let mut kinds = Vec::with_capacity(3);
        match self.points.as_slice() {
            [] => {}
            [point] => kinds.push(Geometry::Point(Point::from(*point))),
            points => kinds.push(Geometry::MultiPoint(MultiPoint::from(points.to_vec()))),
        }
        match self.lines.as_slice() {
            [] => {}
            [line] => kinds.push(Geometry::LineString(line.clone())),
            lines => kinds.push(Geometry::MultiLineString(MultiLineString::new(lines.to_vec()))),
        }
        match self.areas.as_slice() {
            [] => {}
            [area] => kinds.push(Geometry::Polygon(area.clone())),
            areas => kinds.push(Geometry::MultiPolygon(MultiPolygon::new(areas.to_vec()))),
        }
        match (kinds.len(), kinds.pop()) {
            (1, Some(only)) => only,
            (_, last) => Geometry::GeometryCollection(GeometryCollection::from_iter(kinds.into_iter().chain(last))),
        }
    }
}
