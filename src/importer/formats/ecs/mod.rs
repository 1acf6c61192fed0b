//! Granule metadata of NASA's ECS (EOSDIS Core System): the `.xml` beside MODIS, ASTER and other files of that time.
//! See `docs/importers/ecs.md`.

#[cfg(test)]
mod tests;

use super::super::shared::names::Role;
use super::super::shared::once::Once;
use super::super::shared::record::File;
use super::super::shared::space::Shape;
use super::super::shared::time::Written;
use super::super::shared::values::double;
use super::super::shared::xml::{self, Element};
use super::cmr;
use crate::importer::{Context, Finding, Imported, Reason};

/// Texts that are only filtered on.
const TEXTS: &[(&str, &str)] = &[
    ("ECSDataGranule/DayNightFlag", "ecs:DayNightFlag"),
    ("ECSDataGranule/ReprocessingPlanned", "ecs:ReprocessingPlanned"),
    ("ECSDataGranule/ReprocessingActual", "ecs:ReprocessingActual"),
    ("PGEVersionClass/PGEVersion", "ecs:PGEVersion"),
    ("DbID", "ecs:DbID"),
    ("Platform/Instrument/Sensor/SensorCharacteristic/SensorCharacteristicName", "ecs:SensorCharacteristic"),
    ("MeasuredParameter/MeasuredParameterContainer/ParameterName", "ecs:ParameterName"),
    ("MeasuredParameter/MeasuredParameterContainer/QAFlags/AutomaticQualityFlag", "ecs:AutomaticQualityFlag"),
    ("MeasuredParameter/MeasuredParameterContainer/QAFlags/OperationalQualityFlag", "ecs:OperationalQualityFlag"),
    ("MeasuredParameter/MeasuredParameterContainer/QAFlags/ScienceQualityFlag", "ecs:ScienceQualityFlag"),
    ("Locality/LocalityValue", "ecs:Locality"),
    ("AnalysisSource/AnalysisShortName", "ecs:AnalysisSource"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("ECSDataGranule/SizeMBECSDataGranule", "ecs:SizeMBECSDataGranule"),
    ("OrbitCalculatedSpatialDomain/OrbitCalculatedSpatialDomainContainer/OrbitNumber", "ecs:OrbitNumber"),
    ("OrbitCalculatedSpatialDomain/OrbitCalculatedSpatialDomainContainer/StartOrbitNumber", "ecs:StartOrbitNumber"),
    ("OrbitCalculatedSpatialDomain/OrbitCalculatedSpatialDomainContainer/StopOrbitNumber", "ecs:StopOrbitNumber"),
    (
        "OrbitCalculatedSpatialDomain/OrbitCalculatedSpatialDomainContainer/EquatorCrossingLongitude",
        "ecs:EquatorCrossingLongitude",
    ),
    ("MeasuredParameter/MeasuredParameterContainer/QAStats/QAPercentMissingData", "ecs:QAPercentMissingData"),
    ("MeasuredParameter/MeasuredParameterContainer/QAStats/QAPercentOutofBoundsData", "ecs:QAPercentOutofBoundsData"),
    ("MeasuredParameter/MeasuredParameterContainer/QAStats/QAPercentInterpolatedData", "ecs:QAPercentInterpolatedData"),
    ("MeasuredParameter/MeasuredParameterContainer/QAStats/QAPercentCloudCover", "ecs:QAPercentCloudCover"),
];

const EXPLANATIONS: &[(&str, &str)] = &[
    (
        "MeasuredParameter/MeasuredParameterContainer/QAFlags/AutomaticQualityFlagExplanation",
        "ecs:AutomaticQualityFlagExplanation",
    ),
    (
        "MeasuredParameter/MeasuredParameterContainer/QAFlags/OperationalQualityFlagExplanation",
        "ecs:OperationalQualityFlagExplanation",
    ),
    (
        "MeasuredParameter/MeasuredParameterContainer/QAFlags/ScienceQualityFlagExplanation",
        "ecs:ScienceQualityFlagExplanation",
    ),
];

/// Whether the first bytes are of this format. ECHO10 has the same root, and granules of another name in it.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    memchr::memmem::find(head, b"GranuleMetaDataFile").is_some()
        && memchr::memmem::find(head, b"<Granules").is_none()
        && xml::root_of(head).is_some_and(|(root, _)| root == "GranuleMetaDataFile")
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(Finding { place: context.first, id: None, reason }),
    };
    let granules: Vec<_> = root.named("GranuleURMetaData").collect();
    if granules.is_empty() {
        let reason = Reason::Broken { line: root.line, message: "a GranuleMetaDataFile without granules".to_owned() };
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
    for (number, granule) in granules.into_iter().enumerate() {
        let place = context.first.saturating_add(number);
        match product(granule, context) {
            Ok(mut once) => {
                once.record.place = place;
                once.provider(given(root.text_at("DataCenterId")), Some("archiver"), None, None);
                once.finish(bytes, 0..bytes.len(), "application/xml", imported);
            }
            Err(reason) => {
                let id = granule.text_at("GranuleUR").map(str::to_owned);
                imported.findings.push(Finding { place, id, reason });
            }
        }
    }
    imported.fields = imported.fields + root.counts();
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Collections are named as the CMR does; ECS writes the version `6` and names files and granules with `006`.
fn collection_of(granule: &Element) -> Option<String> {
    let short_name = granule.text_at("CollectionMetaData/ShortName")?;
    let version = granule.text_at("CollectionMetaData/VersionID").map(cmr::padded);
    Some(cmr::entry_id(short_name, version.as_deref()))
}

fn product<'c>(granule: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let local = granule.text_at("ECSDataGranule/LocalGranuleID");
    let id = granule.text_at("GranuleUR").or(local).ok_or(Reason::NoId)?;
    let collection = collection_of(granule);
    let used = collection.as_deref().unwrap_or(context.collection);
    let mut once = Once::new(context, "product", Some(used), id)?;
    if collection.is_none() {
        once.record.note(Reason::NoCollection { used: used.to_owned() });
    }
    once.record.text("title", local.or(Some(id)));
    once.identifier("ecs-granule-ur", granule.text_at("GranuleUR"));
    once.identifier("ecs-local-granule-id", local);
    // Portals list the granule without the file's extension, or by the file.
    once.alias(local.and_then(|local| local.strip_suffix(".hdf")));
    let version = granule.text_at("ECSDataGranule/LocalVersionID");
    once.record.text("version", version.or_else(|| granule.text_at("PGEVersionClass/PGEVersion")));
    once.record.text("data_type", granule.text_at("CollectionMetaData/ShortName"));
    for (field, member) in [
        ("InsertTime", "archived_at"),
        ("LastUpdate", "modified"),
        ("DeleteTime", "retired"),
        ("ECSDataGranule/ProductionDateTime", "processed_at"),
    ] {
        if let Some(written) = granule.text_at(field) {
            once.date(member, field, written);
        }
    }
    observers(&mut once, granule);
    time(&mut once, granule);
    shapes(&mut once, granule);
    files(&mut once, granule);
    sources(&mut once, granule);
    attributes(&mut once, granule);
    for (path, name) in TEXTS.iter().chain(EXPLANATIONS) {
        granule.all(path).into_iter().for_each(|found| once.text(name, found.text()));
    }
    for (path, name) in NUMBERS {
        granule.all(path).into_iter().for_each(|found| once.number(name, found.text()));
    }
    crossings(&mut once, granule);
    Ok(once)
}

