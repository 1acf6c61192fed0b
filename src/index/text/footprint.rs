//! Boxes of a record's footprints, as the index compares them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{BoundingBox, Space};

/// Most boxes kept of one record; more become one box around all.
const MAX_BOXES: usize = 64;

/// A box on a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Footprint {
    pub body: String,
    pub area: BoundingBox,
}

/// The footprints of a record: its boxes, else the envelopes of the parts of its geometries.
pub(super) fn footprints(spaces: &[Space<'_>]) -> Vec<Footprint> {
    let mut footprints = Vec::new();
    for space in spaces.iter().take(MAX_BOXES) {
        let body = super::terms::bounded(&space.body.to_lowercase()).into_owned();
        let areas = match space.bbox.as_deref().and_then(box_of_numbers) {
            Some(area) => vec![area],
            None => space.geometry.map(|geometry| envelopes(geometry.get())).unwrap_or_default(),
        };
        footprints.extend(areas.into_iter().map(|area| Footprint { body: body.clone(), area }));
    }
    footprints
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

/// Reads a box liberally: longitudes of 0 to 360 (common for planets and the sky) become -180 to 180.
fn box_of_numbers(numbers: &[f64]) -> Option<BoundingBox> {
    let (west, south, east, north) = match *numbers {
        [west, south, east, north] | [west, south, _, east, north, _] => (west, south, east, north),
        _ => return None,
    };
    let finite = [west, south, east, north].iter().all(|number| number.is_finite());
    finite.then(|| normalised(west, south, east, north))
}

fn normalised(west: f64, south: f64, east: f64, north: f64) -> BoundingBox {
    let (south, north) = (south.min(north).clamp(-90.0, 90.0), north.max(south).clamp(-90.0, 90.0));
    if east - west >= 360.0 {
        return BoundingBox { west: -180.0, south, east: 180.0, north };
    }
    let into_range = |longitude: f64| {
        if (-180.0..=180.0).contains(&longitude) { longitude } else { (longitude + 180.0).rem_euclid(360.0) - 180.0 }
    };
    BoundingBox { west: into_range(west), south, east: into_range(east), north }
}

/// What is read of a GeoJSON geometry.
#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(borrow, default)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow, default)]
    geometries: Vec<&'a RawValue>,
}

/// Envelopes of the parts of a geometry: a multi-geometry cut at ±180° (RFC 7946 § 3.1.9) gives one on each side.
fn envelopes(geometry: &str) -> Vec<BoundingBox> {
    let mut parts = Vec::new();
    let Ok(geometry) = serde_json::from_str::<Geometry<'_>>(geometry) else { return parts };
    let elements = match (geometry.kind.as_str(), geometry.coordinates) {
        ("GeometryCollection", _) => {
            let inner = geometry.geometries.iter().filter_map(|inner| serde_json::from_str(inner.get()).ok());
            inner.filter_map(|inner: Geometry<'_>| inner.coordinates).collect()
        }
        ("MultiPolygon" | "MultiLineString" | "MultiPoint", Some(coordinates)) => {
            serde_json::from_str::<Vec<&RawValue>>(coordinates.get()).unwrap_or_default()
        }
        (_, coordinates) => coordinates.into_iter().collect(),
    };
    parts.extend(elements.into_iter().filter_map(|element| envelope(element.get())));
    if parts.len() > MAX_BOXES {
        let around = parts.iter().copied().reduce(|one, other| BoundingBox {
            west: one.west.min(other.west),
            south: one.south.min(other.south),
            east: one.east.max(other.east),
            north: one.north.max(other.north),
        });
        return around.into_iter().collect();
    }
    parts
}

/// The box around all positions of a coordinates array, whatever its depth.
fn envelope(coordinates: &str) -> Option<BoundingBox> {
    let mut around: Option<[f64; 4]> = None;
    // Positions are the innermost arrays: text between brackets without another bracket.
    for position in coordinates.split(['[', ']']) {
        let mut numbers = position.split(',').map(str::trim).filter_map(|number| number.parse::<f64>().ok());
        let (Some(longitude), Some(latitude)) = (numbers.next(), numbers.next()) else { continue };
        if !(longitude.is_finite() && latitude.is_finite()) {
            continue;
        }
        let [west, south, east, north] = around.unwrap_or([longitude, latitude, longitude, latitude]);
        around = Some([west.min(longitude), south.min(latitude), east.max(longitude), north.max(latitude)]);
    }
    around.map(|[west, south, east, north]| normalised(west, south, east, north))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longitudes_up_to_360_are_brought_into_range() {
        let cases = [
            ([190.0, 0.0, 200.0, 10.0], (-170.0, -160.0)),
            ([170.0, 0.0, 190.0, 10.0], (170.0, -170.0)),
            ([0.0, 0.0, 360.0, 10.0], (-180.0, 180.0)),
            ([-180.0, 0.0, 180.0, 10.0], (-180.0, 180.0)),
            ([175.0, 0.0, -175.0, 10.0], (175.0, -175.0)),
        ];
        for (numbers, (west, east)) in cases {
            let area = box_of_numbers(&numbers).expect("finite");
            assert_eq!((area.west, area.east), (west, east), "{numbers:?}");
        }
    }

    #[test]
    fn a_geometry_cut_at_the_meridian_of_180_gives_two_boxes() {
        let text = r#"{"type":"MultiPolygon","coordinates":[[[[170,-5],[180,-5],[180,5],[170,-5]]],[[[-180,-5],[-170,-5],[-170,5],[-180,-5]]]]}"#;
        let parts = envelopes(text);
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].west, parts[0].east), (170.0, 180.0));
        assert_eq!((parts[1].west, parts[1].east), (-180.0, -170.0));
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
