//! PDS3 catalogue objects: data sets, missions, hosts, instruments, targets, people, references, volumes.

use super::{id, pointers, product::MEDIA_TYPE, said};
use crate::importer::shared::names::Role;
use crate::importer::shared::pvl::{Block, Label};
use crate::importer::shared::record::Record;
use crate::importer::shared::time::Written;
use crate::importer::{Context, Finding, Imported, Reason};

/// A catalogue object: what it becomes, which keywords name it, and which say its title and description.
struct Object {
    name: &'static str,
    kind: &'static str,
    id: &'static [&'static str],
    title: &'static [&'static str],
    description: &'static [&'static str],
}

const fn object(
    name: &'static str,
    kind: &'static str,
    id: &'static [&'static str],
    title: &'static [&'static str],
    description: &'static [&'static str],
) -> Object {
    Object { name, kind, id, title, description }
}

const OBJECTS: &[Object] = &[
    object(
        "DATA_SET",
        "collection",
        &["DATA_SET_ID"],
        &["DATA_SET_NAME"],
        &["ABSTRACT_DESC", "DATA_SET_TERSE_DESC", "DATA_SET_DESC"],
    ),
    object(
        "DATA_SET_COLLECTION",
        "collection",
        &["DATA_SET_COLLECTION_ID"],
        &["DATA_SET_COLLECTION_NAME"],
        &["DATA_SET_COLLECTION_DESC"],
    ),
    object(
        "VOLUME",
        "collection",
        &["VOLUME_ID"],
        &["VOLUME_NAME", "VOLUME_SET_NAME"],
        &["DESCRIPTION", "VOLUME_DESC"],
    ),
    object("MISSION", "mission", &["MISSION_NAME"], &["MISSION_NAME"], &["MISSION_DESC"]),
    object(
        "INSTRUMENT_HOST",
        "platform",
        &["INSTRUMENT_HOST_ID"],
        &["INSTRUMENT_HOST_NAME"],
        &["INSTRUMENT_HOST_DESC"],
    ),
    object(
        "INSTRUMENT",
        "instrument",
        &["INSTRUMENT_HOST_ID", "INSTRUMENT_ID"],
        &["INSTRUMENT_NAME"],
        &["INSTRUMENT_DESC"],
    ),
    object("TARGET", "target", &["TARGET_NAME"], &["TARGET_NAME"], &["TARGET_DESC"]),
    object("PERSONNEL", "agent", &["PDS_USER_ID"], &["FULL_NAME"], &["INSTITUTION_NAME"]),
    object("REFERENCE", "document", &["REFERENCE_KEY_ID"], &["REFERENCE_KEY_ID"], &["REFERENCE_DESC"]),
    object("DATA_SET_RELEASE", "document", &["DATA_SET_ID", "RELEASE_ID"], &[], &["DESCRIPTION"]),
    object("DATA_SET_HOUSEKEEPING", "document", &["DATA_SET_ID"], &[], &[]),
    object("DATA_SET_MAP_PROJECTION", "document", &["DATA_SET_ID"], &[], &["MAP_PROJECTION_DESC"]),
    object("SOFTWARE", "document", &["SOFTWARE_ID"], &["SOFTWARE_NAME"], &["SOFTWARE_DESC"]),
    object("SOFTWARE_INVENTORY", "document", &["SOFTWARE_SET_ID"], &["SOFTWARE_SET_ID"], &[]),
];

