//! Listing: the items of the catalogues that the service names, or of those that the source names, one after the other.

use super::{Client, Fault, From, Listing};
use crate::federation::protocol::answer::{text, with};
use crate::federation::protocol::pages::{self, Place};
use crate::model::json::{self, Fields};
use crate::model::uri::encode;

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let place = match &from.page {
        Some(page) => Place::read(page)?,
        None => begin(client)?,
    };
    let response = pages::get(client, &place.url)?;
    let page = text(&response);
    let fields = pages::object(&page, &response)?;
    let matched = pages::matched(&fields);
    let next = pages::next(&fields, &place.url)?;
    let documents = pages::documents(&fields, "features", &place.url)?;
    Ok(Listing {
        documents,
        total: place.total(matched).filter(|_| place.then.is_empty()),
        is_whole: true,
        next: place.after(next, matched).and_then(|place| place.page()),
        ..Listing::default()
    })
}

fn begin(client: &Client<'_>) -> Result<Place, Fault> {
    let source = client.source;
    let limit = source.page_size().to_string();
    let items = |id: &str| with(&format!("{}/collections/{}/items", source.url, encode(id)), &[("limit", &limit)]);
    if !source.collections.is_empty() {
        let addresses = source.collections.iter().map(|id| items(id)).collect();
        return Place::first(addresses).ok_or_else(|| Fault::unsupported("listing"));
    }
    let url = format!("{}/collections", source.url);
    let response = pages::get(client, &url)?;
    let page = text(&response);
    let fields = pages::object(&page, &response)?;
    let collections = fields.get("collections").and_then(json::elements);
    let collections = collections.ok_or_else(|| Fault::unreadable("it has no array \"collections\""))?;
    // Collections of features stand beside those of records.
    let is_catalogue = |fields: &Fields<'_>| fields.string("itemType").is_some_and(|kind| kind == "record");
    let all: Vec<Fields<'_>> = collections.into_iter().filter_map(Fields::of_valid).collect();
    let named: Vec<String> = all
        .iter()
        .filter(|fields| is_catalogue(fields))
        .filter_map(|fields| Some(items(&fields.string("id")?)))
        .collect();
    Place::first(named).ok_or_else(|| Fault::unsupported("listing: it names no catalogue of records"))
}
