//! Listing of NASA's CMR in UMM-JSON: collections, or the granules of the collections that the source names, by its
//! `CMR-Search-After` header; what changed by `updated_since`.

use serde::{Deserialize, Serialize};

use super::{Client, Fault, From, Listing};
use crate::federation::harvest::window;
use crate::federation::protocol::Document;
use crate::federation::protocol::answer::{text, with};
use crate::federation::protocol::pages;
use crate::model::json::{self, Fields};

const ACCEPT: &str = "application/vnd.nasa.cmr.umm_results+json";
const SEARCH_AFTER: &str = "cmr-search-after";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// Which of the source's collections.
    collection: usize,
    after: Option<String>,
    before: Option<u64>,
    /// Latest revision seen.
    latest: Option<String>,
}

/// One page of the listing.
pub fn list(client: &Client<'_>, from: &From) -> Result<Listing, Fault> {
    let place = match &from.page {
        Some(page) => serde_json::from_str(page).map_err(Fault::unreadable)?,
        None => Place { before: Some(0), ..Place::default() },
    };
    let url = address(client, &place, from.since.as_deref());
    let after: Vec<(&str, &str)> = place.after.iter().map(|after| (SEARCH_AFTER, after.as_str())).collect();
    let response = client.get_with(&url, &[&[("accept", ACCEPT)], after.as_slice()].concat())?;
    let page = text(&response);
    let fields = pages::object(&page, &response)?;
    let items = fields.get("items").and_then(json::elements);
    let items = items.ok_or_else(|| Fault::unreadable("it has no array \"items\""))?;
    let hits = response.header("cmr-hits").and_then(|hits| hits.trim().parse::<u64>().ok());
    let documents: Vec<Document> = items.into_iter().map(document).collect();
    let stamps = documents.iter().filter_map(|document| document.datestamp.clone());
    let latest = stamps.chain(place.latest.clone()).max_by_key(|stamp| window::read(stamp));
    let next =
        next(client, &place, response.header(SEARCH_AFTER).filter(|_| !documents.is_empty()), hits, latest.clone());
    let total = place.before.zip(hits).map(|(before, hits)| before + hits);
    Ok(Listing {
        total: total.filter(|_| place.collection + 1 >= client.source.collections.len()),
        checkpoint: if next.is_none() { latest } else { None },
        is_whole: from.since.is_none(),
        next: next.and_then(|next| serde_json::to_string(&next).ok()),
        documents,
        ..Listing::default()
    })
}

fn next(
    client: &Client<'_>,
    place: &Place,
    after: Option<&str>,
    hits: Option<u64>,
    latest: Option<String>,
) -> Option<Place> {
    if let Some(after) = after {
        return Some(Place { after: Some(after.to_owned()), latest, ..place.clone() });
    }
    let collection = place.collection + 1;
    let before = place.before.zip(hits).map(|(before, hits)| before + hits);
    (collection < client.source.collections.len()).then_some(Place { collection, after: None, before, latest })
}

fn address(client: &Client<'_>, place: &Place, since: Option<&str>) -> String {
    let size = client.source.page_size().min(2_000).to_string();
    let mut parameters = vec![("page_size", size.as_str())];
    parameters.extend(since.map(|since| ("updated_since", since)));
    match client.source.collections.get(place.collection) {
        None => with(&format!("{}/collections.umm_json", client.source.url), &parameters),
        Some(id) => {
            let by = if is_concept(id) { "collection_concept_id" } else { "short_name" };
            parameters.push((by, id));
            with(&format!("{}/granules.umm_json", client.source.url), &parameters)
        }
    }
}

/// `C1234-PROVIDER`.
fn is_concept(id: &str) -> bool {
    id.strip_prefix('C').and_then(|rest| rest.split_once('-')).is_some_and(|(number, _)| number.parse::<u64>().is_ok())
}

fn document(item: &str) -> Document {
    let mut document = Document::of(item.as_bytes().to_vec());
    let meta =
        Fields::of_valid(item).and_then(|fields| fields.get("meta")).and_then(Fields::of_valid).unwrap_or_default();
    document.id = meta.string("concept-id").map(std::borrow::Cow::into_owned);
    document.datestamp = meta.string("revision-date").map(std::borrow::Cow::into_owned);
    document.deleted = meta.get("deleted") == Some("true");
    document
}
