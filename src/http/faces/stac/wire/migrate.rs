//! What STAC versions before 1.0 wrote differently, as tables. Values move under their new names and are never lost: a
//! member whose new name is taken stays under its old one. Documented in `docs/importers/stac-migration.md`.

use std::borrow::Cow;

use crate::model::Draft;
use crate::model::json::{self, Fields};

/// Short extension names of 0.x and the schemas that took their place in 1.0.
const EXTENSIONS: &[(&str, &str)] = &[
    ("asset", "https://stac-extensions.github.io/item-assets/v1.0.0/schema.json"),
    ("checksum", "https://stac-extensions.github.io/file/v1.0.0/schema.json"),
    ("datacube", "https://stac-extensions.github.io/datacube/v1.0.0/schema.json"),
    ("eo", "https://stac-extensions.github.io/eo/v1.0.0/schema.json"),
    ("file", "https://stac-extensions.github.io/file/v1.0.0/schema.json"),
    ("item-assets", "https://stac-extensions.github.io/item-assets/v1.0.0/schema.json"),
    ("label", "https://stac-extensions.github.io/label/v1.0.0/schema.json"),
    ("pointcloud", "https://stac-extensions.github.io/pointcloud/v1.0.0/schema.json"),
    ("processing", "https://stac-extensions.github.io/processing/v1.0.0/schema.json"),
    ("proj", PROJECTION),
    ("projection", PROJECTION),
    ("sar", "https://stac-extensions.github.io/sar/v1.0.0/schema.json"),
    ("sat", SATELLITE),
    ("scientific", "https://stac-extensions.github.io/scientific/v1.0.0/schema.json"),
    ("tiled-assets", "https://stac-extensions.github.io/tiled-assets/v1.0.0/schema.json"),
    ("timestamps", "https://stac-extensions.github.io/timestamps/v1.0.0/schema.json"),
    ("version", "https://stac-extensions.github.io/version/v1.0.0/schema.json"),
    ("view", VIEW),
];

const FILE: &str = "https://stac-extensions.github.io/file/v1.0.0/schema.json";
const PROJECTION: &str = "https://stac-extensions.github.io/projection/v1.0.0/schema.json";
const SATELLITE: &str = "https://stac-extensions.github.io/sat/v1.0.0/schema.json";
const VIEW: &str = "https://stac-extensions.github.io/view/v1.0.0/schema.json";

/// On Collections these spoke of the common values of items, which 1.0 took away.
const ITEMS_ONLY: &[&str] = &["eo", "file", "label", "pointcloud", "projection", "sar", "sat", "timestamps", "view"];

/// Old name, new name, and the extension that the new name belongs to.
const RENAMED: &[(&str, &str, Option<&str>)] = &[
    ("eo:platform", "platform", None),
    ("sar:platform", "platform", None),
    ("eo:constellation", "constellation", None),
    ("sar:constellation", "constellation", None),
    ("eo:gsd", "gsd", None),
    ("eo:epsg", "proj:epsg", Some(PROJECTION)),
    ("eo:off_nadir", "view:off_nadir", Some(VIEW)),
    ("eo:azimuth", "view:azimuth", Some(VIEW)),
    ("eo:incidence_angle", "view:incidence_angle", Some(VIEW)),
    ("eo:sun_azimuth", "view:sun_azimuth", Some(VIEW)),
    ("eo:sun_elevation", "view:sun_elevation", Some(VIEW)),
    ("sar:off_nadir", "view:off_nadir", Some(VIEW)),
    ("sar:incidence_angle", "view:incidence_angle", Some(VIEW)),
    ("sar:type", "sar:product_type", None),
    ("sar:polarization", "sar:polarizations", None),
    ("sar:relative_orbit", "sat:relative_orbit", Some(SATELLITE)),
    ("sar:pass_direction", "sat:orbit_state", Some(SATELLITE)),
    ("dtr:start_datetime", "start_datetime", None),
    ("dtr:end_datetime", "end_datetime", None),
    ("item:license", "license", None),
    ("item:providers", "providers", None),
    ("checksum:multihash", "file:checksum", Some(FILE)),
];

/// A string of old that became a list of strings.
const LISTED: &[(&str, &str)] = &[("eo:instrument", "instruments"), ("sar:instrument", "instruments")];

/// The parts of an Item that change.
pub(super) struct Migrated {
    pub extensions: String,
    pub properties: String,
    pub assets: String,
}

