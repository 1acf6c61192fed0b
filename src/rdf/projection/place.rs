//! Where a record looks, as WKT of GeoSPARQL with the reference system of its body. Longitude comes first, in degrees.

use std::fmt::Write;

use serde::Deserialize;

use super::concepts::{CONCEPTS, Role, concept};
use super::sink::Sink;
use super::words;
use crate::model::json::{self, Fields};
use crate::model::uri::encode;
use crate::model::{BoundingBox, Entity, Space};

/// Most footprints of a record that are stated, and most positions of one: the longest real one has 3,000.
const MOST: usize = 100;
const MOST_POSITIONS: usize = 100_000;

pub(super) fn describe(sink: &mut Sink<'_>, entity: &Entity<'_>, fields: &Fields<'_>) {
    for (number, space) in (1_usize..).zip(entity.space.iter().take(MOST)) {
        footprint(sink, number, space);
    }
    if entity.space.is_empty() {
        of_extent(sink, fields);
    }
}

/// Footprints of a collection that are given as an extent alone.
fn of_extent(sink: &mut Sink<'_>, fields: &Fields<'_>) {
    let spatial =
        fields.get("extent").and_then(Fields::of_valid).and_then(|extent| Fields::of_valid(extent.get("spatial")?));
    let boxes = spatial.and_then(|spatial| json::elements(spatial.get("bbox")?)).unwrap_or_default();
    for (number, text) in (1_usize..).zip(boxes.into_iter().take(MOST)) {
        if let Ok(numbers) = serde_json::from_str::<Vec<f64>>(text) {
            let space = Space {
                body: "earth".into(),
                frame: None,
                geometry: None,
                bbox: Some(numbers),
                centre: None,
                radius: None,
            };
            footprint(sink, number, &space);
        }
    }
}

fn footprint(sink: &mut Sink<'_>, number: usize, space: &Space<'_>) {
    let around =
        space.bbox.as_deref().and_then(|numbers| BoundingBox::from_numbers(numbers).ok()).map(|edges| wkt_of(&edges));
    let centre = space.centre.as_deref().and_then(|centre| Some(format!("POINT({})", position(centre)?)));
    let shape = space.geometry.and_then(|geometry| wkt(geometry.get()));
    if shape.is_none() && around.is_none() && centre.is_none() {
        return;
    }
    let node = sink.part(&format!("place-{number}"));
    let system = reference_system(space);
    let mut state = |predicate, text: Option<&String>| {
        if let Some(text) = text {
            sink.typed_of(&node, predicate, format!("{system}{text}"), words::WKT_LITERAL);
        }
    };
    state(words::AS_WKT, shape.as_ref().or(around.as_ref()).or(centre.as_ref()));
    state(words::BBOX, around.as_ref());
    state(words::CENTROID, centre.as_ref());
    sink.iri(words::SPATIAL, node.clone());
    sink.iri_of(&node, words::TYPE, words::LOCATION);
    sink.iri_of(&node, words::TYPE, words::GEOMETRY);
    if let Some(radius) = space.radius {
        sink.typed_of(&node, words::RADIUS, radius.to_string(), words::DECIMAL);
    }
    if space.body != "earth" {
        sink.iri_of(&node, words::BODY, concept(sink.base, Role::Target, &space.body, None));
        sink.text_of(&node, words::FRAME, space.frame.as_deref().unwrap_or_default());
    }
}

/// What stands before a WKT: nothing for the Earth, whose longitudes and latitudes are CRS84, the default of GeoSPARQL. For
/// another body a system of ours that says longitude first, because those of the IAU put latitude first and records do
/// not tell which of them they mean.
fn reference_system(space: &Space<'_>) -> String {
    if space.body == "earth" {
        return String::new();
    }
    let frame = space.frame.as_deref().filter(|frame| !frame.is_empty() && frame.len() <= 200);
    let frame = frame.map_or(String::new(), |frame| format!("/{}", encode(frame)));
    format!("<{CONCEPTS}crs/{}{frame}> ", encode(&space.body))
}

/// A box as a polygon, or as the two on both sides of 180°.
fn wkt_of(edges: &BoundingBox) -> String {
    let ring = |edges: &BoundingBox| {
        let BoundingBox { west, south, east, north } = edges;
        format!("(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))")
    };
    match edges.parts().as_slice() {
        [one] => format!("POLYGON{}", ring(one)),
        parts => format!("MULTIPOLYGON({})", parts.iter().map(ring).collect::<Vec<_>>().join(",")),
    }
}

