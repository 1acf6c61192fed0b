//! A scene's metadata to a product. Names of Collection 2 come first, those of older files after them.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::{Once, doi_of, number_of};
use super::super::super::shared::record::File;
use super::super::super::shared::space::Shape;
use super::super::super::shared::time::Written;
use super::super::super::shared::xml::Element;
use crate::importer::{Context, Reason};

/// Scalars to filter on, wherever they stand: numbers where they are written as such.
const NUMBERS: &[&str] = &[
    "WRS_TYPE",
    "WRS_PATH",
    "WRS_ROW",
    "TARGET_WRS_PATH",
    "TARGET_WRS_ROW",
    "CLOUD_COVER",
    "CLOUD_COVER_LAND",
    "IMAGE_QUALITY",
    "IMAGE_QUALITY_OLI",
    "IMAGE_QUALITY_TIRS",
    "IMAGE_QUALITY_VCID_1",
    "IMAGE_QUALITY_VCID_2",
    "ROLL_ANGLE",
    "SUN_AZIMUTH",
    "SUN_ELEVATION",
    "EARTH_SUN_DISTANCE",
    "UTM_ZONE",
    "GRID_CELL_SIZE_REFLECTIVE",
    "GRID_CELL_SIZE_THERMAL",
    "GRID_CELL_SIZE_PANCHROMATIC",
    "REFLECTIVE_LINES",
    "REFLECTIVE_SAMPLES",
    "THERMAL_LINES",
    "THERMAL_SAMPLES",
    "PANCHROMATIC_LINES",
    "PANCHROMATIC_SAMPLES",
    "GROUND_CONTROL_POINTS_MODEL",
    "GROUND_CONTROL_POINTS_VERIFY",
    "GEOMETRIC_RMSE_MODEL",
    "GEOMETRIC_RMSE_MODEL_X",
    "GEOMETRIC_RMSE_MODEL_Y",
    "GEOMETRIC_RMSE_VERIFY",
];

/// As above, and always text.
const TEXTS: &[&str] = &[
    "COLLECTION_NUMBER",
    "COLLECTION_CATEGORY",
    "ORIGIN",
    "REQUEST_ID",
    "NADIR_OFFNADIR",
    "STATION_ID",
    "MAP_PROJECTION",
    "DATUM",
    "ELLIPSOID",
    "ORIENTATION",
    "RESAMPLING_OPTION",
    "PROCESSING_SOFTWARE_VERSION",
    "ALGORITHM_SOURCE_SURFACE_REFLECTANCE",
    "ALGORITHM_SOURCE_SURFACE_TEMPERATURE",
    "DATA_SOURCE_ELEVATION",
    "DATA_SOURCE_OZONE",
    "DATA_SOURCE_PRESSURE",
    "DATA_SOURCE_WATER_VAPOR",
    "DATA_SOURCE_AIR_TEMPERATURE",
    "DATA_SOURCE_REANALYSIS",
    "EPHEMERIS_TYPE",
    "SENSOR_MODE",
    "SENSOR_MODE_SLC",
    "SENSOR_ANOMALIES",
    "TIRS_SSM_MODEL",
    "TIRS_SSM_POSITION_STATUS",
    "SCENE_OPTIONS",
    "GROUND_CONTROL_POINTS_VERSION",
];

/// Groups that describe the product itself; the others describe what it was made from or how to scale it.
const OWN: &[&str] =
    &["PRODUCT_CONTENTS", "IMAGE_ATTRIBUTES", "PROJECTION_ATTRIBUTES", "PRODUCT_METADATA", "METADATA_FILE_INFO"];

/// The first text of a name: in the groups of the product, then in any other in order.
fn find<'e>(root: &'e Element, name: &str) -> Option<&'e str> {
    let own = OWN.iter().find_map(|group| root.at(group)?.text_at(name));
    let given = own.or_else(|| root.children().find_map(|group| group.text_at(name)));
    given.filter(|text| !text.is_empty() && !text.eq_ignore_ascii_case("null"))
}

