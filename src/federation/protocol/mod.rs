//! The protocols that sources speak, behind one trait: one folder each, with how it is searched and how it is listed.
//! What comes back are documents as the source wrote them; turning them into records is for importers.

mod answer;
mod client;
mod cmr;
mod csw;
mod dcat;
mod descriptions;
mod fault;
mod oai;
mod opensearch;
mod pages;
mod pds;
mod perennial;
mod records;
mod sparql;
mod stac;
mod statements;
mod wording;

pub use client::Client;
pub use descriptions::Descriptions;
pub use fault::Fault;
pub use wording::{parts, plain_words};

use super::{Protocol, Source};
use crate::model::Query;

/// The header that names the instances that a question has passed.
pub const PATH_HEADER: &str = "perennial-federation-path";

/// A document of a source, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Empty for a deletion.
    pub bytes: Vec<u8>,
    /// What the source calls it, where that is said outside of the document.
    pub id: Option<String>,
    /// When the source says that it changed, as it wrote it.
    pub datestamp: Option<String>,
    /// The source says that it is gone.
    pub deleted: bool,
    /// Where it can be fetched or looked at.
    pub href: Option<String>,
}

impl Document {
    /// A document of which nothing else is known.
    pub const fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, id: None, datestamp: None, deleted: false, href: None }
    }
}

/// A part of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Text,
    Ids,
    Facets,
    Time,
    Space,
    Filter,
    Sort,
}

/// What is asked of a source while somebody waits.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// `limit` says how many documents are wanted.
    pub query: &'a Query,
    /// The `next` of the page before.
    pub page: Option<&'a str>,
    /// Instances that the question has passed, this one last.
    pub path: &'a [String],
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub documents: Vec<Document>,
    /// Matches in all, if it says so.
    pub matched: Option<u64>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
    /// Parts of the question that were not answered: who asked filters by them or says that they were not.
    pub unanswered: Vec<Part>,
}

/// Where a listing goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct From {
    /// Changes since then, in the words of the source (a datestamp, a sequence); absent for everything.
    pub since: Option<String>,
    /// The `next` of the page before.
    pub page: Option<String>,
    /// The validator of the last whole listing (`ETag` or `Last-Modified`), for sources that are one document.
    pub validator: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub documents: Vec<Document>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
    /// Records in the whole listing, if the source says so.
    pub total: Option<u64>,
    /// What `since` is to be in the next run, once this listing has been read to its end: said by the source, or its clock.
    pub checkpoint: Option<String>,
    /// Whether this is all that the source holds, so that what is missing may be gone; false for changes since some time.
    pub is_whole: bool,
    /// Nothing has changed since the validator.
    pub is_unchanged: bool,
    pub validator: Option<String>,
}

/// A protocol.
pub trait Adapter: Send + Sync {
    /// Searches while somebody waits.
    ///
    /// # Errors
    /// `Fault`; `Unsupported` for a protocol that cannot search, or a question that it cannot be asked in any part.
    fn search(&self, client: &Client<'_>, ask: &Ask<'_>) -> Result<Found, Fault>;

    /// One page of what there is, or of what changed.
    ///
    /// # Errors
    /// `Fault`; `Unsupported` for a protocol that cannot list.
    fn list(&self, client: &Client<'_>, from: &From) -> Result<Listing, Fault>;
}

/// The protocol that a source speaks.
pub fn adapter(source: &Source) -> &'static dyn Adapter {
    match source.protocol {
        Protocol::Stac => &stac::Stac,
        Protocol::Records => &records::Records,
        Protocol::Oai => &oai::Oai,
        Protocol::Csw => &csw::Csw,
        Protocol::Cmr => &cmr::Cmr,
        Protocol::Pds => &pds::Pds,
        Protocol::Opensearch => &opensearch::Opensearch,
        Protocol::Dcat => &dcat::Dcat,
        Protocol::Sparql => &sparql::Sparql,
        Protocol::Perennial => &perennial::Perennial,
    }
}
