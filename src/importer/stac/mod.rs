//! STAC 0.7 to 1.1: Items, Collections and Catalogs, alone, in ItemCollections and in arrays. Values are copied as
//! they stand; what cannot be searched as it was meant is a finding. Mapping: `docs/importers/stac.md`.

mod collection;
mod files;
mod item;
mod names;
mod time;

use std::borrow::Cow;
use std::ops::Range;

use super::{Context, Finding, Imported, ImportedEntity, Reason, SourceDocument, text_of};
use crate::model::json::{self, Fields};
use crate::model::{Draft, InvalidId, RecordId};

/// One JSON object and where it stands.
pub(super) struct Document<'a> {
    pub fields: Fields<'a>,
    /// Its exact bytes.
    pub source: &'a [u8],
    /// Where they stand in the imported bytes.
    pub range: Range<usize>,
    pub place: usize,
}

/// A document on its way to a record.
struct Making<'a> {
    fields: &'a Fields<'a>,
    context: &'a Context<'a>,
    findings: Vec<Reason>,
}

impl<'a> Making<'a> {
    fn note(&mut self, reason: Reason) {
        self.findings.push(reason);
    }
}

/// Turns one object into a record or a reason why not.
pub(super) fn document(document: &Document<'_>, context: &Context<'_>, imported: &mut Imported) {
    let mut making = Making { fields: &document.fields, context, findings: Vec::new() };
    let made = making.record();
    let id = document.fields.string("id").map(Cow::into_owned);
    match made {
        Ok(Some((draft, media_type))) => {
            let sha256 = (context.digest)(document.source);
            imported.fields.mapped += values(&document.fields);
            imported.entities.push(ImportedEntity {
                place: document.place,
                record: with_source(draft, media_type, &sha256.to_string()),
                source: Some(SourceDocument { range: document.range.clone(), media_type, sha256 }),
            });
        }
        Ok(None) => {}
        Err(reason) => making.note(reason),
    }
    let findings = making.findings.into_iter();
    imported.findings.extend(findings.map(|reason| Finding { place: document.place, id: id.clone(), reason }));
}

/// Members, those of `properties` one by one: all of them go into the record, as given.
fn values(fields: &Fields<'_>) -> u64 {
    let properties = fields.get("properties").and_then(Fields::of_valid).map_or(0, |properties| properties.len());
    (fields.len() + properties) as u64
}

fn with_source(mut draft: Draft, media_type: &str, sha256: &str) -> String {
    let mut source = Draft::object();
    source.string("media_type", media_type);
    source.string("sha256", sha256);
    draft.part("source", source);
    draft.finish()
}

impl<'a> Making<'a> {
    /// The record and the media type of its source; nothing for a catalog.
    fn record(&mut self) -> Result<Option<(Draft, &'static str)>, Reason> {
        if let Some(name) = duplicate(self.fields) {
            return Err(Reason::DuplicateMember { name });
        }
        let stac = self.fields.get("stac_version").is_some();
        match self.fields.string("type").as_deref() {
            Some("Feature") if stac || self.fields.get("assets").is_some() => {
                Ok(Some((self.item()?, "application/geo+json")))
            }
            Some("Feature") => Err(Reason::PlainFeature),
            _ if stac && self.fields.get("extent").is_some() => Ok(Some((self.collection()?, "application/json"))),
            _ if stac && self.fields.get("links").is_some() => {
                self.note(Reason::Catalog { children: children(self.fields) });
                Ok(None)
            }
            _ => Err(Reason::Unknown),
        }
    }

    fn id(&self) -> Result<Cow<'a, str>, Reason> {
        let id = self.fields.string("id").ok_or(Reason::NoId)?;
        usable(&id).map_err(Reason::BadId)?;
        Ok(id)
    }

    /// `links` as given when each can be followed; else those that can, and all of them under `stac`.
    fn links(&mut self, draft: &mut Draft, stac: &mut Draft) {
        let Some(written) = self.fields.get("links").filter(|links| *links != "null") else { return };
        let Some(links) = json::elements(written) else {
            self.note(Reason::WrongType { name: "links" });
            return stac.raw("links", written);
        };
        let (good, bad): (Vec<_>, Vec<_>) = links.iter().enumerate().partition(|(_, link)| can_be_followed(link));
        if bad.is_empty() {
            return draft.raw("links", written);
        }
        let mut kept = Draft::array();
        good.iter().for_each(|(_, link)| kept.element(link));
        draft.part("links", kept);
        stac.raw("links", written);
        bad.iter().for_each(|(at, _)| self.note(Reason::LinkUnusable { number: at + 1 }));
    }

    /// Whatever has no place of its own, as given.
    fn foreign(&self, stac: &mut Draft, placed: &[&str]) {
        for (name, value) in self.fields.iter().filter(|(name, _)| !placed.contains(name)) {
            stac.raw(name, value);
        }
    }
}

fn can_be_followed(link: &str) -> bool {
    let Some(link) = Fields::of_valid(link) else { return false };
    let text = |name| link.get(name).is_none_or(|value| value.starts_with('"'));
    link.string("rel").is_some() && link.string("href").is_some() && text("type") && text("title")
}

fn duplicate(fields: &Fields<'_>) -> Option<String> {
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first().map(ToString::to_string))
}

fn children(fields: &Fields<'_>) -> usize {
    let links = fields.get("links").and_then(json::elements).unwrap_or_default();
    let rels = links.iter().filter_map(|link| Fields::of_valid(link)?.string("rel").map(Cow::into_owned));
    rels.filter(|rel| rel == "child" || rel == "item").count()
}

fn usable(id: &str) -> Result<(), InvalidId> {
    RecordId::parse(id).map(|_| ())
}

/// Every feature of a FeatureCollection.
pub(super) fn item_collection(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let refuse = |reason| Finding { place: context.first, id: None, reason };
    let fields = match text_of(bytes).map(Fields::parse) {
        Ok(Ok(fields)) => fields,
        Ok(Err(error)) => {
            return imported.findings.push(refuse(Reason::NotAnObject { message: error.to_string() }));
        }
        Err(reason) => return imported.findings.push(refuse(reason)),
    };
    let outer = fields.iter().map(|(name, _)| name).filter(|name| !matches!(*name, "type" | "features"));
    let names: Vec<String> = outer.map(str::to_owned).collect();
    elements(fields.get("features").unwrap_or("[]"), bytes, context, imported);
    if !names.is_empty() {
        imported.findings.push(refuse(Reason::OuterMembers { names }));
    }
}

/// Every element of an array.
pub(super) fn array(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    match text_of(bytes) {
        Ok(text) => elements(text, bytes, context, imported),
        Err(reason) => imported.findings.push(Finding { place: context.first, id: None, reason }),
    }
}

fn elements(array: &str, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let elements: Vec<&serde_json::value::RawValue> = match serde_json::from_str(array) {
        Ok(elements) => elements,
        Err(error) => {
            let reason = Reason::NotAnArray { message: error.to_string() };
            return imported.findings.push(Finding { place: context.first, id: None, reason });
        }
    };
    for (number, element) in elements.into_iter().enumerate() {
        // The element is a part of the imported bytes: its address says where it stands.
        let start = (element.get().as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
        super::document(bytes, start..start + element.get().len(), context.first + number, context, imported);
    }
}
