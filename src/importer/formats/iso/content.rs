//! What a resource is about and how it may be used: keywords, constraints, quality, and scalars to filter on.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::Once;
use super::super::super::shared::xml::Element;
use super::{first, identification, value, value_at};

/// Texts of the identification.
const TEXTS: &[(&str, &str)] = &[
    ("purpose", "iso:purpose"),
    ("credit", "iso:credit"),
    ("status", "iso:status"),
    ("language", "iso:language"),
    ("defaultLocale/PT_Locale/language", "iso:language"),
    ("spatialRepresentationType", "iso:spatialRepresentationType"),
    ("environmentDescription", "iso:environmentDescription"),
    ("supplementalInformation", "iso:supplementalInformation"),
    ("serviceType", "iso:serviceType"),
    ("serviceTypeVersion", "iso:serviceTypeVersion"),
    ("couplingType", "iso:couplingType"),
    ("resourceMaintenance/MD_MaintenanceInformation/maintenanceAndUpdateFrequency", "iso:maintenanceFrequency"),
];

/// Numbers of the description of images and coverages.
const IMAGE: &[(&str, &str)] = &[
    ("illuminationElevationAngle", "iso:illuminationElevationAngle"),
    ("illuminationAzimuthAngle", "iso:illuminationAzimuthAngle"),
    ("compressionGenerationQuantity", "iso:compressionGenerationQuantity"),
];

/// Keywords, constraints, resolution and all else of the identification; what the content information says.
pub fn describe(once: &mut Once<'_>, root: &Element) {
    for system in [
        "MD_ReferenceSystem/referenceSystemIdentifier/RS_Identifier/code",
        "MD_ReferenceSystem/referenceSystemIdentifier/MD_Identifier/code",
    ] {
        for found in root.all(&format!("referenceSystemInfo/{system}")) {
            once.text("iso:referenceSystem", value(found));
        }
    }
    images(once, root);
    let Some(info) = identification(root) else { return };
    for (path, name) in TEXTS {
        info.all(path).into_iter().for_each(|found| once.text(name, value(found)));
    }
    let format = first(info, &FORMATS.map(|path| path.trim_start_matches("distributionInfo/MD_Distribution/")));
    once.record.text("format", format.or_else(|| first(root, &FORMATS)));
    for topic in info.named("topicCategory") {
        if let Some(topic) = value(topic) {
            once.keyword(Some("iso:topicCategory"), topic);
        }
    }
    // Where no acquisition is described, keywords are all that names platforms and instruments.
    keywords(once, info, root.at("acquisitionInformation").is_some());
    constraints(once, info);
    resolution(once, info);
    let levels = ["processingLevel/MD_Identifier/code", "processingLevel"];
    once.name(Role::Level, first(info, &levels));
}

/// Where formats are named; within an identification the first two.
const FORMATS: [&str; 7] = [
    "resourceFormat/MD_Format/name",
    "resourceFormat/MD_Format/formatSpecificationCitation/CI_Citation/title",
    "distributionInfo/MD_Distribution/distributionFormat/MD_Format/name",
    "distributionInfo/MD_Distribution/distributionFormat/MD_Format/formatSpecificationCitation/CI_Citation/title",
    "distributionInfo/MD_Distribution/distributionFormat/MD_Format/formatSpecificationCitation/CI_Citation/alternateTitle",
    "distributionInfo/MD_Distribution/distributor/MD_Distributor/distributorFormat/MD_Format/name",
    "distributionInfo/MD_Distribution/distributor/MD_Distributor/distributorFormat/MD_Format/formatSpecificationCitation/CI_Citation/title",
];

fn images(once: &mut Once<'_>, root: &Element) {
    for content in root.all("contentInfo").into_iter().filter_map(super::inner) {
        once.quality("cloud_cover", value_at(content, "cloudCoverPercentage"));
        for (path, name) in IMAGE {
            once.number(name, value_at(content, path));
        }
        let levels =
            ["processingLevelCode/RS_Identifier/code", "processingLevelCode/MD_Identifier/code", "processingLevelCode"];
        once.name(Role::Level, first(content, &levels));
        for path in [
            "dimension/MD_Band/sequenceIdentifier/MemberName/aName",
            "dimension/MI_Band/sequenceIdentifier/MemberName/aName",
        ] {
            content.all(path).into_iter().for_each(|band| once.text("iso:variable", value(band)));
        }
    }
}

/// Keywords under their thesaurus. GCMD's hierarchies get one scheme each, however their title is written.
fn keywords(once: &mut Once<'_>, info: &Element, is_acquired: bool) {
    for list in info.all("descriptiveKeywords/MD_Keywords") {
        let thesaurus = value_at(list, "thesaurusName/CI_Citation/title");
        let kind = value_at(list, "type").unwrap_or_default();
        for keyword in list.named("keyword").filter_map(value) {
            let path =
                keyword.split('>').map(str::trim).filter(|level| !level.is_empty()).collect::<Vec<_>>().join(" > ");
            let scheme = scheme_of(thesaurus, kind, &path);
            once.keyword(scheme, &path);
            match scheme {
                Some("gcmd:platforms") if !is_acquired => once.name(Role::Platform, Some(short_name(&path))),
                Some("gcmd:instruments") if !is_acquired => once.name(Role::Instrument, Some(short_name(&path))),
                _ => {}
            }
        }
    }
}

