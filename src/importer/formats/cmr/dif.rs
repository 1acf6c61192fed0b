//! DIF 9 and DIF 10 to collection.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::xml::Element;
use super::echo::dates;
use super::parts::{self, Spans, first, given};
use crate::importer::{Context, Reason};

/// Places of DIF 10 and of DIF 9 side by side: a document has one or the other.
const TEXTS: &[(&str, &str)] = &[
    ("Version_Description", "cmr:VersionDescription"),
    ("Dataset_Progress", "cmr:CollectionState"),
    ("Data_Set_Progress", "cmr:CollectionState"),
    ("Summary/Purpose", "cmr:Purpose"),
    ("Quality", "cmr:Quality"),
    ("Access_Constraints", "cmr:AccessConstraints"),
    ("Access_Constraints/Description", "cmr:AccessConstraints"),
    ("Dataset_Language", "cmr:DataLanguage"),
    ("Data_Set_Language", "cmr:DataLanguage"),
    ("Platform/Type", "cmr:PlatformType"),
    ("Platform/Instrument/Technique", "cmr:InstrumentTechnique"),
    ("Project/Long_Name", "cmr:ProjectLongName"),
    ("Temporal_Coverage/Temporal_Range_Type", "cmr:TemporalRangeType"),
    ("Temporal_Coverage/Time_Type", "cmr:TimeType"),
    ("Temporal_Coverage/Date_Type", "cmr:DateType"),
    ("Spatial_Coverage/Spatial_Coverage_Type", "cmr:SpatialCoverageType"),
    ("Spatial_Coverage/Granule_Spatial_Representation", "cmr:GranuleSpatialRepresentation"),
    ("Spatial_Coverage/Geometry/Coordinate_System", "cmr:CoordinateSystem"),
    ("Data_Resolution/Latitude_Resolution", "cmr:LatitudeResolution"),
    ("Data_Resolution/Longitude_Resolution", "cmr:LongitudeResolution"),
    ("Data_Resolution/Vertical_Resolution", "cmr:VerticalResolution"),
    ("Data_Resolution/Temporal_Resolution", "cmr:TemporalResolution"),
    ("Data_Resolution/Horizontal_Resolution_Range", "cmr:HorizontalResolutionRange"),
    ("Data_Resolution/Temporal_Resolution_Range", "cmr:TemporalResolutionRange"),
    ("Distribution/Distribution_Media", "cmr:DistributionMedia"),
    ("Distribution/Distribution_Size", "cmr:DistributionSize"),
    ("Distribution/Fees", "cmr:Fees"),
    ("Originating_Metadata_Node", "cmr:OriginatingMetadataNode"),
    ("Metadata_Name", "cmr:MetadataStandardName"),
    ("Metadata_Version", "cmr:MetadataStandardVersion"),
    ("DIF_Revision_History", "cmr:RevisionHistory"),
    ("Private", "cmr:Private"),
    ("Reference/Title", "cmr:Reference"),
    ("Reference/Citation", "cmr:Reference"),
];

const NUMBERS: &[(&str, &str)] = &[
    ("Temporal_Coverage/Precision_Of_Seconds", "cmr:PrecisionOfSeconds"),
    ("Spatial_Coverage/Orbit_Parameters/Swath_Width", "cmr:SwathWidth"),
    ("Spatial_Coverage/Orbit_Parameters/Period", "cmr:OrbitPeriod"),
    ("Spatial_Coverage/Orbit_Parameters/Inclination_Angle", "cmr:InclinationAngle"),
    ("Spatial_Coverage/Orbit_Parameters/Number_Of_Orbits", "cmr:NumberOfOrbits"),
];

const BOX: [&str; 4] =
    ["Westernmost_Longitude", "Southernmost_Latitude", "Easternmost_Longitude", "Northernmost_Latitude"];

const POINT: [&str; 2] = ["Point_Longitude", "Point_Latitude"];

/// DIF 10 gives the entry id two parts; DIF 9 has one text.
fn is_ten(root: &Element) -> bool {
    root.at("Entry_ID/Short_Name").is_some() || root.text_at("Metadata_Version").is_some_and(|v| v.contains("10"))
}

/// Media type of the document, as the CMR names it.
pub fn media_type(root: &Element) -> &'static str {
    if is_ten(root) { "application/dif10+xml" } else { "application/dif+xml" }
}

