//! Footprints as records have them to rings, lines and points that a flat map can draw: longitudes within ±180°, parts
//! beyond the edge cut off and drawn at the other side, rings around a pole closed over it.

use serde_json::Value;

use crate::model::{BoundingBox, Space};

/// Points kept of one footprint; of more, every n-th is.
const MAX_POINTS: usize = 4_000;
/// Nesting of geometry collections.
const MAX_DEPTH: usize = 4;

/// Longitude and latitude in degrees.
pub type Position = (f64, f64);

/// What a footprint consists of, unprojected. Longitudes lie within -180 to 180.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parts {
    pub rings: Vec<Vec<Position>>,
    pub lines: Vec<Vec<Position>>,
    pub points: Vec<Position>,
}

/// The outline of one footprint on one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    pub body: String,
    pub parts: Parts,
}

impl Outline {
    /// Reads a footprint; `None` when nothing of it can be drawn.
    pub fn of(space: &Space<'_>) -> Option<Self> {
        let mut raw = Parts::default();
        if let Some(geometry) = space.geometry.and_then(|text| serde_json::from_str::<Value>(text.get()).ok()) {
            collect(&geometry, &mut raw, MAX_DEPTH);
        }
        if raw.is_empty()
            && let Some(bbox) = space.bbox.as_deref().and_then(of_box)
        {
            raw.rings.push(bbox);
        }
        let parts = flatten(raw);
        (!parts.is_empty()).then(|| Self { body: space.body.to_string(), parts })
    }

    /// The outline of a box.
    pub fn of_box(body: &str, bbox: &BoundingBox) -> Option<Self> {
        let ring = of_box(&[bbox.west, bbox.south, bbox.east, bbox.north])?;
        let parts = flatten(Parts { rings: vec![ring], ..Parts::default() });
        Some(Self { body: body.to_owned(), parts })
    }
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.rings.is_empty() && self.lines.is_empty() && self.points.is_empty()
    }

    /// Every position.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.rings.iter().chain(&self.lines).flatten().chain(&self.points).copied()
    }

    /// West, south, east and north of all positions.
    pub fn envelope(&self) -> Option<[f64; 4]> {
        self.positions().fold(None, |known: Option<[f64; 4]>, (x, y)| {
            let [west, south, east, north] = known.unwrap_or([x, y, x, y]);
            Some([west.min(x), south.min(y), east.max(x), north.max(y)])
        })
    }
}

fn of_box(numbers: &[f64]) -> Option<Vec<Position>> {
    let (west, south, east, north) = match *numbers {
        [west, south, east, north] | [west, south, _, east, north, _] => (west, south, east, north),
        _ => return None,
    };
    let usable = |degrees: f64, limit: f64| degrees.is_finite() && degrees.abs() <= limit;
    if !(usable(west, 360.0) && usable(east, 360.0) && usable(south, 90.0) && usable(north, 90.0)) {
        return None;
    }
    let east = if east < west { east + 360.0 } else { east };
    // Sides of a box are parallels: enough points that a long one does not jump over the map.
    let steps = ((east - west) / 30.0).ceil().max(1.0) as usize;
    let along = |at: usize| west + (east - west) * at as f64 / steps as f64;
    let south_side = (0..=steps).map(|at| (along(at), south));
    let north_side = (0..=steps).rev().map(|at| (along(at), north));
    Some(south_side.chain(north_side).collect())
}

fn collect(geometry: &Value, into: &mut Parts, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let coordinates = geometry.get("coordinates").unwrap_or(&Value::Null);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match geometry.get("type").and_then(Value::as_str).unwrap_or("") {
        "Point" => into.points.extend(position(coordinates)),
        "MultiPoint" => into.points.extend(path(coordinates)),
        "LineString" => into.lines.extend(long_enough(path(coordinates), 2)),
        "MultiLineString" => into.lines.extend(list(coordinates).iter().filter_map(|line| long_enough(path(line), 2))),
        "Polygon" => into.rings.extend(list(coordinates).iter().filter_map(|ring| long_enough(path(ring), 3))),
        "MultiPolygon" => {
            let polygons = list(coordinates);
            let rings = polygons.iter().flat_map(&list);
            into.rings.extend(rings.filter_map(|ring| long_enough(path(&ring), 3)));
        }
        "GeometryCollection" => {
            geometry.get("geometries").map(list).unwrap_or_default().iter().for_each(|part| collect(part, into, depth));
        }
        _ => {}
    }
}

fn long_enough(path: Vec<Position>, least: usize) -> Option<Vec<Position>> {
    (path.len() >= least).then_some(path)
}

fn position(value: &Value) -> Option<Position> {
    let numbers = value.as_array()?;
    let (x, y) = (numbers.first()?.as_f64()?, numbers.get(1)?.as_f64()?);
    (x.is_finite() && y.is_finite() && x.abs() <= 720.0 && y.abs() <= 90.0).then_some((x, y))
}

fn path(value: &Value) -> Vec<Position> {
    let positions = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let step = positions.len().div_ceil(MAX_POINTS).max(1);
    positions.iter().step_by(step).filter_map(position).collect()
}

