//! A record as a row of a table. A record of this archive has the same first columns always, then its properties. One in
//! the form of another standard is a GeoJSON feature, whose members and properties all become columns.

use serde_json::{Map, Value, json};

use super::place::{self, Place};
use super::wkb::heights;
use super::{ExportError, Shown};
use crate::model::uri::encode;
use crate::model::{Entity, Instant, Name};

/// A file of the product.
#[derive(Debug, Clone, PartialEq)]
pub struct FileCell {
    pub name: String,
    pub media_type: Option<String>,
    pub role: Option<String>,
    /// Where it is, unless the archive holds it.
    pub href: Option<String>,
}

/// A stored record in columns.
#[derive(Debug)]
pub struct Row {
    pub kind: &'static str,
    pub id: String,
    pub collection: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    /// As written.
    pub start: Option<String>,
    pub stop: Option<String>,
    pub place: Option<Place>,
    pub level: Option<String>,
    pub data_type: Option<String>,
    pub missions: Vec<String>,
    pub platforms: Vec<String>,
    pub instruments: Vec<String>,
    pub targets: Vec<String>,
    pub licence: Option<String>,
    pub files: Vec<FileCell>,
    pub properties: Map<String, Value>,
}

impl Row {
    /// Reads a stored record.
    ///
    /// # Errors
    /// The JSON error, for what is no record.
    pub fn read(record: &[u8]) -> Result<Self, ExportError> {
        let entity = Entity::view(record)?;
        let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
        let labels = |names: &[Name<'_>]| names.iter().map(|name| name.label.clone().into_owned()).collect();
        let properties = match entity.properties {
            Some(text) => serde_json::from_str(text.get())?,
            None => Map::new(),
        };
        let files = entity.files.into_iter().map(|file| FileCell {
            name: file.name.into_owned(),
            media_type: owned(file.media_type),
            role: owned(file.role),
            href: owned(file.href),
        });
        let (start, stop) = entity.time.map_or((None, None), |time| (owned(time.start), owned(time.stop)));
        Ok(Self {
            kind: entity.kind.as_str(),
            place: place::of(&entity.space),
            missions: labels(&entity.missions),
            platforms: labels(&entity.platforms),
            instruments: labels(&entity.instruments),
            targets: labels(&entity.targets),
            level: entity.level.and_then(|level| owned(level.normalised.or(level.as_written))),
            id: entity.id.into_owned(),
            collection: owned(entity.collection),
            title: owned(entity.title),
            description: owned(entity.description),
            data_type: owned(entity.data_type),
            licence: owned(entity.licence),
            start,
            stop,
            files: files.collect(),
            properties,
        })
    }

    /// Start and end of observation, microseconds since 1970.
    pub fn instants(&self) -> [Option<i64>; 2] {
        let read =
            |text: &Option<String>| text.as_deref().and_then(|text| Instant::parse(text).ok()).map(Instant::micros);
        [read(&self.start), read(&self.stop)]
    }

    /// What is known of it by name, beside its identity and footprint.
    pub fn described(&mut self) -> Map<String, Value> {
        let texts = [
            ("collection", self.collection.clone()),
            ("title", self.title.take()),
            ("description", self.description.take()),
            ("start_datetime", self.start.clone()),
            ("end_datetime", self.stop.clone()),
            ("level", self.level.take()),
            ("data_type", self.data_type.take()),
            ("licence", self.licence.take()),
        ];
        let lists = [
            ("missions", &mut self.missions),
            ("platforms", &mut self.platforms),
            ("instruments", &mut self.instruments),
            ("targets", &mut self.targets),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?))));
        let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
        let lists = lists.map(|(name, list)| (name.to_owned(), Value::from(std::mem::take(list))));
        texts.chain(lists).collect()
    }

    /// Its place, if that is on the Earth.
    pub fn on_earth(&self) -> Option<&Place> {
        self.place.as_ref().filter(|place| place.body == "earth")
    }

    /// Its files as the assets of an Item.
    fn assets(&self, base: &str) -> Value {
        let asset = |file: &FileCell| {
            let mut asset = json!({ "href": self.href_of(file, base), "title": file.name });
            if let Some(media_type) = &file.media_type {
                asset["type"] = json!(media_type);
            }
            if let Some(role) = &file.role {
                asset["roles"] = json!([role]);
            }
            (file.name.clone(), asset)
        };
        Value::Object(self.files.iter().map(asset).collect())
    }

    fn href_of(&self, file: &FileCell, base: &str) -> String {
        match (&file.href, &self.collection) {
            (Some(href), _) => href.clone(),
            (None, Some(collection)) => {
                let product = format!("{base}/api/v1/collections/{}/products/{}", encode(collection), encode(&self.id));
                format!("{product}/files/{}", encode(&file.name))
            }
            (None, None) => file.name.clone(),
        }
    }
}

