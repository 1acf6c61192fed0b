//! ListRecords, ListIdentifiers and ListSets: pages of a snapshot, which go on where their token says.

use super::envelope::{self, Context};
use super::fault::{Code, Fault};
use super::formats::Format;
use super::identifier;
use super::request::{Asked, Content};
use crate::catalogue::changes::{Horizon, Place, Selection, Set};
use crate::catalogue::{Catalogue, Error};
use crate::http::faces::xml;
use crate::model::{Aggregation, Entity, Facet, Key, Kind, PropertyName, Query, RecordId, Value};

/// Records of a page.
pub const PAGE: usize = 500;
/// Collections that are looked at for a page of sets.
const SETS: usize = 500;
/// Missions that are listed as sets, the most frequent first.
const MISSIONS: usize = 1_000;
/// What tokens of `ListSets` are for.
const LIST_SETS: &str = "oai ListSets";

/// A page of records or of their headers.
///
/// # Errors
/// `badResumptionToken`, `noRecordsMatch`, and those of the catalogue.
pub fn records(
    catalogue: &Catalogue,
    context: &Context,
    content: Content,
    asked: &Asked,
    horizon: Horizon,
) -> Result<String, Fault> {
    let (format, selection, given) = selection(catalogue, content, asked, horizon)?;
    let page = catalogue.publish(&selection, PAGE)?;
    if page.entries.is_empty() && given == 0 {
        return Err(Fault::new(Code::NoRecordsMatch, "no record is in this set and period in this format"));
    }
    let mut out = String::with_capacity(page.entries.len() * 2_048);
    xml::open(&mut out, content.verb(), &[]);
    out.push('\n');
    for entry in &page.entries {
        match content {
            Content::Headers => context.header(&mut out, entry),
            Content::Records => context.record(&mut out, entry, format)?,
        }
    }
    let next = page.next.map(|next| {
        let now_given = given + page.entries.len() as u64;
        catalogue.token_of(&Place::after(request(content, format), &selection, next, now_given))
    });
    envelope::token(&mut out, next.transpose()?.as_deref(), given);
    xml::close(&mut out, content.verb());
    Ok(out)
}

/// What a token is for: the verb and the format.
fn request(content: Content, format: Format) -> String {
    format!("oai {} {}", content.verb(), format.prefix())
}

fn selection(
    catalogue: &Catalogue,
    content: Content,
    asked: &Asked,
    horizon: Horizon,
) -> Result<(Format, Selection<'static>, u64), Fault> {
    match asked {
        Asked::Begin { format, from, before, set } => {
            let (first, last) = catalogue.sequences(*from, *before, horizon.sequence)?;
            let snapshot = horizon.sequence;
            let kinds = format.kinds();
            let selection = Selection { kinds, set: set.clone(), first, last, snapshot, deletions: true, sets: true };
            Ok((*format, selection, 0))
        }
        Asked::Token(token) => {
            let place = catalogue.place_of(token)?;
            let format = Format::ALL.into_iter().find(|format| request(content, *format) == place.request);
            let format = format.ok_or(Error::BadToken)?;
            let selection = Selection {
                kinds: format.kinds(),
                set: place.set(),
                first: place.next,
                last: place.last,
                snapshot: place.snapshot,
                deletions: true,
                sets: true,
            };
            Ok((format, selection, place.given))
        }
    }
}

/// A page of sets: collections in the order of their ids, then the missions of all products.
///
/// # Errors
/// `badResumptionToken`, and those of the catalogue.
pub fn sets(catalogue: &Catalogue, token: Option<&str>) -> Result<String, Fault> {
    let place = token.map(|token| catalogue.place_of(token)).transpose()?;
    if place.as_ref().is_some_and(|place| place.request != LIST_SETS) {
        return Err(Error::BadToken.into());
    }
    let (after, given) = place.map_or((None, 0), |place| (place.collection, place.given));
    let collections = catalogue.collections(after.as_ref(), SETS)?;
    let mut out = String::from("<ListSets>\n");
    let mut written = 0;
    for stored in collections.iter().filter(|stored| stored.scope == "local") {
        let title = Entity::view(&stored.record).ok().and_then(|entity| entity.title);
        let title = title.filter(|title| !title.trim().is_empty());
        set(&mut out, &Set::Collection(stored.key.id.clone()), title.as_deref().unwrap_or(stored.key.id.as_str()));
        written += 1;
    }
    let last = collections.last().filter(|_| collections.len() >= SETS).map(|stored| stored.key.id.clone());
    let next = match last {
        Some(last) => Some(catalogue.token_of(&place_after(last, given + written))?),
        None => {
            for mission in missions(catalogue)? {
                set(&mut out, &Set::Mission(mission.clone()), &mission);
                written += 1;
            }
            None
        }
    };
    if written == 0 && given == 0 {
        return Err(Fault::new(Code::NoSetHierarchy, "there are no collections yet, so there are no sets"));
    }
    envelope::token(&mut out, next.as_deref(), given);
    out.push_str("</ListSets>");
    Ok(out)
}

fn place_after(collection: RecordId, given: u64) -> Place {
    let request = LIST_SETS.to_owned();
    Place { request, collection: Some(collection), mission: None, next: 0, last: 0, snapshot: 0, given }
}

fn set(out: &mut String, set: &Set, name: &str) {
    out.push_str("<set>");
    xml::element(out, "setSpec", &identifier::write_set(set));
    xml::element(out, "setName", name);
    out.push_str("</set>\n");
}

/// Labels of missions, the most frequent first.
fn missions(catalogue: &Catalogue) -> Result<Vec<String>, Error> {
    let wanted = Aggregation::terms("missions", PropertyName::Facet(Facet::Mission), MISSIONS);
    let query = Query { aggregations: vec![wanted], limit: 0, ..Query::default() };
    let results = catalogue.search(query, None)?;
    let buckets = results.aggregations.into_iter().flat_map(|summary| summary.buckets);
    let label = |value| match value {
        Value::Text(label) => Some(label),
        Value::Bool(_) | Value::Number(_) => None,
    };
    Ok(buckets.filter_map(|bucket| label(bucket.value)).collect())
}

/// Whether anything can be in the set, so that a misspelt one is told as such.
///
/// # Errors
/// Those of the catalogue.
pub fn is_known(catalogue: &Catalogue, set: &Set) -> Result<bool, Error> {
    match set {
        Set::Collection(id) => {
            let key = Key { kind: Kind::Collection, collection: None, id: id.clone() };
            Ok(catalogue.published(&key)?.is_some())
        }
        // Its label may be that of a record that no search finds; the walk tells.
        Set::Mission(_) => Ok(true),
    }
}
