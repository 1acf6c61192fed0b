//! Listing: the pages of a feed as hydra links them, each data set a document of its own. A feed of one page is asked for
//! again only if it changed (`ETag`, `Last-Modified`).

use super::{Client, Fault, From, Listing};
use crate::federation::protocol::statements::{self, Page};
use crate::model::uri::join;

const ACCEPT: &str = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8";

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let url = from.page.as_deref().unwrap_or(&client.source.url);
    let condition = from.validator.as_deref().map(|validator| match validator.strip_prefix("etag ") {
        Some(tag) => ("if-none-match", tag),
        None => ("if-modified-since", validator),
    });
    let headers: Vec<(&str, &str)> = std::iter::once(("accept", ACCEPT)).chain(condition).collect();
    let response = client.get_with(url, &headers)?;
    if response.status == 304 {
        return Ok(Listing { is_unchanged: true, is_whole: true, ..Listing::default() });
    }
    let triples = statements::read(&response.body, &response.media_type(), &response.url)?;
    let page = Page::of(&triples);
    let paging = page.paging();
    let next = paging.next.and_then(|next| join(&response.url, &next)).filter(|next| next != url);
    let tag = response.header("etag").map(|tag| format!("etag {tag}"));
    let validator = tag.or_else(|| response.header("last-modified").map(str::to_owned));
    Ok(Listing {
        documents: page.documents(),
        total: paging.total,
        is_whole: true,
        validator: validator.filter(|_| next.is_none() && from.page.is_none()),
        next,
        ..Listing::default()
    })
}
