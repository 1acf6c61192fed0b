//! One source asked: live by its protocol, or by its harvested copy, or this archive itself. Each gives pages of hits to
//! `gather`; documents become records by the importers.

use std::time::Instant;

use super::gather::{Budget, Gathered, Page, Position, gather};
use super::hit::Hit;
use super::remains::Remains;
use crate::catalogue::{Catalogue, Error};
use crate::codec;
use crate::federation::Source;
use crate::federation::outcome::Outcome;
use crate::federation::protocol::{self, Client, Document, Part};
use crate::importer;
use crate::model::json::Members;
use crate::model::{Entity, Facet, Query, Scope, Searched};

/// Records of a source looked at for one page of the answer, at most.
const MAX_RECORDS: usize = 2_000;

/// What is asked, of whomever.
pub struct Asked<'a> {
    pub query: &'a Query,
    pub from: &'a Position,
    /// When nobody waits any more.
    pub until: Instant,
    /// Whether the order was asked for; else each source's own will do.
    pub is_ordered: bool,
    /// Instances that the question has passed, this one last.
    pub path: &'a [String],
}

impl Asked<'_> {
    fn budget(&self) -> Budget {
        Budget { hits: self.query.limit, records: MAX_RECORDS, until: self.until, is_ordered: self.is_ordered }
    }
}

impl Catalogue {
    /// Asks a source while somebody waits.
    pub(super) fn ask_live(&self, source: &Source, asked: &Asked<'_>) -> Gathered {
        let adapter = protocol::adapter(source);
        let query = Query { limit: asked.query.limit.min(source.page_size()).max(1), ..asked.query.clone() };
        let descriptions = Some(&self.federation.descriptions);
        let client = Client { deadline: asked.until, descriptions, ..Client::new(&self.outbound, source) };
        gather(asked.from, asked.budget(), &mut |page| {
            let ask = protocol::Ask { query: &query, page, path: asked.path };
            let found = adapter.search(&client, &ask)?;
            let remains = Remains::of(&query, &found.unanswered);
            let remains = remains.map_err(|reason| Outcome::Unsupported { reason })?;
            let mut read = Page { matched: found.matched, next: found.next, ..Page::default() };
            for document in found.documents {
                self.read_document_of(document, &remains, &query, &mut read);
            }
            if read.unreadable > 0 && read.hits.is_empty() {
                return Err(Outcome::ParseError { reason: "none of its records can be read".to_owned() });
            }
            read.unanswered = found.unanswered;
            Ok(read)
        })
    }

    /// Adds the records of a document.
    fn read_document_of(&self, document: Document, remains: &Remains<'_>, query: &Query, page: &mut Page) {
        let Some(format) = importer::recognise("source", &document.bytes) else {
            page.unreadable += 1;
            return;
        };
        let context = importer::Context { names: &self.names, ..importer::Context::new(&codec::sha256) };
        let imported = importer::import(format, &document.bytes, &context);
        page.unreadable += usize::from(imported.entities.is_empty());
        for entity in imported.entities {
            let Ok(checked) = self.schemas.check(&entity.record) else {
                page.unreadable += 1;
                continue;
            };
            let record = checked.text.into_owned().into_bytes();
            let fits = Entity::view(&record).is_ok_and(|entity| remains.fits(&entity, &record));
            page.hits.push(if fits { Hit::of(record, document.href.clone(), query).ok() } else { None });
        }
    }

    /// Asks this archive.
    pub(super) fn ask_here(&self, asked: &Asked<'_>) -> Gathered {
        gather(asked.from, asked.budget(), &mut |page| {
            let results = self.search(asked.query.clone(), page).map_err(outcome_of)?;
            let hit = |record: Vec<u8>| Hit::of(record, None, asked.query).ok();
            let hits = results.found.into_iter().map(|found| hit(found.record)).collect();
            Ok(Page { hits, matched: results.matched, next: results.next, ..Page::default() })
        })
    }

    /// Asks the harvested copy of a source. Names are those that the source gives.
    pub(super) fn ask_copy(&self, source: &Source, asked: &Asked<'_>) -> Gathered {
        let scope = Scope::Harvested(source.id.clone());
        let mut query = asked.query.clone();
        query.scope = Searched::Harvested(Some(source.id.clone()));
        if let Some(collections) = query.facets.get_mut(&Facet::Collection) {
            collections.iter_mut().for_each(|name| *name = scope.named(name));
        }
        gather(asked.from, asked.budget(), &mut |page| {
            let results = self.search(query.clone(), page).map_err(outcome_of)?;
            let hit = |record: &[u8]| Hit::of(as_its_source_says(record)?, original_of(record), asked.query).ok();
            let hits = results.found.iter().map(|found| hit(&found.record)).collect();
            Ok(Page { hits, matched: results.matched, next: results.next, ..Page::default() })
        })
    }
}

/// Where the original of a copy is.
fn original_of(record: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Copied {
        harvested: Origin,
    }
    #[derive(serde::Deserialize)]
    struct Origin {
        href: Option<String>,
    }
    serde_json::from_slice::<Copied>(record).ok()?.harvested.href
}

/// A copy with the collection and id of its source.
fn as_its_source_says(record: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(record).ok()?;
    let mut members = Members::parse(text).ok()?;
    for name in ["collection", "id"] {
        let Some(given) = members.get(name).and_then(crate::model::json::read_string) else { continue };
        let harvested = given.strip_prefix(crate::model::HARVESTED).and_then(|rest| rest.split_once(':'));
        if let Some(bare) = harvested.map(|(_, bare)| bare.to_owned()) {
            members.set_value(name, &bare).ok()?;
        }
    }
    Some(members.to_text().into_bytes())
}

/// What an answer of our own that is none means.
fn outcome_of(error: Error) -> Outcome {
    match error {
        Error::BadParameter { .. } => Outcome::Unsupported { reason: error.to_string() },
        Error::TooExpensive { .. } => Outcome::Timeout,
        other => Outcome::Refused { reason: other.to_string() },
    }
}

/// The parts by their names.
pub fn named(parts: &[Part]) -> Vec<&'static str> {
    let name = |part: &Part| match part {
        Part::Text => "text",
        Part::Ids => "ids",
        Part::Facets => "facets",
        Part::Time => "time",
        Part::Space => "space",
        Part::Filter => "filter",
        Part::Sort => "sort",
    };
    parts.iter().map(name).collect()
}
