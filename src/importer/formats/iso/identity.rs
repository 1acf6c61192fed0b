//! Which record a metadata document makes, and how it is named: kind, id, collection, citation, contacts.

use super::super::super::shared::names::Role;
use super::super::super::shared::once::{Once, doi_of};
use super::super::super::shared::xml::Element;
use super::super::cmr;
use super::{Found, Origin, first, form, identification, identifier_of, inner, value, value_at};
use crate::importer::{Context, Reason};

/// The identifier of the metadata document.
pub fn file_identifier(root: &Element) -> Option<&str> {
    first(root, &["fileIdentifier", "metadataIdentifier/MD_Identifier/code", "identifier"])
        .or_else(|| root.attribute("uuid"))
}

/// The identifier of the record: that of the metadata, else the first of the resource, else its title.
pub fn id(root: &Element) -> Result<String, Reason> {
    if let Some((short_name, version)) = ecs(root) {
        return Ok(cmr::entry_id(short_name, version));
    }
    let info = identification(root);
    let of_resource = || info?.all("citation/CI_Citation/identifier").into_iter().find_map(identifier_of);
    let id = file_identifier(root).or_else(|| of_resource().map(|(code, _)| code));
    id.or_else(|| value_at(info?, "citation/CI_Citation/title")).map(str::to_owned).ok_or(Reason::NoId)
}

/// Short name and version of a collection of NASA's, where identifiers are described as such.
fn ecs(root: &Element) -> Option<(&str, Option<&str>)> {
    let identifiers = identification(root)?.all("citation/CI_Citation/identifier/MD_Identifier");
    let described = |words: &[&str]| {
        let is_meant = |identifier: &&Element| {
            let said = first(identifier, &["description", "codeSpace"]).unwrap_or_default();
            words.iter().any(|word| said.eq_ignore_ascii_case(word))
                || value_at(identifier, "codeSpace").is_some_and(|space| words.contains(&space))
        };
        identifiers.iter().copied().find(is_meant).and_then(|identifier| value_at(identifier, "code"))
    };
    let short_name = described(&["The ECS Short Name", "gov.nasa.esdis.umm.shortname"])?;
    Some((short_name, described(&["The ECS Version ID", "gov.nasa.esdis.umm.versionid"])))
}

/// As [`ecs`], and for documents of the CMR that describe no identifier: its rule is first code and edition.
fn cmr_names(root: &Element, origin: Origin) -> Option<(&str, Option<&str>)> {
    if let Some(names) = ecs(root) {
        return Some(names);
    }
    let citation = identification(root)?.at("citation/CI_Citation").filter(|_| origin.is_cmr)?;
    let codes = citation.all("identifier/MD_Identifier/code").into_iter().filter_map(value);
    let short_name = codes.into_iter().find(|code| doi_of(code).is_none())?;
    Some((short_name, value_at(citation, "edition")))
}

/// Series are collections, datasets products, what is no data is a document.
fn kind_of(scope: &str, is_series: bool) -> &'static str {
    match scope {
        _ if is_series => "collection",
        "series" | "collection" | "aggregate" | "productionSeries" | "platformSeries" | "sensorSeries"
        | "transferAggregate" | "otherAggregate" | "initiative" | "repository" => "collection",
        "service" | "software" | "application" | "document" | "model" | "catalogue" | "metadata" => "document",
        _ => "product",
    }
}

/// Begins the record of a metadata document.
pub fn begin<'c>(found: &Found<'_>, origin: Origin, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let root = found.element;
    let scope = first(root, &["hierarchyLevel", "metadataScope/MD_MetadataScope/resourceScope"]);
    let kind = kind_of(scope.unwrap_or("dataset"), found.is_series);
    let names = cmr_names(root, origin).filter(|_| kind == "collection");
    let id = match names {
        Some((short_name, version)) => cmr::entry_id(short_name, version),
        None => id(root)?,
    };
    let parent = parent(root).map(str::to_owned).or_else(|| found.series.clone());
    let is_product = kind == "product";
    let used = parent.clone().unwrap_or_else(|| context.collection.to_owned());
    let mut once = Once::new(context, kind, is_product.then_some(used.as_str()), &id)?;
    match (parent, is_product) {
        (None, true) => once.record.note(Reason::NoCollection { used }),
        (Some(parent), false) => once.link("collection", &parent, None),
        _ => {}
    }
    once.record.text("data_type", scope);
    once.text("iso:form", Some(form(root)));
    let file_identifier = file_identifier(root);
    once.identifier("iso-metadata", file_identifier);
    if let Some((short_name, version)) = names {
        once.text("cmr:format", Some(if found.is_series { "iso-smap" } else { "iso19115" }));
        once.text("cmr:ShortName", Some(short_name));
        once.identifier("cmr-shortname", Some(&cmr::ecs_name(short_name, version)));
        once.identifier("cmr-entry-id", Some(&id));
        let padded = cmr::entry_id(short_name, version.map(cmr::padded).as_deref());
        once.alias(Some(padded.as_str()).filter(|padded| *padded != id));
        once.record.text("version", version);
    } else {
        let edition = identification(root).and_then(|info| value_at(info, "citation/CI_Citation/edition"));
        once.record.text("version", edition);
    }
    Ok(once)
}

