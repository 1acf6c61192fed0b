//! Distributions to files.

use super::graph::{Graph, short};
use super::iri;
use crate::importer::shared::record::{File, Record};
use crate::rdf::Term;

/// Adds the files of a resource: each distribution one, by the last part of its address.
pub(super) fn files(graph: &Graph<'_>, subject: &Term, record: &mut Record<'_>) {
    let distributions = graph.each(subject, &["dcat:distribution", "adms:sample", "schema:distribution"]);
    for (number, distribution) in distributions.into_iter().enumerate() {
        file(graph, distribution, number, record);
    }
}

pub(super) fn file(graph: &Graph<'_>, distribution: &Term, number: usize, record: &mut Record<'_>) {
    graph.read_type(distribution);
    let own = iri(distribution);
    let download = graph.text(distribution, &["dcat:downloadURL", "schema:contentUrl"]);
    let access = graph.text(distribution, &["dcat:accessURL", "schema:url"]);
    let href = download.or(access);
    let last = |address: &str| {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        path.split_once("//")
            .and_then(|(_, path)| path.rsplit('/').next())
            .filter(|name| name.contains('.'))
            .map(str::to_owned)
    };
    let title = graph.text(distribution, &["dct:title", "schema:name"]);
    let numbered = || format!("distribution {}", number.saturating_add(1));
    let name = download.and_then(last).or_else(|| own.or(href).map(str::to_owned)).unwrap_or_else(numbered);
    let media_type = graph.one(distribution, &["dcat:mediaType", "dct:format", "schema:encodingFormat"]);
    let media_type = media_type.and_then(|term| graph.label(term)).map(|label| media_type_of(&label));
    let bytes = graph.text(distribution, &["dcat:byteSize"]).and_then(|text| text.parse::<f64>().ok());
    let checksum = graph.one(distribution, &["spdx:checksum"]);
    let value = checksum.and_then(|term| graph.text(term, &["spdx:checksumValue"]));
    let algorithm = checksum.and_then(|term| graph.text(term, &["spdx:algorithm"])).map(algorithm_of);
    record.file(&File {
        name: &name,
        role: Some("data"),
        bytes: bytes.filter(|bytes| *bytes >= 0.0 && *bytes < 9e15).map(|bytes| bytes as u64),
        checksum: algorithm.as_deref().zip(value),
        media_type: media_type.as_deref(),
        href,
    });
    if let Some(title) = title.filter(|title| *title != name) {
        record.property("dcat:distribution_title", title);
    }
    for service in graph.all(distribution, &["dcat:accessService"]) {
        iri(service).into_iter().for_each(|href| record.link("service", href, None));
    }
}

/// `text/csv` of `https://www.iana.org/assignments/media-types/text/csv`; names of file types stay.
fn media_type_of(label: &str) -> String {
    label.split_once("/media-types/").map_or_else(|| label.to_owned(), |(_, name)| name.to_owned())
}

fn algorithm_of(address: &str) -> String {
    let name = short(address);
    name.rsplit(['_', ':', '/', '#']).next().unwrap_or_default().to_owned()
}
