//! Links of items and collections: our own first, then those of the source document that still lead somewhere.

use super::item::Stored;
use crate::model::json::read_string;
use crate::model::{Draft, scan};

/// Relations that this service answers itself; the document's own would lead away from it.
const OURS: &[&str] =
    &["self", "root", "parent", "collection", "items", "item", "child", "next", "prev", "aggregate", "aggregations"];

/// Addresses that a record's links need.
pub(super) struct Rel<'a> {
    /// Of the Item or Collection itself.
    pub own: String,
    /// Of the Collection, or of the landing page.
    pub parent: &'a str,
    /// Of the verbatim source document.
    pub source: String,
}

/// A list of links under construction.
pub(super) struct Links(Draft);

impl Links {
    /// The links of an Item.
    pub(super) fn of_item(rel: &Rel<'_>, base: &str, stored: &Stored<'_>) -> String {
        let mut links = Self(Draft::array());
        links.add("self", &rel.own, "application/geo+json");
        links.add("root", &format!("{base}/stac"), "application/json");
        links.add("parent", rel.parent, "application/json");
        links.add("collection", rel.parent, "application/json");
        let media_type = stored.source.and_then(|source| scan::member(source, "media_type")).and_then(read_string);
        links.source(rel, media_type.as_deref());
        links.foreign(stored.links);
        links.0.finish()
    }

    /// The links of a Collection.
    pub(super) fn of_collection(
        rel: &Rel<'_>,
        source: Option<&str>,
        given: Option<&str>,
        license: Option<&str>,
    ) -> String {
        let mut links = Self(Draft::array());
        links.add("self", &rel.own, "application/json");
        links.add("root", rel.parent, "application/json");
        links.add("parent", rel.parent, "application/json");
        links.add("items", &format!("{}/items", rel.own), "application/geo+json");
        links.add("child", &rel.own.replacen("/stac/collections/", "/stac/browse/", 1), "application/json");
        let queryables = "http://www.opengis.net/def/rel/ogc/1.0/queryables";
        links.add(queryables, &format!("{}/queryables", rel.own), "application/schema+json");
        links.add("aggregations", &format!("{}/aggregations", rel.own), "application/json");
        links.add("aggregate", &format!("{}/aggregate", rel.own), "application/json");
        let sortables = "http://www.opengis.net/def/rel/ogc/1.0/sortables";
        links.add(sortables, &format!("{}/sortables", rel.own), "application/schema+json");
        links.source(rel, source);
        if let Some(license) = license {
            links.add("license", license, "text/html");
        }
        links.foreign(given);
        links.0.finish()
    }

    fn add(&mut self, rel: &str, href: &str, media_type: &str) {
        self.0.object_element(&[("rel", rel), ("href", href), ("type", media_type)]);
    }

    fn source(&mut self, rel: &Rel<'_>, media_type: Option<&str>) {
        if let Some(media_type) = media_type {
            self.add("source", &rel.source, media_type);
        }
    }

    fn foreign(&mut self, given: Option<&str>) {
        for link in scan::elements(given.unwrap_or_default()).filter(|link| leads_on(link)) {
            self.0.element(link);
        }
    }
}

/// An item that was changed through this face brings our own links with it; they are not given twice.
fn leads_on(link: &str) -> bool {
    let text = |name| scan::member(link, name).and_then(read_string).filter(|text| !text.is_empty());
    let (Some(rel), Some(href)) = (text("rel"), text("href")) else { return false };
    let our_source = rel == "source" && href.contains("/api/v1/collections/") && href.ends_with("/source");
    let our_queryables =
        (rel.ends_with("/queryables") || rel.ends_with("/sortables")) && href.contains("/stac/collections/");
    !OURS.contains(&rel.as_ref()) && !our_source && !our_queryables
}