/// The collection that a DIF describes.
pub fn collection<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let title = first(root, &["Entry_Title"]);
    let mut once = if is_ten(root) {
        let version = first(root, &["Entry_ID/Version"]);
        super::begin(context, first(root, &["Entry_ID/Short_Name", "Entry_ID"]), version, title)?
    } else {
        // The entry id of DIF 9 is whole: a version stands beside it, not in it.
        let mut once = super::begin(context, first(root, &["Entry_ID"]), None, title)?;
        once.record.text("version", first(root, &["Data_Set_Citation/Version"]));
        once
    };
    once.text("cmr:format", Some(if is_ten(root) { "dif10" } else { "dif" }));
    once.record.text("description", first(root, &["Summary/Abstract", "Summary"]));
    once.record.text("data_type", first(root, &["Collection_Data_Type"]));
    once.record.text("format", first(root, &["Distribution/Distribution_Format"]));
    let licence = ["Use_Constraints/License_URL/URL", "Use_Constraints/Description", "Use_Constraints"];
    once.record.text("licence", first(root, &licence));
    citation(&mut once, root);
    once.name(Role::Level, first(root, &["Product_Level_Id", "Product_Level_ID"]));
    let lifecycle: &[(&'static str, &'static str)] = if is_ten(root) {
        &[
            ("Metadata_Dates/Data_Creation", "created"),
            ("Metadata_Dates/Data_Last_Revision", "modified"),
            ("Dataset_Citation/Dataset_Release_Date", "issued"),
        ]
    } else {
        &[
            ("DIF_Creation_Date", "created"),
            ("Last_DIF_Revision_Date", "modified"),
            ("Data_Set_Citation/Dataset_Release_Date", "issued"),
        ]
    };
    dates(&mut once, root, lifecycle);
    observers(&mut once, root);
    keywords(&mut once, root);
    extent(&mut once, root);
    providers(&mut once, root);
    links(&mut once, root);
    for name in ["Additional_Attributes", "Extended_Metadata/Metadata"] {
        for attribute in root.all(name) {
            let value: Vec<_> = attribute.text_at("Value").into_iter().collect();
            if attribute.text_at("Name") == Some(parts::DOI) {
                once.doi(value.first().copied());
                continue;
            }
            parts::attribute(&mut once, attribute.text_at("Name"), &value);
        }
    }
    parts::properties(&mut once, root, TEXTS);
    parts::numbers(&mut once, root, NUMBERS);
    Ok(once)
}

/// Creator, release, title, version and publisher in the order in which they are cited; the DOI.
fn citation(once: &mut Once<'_>, root: &Element) {
    for citation in root.named("Dataset_Citation").chain(root.named("Data_Set_Citation")) {
        for identifier in citation.named("Persistent_Identifier") {
            once.doi(identifier.text_at("Identifier"));
        }
        once.doi(citation.text_at("Dataset_DOI"));
        if let Some(href) = given(citation.text_at("Online_Resource")) {
            once.link("about", href, None);
        }
    }
    let Some(citation) = root.at("Dataset_Citation").or_else(|| root.at("Data_Set_Citation")) else { return };
    let members = [
        "Dataset_Creator",
        "Dataset_Release_Date",
        "Dataset_Title",
        "Version",
        "Dataset_Publisher",
        "Dataset_Release_Place",
    ];
    let said: Vec<_> = members.iter().filter_map(|member| given(citation.text_at(member))).collect();
    once.record.text("citation", Some(&said.join(". ")));
    once.provider(given(citation.text_at("Dataset_Creator")), Some("ORIGINATOR"), None, None);
    once.provider(given(citation.text_at("Dataset_Publisher")), Some("PUBLISHER"), None, None);
}

fn observers(once: &mut Once<'_>, root: &Element) {
    parts::names(once, root, Role::Mission, &["Project/Short_Name"]);
    parts::names(once, root, Role::Platform, &["Platform/Short_Name", "Source_Name/Short_Name"]);
    let sensors = ["Platform/Instrument/Short_Name", "Platform/Instrument/Sensor/Short_Name", "Sensor_Name/Short_Name"];
    parts::names(once, root, Role::Instrument, &sensors);
}