/// Coordinates of GeoJSON, however deep they nest.
#[derive(Deserialize)]
#[serde(untagged)]
enum Coordinates {
    Number(f64),
    List(Vec<Coordinates>),
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Option<Coordinates>,
    #[serde(default)]
    geometries: Vec<Geometry>,
}

/// A GeoJSON geometry as WKT; heights are left out. `None` for what is none, or has more positions than any footprint.
fn wkt(text: &str) -> Option<String> {
    let geometry: Geometry = serde_json::from_str(text).ok()?;
    let mut written = String::new();
    let mut left = MOST_POSITIONS;
    write_geometry(&mut written, &geometry, &mut left)?;
    Some(written)
}

fn write_geometry(written: &mut String, geometry: &Geometry, left: &mut usize) -> Option<()> {
    if geometry.kind == "GeometryCollection" {
        written.push_str("GEOMETRYCOLLECTION(");
        for (place, part) in geometry.geometries.iter().enumerate() {
            written.push_str(if place > 0 { "," } else { "" });
            write_geometry(written, part, left)?;
        }
        written.push(')');
        return (!geometry.geometries.is_empty()).then_some(());
    }
    let depth = match geometry.kind.as_str() {
        "Point" => 0,
        "MultiPoint" | "LineString" => 1,
        "MultiLineString" | "Polygon" => 2,
        "MultiPolygon" => 3,
        _ => return None,
    };
    written.push_str(&geometry.kind.to_ascii_uppercase());
    written.push_str(if depth == 0 { "(" } else { "" });
    write_coordinates(written, geometry.coordinates.as_ref()?, depth, left)?;
    written.push_str(if depth == 0 { ")" } else { "" });
    Some(())
}

fn write_coordinates(written: &mut String, coordinates: &Coordinates, depth: usize, left: &mut usize) -> Option<()> {
    let Coordinates::List(list) = coordinates else { return None };
    let Some(inner) = depth.checked_sub(1) else {
        *left = left.checked_sub(1)?;
        let number = |part: &Coordinates| match part {
            Coordinates::Number(number) => Some(*number),
            Coordinates::List(_) => None,
        };
        let numbers: Option<Vec<f64>> = list.iter().map(number).collect();
        written.push_str(&position(&numbers?)?);
        return Some(());
    };
    written.push('(');
    for (place, part) in list.iter().enumerate() {
        written.push_str(if place > 0 { "," } else { "" });
        write_coordinates(written, part, inner, left)?;
    }
    written.push(')');
    (!list.is_empty()).then_some(())
}

/// Longitude and latitude, if both are numbers.
fn position(numbers: &[f64]) -> Option<String> {
    let (longitude, latitude) = (numbers.first()?, numbers.get(1)?);
    let mut written = String::new();
    // Writing into a text has no failure.
    let _ = write!(written, "{longitude} {latitude}");
    (longitude.is_finite() && latitude.is_finite()).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometries_become_wkt_or_nothing() {
        let cases = [
            (r#"{"type":"Point","coordinates":[10.50,-2,7]}"#, Some("POINT(10.5 -2)")),
            (r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#, Some("MULTIPOINT(1 2,3 4)")),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#, Some("POLYGON((0 0,1 0,1 1,0 0))")),
            (
                r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1e-7,0],[0,0]]]]}"#,
                Some("MULTIPOLYGON(((0 0,0.0000001 0,0 0)))"),
            ),
            (
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[1,2],[3,4]]}]}"#,
                Some("GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4))"),
            ),
            (r#"{"type":"Polygon","coordinates":[[0,0],[1,1]]}"#, None),
            (r#"{"type":"Polygon","coordinates":[]}"#, None),
            (r#"{"type":"Point","coordinates":[1]}"#, None),
            (r#"{"type":"Point","coordinates":[[1,2]]}"#, None),
            (r#"{"type":"Circle","coordinates":[1,2]}"#, None),
            ("null", None),
        ];
        for (geometry, expected) in cases {
            assert_eq!(wkt(geometry).as_deref(), expected, "{geometry}");
        }
    }

    #[test]
    fn a_box_across_180_degrees_is_two_polygons() {
        let edges = BoundingBox { west: 179.0, south: -1.0, east: -179.0, north: 1.0 };
        assert_eq!(
            wkt_of(&edges),
            "MULTIPOLYGON(((179 -1,180 -1,180 1,179 1,179 -1)),((-180 -1,-179 -1,-179 1,-180 1,-180 -1)))"
        );
    }
}
