//! UMM-G, the JSON form of a granule, to product.

use std::collections::HashSet;

use super::super::super::shared::once::Once;
use super::super::super::shared::record::File;
use super::super::super::shared::xml::Element;
use super::echo_granule::{algorithm_of, bytes_of, file_name};
use super::parts::{self, Spans, first, given};
use super::{entry_id, umm};
use crate::importer::{Context, Reason};

const TEXTS: &[(&str, &str)] = &[
    ("DataGranule/DayNightFlag", "cmr:DayNightFlag"),
    ("DataGranule/ReprocessingPlanned", "cmr:ReprocessingPlanned"),
    ("DataGranule/ReprocessingActual", "cmr:ReprocessingActual"),
    ("PGEVersionClass/PGEName", "cmr:PGEName"),
    ("PGEVersionClass/PGEVersion", "cmr:PGEVersion"),
    ("AccessConstraints/Description", "cmr:AccessConstraints"),
    ("GridMappingNames", "cmr:GridMappingName"),
    ("NativeProjectionNames", "cmr:NativeProjectionName"),
    ("TilingIdentificationSystem/TilingIdentificationSystemName", "cmr:TwoDCoordinateSystem"),
    ("MeasuredParameters/ParameterName", "cmr:MeasuredParameter"),
    ("MetadataSpecification/Version", "cmr:MetadataStandardVersion"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("AccessConstraints/Value", "cmr:RestrictionFlag"),
    ("OrbitCalculatedSpatialDomains/OrbitNumber", "cmr:OrbitNumber"),
    ("OrbitCalculatedSpatialDomains/BeginOrbitNumber", "cmr:StartOrbitNumber"),
    ("OrbitCalculatedSpatialDomains/EndOrbitNumber", "cmr:StopOrbitNumber"),
    ("SpatialExtent/HorizontalSpatialDomain/Track/Cycle", "cmr:Cycle"),
    ("SpatialExtent/HorizontalSpatialDomain/Track/Passes/Pass", "cmr:Pass"),
    ("TilingIdentificationSystem/Coordinate1/MinimumValue", "cmr:StartCoordinate1"),
    ("TilingIdentificationSystem/Coordinate2/MinimumValue", "cmr:StartCoordinate2"),
];

/// The product that a UMM-G document describes.
pub fn granule<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let id = first(root, &["GranuleUR"]).ok_or(Reason::NoId)?;
    let collection = match first(root, &["CollectionReference/ShortName"]) {
        Some(short_name) => Some(entry_id(short_name, first(root, &["CollectionReference/Version"]))),
        None => first(root, &["CollectionReference/EntryTitle"]).map(str::to_owned),
    };
    let used = collection.as_deref().unwrap_or(context.collection);
    let mut once = Once::new(context, "product", Some(used), id)?;
    if collection.is_none() {
        once.record.note(Reason::NoCollection { used: used.to_owned() });
    }
    once.text("cmr:format", Some("umm-json"));
    once.identifier("cmr-granule-ur", Some(id));
    let mut title = id;
    for identifier in root.all("DataGranule/Identifiers") {
        let Some(value) = given(identifier.text_at("Identifier")) else { continue };
        let kind = identifier.text_at("IdentifierType").unwrap_or_default();
        if kind == "ProducerGranuleId" {
            title = value;
        }
        once.identifier(scheme_of(kind), Some(value));
    }
    once.record.text("title", Some(title));
    once.record.text("version", first(root, &["PGEVersionClass/PGEVersion"]));
    dates(&mut once, root);
    umm::observers(&mut once, root);
    temporal(&mut once, root);
    umm::horizontal(&mut once, root);
    once.quality("cloud_cover", root.text_at("CloudCover"));
    for attribute in root.named("AdditionalAttributes") {
        let values: Vec<_> = attribute.named("Values").filter_map(Element::text).collect();
        parts::attribute(&mut once, attribute.text_at("Name"), &values);
    }
    for input in root.named("InputGranules").filter_map(Element::text) {
        once.link("derived_from", input, None);
    }
    files(&mut once, root);
    parts::properties(&mut once, root, TEXTS);
    parts::numbers(&mut once, root, NUMBERS);
    Ok(once)
}

fn scheme_of(kind: &str) -> &'static str {
    match kind {
        "ProducerGranuleId" => "producer-granule-id",
        "LocalVersionId" => "local-version-id",
        "FeatureId" => "feature-id",
        "CRID" => "crid",
        _ => "granule-id",
    }
}

fn dates(once: &mut Once<'_>, root: &Element) {
    for (kind, member) in [("Insert", "archived_at"), ("Update", "modified"), ("Delete", "retired")] {
        let dates = root.all("ProviderDates");
        let date = dates.iter().find(|date| date.text_at("Type") == Some(kind));
        if let Some(written) = date.and_then(|date| given(date.text_at("Date"))) {
            once.date(member, "ProviderDates/Date", written);
        }
    }
    if let Some(written) = first(root, &["DataGranule/ProductionDateTime"]) {
        once.date("processed_at", "DataGranule/ProductionDateTime", written);
    }
}

fn temporal(once: &mut Once<'_>, root: &Element) {
    let mut spans = Spans::default();
    for range in root.all("TemporalExtent/RangeDateTime") {
        spans.add(range.text_at("BeginningDateTime"), range.text_at("EndingDateTime"));
    }
    for instant in root.all("TemporalExtent/SingleDateTime") {
        spans.instant(instant.text());
    }
    spans.write(once, ["TemporalExtent/BeginningDateTime", "TemporalExtent/EndingDateTime"]);
}

/// Addresses of files carry names; sizes and checksums stand in another list, under the same names.
fn files(once: &mut Once<'_>, root: &Element) {
    let listed = root.all("DataGranule/ArchiveAndDistributionInformation");
    let (mut format, mut names) = (None, HashSet::new());
    for related in root.named("RelatedUrls") {
        let Some(href) = given(related.text_at("URL")) else { continue };
        let kind = related.text_at("Type").unwrap_or_default();
        let is_first = kind == "GET DATA" && names.insert(file_name(href));
        if !is_first {
            // Among them the same file by another way, such as S3 beside HTTPS.
            once.link(parts::rel_of(kind), href, given(related.text_at("Description")));
            continue;
        }
        let name = file_name(href);
        let same = listed.iter().find(|entry| entry.text_at("Name") == Some(name));
        file(once, name, same.copied(), related.text_at("MimeType"), Some(href));
    }
    let is_linked = |name: &str| {
        root.named("RelatedUrls").any(|related| {
            related.text_at("Type") == Some("GET DATA")
                && related.text_at("URL").is_some_and(|url| file_name(url) == name)
        })
    };
    for entry in &listed {
        format = format.or_else(|| given(entry.text_at("Format")));
        if let Some(name) = given(entry.text_at("Name")).filter(|name| !is_linked(name)) {
            file(once, name, Some(entry), entry.text_at("MimeType"), None);
        }
    }
    once.record.text("format", format);
}

fn file(once: &mut Once<'_>, name: &str, entry: Option<&Element>, media_type: Option<&str>, href: Option<&str>) {
    let algorithm = entry.and_then(|entry| entry.text_at("Checksum/Algorithm")).map(algorithm_of);
    let value = entry.and_then(|entry| entry.text_at("Checksum/Value"));
    once.record.file(&File {
        name,
        role: Some("data"),
        bytes: entry.and_then(|entry| bytes_of(entry, "SizeInBytes")),
        checksum: algorithm.as_deref().zip(value),
        media_type: given(media_type),
        href,
    });
}
