//! One record (OGC 20-004r1, table 8): what the standard names under its names, then the record's own properties.

use serde_json::value::RawValue;

use super::{DATASET, GEOJSON, JSON, PRODUCT, RECORD_CORE};
use crate::catalogue::Error;
use crate::http::faces::records::{CATALOGUE, format::add};
use crate::http::faces::stac::wire as stac;
use crate::model::json::{Fields, elements, read_string};
use crate::model::uri::encode;
use crate::model::{Draft, Entity, Keyword, Kind, scan};

/// Members of `properties` that the standard defines; the record's own do not take their place.
const DEFINED: &[&str] = &[
    "type",
    "title",
    "description",
    "keywords",
    "themes",
    "language",
    "created",
    "updated",
    "contacts",
    "formats",
    "license",
    "rights",
    "externalIds",
];

/// The record of a stored collection or product. `base` is the service's public address without a slash at its end.
///
/// # Errors
/// When the stored record is not one that passed its schema.
pub fn record(stored: &[u8], base: &str) -> Result<String, Error> {
    let entity = Entity::view(stored).map_err(Error::internal("read a stored record"))?;
    let text = std::str::from_utf8(stored).map_err(Error::internal("read a stored record"))?;
    let mut record = Draft::with_capacity(stored.len() + 2048);
    record.string("type", "Feature");
    record.raw("conformsTo", &format!("[\"{RECORD_CORE}\"]"));
    record.string("id", &entity.id);
    stac::footprint(scan::member(text, "space"), &mut record);
    time(&entity, &mut record);
    record.raw("properties", &properties(&entity, text));
    record.raw("links", &links(&entity, base));
    if let (Kind::Collection, Some(templates)) = (entity.kind, templates(&entity, base)) {
        record.raw("linkTemplates", &templates);
    }
    Ok(record.finish())
}

/// `time`: an interval, a timestamp, or null where nothing is known.
fn time(entity: &Entity<'_>, record: &mut Draft) {
    let Some(span) = &entity.time else { return record.raw("time", "null") };
    let unending = span.open_end || span.placeholder || span.relative_end.is_some();
    let stop = span.stop.as_deref().filter(|_| !unending);
    let mut time = Draft::object();
    match (span.start.as_deref(), stop) {
        (Some(start), Some(stop)) if start == stop => time.string("timestamp", start),
        (None, None) => return record.raw("time", "null"),
        (start, stop) => {
            let mut interval = Draft::array();
            interval.string_element(start.unwrap_or(".."));
            interval.string_element(stop.unwrap_or(".."));
            time.raw("interval", &interval.finish());
        }
    }
    record.raw("time", &time.finish());
}

fn properties(entity: &Entity<'_>, text: &str) -> String {
    let given = entity.properties.map(RawValue::get).and_then(Fields::of_valid).unwrap_or_default();
    let lifecycle = scan::member(text, "lifecycle").unwrap_or("{}");
    let mut properties = Draft::with_capacity(text.len());
    let usual = if entity.kind == Kind::Collection { DATASET } else { PRODUCT };
    properties.string("type", entity.data_type.as_deref().unwrap_or(usual));
    properties.string("title", entity.title.as_deref().unwrap_or(&entity.id));
    properties.optional("description", entity.description.as_deref().filter(|text| !text.is_empty()));
    concepts(&entity.keywords, &mut properties);
    for (name, member) in [("created", "created"), ("updated", "modified")] {
        properties.optional(name, scan::member(lifecycle, member).and_then(read_string));
    }
    // What came as a record of this standard is kept under these names.
    for name in ["language", "rights"] {
        if let Some(value) = given.get(&format!("ogc:{name}")).or_else(|| given.get(name)) {
            properties.raw(name, value);
        }
    }
    properties.part("contacts", contacts(entity));
    formats(entity, &given, &mut properties);
    properties.optional("license", entity.licence.as_deref().filter(|text| !text.is_empty()));
    external_ids(entity, &mut properties);
    for (name, value) in given.iter().filter(|(name, _)| !DEFINED.contains(name)) {
        properties.raw(name, value);
    }
    properties.finish()
}

