//! What a record is called and what is said of it: names, title, keywords, version, licence, access, dates, who made it.

use oxrdf::NamedNodeRef;

use super::base::{address, name as name_of, thing};
use super::concepts::{self, Role};
use super::sink::Sink;
use super::words;
use crate::model::json::{self, Fields};
use crate::model::{Access, Entity, Key};

/// Most providers of a record that are stated.
const MOST_PROVIDERS: usize = 100;

pub(super) fn describe(sink: &mut Sink<'_>, key: &Key, entity: &Entity<'_>, fields: &Fields<'_>) {
    for identifier in &entity.identifiers {
        name(sink, &identifier.value);
    }
    for alias in &entity.aliases {
        called(sink, alias);
    }
    if let Some(doi) = &entity.doi {
        name(sink, doi);
    }
    sink.text(words::TITLE, entity.title.as_deref().unwrap_or_default());
    sink.text(words::DESCRIPTION, entity.description.as_deref().unwrap_or_default());
    if let Some(collection) = &key.collection {
        let collection = thing(sink.base, &Key::collection(collection.clone()));
        sink.iri(words::IS_PART_OF, collection.clone());
        sink.iri(words::IN_SERIES, collection);
    }
    for keyword in &entity.keywords {
        sink.text(words::KEYWORD, &keyword.path);
    }
    sink.text(words::VERSION, entity.version.as_deref().unwrap_or_default());
    sink.text(words::CITATION, entity.citation.as_deref().unwrap_or_default());
    rights(sink, entity, fields);
    dates(sink, fields);
    providers(sink, entity);
}

/// A name that identifies the record.
pub(super) fn name(sink: &mut Sink<'_>, text: &str) {
    sink.text(words::IDENTIFIER, text);
    called(sink, text);
}

fn called(sink: &mut Sink<'_>, text: &str) {
    if let Some(named) = name_of(sink.base, text) {
        sink.iri(words::CALLED, named);
    }
}

/// The licence: an address stays one, a name of the SPDX list becomes its address, any other text becomes a document of that
/// name.
fn rights(sink: &mut Sink<'_>, entity: &Entity<'_>, fields: &Fields<'_>) {
    if let Some(licence) = entity.licence.as_deref().filter(|text| !text.trim().is_empty()) {
        match address(licence).or_else(|| spdx(licence)) {
            Some(known) => sink.iri(words::LICENSE, known),
            None => {
                let document = sink.part("licence");
                sink.iri(words::LICENSE, document.clone());
                sink.iri_of(&document, words::TYPE, words::LICENSE_DOCUMENT);
                sink.text_of(&document, words::LABEL, licence);
            }
        }
    }
    if fields.get("access").is_some() {
        let access = match entity.access {
            Access::Open => "open",
            Access::Restricted => "restricted",
            Access::Embargoed => "embargoed",
            Access::Closed => "closed",
        };
        sink.iri(words::ACCESS_RIGHTS, concepts::concept(sink.base, Role::Access, access, None));
    }
}

/// Licences of the SPDX list by the beginnings of their names.
fn spdx(text: &str) -> Option<oxrdf::NamedNode> {
    let families = ["CC-BY-", "CC0-", "MIT", "Apache-2.0", "ODbL-", "ODC-By-", "PDDL-", "etalab-", "OGL-"];
    let is_name = text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let is_known = is_name && families.iter().any(|family| text.starts_with(family));
    is_known.then(|| address(&format!("http://spdx.org/licenses/{text}"))).flatten()
}

fn dates(sink: &mut Sink<'_>, fields: &Fields<'_>) {
    let lifecycle = fields.get("lifecycle").and_then(Fields::of_valid).unwrap_or_default();
    let of_lifecycle = [
        ("created", words::CREATED),
        ("issued", words::ISSUED),
        ("modified", words::MODIFIED),
        ("embargo_until", words::UNTIL),
        ("retired", words::INVALIDATED_AT_TIME),
    ];
    for (member, predicate) in of_lifecycle {
        if let Some(date) = lifecycle.string(member) {
            sink.time(predicate, &date);
        }
    }
    for (member, predicate) in [("processed_at", words::GENERATED_AT_TIME), ("archived_at", words::ARCHIVED_AT)] {
        if let Some(date) = fields.string(member) {
            sink.time(predicate, &date);
        }
    }
}

fn providers(sink: &mut Sink<'_>, entity: &Entity<'_>) {
    let providers = entity.providers.and_then(|providers| json::elements(providers.get())).unwrap_or_default();
    let providers = providers.into_iter().filter_map(Fields::of_valid).take(MOST_PROVIDERS);
    let mut has_publisher = false;
    for (number, provider) in (1_usize..).zip(providers) {
        let Some(called) = provider.string("name").filter(|name| !name.trim().is_empty()) else { continue };
        let node = sink.part(&format!("provider-{number}"));
        let roles = provider.get("roles").and_then(json::elements).unwrap_or_default();
        let mut predicates: Vec<NamedNodeRef<'_>> = Vec::new();
        for role in roles.iter().filter_map(|role| json::read_string(role)) {
            predicates.push(match predicate_of(&role) {
                // DCAT-AP has one publisher: of several hosts the first.
                words::PUBLISHER if has_publisher => words::CONTRIBUTOR,
                predicate => predicate,
            });
        }
        has_publisher |= predicates.contains(&words::PUBLISHER);
        if predicates.is_empty() {
            predicates.push(words::CONTRIBUTOR);
        }
        for predicate in predicates {
            sink.iri(predicate, node.clone());
        }
        sink.iri_of(&node, words::TYPE, words::ORGANIZATION);
        sink.iri_of(&node, words::TYPE, words::FOAF_AGENT);
        sink.text_of(&node, words::NAME, &called);
        if let Some(home) = provider.string("url").as_deref().and_then(address) {
            sink.iri_of(&node, words::HOMEPAGE, home);
        }
    }
}

/// The roles of STAC's providers.
fn predicate_of(role: &str) -> NamedNodeRef<'static> {
    match role {
        "producer" => words::CREATOR,
        "licensor" => words::RIGHTS_HOLDER,
        "host" => words::PUBLISHER,
        _ => words::CONTRIBUTOR,
    }
}
