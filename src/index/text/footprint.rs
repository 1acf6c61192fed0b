//! Boxes of a record's footprints, as the index compares them; which of them need no further look is said with them.

use crate::model::{BoundingBox, Space};
use crate::query::Shape;

/// Most footprints of one record that are kept apart; the rest become one box around all.
const MAX_FOOTPRINTS: usize = 64;

/// A box on a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Footprint {
    pub body: String,
    pub area: BoundingBox,
    /// What meets the box meets the footprint.
    pub is_exact: bool,
}

/// Boxes of the footprints of a record: together they hold all of it, whatever it is compared with.
pub(super) fn footprints(spaces: &[Space<'_>]) -> Vec<Footprint> {
    let mut footprints = Vec::new();
    let mut take = |body: &str, shape: &Shape| {
        let body = super::terms::bounded(&body.to_lowercase()).into_owned();
        let boxes = shape.boxes().into_iter();
        footprints.extend(boxes.map(|part| Footprint { body: body.clone(), area: part.area, is_exact: part.is_exact }));
    };
    if spaces.len() <= MAX_FOOTPRINTS {
        for space in spaces {
            Shape::of_footprint(space).into_iter().for_each(|shape| take(&space.body, &shape));
        }
        return footprints;
    }
    let bodies: std::collections::BTreeSet<&str> = spaces.iter().map(|space| space.body.as_ref()).collect();
    for body in bodies.into_iter().take(MAX_FOOTPRINTS) {
        Shape::of_footprints(spaces, body).into_iter().for_each(|shape| take(body, &shape));
    }
    footprints
}

/// Whether a box lies within another, so that whatever it holds meets that other.
pub(super) fn is_within(inner: &BoundingBox, outer: &BoundingBox) -> bool {
    if inner.south < outer.south || inner.north > outer.north {
        return false;
    }
    match (inner.west <= inner.east, outer.west <= outer.east) {
        (true, true) | (false, false) => outer.west <= inner.west && inner.east <= outer.east,
        (true, false) => inner.west >= outer.west || inner.east <= outer.east,
        (false, true) => outer.west <= -180.0 && outer.east >= 180.0,
    }
}

/// Whether two boxes have a point in common; edges count. Either may cross ±180°.
pub(super) fn intersects(one: &BoundingBox, other: &BoundingBox) -> bool {
    let overlap = |west: f64, east: f64, other_west: f64, other_east: f64| west <= other_east && other_west <= east;
    if one.south > other.north || other.south > one.north {
        return false;
    }
    match (one.west <= one.east, other.west <= other.east) {
        (true, true) => overlap(one.west, one.east, other.west, other.east),
        (false, true) => other.east >= one.west || other.west <= one.east,
        (true, false) => one.east >= other.west || one.west <= other.east,
        // Both hold the meridian of ±180°.
        (false, false) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_within_another_is_told_across_180_degrees_too() {
        let area = |west, east| BoundingBox { west, south: 0.0, east, north: 1.0 };
        let cases = [
            (area(1.0, 2.0), area(0.0, 3.0), true),
            (area(1.0, 4.0), area(0.0, 3.0), false),
            (area(175.0, -175.0), area(170.0, -170.0), true),
            (area(165.0, -175.0), area(170.0, -170.0), false),
            (area(175.0, 176.0), area(170.0, -170.0), true),
            (area(-176.0, -175.0), area(170.0, -170.0), true),
            (area(-176.0, 175.0), area(170.0, -170.0), false),
            (area(175.0, -175.0), area(-180.0, 180.0), true),
            (area(175.0, -175.0), area(-180.0, 179.0), false),
        ];
        for (inner, outer, expected) in cases {
            assert_eq!(is_within(&inner, &outer), expected, "{inner:?} {outer:?}");
        }
    }

    #[test]
    fn boxes_across_180_degrees_meet_what_lies_on_either_side() {
        let area = |west, east| BoundingBox { west, south: -10.0, east, north: 10.0 };
        let cases = [
            (area(170.0, -170.0), area(175.0, 176.0), true),
            (area(170.0, -170.0), area(-175.0, 0.0), true),
            (area(170.0, -170.0), area(-160.0, 160.0), false),
            (area(170.0, -170.0), area(179.0, -179.0), true),
            (area(0.0, 10.0), area(10.0, 20.0), true),
            (area(0.0, 10.0), area(10.5, 20.0), false),
        ];
        for (one, other, expected) in cases {
            assert_eq!(intersects(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(intersects(&other, &one), expected, "{other:?} {one:?}");
        }
    }
}
