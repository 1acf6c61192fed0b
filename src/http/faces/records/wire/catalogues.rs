//! Catalogues: what a client needs to know before it searches one.

use super::{CRS84, GEOJSON, JSON, SCHEMA};
use crate::catalogue::Error;
use crate::http::faces::records::{CATALOGUE, format::add};
use crate::http::faces::stac::wire as stac;
use crate::model::Draft;
use crate::model::json::Fields;
use crate::model::uri::encode;

/// Members of the STAC Collection that mean the same here.
const SHARED: &[&str] = &["title", "description", "keywords", "license", "extent"];

/// The catalogue of all collections.
pub fn catalogue(base: &str) -> String {
    let mut catalogue = Draft::object();
    catalogue.string("id", CATALOGUE);
    catalogue.string("title", "All collections");
    catalogue.string(
        "description",
        "A record for each collection of the archive; each collection is a catalogue of its products",
    );
    catalogue.raw("extent", r#"{"spatial":{"bbox":[[-180,-90,180,90]],"crs":"http://www.opengis.net/def/crs/OGC/1.3/CRS84"},"temporal":{"interval":[[null,null]]}}"#);
    finish(catalogue, base, CATALOGUE, None)
}

/// The catalogue of a collection's products.
///
/// # Errors
/// When the record is not one that passed its schema.
pub fn collection(record: &[u8], base: &str) -> Result<String, Error> {
    let text = stac::collection(record, base)?;
    let fields = Fields::of_valid(&text).unwrap_or_default();
    let id = fields.string("id").unwrap_or_default();
    let mut collection = Draft::with_capacity(text.len());
    collection.string("id", &id);
    for name in SHARED {
        if let Some(value) = fields.get(name) {
            collection.raw(name, value);
        }
    }
    Ok(finish(collection, base, &id, Some(&id)))
}

fn finish(mut catalogue: Draft, base: &str, name: &str, stored: Option<&str>) -> String {
    catalogue.string("type", "Collection");
    catalogue.string("itemType", "record");
    catalogue.raw("crs", &format!("[\"{CRS84}\"]"));
    catalogue.string("storageCrs", CRS84);
    let own = format!("{base}/records/collections/{}", encode(name));
    let mut links = Draft::array();
    add(&mut links, "self", &own, JSON, None);
    add(&mut links, "alternate", &format!("{own}?f=html"), "text/html", None);
    add(&mut links, "root", &format!("{base}/records"), JSON, None);
    add(&mut links, "items", &format!("{own}/items"), GEOJSON, Some("Records"));
    add(&mut links, "items", &format!("{own}/items?f=html"), "text/html", Some("Records as a page"));
    for (rel, path) in [("queryables", "queryables"), ("sortables", "sortables")] {
        let rel = format!("http://www.opengis.net/def/rel/ogc/1.0/{rel}");
        add(&mut links, &rel, &format!("{own}/{path}"), SCHEMA, None);
    }
    add(&mut links, "describedby", &format!("{own}/schema"), SCHEMA, Some("Schema of a record"));
    if let Some(id) = stored {
        let id = encode(id);
        add(&mut links, "alternate", &format!("{base}/stac/collections/{id}"), JSON, Some("STAC Collection"));
        add(
            &mut links,
            "canonical",
            &format!("{base}/api/v1/collections/{id}"),
            JSON,
            Some("The record as it is stored"),
        );
    }
    catalogue.raw("links", &links.finish());
    catalogue.finish()
}
