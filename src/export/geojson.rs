//! GeoJSON (RFC 7946): a FeatureCollection. Its positions are on the Earth, so a footprint elsewhere is a property.

use serde_json::{Value, json};

use super::{Encoder, ExportError, Row, Shown};

#[derive(Default)]
pub(super) struct GeoJson {
    written: u64,
}

impl Encoder for GeoJson {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[\n");
        Ok(())
    }

    fn record(&mut self, shown: &Shown, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if self.written > 0 {
            out.extend_from_slice(b",\n");
        }
        self.written += 1;
        match &shown.feature {
            Some(feature) => out.extend_from_slice(feature.as_bytes()),
            None => serde_json::to_writer(out, &feature(Row::read(&shown.record)?))?,
        }
        Ok(())
    }

    /// `numberReturned` stands behind the features: a reader who misses it has a part.
    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(format!("\n],\"numberReturned\":{}}}\n", self.written).as_bytes());
        Ok(())
    }
}

fn feature(mut row: Row) -> Value {
    let mut properties = row.described();
    properties.insert("kind".to_owned(), json!(row.kind));
    let mut feature = json!({ "type": "Feature", "id": row.id, "geometry": null });
    properties.extend(std::mem::take(&mut row.properties));
    match row.place {
        Some(place) if place.body == "earth" => {
            feature["geometry"] = place.geometry.unwrap_or_default();
            place.bbox.into_iter().for_each(|bbox| feature["bbox"] = json!(bbox));
        }
        Some(place) => {
            let elsewhere = json!([{ "body": place.body, "geometry": place.geometry, "bbox": place.bbox }]);
            properties.insert("perennial:footprints".to_owned(), elsewhere);
        }
        None => {}
    }
    feature["properties"] = Value::Object(properties);
    feature
}