fn parent(root: &Element) -> Option<&str> {
    let of_part_three = "parentMetadata/CI_Citation/identifier/MD_Identifier/code";
    let referred = root.at("parentMetadata").and_then(|parent| parent.attribute("uuidref"));
    first(root, &["parentIdentifier", of_part_three])
        .or(referred)
        .or_else(|| value_at(root, "parentMetadata/CI_Citation/title"))
}

/// Title, abstract, dates, identifiers and those responsible.
pub fn citation(once: &mut Once<'_>, root: &Element) {
    for contact in root.named("contact") {
        party(once, contact);
    }
    for (path, name) in [
        ("dateStamp", "iso:metadataDate"),
        ("dateInfo/CI_Date/date", "iso:metadataDate"),
        ("metadataStandardName", "iso:metadataStandardName"),
        ("metadataStandard/CI_Citation/title", "iso:metadataStandardName"),
    ] {
        once.text(name, value_at(root, path));
    }
    let Some(info) = identification(root) else { return };
    once.record.text("description", value_at(info, "abstract"));
    info.named("pointOfContact").for_each(|contact| party(once, contact));
    let Some(citation) = info.at("citation/CI_Citation") else { return };
    once.record.text("title", value_at(citation, "title"));
    once.record.text("citation", value_at(citation, "otherCitationDetails"));
    for title in citation.named("alternateTitle") {
        once.text("iso:alternateTitle", value(title));
    }
    once.text("iso:edition", value_at(citation, "edition"));
    once.text("iso:series", value_at(citation, "series/CI_Series/name"));
    once.text("iso:presentationForm", value_at(citation, "presentationForm"));
    citation.named("citedResponsibleParty").for_each(|contact| party(once, contact));
    citation.named("identifier").for_each(|identifier| identified(once, identifier));
    dates(once, citation);
}

fn identified(once: &mut Once<'_>, property: &Element) {
    let Some((code, space)) = identifier_of(property) else { return };
    let said = value_at(property, "MD_Identifier/description").unwrap_or_default();
    // A version alone identifies nothing.
    if said == "The ECS Version ID" || space == Some("gov.nasa.esdis.umm.versionid") {
        return;
    }
    let anchor = property.descendants("Anchor");
    let address = anchor.iter().find_map(|anchor| anchor.attribute("href")).and_then(doi_of);
    match doi_of(code).or(address) {
        Some(doi) => once.doi(Some(doi)),
        None => once.identifier(space.unwrap_or("iso-identifier"), Some(code)),
    }
}

fn dates(once: &mut Once<'_>, citation: &Element) {
    for date in citation.all("date/CI_Date") {
        let Some(written) = value_at(date, "date") else { continue };
        match value_at(date, "dateType").unwrap_or_default() {
            "creation" => once.date("created", "citation/date (creation)", written),
            "publication" | "released" | "issued" => once.date("issued", "citation/date (publication)", written),
            "revision" | "lastRevision" | "lastUpdate" => once.date("modified", "citation/date (revision)", written),
            "superseded" | "deprecated" | "expiry" => once.date("retired", "citation/date (superseded)", written),
            kind => once.text(&format!("iso:date_{kind}"), Some(written)),
        }
    }
}

/// An organisation, or a person where no organisation is named, and its role. Part 3 nests them the other way round.
pub fn party(once: &mut Once<'_>, property: &Element) {
    let Some(class) = inner(property) else { return };
    let role = value_at(class, "role");
    let organisation = first(class, &["organisationName", "party/CI_Organisation/name"]);
    let people = ["individualName", "party/CI_Individual/name", "party/CI_Organisation/individual/CI_Individual/name"];
    let person = first(class, &people);
    let contacts = ["contactInfo", "party/CI_Organisation/contactInfo", "party/CI_Individual/contactInfo"];
    let contact = contacts.iter().find_map(|path| class.at(path));
    let in_contact = |path: &str| contact.and_then(|contact| value_at(contact, path));
    let email = in_contact("CI_Contact/address/CI_Address/electronicMailAddress");
    let url = in_contact("CI_Contact/onlineResource/CI_OnlineResource/linkage");
    once.provider(organisation.or(person), role, url, email);
    once.text("iso:contactPerson", person);
}

/// A mission, project or campaign that an aggregation names.
pub fn initiative(once: &mut Once<'_>, name: &str) {
    once.name(Role::Mission, Some(name));
}