/// Free words as `keywords`, those of a vocabulary as `themes`.
fn concepts(keywords: &[Keyword<'_>], properties: &mut Draft) {
    let mut free = Draft::array();
    let mut schemes: Vec<(&str, Draft)> = Vec::new();
    for keyword in keywords {
        let Some(scheme) = keyword.scheme.as_deref().filter(|scheme| !scheme.is_empty()) else {
            free.string_element(&keyword.path);
            continue;
        };
        let mut concept = Draft::object();
        concept.string("id", &keyword.path);
        let concept = concept.finish();
        match schemes.iter_mut().find(|(known, _)| *known == scheme) {
            Some((_, concepts)) => concepts.element(&concept),
            None => {
                let mut concepts = Draft::array();
                concepts.element(&concept);
                schemes.push((scheme, concepts));
            }
        }
    }
    properties.part("keywords", free);
    let mut themes = Draft::array();
    for (scheme, concepts) in schemes {
        let mut theme = Draft::object();
        theme.raw("concepts", &concepts.finish());
        theme.string("scheme", scheme);
        themes.element(&theme.finish());
    }
    properties.part("themes", themes);
}

fn contacts(entity: &Entity<'_>) -> Draft {
    let mut contacts = Draft::array();
    for provider in entity.providers.map(RawValue::get).and_then(elements).unwrap_or_default() {
        let Some(provider) = Fields::of_valid(provider) else { continue };
        let Some(name) = provider.string("name").filter(|name| !name.is_empty()) else { continue };
        let mut contact = Draft::object();
        contact.string("organization", &name);
        if let Some(roles) = provider.get("roles").filter(|roles| roles.starts_with('[')) {
            contact.raw("roles", roles);
        }
        if let Some(url) = provider.string("url") {
            let mut links = Draft::array();
            add(&mut links, "about", &url, "text/html", None);
            contact.raw("links", &links.finish());
        }
        contacts.element(&contact.finish());
    }
    contacts
}

/// The format of the record, and the media types of its files.
fn formats(entity: &Entity<'_>, given: &Fields<'_>, properties: &mut Draft) {
    if let Some(formats) = given.get("ogc:formats").filter(|formats| formats.starts_with('[')) {
        return properties.raw("formats", formats);
    }
    let mut formats = Draft::array();
    let mut seen: Vec<&str> = Vec::new();
    if let Some(name) = entity.format.as_deref() {
        let mut format = Draft::object();
        format.string("name", name);
        formats.element(&format.finish());
    }
    for media_type in entity.files.iter().filter_map(|file| file.media_type.as_deref()) {
        if !seen.contains(&media_type) {
            seen.push(media_type);
            let mut format = Draft::object();
            format.string("mediaType", media_type);
            formats.element(&format.finish());
        }
    }
    properties.part("formats", formats);
}

fn external_ids(entity: &Entity<'_>, properties: &mut Draft) {
    let mut identifiers = Draft::array();
    let doi = entity.doi.as_deref().map(|doi| ("doi", doi));
    let named = entity.identifiers.iter().map(|each| (each.scheme.as_ref(), each.value.as_ref()));
    let is_doi = |scheme: &str, value: &str| scheme.eq_ignore_ascii_case("doi") && entity.doi.as_deref() == Some(value);
    for (scheme, value) in doi.into_iter().chain(named.filter(|(scheme, value)| !is_doi(scheme, value))) {
        let mut identifier = Draft::object();
        identifier.string("scheme", scheme);
        identifier.string("value", value);
        identifiers.element(&identifier.finish());
    }
    properties.part("externalIds", identifiers);
}

fn links(entity: &Entity<'_>, base: &str) -> String {
    let id = encode(&entity.id);
    let (catalogue, stored, stac) = match &entity.collection {
        Some(collection) if entity.kind == Kind::Product => {
            let collection = encode(collection);
            (
                collection.clone(),
                format!("collections/{collection}/products/{id}"),
                format!("collections/{collection}/items/{id}"),
            )
        }
        _ => (CATALOGUE.to_owned(), format!("collections/{id}"), format!("collections/{id}")),
    };
    let own = format!("{base}/records/collections/{catalogue}");
    let stored = format!("{base}/api/v1/{stored}");
    let mut links = Draft::array();
    add(&mut links, "self", &format!("{own}/items/{id}"), GEOJSON, None);
    add(&mut links, "alternate", &format!("{own}/items/{id}?f=html"), "text/html", None);
    add(&mut links, "collection", &own, JSON, None);
    add(&mut links, "canonical", &stored, JSON, Some("The record as it is stored"));
    let stac_type = if entity.kind == Kind::Product { GEOJSON } else { JSON };
    add(&mut links, "alternate", &format!("{base}/stac/{stac}"), stac_type, Some("STAC"));
    if entity.kind == Kind::Collection {
        add(
            &mut links,
            "items",
            &format!("{base}/records/collections/{id}/items"),
            GEOJSON,
            Some("Its products as records"),
        );
    }
    if let Some(source) = &entity.source {
        add(
            &mut links,
            "source",
            &format!("{stored}/source"),
            &source.media_type,
            Some("The document that the record was made from"),
        );
    }
    for file in &entity.files {
        let elsewhere = file.href.as_deref().filter(|href| file.storage.is_none() && !href.is_empty());
        let held = || format!("{stored}/files/{}", encode(&file.name));
        let mut link = Draft::object();
        link.string("rel", "enclosure");
        link.string("href", &elsewhere.map_or_else(held, str::to_owned));
        link.optional("type", file.media_type.as_deref());
        link.string("title", &file.name);
        if let Some(bytes) = file.bytes {
            link.raw("length", &bytes.to_string());
        }
        links.element(&link.finish());
    }
    let foreign = |link: &&str| {
        let text = |name| scan::member(link, name).and_then(read_string);
        let ours = ["self", "root", "parent", "collection", "items", "item", "child", "next", "prev"];
        text("href").is_some_and(|href| !href.is_empty())
            && text("rel").is_some_and(|rel| !ours.contains(&rel.as_ref()))
    };
    scan::elements(entity.links.map(RawValue::get).unwrap_or_default())
        .filter(foreign)
        .for_each(|link| links.element(link));
    links.finish()
}

/// How the products of a collection are searched.
fn templates(entity: &Entity<'_>, base: &str) -> Option<String> {
    let address = format!("{base}/records/collections/{}/items{{?bbox,datetime,q,limit}}", encode(&entity.id));
    let template = serde_json::json!([{
        "rel": "search",
        "type": GEOJSON,
        "title": "Search among its products",
        "uriTemplate": address,
        "varBase": format!("{base}/records/collections/{}/queryables", encode(&entity.id)),
        "variables": {
            "bbox": { "type": "string", "description": "west,south,east,north in degrees" },
            "datetime": { "type": "string", "description": "RFC 3339 instant or interval" },
            "q": { "type": "string", "description": "words" },
            "limit": { "type": "integer", "minimum": 1 },
        },
    }]);
    serde_json::to_string(&template).ok()
}
