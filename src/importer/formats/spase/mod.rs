//! SPASE descriptions (heliophysics): each resource of a document is one record. What each element becomes stands in
//! `docs/importers/spase.md`.

mod access;
mod coverage;
mod header;

use crate::importer::shared::names::Role;
use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, tidy};
use crate::importer::shared::xml::{self, Element};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// As much of a file as is looked at to recognise it.
const HEAD: usize = 1 << 16;

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let head = head.get(..head.len().min(HEAD)).unwrap_or_default();
    match xml::root_of(head) {
        Some((name, namespace)) => {
            let ours = namespace.is_empty() || namespace.contains("spase");
            (name == "Spase" && ours) || (name == "Package" && namespace.contains("spase"))
        }
        None => {
            let finds = |needle: &[u8]| memchr::memmem::find(head, needle).is_some();
            head.trim_ascii_start().starts_with(b"<") && (finds(b"<Spase") || finds(b":Spase")) && finds(b"spase")
        }
    }
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let root = match xml::parse(bytes) {
        Ok(root) => root,
        Err(reason) => {
            return imported.findings.push(Finding { place: context.first, id: None, reason });
        }
    };
    // A large document with many resources is digested once.
    let known = (context.digest)(bytes);
    let digest = |_: &[u8]| known;
    let context = Context { digest: &digest, ..*context };
    let documents: Vec<_> = if root.name == "Package" { root.named("Spase").collect() } else { vec![&root] };
    let mut place = context.first;
    for document in documents {
        let licence = metadata_licence(document);
        for resource in document.children().filter(|child| kind_of(&child.name).is_some()) {
            match description(resource, document, licence, place, &context) {
                Ok(record) => record.finish(bytes, 0..bytes.len(), "application/xml", imported),
                Err((reason, id)) => imported.findings.push(Finding { place, id, reason }),
            }
            place = place.saturating_add(1);
        }
    }
    if place == context.first {
        let message = "describes no resource".to_owned();
        let reason = Reason::Broken { line: root.line, message };
        imported.findings.push(Finding { place, id: None, reason });
    } else {
        imported.fields = imported.fields + root.counts();
    }
}

/// Kinds of records by resource type of the SPASE model.
fn kind_of(resource: &str) -> Option<&'static str> {
    Some(match resource {
        "NumericalData" | "DisplayData" | "Catalog" | "NumericalOutput" | "DisplayOutput" | "Collection"
        | "SimulationRun" => "collection",
        "Granule" => "product",
        "Instrument" => "instrument",
        "Observatory" => "platform",
        "Person" | "Repository" | "Registry" | "Service" => "agent",
        "Annotation" | "Document" | "Software" | "SimulationModel" => "document",
        _ => return None,
    })
}

/// The licence of the description itself, which is not that of what is described.
fn metadata_licence(document: &Element) -> Option<&str> {
    let rights = document.at("MetadataRightsList/Rights")?;
    rights.text_at("RightsIdentifier").or_else(|| rights.text_at("RightsName"))
}

fn description<'c>(
    resource: &Element,
    document: &Element,
    licence: Option<&str>,
    place: usize,
    context: &'c Context<'c>,
) -> Result<Record<'c>, (Reason, Option<String>)> {
    let id = resource.text_at("ResourceID").ok_or_else(|| {
        let message = format!("{} has no ResourceID", resource.name);
        (Reason::Broken { line: resource.line, message }, None)
    })?;
    RecordId::parse(id).map_err(|invalid| (Reason::BadId(invalid), Some(id.to_owned())))?;
    let kind = kind_of(&resource.name).unwrap_or("document");
    let parent = resource.text_at("ParentID").filter(|parent| RecordId::parse(parent).is_ok());
    let collection = (kind == "product").then(|| parent.unwrap_or(context.collection));
    let mut record = Record::new(context, kind, collection, id);
    record.place = place;
    if kind == "product" && parent.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    let mut properties = Properties::default();
    record.identifier("spase", id);
    record.text("data_type", Some(&resource.name));
    if let Some(version) = document.text_at("Version") {
        properties.add("spase:Version", version);
    }
    if let Some(licence) = licence {
        properties.add("spase:MetadataRights", licence);
    }
    header::write(resource, &mut record, &mut properties);
    names(resource, id, &mut record);
    references(resource, &mut record);
    access::write(resource, &mut record, &mut properties);
    coverage::write(resource, &mut record, &mut properties);
    properties.sweep(resource, &|element| enters(element), &name_of);
    properties.write(&mut record);
    Ok(record)
}

