//! FITS headers: all HDUs, WCS footprint where given. The headers up to the last one that was found are the source
//! document; data after it belong to the file.

mod cards;
mod sky;
#[cfg(test)]
mod tests;

use cards::{Header, Headers};

use crate::importer::shared::names::Role;
use crate::importer::shared::numbers::json_number;
use crate::importer::shared::record::{FieldCounts, File, Record};
use crate::importer::shared::time::{System, Written};
use crate::importer::{Context, Finding, Imported, Reason};
use crate::model::RecordId;

/// Longest text that becomes a property.
const MAX_TEXT: usize = 1_000;

/// Keywords that describe how bytes are laid out, not what was observed.
const STRUCTURE: &[&str] = &[
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "TFIELDS", "BSCALE", "BZERO",
    "THEAP", "CHECKSUM", "DATASUM", "ZHECKSUM", "ZDATASUM", "LONGSTRN", "TFORM", "TTYPE", "TUNIT", "TDIM", "TNULL",
    "TSCAL", "TZERO", "TDISP",
];

/// Whether the first bytes are of this format; a compressed file by its name, so that it can be refused with a reason.
pub fn recognises(name: &str, head: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let is_header = name.ends_with(".hdr") || name.ends_with(".header");
    let card = head.get(..9).unwrap_or_default();
    let is_card =
        card.ends_with(b"=") && card.iter().all(|byte| byte.is_ascii_uppercase() || b"0123456789-_ =".contains(byte));
    let compressed = [".fits.gz", ".fit.gz", ".fts.gz"].iter().any(|end| name.ends_with(end));
    card == b"SIMPLE  =" || card == b"XTENSION=" || (is_header && is_card) || (compressed && is_gzip(head))
}

fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b")
}

/// Adds the records of a document.
pub fn import(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) {
    if let Err(reason) = read(bytes, context, imported) {
        imported.findings.push(Finding { place: context.first, id: None, reason });
    }
}

fn read(bytes: &[u8], context: &Context<'_>, imported: &mut Imported) -> Result<(), Reason> {
    if is_gzip(bytes) {
        let message = "a FITS file compressed with gzip: its header is read once it is unpacked".to_owned();
        return Err(Reason::Broken { line: 1, message });
    }
    let headers = cards::read(bytes)?;
    let get = |keys: &[&str]| keys.iter().find_map(|key| headers.all.iter().find_map(|header| header.get(key)));
    let delivered = context.file_name();
    let named = get(&["FILENAME"]).filter(|name| !name.contains('/'));
    let digest = || format!("sha256:{}", (context.digest)(bytes.get(..headers.end).unwrap_or_default()));
    let written = named.or(delivered).or_else(|| get(&["ROOTNAME", "OBS_ID"])).map_or_else(digest, str::to_owned);
    let id = RecordId::parse(&written).map_err(Reason::BadId)?;
    let mut record = Record::new(context, "product", Some(context.collection), id.as_str());
    record.note(Reason::NoCollection { used: context.collection.to_owned() });
    describe(&mut record, &get, &written);
    time(&mut record, &get);
    sky::footprint(&mut record, &headers.all);
    if let (Some(name), false) = (delivered, headers.is_text) {
        let media_type = Some("application/fits");
        record.file(&File {
            name,
            role: Some("data"),
            bytes: Some(headers.promised).filter(|bytes| *bytes > 0),
            media_type,
            ..File::default()
        });
    }
    truncation(&mut record, &headers, context);
    let cards: usize = headers.all.iter().map(|header| header.cards.len()).sum();
    let mapped = properties(&mut record, &headers.all);
    let kept = u64::try_from(cards).unwrap_or(u64::MAX).saturating_sub(mapped);
    imported.fields = imported.fields + FieldCounts { mapped, kept };
    record.finish(bytes, 0..headers.end, "application/fits", imported);
    Ok(())
}

/// The headers promise more than there is.
fn truncation(record: &mut Record<'_>, headers: &Headers, context: &Context<'_>) {
    let Some(length) = context.length.filter(|length| !headers.is_text && *length < headers.promised) else { return };
    let message = format!("the headers promise {} bytes, there are {length}", headers.promised);
    record.note(Reason::FieldNoted { field: "NAXIS".to_owned(), message });
}

