//! One page of the feed: its datasets, the series that they are in, what was deleted, and where the next page is.

use std::collections::BTreeSet;

use crate::catalogue::changes::{Entry, Page, Place, Selection};
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::oai::namespace;
use crate::model::uri::encode;
use crate::model::{Instant, Key, Kind, RecordId};
use crate::rdf::projection::{self, Base, FeedPage};
use crate::rdf::{self, Writing};

/// Kinds of records that are datasets or series of them.
const KINDS: &[Kind] = &[Kind::Product, Kind::Collection];
/// What tokens are for; those of a feed of changes tell of deletions too.
const WHOLE: &str = "dcat";
const CHANGES: &str = "dcat changes";

/// What is asked for.
pub struct Asked {
    pub since: Option<Instant>,
    pub token: Option<String>,
    pub limit: usize,
}

/// Where the page is.
pub struct Context {
    /// Address of the service, without a slash at its end.
    pub base: String,
    pub path: String,
    pub query: String,
}

/// Writes a page.
///
/// # Errors
/// `BadToken`, and those of the catalogue.
pub fn write(catalogue: &Catalogue, context: &Context, asked: &Asked, writing: Writing) -> Result<Vec<u8>, Error> {
    let (request, selection, given) = selection(catalogue, asked)?;
    let page = catalogue.publish(&selection, asked.limit)?;
    let next = page.next.map(|next| {
        let given = given + page.entries.len() as u64;
        catalogue.token_of(&Place::after(request, &selection, next, given))
    });
    let first = format!("{}{}?limit={}", context.base, context.path, asked.limit);
    let next = next.transpose()?.map(|token| format!("{first}&token={}", encode(&token)));
    let base = Base::public(&context.base);
    let mut quads = Vec::new();
    let modified = match selection.snapshot {
        0 => None,
        snapshot => Some(catalogue.time_of(snapshot)?.to_string()),
    };
    let address = match context.query.as_str() {
        "" => format!("{}{}", context.base, context.path),
        query => format!("{}{}?{query}", context.base, context.path),
    };
    let live = || page.entries.iter().filter(|entry| entry.record.is_some());
    let datasets: Vec<&Key> = live().map(|entry| &entry.key).filter(|key| key.kind == Kind::Product).collect();
    quads.extend(projection::feed(
        &base,
        &FeedPage {
            host: &namespace(&context.base),
            address: &address,
            first: &first,
            next: next.as_deref(),
            modified: modified.as_deref(),
            datasets: &datasets,
        },
    ));
    for entry in &page.entries {
        quads.extend(match &entry.record {
            Some(record) => projection::record(&base, &entry.key, record),
            None => projection::deletion(&base, &entry.key, entry.sequence, &entry.time),
        });
    }
    for series in series(&page) {
        if let Some(Entry { key, record: Some(record), .. }) = catalogue.published(&Key::collection(series))? {
            quads.extend(projection::record(&base, &key, &record));
        }
    }
    rdf::write(writing, &quads, &base).map_err(Error::internal("writing a page of the feed"))
}

fn selection(catalogue: &Catalogue, asked: &Asked) -> Result<(&'static str, Selection<'static>, u64), Error> {
    if let Some(token) = &asked.token {
        let place = catalogue.place_of(token)?;
        let request = [WHOLE, CHANGES].into_iter().find(|request| *request == place.request).ok_or(Error::BadToken)?;
        return Ok((request, of(request, place.next, place.last, place.snapshot), place.given));
    }
    let horizon = catalogue.horizon()?;
    let request = if asked.since.is_some() { CHANGES } else { WHOLE };
    let (first, last) = catalogue.sequences(asked.since, None, horizon.sequence)?;
    Ok((request, of(request, first, last, horizon.sequence), 0))
}

fn of(request: &str, first: u64, last: u64, snapshot: u64) -> Selection<'static> {
    Selection { kinds: KINDS, set: None, first, last, snapshot, deletions: request == CHANGES, sets: false }
}

/// Collections of the datasets on the page that are not on it themselves: a dataset names its series, and whoever reads the
/// page need not ask for it.
fn series(page: &Page) -> BTreeSet<RecordId> {
    let live = || page.entries.iter().filter(|entry| entry.record.is_some());
    let told: BTreeSet<&RecordId> =
        live().filter(|entry| entry.key.kind == Kind::Collection).map(|entry| &entry.key.id).collect();
    let named = live().filter_map(|entry| entry.key.collection.as_ref());
    named.filter(|id| !told.contains(id)).cloned().collect()
}
