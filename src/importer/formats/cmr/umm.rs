//! UMM-C, the JSON form of the CMR's own model, to collection.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::xml::Element;
use super::parts::{self, Spans, first, given};
use crate::importer::{Context, Reason};

const TEXTS: &[(&str, &str)] = &[
    ("VersionDescription", "cmr:VersionDescription"),
    ("CollectionProgress", "cmr:CollectionState"),
    ("Purpose", "cmr:Purpose"),
    ("Quality", "cmr:Quality"),
    ("DataLanguage", "cmr:DataLanguage"),
    ("AccessConstraints/Description", "cmr:AccessConstraints"),
    ("ProcessingLevel/ProcessingLevelDescription", "cmr:ProcessingLevelDescription"),
    ("Platforms/Type", "cmr:PlatformType"),
    ("Platforms/Instruments/Technique", "cmr:InstrumentTechnique"),
    ("Projects/LongName", "cmr:ProjectLongName"),
    ("TemporalExtents/TemporalRangeType", "cmr:TemporalRangeType"),
    ("TilingIdentificationSystems/TilingIdentificationSystemName", "cmr:TwoDCoordinateSystem"),
    ("SpatialExtent/SpatialCoverageType", "cmr:SpatialCoverageType"),
    ("SpatialExtent/GranuleSpatialRepresentation", "cmr:GranuleSpatialRepresentation"),
    ("SpatialExtent/HorizontalSpatialDomain/Geometry/CoordinateSystem", "cmr:CoordinateSystem"),
    ("SpatialExtent/HorizontalSpatialDomain/ZoneIdentifier", "cmr:ZoneIdentifier"),
    ("Distributions/DistributionMedia", "cmr:DistributionMedia"),
    ("Distributions/Fees", "cmr:Fees"),
    ("ArchiveAndDistributionInformation/FileDistributionInformation/Media", "cmr:DistributionMedia"),
    ("ArchiveAndDistributionInformation/FileDistributionInformation/Fees", "cmr:Fees"),
    ("DirectDistributionInformation/Region", "cmr:CloudRegion"),
    ("DirectDistributionInformation/S3BucketAndObjectPrefixNames", "cmr:S3Prefix"),
    ("MetadataSpecification/Version", "cmr:MetadataStandardVersion"),
    ("MetadataSpecification/Name", "cmr:MetadataStandardName"),
    ("MetadataLanguage", "cmr:MetadataLanguage"),
    ("PublicationReferences/Title", "cmr:Reference"),
];

const RESOLUTION: &str =
    "SpatialExtent/HorizontalSpatialDomain/ResolutionAndCoordinateSystem/HorizontalDataResolution/GenericResolutions";

const NUMBERS: &[(&str, &str)] = &[
    ("AccessConstraints/Value", "cmr:RestrictionFlag"),
    ("TemporalExtents/PrecisionOfSeconds", "cmr:PrecisionOfSeconds"),
    ("SpatialExtent/OrbitParameters/SwathWidth", "cmr:SwathWidth"),
    ("SpatialExtent/OrbitParameters/Period", "cmr:OrbitPeriod"),
    ("SpatialExtent/OrbitParameters/OrbitPeriod", "cmr:OrbitPeriod"),
    ("SpatialExtent/OrbitParameters/InclinationAngle", "cmr:InclinationAngle"),
    ("SpatialExtent/OrbitParameters/NumberOfOrbits", "cmr:NumberOfOrbits"),
    ("SpatialExtent/OrbitParameters/StartCircularLatitude", "cmr:StartCircularLatitude"),
];

pub(super) const BOX: [&str; 4] =
    ["WestBoundingCoordinate", "SouthBoundingCoordinate", "EastBoundingCoordinate", "NorthBoundingCoordinate"];

pub(super) const POINT: [&str; 2] = ["Longitude", "Latitude"];