/// A record whose every member has a name, and its footprint.
#[derive(Debug, Default)]
pub struct Lifted {
    pub members: Map<String, Value>,
    pub geometry: Option<Value>,
    /// West, south, east, north, degrees.
    pub bbox: Option<[f64; 4]>,
}

impl Lifted {
    /// A record as it is shown: a feature as it is, a stored record as stac-geoparquet would have it.
    ///
    /// # Errors
    /// `ExportError` for what is no record.
    pub fn read(shown: &Shown, base: &str) -> Result<Self, ExportError> {
        match &shown.feature {
            Some(feature) => Ok(Self::of_feature(serde_json::from_str(feature)?)),
            None => Row::read(&shown.record).map(|row| Self::of_row(row, base)),
        }
    }

    fn of_feature(mut feature: Map<String, Value>) -> Self {
        let geometry = feature.remove("geometry").filter(Value::is_object);
        let sides = feature.remove("bbox");
        let bbox = sides.as_ref().and_then(sides_of);
        let properties = match feature.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        let mut members = feature;
        for (name, value) in properties {
            let is_taken = members.contains_key(&name) || matches!(name.as_str(), "geometry" | "bbox");
            members.insert(if is_taken { format!("properties.{name}") } else { name }, value);
        }
        // A box with heights has no column that holds it.
        if let Some(sides) = sides.filter(|sides| sides.as_array().is_some_and(|sides| sides.len() != 4)) {
            members.insert("perennial:bbox".to_owned(), sides);
        }
        // Nor have heights that some positions have and others have not.
        if let Some(mixed) = geometry.as_ref().filter(|geometry| heights(geometry).is_none()) {
            members.insert("perennial:geometry".to_owned(), mixed.clone());
        }
        Self { members, geometry, bbox }
    }

    fn of_row(mut row: Row, base: &str) -> Self {
        let mut members = row.described();
        members.insert("type".to_owned(), json!("Feature"));
        members.insert("stac_version".to_owned(), json!("1.1.0"));
        members.insert("stac_extensions".to_owned(), json!([]));
        members.insert("id".to_owned(), json!(row.id));
        // An Item with a span has no datetime (STAC common metadata); an instant is all three.
        let datetime = match row.instants() {
            [Some(start), Some(stop)] if start != stop => None,
            [start, stop] => {
                row.start.clone().filter(|_| start.is_some()).or(row.stop.clone().filter(|_| stop.is_some()))
            }
        };
        members.insert("datetime".to_owned(), json!(datetime));
        members.insert("assets".to_owned(), row.assets(base));
        let own = row.collection.as_ref().map(|collection| {
            let href = format!("{base}/stac/collections/{}/items/{}", encode(collection), encode(&row.id));
            json!({ "href": href, "rel": "self", "type": "application/geo+json" })
        });
        members.insert("links".to_owned(), own.into_iter().collect());
        if let Some(place) = &row.place {
            members.insert("body".to_owned(), json!(place.body));
        }
        let (geometry, bbox) = row.on_earth().map_or((None, None), |place| (place.geometry.clone(), place.bbox));
        for (name, value) in row.properties {
            let is_taken = members.contains_key(&name) || matches!(name.as_str(), "geometry" | "bbox" | "collection");
            members.insert(if is_taken { format!("properties.{name}") } else { name }, value);
        }
        Self { members, geometry, bbox }
    }
}

fn sides_of(sides: &Value) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = sides.as_array()?.iter().filter_map(Value::as_f64).collect();
    match numbers.as_slice() {
        [west, south, east, north] | [west, south, _, east, north, _] => Some([*west, *south, *east, *north]),
        _ => None,
    }
}
