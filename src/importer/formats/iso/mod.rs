//! ISO 19115 metadata as XML: ISO 19139 (`gmd`, `gmi`), ISO 19115-3 (`mdb`), series that wrap it, answers of CSW, and
//! the Dublin Core records of CSW and OAI-PMH. The two encodings differ in few names; a place is read in both. See
//! `docs/importers/iso.md`.

mod content;
mod distribution;
mod dublin;
mod extent;
mod identity;

#[cfg(test)]
mod tests;

use super::super::shared::once::Once;
use super::super::shared::xml::{self, Element};
use crate::importer::{Context, Finding, Imported, Reason};

/// Elements that are a record of their own.
const RECORDS: &[&str] = &["MD_Metadata", "MI_Metadata"];
/// Dublin Core records: CSW's, long and short, and that of OAI-PMH.
const DUBLIN: &[&str] = &["Record", "SummaryRecord", "BriefRecord", "dc"];
/// Elements that hold records.
const WRAPPERS: &[&str] = &[
    "DS_Series",
    "DS_DataSet",
    "DS_Platform",
    "DS_Sensor",
    "DS_ProductionSeries",
    "DS_Initiative",
    "DS_OtherAggregate",
    "DS_StereoMate",
    "MX_Aggregate",
    "MX_Dataset",
    "GetRecordsResponse",
    "GetRecordByIdResponse",
    "SearchResults",
];

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let Some((root, namespace)) = xml::root_of(head) else { return false };
    let has = |needle: &str| memchr::memmem::find(head, needle.as_bytes()).is_some();
    let is_iso = |namespace: &str| {
        namespace.is_empty() || namespace.contains("isotc211") || namespace.contains("standards.iso.org/iso/19115")
    };
    let is_csw = namespace.contains("opengis.net/cat/csw") || namespace.contains("openarchives.org/OAI/2.0/oai_dc");
    let name = root.as_str();
    (RECORDS.contains(&name) && is_iso(&namespace))
        || (DUBLIN.contains(&name) && is_csw)
        || (WRAPPERS.contains(&name) && (is_csw || is_iso(&namespace)))
        || (["results", "OAI-PMH"].contains(&name) && (has("MI_Metadata") || has("MD_Metadata")))
}

/// A record found in a document, and what stands around it.
struct Found<'e> {
    element: &'e Element,
    concept_id: Option<&'e str>,
    /// The series that wraps it as one of its members.
    series: Option<String>,
    is_series: bool,
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(Finding { place: context.first, id: None, reason }),
    };
    let mut found = Vec::new();
    collect(&root, None, None, &mut found);
    if found.is_empty() {
        let reason = Reason::Broken { line: root.line, message: format!("a {} without records", root.name) };
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
    let origin = Origin::of(bytes);
    for (number, record) in found.iter().enumerate() {
        let place = context.first.saturating_add(number);
        let made = match DUBLIN.contains(&record.element.name.as_str()) {
            true => dublin::record(record.element, context),
            false => metadata(record, origin, context),
        };
        match made {
            Ok(mut once) => {
                once.record.place = place;
                let of_path = || super::cmr::concept_id(context.path).filter(|_| found.len() == 1);
                once.identifier("cmr-concept-id", record.concept_id.or_else(of_path));
                once.finish(bytes, 0..bytes.len(), media_type(record.element), imported);
            }
            Err(reason) => {
                let id = identity::file_identifier(record.element).map(str::to_owned);
                imported.findings.push(Finding { place, id, reason });
            }
        }
    }
    imported.fields = imported.fields + root.counts();
}

