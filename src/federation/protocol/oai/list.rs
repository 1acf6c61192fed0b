//! Listing by OAI-PMH 2.0: `ListRecords` set after set, in the best format that the repository has, with its tombstones.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Client, Fault, From, Listing};
use crate::federation::markup::Node;
use crate::federation::protocol::Document;
use crate::federation::protocol::answer::{bytes_of, is_broken, text, tree, with};

const ACCEPT: &str = "text/xml, application/xml;q=0.9";

/// Where a listing goes on: a resumption token says nothing of the sets that come after its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    format: String,
    /// Which of the source's sets; 0 when it has none.
    set: usize,
    token: Option<String>,
    /// Records of the sets before this one; absent when one of them did not say.
    before: Option<u64>,
    /// `YYYY-MM-DD` alone.
    is_by_day: bool,
}

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let place = match &from.page {
        Some(page) => serde_json::from_str(page).map_err(Fault::unreadable)?,
        None => begin(client)?,
    };
    let url = address(client, &place, from.since.as_deref());
    let response = client.get(&url, ACCEPT)?;
    let page = text(&response);
    let root = tree(&page, &response, &["metadata"])?;
    if root.name != "OAI-PMH" {
        return Err(Fault::unreadable(format!("{:.80} is no answer of OAI-PMH", root.name)));
    }
    let error = error_of(&root)?;
    let records = root.at("ListRecords").filter(|_| error.is_none());
    if records.is_none() && error.is_none() {
        return Err(Fault::unreadable("it has neither records nor an error"));
    }
    let is_broken = is_broken(&page, &response);
    let mut documents = Vec::new();
    for record in records.into_iter().flat_map(|records| records.named("record")) {
        documents.extend(document(record, is_broken));
    }
    let token = records.and_then(|records| records.at("resumptionToken"));
    let total = token.and_then(|token| token.attribute("completeListSize")?.trim().parse::<u64>().ok());
    let total = if error.is_some() { Some(0) } else { total };
    let next = next(client, &place, token.map(|token| token.content.as_str()).filter(|token| !token.is_empty()), total);
    Ok(Listing {
        documents,
        total: place.before.zip(total).map(|(before, total)| before + total).filter(|_| is_last_set(client, &place)),
        checkpoint: root
            .text_at("responseDate")
            .and_then(|date| date.get(..if place.is_by_day { 10 } else { date.len() }))
            .map(str::to_owned),
        is_whole: from.since.is_none(),
        next: next.map(|next| serde_json::to_string(&next).unwrap_or_default()),
        ..Listing::default()
    })
}

fn is_last_set(client: &Client<'_>, place: &Place) -> bool {
    place.set + 1 >= client.source.collections.len()
}

fn next(client: &Client<'_>, place: &Place, token: Option<&str>, total: Option<u64>) -> Option<Place> {
    if let Some(token) = token {
        return Some(Place { token: Some(token.to_owned()), ..place.clone() });
    }
    let before = place.before.zip(total).map(|(before, total)| before + total);
    (!is_last_set(client, place)).then(|| Place { set: place.set + 1, token: None, before, ..place.clone() })
}

fn address(client: &Client<'_>, place: &Place, since: Option<&str>) -> String {
    let url = &client.source.url;
    if let Some(token) = &place.token {
        return with(url, &[("verb", "ListRecords"), ("resumptionToken", token)]);
    }
    let mut parameters = vec![("verb", "ListRecords"), ("metadataPrefix", place.format.as_str())];
    parameters.extend(since.map(|since| ("from", since)));
    parameters.extend(client.source.collections.get(place.set).map(|set| ("set", set.as_str())));
    with(url, &parameters)
}

