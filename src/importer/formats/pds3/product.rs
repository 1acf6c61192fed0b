//! PDS3 product labels to products, and labels of mere texts to documents.

use super::{id, place, pointers, said};
use crate::importer::shared::names::Role;
use crate::importer::shared::pvl::{Block, Label};
use crate::importer::shared::record::Record;
use crate::importer::shared::time::{System, Written};
use crate::importer::{Context, Imported, Reason};

const HOST: &[&str] = &["INSTRUMENT_HOST_NAME", "SPACECRAFT_NAME", "INSTRUMENT_HOST_ID", "SPACECRAFT_ID"];
const INSTRUMENT: &[&str] = &["INSTRUMENT_NAME", "INSTRUMENT_ID"];
const START: &[&str] = &["START_TIME", "IMAGE_TIME", "OBSERVATION_TIME", "IMAGE_MID_TIME"];

/// Media type of a PDS3 label.
pub const MEDIA_TYPE: &str = "text/x-pds3-label";

/// Adds the product of a label.
pub fn import(label: &Label, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let root = &label.root;
    let own = context.file_name();
    let product_id = said::first(root, &["PRODUCT_ID"]);
    let pointed = root.keywords().filter(|keyword| keyword.name.starts_with('^')).find_map(|keyword| keyword.text());
    let older = || said::first(root, &["IMAGE_ID", "FILE_NAME", "FILE_SPECIFICATION_NAME"]);
    let digest = || format!("sha256:{}", (context.digest)(bytes.get(..label.end).unwrap_or_default()));
    let written = product_id.or(own).or_else(older).or(pointed).map_or_else(digest, str::to_owned);
    let id = id(&written)?;
    let is_text = product_id.is_none()
        && !root.keywords().any(|keyword| keyword.name.starts_with("^IMAGE"))
        && root.blocks().next().is_some()
        && root.blocks().all(|block| ["TEXT", "DOCUMENT"].contains(&block.name.as_str()));
    let sets = said::all(root, &["DATA_SET_ID"]);
    let collection = sets.first().copied().unwrap_or(context.collection);
    let kind = if is_text { "document" } else { "product" };
    let mut record = Record::new(context, kind, (!is_text || !sets.is_empty()).then_some(collection), id.as_str());
    if product_id.is_none() && !is_text {
        let message = format!("the label has none: registered as {written:?}");
        record.note(Reason::FieldNoted { field: "PRODUCT_ID".to_owned(), message });
    }
    if sets.is_empty() && !is_text {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    for other in sets.iter().skip(1) {
        record.link("collection", other, None);
    }
    describe(&mut record, root, &written);
    relate(&mut record, root, &written);
    pointers::files(&mut record, root, own);
    said::properties(&mut record, "pds3", root, "", &["PDS_VERSION_ID"]);
    record.finish(bytes, 0..label.end, MEDIA_TYPE, imported);
    Ok(())
}

fn describe(record: &mut Record<'_>, root: &Block, id: &str) {
    let hosts = said::all(root, HOST);
    let instruments = said::all(root, INSTRUMENT);
    let composed: Vec<&str> = hosts.iter().chain(&instruments).copied().chain([id]).collect();
    let titled = said::first(root, &["PRODUCT_NAME", "TITLE", "DOCUMENT_NAME"]).map(str::to_owned);
    let noted = root.block("TEXT").and_then(|text| said::first(text, &["NOTE"])).map(str::to_owned);
    record.text("title", Some(&titled.or(noted).unwrap_or_else(|| composed.join(" "))));
    record.text("description", said::paragraphs(root, &["DESCRIPTION", "NOTE", "PRODUCT_DESC"]).as_deref());
    record.text("version", said::first(root, &["PRODUCT_VERSION_ID", "VERSION_ID"]));
    record.text("data_type", said::first(root, &["PRODUCT_TYPE", "STANDARD_DATA_PRODUCT_ID", "KERNEL_TYPE"]));
    record.text("format", Some("PDS3"));
    let names = [(Role::Mission, &["MISSION_NAME"][..]), (Role::Platform, HOST), (Role::Instrument, INSTRUMENT)];
    for (role, keywords) in names {
        said::all(root, keywords).into_iter().for_each(|name| record.name(role, name));
    }
    let targets = said::all(root, &["TARGET_NAME"]);
    targets.iter().for_each(|target| record.name(Role::Target, target));
    if let Some(level) = said::first(root, &["PROCESSING_LEVEL_ID", "PROCESSING_LEVEL_DESC"]) {
        said::level(record, level);
    }
    time(record, root);
    if let Some(created) = said::first(root, &["PRODUCT_CREATION_TIME"]) {
        record.date("processed_at", "PRODUCT_CREATION_TIME", created);
    }
    if let Some(body) = targets.first().and_then(|target| place::body(target)) {
        place::pds3(record, root, &body);
    }
    for keyword in ["MISSION_PHASE_NAME", "OBSERVATION_TYPE", "TARGET_TYPE"] {
        said::all(root, &[keyword]).into_iter().for_each(|value| record.keyword(Some(keyword), value));
    }
}

/// UTC; where a label knows only the spacecraft's clock, that.
fn time(record: &mut Record<'_>, root: &Block) {
    let start = said::first(root, START).map(|start| ("START_TIME", start));
    let stop = said::first(root, &["STOP_TIME"]).map(|stop| ("STOP_TIME", stop));
    if start.is_some() || stop.is_some() {
        return record.time(Written { start, stop, ..Written::default() });
    }
    let count = |name: &'static str| said::first(root, &[name]).map(|count| (name, count));
    let (start, stop) = (count("SPACECRAFT_CLOCK_START_COUNT"), count("SPACECRAFT_CLOCK_STOP_COUNT"));
    if start.is_some() || stop.is_some() {
        record.time(Written { start, stop, system: System::Sclk, ..Written::default() });
    }
}

fn relate(record: &mut Record<'_>, root: &Block, id: &str) {
    record.identifier("pds3:PRODUCT_ID", id);
    for alias in said::all(root, &["ORIGINAL_PRODUCT_ID"]).into_iter().filter(|alias| *alias != id) {
        record.alias(alias);
    }
    for (keyword, rel) in [("SOURCE_PRODUCT_ID", "derived_from"), ("SPICE_FILE_NAME", "kernel")] {
        said::all(root, &[keyword]).into_iter().for_each(|target| record.link(rel, target, None));
    }
    if let Some(host) = said::first(root, &["INSTRUMENT_HOST_ID", "SPACECRAFT_ID"]) {
        record.link("platform", host, None);
        if let Some(instrument) = said::first(root, &["INSTRUMENT_ID"]) {
            record.link("instrument", &format!("{host}/{instrument}"), None);
        }
    }
}