fn observers(once: &mut Once<'_>, granule: &Element) {
    for (role, path) in [
        (Role::Platform, "Platform/PlatformShortName"),
        (Role::Instrument, "Platform/Instrument/InstrumentShortName"),
        (Role::Instrument, "Platform/Instrument/Sensor/SensorShortName"),
        (Role::Mission, "Campaign/CampaignShortName"),
    ] {
        granule.all(path).into_iter().for_each(|found| once.name(role, found.text()));
    }
}

/// ECS parts dates and times: `2001-12-31` and `23:59:59.000000` make an instant in UTC.
fn time(once: &mut Once<'_>, granule: &Element) {
    let joined = |date: &str, time: &str| {
        let date = granule.text_at(date)?;
        let time = granule.text_at(time);
        Some(time.map_or_else(|| date.to_owned(), |time| format!("{date}T{}Z", time.trim_end_matches('Z'))))
    };
    let single = joined("SingleDateTime/CalendarDate", "SingleDateTime/TimeofDay");
    let start =
        joined("RangeDateTime/RangeBeginningDate", "RangeDateTime/RangeBeginningTime").or_else(|| single.clone());
    let stop = joined("RangeDateTime/RangeEndingDate", "RangeDateTime/RangeEndingTime").or(single);
    let start = start.as_deref().map(|start| ("RangeBeginningDate", start));
    let stop = stop.as_deref().map(|stop| ("RangeEndingDate", stop));
    once.record.time(Written { start, stop, ..Written::default() });
}

fn number(element: &Element, path: &str) -> Option<f64> {
    double(element.text_at(path))
}

fn point(element: &Element) -> Option<[f64; 2]> {
    Some([number(element, "PointLongitude")?, number(element, "PointLatitude")?])
}

