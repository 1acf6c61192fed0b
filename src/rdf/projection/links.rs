//! The links of a record: each relation that we know becomes a property of a vocabulary, every other one `dcterms:relation`.

use oxrdf::NamedNodeRef;

use super::base::{address, name};
use super::sink::Sink;
use super::words;
use crate::model::{Entity, Link};

/// Most links of a record that are stated: a metakernel has hundreds, a list of a whole archive has a million.
const MOST: usize = 10_000;

pub(super) fn describe(sink: &mut Sink<'_>, entity: &Entity<'_>) {
    let links: Vec<Link<'_>> =
        entity.links.and_then(|links| serde_json::from_str(links.get()).ok()).unwrap_or_default();
    let mut contacts = 0;
    for link in links.iter().take(MOST) {
        let Some(predicate) = predicate(&link.rel) else { continue };
        if predicate == words::CONTACT_POINT {
            contacts += 1;
            contact(sink, contacts, link);
            continue;
        }
        // What leads to a page must be an address; what names a record may be any name.
        let target = if is_page(predicate) { address(&link.href) } else { name(sink.base, &link.href) };
        if let Some(target) = target {
            sink.iri(predicate, target);
        }
    }
}

/// Whom to ask: a part of the record, because DCAT wants a thing of vCard there and what is said elsewhere of a person is not
/// ours to say. Its identifier leads to the person's own record, where there is one.
fn contact(sink: &mut Sink<'_>, number: usize, link: &Link<'_>) {
    let Some(person) = name(sink.base, &link.href) else { return };
    let node = sink.part(&format!("contact-{number}"));
    sink.iri(words::CONTACT_POINT, node.clone());
    sink.iri_of(&node, words::TYPE, words::CONTACT_CLASS);
    sink.iri_of(&node, words::HAS_UID, person);
    sink.text_of(&node, words::LABEL, link.title.as_deref().unwrap_or_default());
}

/// The property of a relation; none for those that only say how documents of a STAC catalogue hang together.
fn predicate(relation: &str) -> Option<NamedNodeRef<'static>> {
    let predicate = match relation {
        "self" | "root" | "parent" | "child" | "item" | "items" | "next" | "prev" | "alternate" | "" => return None,
        "derived_from" => words::WAS_DERIVED_FROM,
        "source" => words::SOURCE,
        "collection" => words::IS_PART_OF,
        "member" => words::HAS_PART,
        "license" => words::LICENSE,
        "cite-as" => words::CITE_AS,
        "document" | "describedby" => words::PAGE,
        "about" | "see_also" | "related" | "via" => words::SEE_ALSO,
        "preview" | "thumbnail" => words::DEPICTION,
        "data" | "repository" | "service" => words::ACCESS_URL,
        "contact" => words::CONTACT_POINT,
        "replaces" => words::REPLACES,
        "prior" | "predecessor-version" => words::PREVIOUS_VERSION,
        "kernel" | "calibration" => words::REQUIRES,
        "cites" | "reference" => words::REFERENCES,
        _ => words::RELATION,
    };
    Some(predicate)
}

fn is_page(predicate: NamedNodeRef<'_>) -> bool {
    [words::LICENSE, words::DEPICTION, words::ACCESS_URL].contains(&predicate)
}