/// The product that an MTL describes.
pub fn product<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let scene = find(root, "LANDSAT_SCENE_ID");
    let id = find(root, "LANDSAT_PRODUCT_ID").or(scene).ok_or(Reason::NoId)?;
    let collection = collection_of(root, id);
    let used = collection.as_deref().unwrap_or(context.collection);
    let mut once = Once::new(context, "product", Some(used), id)?;
    if collection.is_none() {
        once.record.note(Reason::NoCollection { used: used.to_owned() });
    }
    once.record.text("title", Some(id));
    once.identifier("landsat-product-id", find(root, "LANDSAT_PRODUCT_ID"));
    once.identifier("landsat-scene-id", scene);
    let level = ["PROCESSING_LEVEL", "DATA_TYPE", "PRODUCT_TYPE"].iter().find_map(|name| find(root, name));
    once.name(Role::Level, level);
    once.record.text("data_type", level);
    once.record.text("format", find(root, "OUTPUT_FORMAT"));
    once.record.text("version", find(root, "PROCESSING_SOFTWARE_VERSION"));
    // The DOI is that of the collection's documentation: it names no scene.
    if let Some(doi) = find(root, "DIGITAL_OBJECT_IDENTIFIER").and_then(doi_of) {
        once.link("document", &format!("https://doi.org/{doi}"), Some("Collection"));
        once.text("landsat:DIGITAL_OBJECT_IDENTIFIER", Some(doi));
    }
    once.name(Role::Mission, Some("Landsat"));
    once.name(Role::Platform, find(root, "SPACECRAFT_ID"));
    once.name(Role::Instrument, find(root, "SENSOR_ID"));
    time(&mut once, root);
    corners(&mut once, root);
    // -1 is written where no cloud cover was found out.
    once.quality("cloud_cover", find(root, "CLOUD_COVER").filter(|cover| !cover.starts_with('-')));
    once.quality("gsd", find(root, "GRID_CELL_SIZE_REFLECTIVE"));
    files(&mut once, root);
    sources(&mut once, root, id);
    for name in NUMBERS {
        once.number(&format!("landsat:{name}"), find(root, name).map(without_zeros));
    }
    for name in TEXTS {
        once.text(&format!("landsat:{name}"), find(root, name));
    }
    Ok(once)
}

/// `010` as `10`: ODL has path and row as numbers, XML and JSON with leading zeros.
fn without_zeros(written: &str) -> &str {
    let digits = written.bytes().all(|byte| byte.is_ascii_digit());
    let rest = written.trim_start_matches('0');
    match (digits, rest.is_empty()) {
        (true, true) if !written.is_empty() => "0",
        (true, _) => rest,
        (false, _) => written,
    }
}

/// The collection by the names of the USGS: `landsat-c2l2-sr` is one of several for the parts of a Level-2 scene, so
/// that level and sensor family tell scenes apart: `landsat_ot_c2_l2`. Before Collection 1 there was none.
fn collection_of(root: &Element, id: &str) -> Option<String> {
    let number = find(root, "COLLECTION_NUMBER")?.trim_start_matches('0');
    let level = match find(root, "PROCESSING_LEVEL").or_else(|| find(root, "DATA_TYPE"))?.get(..2)? {
        "L2" => "l2",
        _ => "l1",
    };
    let sensor = match id.get(..2)? {
        "LC" | "LO" => "ot",
        "LT" if matches!(id.get(2..4), Some("08" | "09")) => "ot",
        "LE" => "etm",
        "LT" => "tm",
        "LM" => "mss",
        _ => return None,
    };
    Some(format!("landsat_{sensor}_c{number}_{level}"))
}

fn time(once: &mut Once<'_>, root: &Element) {
    let date = find(root, "DATE_ACQUIRED").or_else(|| find(root, "ACQUISITION_DATE"));
    let time = find(root, "SCENE_CENTER_TIME").or_else(|| find(root, "SCENE_CENTER_SCAN_TIME"));
    if let Some(date) = date {
        let written = match time {
            Some(time) => format!("{date}T{}Z", time.trim_matches('"').trim_end_matches('Z')),
            None => date.to_owned(),
        };
        let instant = Some(("DATE_ACQUIRED", written.as_str()));
        once.record.time(Written { start: instant, stop: instant, ..Written::default() });
    }
    let dates = [
        ("DATE_PRODUCT_GENERATED", "DATE_PRODUCT_GENERATED"),
        ("FILE_DATE", "FILE_DATE"),
        ("PRODUCT_CREATION_TIME", "PRODUCT_CREATION_TIME"),
    ];
    for (field, name) in dates {
        if let Some(written) = find_generated(root, name) {
            once.date("processed_at", field, written);
        }
    }
}