/// The collection that a UMM-C document describes.
pub fn collection<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let title = first(root, &["EntryTitle"]);
    let mut once = super::begin(context, first(root, &["ShortName"]), first(root, &["Version"]), title)?;
    once.text("cmr:format", Some("umm-json"));
    once.record.text("description", first(root, &["Abstract"]));
    once.record.text("data_type", first(root, &["CollectionDataType"]));
    let formats = [
        "ArchiveAndDistributionInformation/FileDistributionInformation/Format",
        "ArchiveAndDistributionInformation/FileArchiveInformation/Format",
        "Distributions/DistributionFormat",
    ];
    once.record.text("format", first(root, &formats));
    let licence = [
        "UseConstraints/LicenseURL/Linkage",
        "UseConstraints/LicenseText",
        "UseConstraints/Description",
        "UseConstraints",
    ];
    once.record.text("licence", first(root, &licence));
    if root.text_at("UseConstraints/FreeAndOpenData") == Some("true") {
        once.record.text("access", Some("open"));
    }
    once.doi(root.text_at("DOI/DOI"));
    once.name(Role::Level, first(root, &["ProcessingLevel/Id"]).filter(|level| *level != "NA"));
    dates(&mut once, root);
    citation(&mut once, root);
    observers(&mut once, root);
    keywords(&mut once, root);
    temporal(&mut once, root);
    horizontal(&mut once, root);
    providers(&mut once, root);
    links(&mut once, root);
    for attribute in root.named("AdditionalAttributes") {
        let value: Vec<_> = attribute.text_at("Value").into_iter().collect();
        if attribute.text_at("Name") == Some(parts::DOI) {
            once.doi(value.first().copied());
            continue;
        }
        parts::attribute(&mut once, attribute.text_at("Name"), &value);
    }
    for resolution in root.all(RESOLUTION) {
        let part = |name| resolution.text_at(name).unwrap_or_default();
        let written = format!("{} x {} {}", part("XDimension"), part("YDimension"), part("Unit"));
        once.text("cmr:HorizontalResolution", Some(written.trim()));
    }
    parts::properties(&mut once, root, TEXTS);
    parts::numbers(&mut once, root, NUMBERS);
    Ok(once)
}

/// Dates of the data come before those of the metadata; both lists hold pairs of type and date.
fn dates(once: &mut Once<'_>, root: &Element) {
    for (kind, member) in [("CREATE", "created"), ("UPDATE", "modified"), ("DELETE", "retired")] {
        let lists = [("DataDates", "DataDates/Date"), ("MetadataDates", "MetadataDates/Date")];
        let of_kind = |(list, field): (&'static str, &'static str)| {
            let date = root.named(list).find(|date| date.text_at("Type") == Some(kind))?;
            Some((field, given(date.text_at("Date"))?))
        };
        if let Some((field, written)) = lists.into_iter().find_map(of_kind) {
            once.date(member, field, written);
        }
    }
}

fn citation(once: &mut Once<'_>, root: &Element) {
    let Some(citation) = root.at("CollectionCitations") else { return };
    let members = ["Creator", "ReleaseDate", "Title", "Version", "Publisher", "ReleasePlace"];
    let said: Vec<_> = members.iter().filter_map(|member| given(citation.text_at(member))).collect();
    once.record.text("citation", Some(&said.join(". ")));
    if let Some(written) = given(citation.text_at("ReleaseDate")) {
        once.date("issued", "CollectionCitations/ReleaseDate", written);
    }
    once.provider(given(citation.text_at("Publisher")), Some("PUBLISHER"), None, None);
    once.text("cmr:Creator", given(citation.text_at("Creator")));
}

/// Projects, platforms, instruments and what they are composed of: the same members in UMM-C and UMM-G.
pub(super) fn observers(once: &mut Once<'_>, root: &Element) {
    parts::names(once, root, Role::Mission, &["Projects/ShortName"]);
    parts::names(once, root, Role::Platform, &["Platforms/ShortName"]);
    let instruments = ["Platforms/Instruments/ShortName", "Platforms/Instruments/ComposedOf/ShortName"];
    parts::names(once, root, Role::Instrument, &instruments);
}

fn keywords(once: &mut Once<'_>, root: &Element) {
    let levels =
        ["Category", "Topic", "Term", "VariableLevel1", "VariableLevel2", "VariableLevel3", "DetailedVariable"];
    parts::levelled(once, root, parts::SCIENCE_KEYWORDS, "ScienceKeywords", &levels);
    let levels = ["Category", "Type", "Subregion1", "Subregion2", "Subregion3", "DetailedLocation"];
    parts::levelled(once, root, parts::LOCATIONS, "LocationKeywords", &levels);
    parts::keywords(once, root, Some(parts::LOCATIONS), "SpatialKeywords");
    parts::keywords(once, root, Some("cmr:temporal"), "TemporalKeywords");
    parts::keywords(once, root, Some(parts::TOPICS), "ISOTopicCategories");
    parts::keywords(once, root, None, "AncillaryKeywords");
}

