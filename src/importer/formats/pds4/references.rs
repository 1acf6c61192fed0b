//! References of a label to other products and to the world, as typed links.

use std::collections::HashSet;

use crate::importer::shared::record::Record;
use crate::importer::shared::values::{Properties, tidy};
use crate::importer::shared::xml::Element;

/// Links under collection, each once.
#[derive(Debug, Default)]
pub struct Links {
    known: HashSet<(String, String)>,
    links: Vec<(String, String, Option<String>)>,
}

impl Links {
    /// Adds a link unless it is known; the title says what the source calls the relation.
    pub fn add(&mut self, rel: &str, href: &str, title: Option<&str>) {
        let href = href.trim();
        if !href.is_empty() && self.known.insert((rel.to_owned(), href.to_owned())) {
            self.links.push((rel.to_owned(), href.to_owned(), title.map(tidy)));
        }
    }

    /// Whether something is linked already, whatever the relation.
    fn has(&self, href: &str) -> bool {
        self.links.iter().any(|(_, known, _)| known == href)
    }

    /// Writes all of them.
    pub fn write(self, record: &mut Record<'_>) {
        for (rel, href, title) in &self.links {
            record.link(rel, href, title.as_deref());
        }
    }
}

/// Target and type of a reference.
pub fn reference(element: &Element) -> Option<(&str, Option<&str>)> {
    let target = element.text_at("lidvid_reference").or_else(|| element.text_at("lid_reference"))?;
    Some((target, element.text_at("reference_type")))
}

/// How the rest of a `reference_type`, after `…_to_`, reads as a relation.
const RELATIONS: &[(&str, &str)] = &[
    ("spice_kernel", "kernel"),
    ("document", "document"),
    ("instrument_host", "platform"),
    ("instrument", "instrument"),
    ("telescope", "platform"),
    ("facility", "platform"),
    ("airborne", "platform"),
    ("investigation", "mission"),
    ("target", "target"),
    ("browse", "browse"),
    ("thumbnail", "thumbnail"),
    ("calibration", "calibration"),
    ("flat_field", "calibration"),
    ("bad_pixel", "calibration"),
    ("dark", "calibration"),
    ("wavelength", "calibration"),
    ("schema", "schema"),
    ("collection", "collection"),
    ("bundle", "bundle"),
    ("ancillary", "ancillary"),
    ("geometry", "ancillary"),
    ("context", "context"),
];

/// The relation that a `reference_type` stands for; what has no better one is `see_also`.
fn relation_of(kind: &str) -> &'static str {
    let kind = kind.to_ascii_lowercase();
    let object = match kind.split_once("_to_") {
        Some((_, object)) => object,
        None => kind.strip_prefix("is_").or_else(|| kind.strip_prefix("package_has_")).unwrap_or(&kind),
    };
    let source = object.ends_with("source_product") || object == "raw_product" || object == "input_product";
    if source || object == "raw_data" || object == "source" {
        return "derived_from";
    }
    if object == "data" {
        return "data";
    }
    let found = RELATIONS.iter().find(|(begins, _)| object.starts_with(begins));
    found.map_or("see_also", |(_, relation)| relation)
}

/// Writes references of a label that no other part took.
pub fn write(root: &Element, properties: &mut Properties, links: &mut Links) {
    internal(root, links);
    for source in root.all("Reference_List/Source_Product_Internal") {
        if let Some((href, kind)) = reference(source) {
            links.add("derived_from", href, kind);
        }
    }
    for source in root.all("Reference_List/Source_Product_External") {
        let title = source.text_at("reference_type");
        let own = source.text_at("external_source_product_identifier");
        match (source.text_at("doi"), own) {
            (_, Some(identifier)) => links.add("derived_from", identifier, title),
            (Some(doi), None) => links.add("derived_from", &doi_address(doi), title),
            (None, None) => {}
        }
        if let Some(facility) = source.text_at("curating_facility") {
            properties.add("pds4:curating_facility", &tidy(facility));
        }
    }
    for external in root.all("Reference_List/External_Reference") {
        let text = external.text_at("reference_text").map(tidy);
        match (external.text_at("doi"), text) {
            (Some(doi), text) => links.add("cites", &doi_address(doi), text.as_deref()),
            (None, Some(text)) => {
                properties.add_text("pds4:external_reference", &text);
            }
            (None, None) => {}
        }
    }
    for package in root.descendants("aip_lidvid").into_iter().filter_map(Element::text) {
        links.add("aip", package, None);
    }
}

/// A DOI as an address.
fn doi_address(doi: &str) -> String {
    format!("https://doi.org/{}", super::bare_doi(doi))
}

fn internal(element: &Element, links: &mut Links) {
    for child in element.children() {
        if child.name != "Internal_Reference" {
            internal(child, links);
            continue;
        }
        if let Some((href, kind)) = reference(child) {
            let relation = relation_of(kind.unwrap_or_default());
            if relation != "see_also" || !links.has(href) {
                links.add(relation, href, kind);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::relation_of;

    #[test]
    fn relations_are_read_off_the_end_of_a_reference_type() {
        for (kind, relation) in [
            ("data_to_spice_kernel", "kernel"),
            ("collection_to_document", "document"),
            ("data_to_raw_source_product", "derived_from"),
            ("processed_data_to_raw_data", "derived_from"),
            ("image_to_flat_field_file", "calibration"),
            ("data_to_associate", "see_also"),
            ("is_instrument", "instrument"),
            ("is_instrument_host", "platform"),
            ("package_has_bundle", "bundle"),
            ("browse_to_data", "data"),
            ("", "see_also"),
        ] {
            assert_eq!(relation_of(kind), relation, "{kind}");
        }
    }
}
