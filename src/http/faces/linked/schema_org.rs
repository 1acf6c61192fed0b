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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_of_a_dataset_is_explained() {
        let record = r#"{"kind":"product","id":"p","collection":"c","title":"T </script>","description":"D","keywords":[{"path":"k"}],
            "licence":"L","version":"1","doi":"10.5270/x","lifecycle":{"issued":"2020-01-01T00:00:00Z"},"time":{"start":"2020-01-01T00:00:00Z"},
            "providers":[{"name":"N","roles":["producer","host"]}],"space":[{"body":"earth","bbox":[1,2,3,4]}],
            "files":[{"name":"f","media_type":"text/plain","bytes":7,"storage":"payload:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]}"#;
        let entity = Entity::view(record.as_bytes()).expect("a record");
        let text =
            dataset(&entity, record, "urn:thing", "http://h/p", &|name| format!("http://h/{name}")).expect("a dataset");
        assert!(!text.contains('<'), "{text}");
        let mut members = 0;
        let mut waiting = vec![serde_json::from_str::<serde_json::Value>(&text).expect("JSON")];
        while let Some(value) = waiting.pop() {
            match value {
                serde_json::Value::Array(elements) => waiting.extend(elements),
                serde_json::Value::Object(object) => {
                    for (name, value) in object {
                        let term =
                            if name == "@type" { value.as_str().unwrap_or_default().to_owned() } else { name.clone() };
                        let is_known = crate::rdf::glossary::of_iri(&format!("http://schema.org/{term}")).is_some();
                        assert!(is_known || name == "@context" || name == "@id", "{term}");
                        members += 1;
                        waiting.push(value);
                    }
                }
                _ => {}
            }
        }
        assert!(members > 30, "{members}");
    }
}
