//! Records as ISO 19115 in the XML of ISO 19139, with its elements in the order that the schema demands.

use super::Shown;
use crate::http::faces::linked::bibliography::{doi_of, earth_boxes, providers, published};
use crate::http::faces::xml;
use crate::model::{Kind, TimeSpan};

pub const SCHEMA: &str = "http://www.isotc211.org/2005/gmd/gmd.xsd";
pub const NAMESPACE: &str = "http://www.isotc211.org/2005/gmd";

/// Where the code lists of ISO 19139 are.
const CODES: &str = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml";
/// Most keywords.
const MOST: usize = 100;

pub fn write(out: &mut String, shown: &Shown<'_>) {
    let Shown { entity, entry, record, page, .. } = shown;
    let attributes = [
        ("xmlns:gmd", NAMESPACE),
        ("xmlns:gco", "http://www.isotc211.org/2005/gco"),
        ("xmlns:gml", "http://www.opengis.net/gml/3.2"),
        ("xsi:schemaLocation", &format!("{NAMESPACE} {SCHEMA}")),
    ];
    xml::open(out, "gmd:MD_Metadata", &attributes);
    text(out, "gmd:fileIdentifier", page);
    text(out, "gmd:language", "eng");
    code(out, "gmd:characterSet", "MD_CharacterSetCode", "utf8");
    if let Some(collection) = &entity.collection {
        text(out, "gmd:parentIdentifier", collection);
    }
    let level = match entity.kind {
        Kind::Collection => "series",
        Kind::Document => "nonGeographicDataset",
        _ => "dataset",
    };
    code(out, "gmd:hierarchyLevel", "MD_ScopeCode", level);
    let contact = providers(entity, &["host", "licensor", "producer", "processor"]).into_iter().next();
    party(out, "gmd:contact", contact.as_deref(), "pointOfContact");
    out.push_str("<gmd:dateStamp>");
    xml::element(out, "gco:DateTime", &crate::catalogue::changes::to_second(&entry.time));
    out.push_str("</gmd:dateStamp>");
    text(out, "gmd:metadataStandardName", "ISO 19115:2003/19139");
    text(out, "gmd:metadataStandardVersion", "1.0");
    out.push_str("<gmd:identificationInfo><gmd:MD_DataIdentification>");
    citation(out, shown, published(record).as_deref());
    text(out, "gmd:abstract", entity.description.as_deref().unwrap_or_default());
    for producer in providers(entity, &["producer"]) {
        party(out, "gmd:pointOfContact", Some(&producer), "originator");
    }
    keywords(out, shown);
    if let Some(licence) = entity.licence.as_deref().filter(|licence| !licence.trim().is_empty()) {
        out.push_str("<gmd:resourceConstraints><gmd:MD_LegalConstraints>");
        code(out, "gmd:useConstraints", "MD_RestrictionCode", "otherRestrictions");
        text(out, "gmd:otherConstraints", licence);
        out.push_str("</gmd:MD_LegalConstraints></gmd:resourceConstraints>");
    }
    text(out, "gmd:language", "eng");
    extent(out, shown);
    out.push_str("</gmd:MD_DataIdentification></gmd:identificationInfo>");
    out.push_str("<gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions>");
    out.push_str("<gmd:onLine><gmd:CI_OnlineResource><gmd:linkage>");
    xml::element(out, "gmd:URL", page);
    out.push_str("</gmd:linkage></gmd:CI_OnlineResource></gmd:onLine></gmd:MD_DigitalTransferOptions>");
    out.push_str("</gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>");
    xml::close(out, "gmd:MD_Metadata");
}

/// A text in its two elements; one that is not known says so.
fn text(out: &mut String, name: &str, value: &str) {
    if value.trim().is_empty() {
        out.push_str(&format!("<{name} gco:nilReason=\"unknown\"/>"));
        return;
    }
    xml::open(out, name, &[]);
    xml::element(out, "gco:CharacterString", value);
    xml::close(out, name);
}

/// A value of a code list.
fn code(out: &mut String, name: &str, list: &str, value: &str) {
    xml::open(out, name, &[]);
    let address = format!("{CODES}#{list}");
    xml::element_with(out, &format!("gmd:{list}"), &[("codeList", &address), ("codeListValue", value)], value);
    xml::close(out, name);
}