/// Adds a record for each catalogue object of a label; says how many there were.
pub fn import(label: &Label, bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<usize, Reason> {
    let of = |block: &Block| OBJECTS.iter().find(|object| block.name.eq_ignore_ascii_case(object.name));
    let objects: Vec<_> = label.root.blocks().filter_map(|block| Some((block, of(block)?))).collect();
    for (number, (block, object)) in objects.iter().enumerate() {
        let place = context.first.saturating_add(number);
        match record(block, object, context) {
            Ok(mut record) => {
                record.place = place;
                record.finish(bytes, 0..label.end, MEDIA_TYPE, imported);
            }
            Err(reason) => imported.findings.push(Finding { place, id: None, reason }),
        }
    }
    if !objects.is_empty() {
        // What stands beside the objects says nothing of its own.
        label.root.keywords().for_each(|keyword| {
            keyword.value();
        });
    }
    Ok(objects.len())
}

fn record<'c>(block: &Block, object: &Object, context: &'c Context<'c>) -> Result<Record<'c>, Reason> {
    let parts: Vec<&str> = object.id.iter().filter_map(|name| said::first(block, &[name])).collect();
    if parts.len() < object.id.len() {
        let message = format!("{} without {}", object.name, object.id.join(" and "));
        return Err(Reason::Broken { line: block.line, message });
    }
    let written = match object.name {
        "DATA_SET_HOUSEKEEPING" => format!("{}/housekeeping", parts.join("/")),
        "DATA_SET_MAP_PROJECTION" => format!("{}/map projection", parts.join("/")),
        "DATA_SET_RELEASE" => parts.join("/release "),
        _ => parts.join("/"),
    };
    let id = id(&written)?;
    let collection = object.name.starts_with("DATA_SET_").then(|| said::first(block, &["DATA_SET_ID"])).flatten();
    let mut record = Record::new(context, object.kind, collection, id.as_str());
    record.text("title", Some(said::first(block, object.title).unwrap_or(&written)));
    let description = object.description.iter().find_map(|name| {
        let scalar = block.find(name)?.scalar().filter(|scalar| said::is_value(scalar.text()))?;
        Some(scalar.paragraphs())
    });
    record.text("description", description.as_deref());
    record.identifier(&format!("pds3:{}", object.id.last().unwrap_or(&"ID")), parts.last().unwrap_or(&""));
    record.text("data_type", Some(object.name));
    names(&mut record, block, object);
    dates(&mut record, block);
    links(&mut record, block, object);
    if object.name == "VOLUME" {
        pointers::files(&mut record, block, None);
    }
    said::properties(&mut record, "pds3", block, "", &[]);
    Ok(record)
}

fn names(record: &mut Record<'_>, block: &Block, object: &Object) {
    let written = |name: &str| block_values(block, name);
    let roles = [
        (Role::Mission, "MISSION_NAME", "MISSION"),
        (Role::Platform, "INSTRUMENT_HOST_NAME", "INSTRUMENT_HOST"),
        (Role::Instrument, "INSTRUMENT_NAME", "INSTRUMENT"),
        (Role::Target, "TARGET_NAME", "TARGET"),
    ];
    for (role, keyword, _) in roles {
        written(keyword).into_iter().for_each(|name| record.name(role, name));
    }
    if written("INSTRUMENT_HOST_NAME").is_empty() {
        written("INSTRUMENT_HOST_ID").into_iter().for_each(|name| record.name(Role::Platform, name));
    }
    if object.name.starts_with("DATA_SET") && written("INSTRUMENT_NAME").is_empty() {
        written("INSTRUMENT_ID").into_iter().for_each(|name| record.name(Role::Instrument, name));
    }
    for alias in written("MISSION_ALIAS_NAME") {
        record.alias(alias);
    }
    record.text("citation", said::first(block, &["CITATION_DESC"]));
    record.text("doi", said::first(block, &["DOI", "DIGITAL_OBJECT_IDENTIFIER"]));
}

/// All values of all keywords of a name: a data set names several hosts, each in an object of its own.
fn block_values<'l>(block: &'l Block, name: &str) -> Vec<&'l str> {
    let own = block.keywords().filter(|keyword| keyword.name.eq_ignore_ascii_case(name));
    let mut found: Vec<&str> = own.flat_map(said::values).collect();
    for inner in block.blocks() {
        found.extend(block_values(inner, name));
    }
    let mut once: Vec<&str> = Vec::new();
    for value in found {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    once
}

fn dates(record: &mut Record<'_>, block: &Block) {
    let start = said::first(block, &["START_TIME", "MISSION_START_DATE"]).map(|start| ("START_TIME", start));
    let stop = said::first(block, &["STOP_TIME", "MISSION_STOP_DATE"]).map(|stop| ("STOP_TIME", stop));
    if start.is_some() || stop.is_some() {
        record.time(Written { start, stop, ..Written::default() });
    }
    if let Some(issued) = said::first(block, &["DATA_SET_RELEASE_DATE", "RELEASE_DATE", "PUBLICATION_DATE"]) {
        record.date("issued", "RELEASE_DATE", issued);
    }
}

fn links(record: &mut Record<'_>, block: &Block, object: &Object) {
    let mut relate = |rel: &str, keyword: &str| {
        for target in block_values(block, keyword) {
            record.link(rel, target, None);
        }
    };
    relate("document", if object.name == "REFERENCE" { "" } else { "REFERENCE_KEY_ID" });
    relate("platform", if object.name == "INSTRUMENT_HOST" { "" } else { "INSTRUMENT_HOST_ID" });
    relate("see_also", "RESOURCE_LINK");
    if object.name == "VOLUME" {
        relate("member", "DATA_SET_ID");
    }
    if object.name == "DATA_SET_COLLECTION" {
        relate("member", "DATA_SET_ID");
    }
    if object.name == "DATA_SET" {
        hosts(record, block);
    }
    if object.name == "PERSONNEL" {
        for mail in block_values(block, "ELECTRONIC_MAIL_ID") {
            record.identifier("email", mail);
        }
    }
}

/// The instruments of a data set, each with its host.
fn hosts(record: &mut Record<'_>, block: &Block) {
    for host in block.blocks().filter(|inner| inner.name.eq_ignore_ascii_case("DATA_SET_HOST")) {
        let Some(platform) = said::first(host, &["INSTRUMENT_HOST_ID"]) else { continue };
        for instrument in block_values(host, "INSTRUMENT_ID") {
            record.link("instrument", &format!("{platform}/{instrument}"), None);
        }
    }
}