/// Brings an Item of 0.7 to 1.0.0-rc.4 to 1.1.0.
pub(super) fn item(extensions: &str, properties: &str, assets: &str) -> Migrated {
    let mut needed = Vec::new();
    let given = Fields::of_valid(properties).unwrap_or_default();
    let bands = given.get("eo:bands").and_then(json::elements).unwrap_or_default();
    let mut migrated = Draft::with_capacity(assets.len());
    for (name, asset) in Fields::of_valid(assets).unwrap_or_default().iter() {
        let asset = Fields::of_valid(asset).unwrap_or_default();
        migrated.raw(name, &members(&asset, &bands, &mut needed));
    }
    let properties = members(&given, &[], &mut needed);
    Migrated { extensions: self::extensions(extensions, &needed, &[]), properties, assets: migrated.finish() }
}

/// The extensions of a Collection of an old version.
pub(super) fn collection_extensions(extensions: &str) -> String {
    self::extensions(extensions, &[], ITEMS_ONLY)
}

/// Summaries: `min` and `max` became `minimum` and `maximum` in 1.0.0-rc.1; a single value becomes a list of one; an
/// empty list says nothing.
pub(super) fn summaries(summaries: &str) -> String {
    let mut migrated = Draft::with_capacity(summaries.len());
    for (name, summary) in Fields::of_valid(summaries).unwrap_or_default().iter() {
        match Fields::of_valid(summary) {
            Some(range) if range.len() == 2 && range.get("min").is_some() && range.get("max").is_some() => {
                let mut renamed = Draft::object();
                renamed.raw("minimum", range.get("min").unwrap_or("null"));
                renamed.raw("maximum", range.get("max").unwrap_or("null"));
                migrated.part(name, renamed);
            }
            Some(schema) if schema.is_empty() => {}
            Some(_) => migrated.raw(name, summary),
            None => match json::elements(summary) {
                Some(values) if values.is_empty() => {}
                Some(_) => migrated.raw(name, summary),
                None => migrated.raw(name, &format!("[{summary}]")),
            },
        }
    }
    migrated.finish()
}

/// Renames members; band numbers of an asset become the bands that they count.
fn members(given: &Fields<'_>, bands: &[&str], needed: &mut Vec<&'static str>) -> String {
    let mut taken: Vec<&str> = given.iter().map(|(name, _)| name).collect();
    let mut migrated =
        Draft::with_capacity(64 + given.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>());
    for (name, value) in given.iter() {
        if let Some((_, new, extension)) = RENAMED.iter().find(|(old, ..)| *old == name)
            && !taken.contains(new)
        {
            migrated.raw(new, value);
            taken.push(new);
            needed.extend(extension);
        } else if let Some((_, new)) = LISTED.iter().find(|(old, _)| *old == name)
            && !taken.contains(new)
            && value.starts_with('"')
        {
            migrated.raw(new, &format!("[{value}]"));
            taken.push(new);
        } else if name == "eo:bands"
            && let Some(inlined) = inlined(value, bands)
        {
            migrated.raw(name, &inlined);
        } else {
            migrated.raw(name, value);
        }
    }
    migrated.finish()
}

/// `[0,2]` with the bands that it counts; `None` when it is anything else or counts too far.
fn inlined(numbers: &str, bands: &[&str]) -> Option<String> {
    let numbers: Vec<usize> = serde_json::from_str(numbers).ok()?;
    let mut inlined = Draft::array();
    for number in numbers {
        inlined.element(bands.get(number)?);
    }
    (!inlined.is_empty()).then(|| inlined.finish())
}

/// Addresses stay, known short names become addresses, other short names have no meaning left and go.
fn extensions(given: &str, needed: &[&'static str], dropped: &[&str]) -> String {
    let mut addresses: Vec<Cow<'_, str>> = Vec::new();
    let given = json::elements(given).unwrap_or_default();
    for name in given.into_iter().filter_map(json::read_string).filter(|name| !dropped.contains(&name.as_ref())) {
        let known = EXTENSIONS.iter().find(|(short, _)| *short == name).map(|(_, address)| Cow::Borrowed(*address));
        let address = known.or_else(|| name.contains("://").then_some(name));
        addresses.extend(address.filter(|address| !addresses.contains(address)));
    }
    for address in needed {
        // Any version of the extension will do.
        let stem = address.rsplit_once("/v").map_or(*address, |(stem, _)| stem);
        if !addresses.iter().any(|known| known.starts_with(stem)) {
            addresses.push(Cow::Borrowed(address));
        }
    }
    let mut list = Draft::array();
    addresses.iter().for_each(|address| list.string_element(address));
    list.finish()
}
