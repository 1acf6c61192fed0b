//! Hand-made cases, and random shapes against `geo` in a frame of longitudes where nothing crosses anything.

mod cases;
mod random;

use super::*;
use crate::model::Space;

fn shape(text: &str) -> Shape {
    Shape::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn geometry(kind: &str, coordinates: &str) -> Shape {
    shape(&format!(r#"{{"type":"{kind}","coordinates":{coordinates}}}"#))
}

fn area(west: f64, south: f64, east: f64, north: f64) -> Shape {
    Shape::of_box(&BoundingBox { west, south, east, north })
}

fn footprint(text: &str) -> Option<Shape> {
    let space: Space<'_> = serde_json::from_str(text).expect("a footprint");
    Shape::of_footprint(&space)
}

const RELATIONS: [SpatialRelation; 8] = [
    SpatialRelation::Intersects,
    SpatialRelation::Equals,
    SpatialRelation::Disjoint,
    SpatialRelation::Touches,
    SpatialRelation::Within,
    SpatialRelation::Overlaps,
    SpatialRelation::Crosses,
    SpatialRelation::Contains,
];

/// The relations that hold, by their initials.
fn relations(one: &Shape, other: &Shape) -> String {
    let names =
        RELATIONS.iter().filter(|relation| one.relates(**relation, other)).map(|relation| format!("{relation:?}"));
    names.collect::<Vec<_>>().join(" ")
}
