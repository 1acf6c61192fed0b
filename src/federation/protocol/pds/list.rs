//! Listing of a registry of the Planetary Data System: products in the order of their harvest time, which `search-after` pages
//! by; of each the label that the registry names is fetched, for only that is the product's own document.

use std::borrow::Cow;

use super::{Client, Fault, From, Listing};
use crate::federation::protocol::Document;
use crate::federation::protocol::answer::{text, with};
use crate::federation::protocol::pages;
use crate::model::json::{self, Fields};

const ACCEPT: &str = "application/json";
const HARVESTED: &str = "ops:Harvest_Info.ops:harvest_date_time";
const LABEL: &str = "ops:Label_File_Info.ops:file_ref";
/// Most products of a page: each costs a request for its label.
const PAGE: usize = 50;

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let size = client.source.page_size().min(PAGE).to_string();
    let mut parameters = vec![("limit", size.as_str()), ("sort", HARVESTED)];
    let after = from.page.as_deref().or(from.since.as_deref());
    parameters.extend(after.map(|after| ("search-after", after)));
    let response = client.get(&with(&format!("{}/products", client.source.url), &parameters), ACCEPT)?;
    let page = text(&response);
    let fields = pages::object(&page, &response)?;
    let data =
        fields.get("data").and_then(json::elements).ok_or_else(|| Fault::unreadable("it has no array \"data\""))?;
    let hits = fields.get("summary").and_then(Fields::of_valid).and_then(|summary| summary.get("hits")?.parse().ok());
    let mut documents = Vec::with_capacity(data.len());
    let mut last = None;
    for product in &data {
        let document = document(client, product)?;
        last = document.datestamp.clone().or(last);
        documents.push(document);
    }
    let is_last = data.len() < client.source.page_size().min(PAGE);
    Ok(Listing {
        documents,
        total: hits,
        checkpoint: last.clone().filter(|_| is_last),
        is_whole: from.since.is_none(),
        next: last.filter(|_| !is_last),
        ..Listing::default()
    })
}

fn document(client: &Client<'_>, product: &str) -> Result<Document, Fault> {
    let fields = Fields::of_valid(product).ok_or_else(|| Fault::unreadable("a product is no object"))?;
    let properties = fields.get("properties").and_then(Fields::of_valid).unwrap_or_default();
    let first = |name: &str| {
        let value = properties.get(name)?;
        let value = json::elements(value).map_or(Some(value), |values| values.first().copied())?;
        json::read_string(value).map(Cow::into_owned)
    };
    let label = first(LABEL);
    let bytes = match &label {
        Some(label) => client.get(label, "application/xml, text/xml;q=0.9, */*;q=0.1")?.body,
        // Without a label there is what the registry says; no importer reads it, and it is put aside with that reason.
        None => product.as_bytes().to_vec(),
    };
    let id = fields.string("id").map(Cow::into_owned);
    Ok(Document { bytes, id, datestamp: first(HARVESTED), deleted: false, href: label })
}
