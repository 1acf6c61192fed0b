//! ECHO10 Granule to product.

use std::collections::HashSet;

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::record::File;
use super::super::super::shared::values::name_of_address;
use super::super::super::shared::xml::Element;
use super::parts::{self, first, given};
use super::{echo, entry_id};
use crate::importer::{Context, Reason};

const TEXTS: &[(&str, &str)] = &[
    ("DataGranule/DayNightFlag", "cmr:DayNightFlag"),
    ("DataGranule/ReprocessingPlanned", "cmr:ReprocessingPlanned"),
    ("DataGranule/ReprocessingActual", "cmr:ReprocessingActual"),
    ("DataGranule/LocalVersionId", "cmr:LocalVersionId"),
    ("PGEVersionClass/PGEName", "cmr:PGEName"),
    ("PGEVersionClass/PGEVersion", "cmr:PGEVersion"),
    ("RestrictionComment", "cmr:RestrictionComment"),
    ("TwoDCoordinateSystem/TwoDCoordinateSystemName", "cmr:TwoDCoordinateSystem"),
    ("MeasuredParameters/MeasuredParameter/ParameterName", "cmr:MeasuredParameter"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("DataGranule/SizeMBDataGranule", "cmr:SizeMBDataGranule"),
    ("TwoDCoordinateSystem/StartCoordinate1", "cmr:StartCoordinate1"),
    ("TwoDCoordinateSystem/StartCoordinate2", "cmr:StartCoordinate2"),
    ("OrbitCalculatedSpatialDomains/OrbitCalculatedSpatialDomain/OrbitNumber", "cmr:OrbitNumber"),
    ("OrbitCalculatedSpatialDomains/OrbitCalculatedSpatialDomain/StartOrbitNumber", "cmr:StartOrbitNumber"),
    ("OrbitCalculatedSpatialDomains/OrbitCalculatedSpatialDomain/StopOrbitNumber", "cmr:StopOrbitNumber"),
    ("Spatial/HorizontalSpatialDomain/Orbit/AscendingCrossing", "cmr:AscendingCrossing"),
];

/// The product that an ECHO10 granule describes.
pub fn granule<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let id = first(root, &["GranuleUR"]).ok_or(Reason::NoId)?;
    let collection = match first(root, &["Collection/ShortName"]) {
        Some(short_name) => Some(entry_id(short_name, first(root, &["Collection/VersionId"]))),
        // The title of a collection is an identifier of it.
        None => first(root, &["Collection/DataSetId", "Collection/EntryId"]).map(str::to_owned),
    };
    let used = collection.as_deref().unwrap_or(context.collection);
    let mut once = Once::new(context, "product", Some(used), id)?;
    if collection.is_none() {
        once.record.note(Reason::NoCollection { used: used.to_owned() });
    }
    let local = first(root, &["DataGranule/ProducerGranuleId"]);
    once.record.text("title", local.or(Some(id)));
    once.identifier("cmr-granule-ur", Some(id));
    once.identifier("producer-granule-id", local);
    once.text("cmr:format", Some("echo10"));
    once.record.text("version", first(root, &["DataGranule/LocalVersionId", "PGEVersionClass/PGEVersion"]));
    once.record.text("format", first(root, &["DataFormat"]));
    echo::dates(
        &mut once,
        root,
        &[
            ("InsertTime", "archived_at"),
            ("LastUpdate", "modified"),
            ("DeleteTime", "retired"),
            ("DataGranule/ProductionDateTime", "processed_at"),
        ],
    );
    echo::observers(&mut once, root);
    parts::names(&mut once, root, Role::Mission, &["Campaigns/Campaign/ShortName"]);
    echo::temporal(&mut once, root);
    echo::shapes(&mut once, root);
    once.quality("cloud_cover", root.text_at("CloudCover"));
    attributes(&mut once, root);
    files(&mut once, root);
    parts::properties(&mut once, root, TEXTS);
    parts::numbers(&mut once, root, NUMBERS);
    Ok(once)
}

fn attributes(once: &mut Once<'_>, root: &Element) {
    for attribute in root.all("AdditionalAttributes/AdditionalAttribute") {
        let values: Vec<_> = attribute.all("Values/Value").into_iter().filter_map(Element::text).collect();
        parts::attribute(once, attribute.text_at("Name"), &values);
    }
    for input in root.all("InputGranules/InputGranule") {
        if let Some(input) = given(input.text()) {
            once.link("derived_from", input, None);
        }
    }
}

/// Name of a file: the last part of its address.
pub(super) fn file_name(address: &str) -> &str {
    name_of_address(address).unwrap_or(address)
}

/// A whole number of bytes.
pub(super) fn bytes_of(element: &Element, path: &str) -> Option<u64> {
    element.text_at(path)?.parse().ok()
}

fn files(once: &mut Once<'_>, root: &Element) {
    let access = root.all("OnlineAccessURLs/OnlineAccessURL");
    let mut names = HashSet::new();
    for online in &access {
        let Some(href) = given(online.text_at("URL")) else { continue };
        if !names.insert(file_name(href)) {
            // The same file by another way, such as S3 beside HTTPS.
            once.link("data", href, given(online.text_at("URLDescription")));
            continue;
        }
        // Size and checksum are those of the granule: they say something about a file only when it is the only one.
        let only = access.len() == 1;
        let algorithm = root.text_at("DataGranule/Checksum/Algorithm").map(algorithm_of);
        let value = root.text_at("DataGranule/Checksum/Value");
        once.record.file(&File {
            name: file_name(href),
            role: Some("data"),
            bytes: bytes_of(root, "DataGranule/DataGranuleSizeInBytes").filter(|_| only),
            checksum: algorithm.as_deref().zip(value).filter(|_| only),
            media_type: given(online.text_at("MimeType")),
            href: Some(href),
        });
    }
    for online in root.all("OnlineResources/OnlineResource") {
        if let Some(href) = online.text_at("URL") {
            let kind = online.text_at("Type").unwrap_or_default();
            once.link(parts::rel_of(kind), href, given(online.text_at("Description")));
        }
    }
    for browse in root.all("AssociatedBrowseImageUrls/ProviderBrowseUrl") {
        if let Some(href) = browse.text_at("URL") {
            once.link("preview", href, given(browse.text_at("Description")));
        }
    }
}

/// `SHA-256` as the schema names it: `sha256`. POSIX `cksum` keeps its own name.
pub fn algorithm_of(written: &str) -> String {
    let folded: String = written.chars().filter(char::is_ascii_alphanumeric).collect();
    folded.to_ascii_lowercase()
}
