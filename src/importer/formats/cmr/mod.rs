//! NASA CMR records: ECHO10, DIF 9 and 10, UMM-JSON, of collections and granules, alone or in search results.
//! ISO records of the CMR go to `iso`. See `docs/importers/cmr.md`.

mod dif;
mod echo;
mod echo_granule;
mod parts;
mod umm;
mod umm_granule;

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::super::shared::json_tree;
use super::super::shared::once::Once;
use super::super::shared::xml::{self, Element};
use super::super::text_of;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::json;

pub(super) use parts::{concept_id, ecs_name, entry_id, padded};

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let has = |needle: &str| memchr::memmem::find(head, needle.as_bytes()).is_some();
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    if start.first() == Some(&b'{') {
        let collection = has("\"EntryTitle\"") && (has("\"ShortName\"") || has("\"Abstract\""));
        let granule = has("\"GranuleUR\"") && (has("\"CollectionReference\"") || has("\"MetadataSpecification\""));
        return !has("\"stac_version\"") && (collection || granule);
    }
    let Some((root, _)) = xml::root_of(head) else { return false };
    match root.as_str() {
        "DIF" => true,
        "Collection" => has("<ShortName") || has("<DataSetId") || has("<VersionId"),
        "Granule" => has("<GranuleUR"),
        "CollectionMetaDataFile" => has("<Collection"),
        "GranuleMetaDataFile" => has("<Granules"),
        "results" => has("concept-id=") && !has("MI_Metadata") && !has("MD_Metadata"),
        _ => false,
    }
}

/// One record within a document: its tree, and what the catalogue that delivered it says beside it.
pub(super) struct Part<'e> {
    pub element: &'e Element,
    pub concept_id: Option<&'e str>,
    pub native_id: Option<&'e str>,
    pub provider: Option<&'e str>,
}

impl<'e> Part<'e> {
    fn alone(element: &'e Element) -> Self {
        Self { element, concept_id: None, native_id: None, provider: None }
    }
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if start.first() == Some(&b'{') {
        return json_document(bytes, context, imported);
    }
    match xml::parse(bytes) {
        Ok(root) => xml_document(&root, bytes, context, imported),
        Err(reason) => imported.findings.push(Finding { place: context.first, id: None, reason }),
    }
}

fn xml_document(root: &Element, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let mut parts = Vec::new();
    match root.name.as_str() {
        "results" => {
            for result in root.named("result") {
                parts.extend(result.children().map(|element| Part {
                    element,
                    concept_id: result.attribute("concept-id"),
                    native_id: result.attribute("native-id"),
                    provider: None,
                }));
            }
        }
        "CollectionMetaDataFile" => parts.extend(root.all("Collections/Collection").into_iter().map(Part::alone)),
        "GranuleMetaDataFile" => parts.extend(root.all("Granules/Granule").into_iter().map(Part::alone)),
        _ => parts.push(Part::alone(root)),
    }
    if parts.is_empty() {
        let reason = Reason::Broken { line: root.line, message: format!("a {} without records", root.name) };
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
    for (number, part) in parts.iter().enumerate() {
        let place = context.first.saturating_add(number);
        one(part, place, bytes, 0..bytes.len(), context, imported);
    }
    imported.fields = imported.fields + root.counts();
}

/// A UMM record, or the items of a search in UMM-JSON, each of which is a source document of its own.
fn json_document(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    let items = text_of(bytes).ok().and_then(json::Fields::of_valid).and_then(|fields| fields.get("items"));
    let whole = match json_tree::parse(bytes) {
        Ok(root) => root,
        Err(reason) => return imported.findings.push(Finding { place: context.first, id: None, reason }),
    };
    let Some(items) = items.and_then(json::elements) else {
        return json_item(&whole, context.first, bytes, 0..bytes.len(), context, imported);
    };
    for (number, item) in items.into_iter().enumerate() {
        let place = context.first.saturating_add(number);
        let start = (item.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
        match json_tree::of_text(item) {
            Ok(root) => json_item(&root, place, bytes, start..start.saturating_add(item.len()), context, imported),
            Err(reason) => imported.findings.push(Finding { place, id: None, reason }),
        }
    }
}

fn json_item(
    root: &Element,
    place: usize,
    bytes: &[u8],
    range: Range<usize>,
    context: &Context<'_>,
    imported: &mut Imported,
) {
    let part = match root.at("umm") {
        None => Part::alone(root),
        Some(element) => Part {
            element,
            concept_id: root.text_at("meta/concept-id"),
            native_id: root.text_at("meta/native-id"),
            provider: root.text_at("meta/provider-id"),
        },
    };
    one(&part, place, bytes, range, context, imported);
    imported.fields = imported.fields + root.counts();
}

/// Makes the record of one part.
fn one(
    part: &Part<'_>,
    place: usize,
    bytes: &[u8],
    range: Range<usize>,
    context: &Context<'_>,
    imported: &mut Imported,
) {
    let element = part.element;
    let made = match element.name.as_str() {
        "Collection" => echo::collection(element, context).map(|once| (once, "application/echo10+xml")),
        "Granule" => echo_granule::granule(element, context).map(|once| (once, "application/echo10+xml")),
        "DIF" => dif::collection(element, context).map(|once| (once, dif::media_type(element))),
        "" | "umm" if element.at("GranuleUR").is_some() => {
            umm_granule::granule(element, context).map(|once| (once, "application/vnd.nasa.cmr.umm+json"))
        }
        "" | "umm" => umm::collection(element, context).map(|once| (once, "application/vnd.nasa.cmr.umm+json")),
        other => Err(Reason::Broken { line: element.line, message: format!("{other} is no record of the CMR") }),
    };
    match made {
        Ok((mut once, media_type)) => {
            once.record.place = place;
            let is_alone = range == (0..bytes.len());
            let of_path = || concept_id(context.path).filter(|_| is_alone);
            once.identifier("cmr-concept-id", part.concept_id.or_else(of_path));
            once.text("cmr:NativeId", part.native_id);
            once.text("cmr:ProviderId", part.provider);
            once.finish(bytes, range, media_type, imported);
        }
        Err(reason) => {
            let id = ["GranuleUR", "DataSetId", "Entry_Title", "EntryTitle", "ShortName"];
            let id = id.iter().find_map(|name| element.text_at(name)).map(str::to_owned);
            imported.findings.push(Finding { place, id, reason });
        }
    }
}

/// Begins a collection with the names that the CMR gives it.
fn begin<'c>(
    context: &'c Context<'c>,
    short_name: Option<&str>,
    version: Option<&str>,
    title: Option<&str>,
) -> Result<Once<'c>, Reason> {
    let id = match (short_name, title) {
        (Some(short_name), _) => entry_id(short_name, version),
        (None, Some(title)) => title.to_owned(),
        (None, None) => return Err(Reason::NoId),
    };
    let mut once = Once::new(context, "collection", None, &id)?;
    once.record.text("version", version);
    once.record.text("title", title.or(short_name));
    once.text("cmr:ShortName", short_name);
    if let Some(short_name) = short_name {
        let ecs_name = ecs_name(short_name, version);
        let padded = entry_id(short_name, version.map(padded).as_deref());
        once.identifier("cmr-shortname", Some(&ecs_name));
        once.identifier("cmr-entry-id", Some(&id));
        once.alias(Some(&padded).filter(|padded| **padded != id).map(String::as_str));
    }
    once.identifier("cmr-entry-title", title);
    Ok(once)
}
