//! CDF global attributes (ISTP guidelines of the Space Physics Data Facility).

mod attributes;
#[cfg(test)]
mod tests;

use attributes::{Attribute, Entry};

use crate::importer::shared::names::Role;
use crate::importer::shared::record::{FieldCounts, File, Record};
use crate::importer::shared::time::Written;
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::{Draft, RecordId};

/// Longest text that becomes a property.
const MAX_TEXT: usize = 1_000;

/// Whether the first bytes are of this format.
pub fn recognises(_name: &str, head: &[u8]) -> bool {
    let magics: [&[u8]; 3] = [b"\xcd\xf3\x00\x01", b"\xcd\xf2\x60\x02", b"\x00\x00\xff\xff\x00\x00\xff\xff"];
    magics.iter().any(|magic| head.starts_with(magic))
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = read(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

fn read(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    let contents = attributes::read(bytes)?;
    let texts = |name: &str| texts(&contents.attributes, name);
    let get = |name: &str| texts(name).into_iter().next();
    let delivered = context.file_name();
    let file_id = get("Logical_file_id").filter(|id| !id.contains("00000000"));
    let stem = delivered.map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    let digest = || format!("sha256:{}", (context.digest)(bytes));
    let written = file_id.or(stem).map_or_else(digest, str::to_owned);
    let id = RecordId::parse(&written).map_err(Reason::BadId)?;
    let source = get("Logical_source");
    let mut record = Record::new(context, "product", Some(source.unwrap_or(context.collection)), id.as_str());
    if source.is_none() {
        record.note(Reason::NoCollection { used: context.collection.to_owned() });
    }
    record.text("title", Some(get("TITLE").or(get("Logical_source_description")).unwrap_or(&written)));
    record.text("description", Some(&texts("TEXT").join("\n")));
    record.text("version", get("Data_version"));
    record.text("data_type", get("Data_type").map(long_name));
    record.text("format", Some("CDF"));
    record.text("licence", get("Rules_of_use").filter(|rules| rules.len() <= MAX_TEXT));
    record.text("doi", get("DOI"));
    record.text("citation", get("Acknowledgement"));
    let roles = [(Role::Mission, "Mission_group"), (Role::Platform, "Source_name"), (Role::Instrument, "Descriptor")];
    for (role, name) in roles {
        // SPDF marks groups of its own menu with an exclamation mark.
        let written = texts(name).into_iter().filter(|written| !written.starts_with('!'));
        written.for_each(|written| record.name(role, long_name(written)));
    }
    for name in ["Discipline", "Instrument_type", "PI_name", "Project"] {
        texts(name).into_iter().for_each(|keyword| record.keyword(Some(name), keyword));
    }
    time(&mut record, &written);
    if let Some(created) = get("Generation_date") {
        record.date("processed_at", "Generation_date", &dashed(created));
    }
    for parent in texts("Parents") {
        record.link("derived_from", parent, None);
    }
    if let Some(spase) = get("SPASE_DatasetResourceID").or(get("spase_DatasetResourceID")) {
        record.link("collection", spase, None);
    }
    for link in texts("HTTP_LINK").into_iter().filter(|link| link.starts_with("http")) {
        record.link("see_also", link, None);
    }
    if let Some(name) = delivered {
        let media_type = Some("application/x-cdf");
        record.file(&File { name, role: Some("data"), media_type, ..File::default() });
    }
    record.property("cdf:format_version", &contents.version);
    let mapped = properties(&mut record, &contents.attributes);
    let all = u64::try_from(contents.attributes.len()).unwrap_or(u64::MAX);
    imported.fields = imported.fields + FieldCounts { mapped, kept: all.saturating_sub(mapped) };
    record.finish(bytes, 0..bytes.len(), "application/x-cdf", imported);
    Ok(())
}

/// ISTP writes `short>long` names; the long one is for people.
fn long_name(written: &str) -> &str {
    written.split_once('>').map_or(written, |(short, long)| if long.trim().is_empty() { short } else { long }).trim()
}

fn texts<'a>(attributes: &'a [Attribute], name: &str) -> Vec<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
    let entries = attribute.map(|attribute| attribute.values.iter()).unwrap_or_default();
    let text = |entry: &'a Entry| match entry {
        Entry::Text(text) => Some(text.as_str()),
        Entry::Number(_) => None,
    };
    entries.filter_map(text).filter(|text| !text.is_empty() && *text != " ").collect()
}

/// `20200104` as `2020-01-04`; anything else as it is.
fn dashed(date: &str) -> String {
    match (date.len(), date.get(..4), date.get(4..6), date.get(6..)) {
        (8, Some(year), Some(month), Some(day)) if date.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{year}-{month}-{day}")
        }
        _ => date.to_owned(),
    }
}

/// ISTP file names carry the day that a file begins with: `source_type_descriptor_YYYYMMDD_vNN`.
fn time(record: &mut Record<'_>, id: &str) {
    let is_day = |part: &&str| {
        (part.len() == 8 || part.len() == 14)
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && !part.starts_with("0000")
    };
    let Some(day) = id.split('_').find(is_day).and_then(|part| part.get(..8)) else { return };
    let message = "the day that the file name says; the values of Epoch are not read".to_owned();
    record.note(Reason::FieldNoted { field: "Logical_file_id".to_owned(), message });
    record.time(Written { start: Some(("Logical_file_id", &dashed(day))), ..Written::default() });
}

/// Every short attribute.
fn properties(record: &mut Record<'_>, attributes: &[Attribute]) -> u64 {
    let mut mapped = 0_u64;
    for attribute in attributes {
        let mut list = Draft::array();
        let mut length = 0_usize;
        for entry in &attribute.values {
            match entry {
                Entry::Text(text) if text.is_empty() => {}
                Entry::Text(text) => {
                    length = length.saturating_add(text.len());
                    list.string_element(text);
                }
                Entry::Number(number) => list.element(number),
            }
        }
        if list.is_empty() || length > MAX_TEXT {
            continue;
        }
        mapped = mapped.saturating_add(1);
        let name = format!("cdf:{}", attribute.name);
        match attribute.values.as_slice() {
            [Entry::Text(text)] => record.property(&name, text),
            [Entry::Number(number)] => record.raw_property(&name, number),
            _ => record.raw_property(&name, &list.finish()),
        }
    }
    mapped
}