/// A Level-2 product has two processing records; the later one is its own.
fn find_generated<'e>(root: &'e Element, name: &str) -> Option<&'e str> {
    root.text_at(&format!("LEVEL2_PROCESSING_RECORD/{name}")).or_else(|| find(root, name))
}

/// Corners of the product in the order round it. Their longitudes and latitudes are of the pixels at the corners of the
/// image, fill included.
fn corners(once: &mut Once<'_>, root: &Element) {
    let corner = |name: &str| {
        let read = |axis: &str| {
            let written = find(root, &format!("CORNER_{name}_{axis}_PRODUCT"));
            let written = written.or_else(|| find(root, &format!("PRODUCT_{name}_CORNER_{axis}")));
            written.and_then(number_of)?.parse::<f64>().ok()
        };
        Some([read("LON")?, read("LAT")?])
    };
    if let [Some(upper_left), Some(upper_right), Some(lower_right), Some(lower_left)] =
        ["UL", "UR", "LR", "LL"].map(corner)
    {
        let ring = vec![upper_left, upper_right, lower_right, lower_left];
        once.record.footprint("earth", find(root, "DATUM"), &Shape::Polygon(ring));
    }
}

/// Files that the product consists of: those of its contents, not those of the Level-1 product it was made from.
fn files(once: &mut Once<'_>, root: &Element) {
    let Some(contents) = root.at("PRODUCT_CONTENTS").or_else(|| root.at("PRODUCT_METADATA")) else { return };
    for entry in contents.children() {
        let Some(key) = file_key(&entry.name) else { continue };
        let Some(name) = entry.text() else { continue };
        once.record.file(&File { name, role: Some(role_of(&key)), media_type: media_type_of(name), ..File::default() });
    }
}

/// What `FILE_NAME_BAND_1` names, or `BAND1_FILE_NAME` of old files.
fn file_key(name: &str) -> Option<String> {
    let key = name.strip_prefix("FILE_NAME_").or_else(|| name.strip_suffix("_FILE_NAME"));
    key.or_else(|| name.strip_prefix("METADATA_").filter(|_| name.ends_with("FILE_NAME"))).map(str::to_owned)
}

fn role_of(key: &str) -> &'static str {
    match key {
        _ if key.starts_with("METADATA") => "metadata",
        _ if key.starts_with("QUALITY") => "quality",
        _ if key.starts_with("ANGLE") => "geometry",
        _ if matches!(key, "CPF" | "BPF_OLI" | "BPF_TIRS" | "RLUT" | "VERIFY_REPORT" | "GROUND_CONTROL_POINT") => {
            "calibration"
        }
        _ => "data",
    }
}

fn media_type_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next()?.to_ascii_lowercase().as_str() {
        "tif" | "tiff" => "image/tiff",
        "txt" | "odl" => "text/plain",
        "xml" => "application/xml",
        "json" => "application/json",
        "h5" => "application/x-hdf5",
        "hdf" => "application/x-hdf",
        _ => return None,
    })
}

/// The Level-1 product that a Level-2 product was made from, and the calibration files that were used.
fn sources(once: &mut Once<'_>, root: &Element, id: &str) {
    let Some(record) = root.at("LEVEL1_PROCESSING_RECORD").or_else(|| root.at("PRODUCT_METADATA")) else { return };
    if let Some(source) = record.text_at("LANDSAT_PRODUCT_ID").filter(|source| *source != id) {
        once.link("derived_from", source, Some("Level-1 product"));
    }
    for name in [
        "FILE_NAME_CPF",
        "CPF_NAME",
        "FILE_NAME_BPF_OLI",
        "BPF_NAME_OLI",
        "FILE_NAME_BPF_TIRS",
        "BPF_NAME_TIRS",
        "FILE_NAME_RLUT",
        "RLUT_FILE_NAME",
    ] {
        if let Some(file) = record.text_at(name) {
            once.link("calibration", file, None);
        }
    }
}
