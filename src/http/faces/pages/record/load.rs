//! What the page of a record shows, fetched from the catalogue. Bounded: of very many revisions, referrers and members a
//! part is shown, with the number of all where it is known.

use std::collections::BTreeMap;

use super::lineage::REACH;
use crate::catalogue::{Catalogue, Error, Lineage, Member, Referrer, Results, Revision, Stored};
use crate::http::faces::pages::tally::{self, Tally};
use crate::model::{Entity, Facet, Key, Kind, Query, RecordId, SortKey};

/// Records that refer to this one, at most.
const MAX_REFERRERS: usize = 60;
/// Members of a collection's own list that are looked up.
const MAX_MEMBERS: usize = 200;
const SOME_PRODUCTS: usize = 10;
const FACET_VALUES: usize = 8;
/// Facets that tell products of one collection apart.
const TELLING: [Facet; 6] =
    [Facet::Mission, Facet::Platform, Facet::Instrument, Facet::Target, Facet::Level, Facet::DataType];

/// One record with what surrounds it.
pub struct Loaded {
    pub stored: Stored,
    pub revisions: Vec<Revision>,
    pub referrers: Vec<Referrer>,
    /// Title of the product's collection, and how that one is cited.
    pub collection_title: Option<String>,
    pub collection_citation: Option<String>,
    pub collection: Option<CollectionPart>,
    /// What it comes from and what was made of it; none for a deleted record.
    pub lineage: Option<Lineage>,
    /// Evidence of its recreations, newest first.
    pub attempts: Vec<String>,
    /// Whether it is itself evidence of one.
    pub is_recreation: bool,
}

/// What only a collection has.
pub struct CollectionPart {
    /// Its newest products, with the number of all.
    pub products: Results,
    pub tally: Tally,
    pub members: Vec<Member>,
}

/// The current revision, or the one asked for.
///
/// # Errors
/// Those of the catalogue for a record that is not there.
pub fn stored(catalogue: &Catalogue, key: &Key, revision: Option<u64>) -> Result<Stored, Error> {
    match revision {
        None => catalogue.get(key),
        Some(revision) => catalogue.get_revision(key, revision),
    }
}

/// The record of a product's collection, as it is stored; none for other records, nor where it was deleted.
pub fn parent(catalogue: &Catalogue, key: &Key) -> Option<Vec<u8>> {
    let collection = key.collection.clone()?;
    catalogue.get(&Key::collection(collection)).ok().map(|parent| parent.record)
}

/// The record and what surrounds it.
///
/// # Errors
/// As `stored`.
pub fn load(catalogue: &Catalogue, key: &Key, revision: Option<u64>) -> Result<Loaded, Error> {
    let stored = stored(catalogue, key, revision)?;
    let revisions = catalogue.revisions(key)?;
    let referrers = catalogue.links_to_some(key.id.as_str(), MAX_REFERRERS)?;
    // A collection that was deleted leaves its products without a title above them, not without a page.
    let parent = parent(catalogue, key);
    let parent = parent.as_ref().and_then(|parent| Entity::view(parent).ok());
    let collection_title = parent.as_ref().and_then(|parent| parent.title.as_deref().map(str::to_owned));
    let collection_citation = parent.as_ref().and_then(|parent| parent.citation.as_deref().map(str::to_owned));
    let collection = match key.kind {
        Kind::Collection => Some(collection_part(catalogue, &key.id)?),
        _ => None,
    };
    let lineage = match catalogue.lineage(key, REACH) {
        // An earlier revision of a deleted record has a page, and nothing leads to or from it any more.
        Err(Error::Gone { .. }) => None,
        found => Some(found?),
    };
    let attempts = match key.kind {
        Kind::Product | Kind::Recipe => catalogue.evidence(key).or_else(nothing_of_deleted)?,
        _ => Vec::new(),
    };
    let is_recreation = key.is_immutable() && key.kind == Kind::Evidence;
    Ok(Loaded {
        stored,
        revisions,
        referrers,
        collection_title,
        collection_citation,
        collection,
        lineage,
        attempts,
        is_recreation,
    })
}

/// An earlier revision of a deleted record has a page, and no attempts any more.
fn nothing_of_deleted(error: Error) -> Result<Vec<String>, Error> {
    if matches!(error, Error::Gone { .. }) { Ok(Vec::new()) } else { Err(error) }
}

fn collection_part(catalogue: &Catalogue, id: &RecordId) -> Result<CollectionPart, Error> {
    let facets: BTreeMap<Facet, Vec<String>> = [(Facet::Collection, vec![id.to_string()])].into();
    let query = Query {
        facets,
        count: true,
        limit: SOME_PRODUCTS,
        sort: vec![SortKey::Time { descending: true }],
        ..Query::default()
    };
    let (products, tally) = tally::search(catalogue, &query, None, &TELLING.map(|facet| (facet, FACET_VALUES)))?;
    let members = catalogue.listed_members_some(id, MAX_MEMBERS)?;
    Ok(CollectionPart { products, tally, members })
}
