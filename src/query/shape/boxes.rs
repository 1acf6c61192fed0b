//! Boxes around a shape: what an index compares before the shape itself is looked at.

use geo::{BoundingRect, Coord, Polygon, Rect};

use super::Shape;
use crate::model::BoundingBox;

/// Most boxes of one shape; more become one around all.
const MAX_BOXES: usize = 64;

/// Room for the rounding of a longitude that was brought into range, degrees.
const ROOM: f64 = 1e-11;

/// A box around a part of a shape, with longitudes -180 to 180; `west > east` crosses ±180°.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PartBox {
    pub area: BoundingBox,
    /// The part is its box, so that what meets the one meets the other.
    pub is_exact: bool,
}

impl Shape {
    /// Boxes that together hold every point of the shape, one for each part.
    pub fn boxes(&self) -> Vec<PartBox> {
        let mut boxes = self.poles_as_boxes();
        if let Some(circle) = &self.circle {
            let [west, south, east, north] = circle.sides();
            boxes.push(PartBox { area: BoundingBox { west, south, east, north }, is_exact: false });
            return boxes;
        }
        let points = self.parts.points.iter().map(|point| part_box(Rect::new(*point, *point), true));
        let lines = self.parts.lines.iter().filter_map(BoundingRect::bounding_rect).map(|rect| {
            // A line along a meridian or a parallel fills its box only if it does not double back, which it may.
            part_box(rect, false)
        });
        let areas = self.parts.areas.iter();
        let areas = areas.filter_map(|area| Some(part_box(area.bounding_rect()?, is_rectangle(area))));
        boxes.extend(points.chain(lines).chain(areas));
        if boxes.len() <= MAX_BOXES {
            let seams: Vec<PartBox> = boxes.iter().filter_map(other_side).collect();
            boxes.extend(seams);
            return boxes;
        }
        let around = self.envelope().map(|area| PartBox { area, is_exact: false });
        let seam = around.as_ref().and_then(other_side);
        around.into_iter().chain(seam).chain(self.poles_as_boxes()).collect()
    }

    /// A pole is met at every longitude.
    fn poles_as_boxes(&self) -> Vec<PartBox> {
        let line = |pole| BoundingBox { west: -180.0, south: pole, east: 180.0, north: pole };
        self.poles.touched().map(|pole| PartBox { area: line(pole), is_exact: true }).collect()
    }

    /// The smallest box around the shape; it crosses ±180° where that makes it narrower. None for an empty shape.
    pub fn envelope(&self) -> Option<BoundingBox> {
        if let Some(circle) = &self.circle {
            let [west, south, east, north] = circle.sides();
            return Some(BoundingBox { west, south, east, north });
        }
        let rects: Vec<Rect<f64>> = self.rects();
        let parts: Vec<BoundingBox> = rects.into_iter().map(|rect| part_box(rect, false).area).collect();
        let mut south = parts.iter().map(|part| part.south).fold(f64::INFINITY, f64::min);
        let mut north = parts.iter().map(|part| part.north).fold(f64::NEG_INFINITY, f64::max);
        for pole in self.poles.touched() {
            (south, north) = (south.min(pole), north.max(pole));
        }
        if south > north {
            return None;
        }
        let (west, east) = widest_gap(&parts).unwrap_or((-180.0, 180.0));
        Some(BoundingBox { west, south, east, north })
    }

    fn rects(&self) -> Vec<Rect<f64>> {
        let points = self.parts.points.iter().map(|point| Rect::new(*point, *point));
        let lines = self.parts.lines.iter().filter_map(BoundingRect::bounding_rect);
        let areas = self.parts.areas.iter().filter_map(BoundingRect::bounding_rect);
        points.chain(lines).chain(areas).collect()
    }
}

/// What reaches -180° is at 180° too, and the other way round.
fn other_side(part: &PartBox) -> Option<PartBox> {
    let BoundingBox { west, east, .. } = part.area;
    let seam = match (west <= -180.0, east >= 180.0) {
        _ if west > east => return None,
        (true, false) => 180.0,
        (false, true) => -180.0,
        _ => return None,
    };
    Some(PartBox { area: BoundingBox { west: seam, east: seam, ..part.area }, ..*part })
}

/// West and east of what is left when the widest stretch of longitudes without any part is taken away.
fn widest_gap(parts: &[BoundingBox]) -> Option<(f64, f64)> {
    let mut spans: Vec<(f64, f64)> =
        parts.iter().flat_map(BoundingBox::parts).map(|part| (part.west, part.east)).collect();
    spans.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (first, _) = *spans.first()?;
    let mut reached = f64::NEG_INFINITY;
    let mut best: Option<(f64, f64, f64)> = None;
    for (west, east) in spans {
        let gap = west - reached;
        if reached.is_finite() && gap > best.map_or(0.0, |(width, ..)| width) {
            best = Some((gap, west, reached));
        }
        reached = reached.max(east);
    }
    // The stretch from the last part over ±180° to the first.
    let around = first + 360.0 - reached;
    match best {
        Some((gap, west, east)) if gap > around => Some((west, east)),
        _ => Some((first, reached)),
    }
}

fn part_box(rect: Rect<f64>, is_exact: bool) -> PartBox {
    let (Coord { x: west, y: south }, Coord { x: east, y: north }) = (rect.min(), rect.max());
    if east - west >= 360.0 {
        return PartBox { area: BoundingBox { west: -180.0, south, east: 180.0, north }, is_exact };
    }
    if west >= -180.0 && east <= 180.0 {
        return PartBox { area: BoundingBox { west, south, east, north }, is_exact };
    }
    let into_range = |longitude: f64| {
        if (-180.0..=180.0).contains(&longitude) { longitude } else { (longitude + 180.0).rem_euclid(360.0) - 180.0 }
    };
    // Rounding must not lose a neighbour, so the box gets a little room and is the shape no more.
    let area = match (into_range(west - ROOM), into_range(east + ROOM)) {
        (west, east) if west <= east && rect.width() + 2.0 * ROOM > east - west + 1e-6 => {
            BoundingBox { west: -180.0, south, east: 180.0, north }
        }
        (west, east) => BoundingBox { west, south, east, north },
    };
    PartBox { area, is_exact: false }
}

/// Five positions at the corners of a box, without a hole.
fn is_rectangle(area: &Polygon<f64>) -> bool {
    let ring = area.exterior();
    let square = ring.0.windows(2).all(|pair| matches!(pair, [one, other] if (one.x == other.x) != (one.y == other.y)));
    area.interiors().is_empty() && ring.0.len() == 5 && square
}
