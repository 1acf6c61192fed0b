//! GeoJSON geometries as well-known binary (OGC 06-103r4 § 8), little-endian, in two dimensions.

use serde_json::Value;

/// The bytes of a geometry; none for what is none.
pub(super) fn wkb(geometry: &Value) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(128);
    write(geometry, &mut bytes, 0)?;
    Some(bytes)
}

/// Deepest collection within collections.
const MAX_DEPTH: usize = 32;

fn write(geometry: &Value, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let kind = geometry.get("type")?.as_str()?;
    let code: u32 = match kind {
        "Point" => 1,
        "LineString" => 2,
        "Polygon" => 3,
        "MultiPoint" => 4,
        "MultiLineString" => 5,
        "MultiPolygon" => 6,
        "GeometryCollection" if depth < MAX_DEPTH => 7,
        _ => return None,
    };
    header(code, out);
    if code == 7 {
        let parts = geometry.get("geometries")?.as_array()?;
        count(parts, out);
        return parts.iter().try_for_each(|part| write(part, out, depth + 1));
    }
    let coordinates = geometry.get("coordinates")?;
    match code {
        1 => position(coordinates, out),
        2 => positions(coordinates, out),
        3 => rings(coordinates, out),
        _ => {
            let parts = coordinates.as_array()?;
            count(parts, out);
            parts.iter().try_for_each(|part| {
                header(code - 3, out);
                match code {
                    4 => position(part, out),
                    5 => positions(part, out),
                    _ => rings(part, out),
                }
            })
        }
    }
}

fn header(code: u32, out: &mut Vec<u8>) {
    out.push(1);
    out.extend_from_slice(&code.to_le_bytes());
}

fn count(parts: &[Value], out: &mut Vec<u8>) {
    out.extend_from_slice(&(parts.len() as u32).to_le_bytes());
}

fn position(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let [x, y, ..] = value.as_array()?.as_slice() else { return None };
    out.extend_from_slice(&x.as_f64()?.to_le_bytes());
    out.extend_from_slice(&y.as_f64()?.to_le_bytes());
    Some(())
}

fn positions(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let places = value.as_array()?;
    count(places, out);
    places.iter().try_for_each(|place| position(place, out))
}

fn rings(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let rings = value.as_array()?;
    count(rings, out);
    rings.iter().try_for_each(|ring| positions(ring, out))
}
