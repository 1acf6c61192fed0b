//! Where a product lies on its body: PDS3 keywords and the `Mapping` group of ISIS say the same with other names.

use super::said;
use crate::importer::shared::pvl::Block;
use crate::importer::shared::record::Record;
use crate::importer::shared::space::Shape;

/// What the keywords of a standard are called.
pub struct Keywords {
    pub south: &'static [&'static str],
    pub north: &'static [&'static str],
    pub west: &'static [&'static str],
    pub east: &'static [&'static str],
    pub direction: &'static [&'static str],
    pub system: &'static [&'static str],
    /// Whether `west` and `east` are the least and the greatest number, whichever way longitudes grow.
    pub by_number: bool,
}

pub const PDS3: Keywords = Keywords {
    south: &["MINIMUM_LATITUDE"],
    north: &["MAXIMUM_LATITUDE"],
    west: &["WESTERNMOST_LONGITUDE"],
    east: &["EASTERNMOST_LONGITUDE"],
    direction: &["POSITIVE_LONGITUDE_DIRECTION"],
    system: &["COORDINATE_SYSTEM_TYPE", "COORDINATE_SYSTEM_NAME"],
    by_number: false,
};

/// Labels of the 1990s.
pub const PDS3_OLD: Keywords =
    Keywords { west: &["MINIMUM_LONGITUDE"], east: &["MAXIMUM_LONGITUDE"], by_number: true, ..PDS3 };

pub const ISIS: Keywords = Keywords {
    south: &["MinimumLatitude"],
    north: &["MaximumLatitude"],
    west: &["MinimumLongitude"],
    east: &["MaximumLongitude"],
    direction: &["LongitudeDirection"],
    system: &["LatitudeType"],
    by_number: true,
};

const CORNERS: [[&str; 2]; 4] = [
    ["UPPER_LEFT_LONGITUDE", "UPPER_LEFT_LATITUDE"],
    ["UPPER_RIGHT_LONGITUDE", "UPPER_RIGHT_LATITUDE"],
    ["LOWER_RIGHT_LONGITUDE", "LOWER_RIGHT_LATITUDE"],
    ["LOWER_LEFT_LONGITUDE", "LOWER_LEFT_LATITUDE"],
];

/// The footprint of a PDS3 product: corners, else a box, here or in its map projection, else its centre.
pub fn pds3(record: &mut Record<'_>, root: &Block, body: &str) {
    let projection = root.find_block("IMAGE_MAP_PROJECTION");
    for block in std::iter::once(root).chain(projection) {
        let is_west = is_west(block, &PDS3) || projection.is_some_and(|projection| is_west(projection, &PDS3));
        let corners: Vec<[f64; 2]> = CORNERS
            .iter()
            .filter_map(|[longitude, latitude]| {
                Some([eastward(block.number(longitude)?, is_west), block.number(latitude)?])
            })
            .collect();
        if corners.len() == CORNERS.len() {
            return record.footprint(body, said::first(block, PDS3.system), &Shape::Polygon(corners));
        }
        for keywords in [&PDS3, &PDS3_OLD] {
            if bounded(record, block, is_west, body, keywords) {
                return;
            }
        }
    }
    // Within IMAGE_MAP_PROJECTION it is the centre of the projection, not of the image.
    let centre = root.number("CENTER_LONGITUDE").zip(root.number("CENTER_LATITUDE"));
    if let Some((longitude, latitude)) = centre.filter(|(_, latitude)| latitude.abs() <= 90.0) {
        let point = [eastward(longitude, is_west(root, &PDS3)), latitude];
        record.footprint(body, said::first(root, PDS3.system), &Shape::Point(point));
    }
}

/// The footprint that the `Mapping` group of a cube states.
pub fn isis(record: &mut Record<'_>, mapping: &Block, body: &str) {
    bounded(record, mapping, is_west(mapping, &ISIS), body, &ISIS);
}

fn bounded(record: &mut Record<'_>, block: &Block, is_west: bool, body: &str, keywords: &Keywords) -> bool {
    let edges = [keywords.south, keywords.north, keywords.west, keywords.east].map(|names| said::number(block, names));
    let [Some(south), Some(north), Some(west), Some(east)] = edges else { return false };
    // The westernmost edge of a westward system has the greatest number.
    let (west, east) = if keywords.by_number && is_west { (east, west) } else { (west, east) };
    let is_whole = (east - west).abs() >= 360.0;
    let (west, east) = if is_whole { (-180.0, 180.0) } else { (eastward(west, is_west), eastward(east, is_west)) };
    record.footprint(body, said::first(block, keywords.system), &Shape::Box { west, south, east, north });
    true
}

/// Whether longitudes grow to the west.
fn is_west(block: &Block, keywords: &Keywords) -> bool {
    said::first(block, keywords.direction).is_some_and(|direction| direction.to_ascii_uppercase().ends_with("WEST"))
}

/// East longitude, kept within -180 to 360.
fn eastward(longitude: f64, is_west: bool) -> f64 {
    let east = if is_west { -longitude } else { longitude };
    if (-180.0..=360.0).contains(&east) { east } else { east.rem_euclid(360.0) }
}

/// The name of a body as footprints have it: lower case, a single word of a name; `None` for what is no body.
pub fn body(target: &str) -> Option<String> {
    let body = target.trim().to_lowercase().replace('_', " ");
    let is_body = !["sky", "dark", "calibration", "calimg", "space", "star", "sun sensor"].contains(&body.as_str())
        && body.starts_with(|c: char| c.is_ascii_alphanumeric())
        && body.ends_with(|c: char| c.is_ascii_alphanumeric())
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ./-".contains(&byte));
    is_body.then_some(body)
}
