//! GeoJSON geometries as well-known binary (OGC 06-103r4 § 8), little-endian, with heights where every position has one.

use serde_json::Value;

/// The bytes of a geometry; none for what is none.
pub(super) fn wkb(geometry: &Value) -> Option<Vec<u8>> {
    let mut writer = Writer { out: Vec::with_capacity(128), has_heights: heights(geometry) == Some(true) };
    writer.write(geometry, 0)?;
    Some(writer.out)
}

/// Whether all positions have a height, or none; `None` for some, whose heights the bytes leave out.
pub(super) fn heights(geometry: &Value) -> Option<bool> {
    let (mut with, mut without) = (0_u64, 0_u64);
    count_positions(geometry.get("coordinates").or(geometry.get("geometries"))?, &mut with, &mut without);
    match (with, without) {
        (0, _) => Some(false),
        (_, 0) => Some(true),
        _ => None,
    }
}

/// Stored JSON nests no deeper than its parser allows, so this may recurse.
fn count_positions(value: &Value, with: &mut u64, without: &mut u64) {
    match value {
        Value::Array(list) => match list.as_slice() {
            [Value::Number(_), Value::Number(_), Value::Number(_), ..] => *with += 1,
            [Value::Number(_), ..] => *without += 1,
            parts => parts.iter().for_each(|part| count_positions(part, with, without)),
        },
        Value::Object(part) => {
            let inner = part.get("coordinates").or(part.get("geometries"));
            inner.into_iter().for_each(|inner| count_positions(inner, with, without));
        }
        _ => {}
    }
}

/// Deepest collection within collections.
const MAX_DEPTH: usize = 32;

/// What ISO 13249-3 adds to the code of a geometry with heights.
const WITH_HEIGHTS: u32 = 1000;

struct Writer {
    out: Vec<u8>,
    has_heights: bool,
}

impl Writer {
    fn write(&mut self, geometry: &Value, depth: usize) -> Option<()> {
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
        self.header(code);
        if code == 7 {
            let parts = geometry.get("geometries")?.as_array()?;
            self.count(parts);
            return parts.iter().try_for_each(|part| self.write(part, depth + 1));
        }
        let coordinates = geometry.get("coordinates")?;
        if code <= 3 {
            return self.single(code, coordinates);
        }
        let parts = coordinates.as_array()?;
        self.count(parts);
        parts.iter().try_for_each(|part| {
            self.header(code - 3);
            self.single(code - 3, part)
        })
    }

    /// A point, a line or a polygon.
    fn single(&mut self, code: u32, coordinates: &Value) -> Option<()> {
        match code {
            1 => self.position(coordinates),
            2 => self.positions(coordinates),
            _ => {
                let rings = coordinates.as_array()?;
                self.count(rings);
                rings.iter().try_for_each(|ring| self.positions(ring))
            }
        }
    }

    fn header(&mut self, code: u32) {
        let code = if self.has_heights { code + WITH_HEIGHTS } else { code };
        self.out.push(1);
        self.out.extend_from_slice(&code.to_le_bytes());
    }

    fn count(&mut self, parts: &[Value]) {
        self.out.extend_from_slice(&(parts.len() as u32).to_le_bytes());
    }

    fn position(&mut self, value: &Value) -> Option<()> {
        let numbers = value.as_array()?.iter().take(if self.has_heights { 3 } else { 2 });
        let mut written = 0;
        for number in numbers {
            self.out.extend_from_slice(&number.as_f64()?.to_le_bytes());
            written += 1;
        }
        (written == if self.has_heights { 3 } else { 2 }).then_some(())
    }

    fn positions(&mut self, value: &Value) -> Option<()> {
        let places = value.as_array()?;
        self.count(places);
        places.iter().try_for_each(|place| self.position(place))
    }
}