/// First levels of GCMD's hierarchies, which tell them apart where a thesaurus has one title for all.
const HEADS: &[(&str, &[&str])] = &[
    ("gcmd:sciencekeywords", &["EARTH SCIENCE", "EARTH SCIENCE SERVICES"]),
    ("gcmd:locations", &["GEOGRAPHIC REGION", "CONTINENT", "OCEAN", "VERTICAL LOCATION"]),
    (
        "gcmd:platforms",
        &[
            "EARTH OBSERVATION SATELLITES",
            "AIRCRAFT",
            "SPACE STATIONS/MANNED SPACECRAFT",
            "IN SITU LAND-BASED PLATFORMS",
        ],
    ),
    (
        "gcmd:instruments",
        &["EARTH REMOTE SENSING INSTRUMENTS", "IN SITU/LABORATORY INSTRUMENTS", "SOLAR/SPACE OBSERVING INSTRUMENTS"],
    ),
];

fn scheme_of<'a>(thesaurus: Option<&'a str>, kind: &'a str, path: &str) -> Option<&'a str> {
    let title = thesaurus.unwrap_or_default().to_lowercase();
    let is_gcmd = title.contains("gcmd") || title.contains("global change master directory");
    let head = path.split(" > ").next().unwrap_or_default().to_uppercase();
    let of_head = HEADS.iter().find(|(_, heads)| heads.contains(&head.as_str())).map(|(scheme, _)| *scheme);
    let has_levels = path.contains(" > ");
    match kind {
        _ if of_head.is_some() && has_levels && (is_gcmd || head == "EARTH SCIENCE") => of_head,
        "place" if is_gcmd => Some("gcmd:locations"),
        "platform" if is_gcmd => Some("gcmd:platforms"),
        "instrument" if is_gcmd => Some("gcmd:instruments"),
        "project" if is_gcmd => Some("gcmd:projects"),
        _ if is_gcmd && title.contains("science") => Some("gcmd:sciencekeywords"),
        _ => thesaurus,
    }
}

/// The short name in a path of GCMD's platforms or instruments: the long name stands after it.
fn short_name(path: &str) -> &str {
    let mut levels = path.rsplit(" > ");
    let last = levels.next().unwrap_or(path);
    levels.next().unwrap_or(last)
}

/// Licence and access; every limitation is kept to be searched.
fn constraints(once: &mut Once<'_>, info: &Element) {
    let (mut licence, mut access) = (None, None);
    for constraint in info.named("resourceConstraints").filter_map(super::inner) {
        let codes = |name| constraint.named(name).filter_map(value).collect::<Vec<&str>>();
        let others = codes("otherConstraints");
        let uses = codes("useConstraints");
        let says_licence = uses.iter().any(|code| matches!(*code, "license" | "licence" | "licenceUnrestricted"));
        let named = first(constraint, &["reference/CI_Citation/title", "reference/CI_Citation/alternateTitle"]);
        let own = if says_licence || !uses.is_empty() { named.or_else(|| others.first().copied()) } else { named };
        licence = licence.or(own).or_else(|| value_at(constraint, "useLimitation"));
        for code in codes("accessConstraints") {
            access = access.or(access_of(code, &others));
            once.text("iso:accessConstraints", Some(code));
        }
        if let Some("restricted" | "confidential" | "secret" | "topSecret") = value_at(constraint, "classification") {
            access = Some("restricted");
        }
        for (name, property) in [
            ("useConstraints", "iso:useConstraints"),
            ("useLimitation", "iso:useLimitation"),
            ("otherConstraints", "iso:otherConstraints"),
        ] {
            codes(name).into_iter().for_each(|text| once.text(property, Some(text)));
        }
    }
    once.record.text("licence", licence);
    once.record.text("access", access);
}

fn access_of(code: &str, others: &[&str]) -> Option<&'static str> {
    match code {
        "unrestricted" | "licenceUnrestricted" => Some("open"),
        "restricted" | "confidential" | "private" | "in-confidence" | "sensitiveButUnclassified" | "statutory" => {
            Some("restricted")
        }
        "otherRestrictions" => {
            let says_none =
                |text: &&str| text.to_lowercase().contains("no limitation") || text.contains("noLimitations");
            others.iter().any(says_none).then_some("open")
        }
        _ => None,
    }
}

fn resolution(once: &mut Once<'_>, info: &Element) {
    for resolution in info.all("spatialResolution/MD_Resolution") {
        let scale = value_at(resolution, "equivalentScale/MD_RepresentativeFraction/denominator");
        once.number("iso:scaleDenominator", scale);
        let Some(distance) = resolution.at("distance/Distance").or_else(|| resolution.at("distance/Measure")) else {
            continue;
        };
        let Some(number) = distance.text() else { continue };
        let unit = distance.attribute("uom").unwrap_or_default();
        let unit = unit.rsplit(['#', '/', ':']).next().unwrap_or_default();
        once.text("iso:spatialResolution", Some(format!("{number} {unit}").trim()));
        if matches!(unit, "m" | "meter" | "metre" | "meters" | "metres") {
            once.quality("gsd", Some(number));
        }
    }
}
