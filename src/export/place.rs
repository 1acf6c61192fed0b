//! Where a record lies, for tables: its first footprint, as geometry and box. A box alone is drawn as an outline.

use serde_json::{Value, json};

use crate::model::Space;

/// The first footprint of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub body: String,
    /// GeoJSON geometry.
    pub geometry: Option<Value>,
    /// West, south, east, north, degrees.
    pub bbox: Option<[f64; 4]>,
    /// Longitude and latitude of the centre and radius of a circle, degrees.
    pub circle: Option<[f64; 3]>,
}

/// The first footprint with a place.
pub fn of(spaces: &[Space<'_>]) -> Option<Place> {
    spaces.iter().find_map(|space| {
        let given = space.geometry.and_then(|text| serde_json::from_str::<Value>(text.get()).ok());
        let given = given.filter(|geometry| geometry.is_object());
        let bbox = match space.bbox.as_deref().unwrap_or_default() {
            [west, south, east, north] | [west, south, _, east, north, _] => Some([*west, *south, *east, *north]),
            _ => given.as_ref().and_then(around),
        };
        let geometry = given.or_else(|| bbox.map(outline));
        let circle = match (space.centre.as_deref(), space.radius) {
            (Some([longitude, latitude, ..]), Some(radius)) => Some([*longitude, *latitude, radius]),
            _ => None,
        };
        geometry.is_some().then(|| Place { body: space.body.to_string(), geometry, bbox, circle })
    })
}

/// The outline of a box, in two parts when it crosses ±180° (RFC 7946 § 3.1.9).
fn outline([west, south, east, north]: [f64; 4]) -> Value {
    let ring =
        |west: f64, east: f64| json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]]);
    if west <= east {
        return json!({ "type": "Polygon", "coordinates": ring(west, east) });
    }
    json!({ "type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)] })
}

/// The box around all positions.
fn around(geometry: &Value) -> Option<[f64; 4]> {
    let mut sides = None;
    visit(geometry.get("coordinates").or(geometry.get("geometries"))?, &mut sides);
    sides
}

fn visit(value: &Value, sides: &mut Option<[f64; 4]>) {
    match value {
        Value::Object(geometry) => {
            if let Some(inner) = geometry.get("coordinates").or(geometry.get("geometries")) {
                visit(inner, sides);
            }
        }
        Value::Array(elements) => {
            if let [Value::Number(x), Value::Number(y), ..] = elements.as_slice() {
                let (Some(x), Some(y)) = (x.as_f64(), y.as_f64()) else { return };
                let [west, south, east, north] = sides.unwrap_or([x, y, x, y]);
                *sides = Some([west.min(x), south.min(y), east.max(x), north.max(y)]);
            } else {
                elements.iter().for_each(|element| visit(element, sides));
            }
        }
        _ => {}
    }
}
