//! A collection as a STAC Collection.

use serde_json::value::RawValue;

use super::item::of_shape;
use super::links::{Links, Rel};
use super::native::{SCIENTIFIC, VERSION, is_licence};
use super::{STAC_VERSION, assets, extent, is_current, migrate, unreadable};
use crate::catalogue::Error;
use crate::model::json::{Fields, elements, read_string};
use crate::model::uri::encode;
use crate::model::{Draft, Entity};

/// Members of `stac` that have their place in a Collection; all others are foreign members of the document.
const PLACED: &[&str] = &["type", "stac_version", "stac_extensions", "id", "links", "assets", "keywords", "extent"];

/// The Collection of a stored collection. `base` is the service's public address without a slash at its end.
///
/// # Errors
/// When the record is not one that passed its schema.
pub fn collection(record: &[u8], base: &str) -> Result<String, Error> {
    let entity = Entity::view(record).map_err(unreadable)?;
    let stac = entity.stac.and_then(|stac| Fields::of_valid(stac.get()));
    let born = stac.is_some();
    let stac = stac.unwrap_or_default();
    let current = !born || stac.string("stac_version").is_some_and(|version| is_current(&version));
    let address = format!("{base}/api/v1/collections/{}", encode(&entity.id));
    let mut collection = Draft::with_capacity(record.len() + 1024);
    collection.string("type", "Collection");
    collection.raw("stac_version", STAC_VERSION);
    collection.raw("stac_extensions", &extensions(&entity, &stac, born, current));
    collection.string("id", &entity.id);
    collection.optional("title", entity.title.as_deref());
    // STAC wants a description with something in it.
    let described = [entity.description.as_deref(), entity.title.as_deref()].into_iter().flatten();
    collection.string("description", described.into_iter().find(|text| !text.is_empty()).unwrap_or(&entity.id));
    keywords(&entity, &stac, &mut collection);
    let licence = entity.licence.as_deref();
    collection.string("license", licence.filter(|text| is_licence(text)).unwrap_or("other"));
    raw("providers", entity.providers.filter(|providers| born || are_named(providers.get())), &mut collection);
    extent::write(&entity, &mut collection);
    if let Some(summaries) = entity.summaries {
        let text = if born && current { summaries.get().to_owned() } else { migrate::summaries(summaries.get()) };
        collection.raw("summaries", &text);
    }
    collection.optional("version", entity.version.as_deref());
    collection.optional("sci:doi", entity.doi.as_deref());
    collection.optional("sci:citation", entity.citation.as_deref());
    raw("properties", entity.properties.filter(|_| born), &mut collection);
    let rel = Rel {
        own: format!("{base}/stac/collections/{}", encode(&entity.id)),
        parent: &format!("{base}/stac"),
        source: format!("{address}/source"),
    };
    let source = entity.source.as_ref().map(|source| source.media_type.as_ref());
    let address_of_licence = licence.filter(|text| !is_licence(text) && text.starts_with("http"));
    collection.raw("links", &Links::of_collection(&rel, source, entity.links.map(RawValue::get), address_of_licence));
    let assets =
        if born { of_shape(stac.get("assets"), "{}").to_owned() } else { assets::of_files(&entity.files, &address) };
    if assets != "{}" {
        collection.raw("assets", &assets);
    }
    for (name, value) in stac.iter().filter(|(name, _)| !PLACED.contains(name)) {
        collection.raw(name, value);
    }
    Ok(collection.finish())
}

fn extensions(entity: &Entity<'_>, stac: &Fields<'_>, born: bool, current: bool) -> String {
    let given = of_shape(stac.get("stac_extensions"), "[]");
    if born {
        return if current { given.to_owned() } else { migrate::collection_extensions(given) };
    }
    let mut extensions = Draft::array();
    if entity.doi.is_some() || entity.citation.is_some() {
        extensions.string_element(SCIENTIFIC);
    }
    if entity.version.is_some() {
        extensions.string_element(VERSION);
    }
    if entity.files.iter().any(|file| file.bytes.is_some() || !file.checksums.is_empty()) {
        extensions.string_element(assets::FILE_EXTENSION);
    }
    extensions.finish()
}

/// Concepts of a document's `themes` stand there, so they are not repeated as keywords.
fn keywords(entity: &Entity<'_>, stac: &Fields<'_>, collection: &mut Draft) {
    let themed = stac.get("themes").is_some();
    let mut list = Draft::array();
    for keyword in entity.keywords.iter().filter(|keyword| !(themed && keyword.scheme.is_some())) {
        list.string_element(&keyword.path);
    }
    match stac.get("keywords").filter(|_| list.is_empty()) {
        Some(given) if given.starts_with('[') => collection.raw("keywords", given),
        _ => collection.part("keywords", list),
    }
}

fn raw(name: &str, value: Option<&RawValue>, draft: &mut Draft) {
    if let Some(value) = value {
        draft.raw(name, value.get());
    }
}

/// STAC knows four roles of providers and wants each provider's name.
fn are_named(providers: &str) -> bool {
    let roles = ["producer", "licensor", "processor", "host"];
    let known = |provider: &str| {
        let Some(provider) = Fields::of_valid(provider) else { return false };
        let given = provider.get("roles").and_then(elements).unwrap_or_default();
        let all_known =
            given.into_iter().all(|role| read_string(role).is_some_and(|role| roles.contains(&role.as_ref())));
        provider.string("name").is_some_and(|name| !name.is_empty()) && all_known
    };
    elements(providers).is_some_and(|providers| providers.into_iter().all(known))
}
