//! ECHO10 Collection to collection.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::xml::Element;
use super::parts::{self, Spans, first, given};
use crate::importer::{Context, Reason};

/// Texts that are only filtered on.
const TEXTS: &[(&str, &str)] = &[
    ("LongName", "cmr:LongName"),
    ("RevisionDate", "cmr:RevisionDate"),
    ("SuggestedUsage", "cmr:SuggestedUsage"),
    ("ProcessingLevelDescription", "cmr:ProcessingLevelDescription"),
    ("VersionDescription", "cmr:VersionDescription"),
    ("CollectionState", "cmr:CollectionState"),
    ("MaintenanceAndUpdateFrequency", "cmr:MaintenanceAndUpdateFrequency"),
    ("RestrictionComment", "cmr:RestrictionComment"),
    ("Orderable", "cmr:Orderable"),
    ("Visible", "cmr:Visible"),
    ("Temporal/TemporalRangeType", "cmr:TemporalRangeType"),
    ("Temporal/TimeType", "cmr:TimeType"),
    ("Temporal/DateType", "cmr:DateType"),
    ("Spatial/SpatialCoverageType", "cmr:SpatialCoverageType"),
    ("Spatial/GranuleSpatialRepresentation", "cmr:GranuleSpatialRepresentation"),
    ("Spatial/HorizontalSpatialDomain/Geometry/CoordinateSystem", "cmr:CoordinateSystem"),
    ("Spatial/HorizontalSpatialDomain/ZoneIdentifier", "cmr:ZoneIdentifier"),
    ("TwoDCoordinateSystems/TwoDCoordinateSystem/TwoDCoordinateSystemName", "cmr:TwoDCoordinateSystem"),
    ("Platforms/Platform/Type", "cmr:PlatformType"),
    ("Platforms/Platform/Instruments/Instrument/Technique", "cmr:InstrumentTechnique"),
    ("Campaigns/Campaign/LongName", "cmr:ProjectLongName"),
    ("CSDTDescriptions/CSDTDescription/PrimaryCSDT", "cmr:PrimaryCSDT"),
    ("CSDTDescriptions/CSDTDescription/Implementation", "cmr:Implementation"),
    ("MetadataStandardName", "cmr:MetadataStandardName"),
    ("MetadataStandardVersion", "cmr:MetadataStandardVersion"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("Price", "cmr:Price"),
    ("RestrictionFlag", "cmr:RestrictionFlag"),
    ("Temporal/PrecisionOfSeconds", "cmr:PrecisionOfSeconds"),
    ("Spatial/OrbitParameters/SwathWidth", "cmr:SwathWidth"),
    ("Spatial/OrbitParameters/Period", "cmr:OrbitPeriod"),
    ("Spatial/OrbitParameters/InclinationAngle", "cmr:InclinationAngle"),
    ("Spatial/OrbitParameters/NumberOfOrbits", "cmr:NumberOfOrbits"),
    ("Spatial/OrbitParameters/StartCircularLatitude", "cmr:StartCircularLatitude"),
];

const POINT: [&str; 2] = ["PointLongitude", "PointLatitude"];

const BOX: [&str; 4] =
    ["WestBoundingCoordinate", "SouthBoundingCoordinate", "EastBoundingCoordinate", "NorthBoundingCoordinate"];

/// The collection that an ECHO10 document describes.
pub fn collection<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let title = first(root, &["DataSetId", "LongName"]);
    let mut once = super::begin(context, first(root, &["ShortName"]), first(root, &["VersionId"]), title)?;
    once.text("cmr:format", Some("echo10"));
    once.record.text("description", given(root.text_at("Description")));
    once.record.text("data_type", given(root.text_at("CollectionDataType")));
    once.record.text("citation", given(root.text_at("CitationForExternalPublication")));
    once.record.text("format", first(root, &["DataFormat", "CSDTDescriptions/CSDTDescription/Implementation"]));
    let licence =
        ["UseConstraints/LicenseURL/URL", "UseConstraints/LicenseText", "UseConstraints/Description", "UseConstraints"];
    once.record.text("licence", first(root, &licence));
    if root.text_at("UseConstraints/FreeAndOpenData") == Some("true") {
        once.record.text("access", Some("open"));
    }
    once.doi(root.text_at("DOI/DOI"));
    dates(&mut once, root, &[("InsertTime", "created"), ("LastUpdate", "modified"), ("DeleteTime", "retired")]);
    once.name(Role::Level, first(root, &["ProcessingLevelId"]));
    observers(&mut once, root);
    keywords(&mut once, root);
    temporal(&mut once, root);
    shapes(&mut once, root);
    providers(&mut once, root);
    links(&mut once, root);
    for attribute in root.all("AdditionalAttributes/AdditionalAttribute") {
        let value: Vec<_> = attribute.text_at("Value").into_iter().collect();
        if attribute.text_at("Name") == Some(parts::DOI) {
            once.doi(value.first().copied());
            continue;
        }
        parts::attribute(&mut once, attribute.text_at("Name"), &value);
    }
    parts::properties(&mut once, root, TEXTS);
    parts::numbers(&mut once, root, NUMBERS);
    Ok(once)
}

