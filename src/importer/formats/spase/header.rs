//! `ResourceHeader`: titles, dates, people, other names; and the same of persons, who have none.

use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, prose, tidy};
use crate::importer::shared::xml::Element;
use crate::model::{Draft, RecordId};

/// Writes the header of a resource.
pub fn write(resource: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let header = resource.at("ResourceHeader").unwrap_or(resource);
    let title = header.text_at("ResourceName").or_else(|| resource.text_at("PersonName"));
    let title = title.or_else(|| resource.text_at("OrganizationName"));
    record.text("title", title.map(tidy).as_deref());
    record.text("description", header.text_at("Description").map(prose).as_deref());
    if let Some(release) = header.text_at("ReleaseDate") {
        record.text("version", Some(release));
        record.date("modified", "ReleaseDate", release);
    }
    if let Some(end) = header.text_at("ExpirationDate") {
        record.date("retired", "ExpirationDate", end);
    }
    identifiers(resource, header, record);
    history(header, record);
    publication(header, record, properties);
    people(header, record);
    for page in header.named("InformationURL") {
        if let Some(address) = page.text_at("URL") {
            record.link("about", address, page.text_at("Name").map(tidy).as_deref());
        }
    }
    for association in header.named("Association") {
        if let Some(target) = association.text_at("AssociationID") {
            let kind = association.text_at("AssociationType");
            record.link(relation_of(kind.unwrap_or_default()), target, kind);
        }
    }
    for keyword in resource.named("Keyword").filter_map(Element::text) {
        record.keyword(None, &tidy(keyword));
    }
}

fn identifiers(resource: &Element, header: &Element, record: &mut Record<'_>) {
    if let Some(doi) = header.text_at("DOI") {
        let known =
            ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi:", "DOI:"];
        let doi = known.iter().find_map(|prefix| doi.strip_prefix(prefix)).unwrap_or(doi).trim();
        if !doi.is_empty() {
            record.text("doi", Some(doi));
            record.identifier("doi", doi);
        }
    }
    if let Some(orcid) = resource.text_at("ORCIdentifier") {
        record.identifier("orcid", orcid);
    }
    // The ROR of a person is that of the employer.
    if let Some(ror) = resource.text_at("RORIdentifier").filter(|_| resource.name != "Person") {
        record.identifier("ror", ror);
    }
    let mut known = Vec::new();
    for prior in header.named("PriorID").chain(resource.named("PriorID")).filter_map(Element::text) {
        if RecordId::parse(prior).is_ok() && !known.contains(&prior) {
            record.alias(prior);
            record.identifier("spase", prior);
            known.push(prior);
        }
    }
}

fn history(header: &Element, record: &mut Record<'_>) {
    let mut steps = Draft::array();
    for event in header.all("RevisionHistory/RevisionEvent") {
        let mut step = Draft::object();
        step.optional("date", event.text_at("ReleaseDate"));
        step.optional("description", event.text_at("Note").map(prose));
        steps.element(&step.finish());
    }
    if !steps.is_empty() {
        let mut provenance = Draft::object();
        provenance.part("history", steps);
        record.draft.part("provenance", provenance);
    }
}

fn publication(header: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let Some(publication) = header.at("PublicationInfo") else { return };
    if let Some(date) = publication.text_at("PublicationDate") {
        record.date("issued", "PublicationDate", date);
    }
    for (property, path) in [("spase:Authors", "Authors"), ("spase:PublicationTitle", "Title")] {
        if let Some(value) = publication.text_at(path) {
            properties.add_text(property, &tidy(value));
        }
    }
    if let Some(publisher) = publication.text_at("PublishedBy").map(tidy) {
        let mut provider = Draft::object();
        provider.string("name", &publisher);
        provider.raw("roles", "[\"publisher\"]");
        let mut providers = Draft::array();
        providers.element(&provider.finish());
        record.draft.part("providers", providers);
    }
    if let Some(page) = publication.text_at("LandingPageURL") {
        record.link("about", page, Some("Landing page"));
    }
}

/// People and what they do here: the roles are the title of the link.
fn people(header: &Element, record: &mut Record<'_>) {
    for contact in header.named("Contact") {
        let roles: Vec<_> = contact.named("Role").filter_map(Element::text).collect();
        if let Some(person) = contact.text_at("PersonID") {
            record.link("contact", person, Some(roles.join(", ")).filter(|roles| !roles.is_empty()).as_deref());
        }
    }
}

fn relation_of(kind: &str) -> &'static str {
    match kind {
        "DerivedFrom" => "derived_from",
        "PartOf" => "part_of",
        "ObservedBy" => "platform",
        "RevisionOf" => "prior",
        "ChildEventOf" => "child_event_of",
        _ => "see_also",
    }
}