/// Finds the outermost records. Those within `composedOf` are members of the series whose `seriesMetadata` stands
/// beside it.
fn collect<'e>(element: &'e Element, concept_id: Option<&'e str>, series: Option<&str>, found: &mut Vec<Found<'e>>) {
    let name = element.name.as_str();
    if RECORDS.contains(&name) || DUBLIN.contains(&name) {
        let series = series.map(str::to_owned);
        return found.push(Found { element, concept_id, series, is_series: false });
    }
    let concept_id = if name == "result" { element.attribute("concept-id") } else { concept_id };
    let own = element.at("seriesMetadata").and_then(|wrapper| wrapper.children().next());
    let own_id = own.and_then(|record| identity::id(record).ok());
    for child in element.children() {
        let before = found.len();
        let series = if child.name == "composedOf" { own_id.as_deref().or(series) } else { series };
        collect(child, concept_id, series, found);
        if child.name == "seriesMetadata" {
            found.iter_mut().skip(before).for_each(|record| record.is_series = true);
        }
    }
}

/// Whether a document comes from NASA's CMR, whose collections are named by short name and version.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Origin {
    is_cmr: bool,
}

impl Origin {
    fn of(bytes: &[u8]) -> Self {
        let has = |needle: &str| memchr::memmem::find(bytes, needle.as_bytes()).is_some();
        Self { is_cmr: has("gov.nasa.esdis") || has("earthdata.nasa.gov/iso") || has("The ECS Short Name") }
    }
}

/// The record that a metadata document describes.
fn metadata<'c>(found: &Found<'_>, origin: Origin, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let root = found.element;
    let mut once = identity::begin(found, origin, context)?;
    identity::citation(&mut once, root);
    content::describe(&mut once, root);
    extent::extents(&mut once, root);
    distribution::acquisition(&mut once, root);
    distribution::distribution(&mut once, root);
    distribution::lineage(&mut once, root);
    distribution::associations(&mut once, root);
    Ok(once)
}

fn form(root: &Element) -> &'static str {
    match root.name.as_str() {
        _ if root.namespace.contains("19115/-3") => "iso19115-3",
        "MI_Metadata" => "iso19115-2",
        "MD_Metadata" => "iso19139",
        _ => "csw-record",
    }
}

fn media_type(root: &Element) -> &'static str {
    match form(root) {
        "iso19115-3" => "application/vnd.iso.19115-3.mdb+xml",
        "iso19115-2" => "application/iso19115+xml",
        "iso19139" => "application/vnd.iso.19139+xml",
        _ => "application/xml",
    }
}

/// The value of a property element: its own text, or that of what it holds; a code by its attribute.
fn value(element: &Element) -> Option<&str> {
    let inner = || element.children().find_map(|child| child.attribute("codeListValue").or_else(|| child.text()));
    let nothing = ["tbd", "unknown", "n/a", "not provided", "not applicable", "not available", "none"];
    let written = element.text().or_else(inner).map(str::trim);
    written.filter(|text| !text.is_empty() && !nothing.contains(&text.to_lowercase().as_str()))
}

/// The first value at a path of property and class elements.
fn value_at<'e>(element: &'e Element, path: &str) -> Option<&'e str> {
    element.all(path).into_iter().find_map(value)
}

/// The first value at any of several paths.
fn first<'e>(element: &'e Element, paths: &[&str]) -> Option<&'e str> {
    paths.iter().find_map(|path| value_at(element, path))
}

/// The class element within a property element, whatever its class.
fn inner(element: &Element) -> Option<&Element> {
    element.children().next()
}

/// What identifies the resource: its description as data, else as a service. A document may describe more than one
/// resource; the first is its subject.
fn identification(root: &Element) -> Option<&Element> {
    let mut all = root.named("identificationInfo").filter_map(inner);
    let first = root.named("identificationInfo").filter_map(inner).next();
    all.find(|info| info.name.contains("DataIdentification")).or(first)
}

/// Code and code space of an `MD_Identifier` or `RS_Identifier`, or plain text in its place.
fn identifier_of(property: &Element) -> Option<(&str, Option<&str>)> {
    match inner(property).filter(|class| class.name.ends_with("Identifier")) {
        Some(class) => {
            let space = first(class, &["codeSpace", "authority/CI_Citation/title"]);
            Some((value_at(class, "code")?, space))
        }
        None => value(property).map(|code| (code, None)),
    }
}