fn shapes(once: &mut Once<'_>, granule: &Element) {
    for domain in granule.all("SpatialDomainContainer/HorizontalSpatialDomainContainer") {
        for boundary in domain.all("GPolygon/Boundary") {
            let corners: Vec<_> = boundary.named("Point").filter_map(point).collect();
            if corners.len() >= 3 {
                once.record.footprint("earth", None, &Shape::Polygon(corners));
            }
        }
        for rectangle in domain.named("BoundingRectangle") {
            let sides = [
                "WestBoundingCoordinate",
                "SouthBoundingCoordinate",
                "EastBoundingCoordinate",
                "NorthBoundingCoordinate",
            ];
            if let [Some(west), Some(south), Some(east), Some(north)] = sides.map(|side| number(rectangle, side)) {
                once.record.footprint("earth", None, &Shape::Box { west, south, east, north });
            }
        }
        for place in domain.named("Point").filter_map(point) {
            once.record.footprint("earth", None, &Shape::Point(place));
        }
        for circle in domain.named("Circle") {
            // The radius is in metres; a degree of a great circle has 111,195 of them.
            let centre =
                point(circle).or_else(|| Some([number(circle, "CenterLongitude")?, number(circle, "CenterLatitude")?]));
            if let Some((centre, radius)) = centre.zip(number(circle, "Radius")) {
                once.record.footprint("earth", None, &Shape::Circle { centre, radius: radius / 111_195.0 });
            }
        }
    }
}

/// Files with the sizes and checksums that the archive promised: `CKSUM` is the CRC of POSIX `cksum`.
fn files(once: &mut Once<'_>, granule: &Element) {
    for file in granule.all("DataFiles/DataFileContainer") {
        let Some(name) = file.text_at("DistributedFileName") else { continue };
        let algorithm = file.text_at("ChecksumType").map(|written| match written {
            "CKSUM" => "cksum".to_owned(),
            other => other.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase(),
        });
        let checksum = algorithm.as_deref().filter(|algorithm| !algorithm.is_empty()).zip(file.text_at("Checksum"));
        once.text("ecs:ChecksumOrigin", file.text_at("ChecksumOrigin"));
        once.record.file(&File {
            name,
            role: Some("data"),
            bytes: file.text_at("FileSize").and_then(|size| size.parse().ok()),
            checksum,
            media_type: media_type_of(name),
            href: None,
        });
    }
}

fn media_type_of(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next()?.to_ascii_lowercase().as_str() {
        "hdf" => "application/x-hdf",
        "h5" | "he5" => "application/x-hdf5",
        "tif" | "tiff" => "image/tiff",
        "jpg" | "jpeg" => "image/jpeg",
        "nc" => "application/x-netcdf",
        _ => return None,
    })
}

/// Inputs are named by file, or by ECS address; browse and quality granules by address.
fn sources(once: &mut Once<'_>, granule: &Element) {
    for input in granule.all("InputGranule/InputPointer") {
        if let Some(pointer) = input.text() {
            once.link("derived_from", pointer, None);
        }
    }
    for (path, rel) in [
        ("AncillaryInputGranules/AncillaryInputGranule/AncillaryInputPointer", "derived_from"),
        ("BrowseProduct/BrowseGranuleId", "preview"),
        ("QAProduct/QAGranuleId", "quality"),
        ("PHProduct/PHGranuleId", "document"),
    ] {
        for found in granule.all(path) {
            if let Some(address) = found.text() {
                once.link(rel, address, None);
            }
        }
    }
}

/// Product specific attributes under the name that their producer gave them; a DOI among them is that of the collection. Tile numbers are written with leading
/// zeros, and are compared as numbers all the same.
fn attributes(once: &mut Once<'_>, granule: &Element) {
    for attribute in granule.all("PSAs/PSA") {
        let Some(name) = attribute.text_at("PSAName") else { continue };
        for value in attribute.named("PSAValue").filter_map(Element::text) {
            let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() <= 4;
            let plain = value.trim_start_matches('0');
            let plain = if plain.is_empty() { "0" } else { plain };
            let is_tile = digits && name.to_ascii_uppercase().ends_with("TILENUMBER");
            once.number(&format!("ecs:{name}"), Some(if is_tile { plain } else { value }));
            match name {
                // The whole scene in ASTER, whole percents in MODIS.
                "SCENECLOUDCOVERAGE" | "SceneCloudCoverage" => once.quality("cloud_cover", Some(value)),
                _ => {}
            }
        }
    }
    let measured = granule.all("MeasuredParameter/MeasuredParameterContainer/QAStats/QAPercentCloudCover");
    // Several parameters may each have a cloud cover: one for the granule is only said where they agree.
    let mut covers: Vec<&str> = measured.into_iter().filter_map(Element::text).collect();
    covers.dedup();
    if let [cover] = covers.as_slice() {
        once.quality("cloud_cover", Some(cover));
    }
}

fn crossings(once: &mut Once<'_>, granule: &Element) {
    for crossing in granule.all("OrbitCalculatedSpatialDomain/OrbitCalculatedSpatialDomainContainer") {
        let parts = crossing.text_at("EquatorCrossingDate").zip(crossing.text_at("EquatorCrossingTime"));
        if let Some((date, time)) = parts {
            once.text("ecs:EquatorCrossing", Some(&format!("{date}T{time}Z")));
        }
    }
}
