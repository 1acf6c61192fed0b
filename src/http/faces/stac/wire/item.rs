//! A product as a STAC Item.

use std::borrow::Cow;

use super::links::{Links, Rel};
use super::{STAC_VERSION, assets, is_current, migrate, native, place, times, unreadable};
use crate::catalogue::Error;
use crate::model::json::{Fields, read_string};
use crate::model::uri::encode;
use crate::model::{Draft, scan};

/// Members of `stac` that have their place in an Item; all others are foreign members of the document.
const PLACED: &[&str] = &[
    "type",
    "stac_version",
    "stac_extensions",
    "id",
    "collection",
    "geometry",
    "bbox",
    "properties",
    "links",
    "assets",
];

/// What an Item takes from a record, as text.
#[derive(Default)]
pub(super) struct Stored<'a> {
    pub id: Cow<'a, str>,
    pub collection: Cow<'a, str>,
    pub properties: Option<&'a str>,
    pub time: Option<&'a str>,
    pub lifecycle: Option<&'a str>,
    pub space: Option<&'a str>,
    pub files: Option<&'a str>,
    pub links: Option<&'a str>,
    pub source: Option<&'a str>,
    pub stac: Option<&'a str>,
}

impl<'a> Stored<'a> {
    fn of(record: &'a str) -> Self {
        let mut stored = Self::default();
        for (name, value) in scan::members(record) {
            let place = match name {
                "id" => {
                    stored.id = read_string(value).unwrap_or_default();
                    continue;
                }
                "collection" => {
                    stored.collection = read_string(value).unwrap_or_default();
                    continue;
                }
                "properties" => &mut stored.properties,
                "time" => &mut stored.time,
                "lifecycle" => &mut stored.lifecycle,
                "space" => &mut stored.space,
                "files" => &mut stored.files,
                "links" => &mut stored.links,
                "source" => &mut stored.source,
                "stac" => &mut stored.stac,
                _ => continue,
            };
            *place = Some(value);
        }
        stored
    }
}

/// The parts of an Item that differ by where the record came from.
pub(super) struct Parts<'a> {
    pub extensions: Cow<'a, str>,
    pub properties: Cow<'a, str>,
    pub assets: Cow<'a, str>,
    /// What a STAC document said beyond the members of an Item.
    pub stac: Fields<'a>,
}

/// The Item of a stored product. `base` is the service's public address without a slash at its end.
///
/// # Errors
/// When the record is not one that passed its schema.
pub fn item(record: &[u8], base: &str) -> Result<String, Error> {
    let stored = Stored::of(std::str::from_utf8(record).map_err(unreadable)?);
    let collection_address = format!("{base}/stac/collections/{}", encode(&stored.collection));
    let product_address =
        format!("{base}/api/v1/collections/{}/products/{}", encode(&stored.collection), encode(&stored.id));
    let mut parts = match stored.stac {
        Some(stac) => given(&stored, stac, &product_address),
        None => native::item(record, &stored, &product_address)?,
    };
    if let Some(timely) = times::corrected(&parts.properties, &stored) {
        parts.properties = Cow::Owned(timely);
    }
    let mut item = Draft::with_capacity(record.len() + 1024);
    item.string("type", "Feature");
    item.raw("stac_version", STAC_VERSION);
    item.raw("stac_extensions", &parts.extensions);
    item.string("id", &stored.id);
    place::write(&stored, &parts.stac, &mut item);
    item.raw("properties", &parts.properties);
    let own = Rel {
        own: format!("{collection_address}/items/{}", encode(&stored.id)),
        parent: &collection_address,
        source: format!("{product_address}/source"),
    };
    item.raw("links", &Links::of_item(&own, base, &stored));
    item.raw("assets", &parts.assets);
    item.string("collection", &stored.collection);
    for (name, value) in parts.stac.iter().filter(|(name, _)| !PLACED.contains(name)) {
        item.raw(name, value);
    }
    Ok(item.finish())
}

/// The parts of a product that came as a STAC Item: as given, or brought to 1.1.0.
fn given<'a>(stored: &Stored<'a>, stac: &'a str, product_address: &str) -> Parts<'a> {
    let stac = Fields::of_valid(stac).unwrap_or_default();
    let properties = of_shape(stored.properties, "{}");
    let assets = of_shape(stac.get("assets"), "{}");
    let extensions = of_shape(stac.get("stac_extensions"), "[]");
    let current = stac.string("stac_version").is_some_and(|version| is_current(&version));
    let mut parts = if current {
        Parts { extensions: extensions.into(), properties: properties.into(), assets: assets.into(), stac }
    } else {
        let migrated = migrate::item(extensions, properties, assets);
        let (extensions, properties, assets) = (migrated.extensions, migrated.properties, migrated.assets);
        Parts { extensions: extensions.into(), properties: properties.into(), assets: assets.into(), stac }
    };
    if let Some(files) = stored.files
        && let Some(assets) = assets::with_files(&parts.assets, files, product_address)
    {
        parts.assets = Cow::Owned(assets);
    }
    parts
}

/// The text if it is an object or array as it should be, else an empty one.
pub(super) fn of_shape<'a>(value: Option<&'a str>, empty: &'static str) -> &'a str {
    value.filter(|value| value.as_bytes().first() == empty.as_bytes().first()).unwrap_or(empty)
}