fn temporal(once: &mut Once<'_>, root: &Element) {
    let mut spans = Spans::default();
    for extent in root.named("TemporalExtents") {
        for range in extent.named("RangeDateTimes") {
            spans.add(range.text_at("BeginningDateTime"), range.text_at("EndingDateTime"));
        }
        extent.named("SingleDateTimes").for_each(|instant| spans.instant(instant.text()));
        for period in extent.named("PeriodicDateTimes") {
            spans.add(period.text_at("StartDate"), period.text_at("EndDate"));
        }
        spans.ends_at_present(extent.text_at("EndsAtPresentFlag"));
    }
    spans.write(once, ["TemporalExtents/BeginningDateTime", "TemporalExtents/EndingDateTime"]);
}

/// Boxes, polygons, points and lines of a horizontal domain: the same members in UMM-C and UMM-G.
pub(super) fn horizontal(once: &mut Once<'_>, root: &Element) {
    for geometry in root.all("SpatialExtent/HorizontalSpatialDomain/Geometry") {
        geometry.named("BoundingRectangles").for_each(|element| parts::rectangle(once, element, BOX));
        for polygon in geometry.named("GPolygons") {
            parts::polygon(once, &polygon.all("Boundary/Points"), POINT);
        }
        geometry.named("Points").for_each(|element| parts::single(once, element, POINT));
        geometry.named("Lines").for_each(|element| parts::line(once, &element.all("Points"), POINT));
    }
}

fn providers(once: &mut Once<'_>, root: &Element) {
    for center in root.named("DataCenters") {
        let url = first(center, &["ContactInformation/RelatedUrls/URL"]);
        let mechanisms = center.all("ContactInformation/ContactMechanisms");
        let email = mechanisms.iter().find(|mechanism| mechanism.text_at("Type") == Some("Email"));
        let email = email.and_then(|mechanism| mechanism.text_at("Value"));
        let name = given(center.text_at("ShortName"));
        for role in center.named("Roles").filter_map(Element::text) {
            once.provider(name, Some(role), url, email);
        }
        center.named("ContactPersons").for_each(|person| contact(once, person));
    }
    root.named("ContactPersons").for_each(|person| contact(once, person));
}

fn contact(once: &mut Once<'_>, person: &Element) {
    let names = ["FirstName", "MiddleName", "LastName"].iter().filter_map(|name| given(person.text_at(name)));
    once.text("cmr:ContactPerson", Some(&names.collect::<Vec<_>>().join(" ")));
}

fn links(once: &mut Once<'_>, root: &Element) {
    for related in root.named("RelatedUrls") {
        let kinds = ["Type", "Subtype", "URLContentType"].map(|name| related.text_at(name).unwrap_or_default());
        let rel = kinds.iter().map(|kind| parts::rel_of(kind)).find(|rel| *rel != "see_also").unwrap_or("see_also");
        if let Some(href) = given(related.text_at("URL")) {
            once.link(rel, href, given(related.text_at("Description")));
        }
    }
    for publication in root.named("PublicationReferences") {
        let place =
            first(publication, &["DOI/DOI", "OnlineResource/Linkage"]).filter(|place| !place.contains("Not%20"));
        if let Some(place) = place {
            once.link("document", place, given(publication.text_at("Title")));
        }
    }
    for address in root.all("CollectionCitations/OnlineResource/Linkage").into_iter().filter_map(Element::text) {
        once.link("about", address, None);
    }
    for other in root.named("MetadataAssociations") {
        if let Some(target) = given(other.text_at("EntryId")) {
            let target = super::entry_id(target, given(other.text_at("Version")));
            let rel = super::echo::association(other.text_at("Type").unwrap_or_default());
            once.link(rel, &target, given(other.text_at("Description")));
        }
    }
    for other in root.named("AssociatedDOIs") {
        if let Some(doi) = given(other.text_at("DOI")) {
            let rel = super::echo::association(other.text_at("Type").unwrap_or_default());
            once.link(rel, doi, given(other.text_at("Title")));
        }
    }
}
