//! Records as unqualified Dublin Core, the format that every harvester reads.

use super::Shown;
use crate::http::faces::linked::bibliography::{covered, doi_of, earth_boxes, providers, published};
use crate::http::faces::xml;
use crate::model::{Entity, Kind, Name};

pub const SCHEMA: &str = "http://www.openarchives.org/OAI/2.0/oai_dc.xsd";
pub const NAMESPACE: &str = "http://www.openarchives.org/OAI/2.0/oai_dc/";

/// Most values of one element.
const MOST: usize = 100;

pub fn write(out: &mut String, shown: &Shown<'_>) {
    let Shown { entity, record, page, base, .. } = shown;
    let attributes = [
        ("xmlns:oai_dc", NAMESPACE),
        ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
        (
            "xsi:schemaLocation",
            "http://www.openarchives.org/OAI/2.0/oai_dc/ http://www.openarchives.org/OAI/2.0/oai_dc.xsd",
        ),
    ];
    xml::open(out, "oai_dc:dc", &attributes);
    xml::element(out, "dc:title", shown.title());
    for creator in providers(entity, &["producer", "processor"]) {
        xml::element(out, "dc:creator", &creator);
    }
    subjects(out, entity);
    xml::optional(out, "dc:description", entity.description.as_deref());
    for publisher in providers(entity, &["host", "licensor"]) {
        xml::element(out, "dc:publisher", &publisher);
    }
    xml::optional(out, "dc:date", published(record).as_deref());
    xml::element(out, "dc:type", class(entity.kind));
    xml::optional(out, "dc:type", entity.data_type.as_deref());
    xml::optional(out, "dc:format", entity.format.as_deref());
    xml::element(out, "dc:identifier", page);
    if let Some(doi) = doi_of(entity) {
        xml::element(out, "dc:identifier", &format!("https://doi.org/{doi}"));
    }
    xml::element(out, "dc:identifier", &entity.id);
    for known in entity.identifiers.iter().take(MOST).filter(|known| known.value != entity.id) {
        xml::optional(out, "dc:identifier", Some(&known.value));
    }
    if let Some(collection) = &entity.collection {
        let address = crate::http::faces::pages::address::collection(collection);
        xml::element(out, "dc:relation", &format!("{base}{address}"));
    }
    xml::optional(out, "dc:coverage", covered(entity).as_deref());
    for edges in earth_boxes(entity) {
        let (west, south, east, north) = (edges.west, edges.south, edges.east, edges.north);
        // DCMI Box Encoding Scheme.
        let written = format!("northlimit={north}; southlimit={south}; westlimit={west}; eastlimit={east}");
        xml::element(out, "dc:coverage", &written);
    }
    xml::optional(out, "dc:rights", entity.licence.as_deref());
    xml::close(out, "oai_dc:dc");
}

fn subjects(out: &mut String, entity: &Entity<'_>) {
    for keyword in entity.keywords.iter().take(MOST) {
        xml::optional(out, "dc:subject", Some(&keyword.path));
    }
    let of = |names: &[Name<'_>]| -> Vec<String> {
        names.iter().take(MOST).map(|name| name.label.clone().into_owned()).collect()
    };
    for names in [&entity.missions, &entity.platforms, &entity.instruments, &entity.targets] {
        for label in of(names) {
            xml::optional(out, "dc:subject", Some(&label));
        }
    }
}

/// A term of the DCMI Type Vocabulary.
const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Product => "Dataset",
        Kind::Collection => "Collection",
        Kind::Document => "Text",
        Kind::Platform | Kind::Instrument | Kind::Target => "PhysicalObject",
        Kind::Mission | Kind::Evidence => "Event",
        Kind::Recipe => "Software",
        Kind::Source => "Service",
        Kind::Agent | Kind::ContextGraph | Kind::Hold => "InteractiveResource",
    }
}
