//! CSW's own records: Dublin Core terms and a bounding box.

use super::super::super::shared::once::{Once, doi_of};
use super::super::super::shared::space::Shape;
use super::super::super::shared::xml::Element;
use super::{distribution, extent, value};
use crate::importer::{Context, Reason};

/// Terms that are only filtered on.
const TEXTS: &[(&str, &str)] = &[
    ("alternative", "dc:alternative"),
    ("contributor", "dc:contributor"),
    ("coverage", "dc:coverage"),
    ("spatial", "dct:spatial"),
    ("temporal", "dct:temporal"),
    ("language", "dc:language"),
    ("provenance", "dct:provenance"),
    ("audience", "dct:audience"),
];

/// The record that a `csw:Record` describes.
pub fn record<'c>(root: &Element, context: &'c Context<'c>) -> Result<Once<'c>, Reason> {
    let text = |name: &'static str| root.named(name).find_map(value);
    // OAI-PMH names a record outside of it, and repeats identifiers of all kinds within.
    let listed = Some(context.path).filter(|path| root.name == "dc" && !path.is_empty());
    let id = listed.or(text("identifier")).ok_or(Reason::NoId)?;
    let written = text("type").unwrap_or_default();
    let kind = kind_of(written);
    let parent = text("isPartOf");
    let used = parent.unwrap_or(context.collection);
    let mut once = Once::new(context, kind, (kind == "product").then_some(used), id)?;
    if kind == "product" && parent.is_none() {
        once.record.note(Reason::NoCollection { used: used.to_owned() });
    }
    once.text("iso:form", Some(if root.name == "dc" { "oai_dc" } else { "csw-record" }));
    once.record.text("title", text("title"));
    once.record.text("description", text("abstract").or(text("description")));
    once.record.text("data_type", Some(written));
    once.record.text("format", text("format"));
    once.record.text("licence", text("license").or(text("rights")).or(text("accessRights")));
    for identifier in root.named("identifier").filter_map(value) {
        match doi_of(identifier) {
            Some(doi) => once.doi(Some(doi)),
            None => once.identifier("dc", Some(identifier)),
        }
    }
    for subject in root.named("subject") {
        if let Some(path) = value(subject) {
            once.keyword(subject.attribute("scheme"), path);
        }
    }
    for (field, member) in
        [("date", "modified"), ("modified", "modified"), ("created", "created"), ("issued", "issued")]
    {
        if let Some(written) = text(field) {
            once.date(member, field, written);
        }
    }
    for (name, role) in [("creator", "creator"), ("publisher", "publisher"), ("rightsHolder", "rightsHolder")] {
        root.named(name).for_each(|element| once.provider(value(element), Some(role), None, None));
    }
    for (name, rel) in
        [("source", "derived_from"), ("relation", "see_also"), ("replaces", "prior"), ("hasPart", "member")]
    {
        root.named(name).filter_map(value).for_each(|target| once.link(rel, target, None));
    }
    references(&mut once, root, text("format"));
    boxes(&mut once, root);
    for (name, property) in TEXTS {
        root.named(name).for_each(|element| once.text(property, value(element)));
    }
    Ok(once)
}

fn kind_of(written: &str) -> &'static str {
    let kind = written.rsplit(['/', '#', ':']).next().unwrap_or_default().to_lowercase();
    match kind.as_str() {
        "series" | "collection" => "collection",
        "service" | "software" | "text" | "document" | "interactiveresource" | "application" => "document",
        _ => "product",
    }
}

/// Addresses: of a download a file, of anything else a link.
fn references(once: &mut Once<'_>, root: &Element, media_type: Option<&str>) {
    for reference in root.named("references").chain(root.named("URI")) {
        let Some(href) = value(reference) else { continue };
        let scheme = reference.attribute("scheme").or_else(|| reference.attribute("protocol")).unwrap_or_default();
        let scheme = scheme.to_uppercase();
        match scheme.as_str() {
            _ if scheme.contains("DOWNLOAD") => distribution::file(once, href, media_type),
            _ if scheme.contains("OGC") => once.link("service", href, None),
            _ if scheme.contains("THUMBNAIL") => once.link("preview", href, None),
            _ => once.link("see_also", href, None),
        }
    }
}

fn boxes(once: &mut Once<'_>, root: &Element) {
    for element in root.named("BoundingBox").chain(root.named("WGS84BoundingBox")) {
        match extent::ows_box(element) {
            Some([west, south, east, north]) => {
                once.record.footprint("earth", None, &Shape::Box { west, south, east, north });
            }
            None => {
                let message = "only geographic systems (EPSG:4326, CRS84) are read".to_owned();
                once.record.note(Reason::BoxUnusable { message });
            }
        }
    }
}