/// Asks how the repository writes times, and which formats it has.
fn begin(client: &Client<'_>) -> Result<Place, Fault> {
    let response = client.get(&with(&client.source.url, &[("verb", "Identify")]), ACCEPT)?;
    let page = text(&response);
    let root = tree(&page, &response, &[])?;
    let Some(identify) = root.at("Identify") else {
        error_of(&root)?;
        return Err(Fault::unreadable("it does not identify itself as a repository of OAI-PMH"));
    };
    let is_by_day = identify.text_at("granularity") == Some("YYYY-MM-DD");
    let format = match &client.source.harvest.format {
        Some(format) => format.clone(),
        None => best_format(client)?,
    };
    Ok(Place { format, is_by_day, before: Some(0), ..Place::default() })
}

fn best_format(client: &Client<'_>) -> Result<String, Fault> {
    let response = client.get(&with(&client.source.url, &[("verb", "ListMetadataFormats")]), ACCEPT)?;
    let page = text(&response);
    let root = tree(&page, &response, &[])?;
    error_of(&root)?;
    let formats = root.at("ListMetadataFormats").into_iter().flat_map(|list| list.named("metadataFormat"));
    let known = formats.filter_map(|format| {
        let prefix = format.text_at("metadataPrefix")?;
        let namespace = format.text_at("metadataNamespace").unwrap_or_default();
        Some((rank(prefix, namespace)?, prefix))
    });
    let best = known.min_by_key(|(rank, _)| *rank).map(|(_, prefix)| prefix.to_owned());
    best.ok_or_else(|| Fault::unsupported("records in a format that is read here; harvest.format names another"))
}

/// How well a format is read here, the best first; `None` for one that no importer is for.
fn rank(prefix: &str, namespace: &str) -> Option<usize> {
    let ranks: [(&str, &[&str]); 7] = [
        ("perennial", &[]),
        ("spase", &["spase-group.org"]),
        ("pds4", &["pds.nasa.gov"]),
        ("iso", &["isotc211.org", "standards.iso.org/iso/19115"]),
        ("dif", &["gcmd.gsfc.nasa.gov"]),
        ("oai_datacite", &["datacite.org"]),
        ("oai_dc", &["openarchives.org/OAI/2.0/oai_dc"]),
    ];
    let prefix = prefix.to_ascii_lowercase();
    ranks.iter().position(|(begin, namespaces)| {
        prefix.starts_with(begin) || namespaces.iter().any(|part| namespace.contains(part))
    })
}

/// The error of an answer: `noRecordsMatch` is an empty listing, all others are faults.
fn error_of<'n>(root: &'n Node<'_>) -> Result<Option<&'n str>, Fault> {
    let Some(error) = root.at("error") else { return Ok(None) };
    match error.attribute("code").unwrap_or_default() {
        code @ "noRecordsMatch" => Ok(Some(code)),
        code @ ("cannotDisseminateFormat" | "noSetHierarchy" | "noMetadataFormats" | "badVerb") => {
            Err(Fault::unsupported(format!("its records: {code}: {:.200}", error.content)))
        }
        code => Err(Fault::unreadable(format!("{code:.40}: {:.200}", error.content))),
    }
}

fn document(record: &Node<'_>, is_broken: bool) -> Option<Document> {
    let header = record.at("header")?;
    let id = header.text_at("identifier").map(str::to_owned);
    let datestamp = header.text_at("datestamp").map(str::to_owned);
    let deleted = header.attribute("status") == Some("deleted");
    let content = record.at("metadata").and_then(|metadata| metadata.children.first());
    let bytes = match content {
        _ if deleted => Vec::new(),
        // A record that is no XML stands in an element as text.
        Some(content) if content.attribute("encoding") == Some("base64") => {
            STANDARD.decode(content.content.as_bytes()).unwrap_or_else(|_| content.content.clone().into_bytes())
        }
        Some(content) if content.content.starts_with('{') => bytes_of(content.content.clone(), is_broken),
        Some(content) => bytes_of(content.cut(), is_broken),
        None => Vec::new(),
    };
    Some(Document { bytes, id, datestamp, deleted, href: None })
}
