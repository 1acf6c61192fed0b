//! VOResource records: what a registry says of a collection, a service, an organisation.

use crate::importer::shared::names::Role;
use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, prose, tidy};
use crate::importer::shared::xml::Element;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// Adds the record of a resource.
pub fn write(resource: &Element, place: usize, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refused = |reason, id| Finding { place, id, reason };
    let Some(id) = resource.text_at("identifier") else {
        let message = "the resource has no identifier".to_owned();
        return imported.findings.push(refused(Reason::Broken { line: resource.line, message }, None));
    };
    if let Err(invalid) = RecordId::parse(id) {
        return imported.findings.push(refused(Reason::BadId(invalid), Some(id.to_owned())));
    }
    let kind = resource.attribute("type").unwrap_or_default();
    let kind = kind.rsplit(':').next().unwrap_or_default();
    let mut record = Record::new(context, kind_of(kind), None, id);
    record.place = place;
    record.identifier("ivoid", id);
    record.text("title", resource.text_at("title").map(tidy).as_deref());
    record.text("description", resource.text_at("content/description").map(prose).as_deref());
    record.text("data_type", Some(kind));
    record.text("version", resource.text_at("curation/version"));
    record.text("licence", resource.text_at("rights").map(tidy).as_deref());
    for (member, attribute) in [("created", "created"), ("modified", "updated")] {
        if let Some(written) = resource.attribute(attribute) {
            record.date(member, if member == "created" { "created" } else { "updated" }, written);
        }
    }
    for subject in resource.all("content/subject").into_iter().filter_map(Element::text) {
        record.keyword(None, &tidy(subject));
    }
    for waveband in resource.all("coverage/waveband").into_iter().filter_map(Element::text) {
        record.keyword(Some("vo:waveband"), waveband);
    }
    for (role, name) in [(Role::Platform, "facility"), (Role::Instrument, "instrument")] {
        resource.named(name).filter_map(Element::text).for_each(|name| record.name(role, &tidy(name)));
    }
    links(resource, &mut record);
    let mut properties = Properties::default();
    let mapped = ["title", "identifier", "description", "subject", "waveband", "rights", "accessURL", "referenceURL"];
    let enters = |element: &Element| !matches!(element.name.as_str(), "tableset" | "relationship" | "interface");
    properties.sweep(resource, &enters, &|parent, leaf| {
        let generic = matches!(leaf.name.as_str(), "name" | "email" | "type" | "date" | "description");
        match (mapped.contains(&leaf.name.as_str()), generic) {
            (true, _) => None,
            (false, true) => Some(format!("vo:{}/{}", parent.name, leaf.name)),
            (false, false) => Some(format!("vo:{}", leaf.name)),
        }
    });
    properties.write(&mut record);
    record.finish(bytes, 0..bytes.len(), "application/xml", imported);
}

fn kind_of(kind: &str) -> &'static str {
    match kind {
        "Organisation" | "Authority" | "Registry" => "agent",
        "Standard" | "ServiceStandard" | "StandardKeyEnumeration" => "document",
        _ => "collection",
    }
}

fn links(resource: &Element, record: &mut Record<'_>) {
    if let Some(page) = resource.text_at("content/referenceURL") {
        record.link("about", page, None);
    }
    for interface in resource.all("capability/interface/accessURL") {
        if let Some(address) = interface.text() {
            record.link("service", address, None);
        }
    }
    for relationship in resource.all("content/relationship") {
        let kind = relationship.text_at("relationshipType");
        let relation = match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
            "derived-from" | "isderivedfrom" => "derived_from",
            "served-by" | "isservedby" | "service-for" | "isservicefor" => "service",
            "ispartof" => "part_of",
            _ => "see_also",
        };
        for related in relationship.named("relatedResource") {
            if let Some(target) = related.attribute("ivo-id").or_else(|| related.text()) {
                record.link(relation, target, kind);
            }
        }
    }
}