fn party(out: &mut String, name: &str, organisation: Option<&str>, role: &str) {
    xml::open(out, name, &[]);
    out.push_str("<gmd:CI_ResponsibleParty>");
    text(out, "gmd:organisationName", organisation.unwrap_or_default());
    code(out, "gmd:role", "CI_RoleCode", role);
    out.push_str("</gmd:CI_ResponsibleParty>");
    xml::close(out, name);
}

fn citation(out: &mut String, shown: &Shown<'_>, issued: Option<&str>) {
    out.push_str("<gmd:citation><gmd:CI_Citation>");
    text(out, "gmd:title", shown.title());
    // The schema demands a date: where nobody says when it was published, that of its registration.
    let (date, kind) = issued.map_or((shown.entry.time.as_str(), "revision"), |issued| (issued, "publication"));
    out.push_str("<gmd:date><gmd:CI_Date><gmd:date>");
    xml::element(out, "gco:Date", date.get(..10).or_else(|| date.get(..4)).unwrap_or(date));
    out.push_str("</gmd:date>");
    code(out, "gmd:dateType", "CI_DateTypeCode", kind);
    out.push_str("</gmd:CI_Date></gmd:date>");
    let doi = doi_of(shown.entity).map(|doi| format!("https://doi.org/{doi}"));
    for identifier in doi.as_deref().into_iter().chain([shown.entity.id.as_ref()]) {
        out.push_str("<gmd:identifier><gmd:MD_Identifier>");
        text(out, "gmd:code", identifier);
        out.push_str("</gmd:MD_Identifier></gmd:identifier>");
    }
    out.push_str("</gmd:CI_Citation></gmd:citation>");
}

fn keywords(out: &mut String, shown: &Shown<'_>) {
    let entity = shown.entity;
    let names = [&entity.missions, &entity.platforms, &entity.instruments, &entity.targets];
    let labels = names.into_iter().flatten().map(|name| name.label.as_ref());
    let all = entity.keywords.iter().map(|keyword| keyword.path.as_ref()).chain(labels);
    let mut written = String::new();
    for keyword in all.filter(|keyword: &&str| !keyword.trim().is_empty()).take(MOST) {
        text(&mut written, "gmd:keyword", keyword);
    }
    if !written.is_empty() {
        out.push_str("<gmd:descriptiveKeywords><gmd:MD_Keywords>");
        out.push_str(&written);
        out.push_str("</gmd:MD_Keywords></gmd:descriptiveKeywords>");
    }
}

fn extent(out: &mut String, shown: &Shown<'_>) {
    let mut written = String::new();
    for edges in earth_boxes(shown.entity) {
        written.push_str("<gmd:geographicElement><gmd:EX_GeographicBoundingBox>");
        let sides = [
            ("gmd:westBoundLongitude", edges.west),
            ("gmd:eastBoundLongitude", edges.east),
            ("gmd:southBoundLatitude", edges.south),
            ("gmd:northBoundLatitude", edges.north),
        ];
        for (name, value) in sides {
            xml::open(&mut written, name, &[]);
            xml::element(&mut written, "gco:Decimal", &value.to_string());
            xml::close(&mut written, name);
        }
        written.push_str("</gmd:EX_GeographicBoundingBox></gmd:geographicElement>");
    }
    if let Some(time) = &shown.entity.time {
        period(&mut written, time, shown.entry.sequence);
    }
    if !written.is_empty() {
        out.push_str("<gmd:extent><gmd:EX_Extent>");
        out.push_str(&written);
        out.push_str("</gmd:EX_Extent></gmd:extent>");
    }
}

/// An end that is open, relative or a placeholder is no date. The id is unique within an answer of many records.
fn period(out: &mut String, time: &TimeSpan<'_>, sequence: u64) {
    let is_open = time.open_end || time.placeholder || time.relative_end.is_some();
    let stop = time.stop.as_deref().filter(|_| !is_open);
    if time.start.is_none() && stop.is_none() {
        return;
    }
    out.push_str("<gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>");
    xml::open(out, "gml:TimePeriod", &[("gml:id", &format!("time-{sequence}"))]);
    let mut end = |name: &str, value: Option<&str>, otherwise: &str| match value {
        Some(value) => xml::element(out, name, value),
        None => xml::element_with(out, name, &[("indeterminatePosition", otherwise)], ""),
    };
    end("gml:beginPosition", time.start.as_deref(), "unknown");
    let instant = time.start.as_deref().filter(|_| !is_open);
    end("gml:endPosition", stop.or(instant), if time.open_end { "now" } else { "unknown" });
    out.push_str("</gml:TimePeriod></gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement>");
}
