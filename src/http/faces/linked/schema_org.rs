//! A record as a Dataset of schema.org, for the crawlers that read it inside a page.

use super::bibliography::{covered, doi_of, earth_boxes, providers, published};
use crate::model::{Access, Draft, Entity, Kind, Sha256};

/// Longest description that crawlers take, characters.
const DESCRIPTION: usize = 5_000;
/// Most files, keywords and names.
const MOST: usize = 50;

/// The record as JSON-LD that can stand in HTML: no `<` is in it. `None` for kinds that are no data.
pub fn dataset(
    entity: &Entity<'_>,
    record: &str,
    thing: &str,
    page: &str,
    files: &dyn Fn(&str) -> String,
) -> Option<String> {
    if !matches!(entity.kind, Kind::Product | Kind::Collection) {
        return None;
    }
    let mut item = Draft::object();
    item.string("@context", "https://schema.org/");
    item.string("@type", "Dataset");
    item.string("@id", thing);
    item.string("url", page);
    item.string("name", entity.title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or(&entity.id));
    let description: Option<String> =
        entity.description.as_deref().map(|text| text.chars().take(DESCRIPTION).collect());
    item.optional("description", description);
    let mut identifiers = Draft::array();
    identifiers.string_element(&entity.id);
    if let Some(doi) = doi_of(entity) {
        identifiers.string_element(&format!("https://doi.org/{doi}"));
    }
    item.part("identifier", identifiers);
    let mut keywords = Draft::array();
    entity.keywords.iter().take(MOST).for_each(|keyword| keywords.string_element(&keyword.path));
    item.part("keywords", keywords);
    item.optional("license", entity.licence.as_ref());
    item.optional("version", entity.version.as_ref());
    item.raw("isAccessibleForFree", if entity.access == Access::Open { "true" } else { "false" });
    item.optional("datePublished", published(record));
    item.optional("temporalCoverage", covered(entity));
    for (member, roles) in [("creator", &["producer"][..]), ("publisher", &["host"])] {
        let mut parties = Draft::array();
        for name in providers(entity, roles) {
            let mut party = Draft::object();
            party.string("@type", "Organization");
            party.string("name", &name);
            parties.element(&party.finish());
        }
        item.part(member, parties);
    }
    item.part("spatialCoverage", places(entity));
    item.part("distribution", downloads(entity, files));
    Some(item.finish().replace('<', "\\u003c"))
}

fn places(entity: &Entity<'_>) -> Draft {
    let mut places = Draft::array();
    for edges in earth_boxes(entity) {
        let mut shape = Draft::object();
        shape.string("@type", "GeoShape");
        shape.string("box", &format!("{} {} {} {}", edges.south, edges.west, edges.north, edges.east));
        let mut place = Draft::object();
        place.string("@type", "Place");
        place.raw("geo", &shape.finish());
        places.element(&place.finish());
    }
    places
}

fn downloads(entity: &Entity<'_>, files: &dyn Fn(&str) -> String) -> Draft {
    let mut downloads = Draft::array();
    for file in entity.files.iter().filter(|file| file.storage.is_some()).take(MOST) {
        let mut download = Draft::object();
        download.string("@type", "DataDownload");
        download.string("name", &file.name);
        download.string("contentUrl", &files(&file.name));
        download.optional("encodingFormat", file.media_type.as_ref());
        download.optional("contentSize", file.bytes.map(|bytes| format!("{bytes} B")));
        download.optional("sha256", file.payload().map(|digest: Sha256| digest.to_string()));
        downloads.element(&download.finish());
    }
    downloads
}