fn describe<'h>(record: &mut Record<'_>, get: &dyn Fn(&[&str]) -> Option<&'h str>, id: &str) {
    let telescope = get(&["TELESCOP", "OBSRVTRY", "MISSION"]);
    let instrument = get(&["INSTRUME", "DETECTOR"]);
    let filter = get(&["WAVELNTH", "FILTER", "WAVEMIN"]).filter(|filter| *filter != "0");
    let parts: Vec<&str> =
        [telescope, instrument, filter, get(&["DATE-OBS", "DATE_OBS"])].into_iter().flatten().collect();
    let composed = if parts.is_empty() { id.to_owned() } else { parts.join(" ") };
    record.text("title", Some(get(&["TITLE"]).unwrap_or(&composed)));
    record.text("version", get(&["VERSION", "CAL_VER", "VERS_SW"]));
    record.text("data_type", get(&["BTYPE", "OBS_TYPE", "CONTENT", "IMAGETYP"]));
    record.text("format", Some("FITS"));
    let names = [
        (Role::Mission, get(&["MISSION"])),
        (Role::Platform, get(&["OBSRVTRY", "TELESCOP"])),
        (Role::Instrument, instrument),
        (Role::Target, get(&["OBJECT", "TARGNAME"])),
        (Role::Level, get(&["LEVEL", "LVL_NUM", "PROC_LEV", "PROCLEVL"])),
    ];
    for (role, name) in names {
        name.into_iter().for_each(|name| record.name(role, name));
    }
    if let Some(created) = get(&["DATE"]) {
        record.date("processed_at", "DATE", &iso(created, None).0);
    }
    for key in ["ROOTNAME", "FILENAME"] {
        if let Some(value) = get(&[key]).filter(|value| *value != id) {
            record.identifier(&format!("fits:{key}"), value);
        }
    }
    if let Some(parent) = get(&["PARENT"]) {
        record.link("derived_from", parent, None);
    }
}

fn time<'h>(record: &mut Record<'_>, get: &dyn Fn(&[&str]) -> Option<&'h str>) {
    let named = get(&["TIMESYS"]).map_or(System::Utc, |system| match system.to_ascii_uppercase().as_str() {
        "TAI" => System::Tai,
        "TT" | "TDT" | "ET" => System::Tt,
        "TDB" => System::Tdb,
        _ => System::Utc,
    });
    let start = get(&["DATE-OBS", "DATE_OBS", "DATE-BEG", "T_OBS", "DATE-AVG"]);
    let stop = get(&["DATE-END", "DATE_END"]);
    if let Some(start) = start {
        let (start, own) = iso(start, get(&["TIME-OBS", "TIME_OBS"]));
        let stop = stop.map(|stop| iso(stop, get(&["TIME-END", "TIME_END"])).0);
        let system = if own { System::Tai } else { named };
        let stop = stop.as_deref().map(|stop| ("DATE-END", stop));
        return record.time(Written { start: Some(("DATE-OBS", &start)), stop, system, ..Written::default() });
    }
    // MJD-OBS counts days of TIMESYS; a scale of its own is known for UTC alone.
    if let (Some(start), System::Utc) = (get(&["MJD-OBS"]), named) {
        let stop = get(&["MJD-END"]).map(|stop| ("MJD-END", stop));
        record.time(Written { start: Some(("MJD-OBS", start)), stop, system: System::Mjd, ..Written::default() });
    }
}

/// A date of one of the ways that FITS files have: ISO 8601, `dd/mm/yy` of before 2000, `2018.11.29_00:00:00_TAI` of
/// SDO; with the time of another card. Says whether the time names TAI itself.
fn iso(date: &str, time: Option<&str>) -> (String, bool) {
    let bare = date.strip_suffix("_TAI").or_else(|| date.strip_suffix("_UTC")).unwrap_or(date);
    let mut text = bare.replacen('_', "T", 1);
    let mut parts = bare.split('/');
    if let (Some(day), Some(month), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next()) {
        // FITS Standard 4.0, 4.4.2.1: this form means the years 1900 to 1999.
        text = match (day.len(), year.len()) {
            (4, 2) => format!("{day}-{month}-{year}"),
            (2, 2) => format!("19{year}-{month}-{day}"),
            _ => text,
        };
    }
    if text.get(4..5) == Some(".") {
        text = text.replacen('.', "-", 2);
    }
    if let (Some(time), false) = (time, text.contains('T')) {
        text = format!("{text}T{time}");
    }
    (text, date.ends_with("_TAI"))
}

/// Every card once, the first header that has it counting: `fits:EXPTIME`. Says how many cards that were.
fn properties(record: &mut Record<'_>, headers: &[Header]) -> u64 {
    let mut seen = std::collections::HashSet::new();
    let mut count = 0_u64;
    for card in headers.iter().flat_map(|header| &header.cards) {
        let bare = card.key.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_structure = STRUCTURE.contains(&bare) || STRUCTURE.contains(&card.key.as_str());
        if is_structure || card.value.is_empty() || card.value.len() > MAX_TEXT || !seen.insert(card.key.as_str()) {
            continue;
        }
        count = count.saturating_add(1);
        let name = format!("fits:{}", card.key);
        match (card.is_text, card.value.as_str()) {
            (false, "T") => record.raw_property(&name, "true"),
            (false, "F") => record.raw_property(&name, "false"),
            (false, value) => match json_number(value) {
                Some(number) => record.raw_property(&name, &number),
                None => record.property(&name, value),
            },
            (true, value) => record.property(&name, value),
        }
    }
    count
}
