//! Listing: the collections, then the items of all or of some of them by item search. Asks for everything: few services can
//! be asked for what changed.

use super::{Client, Fault, From, Listing};
use crate::federation::protocol::answer::{text, with};
use crate::federation::protocol::pages::{self, Place};

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let source = client.source;
    let limit = source.page_size().to_string();
    let place = match &from.page {
        Some(page) => Place::read(page)?,
        None => {
            let mut parameters = vec![("limit", limit.as_str())];
            let wanted = source.collections.join(",");
            if !wanted.is_empty() {
                parameters.push(("collections", &wanted));
            }
            let search = with(&format!("{}/search", source.url), &parameters);
            Place { url: format!("{}/collections", source.url), then: vec![search], before: Some(0) }
        }
    };
    let response = pages::get(client, &place.url)?;
    let page = text(&response);
    let fields = pages::object(&page, &response)?;
    let next = pages::next(&fields, &place.url)?;
    let (documents, matched) = match fields.get("features").is_some() {
        true => (pages::documents(&fields, "features", &place.url)?, pages::matched(&fields)),
        false => collections(client, &fields, &place, next.is_some())?,
    };
    let following = place.after(next, matched);
    Ok(Listing {
        documents,
        total: place.total(matched).filter(|_| place.then.is_empty()),
        is_whole: true,
        next: following.and_then(|place| place.page()),
        ..Listing::default()
    })
}

/// The collections of a page that are wanted. A list in one page is as long as it is; one in several may state its length.
fn collections(
    client: &Client<'_>,
    fields: &crate::model::json::Fields<'_>,
    place: &Place,
    is_continued: bool,
) -> Result<(Vec<crate::federation::protocol::Document>, Option<u64>), Fault> {
    let mut documents = pages::documents(fields, "collections", &place.url)?;
    let wanted = &client.source.collections;
    if !wanted.is_empty() {
        documents.retain(|document| document.id.as_ref().is_some_and(|id| wanted.contains(id)));
        return Ok((documents, Some(wanted.len() as u64)));
    }
    let is_one_page = !is_continued && place.url.ends_with("/collections");
    let length = documents.len() as u64;
    let matched = if is_one_page { Some(length) } else { pages::matched(fields) };
    Ok((documents, matched))
}
