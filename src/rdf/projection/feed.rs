//! What stands around the datasets of a feed: the catalogue, where its pages are, and what was deleted. Each page can be read
//! without the others.

use oxrdf::{NamedNodeRef, Quad};

use super::base::{Base, meta_graph, thing};
use super::sink::Sink;
use super::words;
use crate::model::Key;

/// Terms of vocabularies that only feeds use: DCAT's own link to datasets, Hydra for pages, Activity Streams for deletions.
const fn term(iri: &'static str) -> NamedNodeRef<'static> {
    NamedNodeRef::new_unchecked(iri)
}

const DATASET: NamedNodeRef<'static> = term("http://www.w3.org/ns/dcat#dataset");
const PAGED: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#PagedCollection");
const VIEW_CLASS: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#PartialCollectionView");
const VIEW: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#view");
const FIRST: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#first");
const NEXT: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#next");
// Names of an older Hydra, which CKAN writes and reads.
const FIRST_PAGE: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#firstPage");
const NEXT_PAGE: NamedNodeRef<'static> = term("http://www.w3.org/ns/hydra/core#nextPage");
const DELETE: NamedNodeRef<'static> = term("https://www.w3.org/ns/activitystreams#Delete");
const OBJECT: NamedNodeRef<'static> = term("https://www.w3.org/ns/activitystreams#object");
const PUBLISHED: NamedNodeRef<'static> = term("https://www.w3.org/ns/activitystreams#published");

/// A page of a feed.
pub struct FeedPage<'a> {
    /// Host of the service.
    pub host: &'a str,
    /// Addresses of this page, of the first and of the next one.
    pub address: &'a str,
    pub first: &'a str,
    pub next: Option<&'a str>,
    /// Time of the last event of the snapshot, RFC 3339.
    pub modified: Option<&'a str>,
    /// Datasets on this page.
    pub datasets: &'a [&'a Key],
}

/// The catalogue and its page.
pub fn feed(base: &Base, page: &FeedPage<'_>) -> Vec<Quad> {
    let mut sink = Sink::new(base, base.node("dcat#catalogue"), meta_graph(base));
    sink.iri(words::TYPE, words::CATALOG);
    sink.text(words::TITLE, &format!("Catalogue of the archive at {}", page.host));
    let description = "Products and collections of space missions that this archive preserves, each with its files and their digests.";
    sink.text(words::DESCRIPTION, description);
    let publisher = base.node("dcat#publisher");
    sink.iri(words::PUBLISHER, publisher.clone());
    sink.iri_of(&publisher, words::TYPE, words::FOAF_AGENT);
    sink.text_of(&publisher, words::NAME, page.host);
    if let Some(modified) = page.modified {
        sink.time(words::MODIFIED, modified);
    }
    for key in page.datasets {
        sink.iri(DATASET, thing(base, key));
    }
    let address = |text: &str| oxrdf::NamedNode::new(text).ok();
    let Some(here) = address(page.address) else { return sink.finish() };
    sink.iri(VIEW, here.clone());
    sink.iri_of(&here, words::TYPE, PAGED);
    sink.iri_of(&here, words::TYPE, VIEW_CLASS);
    if let Some(first) = address(page.first) {
        sink.iri_of(&here, FIRST, first.clone());
        sink.iri_of(&here, FIRST_PAGE, first);
    }
    if let Some(next) = page.next.and_then(address) {
        sink.iri_of(&here, NEXT, next.clone());
        sink.iri_of(&here, NEXT_PAGE, next);
    }
    sink.finish()
}

/// That a record was deleted, as DCAT-AP Feeds has it: an activity whose object it was; and what PROV says of the record itself.
pub fn deletion(base: &Base, key: &Key, sequence: u64, time: &str) -> Vec<Quad> {
    let mut sink = Sink::new(base, thing(base, key), meta_graph(base));
    sink.time(words::INVALIDATED_AT_TIME, time);
    let activity = base.node(&format!("dcat#deletion-{sequence}"));
    sink.iri_of(&activity, words::TYPE, DELETE);
    let gone = sink.thing.clone();
    sink.iri_of(&activity, OBJECT, gone);
    sink.time_of(&activity, PUBLISHED, time);
    sink.finish()
}
