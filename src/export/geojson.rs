//! GeoJSON (RFC 7946): a FeatureCollection. Its positions are on the Earth, so a footprint elsewhere is a property.

use serde_json::{Map, Value, json};

use super::{Encoder, ExportError, Row};

#[derive(Default)]
pub(super) struct GeoJson {
    begun: bool,
}

impl Encoder for GeoJson {
    fn start(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[\n");
        Ok(())
    }

    fn record(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), ExportError> {
        if std::mem::replace(&mut self.begun, true) {
            out.extend_from_slice(b",\n");
        }
        serde_json::to_writer(out, &feature(Row::read(record)?))?;
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        out.extend_from_slice(b"\n]}\n");
        Ok(())
    }
}

fn feature(row: Row) -> Value {
    let mut properties = Map::new();
    let texts = [
        ("kind", Some(row.kind.to_owned())),
        ("collection", row.collection.clone()),
        ("title", row.title),
        ("description", row.description),
        ("start_datetime", row.start),
        ("end_datetime", row.stop),
        ("level", row.level),
        ("data_type", row.data_type),
        ("licence", row.licence),
    ];
    for (name, text) in texts {
        text.into_iter().for_each(|text| _ = properties.insert(name.to_owned(), text.into()));
    }
    let lists = [
        ("missions", row.missions),
        ("platforms", row.platforms),
        ("instruments", row.instruments),
        ("targets", row.targets),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        properties.insert(name.to_owned(), list.into());
    }
    properties.extend(row.properties);
    let mut feature = json!({ "type": "Feature", "id": row.id, "geometry": null });
    let place = row.place;
    if let Some(place) = place {
        if place.body == "earth" {
            feature["geometry"] = place.geometry.unwrap_or_default();
            place.bbox.into_iter().for_each(|bbox| feature["bbox"] = json!(bbox));
        } else {
            let elsewhere = json!([{ "body": place.body, "geometry": place.geometry, "bbox": place.bbox }]);
            properties.insert("perennial:footprints".to_owned(), elsewhere);
        }
    }
    feature["properties"] = Value::Object(properties);
    feature
}
