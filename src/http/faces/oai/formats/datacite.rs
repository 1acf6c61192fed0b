//! Records as DataCite 4 within the envelope that DataCite's own repository gives, which aggregators such as OpenAIRE read.

use super::Shown;
use crate::http::faces::linked::bibliography::{covered, doi_of, earth_boxes, providers, published};
use crate::http::faces::xml;
use crate::model::Kind;

pub const SCHEMA: &str = "http://schema.datacite.org/oai/oai-1.1/oai.xsd";
pub const NAMESPACE: &str = "http://schema.datacite.org/oai/oai-1.1/";

const KERNEL: &str = "http://datacite.org/schema/kernel-4";
/// What DataCite writes for a value that is not known.
const UNKNOWN: &str = ":unkn";
/// Most subjects and other names.
const MOST: usize = 100;

pub fn write(out: &mut String, shown: &Shown<'_>) {
    xml::open(out, "oai_datacite", &[("xmlns", NAMESPACE), ("xsi:schemaLocation", &format!("{NAMESPACE} {SCHEMA}"))]);
    xml::element(out, "schemaVersion", "4.4");
    xml::element(out, "datacentreSymbol", "PERENNIAL");
    out.push_str("<payload>");
    let location = format!("{KERNEL} http://schema.datacite.org/meta/kernel-4/metadata.xsd");
    xml::open(out, "resource", &[("xmlns", KERNEL), ("xsi:schemaLocation", &location)]);
    resource(out, shown);
    out.push_str("</resource></payload></oai_datacite>");
}

fn resource(out: &mut String, shown: &Shown<'_>) {
    let Shown { entity, entry, record, page, .. } = shown;
    match doi_of(entity) {
        Some(doi) => xml::element_with(out, "identifier", &[("identifierType", "DOI")], doi),
        None => xml::element_with(out, "identifier", &[("identifierType", "URL")], page),
    }
    creators(out, shown);
    out.push_str("<titles>");
    xml::element(out, "title", shown.title());
    out.push_str("</titles>");
    let publisher = providers(entity, &["host", "licensor", "producer"]).into_iter().next();
    xml::element(out, "publisher", publisher.as_deref().unwrap_or(UNKNOWN));
    let year = published(record).unwrap_or_else(|| entry.time.clone());
    xml::element(out, "publicationYear", year.get(..4).unwrap_or(&year));
    let (general, specific) = match entity.kind {
        Kind::Collection => ("Collection", "Collection"),
        Kind::Document => ("Text", "Document"),
        _ => ("Dataset", "Dataset"),
    };
    let kind = entity.data_type.as_deref().filter(|kind| !kind.trim().is_empty()).unwrap_or(specific);
    xml::element_with(out, "resourceType", &[("resourceTypeGeneral", general)], kind);
    subjects(out, shown);
    if let Some(span) = covered(entity) {
        out.push_str("<dates>");
        // RKMS-ISO8601, which DataCite names for ranges, leaves an open end empty.
        xml::element_with(out, "date", &[("dateType", "Collected")], &span.replace("..", ""));
        out.push_str("</dates>");
    }
    others(out, shown);
    if let Some(format) = entity.format.as_deref().filter(|format| !format.trim().is_empty()) {
        out.push_str("<formats>");
        xml::element(out, "format", format);
        out.push_str("</formats>");
    }
    xml::optional(out, "version", entity.version.as_deref());
    if let Some(licence) = entity.licence.as_deref().filter(|licence| !licence.trim().is_empty()) {
        out.push_str("<rightsList>");
        xml::element(out, "rights", licence);
        out.push_str("</rightsList>");
    }
    if let Some(description) = entity.description.as_deref().filter(|text| !text.trim().is_empty()) {
        out.push_str("<descriptions>");
        xml::element_with(out, "description", &[("descriptionType", "Abstract")], description);
        out.push_str("</descriptions>");
    }
    places(out, shown);
}

fn creators(out: &mut String, shown: &Shown<'_>) {
    let mut names = providers(shown.entity, &["producer"]);
    if names.is_empty() {
        names = providers(shown.entity, &["processor", "host", "licensor"]);
    }
    if names.is_empty() {
        names.push(UNKNOWN.to_owned());
    }
    out.push_str("<creators>");
    for name in names {
        out.push_str("<creator>");
        xml::element_with(out, "creatorName", &[("nameType", "Organizational")], &name);
        out.push_str("</creator>");
    }
    out.push_str("</creators>");
}

fn subjects(out: &mut String, shown: &Shown<'_>) {
    let keywords = shown.entity.keywords.iter().filter(|keyword| !keyword.path.trim().is_empty()).take(MOST);
    let mut written = String::new();
    for keyword in keywords {
        match keyword.scheme.as_deref().filter(|scheme| !scheme.is_empty()) {
            Some(scheme) => xml::element_with(&mut written, "subject", &[("subjectScheme", scheme)], &keyword.path),
            None => xml::element(&mut written, "subject", &keyword.path),
        }
    }
    group(out, "subjects", &written);
}

/// The id in this archive and what else the record is called.
fn others(out: &mut String, shown: &Shown<'_>) {
    let mut written = String::new();
    let scheme = |scheme| [("alternateIdentifierType", scheme)];
    xml::element_with(&mut written, "alternateIdentifier", &scheme("local"), &shown.entity.id);
    for known in shown.entity.identifiers.iter().filter(|known| !known.value.trim().is_empty()).take(MOST) {
        xml::element_with(&mut written, "alternateIdentifier", &scheme(&known.scheme), &known.value);
    }
    group(out, "alternateIdentifiers", &written);
}

fn places(out: &mut String, shown: &Shown<'_>) {
    let mut written = String::new();
    for edges in earth_boxes(shown.entity) {
        written.push_str("<geoLocation><geoLocationBox>");
        xml::element(&mut written, "westBoundLongitude", &edges.west.to_string());
        xml::element(&mut written, "eastBoundLongitude", &edges.east.to_string());
        xml::element(&mut written, "southBoundLatitude", &edges.south.to_string());
        xml::element(&mut written, "northBoundLatitude", &edges.north.to_string());
        written.push_str("</geoLocationBox></geoLocation>");
    }
    group(out, "geoLocations", &written);
}

/// Writes elements within another, if there are any.
fn group(out: &mut String, name: &str, written: &str) {
    if !written.is_empty() {
        xml::open(out, name, &[]);
        out.push_str(written);
        xml::close(out, name);
    }
}
