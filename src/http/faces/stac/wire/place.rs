//! `geometry` and `bbox` of an Item: as given; a box that is missing or unusable is computed from the geometry.

use super::item::Stored;
use crate::model::json::{self, Fields, read_string};
use crate::model::{Draft, scan};

/// Writes both. STAC geometry is on Earth (RFC 7946: WGS84), so footprints elsewhere are given by
/// `perennial:footprints` alone, unless the record came as an Item that had them here.
pub(super) fn write(stored: &Stored<'_>, stac: &Fields<'_>, item: &mut Draft) {
    let on_earth = |footprint: &&str| {
        let body = scan::member(footprint, "body").and_then(read_string);
        stored.stac.is_some() || body.is_none_or(|body| body == "earth")
    };
    let footprint = scan::elements(stored.space.unwrap_or_default()).find(on_earth).unwrap_or("");
    let given = |name| stac.get(name).or_else(|| scan::member(footprint, name));
    let bbox = given("bbox").filter(|bbox| is_box(bbox));
    match given("geometry").filter(|geometry| is_geometry(geometry)) {
        Some(geometry) => {
            item.raw("geometry", geometry);
            match bbox {
                Some(bbox) => item.raw("bbox", bbox),
                None => item.raw("bbox", &envelope(geometry)),
            }
        }
        // A product with nothing but a box: its outline is a geometry too.
        None => match bbox.and_then(outline) {
            Some(geometry) => {
                item.raw("geometry", &geometry);
                item.raw("bbox", bbox.unwrap_or("null"));
            }
            None => item.raw("geometry", "null"),
        },
    }
}

fn is_geometry(text: &str) -> bool {
    let positions = scan::member(text, "coordinates").or_else(|| scan::member(text, "geometries"));
    scan::member(text, "type").is_some() && positions.is_some_and(|positions| positions.starts_with('['))
}

fn is_box(text: &str) -> bool {
    let is_number = |element: &str| element.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    matches!(scan::elements(text).filter(|element| is_number(element)).count(), 4 | 6)
}

/// West, south, east and north of all positions.
fn envelope(geometry: &str) -> String {
    let (mut west, mut south, mut east, mut north) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
    let mut include = |longitude: f64, latitude: f64| {
        (west, east) = (west.min(longitude), east.max(longitude));
        (south, north) = (south.min(latitude), north.max(latitude));
    };
    positions(geometry, &mut include);
    serde_json::to_string(&[west, south, east, north]).unwrap_or_else(|_| "[-180,-90,180,90]".to_owned())
}

fn positions(text: &str, include: &mut impl FnMut(f64, f64)) {
    if let Some(object) = Fields::of_valid(text) {
        let inner = object.get("coordinates").or(object.get("geometries"));
        return inner.into_iter().for_each(|inner| positions(inner, include));
    }
    if let Ok(numbers) = serde_json::from_str::<Vec<f64>>(text) {
        if let [longitude, latitude, ..] = *numbers.as_slice() {
            include(longitude, latitude);
        }
        return;
    }
    json::elements(text).unwrap_or_default().into_iter().for_each(|part| positions(part, include));
}

/// The outline of a box as a Polygon, or as two parts when it crosses ±180° (RFC 7946 § 3.1.9).
fn outline(bbox: &str) -> Option<String> {
    let numbers: Vec<f64> = serde_json::from_str(bbox).ok()?;
    let (west, south, east, north) = match *numbers.as_slice() {
        [west, south, east, north] | [west, south, _, east, north, _] => (west, south, east, north),
        _ => return None,
    };
    let ring = |west: f64, east: f64| [[[west, south], [east, south], [east, north], [west, north], [west, south]]];
    if west <= east {
        let coordinates = serde_json::to_string(&ring(west, east)).ok()?;
        return Some(format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#));
    }
    let coordinates = serde_json::to_string(&[ring(west, 180.0), ring(-180.0, east)]).ok()?;
    Some(format!(r#"{{"type":"MultiPolygon","coordinates":{coordinates}}}"#))
}