/// Dates of the record itself.
pub(super) fn dates(once: &mut Once<'_>, root: &Element, table: &[(&'static str, &'static str)]) {
    for (field, member) in table {
        let Some(written) = first(root, &[field]) else { continue };
        // DIF's `present` and `unknown` are no dates.
        if written.starts_with(|sign: char| sign.is_ascii_digit()) {
            once.date(member, field, written);
        } else {
            once.text(&format!("cmr:{}", field.rsplit('/').next().unwrap_or(field)), Some(written));
        }
    }
}

/// Campaigns, platforms, instruments and their sensors.
pub(super) fn observers(once: &mut Once<'_>, root: &Element) {
    parts::names(once, root, Role::Mission, &["Campaigns/Campaign/ShortName"]);
    parts::names(once, root, Role::Platform, &["Platforms/Platform/ShortName"]);
    let instrument = "Platforms/Platform/Instruments/Instrument/ShortName";
    let sensor = "Platforms/Platform/Instruments/Instrument/Sensors/Sensor/ShortName";
    parts::names(once, root, Role::Instrument, &[instrument, sensor]);
}

fn keywords(once: &mut Once<'_>, root: &Element) {
    let levels = [
        "CategoryKeyword",
        "TopicKeyword",
        "TermKeyword",
        "VariableLevel1Keyword/Value",
        "VariableLevel1Keyword/VariableLevel2Keyword/Value",
        "VariableLevel1Keyword/VariableLevel2Keyword/VariableLevel3Keyword",
        "DetailedVariableKeyword",
    ];
    parts::levelled(once, root, parts::SCIENCE_KEYWORDS, "ScienceKeywords/ScienceKeyword", &levels);
    parts::keywords(once, root, Some(parts::LOCATIONS), "SpatialKeywords/Keyword");
    parts::keywords(once, root, Some("cmr:temporal"), "TemporalKeywords/Keyword");
}

/// Ranges, instants and periods of a `Temporal`.
pub(super) fn temporal(once: &mut Once<'_>, root: &Element) {
    let mut spans = Spans::default();
    for range in root.all("Temporal/RangeDateTime") {
        spans.add(range.text_at("BeginningDateTime"), range.text_at("EndingDateTime"));
    }
    for instant in root.all("Temporal/SingleDateTime") {
        spans.instant(instant.text());
    }
    for period in root.all("Temporal/PeriodicDateTime") {
        spans.add(period.text_at("StartDate"), period.text_at("EndDate"));
    }
    spans.ends_at_present(root.text_at("Temporal/EndsAtPresentFlag"));
    spans.write(once, ["Temporal/BeginningDateTime", "Temporal/EndingDateTime"]);
}

/// Boxes, polygons, points and lines of a `Spatial`.
pub(super) fn shapes(once: &mut Once<'_>, root: &Element) {
    for geometry in root.all("Spatial/HorizontalSpatialDomain/Geometry") {
        geometry.named("BoundingRectangle").for_each(|element| parts::rectangle(once, element, BOX));
        for polygon in geometry.named("GPolygon") {
            parts::polygon(once, &polygon.all("Boundary/Point"), POINT);
        }
        geometry.named("Point").for_each(|element| parts::single(once, element, POINT));
        geometry.named("Line").for_each(|element| parts::line(once, &element.all("Point"), POINT));
    }
}

fn providers(once: &mut Once<'_>, root: &Element) {
    once.provider(given(root.text_at("ArchiveCenter")), Some("ARCHIVER"), None, None);
    once.provider(given(root.text_at("ProcessingCenter")), Some("PROCESSOR"), None, None);
    for contact in root.all("Contacts/Contact") {
        let email = contact.text_at("OrganizationEmails/Email");
        once.provider(given(contact.text_at("OrganizationName")), given(contact.text_at("Role")), None, email);
        for person in contact.all("ContactPersons/ContactPerson") {
            let names = ["FirstName", "MiddleName", "LastName"].iter().filter_map(|name| given(person.text_at(name)));
            once.text("cmr:ContactPerson", Some(&names.collect::<Vec<_>>().join(" ")));
        }
    }
}

fn links(once: &mut Once<'_>, root: &Element) {
    for online in root.all("OnlineAccessURLs/OnlineAccessURL") {
        if let Some(href) = online.text_at("URL") {
            once.link("data", href, given(online.text_at("URLDescription")));
        }
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
    for dif in root.all("AssociatedDIFs/DIF/EntryId") {
        once.identifier("dif-entry-id", given(dif.text()));
    }
    for other in root.all("CollectionAssociations/CollectionAssociation") {
        if let Some(short_name) = given(other.text_at("ShortName")) {
            let target = super::entry_id(short_name, given(other.text_at("VersionId")));
            let rel = association(other.text_at("CollectionType").unwrap_or_default());
            once.link(rel, &target, given(other.text_at("CollectionUse")));
        }
    }
}

/// How another collection belongs to this one.
pub(super) fn association(kind: &str) -> &'static str {
    match kind.to_lowercase().as_str() {
        "input" | "source" | "input collection" => "derived_from",
        "parent" | "larger citation works" | "larger work citation" => "collection",
        "child" => "member",
        _ => "see_also",
    }
}
