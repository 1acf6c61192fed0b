//! `AccessInformation`, `AccessURL` and the sources of granules: where the data are and who may read them.

use crate::importer::Reason;
use crate::importer::shared::record::{File, Record};
use crate::importer::shared::values::{Properties, name_of_address, tidy};
use crate::importer::shared::xml::Element;

/// Writes access to a resource.
pub fn write(resource: &Element, record: &mut Record<'_>, properties: &mut Properties) {
    let accesses: Vec<_> = resource.named("AccessInformation").collect();
    let first = |path: &str| accesses.iter().find_map(|access| access.text_at(path));
    record.text("format", first("Format"));
    record.text("access", access_of(&accesses));
    let licence = first("RightsList/Rights/RightsIdentifier").or_else(|| first("RightsList/Rights/RightsName"));
    record.text("licence", licence);
    for access in &accesses {
        if let Some(repository) = access.text_at("RepositoryID") {
            record.link("repository", repository, None);
        }
        for rights in access.named("AccessRights").filter_map(Element::text) {
            properties.add("spase:AccessRights", rights);
        }
        addresses(access, "data", record, properties);
    }
    // Of a repository, a service, a registry, an annotation.
    addresses(resource, "service", record, properties);
    if resource.name != "Granule"
        && let Some(repository) = resource.text_at("RepositoryID")
    {
        record.link("repository", repository, None);
    }
    for source in resource.named("Source") {
        granule(source, record);
    }
}

/// What is open somewhere is open.
fn access_of(accesses: &[&Element]) -> Option<&'static str> {
    let rights: Vec<_> =
        accesses.iter().flat_map(|access| access.named("AccessRights")).filter_map(Element::text).collect();
    match rights.as_slice() {
        [] => None,
        rights if rights.iter().any(|right| right.eq_ignore_ascii_case("open")) => Some("open"),
        rights if rights.iter().any(|right| right.to_ascii_lowercase().contains("restricted")) => Some("restricted"),
        _ => None,
    }
}

fn addresses(element: &Element, rel: &str, record: &mut Record<'_>, properties: &mut Properties) {
    for address in element.named("AccessURL") {
        let name = address.text_at("Name").map(tidy);
        if let Some(url) = address.text_at("URL") {
            record.link(rel, url, name.as_deref());
        }
        for (property, path) in
            [("spase:ProductKey", "ProductKey"), ("spase:Style", "Style"), ("spase:Language", "Language")]
        {
            for value in address.named(path).filter_map(Element::text) {
                properties.add(property, &tidy(value));
            }
        }
    }
}

/// A file of a granule.
fn granule(source: &Element, record: &mut Record<'_>) {
    let Some(address) = source.text_at("URL") else { return };
    let name = name_of_address(address);
    let algorithm = source.text_at("Checksum/HashFunction").map(|name| name.to_ascii_lowercase().replace('-', ""));
    let value = source.text_at("Checksum/HashValue");
    let checksum = algorithm.as_deref().zip(value).filter(|(algorithm, value)| is_checksum(algorithm, value));
    if let (Some(value), None) = (value, checksum) {
        let message = format!("{value:?} is no {}", algorithm.as_deref().unwrap_or("digest of a named function"));
        record.note(Reason::FieldUnusable { field: "HashValue".to_owned(), message });
    }
    let role = source.text_at("SourceType").map(str::to_ascii_lowercase);
    record.file(&File {
        name: name.filter(|name| !name.is_empty()).unwrap_or(address),
        role: role.as_deref(),
        bytes: extent(source),
        checksum,
        media_type: None,
        href: Some(address),
    });
}

/// Bytes of a file; other units would have to be rounded.
fn extent(source: &Element) -> Option<u64> {
    let units = source.text_at("DataExtent/Units").unwrap_or("byte").to_ascii_lowercase();
    let quantity = source.text_at("DataExtent/Quantity")?;
    matches!(units.as_str(), "byte" | "bytes" | "b").then(|| quantity.parse().ok()).flatten()
}

fn is_checksum(algorithm: &str, value: &str) -> bool {
    let digits = match algorithm {
        "md5" => 32,
        "sha1" => 40,
        "sha256" => 64,
        _ => return false,
    };
    value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