fn keywords(once: &mut Once<'_>, root: &Element) {
    let levels =
        ["Category", "Topic", "Term", "Variable_Level_1", "Variable_Level_2", "Variable_Level_3", "Detailed_Variable"];
    parts::levelled(once, root, parts::SCIENCE_KEYWORDS, "Science_Keywords", &levels);
    parts::levelled(once, root, parts::SCIENCE_KEYWORDS, "Parameters", &levels);
    let levels = [
        "Location_Category",
        "Location_Type",
        "Location_Subregion1",
        "Location_Subregion2",
        "Location_Subregion3",
        "Detailed_Location",
    ];
    parts::levelled(once, root, parts::LOCATIONS, "Location", &levels);
    parts::keywords(once, root, Some(parts::TOPICS), "ISO_Topic_Category");
    parts::keywords(once, root, None, "Ancillary_Keyword");
    parts::keywords(once, root, None, "Keyword");
}

fn extent(once: &mut Once<'_>, root: &Element) {
    let mut spans = Spans::default();
    for coverage in root.named("Temporal_Coverage") {
        for range in coverage.named("Range_DateTime") {
            spans.add(range.text_at("Beginning_Date_Time"), range.text_at("Ending_Date_Time"));
        }
        coverage.named("Single_DateTime").for_each(|instant| spans.instant(instant.text()));
        for period in coverage.named("Periodic_DateTime") {
            spans.add(period.text_at("Start_Date"), period.text_at("End_Date"));
        }
        spans.add(coverage.text_at("Start_Date"), coverage.text_at("Stop_Date"));
        spans.ends_at_present(coverage.text_at("Ends_At_Present_Flag"));
    }
    spans.write(once, ["Temporal_Coverage/Beginning_Date_Time", "Temporal_Coverage/Ending_Date_Time"]);
    for coverage in root.named("Spatial_Coverage") {
        parts::rectangle(once, coverage, BOX);
        for geometry in coverage.named("Geometry") {
            geometry.named("Bounding_Rectangle").for_each(|element| parts::rectangle(once, element, BOX));
            for polygon in geometry.named("Polygon") {
                parts::polygon(once, &polygon.all("Boundary/Point"), POINT);
            }
            geometry.named("Point").for_each(|element| parts::single(once, element, POINT));
            geometry.named("Line").for_each(|element| parts::line(once, &element.all("Point"), POINT));
        }
    }
}

fn providers(once: &mut Once<'_>, root: &Element) {
    once.provider(given(root.text_at("Originating_Center")), Some("ORIGINATOR"), None, None);
    for organisation in root.named("Organization").chain(root.named("Data_Center")) {
        let name = first(organisation, &["Organization_Name/Short_Name", "Data_Center_Name/Short_Name"]);
        let url = first(organisation, &["Organization_URL", "Data_Center_URL"]);
        let email = first(
            organisation,
            &["Personnel/Contact_Group/Email", "Personnel/Contact_Person/Email", "Personnel/Email"],
        );
        let mut roles: Vec<_> = organisation.named("Organization_Type").filter_map(Element::text).collect();
        if roles.is_empty() {
            roles.push("ARCHIVER");
        }
        roles.iter().for_each(|role| once.provider(name, Some(role), url, email));
    }
    for person in root.named("Personnel") {
        let person = person.at("Contact_Person").unwrap_or(person);
        let names = ["First_Name", "Middle_Name", "Last_Name"].iter().filter_map(|name| given(person.text_at(name)));
        once.text("cmr:ContactPerson", Some(&names.collect::<Vec<_>>().join(" ")));
    }
}

fn links(once: &mut Once<'_>, root: &Element) {
    for related in root.named("Related_URL") {
        let kind = related.text_at("URL_Content_Type/Type").unwrap_or_default();
        let subtype = related.text_at("URL_Content_Type/Subtype").unwrap_or_default();
        let rel = match parts::rel_of(kind) {
            "see_also" => parts::rel_of(subtype),
            rel => rel,
        };
        for address in related.named("URL").filter_map(Element::text) {
            once.link(rel, address, given(related.text_at("Description")));
        }
    }
    for reference in root.named("Reference") {
        for identifier in reference.all("Persistent_Identifier/Identifier").into_iter().filter_map(Element::text) {
            once.link("document", identifier, given(reference.text_at("Title")));
        }
    }
    for parent in root.named("Parent_DIF").filter_map(Element::text) {
        once.link("collection", parent, None);
    }
    for other in root.named("Metadata_Association") {
        if let Some(short_name) = given(other.text_at("Entry_ID/Short_Name")) {
            let target = super::entry_id(short_name, given(other.text_at("Entry_ID/Version")));
            let rel = super::echo::association(other.text_at("Type").unwrap_or_default());
            once.link(rel, &target, given(other.text_at("Description")));
        }
    }
}
