//! Listing by CSW 2.0.2, and by 3.0 where that is refused: `GetRecords` page after page, in ISO 19139 if the service has it,
//! else in Dublin Core.

use serde::{Deserialize, Serialize};

use super::{Client, Fault, From, Listing};
use crate::federation::markup::Node;
use crate::federation::protocol::Document;
use crate::federation::protocol::answer::{bytes_of, is_broken, text, tree, with};

const ACCEPT: &str = "application/xml, text/xml;q=0.9";
const GMD: &str = "http://www.isotc211.org/2005/gmd";
const CSW_2: &str = "http://www.opengis.net/cat/csw/2.0.2";
const CSW_3: &str = "http://www.opengis.net/cat/csw/3.0";

/// Versions and formats in the order in which they are tried.
const WAYS: [(&str, &str, &str); 4] = [
    ("2.0.2", "gmd:MD_Metadata", GMD),
    ("2.0.2", "csw:Record", CSW_2),
    ("3.0.0", "csw:Record", CSW_3),
    ("2.0.2", "csw:Record", GMD),
];

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    way: usize,
    /// From 1.
    start: u64,
}

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    if let Some(page) = &from.page {
        return page_at(client, serde_json::from_str(page).map_err(Fault::unreadable)?);
    }
    // pycsw knows ISO under the type of its own records, GeoNetwork under that of ISO.
    let mut refused = Fault::unsupported("listing");
    for way in [3, 0, 1, 2] {
        if client
            .source
            .harvest
            .format
            .as_deref()
            .is_some_and(|format| WAYS.get(way).is_none_or(|(_, _, schema)| *schema != format))
        {
            continue;
        }
        match page_at(client, Place { way, start: 1 }) {
            Err(fault @ (Fault::Unsupported { .. } | Fault::HttpError { status: 400..500, .. })) => refused = fault,
            done => return done,
        }
    }
    Err(refused)
}

fn page_at(client: &Client<'_>, place: Place) -> Result<Listing, Fault> {
    let Some((version, names, schema)) = WAYS.get(place.way) else {
        return Err(Fault::unreadable("a place of no listing"));
    };
    let (start, most) = (place.start.to_string(), client.source.page_size().to_string());
    let names_of_types = if *version == "3.0.0" { "typeNames" } else { "typenames" };
    let url = with(
        &client.source.url,
        &[
            ("service", "CSW"),
            ("version", version),
            ("request", "GetRecords"),
            (names_of_types, names),
            ("resulttype", "results"),
            ("elementsetname", "full"),
            ("outputschema", schema),
            ("startposition", &start),
            ("maxrecords", &most),
        ],
    );
    let response = client.get(&url, ACCEPT)?;
    let page = text(&response);
    let root = tree(&page, &response, &[])?;
    if root.name.starts_with("ExceptionReport") || root.name.starts_with("ServiceException") {
        let said =
            root.find("ExceptionText").or_else(|| root.find("ServiceException")).map(|node| node.content.clone());
        return Err(Fault::unsupported(format!("its records: {:.200}", said.unwrap_or_default())));
    }
    let results =
        root.at("SearchResults").ok_or_else(|| Fault::unreadable(format!("{:.60} has no SearchResults", root.name)))?;
    let number = |name: &str| results.attribute(name).and_then(|number| number.trim().parse::<u64>().ok());
    let broken = is_broken(&page, &response);
    let documents: Vec<Document> = results.children.iter().map(|record| document(record, broken)).collect();
    let total = number("numberOfRecordsMatched");
    Ok(Listing {
        next: next(place, &documents, number("nextRecord"), total),
        documents,
        total,
        is_whole: true,
        ..Listing::default()
    })
}

/// `nextRecord` is 0 at the end, or absent; some services state it beyond the end.
fn next(place: Place, documents: &[Document], stated: Option<u64>, total: Option<u64>) -> Option<String> {
    let start = stated.filter(|next| *next > 0 && !documents.is_empty())?;
    let is_beyond = total.is_some_and(|total| start > total);
    (!is_beyond).then(|| serde_json::to_string(&Place { start, ..place }).ok()).flatten()
}

fn document(record: &Node<'_>, is_broken: bool) -> Document {
    let id = match record.at("fileIdentifier") {
        Some(identifier) => identifier.find("CharacterString").map(|text| text.content.clone()),
        None => record.text_at("identifier").map(str::to_owned),
    };
    let date = record.at("dateStamp").and_then(|stamp| stamp.children.first()).map(|date| date.content.clone());
    let datestamp = date.or_else(|| record.text_at("modified").map(str::to_owned));
    Document {
        bytes: bytes_of(record.cut(), is_broken),
        id: id.filter(|id| !id.is_empty()),
        datestamp,
        deleted: false,
        href: None,
    }
}