/// Cuts everything to longitudes within ±180°.
fn flatten(raw: Parts) -> Parts {
    let mut flat = Parts::default();
    for ring in raw.rings {
        let ring = close_over_pole(unwrap(ring));
        for shift in [-360.0, 0.0, 360.0] {
            let moved = ring.iter().map(|(x, y)| (x + shift, *y)).collect();
            let cut = keep_side(keep_side(moved, -180.0, false), 180.0, true);
            // What only touches the edge from the other side is nothing to draw.
            flat.rings.extend(long_enough(cut, 3).filter(|cut| shift == 0.0 || width(cut) > 1e-9));
        }
    }
    for line in raw.lines {
        // A line that leaves the map is cut where it jumps to the other side.
        let mut piece: Vec<Position> = Vec::new();
        for (x, y) in line.into_iter().map(|(x, y)| (within(x), y)) {
            if piece.last().is_some_and(|(before, _)| (x - before).abs() > 180.0) {
                flat.lines.extend(long_enough(std::mem::take(&mut piece), 2));
            }
            piece.push((x, y));
        }
        flat.lines.extend(long_enough(piece, 2));
    }
    flat.points = raw.points.into_iter().map(|(x, y)| (within(x), y)).collect();
    flat
}

/// A longitude within -180 to 180.
fn within(x: f64) -> f64 {
    if (-180.0..=180.0).contains(&x) { x } else { (x + 180.0).rem_euclid(360.0) - 180.0 }
}

fn width(ring: &[Position]) -> f64 {
    let ends = ring.iter().fold((f64::MAX, f64::MIN), |(west, east), (x, _)| (west.min(*x), east.max(*x)));
    ends.1 - ends.0
}

/// Longitudes without jumps: each at most half a turn from the one before. A side that is a whole turn long stays one.
fn unwrap(ring: Vec<Position>) -> Vec<Position> {
    let mut before: Option<f64> = None;
    let step = |(x, y)| {
        let x = match before {
            None => within(x),
            Some(known) => {
                let difference = x - known;
                let is_plain = difference.abs() <= 180.0 || difference.abs() == 360.0;
                if is_plain { x } else { known + difference - 360.0 * (difference / 360.0).round() }
            }
        };
        before = Some(x);
        (x, y)
    };
    ring.into_iter().map(step).collect()
}

/// A ring that ends a whole turn from its start goes round a pole: it is closed along the edge of the map.
fn close_over_pole(mut ring: Vec<Position>) -> Vec<Position> {
    let (Some(first), Some(last)) = (ring.first().copied(), ring.last().copied()) else { return ring };
    if (last.0 - first.0).abs() < 300.0 {
        return ring;
    }
    let mean = ring.iter().map(|(_, y)| y).sum::<f64>() / ring.len() as f64;
    let pole = if mean < 0.0 { -90.0 } else { 90.0 };
    ring.extend([(last.0, pole), (first.0, pole)]);
    ring
}

/// The part of a ring on one side of a meridian (Sutherland and Hodgman 1974).
fn keep_side(ring: Vec<Position>, limit: f64, below: bool) -> Vec<Position> {
    let inside = |x: f64| if below { x <= limit } else { x >= limit };
    let mut kept = Vec::with_capacity(ring.len());
    let Some(mut before) = ring.last().copied() else { return kept };
    for point in ring {
        if inside(point.0) != inside(before.0) {
            let share = (limit - before.0) / (point.0 - before.0);
            kept.push((limit, before.1 + share * (point.1 - before.1)));
        }
        if inside(point.0) {
            kept.push(point);
        }
        before = point;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(space: &str) -> Option<Outline> {
        Outline::of(&serde_json::from_str(space).expect("a footprint"))
    }

    #[test]
    fn a_box_across_180_degrees_is_drawn_on_both_sides() {
        let parts = outline(r#"{"bbox":[170,-10,-170,10]}"#).expect("drawable").parts;
        let mut envelopes: Vec<_> =
            parts.rings.iter().map(|ring| Parts { rings: vec![ring.clone()], ..Parts::default() }.envelope()).collect();
        envelopes.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
        assert_eq!(envelopes, [Some([-180.0, -10.0, -170.0, 10.0]), Some([170.0, -10.0, 180.0, 10.0])]);
    }

    #[test]
    fn a_ring_around_a_pole_reaches_the_edge_of_the_map() {
        let ring = r#"{"geometry":{"type":"Polygon","coordinates":[[[-120,70],[0,70],[120,70],[-120,70]]]}}"#;
        let envelope = outline(ring).expect("drawable").parts.envelope().expect("not empty");
        assert_eq!(envelope, [-180.0, 70.0, 180.0, 90.0]);
        let world =
            r#"{"geometry":{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,90],[-180,90],[-180,-90]]]}}"#;
        let parts = outline(world).expect("drawable").parts;
        assert_eq!((parts.rings.len(), parts.envelope()), (1, Some([-180.0, -90.0, 180.0, 90.0])));
    }

    #[test]
    fn broken_geometry_draws_nothing_and_large_geometry_is_thinned() {
        for space in [
            r#"{"geometry":{"type":"Polygon","coordinates":"x"}}"#,
            r#"{"geometry":{"type":"Polygon","coordinates":[[[1,2],[null,3],["a","b"]]]}}"#,
            r#"{"geometry":{"type":"Point","coordinates":[1e308,2]}}"#,
            r#"{"geometry":null,"bbox":[1,2,3]}"#,
            r#"{"bbox":[0,91,1,92]}"#,
            r#"{"geometry":{"type":"GeometryCollection","geometries":[{"type":"Nothing"}]}}"#,
        ] {
            assert_eq!(outline(space), None, "{space}");
        }
        let many: Vec<String> = (0..100_000).map(|n| format!("[{},{}]", n % 90, n % 45)).collect();
        let large = format!(r#"{{"geometry":{{"type":"LineString","coordinates":[{}]}}}}"#, many.join(","));
        assert!(outline(&large).expect("drawable").parts.positions().count() <= MAX_POINTS);
    }

    #[test]
    fn longitudes_up_to_360_are_turned_round() {
        let point = outline(r#"{"body":"sky","geometry":{"type":"Point","coordinates":[350,10]}}"#).expect("drawable");
        assert_eq!(point.parts.points, [(-10.0, 10.0)]);
    }
}