/// What stands after the type in a SPASE id: `ACE/MAG` of `spase://SMWG/Instrument/ACE/MAG`.
fn after_type<'i>(id: &'i str, kind: &str) -> Option<&'i str> {
    let path = id.split_once("://")?.1;
    let (_, rest) = path.split_once('/')?;
    rest.strip_prefix(kind)?.strip_prefix('/').filter(|rest| !rest.is_empty())
}

/// Names come from ids: SPASE refers to instruments and observatories by nothing else.
fn names(resource: &Element, id: &str, record: &mut Record<'_>) {
    let title = resource.text_at("ResourceHeader/ResourceName");
    match resource.name.as_str() {
        "Instrument" => record.name(Role::Instrument, &tidy(title.unwrap_or(id))),
        "Observatory" => record.name(Role::Platform, &tidy(title.unwrap_or(id))),
        kind @ ("NumericalData" | "DisplayData" | "Catalog" | "Collection") => {
            if let Some(mission) = after_type(id, kind).and_then(|rest| rest.split('/').next()) {
                record.name(Role::Mission, mission);
            }
        }
        _ => {}
    }
    let mut platforms: Vec<&str> = Vec::new();
    for instrument in resource.named("InstrumentID").filter_map(Element::text) {
        let Some(path) = after_type(instrument, "Instrument") else { continue };
        record.name(Role::Instrument, path);
        if let Some((platform, _)) = path.rsplit_once('/').filter(|(platform, _)| !platforms.contains(platform)) {
            platforms.push(platform);
        }
    }
    for observatory in resource.named("ObservatoryID").filter_map(Element::text) {
        if let Some(path) = after_type(observatory, "Observatory").filter(|path| !platforms.contains(path)) {
            platforms.push(path);
        }
    }
    platforms.into_iter().for_each(|platform| record.name(Role::Platform, platform));
}

/// References to other resources, by the element that holds them.
fn references(resource: &Element, record: &mut Record<'_>) {
    for (element, rel) in [
        ("InstrumentID", "instrument"),
        ("ObservatoryID", "platform"),
        ("ObservatoryGroupID", "part_of"),
        ("InstrumentGroupID", "part_of"),
        ("InputResourceID", "derived_from"),
        ("ParentID", "collection"),
        ("AnnotatedResourceID", "annotates"),
        ("ModelID", "model"),
        ("SimulatedInstrumentID", "instrument"),
    ] {
        for target in resource.named(element).filter_map(Element::text) {
            record.link(rel, target, None);
        }
    }
    for target in resource.all("ProcessingInformation/InputResourceID").into_iter().filter_map(Element::text) {
        record.link("derived_from", target, None);
    }
    let mut members = 0_usize;
    for member in resource.named("Member") {
        let title = member.text_at("ResourceName").map(tidy);
        if let Some(target) = member.text_at("MemberID") {
            record.link("member", target, title.as_deref());
            members = members.saturating_add(1);
        }
    }
    if members > 0 {
        record.draft.raw("members_expected", &members.to_string());
    }
}

fn enters(element: &Element) -> bool {
    let elsewhere = ["Parameter", "RevisionHistory", "Contact", "InformationURL", "Association", "Member", "AccessURL"];
    let mapped =
        ["TimeSpan", "OperatingSpan", "Location", "SpatialCoverage", "RightsList", "Source", "PublicationInfo"];
    !elsewhere.contains(&element.name.as_str()) && !mapped.contains(&element.name.as_str())
}

/// Scalars that no other part maps, under their own name. Prose stays in the source.
fn name_of(parent: &Element, leaf: &Element) -> Option<String> {
    const MAPPED: &[&str] = &[
        "ResourceID",
        "ResourceName",
        "ResourceType",
        "ReleaseDate",
        "Description",
        "PriorID",
        "DOI",
        "PersonName",
        "InstrumentID",
        "ObservatoryID",
        "ObservatoryGroupID",
        "InstrumentGroupID",
        "InputResourceID",
        "ParentID",
        "AnnotatedResourceID",
        "ModelID",
        "RepositoryID",
        "MemberID",
        "AccessRights",
        "Note",
        "Caveats",
        "Keyword",
        "ProcessingLevel",
        "ExpirationDate",
        "SimulatedInstrumentID",
    ];
    let name = leaf.name.as_str();
    if MAPPED.contains(&name) || coverage::DURATIONS.iter().any(|(_, duration)| *duration == name) {
        return None;
    }
    // The same name means something else in other classes.
    let generic = ["Name", "URL", "Units", "Size", "Quantity", "Per", "Low", "High", "Index"].contains(&name);
    Some(if generic { format!("spase:{}/{name}", parent.name) } else { format!("spase:{name}") })
}

#[cfg(test)]
mod tests;
